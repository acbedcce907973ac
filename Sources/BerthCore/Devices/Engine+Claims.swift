import CBerth

// The devices that pods hold: chosen when they are placed, given back when they leave.

extension Engine {
  /// The devices that a pod of a class gets on a node that it sees so; nil: they are not there.
  @inline(__always)
  func devices(for podClass: UInt32, seeing row: @autoclosure () -> Row) -> DeviceClaim? {
    workload.classes.records[Int(podClass)].devices == 0 ? DeviceClaim() : chooseDevices(podClass, row())
  }

  @inline(never)
  private func chooseDevices(_ podClass: UInt32, _ row: Row) -> DeviceClaim? {
    guard let question = planner.asked[podClass]?.devices else { return nil }
    planner.deviceScorer.nextPod = pods.nextID
    return planner.deviceScorer.evaluate(question, node: row.node, cpu: cluster.freeCPU(row))?.claim
  }

  /// The claim of a pod to be bound: what the host says it has, or what it would get.
  func claim(
    _ said: berth_claim?, for podClass: UInt32, on slot: UInt32, seeing row: @autoclosure () -> Row, _ place: String
  ) throws(EngineError) -> DeviceClaim {
    if let said { return try check(said, for: podClass, on: slot, place) }
    guard let claim = devices(for: podClass, seeing: row()) else {
      throw refuse(BERTH_NO_ROOM, "\(place)\(name(of: slot)) has not the devices that the class asks for")
    }
    return claim
  }

  func name(of slot: UInt32) -> String {
    let node = cluster.rows.row(slot).node
    return cluster.catalog.names.name(of: node).map { "node \"\($0)\"" } ?? "node \(cluster.nodes.id(node))"
  }

  /// A pod leaves a node: its devices are free again.
  @inline(__always)
  func giveDevices(_ pod: UInt32, _ node: UInt32) {
    guard cluster.devices.isOn else { return }
    let claim = cluster.devices.give(pod, on: node)
    if claim.exists && undoLog.isRecording { undoLog.note { $0.cluster.devices.take(pod, claim, on: node) } }
  }

  /// The same after the node has gone.
  func dropDevices(_ pod: UInt32) {
    let claim = cluster.devices.claim(pod)
    guard claim.exists else { return }
    cluster.devices.drop(pod)
    if undoLog.isRecording { undoLog.note { $0.cluster.devices.restore(pod, claim) } }
  }

  // MARK: What the host says

  /// What a host says that a pod has: it must be what the class asks for, and free.
  private func check(
    _ said: berth_claim, for podClass: UInt32, on slot: UInt32, _ place: String
  ) throws(EngineError) -> DeviceClaim {
    let demand = cluster.devices.demands.values[Int(workload.classes.records[Int(podClass)].devices)]
    let site = "\(place)\(name(of: slot)): "
    guard said.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(place)berth_claim.reserved must be 0") }
    guard said.gpus <= 0xFFFF, said.nics <= 0xFFFF, said.mig_slices <= 0xFF, said.share_milli <= 1000 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(site)the claim is of more devices than there can be")
    }
    guard let devices = cluster.devices.of(cluster.rows.row(slot).node),
      let machine = cluster.devices.machine(devices.pointee.machine)
    else {
      guard said.gpus == 0 && said.nics == 0 && demand.kind == .none else {
        throw refuse(BERTH_NO_ROOM, "\(site)it has no devices")
      }
      return DeviceClaim()
    }
    let check = ClaimCheck(demand: demand, devices: devices.pointee, machine: machine, place: site)
    var claim = try check.gpus(said)
    claim.nics = UInt16(said.nics)
    guard claim.nics.nonzeroBitCount == demand.nics else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(site)the class asks for \(demand.nics) NICs, the claim has others")
    }
    guard claim.nics & ~devices.pointee.freeNICs == 0 else {
      let nic = (claim.nics & ~devices.pointee.freeNICs).trailingZeroBitCount
      throw refuse(BERTH_NO_ROOM, "\(site)NIC\(nic) is sick, taken, or not there")
    }
    try check.links(claim)
    return claim
  }

  // MARK: Changes

  func applyResizeClaim(_ id: berth_pod_id, milli: UInt32, memory: UInt32) throws(EngineError) {
    let pod = try pods.get(id)
    let index = UInt32(truncatingIfNeeded: id)
    let before = cluster.devices.claim(index)
    guard let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration), before.kind == .share else {
      throw refuse(BERTH_WRONG_STATE, "pod \(id) holds no share of a GPU")
    }
    guard milli <= 999, milli > 0 || memory > 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "share_milli \(milli) is outside 0...999, or nothing would be left of the share")
    }
    let gpu = before.gpu
    let devices = cluster.devices.of(pod.node)!.pointee
    guard UInt32(devices.milli[gpu]) + UInt32(before.milli) >= milli,
      UInt64(devices.memory[gpu]) + UInt64(before.memory) >= UInt64(memory)
    else {
      throw refuse(
        BERTH_NO_ROOM,
        "\(name(of: slot)): GPU\(gpu) has \(devices.milli[gpu]) milli and \(devices.memory[gpu]) MiB free beside the "
          + "pod's \(before.milli) and \(before.memory)")
    }
    try undoLog.check(1)
    var after = DeviceClaim(.share, gpus: before.gpus, milli: UInt16(milli), memory: memory)
    after.nics = before.nics
    replaceClaim(index, pod.node, after)
  }

  private func replaceClaim(_ pod: UInt32, _ node: UInt32, _ claim: DeviceClaim) {
    let before = cluster.devices.give(pod, on: node)
    cluster.devices.take(pod, claim, on: node)
    cluster.log.append(cluster.nodes.slots[Int(node)])
    if undoLog.isRecording { undoLog.note { $0.replaceClaim(pod, node, before) } }
  }

  // MARK: Reading

  public func readClaims(
    _ ids: UnsafeBufferPointer<berth_pod_id>, into claims: UnsafeMutablePointer<berth_claim>
  ) throws(EngineError) {
    for index in 0..<ids.count { _ = try pods.get(ids[index], "entry \(index): ") }
    for (index, id) in ids.enumerated() {
      let pod = try pods.get(id)
      let isThere = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      claims[index] =
        isThere ? berth_claim(cluster.devices.claim(UInt32(truncatingIfNeeded: id))) : berth_claim(DeviceClaim())
    }
  }

  public func previewClaim(
    _ podClass: berth_class_id, on node: berth_node_id
  ) throws(EngineError) -> berth_claim {
    guard podClass < UInt32(workload.classes.count) else {
      throw refuse(BERTH_UNKNOWN_ID, "class \(podClass) is unknown")
    }
    let slot = cluster.nodes.slots[Int(try cluster.nodes.index(node))]
    prepare(podClass)
    let owners = PodOwners(podClass: podClass, identity: berth_pod_identity())
    return berth_claim(try claim(nil, for: podClass, on: slot, seeing: ownRow(slot, owners), ""))
  }
}

extension berth_claim {
  init(_ claim: DeviceClaim) {
    self.init(
      gpus: UInt32(claim.gpus), nics: UInt32(claim.nics), share_milli: UInt32(claim.milli), memory_mib: claim.memory,
      mig_slices: UInt32(claim.slices), reserved: 0)
  }
}

/// Whether the GPUs that a claim says are what a demand asks for, and free.
struct ClaimCheck {
  let demand: DeviceDemand
  let devices: NodeDevices
  let machine: MachineEntry
  let place: String

  func gpus(_ said: berth_claim) throws(EngineError) -> DeviceClaim {
    let mask = UInt16(said.gpus)
    guard mask.nonzeroBitCount == demand.count else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(place)the class asks for \(demand.count) GPUs, the claim has others")
    }
    guard mask & ~machine.all == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(place)GPU\((mask & ~machine.all).trailingZeroBitCount) is not there")
    }
    guard mask & devices.sick == 0 else {
      throw refuse(BERTH_NO_ROOM, "\(place)GPU\((mask & devices.sick).trailingZeroBitCount) is sick")
    }
    guard mask & ~machine.gpus(of: demand.models) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(place)the claim has a GPU of a model that the class does not ask for")
    }
    switch demand.kind {
    case .none, .nics:
      try wants(said, milli: 0, memory: 0, slices: 0)
      return demand.kind == .none ? DeviceClaim() : DeviceClaim(.nics, gpus: 0)
    case .whole:
      try wants(said, milli: 1000, memory: 0, slices: 0)
      guard mask & ~devices.idle == 0 else {
        throw refuse(BERTH_NO_ROOM, "\(place)GPU\((mask & ~devices.idle).trailingZeroBitCount) is taken")
      }
      return DeviceClaim(.whole, gpus: mask, milli: 1000)
    case .share:
      try wants(said, milli: UInt32(demand.milli), memory: demand.memory, slices: 0)
      try needs(mask, milli: demand.milli, memory: demand.memory)
      return DeviceClaim(.share, gpus: mask, milli: demand.milli, memory: demand.memory)
    case .slice:
      let slice = machine.slices[mask.trailingZeroBitCount]
      guard slice > 0 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(place)GPU\(mask.trailingZeroBitCount) is not sliced")
      }
      try wants(said, milli: UInt32(slice), memory: 0, slices: 0)
      try needs(mask, milli: slice, memory: 0)
      return DeviceClaim(.slice, gpus: mask, milli: slice)
    case .instance: return try instance(said, mask)
    }
  }

  /// What the class requires of whole GPUs and of their links, and of the NICs' links to GPUs.
  func links(_ claim: DeviceClaim) throws(EngineError) {
    let gpus = (0..<machine.gpuCount).filter { claim.gpus >> UInt16($0) & 1 != 0 }
    if demand.kind == .whole {
      for gpu in gpus {
        guard machine.memory[gpu] >= demand.memory else {
          throw refuse(BERTH_BAD_ARGUMENT, "\(place)GPU\(gpu) has \(machine.memory[gpu]) MiB, not \(demand.memory)")
        }
        for other in gpus where other > gpu && machine.machine.link(gpu, other).rawValue < demand.linkRequired {
          throw refuse(
            BERTH_BAD_ARGUMENT,
            "\(place)GPU\(gpu) and GPU\(other) are linked by \(machine.machine.link(gpu, other)): that is not enough")
        }
      }
    }
    guard demand.nicsBySwitch else { return }
    for nic in 0..<machine.functions.count where claim.nics >> UInt16(nic) & 1 != 0 {
      guard gpus.contains(where: { machine.machine.nicLink(gpu: $0, nic: nic) >= MachineEntry.switchLink }) else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(place)NIC\(nic) is below no switch of the claim's GPUs")
      }
    }
  }

  private func wants(_ said: berth_claim, milli: UInt32, memory: UInt32, slices: UInt32) throws(EngineError) {
    guard said.share_milli == milli, said.memory_mib == memory, said.mig_slices == slices else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(place)the class asks for \(milli) milli and \(memory) MiB of each GPU, the claim says "
          + "\(said.share_milli), \(said.memory_mib) and MIG slices \(said.mig_slices)")
    }
  }

  private func needs(_ mask: UInt16, milli: UInt16, memory: UInt32) throws(EngineError) {
    let gpu = mask.trailingZeroBitCount
    guard devices.milli[gpu] >= milli, devices.memory[gpu] >= memory else {
      throw refuse(
        BERTH_NO_ROOM, "\(place)GPU\(gpu) has \(devices.milli[gpu]) milli and \(devices.memory[gpu]) MiB free")
    }
  }

  /// A MIG instance stands where its profile may start, on slices that are free.
  private func instance(_ said: berth_claim, _ mask: UInt16) throws(EngineError) -> DeviceClaim {
    let gpu = mask.trailingZeroBitCount
    let name = demand.profile?.description ?? ""
    guard said.share_milli == 0, said.memory_mib == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(place)a MIG instance has slices: share_milli and memory_mib are 0")
    }
    guard let profile = MachineEntry.profile(name, of: machine.machine.gpus[gpu].model) else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(place)GPU\(gpu), a \(machine.machine.gpus[gpu].model), has no MIG profile \"\(name)\"")
    }
    let slices = UInt8(said.mig_slices)
    let start = slices.trailingZeroBitCount
    guard slices != 0, profile.starts >> UInt8(start) & 1 == 1, profile.slices(from: start) == slices else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(place)GPU\(gpu): MIG slices \(said.mig_slices) are no placement of \"\(name)\"")
    }
    let isOpen = devices.slices[gpu] != 0 || devices.idle & mask != 0
    guard isOpen, devices.slices[gpu] & slices == 0 else {
      throw refuse(BERTH_NO_ROOM, "\(place)GPU\(gpu): the slices are taken")
    }
    return DeviceClaim(.instance, gpus: mask, slices: slices)
  }
}
