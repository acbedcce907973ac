import BerthOracle

/// What random pods say of images, ports and other pods, in universes so small that they meet.
extension Swarm {
  static let namespaces = ["default", "team-a", "team-b"]
  private static let namespaceLabelKeys = ["team", "stage"]
  private static let podLabelKeys = ["app", "tier", "version"]
  private static let values = ["a", "b", "c"]
  private static let imageNames = [
    "web:latest", "web:v1", "registry:5000/db:latest", "registry:5000/db", "base@sha256:0",
  ]

  mutating func namespaceLabels() -> [String: String] { someLabels(Swarm.namespaceLabelKeys) }

  private mutating func someLabels(_ keys: [String]) -> [String: String] {
    var labels: [String: String] = [:]
    for key in keys where random.chance(0.6) { labels[key] = random.pick(["a", "a", "b", "c"]) }
    return labels
  }

  mutating func nodeImages() -> [String: Int64] {
    var list: [String: Int64] = [:]
    if !random.chance(images) { return list }
    for name in random.sample(Swarm.imageNames, random.int(1...4)) {
      list[name] = random.pick([0, 1, 23 << 20, 200 << 20, 1000 << 20, 5000 << 20, random.int64(0...(3000 << 20))])
    }
    return list
  }

  /// Adds what the pod is to others, and what they are to it.
  mutating func constrain(_ pod: inout PodSpec, _ nodeNames: [String]) {
    if ports + spreads + affinities > 0 {
      pod.labels = someLabels(Swarm.podLabelKeys)
      pod.namespace = random.pick(["default", "default", "default", "team-a", "team-b"])
    }
    if random.chance(fields) { pod.nodeName = random.pick(nodeNames.suffix(3) + ["nobody"]) }
    for resource in resources where resource.kind == .counted && random.chance(0.3) {
      pod.scored[resource.name] = random.pick([0, 1, 100, max(1, shapes[0][resource.name] ?? 1)])
    }
    if random.chance(images) {
      for _ in 0..<random.int(1...3) { pod.images.append(random.pick(Swarm.imageNames + ["web", "registry:5000/db"])) }
    }
    if random.chance(ports) {
      for _ in 0..<random.int(1...2) {
        let port = HostPort(
          random.pick([80, 443]), random.pick([.tcp, .tcp, .udp, .sctp]),
          address: random.pick([HostPort.everyAddress, "10.0.0.1", "10.0.0.2"]))
        if !pod.hostPorts.contains(port) { pod.hostPorts.append(port) }
      }
    }
    if random.chance(spreads) {
      pod.spreadsByDefault = random.chance(0.2)
      for _ in 0..<random.pick([1, 1, 2, 3]) {
        let constraint = spreadConstraint(of: pod, isRequired: !pod.spreadsByDefault && random.chance(0.5))
        let known = pod.spreadConstraints.contains {
          $0.topologyKey == constraint.topologyKey && $0.isRequired == constraint.isRequired
        }
        if !known { pod.spreadConstraints.append(constraint) }
      }
    }
    if random.chance(affinities) {
      for _ in 0..<random.pick([1, 1, 2, 3]) { pod.affinityTerms.append(affinityTerm(of: pod)) }
    }
  }

  private mutating func topologyKey() -> String {
    let levelKeys = Array(Swarm.levelKeys.prefix(levels))
    let keys = levelKeys + levelKeys + [random.pick(labelKeys), "kubernetes.io/hostname"]
    return random.chance(0.05) ? "missing" : random.pick(keys)
  }

  /// As a rule one that selects the pod itself.
  private mutating func podSelector(_ pod: PodSpec) -> LabelSelector? {
    if random.chance(0.05) { return nil }
    if random.chance(0.4), let (key, value) = pod.labels.min(by: { $0.key < $1.key }) {
      return [Requirement(key: key, op: .in, values: [value])]
    }
    return labelSelector(Swarm.podLabelKeys)
  }

  private mutating func labelSelector(_ keys: [String]) -> LabelSelector {
    var requirements: [Requirement] = []
    for key in random.sample(keys, random.pick([0, 1, 1, 2])) {
      switch random.int(0...5) {
      case 0...2:
        requirements.append(Requirement(key: key, op: .in, values: random.sample(Swarm.values, random.int(1...2))))
      case 3:
        requirements.append(Requirement(key: key, op: .notIn, values: random.sample(Swarm.values, random.int(1...2))))
      case 4: requirements.append(Requirement(key: key, op: .exists))
      default: requirements.append(Requirement(key: key, op: .doesNotExist))
      }
    }
    return requirements
  }

  private mutating func spreadConstraint(of pod: PodSpec, isRequired: Bool) -> SpreadConstraint {
    var constraint = SpreadConstraint(
      topologyKey(), podSelector(pod), maxSkew: random.pick([1, 1, 1, 2, 3, 5, 2_147_483_647]),
      isRequired: isRequired)
    if constraint.isRequired && random.chance(0.3) { constraint.minDomains = random.pick([1, 2, 3, 1000]) }
    constraint.affinityPolicy = random.pick([nil, nil, .honor, .ignore])
    constraint.taintsPolicy = random.pick([nil, nil, .honor, .ignore])
    if constraint.selector != nil && random.chance(0.2) {
      constraint.matchLabelKeys = random.sample(Swarm.podLabelKeys, random.int(1...2))
    }
    return constraint
  }

  private mutating func affinityTerm(of pod: PodSpec) -> PodAffinityTerm {
    let kind = random.pick(PodAffinityTerm.Kind.allCases)
    let isRequired = kind == .requiredAffinity || kind == .requiredAntiAffinity
    var term = PodAffinityTerm(
      kind, topologyKey(), podSelector(pod), weight: isRequired ? 0 : random.pick([1, 7, 50, 100]))
    if random.chance(0.3) { term.namespaces = random.sample(Swarm.namespaces, random.int(1...2)) }
    if random.chance(0.3) { term.namespaceSelector = labelSelector(Swarm.namespaceLabelKeys) }
    if term.selector != nil {
      var keys = random.sample(Swarm.podLabelKeys, 2)
      if random.chance(0.2) { term.matchLabelKeys = [keys.removeLast()] }
      if random.chance(0.2) { term.mismatchLabelKeys = [keys.removeLast()] }
    }
    return term
  }
}
