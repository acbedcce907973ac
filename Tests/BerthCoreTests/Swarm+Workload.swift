import BerthOracle

/// Random pods and profiles for a cluster of that character.
extension Swarm {
  mutating func pod(profile: String, nodeNames: [String]) -> PodSpec {
    var pod = PodSpec(profile: profile)
    if random.chance(0.3) { pod.priority = Int32(random.int(-2...2)) }
    pod.requests = requests()
    sayLoad(&pod)
    if random.chance(selectors) {
      if random.chance(0.3) {
        let key = random.pick(labelKeys)
        pod.nodeSelector[key] = random.pick(["a", "b", "1"])
      }
      if levels > 0 && random.chance(0.3) {
        pod.nodeSelector[Swarm.levelKeys[random.int(0...(levels - 1))]] = random.pick(["0", "1", "d0", "d1"])
      }
      for _ in 0..<random.int(0...2) { pod.requiredTerms.append(selectorTerm(weight: 0, nodeNames)) }
    }
    if random.chance(preferred) {
      for _ in 0..<random.int(1...3) {
        pod.preferredTerms.append(selectorTerm(weight: Int64(random.pick([1, 7, 50, 100])), nodeNames))
      }
    }
    if random.chance(tolerations) {
      for _ in 0..<random.int(1...3) { pod.tolerations.append(toleration()) }
    }
    constrain(&pod, nodeNames)
    return pod
  }

  private mutating func requests() -> [String: Int64] {
    var requests: [String: Int64] = [:]
    let shape = random.pick(shapes)
    // Now and then a resource that no node of this shape has.
    let names = random.chance(0.97) && !shape.isEmpty ? shape.keys.sorted() : resources.map(\.name)
    for name in random.sample(names, random.pick([1, 2, 2, 3, 16])) {
      // Of one shape, or of the smallest, so that it fits many.
      let smallest = shapes.compactMap { $0[name] }.min() ?? 1
      let capacity = max(1, random.chance(0.5) ? smallest : shape[name] ?? 1)
      requests[name] = min(Swarm.largest, request(of: capacity))
    }
    return requests
  }

  private mutating func request(of capacity: Int64) -> Int64 {
    switch random.int(0...39) {
    case 0...1: return 0
    case 2: return capacity
    case 3: return capacity + 1
    case 4: return max(1, capacity - random.int64(0...3))
    case 5...18: return max(1, capacity / random.int64(3...24))
    case 19...28: return max(1, capacity / random.pick([32, 100, 110, 1000]))
    default: return max(1, random.logarithmic(upTo: max(1, capacity / 8)))
    }
  }

  private mutating func selectorTerm(weight: Int64, _ nodeNames: [String]) -> SelectorTerm {
    if random.chance(0.05) { return SelectorTerm([], weight: weight) }
    var requirements: [Requirement] = []
    for _ in 0..<random.pick([1, 1, 2, 3]) { requirements.append(requirement(nodeNames)) }
    return SelectorTerm(requirements, weight: weight)
  }

  private mutating func requirement(_ nodeNames: [String]) -> Requirement {
    let someName = nodeNames.isEmpty || random.chance(0.1) ? "nobody" : random.pick(nodeNames)
    if random.chance(fields) {
      return Requirement(key: "metadata.name", op: random.pick([.in, .notIn]), values: [someName], isField: true)
    }
    var keys = labelKeys + Swarm.levelKeys.prefix(levels) + ["missing"]
    if random.chance(fields) { keys = ["kubernetes.io/hostname"] }
    let key = random.pick(keys)
    let values =
      key == "kubernetes.io/hostname"
      ? [someName, "elsewhere"] : ["a", "b", "c", "0", "1", "2", "007", "d0", "d1", ""]
    switch random.int(0...7) {
    case 0...2: return Requirement(key: key, op: .in, values: random.sample(values, random.int(1...3)))
    case 3...4: return Requirement(key: key, op: .notIn, values: random.sample(values, random.int(1...2)))
    case 5: return Requirement(key: key, op: .exists)
    case 6: return Requirement(key: key, op: .doesNotExist)
    default:
      let bounds = ["0", "1", "2", "+5", "-9223372036854775808", "9223372036854775806", "9223372036854775807"]
      return Requirement(key: key, op: random.pick([.gt, .lt]), values: [random.pick(bounds)])
    }
  }

  private mutating func toleration() -> Toleration {
    let effect: Effect? = random.pick([nil, .noSchedule, .preferNoSchedule, .noExecute])
    let keys = ["dedicated", "gpu", "spot", "node.kubernetes.io/unschedulable"]
    if random.chance(0.5) {
      return Toleration(key: random.chance(0.3) ? "" : random.pick(keys), op: .exists, effect: effect)
    }
    if random.chance(0.2) {
      let op: Toleration.Operator = random.pick([.gt, .lt])
      return Toleration(key: random.pick(keys), op: op, value: random.pick(["0", "5", "7", "-3"]), effect: effect)
    }
    return Toleration(key: random.pick(keys), op: .equal, value: random.pick(["", "x", "y"]), effect: effect)
  }

  // MARK: Profiles

  /// `known`: the resources the engine has by now.
  mutating func profile(known: [String], exactly kind: TermKind? = nil) -> [Term] {
    if let kind, let term = term(kind, known) { return [term] }
    var chosen: [Term] = []
    let single: Set<TermKind> = [
      .nodeAffinity, .taintToleration, .price, .imageLocality, .podTopologySpread, .interPodAffinity, .gpuLinks,
      .gpuRemainder, .gpuModel,
    ]
    for _ in 0..<random.int(1...termsPerProfile) {
      let kind = random.pick(terms)
      if single.contains(kind) && chosen.contains(where: { $0.kind == kind }) { continue }
      let isPolicy = TermKind.policies.contains(kind)
      if isPolicy && chosen.contains(where: { TermKind.policies.contains($0.kind) }) { continue }
      if let term = term(kind, known) { chosen.append(term) }
    }
    return chosen.isEmpty ? [Term(.leastAllocated)] : chosen
  }

  /// nil: of resources that are not known.
  private mutating func term(_ kind: TermKind, _ present: [String]) -> Term? {
    let known = present.filter { allows(kind, $0) }
    var term = Term(kind, weight: random.pick([1, 1, 2, 3, 100, Int64(random.int(1...1_000_000)), 1_000_000]))
    switch kind {
    case .nodeAffinity, .taintToleration, .price, .imageLocality, .podTopologySpread: break
    case .gpuLinks, .gpuRemainder, .gpuModel, .gpuRandom, .gpuPacking, .gpuFGD, .gpuBerth: break
    case .gpuBestFit, .gpuDotProduct, .gpuClustering:
      guard let scales = deviceScales(present) else { return nil }
      term.resources = scales
    case .interPodAffinity:
      term.hardWeight = random.pick([0, 1, 1, 50, 100])
      term.ignoresExistingPreferences = random.chance(0.3)
    case .binpack, .spread:
      if random.chance(0.3) { term.resources = random.sample(known, random.int(1...4)).map { TermResource($0) } }
    case .leastAllocated, .mostAllocated, .requestedToCapacityRatio, .balancedAllocation:
      if random.chance(0.5) { term.resources = resources(known) { _ in 0 } }
    case .dotProduct, .bestFit:
      term.resources = resources(known) { capacity in capacity }
    }
    if kind == .requestedToCapacityRatio { term.points = points() }
    return term
  }

  private mutating func resources(_ known: [String], scale: (Int64) -> Int64) -> [TermResource] {
    var list: [TermResource] = []
    for name in random.sample(known, random.pick([1, 2, 2, 3, 5])) {
      let capacity = max(1, random.pick(shapes)[name] ?? 1)
      // The scale is what one counts as: around a node's size as a rule, now and then 1 or the limit.
      let around = random.pick([capacity, capacity * 2, max(1, capacity / 3), 1, Swarm.largest])
      list.append(
        TermResource(
          name, weight: random.pick([1, 1, 2, 3, 50, 1_000_000]), scale: scale(min(around, Swarm.largest))))
    }
    return list
  }

  private mutating func points() -> [ShapePoint] {
    if random.chance(0.2) { return [ShapePoint(0, 10), ShapePoint(100, 0)] }
    if random.chance(0.2) { return [ShapePoint(0, 0), ShapePoint(100, 10)] }
    return random.sample(Array(Int64(0)...100), random.int(1...5)).sorted().map {
      ShapePoint($0, random.int64(0...10))
    }
  }
}
