import BerthDevices

// Which devices of one node: docs/architecture.md, "Devices", has the rules in order.

extension DeviceScorer {
  /// The choice on a node and its score; nil: it does not fit.
  func choose(
    _ question: DeviceQuestion, _ devices: NodeDevices, _ machine: MachineEntry, cpu: Int64, node: UInt32
  ) -> DeviceVerdict? {
    let demand = question.demand
    var freeNICs: UInt16 = 0
    if demand.nics > 0 {
      freeNICs = devices.freeNICs
      guard freeNICs.nonzeroBitCount >= demand.nics else { return nil }
    }
    let fit = fit(question, machine)
    switch demand.kind {
    case .none: return plain(question, devices, machine, cpu: cpu, node: node)
    case .nics:
      var verdict = plain(question, devices, machine, cpu: cpu, node: node)
      verdict.claim = DeviceClaim(.nics, gpus: 0)
      verdict.claim.nics = freeNICs.lowest(demand.nics)
      return verdict
    case .whole: return whole(question, fit, devices, machine, cpu: cpu, node: node, freeNICs)
    case .share, .slice, .instance: return part(question, fit, devices, machine, cpu: cpu, node: node, freeNICs)
    }
  }

  /// A pod without GPUs.
  private func plain(
    _ question: DeviceQuestion, _ devices: NodeDevices, _ machine: MachineEntry, cpu: Int64, node: UInt32
  ) -> DeviceVerdict {
    guard question.policyWeight != 0 else { return DeviceVerdict() }
    let score: Int64
    switch question.policy {
    case .none, .packing, .clustering: score = 0
    case .random: score = random(node)
    case .bestFit: score = view(question, free: devices.freeMilli, milli: 0, cpu).bestFit
    case .dotProduct: score = view(question, free: devices.freeMilli, milli: 0, cpu).dotProduct
    case .fgd, .berth:
      let milli = devices.healthyMilli
      score = gain(question, machine, milli, after: milli, cpu: cpu)
    }
    return DeviceVerdict(score: question.policyWeight * score)
  }

  // MARK: Whole GPUs

  private func whole(
    _ question: DeviceQuestion, _ fit: DeviceFit, _ devices: NodeDevices, _ machine: MachineEntry,
    cpu: Int64, node: UInt32, _ freeNICs: UInt16
  ) -> DeviceVerdict? {
    let count = question.demand.count
    let free = devices.idle & fit.gpus
    guard free.nonzeroBitCount >= count else { return nil }
    // what remains is of those idle GPUs that would do for the pod
    let choice = fit.tables.choose(free: free, count: count, demandIndex: fit.index, freeNICs: freeNICs)
    guard choice.isPossible else { return nil }
    var claim = DeviceClaim(.whole, gpus: choice.mask, milli: 1000)
    if question.demand.nics > 0 {
      claim.nics = fit.tables.chooseNICs(gpus: choice.mask, count: question.demand.nics, freeNICs: freeNICs)
    }
    var score = question.linkWeight * Int64(choice.quality) + question.remainderWeight * Int64(choice.remainder)
    score += question.modelWeight * worth(choice.mask, machine)
    if question.policyWeight != 0 {
      let taken = Int64(1000 * count)
      let policy: Int64
      switch question.policy {
      case .none: policy = 0
      case .random: policy = random(node)
      case .bestFit: policy = view(question, free: devices.freeMilli, milli: taken, cpu).bestFit
      case .dotProduct: policy = view(question, free: devices.freeMilli, milli: taken, cpu).dotProduct
      case .packing: policy = devices.packing(machine, fitting: free, count: count)
      case .clustering: policy = devices.clustering(own: count, gpuScale: question.gpuScale)
      case .fgd, .berth:
        let milli = devices.healthyMilli
        var after = milli
        for gpu in 0..<16 where choice.mask >> UInt16(gpu) & 1 != 0 { after[gpu] = 0 }
        policy = gain(question, machine, milli, after: after, cpu: cpu)
      }
      score += question.policyWeight * policy
    }
    return DeviceVerdict(claim: claim, score: score)
  }

  /// The least worth of the models of some GPUs.
  func worth(_ gpus: UInt16, _ machine: MachineEntry) -> Int64 {
    var least: UInt8 = 255
    for (gpu, model) in machine.models.enumerated() where gpus >> UInt16(gpu) & 1 != 0 {
      least = min(least, cluster.devices.worths[Int(model)])
    }
    return least == 255 ? 0 : Int64(least)
  }

  // MARK: Parts of a GPU

  private func part(
    _ question: DeviceQuestion, _ fit: DeviceFit, _ devices: NodeDevices, _ machine: MachineEntry,
    cpu: Int64, node: UInt32, _ freeNICs: UInt16
  ) -> DeviceVerdict? {
    let demand = question.demand
    var candidates = fitting(demand, fit, devices, machine)
    if demand.nicsBySwitch && demand.nics > 0 {
      for gpu in 0..<machine.gpuCount where candidates >> UInt16(gpu) & 1 != 0 {
        if sharing(gpu, machine, freeNICs) < demand.nics { candidates &= ~(1 << UInt16(gpu)) }
      }
    }
    guard candidates != 0 else { return nil }
    let gpu: Int
    var policy: Int64 = 0
    if demand.kind == .instance {
      // whatever the policy: instances fill GPUs that have some
      gpu = tightest(demand, fit, candidates, devices)
      if question.policy.isPotential {
        policy = bestByPotential(question, fit, 1 << UInt16(gpu), devices, machine, cpu: cpu).score
      }
    } else if question.policy.isPotential {
      (gpu, policy) = bestByPotential(question, fit, candidates, devices, machine, cpu: cpu)
    } else if question.policy == .random {
      gpu = randomGPU(candidates, node)
    } else {
      gpu = tightest(demand, fit, candidates, devices)
    }
    let (claim, taken) = claim(on: gpu, demand, fit, devices, machine)
    switch question.policy {
    case .none, .fgd, .berth: break
    case .random: policy = random(node)
    case .bestFit: policy = view(question, free: devices.freeMilli, milli: taken, cpu).bestFit
    case .dotProduct: policy = view(question, free: devices.freeMilli, milli: taken, cpu).dotProduct
    case .packing:
      policy = devices.packing(machine, fitting: fitting(demand, fit, devices, machine), count: 1)
    case .clustering: policy = devices.clustering(own: 0, gpuScale: question.gpuScale)
    }
    let remainder =
      question.remainderWeight == 0
      ? 0 : Int64(fit.tables.shareGPU(candidates: 1 << UInt16(gpu), idle: devices.idle).remainder)
    var verdict = DeviceVerdict(
      claim: claim,
      score: question.policyWeight * policy + question.linkWeight * 100 + question.remainderWeight * remainder
        + question.modelWeight * (question.modelWeight == 0 ? 0 : worth(claim.gpus, machine)))
    if demand.nics > 0 {
      verdict.claim.nics = fit.tables.chooseNICs(gpus: claim.gpus, count: demand.nics, freeNICs: freeNICs)
    }
    return verdict
  }

  /// The GPUs on which a part of one fits.
  @inline(__always)
  private func fitting(
    _ demand: DeviceDemand, _ fit: DeviceFit, _ devices: NodeDevices, _ machine: MachineEntry
  ) -> UInt16 {
    let open = fit.gpus & ~devices.sick
    var mask: UInt16 = 0
    switch demand.kind {
    case .share:
      let memory = devices.memory
      for gpu in 0..<machine.gpuCount where devices.milli[gpu] >= demand.milli && memory[gpu] >= demand.memory {
        // a GPU in instances has nothing free, which a share of no time and no memory could mistake
        mask |= 1 << UInt16(gpu)
      }
    case .slice:
      for gpu in 0..<machine.gpuCount where devices.milli[gpu] >= machine.slices[gpu] { mask |= 1 << UInt16(gpu) }
    case .instance:
      for gpu in 0..<machine.gpuCount {
        guard let profile = fit.profiles[gpu] else { continue }
        guard devices.slices[gpu] != 0 || devices.idle >> UInt16(gpu) & 1 != 0 else { continue }
        if profile.table.start(profile: profile.number, used: devices.slices[gpu]) != MIGTable.noStart {
          mask |= 1 << UInt16(gpu)
        }
      }
    case .none, .whole, .nics: break
    }
    return mask & open
  }

  /// Free NICs that share a switch with a GPU.
  private func sharing(_ gpu: Int, _ machine: MachineEntry, _ freeNICs: UInt16) -> Int {
    var count = 0
    for nic in 0..<machine.functions.count where freeNICs >> UInt16(nic) & 1 != 0 {
      if machine.machine.nicLink(gpu: gpu, nic: nic) >= MachineEntry.switchLink { count += 1 }
    }
    return count
  }

  /// The GPU with the least left: time, then memory (of instances: slices); of idle ones the one that breaks least.
  private func tightest(
    _ demand: DeviceDemand, _ fit: DeviceFit, _ candidates: UInt16, _ devices: NodeDevices
  ) -> Int {
    var least = UInt64.max
    var equal: UInt16 = 0
    let memory = devices.memory
    var rest = candidates
    while rest != 0 {
      let gpu = rest.trailingZeroBitCount
      rest &= rest - 1
      let left: UInt64
      if demand.kind == .instance {
        let all = fit.profiles[gpu].unsafelyUnwrapped.table.geometry.allSlices
        left = UInt64((all & ~devices.slices[gpu]).nonzeroBitCount)
      } else {
        left = UInt64(devices.milli[gpu]) << 32 | UInt64(memory[gpu])
      }
      if left < least { (least, equal) = (left, 0) }
      if left == least { equal |= 1 << UInt16(gpu) }
    }
    if equal & (equal - 1) == 0 { return equal.trailingZeroBitCount }
    return fit.tables.shareGPU(candidates: equal, idle: devices.idle).mask.trailingZeroBitCount
  }

  private func randomGPU(_ candidates: UInt16, _ node: UInt32) -> Int {
    let seed = PolicyHash.mix(nextPod ^ UInt64(node))
    return (0..<16).filter { candidates >> UInt16($0) & 1 != 0 }.max {
      let (left, right) = (PolicyHash.mix(seed ^ UInt64($0 + 1)), PolicyHash.mix(seed ^ UInt64($1 + 1)))
      return left != right ? left < right : $0 > $1
    }!
  }

  /// What a part of a GPU takes there, and how many milli that is to the policies.
  private func claim(
    on gpu: Int, _ demand: DeviceDemand, _ fit: DeviceFit, _ devices: NodeDevices, _ machine: MachineEntry
  ) -> (DeviceClaim, Int64) {
    let mask: UInt16 = 1 << UInt16(gpu)
    switch demand.kind {
    case .share:
      return (DeviceClaim(.share, gpus: mask, milli: demand.milli, memory: demand.memory), Int64(demand.milli))
    case .slice: return (DeviceClaim(.slice, gpus: mask, milli: machine.slices[gpu]), Int64(machine.slices[gpu]))
    default:
      let profile = fit.profiles[gpu].unsafelyUnwrapped
      let start = profile.table.start(profile: profile.number, used: devices.slices[gpu])
      let slices = profile.profile.slices(from: Int(start))
      let all = profile.table.geometry.allSlices.nonzeroBitCount
      return (DeviceClaim(.instance, gpus: mask, slices: slices), Int64(1000 * profile.profile.memorySlices / all))
    }
  }
}

extension NodeDevices {
  /// Free milli, 0 of sick GPUs.
  @inline(__always) var healthyMilli: SIMD16<UInt16> {
    if sick == 0 { return milli }
    var milli = milli
    for gpu in 0..<16 where sick >> UInt16(gpu) & 1 != 0 { milli[gpu] = 0 }
    return milli
  }

  var freeNICs: UInt16 {
    var mask: UInt16 = 0
    for nic in 0..<16 where functions[nic] > 0 { mask |= 1 << UInt16(nic) }
    return mask & ~sickNICs
  }
}

extension UInt16 {
  /// The lowest bits that are set, so many of them.
  func lowest(_ count: Int) -> UInt16 {
    var rest = self
    for _ in 0..<count { rest &= rest &- 1 }
    return self & ~rest
  }
}
