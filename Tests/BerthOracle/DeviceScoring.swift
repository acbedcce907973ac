/// The score terms of devices.
extension Oracle {
  /// 0 for pods that ask for no GPU, policies aside.
  func deviceScore(_ term: Term, _ placing: Placing) -> Int64 {
    let (pod, node) = (placing.pod, placing.node)
    let claim = choice(pod, node)
    switch term.kind {
    case .gpuRandom: return Int64(hash(node) >> 44)
    case .gpuBestFit: return deviceBestFit(term, placing, claim)
    case .gpuDotProduct: return deviceDotProduct(term, placing, claim)
    case .gpuFGD: return fragmentationScore(pod, claim, node)
    case .gpuBerth: return usefulnessScore(pod, claim, node)
    default: break
    }
    guard let claim, claim.kind != .noGPU else { return 0 }
    let devices = devices(node)!
    switch term.kind {
    case .gpuLinks: return claim.kind == .whole ? quality(claim, devices) : 100
    case .gpuRemainder: return remainder(claim, pod.devices!, devices)
    case .gpuModel: return Int64(claim.gpus.map { modelWorths[devices.machine.gpus[$0].model] ?? 0 }.min()!)
    case .gpuPacking: return devicePacking(pod.devices!, devices)
    case .gpuClustering: return deviceClustering(term, pod, node, devices)
    default: preconditionFailure("no term of devices")
    }
  }

  /// How close the GPUs of a set are, its NICs mixed in.
  private func quality(_ claim: Claim, _ devices: Devices) -> Int64 {
    let links = devices.linksOfPairs(claim.gpus).min().map(Link.quality) ?? 100
    if claim.nics.isEmpty { return Int64(links) }
    return Int64((3 * links + devices.nicScore(claim) / claim.nics.count) / 4)
  }

  /// 100 less what the claim breaks of all that a machine is worth, in hundredths, rounded down.
  private func remainder(_ claim: Claim, _ demand: DeviceDemand, _ devices: Devices) -> Int64 {
    let all = devices.machine.value(ofFree: Set(devices.gpus.indices))
    if all == 0 { return 100 }
    let idle = devices.idle(for: demand)
    let broken = devices.machine.value(ofFree: idle) - devices.machine.value(ofFree: idle.subtracting(claim.gpus))
    return Int64(100 * (all - broken) / all)
  }

  // MARK: Policies

  /// The profile's policy, if it has one.
  func policy(_ pod: PodSpec) -> Term? { profiles[pod.profile]!.first { TermKind.policies.contains($0.kind) } }

  /// What is free of a node before a pod comes, and what the pod takes.
  private struct View {
    var cpu: Double
    var gpu: Double
    var cpuTaken: Double
    var gpuTaken: Double
  }

  func freeCPU(_ node: Node) -> Int64 {
    guard let name = resources.first(where: { kinds[$0] == .cpu }) else { return 0 }
    return max(0, (node.spec.allocatable[name] ?? 0) - (node.used[name] ?? 0))
  }

  func cpuRequest(_ pod: PodSpec) -> Int64 {
    resources.first { kinds[$0] == .cpu }.map { pod.requests[$0] ?? 0 } ?? 0
  }

  private func freeMilli(_ node: Node) -> Int { devices(node)?.freeMilli ?? 0 }

  /// All that a pod takes of GPUs.
  private func milli(_ claim: Claim?, _ node: Node) -> Int {
    guard let claim else { return 0 }
    if claim.kind != .instance { return claim.gpus.count * claim.milli }
    let model = node.machine!.gpus[claim.gpus[0]].model
    return 1000 * claim.slices.count / MIG.profiles(model).first!.size
  }

  private func scale(_ term: Term, _ kind: ResourceKind) -> Double {
    Double(term.resources.first { kinds[$0.name] == kind }!.scale)
  }

  private func hundredths(_ value: Double) -> Int64 { Int64(max(0, min(100, 100 * value))) }

  private func deviceBestFit(_ term: Term, _ placing: Placing, _ claim: Claim?) -> Int64 {
    let cpu = Double(freeCPU(placing.node) - cpuRequest(placing.pod)) / scale(term, .cpu)
    let gpu = Double(freeMilli(placing.node) - milli(claim, placing.node)) / scale(term, .gpu)
    return hundredths(1 - (0.5 * cpu + 0.5 * gpu))
  }

  private func deviceDotProduct(_ term: Term, _ placing: Placing, _ claim: Claim?) -> Int64 {
    let (cpuScale, gpuScale) = (scale(term, .cpu), scale(term, .gpu))
    let cpu = (Double(freeCPU(placing.node)) / cpuScale) * (Double(cpuRequest(placing.pod)) / cpuScale)
    let gpu = (Double(freeMilli(placing.node)) / gpuScale) * (Double(milli(claim, placing.node)) / gpuScale)
    return hundredths(1 - (cpu + gpu) / 2)
  }

  /// Used GPUs before idle ones, used nodes before idle ones.
  private func devicePacking(_ demand: DeviceDemand, _ devices: Devices) -> Int64 {
    let idle = devices.idle.count
    if idle == devices.gpus.count { return Int64(max(33 - idle, idle)) }
    let fitting = devices.gpus.indices.filter { devices.suits(demand, $0) }
    let fullestFirst = fitting.sorted { (devices.gpus[$0].milli, $0) < (devices.gpus[$1].milli, $1) }
    let taken = fullestFirst.prefix(demand.count).map { devices.gpus[$0] }
    let newlyUsed = taken.filter(\.isIdle).count
    if newlyUsed > 0 { return Int64(max(50 - newlyUsed, 33)) }
    return Int64(max(100 - taken.reduce(0) { $0 + $1.milli * 100 / 1000 } / 10, 50))
  }

  /// Pods with as many GPUs together; those with less than one are all alike.
  private func deviceClustering(_ term: Term, _ pod: PodSpec, _ node: Node, _ devices: Devices) -> Int64 {
    func size(_ claim: Claim) -> Int { claim.kind == .whole ? claim.gpus.count : 0 }
    func size(_ demand: DeviceDemand) -> Int { if case .whole(let count) = demand.kind { count } else { 0 } }
    let gpuScale = scale(term, .gpu)
    let base = Int64(max(0, 25 * (gpuScale - Double(devices.freeMilli)) / gpuScale))
    let sizes = node.pods.compactMap { pods[$0]!.claim }.filter { $0.kind != .noGPU }.map(size)
    let own = size(pod.devices!)
    if sizes.isEmpty { return base + 25 }
    if sizes.allSatisfy({ $0 == own }) { return base + 75 }
    return base + (sizes.contains(own) ? 50 : 0)
  }

  // MARK: Random

  private func mix(_ value: UInt64) -> UInt64 {
    // splitmix64
    var x = value &+ 0x9E37_79B9_7F4A_7C15
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }

  private func hash(_ node: Node) -> UInt64 { mix(mix(nextPodNumber) ^ node.number) }

  /// As two numbers, because one may be too large.
  func hash(of gpu: Int, _ node: Node) -> [UInt64] {
    let hash = mix(mix(nextPodNumber ^ node.number) ^ UInt64(gpu + 1))
    return [hash >> 32, hash & 0xFFFF_FFFF]
  }
}
