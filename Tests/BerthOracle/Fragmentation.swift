import Glibc

/// Fragmentation Gradient Descent (USENIX ATC 2023): what typical pods could not use of what is free.
extension Oracle {
  /// In milli-GPU, the mean over the typical pods: six sums, of which each sees the kinds in their order.
  private func fragmentation(_ devices: Devices, cpu: Int64) -> Double {
    let healthy = devices.gpus.filter { !$0.isSick }
    let free = Double(devices.freeMilli)
    let weights = typicalPods.reduce(0) { $0 + $1.weight }
    let total = Double(max(weights, typicalTotal))
    var (lacksBoth, lacksGPU, lacksCPU, wantsNone, wantsNoneLacksCPU, hasNoAccess) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for pod in typicalPods {
      let portion = (Double(pod.weight) / total) / (Double(weights) / total)
      let hasCPU = pod.cpu <= cpu
      func allows(_ gpu: Machine.GPU) -> Bool { pod.models.isEmpty || pod.models.contains(gpu.model) }
      if pod.gpus == 0 {
        if hasCPU { wantsNone += portion * free } else { wantsNoneLacksCPU += portion * free }
      } else if !devices.machine.gpus.contains(where: allows) {
        hasNoAccess += portion * free
      } else {
        let usable = healthy.filter { allows($0.spec) && $0.milli >= pod.milli }
        switch (usable.count >= pod.gpus, hasCPU) {
        case (true, true): lacksGPU += portion * (free - Double(usable.reduce(0) { $0 + $1.milli }))
        case (true, false): lacksCPU += portion * free
        case (false, true): lacksGPU += portion * free
        case (false, false): lacksBoth += portion * free
        }
      }
    }
    return lacksBoth + lacksGPU + lacksCPU + wantsNone + wantsNoneLacksCPU + hasNoAccess
  }

  /// What typical pods could not use of a node now; 0 without GPUs.
  public func fragmentation(of node: Int) -> Double {
    let ours = self.node(node)
    return devices(ours).map { fragmentation($0, cpu: freeCPU(ours)) } ?? 0
  }

  /// int(100 x sigmoid(how much fragmentation falls, in GPUs)), when the pod gets what the claim says.
  func fragmentationScore(_ pod: PodSpec, _ claim: Claim?, _ node: Node) -> Int64 {
    guard let before = devices(node) else { return 50 }
    var after = before
    if let claim { after.take(claim) }
    let cpu = freeCPU(node)
    let fall = fragmentation(before, cpu: cpu) - fragmentation(after, cpu: max(0, cpu - cpuRequest(pod)))
    return Int64(100 / (1 + exp(-(fall / 1000))))
  }
}
