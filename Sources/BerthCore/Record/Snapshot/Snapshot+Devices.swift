import BerthDevices
import BerthMemory
import CBerth

// Models, machines and typical pods stand in a snapshot as the calls that make them. Devices behind the pods: a count,
// then node u32, machine u32, sick GPUs u16, sick NICs u16, ascending by node; another count, then pod u32, GPUs u16,
// NICs u16, milli u16, slices u8, kind u8, memory u32, ascending by pod.

extension Engine {
  func writeMachines(_ writer: SnapshotWriter) {
    let devices = cluster.devices
    writer.section(.gpuModels) {
      $0.write(devices.modelNames.count) { index, scratch in
        GPUModelSet(model: scratch.text(devices.modelNames.values[index]), worth: UInt32(devices.worths[index]))
      }
    }
    writer.section(.machines) {
      $0.write(devices.machines.count) { index, _ in MachineIntern(machine: devices.machines[index].machine) }
    }
    writer.section(.typicalPods) {
      let kinds = devices.typical.kinds
      $0.write(1) { _, scratch in
        TypicalPodsSet(
          pods: scratch.buffer(
            kinds.map {
              berth_typical_pod(
                cpu: $0.cpu, gpu_count: UInt32($0.count), share_milli: UInt32($0.milli), weight: UInt64($0.weight),
                models: scratch.models($0.models, devices))
            }), total: UInt64(devices.typical.total))
      }
      $0.out.put(UInt64(devices.typical.fleet.count))
      for part in devices.typical.fleet {
        $0.out.put(part.machine)
        $0.out.put(part.nodes)
      }
    }
  }

  func restoreMachines(_ reader: SnapshotReader) throws(EngineError) {
    try restoreModels(reader.whole(.gpuModels))
    try restore(MachineIntern.self, from: 1, reader.whole(.machines))
    var section = try reader.whole(.typicalPods)
    _ = try section.take(UInt64(1)...1, "the number of lists of typical pods")
    let scratch = CallScratch()
    let call = try TypicalPodsSet.read(&section, scratch)
    do throws(EngineError) {
      try call.apply(to: self)
    } catch {
      throw section.bad("the typical pods are refused: \(error.message)")
    }
    withExtendedLifetime(scratch) {}
    var fleet: [TypicalPods.Fleet] = []
    var left = Int64(BERTH_MAX_NODES)
    for _ in 0..<(try section.takeCount(of: 12, "machines")) {
      let machine = try section.take(1...UInt32.max, "a machine")
      guard machine <= UInt32(cluster.devices.machines.count), fleet.last?.machine ?? 0 < machine else {
        throw section.bad("machine \(machine) of the typical pods is unknown, or out of order")
      }
      guard left > 0 else { throw section.bad("the typical pods know more than \(BERTH_MAX_NODES) nodes") }
      let nodes = try section.take(1...left, "a number of nodes")
      left -= nodes
      fleet.append(TypicalPods.Fleet(machine: machine, nodes: nodes))
    }
    restoreTypicalPods(fleet: fleet)
    try section.finish()
  }

  private func restoreModels(_ reader: consuming RecordReader) throws(EngineError) {
    var section = reader
    for index in 0..<(try section.takeCount(of: 2, "entries")) {
      let scratch = CallScratch()
      let call = try GPUModelSet.read(&section, scratch)
      do throws(EngineError) {
        try call.apply(to: self)
      } catch {
        throw section.bad("entry \(index) is refused: \(error.message)")
      }
      guard cluster.devices.modelNames.count == index + 1 else {
        throw section.bad("entry \(index) says a model again")
      }
    }
    try section.finish()
  }

  // MARK: Nodes and pods

  func writeDevices(_ writer: SnapshotWriter) {
    writer.section(.devices) { writer in
      let devices = cluster.devices
      let nodes = (0..<UInt32(devices.nodeLimit)).filter { devices.of($0) != nil }
      writer.out.put(UInt64(nodes.count))
      for node in nodes {
        let cell = devices.of(node)!
        writer.out.put(node)
        writer.out.put(cell.pointee.machine)
        writer.out.put(cell.pointee.sick)
        writer.out.put(cell.pointee.sickNICs)
        writer.pause()
      }
      let holders = (0..<UInt32(devices.podLimit)).filter { claimOfLive($0) != nil }
      writer.out.put(UInt64(holders.count))
      for pod in holders {
        let claim = devices.claim(pod)
        writer.out.put(pod)
        writer.out.put(claim.gpus)
        writer.out.put(claim.nics)
        writer.out.put(claim.milli)
        writer.out.put(claim.slices)
        writer.out.put(claim.kind.rawValue)
        writer.out.put(claim.memory)
        writer.pause()
      }
    }
  }

  /// What a pod holds on a node that is there.
  func claimOfLive(_ index: UInt32) -> (claim: DeviceClaim, pod: PodTable.Pod)? {
    let claim = cluster.devices.claim(index)
    guard claim.exists, let pod = pods.live(index),
      cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
    else { return nil }
    return (claim, pod)
  }

  func restoreDevices(_ reader: SnapshotReader) throws(EngineError) {
    var section = try reader.pieces(.devices)
    var least: UInt64 = 0
    for _ in 0..<(try section.take(0...UInt64(BERTH_MAX_NODES), "the number of nodes with devices")) {
      let node = try section.take(UInt32.self)
      guard UInt64(node) >= least, Int(node) < cluster.nodes.indexCount, cluster.nodes.isLive(node) else {
        throw section.bad("node \(node) has devices, and is not there, or out of order")
      }
      least = UInt64(node) + 1
      let number = try section.take(1...UInt32.max, "a machine")
      guard number <= UInt32(cluster.devices.machines.count), let machine = cluster.devices.machine(number) else {
        throw section.bad("node \(node) is machine \(number), which is unknown")
      }
      var devices = NodeDevices(machine)
      devices.sick = try section.take()
      devices.sickNICs = try section.take()
      guard devices.sick & ~machine.all == 0, Int(devices.sickNICs) >> machine.functions.count == 0 else {
        throw section.bad("node \(node) has sick devices that machine \(number) has not")
      }
      devices.refreshIdle(machine)
      cluster.devices.set(node, devices)
    }
    try restoreClaims(&section)
    try section.finish()
  }

  private func restoreClaims(_ section: inout RecordReader) throws(EngineError) {
    var least: UInt64 = 0
    for _ in 0..<(try section.take(0...UInt64(BERTH_MAX_PODS), "the number of claims")) {
      let index = try section.take(UInt32.self)
      guard UInt64(index) >= least, Int(index) < pods.placeCount, let pod = pods.live(index),
        cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      else { throw section.bad("pod \(index) holds devices, and is on no node, or out of order") }
      least = UInt64(index) + 1
      let (gpus, nics, milli) = (
        try section.take(UInt16.self), try section.take(UInt16.self), try section.take(UInt16.self)
      )
      let slices = try section.take(UInt8.self)
      let kind = try section.take(1...DeviceClaim.Kind.nics.rawValue, "what a claim is of")
      var claim = DeviceClaim(
        DeviceClaim.Kind(rawValue: kind)!, gpus: gpus, milli: milli, slices: slices, memory: try section.take())
      claim.nics = nics
      let demand = cluster.devices.demands.values[Int(workload.classes.records[Int(pod.podClass)].devices)]
      guard let cell = cluster.devices.of(pod.node), let machine = cluster.devices.machine(cell.pointee.machine),
        claim.answers(demand), cell.pointee.canTake(claim, machine)
      else { throw section.bad("pod \(index) holds devices that it did not ask for, or others hold, too") }
      cluster.devices.take(index, claim, on: pod.node)
    }
    try checkUnclaimed(section)
  }

  /// Pods that ask for devices hold some, wherever they run.
  private func checkUnclaimed(_ section: borrowing RecordReader) throws(EngineError) {
    guard cluster.devices.demands.count > 1 else { return }
    for index in 0..<UInt32(pods.placeCount) {
      guard let pod = pods.live(index), workload.classes.records[Int(pod.podClass)].devices != 0,
        cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      else { continue }
      guard cluster.devices.claim(index).exists else {
        throw section.bad("pod \(index) holds none of the devices it asks for")
      }
    }
  }
}

extension CallScratch {
  /// "G2|V100M32"; null: any.
  func models(_ ids: [UInt32], _ devices: Devices) -> UnsafePointer<CChar>? {
    guard !ids.isEmpty else { return nil }
    let names = ids.map { devices.modelNames.values[Int($0)].bytes }
    return text(Name(Array(names.joined(separator: [UInt8(ascii: "|")]))))
  }

  /// What a class asks of devices, as it is told; nil: nothing.
  func demand(_ demand: DeviceDemand, _ devices: Devices) -> UnsafePointer<berth_device_demand>? {
    guard demand.kind != .none else { return nil }
    var flags = 0
    if demand.prefersLinks { flags |= BERTH_DEVICES_PREFER_LINKS }
    if demand.kind == .slice { flags |= BERTH_DEVICES_TIME_SLICE }
    if demand.nicsBySwitch { flags |= BERTH_DEVICES_NICS_BY_SWITCH }
    return buffer([
      berth_device_demand(
        gpu_count: UInt32(demand.count), share_milli: UInt32(demand.milli), memory_mib: demand.memory,
        link_required: UInt32(demand.linkRequired), nic_count: UInt32(demand.nics), flags: UInt32(flags),
        models: models(demand.models, devices), mig_profile: demand.profile.map(text))
    ]).baseAddress
  }
}
