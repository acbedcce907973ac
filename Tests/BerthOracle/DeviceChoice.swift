/// Which devices a pod gets on a node: every set that would do is looked at.

extension Devices {
  /// Whether a pod on these GPUs can have a virtual function of a NIC.
  func canUse(nic: Int, of gpus: [Int], bySwitch: Bool) -> Bool {
    if nics[nic].isSick || nics[nic].functions == 0 { return false }
    return !bySwitch || nearest(nic, gpus) >= Link.multiSwitch
  }

  func nearest(_ nic: Int, _ gpus: [Int]) -> Int { gpus.map { machine.nicLinks[$0][nic] }.max() ?? Link.none }

  /// The nearest ones of the NICs, or nil if there are too few.
  func chooseNICs(_ demand: DeviceDemand, _ gpus: [Int]) -> [Int]? {
    let usable = nics.indices.filter { canUse(nic: $0, of: gpus, bySwitch: demand.nicsBySwitch) }
    if usable.count < demand.nics { return nil }
    let nearestFirst = usable.sorted { (nearest($1, gpus), $0) < (nearest($0, gpus), $1) }
    return nearestFirst.prefix(demand.nics).sorted()
  }

  /// Whether a GPU by itself would do for a demand.
  func suits(_ demand: DeviceDemand, _ gpu: Int) -> Bool {
    let state = gpus[gpu]
    if state.isSick || !demand.allows(state.spec.model) { return false }
    switch demand.kind {
    case .whole: return state.isIdle && state.spec.memory >= demand.memory
    case .share(let milli): return state.slices.isEmpty && state.milli >= milli && state.memory >= demand.memory
    case .timeSlice:
      return state.slices.isEmpty && state.spec.timeSlices > 0 && state.milli >= state.spec.sliceMilli
    case .instance(let profile):
      guard state.isIdle || !state.slices.isEmpty else { return false }
      return !MIG.slices(profile, on: state.spec.model, used: state.slices).isEmpty
    case .noGPU: return false
    }
  }

  /// Subsets of so many elements, smaller ones first in the order of lists.
  static func subsets(_ elements: ArraySlice<Int>, _ count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    guard elements.count >= count else { return [] }
    let (first, rest) = (elements.first!, elements.dropFirst())
    return subsets(rest, count - 1).map { [first] + $0 } + subsets(rest, count)
  }

  static func pairs(_ set: [Int]) -> [(Int, Int)] {
    set.flatMap { left in set.filter { $0 > left }.map { (left, $0) } }
  }

  func linksOfPairs(_ set: [Int]) -> [Int] { Devices.pairs(set).map { machine.links[$0.0][$0.1] } }

  func nicScore(_ claim: Claim) -> Int { claim.nics.reduce(0) { $0 + Link.nicQuality(nearest($1, claim.gpus)) } }

  /// Idle GPUs of which a demand might take any; those who do not want whole ones might take all.
  func idle(for demand: DeviceDemand) -> Set<Int> {
    guard case .whole = demand.kind else { return Set(idle) }
    return Set(gpus.indices.filter { suits(demand, $0) })
  }
}

extension Oracle {
  /// All that would do, NICs aside, smaller indices first.
  func fittingClaims(_ demand: DeviceDemand, _ devices: Devices) -> [Claim] {
    let suitable = devices.gpus.indices.filter { devices.suits(demand, $0) }
    switch demand.kind {
    case .noGPU: return [Claim(.noGPU)]
    case .whole(let count):
      let sets = Devices.subsets(suitable[...], count)
      return sets.filter { devices.linksOfPairs($0).allSatisfy { $0 >= demand.linkRequired } }.map {
        var claim = Claim(.whole)
        (claim.gpus, claim.milli) = ($0, 1000)
        return claim
      }
    case .share(let milli):
      return suitable.map {
        var claim = Claim(.share)
        (claim.gpus, claim.milli, claim.memory) = ([$0], milli, demand.memory)
        return claim
      }
    case .timeSlice:
      return suitable.map {
        var claim = Claim(.timeSlice)
        (claim.gpus, claim.milli) = ([$0], devices.gpus[$0].spec.sliceMilli)
        return claim
      }
    case .instance(let profile):
      return suitable.flatMap { gpu in
        let state = devices.gpus[gpu]
        return MIG.slices(profile, on: state.spec.model, used: state.slices).map {
          var claim = Claim(.instance)
          (claim.gpus, claim.slices) = ([gpu], $0)
          return claim
        }
      }
    }
  }

  /// The same with the NICs that go with it.
  private func possible(_ demand: DeviceDemand, _ devices: Devices) -> [Claim] {
    fittingClaims(demand, devices).compactMap { claim in
      devices.chooseNICs(demand, claim.gpus).map {
        var claim = claim
        claim.nics = $0
        return claim
      }
    }
  }

  /// Numbers that are compared one after the other, the larger ones better; equals go to the smaller indices.
  private func merits(
    _ claim: Claim, _ pod: PodSpec, _ node: Node, _ devices: Devices, idle: Set<Int>
  ) -> [Int] {
    let left = devices.machine.value(ofFree: idle.subtracting(claim.gpus))
    let gpu = claim.gpus.first.map { devices.gpus[$0] }
    switch claim.kind {
    case .noGPU: return []
    case .whole:
      let links = devices.linksOfPairs(claim.gpus)
      let closeness = pod.devices!.prefersLinks ? [links.min() ?? 0, links.map(Link.weight).reduce(0, +)] : []
      return closeness + [devices.nicScore(claim), left]
    case .share, .timeSlice:
      switch policy(pod)?.kind {
      case .gpuFGD: return [Int(fragmentationScore(pod, claim, node))]
      case .gpuBerth: return [Int(usefulnessScore(pod, claim, node))]
      case .gpuRandom: return hash(of: claim.gpus[0], node).map(Int.init)
      default: return [-gpu!.milli, -gpu!.memory, left]
      }
    case .instance:
      return [gpu!.slices.count, left] + [-claim.gpus[0]]
        + MIG.merits(claim.slices, on: gpu!.spec.model, used: gpu!.slices)
    }
  }

  /// What the pod gets; nil: its devices are not there.
  func choice(_ pod: PodSpec, _ node: Node) -> Claim? {
    guard let demand = pod.devices, let devices = devices(node) else { return nil }
    var best: (claim: Claim, merits: [Int])?
    let idle = devices.idle(for: demand)
    for claim in possible(demand, devices) {
      let merits = merits(claim, pod, node, devices, idle: idle)
      if best.map({ $0.merits.lexicographicallyPrecedes(merits) }) ?? true { best = (claim, merits) }
    }
    return best?.claim
  }

  public func choice(of pod: PodSpec, on node: Int) -> Claim? { choice(pod, seeingOwn(pod, Identity(), on: node)) }

  /// Whether devices speak against a node, and which reason they give.
  func refusalOfDevices(_ pod: PodSpec, _ node: Node) -> Refusal? {
    guard let demand = pod.devices else { return nil }
    if choice(pod, node) != nil { return nil }
    guard let machine = node.machine, !possible(demand, Devices(machine)).isEmpty else {
      return Refusal(reason: .noSuchDevices, isUnresolvable: true)
    }
    return Refusal(reason: .devicesTaken, isUnresolvable: false)
  }
}
