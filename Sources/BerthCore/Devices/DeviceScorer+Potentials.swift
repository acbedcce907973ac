// Policies that score the change of a potential.

extension DeviceScorer {
  /// The GPU whose loss pays most, the lowest of equals.
  func bestByPotential(
    _ question: DeviceQuestion, _ fit: DeviceFit, _ candidates: UInt16, _ devices: NodeDevices,
    _ machine: MachineEntry, cpu: Int64
  ) -> (gpu: Int, score: Int64) {
    let milli = devices.healthyMilli
    var best = (gpu: -1, score: Int64.min)
    var rest = candidates
    var seen: UInt16 = 0
    while rest != 0 {
      let gpu = rest.trailingZeroBitCount
      rest &= rest - 1
      // equal GPUs of one model are worth the same, and the lowest counts
      var other = seen
      var isKnown = false
      while other != 0 && !isKnown {
        let before = other.trailingZeroBitCount
        other &= other - 1
        isKnown =
          milli[before] == milli[gpu] && machine.models[before] == machine.models[gpu]
          && machine.slices[before] == machine.slices[gpu]
      }
      if isKnown && question.demand.kind != .instance { continue }
      seen |= 1 << UInt16(gpu)
      var after = milli
      switch question.demand.kind {
      case .share: after[gpu] -= question.demand.milli
      case .slice: after[gpu] -= machine.slices[gpu]
      default: after[gpu] = 0
      }
      let score = gain(question, machine, milli, after: after, cpu: cpu)
      if score > best.score { best = (gpu, score) }
    }
    return best
  }

  /// What a policy gives for a change of a node's state.
  func gain(
    _ question: DeviceQuestion, _ machine: MachineEntry, _ before: SIMD16<UInt16>, after: SIMD16<UInt16>,
    cpu: Int64
  ) -> Int64 {
    let typical = cluster.devices.typical
    let left = max(0, cpu - question.cpuRequest)
    if question.policy == .fgd {
      let fall =
        fragmentation.now(before, cpu: cpu, machine, typical) - fragmentation.then(after, cpu: left, machine, typical)
      return typical.fgdScore(fall: fall)
    }
    let rise =
      usefulness.then(after, cpu: left, machine, typical) - usefulness.now(before, cpu: cpu, machine, typical)
    return DevicePolicy.berthMiddle + Int64((rise / Double(DevicePolicy.berthStep)).rounded(.down))
  }
}
