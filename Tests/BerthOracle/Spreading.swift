import Glibc

/// Topology spread constraints: kube-scheduler's PodTopologySpread.

/// A required constraint and the matching pods in each domain that counts.
struct SpreadCount {
  let constraint: SpreadConstraint
  let matchesItself: Bool
  let domains: [String: Int]
  /// Of the domains, 0 where there are too few.
  let least: Int

  init(_ constraint: SpreadConstraint, matchesItself: Bool, domains: [String: Int]) {
    self.constraint = constraint
    self.matchesItself = matchesItself
    self.domains = domains
    least = domains.count < constraint.minDomains ?? 1 ? 0 : domains.values.min()!
  }

  /// Whether one more pod in a domain would be too many.
  func exceedsSkew(_ domain: String) -> Bool {
    Int64((domains[domain] ?? 0) + (matchesItself ? 1 : 0) - least) > constraint.maxSkew
  }
}

extension Oracle {
  private func selector(_ constraint: SpreadConstraint, _ pod: PodSpec) -> LabelSelector? {
    constraint.selector?.joined(pod.labels, matching: constraint.matchLabelKeys)
  }

  /// Whether the constraint looks at the pods of a node.
  private func includes(_ constraint: SpreadConstraint, _ pod: PodSpec, _ node: Node) -> Bool {
    if constraint.affinityPolicy != .ignore && !affinityMatches(pod, node) { return false }
    return constraint.taintsPolicy != .honor || !pod.isKeptAway(by: node.spec.taints)
  }

  /// Pods of a node in a namespace that a selector selects, those left out that are being deleted.
  private func matching(_ selector: LabelSelector?, in namespace: String, on node: Node) -> Int {
    guard let selector else { return 0 }
    return node.pods.filter { id in
      let pod = pods[id]!
      return !pod.terminating && pod.spec.namespace == namespace && selector.selects(pod.spec.labels)
    }.count
  }

  func spreadCounts(_ pod: PodSpec) -> [SpreadCount] {
    let constraints = pod.spreadConstraints.filter(\.isRequired)
    if constraints.isEmpty { return [] }
    let selectors = constraints.map { selector($0, pod) }
    var counts = constraints.map { _ in [String: Int]() }
    for node in nodes.values {
      let domains = constraints.compactMap { label($0.topologyKey, of: node) }
      if domains.count < constraints.count { continue }
      for (index, constraint) in constraints.enumerated() where includes(constraint, pod, node) {
        counts[index][domains[index], default: 0] += matching(selectors[index], in: pod.namespace, on: node)
      }
    }
    return constraints.indices.map {
      SpreadCount(
        constraints[$0], matchesItself: selectors[$0]?.selects(pod.labels) ?? false, domains: counts[$0])
    }
  }

  // MARK: Scores

  /// One value for each of the nodes, which are all the feasible ones: the fewer matching pods, the more.
  func spreadScores(_ pod: PodSpec, on feasible: [Int]) -> [Int64] {
    let constraints = pod.spreadConstraints.filter { !$0.isRequired }
    if constraints.isEmpty { return feasible.map { _ in 0 } }
    let keys = constraints.map(\.topologyKey)
    // the cluster's own constraints score what a node has of the keys
    func isIgnored(_ node: Node) -> Bool { !pod.spreadsByDefault && keys.contains { label($0, of: node) == nil } }
    let scored = feasible.filter { !isIgnored(nodes[$0]!) }
    let counts = constraints.map { domainCounts($0, pod, among: scored, isIgnored) }

    func raw(_ id: Int) -> Int64 {
      let node = nodes[id]!
      var sum = 0.0
      for (index, constraint) in constraints.enumerated() {
        guard let domain = label(constraint.topologyKey, of: node) else { continue }
        let isHost = constraint.topologyKey == hostname
        let size = isHost ? scored.count : counts[index].count
        let pods =
          isHost ? matching(selector(constraint, pod), in: pod.namespace, on: node) : counts[index][domain]!
        let product = Double(pods) * log(Double(size + 2))
        sum = sum + (product + Double(constraint.maxSkew - 1))
      }
      return Int64(sum.rounded(.toNearestOrAwayFromZero))
    }

    let raws = Dictionary(uniqueKeysWithValues: scored.map { ($0, raw($0)) })
    let (highest, lowest) = (raws.values.max() ?? 0, raws.values.min() ?? 0)
    return feasible.map { id in
      guard let raw = raws[id] else { return 0 }
      return highest == 0 ? 100 : 100 * (highest + lowest - raw) / highest
    }
  }

  /// Matching pods in each domain that has scored nodes; the empty domain is that of the nodes without the key.
  private func domainCounts(
    _ constraint: SpreadConstraint, _ pod: PodSpec, among scored: [Int], _ isIgnored: (Node) -> Bool
  ) -> [String: Int] {
    if constraint.topologyKey == hostname { return [:] }
    func domain(_ node: Node) -> String { label(constraint.topologyKey, of: node) ?? "" }
    var counts = Dictionary(scored.map { (domain(nodes[$0]!), 0) }, uniquingKeysWith: +)
    let selector = selector(constraint, pod)
    for node in nodes.values where !isIgnored(node) && includes(constraint, pod, node) {
      // domains without scored nodes do not count
      counts[domain(node)]? += matching(selector, in: pod.namespace, on: node)
    }
    return counts
  }
}
