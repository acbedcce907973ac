/// Affinity and anti-affinity between pods: kube-scheduler's InterPodAffinity.

/// Topology key → values: domains of nodes.
typealias Domains = [String: Set<String>]

/// Where pods are that the pod asks for or avoids, and that avoid it.
struct Neighbours {
  /// Domains with a pod that all of the pod's required affinity terms select.
  var wanted: Domains = [:]
  /// All of the pod's required affinity terms select itself.
  var selectsItself = false
  /// Domains with a pod that a required anti-affinity term of the pod selects.
  var unwanted: Domains = [:]
  /// Domains with a pod of which a required anti-affinity term selects the pod.
  var unwilling: Domains = [:]
}

extension PodSpec {
  func affinityTerms(_ kind: PodAffinityTerm.Kind) -> [PodAffinityTerm] { affinityTerms.filter { $0.kind == kind } }

  func selector(_ term: PodAffinityTerm) -> LabelSelector? {
    term.selector?.joined(labels, matching: term.matchLabelKeys, mismatching: term.mismatchLabelKeys)
  }

  /// Without a word on namespaces, a term is about the pod's own.
  func namespaces(_ term: PodAffinityTerm) -> [String] {
    term.namespaces.isEmpty && term.namespaceSelector == nil ? [namespace] : term.namespaces
  }
}

extension Oracle {
  /// Whether a term of the pod to be placed selects another pod, or itself. Its namespace selector finds namespaces that
  /// were told; one without requirements finds them all.
  private func selects(_ term: PodAffinityTerm, of pod: PodSpec, _ other: PodSpec) -> Bool {
    let found =
      pod.namespaces(term).contains(other.namespace)
      || term.namespaceSelector.map { selector in
        selector.isEmpty || (namespaces[other.namespace].map { selector.selects($0) } ?? false)
      } ?? false
    return found && (pod.selector(term)?.selects(other.labels) ?? false)
  }

  /// Whether a term of a running pod selects the pod to be placed. A namespace that was not told has no labels.
  private func selects(_ term: PodAffinityTerm, ofRunning running: PodSpec, _ pod: PodSpec) -> Bool {
    let found =
      running.namespaces(term).contains(pod.namespace)
      || (term.namespaceSelector?.selects(namespaces[pod.namespace] ?? [:]) ?? false)
    return found && (running.selector(term)?.selects(pod.labels) ?? false)
  }

  /// The domain that a node is in by a term's key; nil where it lacks the key.
  private func domain(_ term: PodAffinityTerm, _ node: Node) -> String? { label(term.topologyKey, of: node) }

  func isIn(_ domains: Domains, _ node: Node) -> Bool {
    domains.contains { key, values in label(key, of: node).map(values.contains) ?? false }
  }

  // MARK: Filters

  func neighbours(_ pod: PodSpec) -> Neighbours {
    var result = Neighbours()
    for id in podsWithTerms {
      guard let node = pods[id]!.node else { continue }
      let running = pods[id]!.spec
      for term in running.affinityTerms(.requiredAntiAffinity) where selects(term, ofRunning: running, pod) {
        add(term, nodes[node]!, to: &result.unwilling)
      }
    }
    let wanted = pod.affinityTerms(.requiredAffinity)
    let unwanted = pod.affinityTerms(.requiredAntiAffinity)
    if wanted.isEmpty && unwanted.isEmpty { return result }
    for other in pods.values {
      guard let node = other.node else { continue }
      if wanted.allSatisfy({ selects($0, of: pod, other.spec) }) {
        for term in wanted { add(term, nodes[node]!, to: &result.wanted) }
      }
      for term in unwanted where selects(term, of: pod, other.spec) { add(term, nodes[node]!, to: &result.unwanted) }
    }
    result.selectsItself = wanted.allSatisfy { selects($0, of: pod, pod) }
    return result
  }

  private func add(_ term: PodAffinityTerm, _ node: Node, to domains: inout Domains) {
    if let domain = domain(term, node) { domains[term.topologyKey, default: []].insert(domain) }
  }

  /// The node has all the keys, and in each of its domains there is a pod that all terms select; the first such pod of
  /// the cluster may go anywhere.
  func hasWantedNeighbours(_ question: Question, _ node: Node) -> Bool {
    let terms = question.pod.affinityTerms(.requiredAffinity)
    if terms.isEmpty { return true }
    if terms.contains(where: { domain($0, node) == nil }) { return false }
    let wanted = question.neighbours.wanted
    if wanted.isEmpty { return question.neighbours.selectsItself }
    return terms.allSatisfy { wanted[$0.topologyKey]?.contains(domain($0, node)!) ?? false }
  }

  // MARK: Scores

  /// One value for each of the nodes, which are all the feasible ones.
  func affinityScores(_ term: Term, _ pod: PodSpec, on feasible: [Int]) -> [Int64] {
    let sums = affinitySums(term, pod)
    let raws = feasible.map { id in
      sums.reduce(Int64(0)) { sum, entry in
        sum + (label(entry.key, of: nodes[id]!).flatMap { entry.value[$0] } ?? 0)
      }
    }
    guard let lowest = raws.min(), let highest = raws.max(), lowest < highest else { return raws.map { _ in 0 } }
    return raws.map { Int64(100 * (Double($0 - lowest) / Double(highest - lowest))) }
  }

  /// Topology key → domain → what the pods there weigh.
  private func affinitySums(_ term: Term, _ pod: PodSpec) -> [String: [String: Int64]] {
    var sums: [String: [String: Int64]] = [:]
    func weigh(_ term: PodAffinityTerm, _ weight: Int64, _ node: Node) {
      if let domain = domain(term, node) { sums[term.topologyKey, default: [:]][domain, default: 0] += weight }
    }
    let liked = pod.affinityTerms(.preferredAffinity)
    let disliked = pod.affinityTerms(.preferredAntiAffinity)
    let prefers = !liked.isEmpty || !disliked.isEmpty
    if term.ignoresExistingPreferences && !prefers { return [:] }
    if prefers {
      for other in pods.values {
        guard let id = other.node, let node = nodes[id] else { continue }
        for term in liked where selects(term, of: pod, other.spec) { weigh(term, term.weight, node) }
        for term in disliked where selects(term, of: pod, other.spec) { weigh(term, -term.weight, node) }
      }
    }
    for id in podsWithTerms {
      guard let place = pods[id]!.node, let node = nodes[place] else { continue }
      let running = pods[id]!.spec
      for wish in running.affinityTerms where selects(wish, ofRunning: running, pod) {
        switch wish.kind {
        case .requiredAffinity: if term.hardWeight > 0 { weigh(wish, term.hardWeight, node) }
        case .preferredAffinity: weigh(wish, wish.weight, node)
        case .preferredAntiAffinity: weigh(wish, -wish.weight, node)
        case .requiredAntiAffinity: break
        }
      }
    }
    return sums
  }
}
