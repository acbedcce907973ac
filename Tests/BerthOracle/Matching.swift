/// Which nodes a pod may run on: cordon, taints, node selector and affinity, resources, as Kubernetes defines them.

let hostname = "kubernetes.io/hostname"
let unschedulable = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)

extension Toleration {
  public func tolerates(_ taint: Taint) -> Bool {
    if let effect, effect != taint.effect { return false }
    if !key.isEmpty && key != taint.key { return false }
    return op == .exists || value == taint.value
  }
}

extension Requirement {
  /// `actual` is the label's value, or the field's; nil where there is none.
  func matches(_ actual: String?) -> Bool {
    switch op {
    case .in: return actual.map(values.contains) ?? false
    case .notIn: return !(actual.map(values.contains) ?? false)
    case .exists: return actual != nil
    case .doesNotExist: return actual == nil
    case .gt, .lt:
      guard let actual, let number = Int64(actual), let bound = Int64(values[0]) else { return false }
      return op == .gt ? number > bound : number < bound
    }
  }
}

extension Oracle {
  /// The node's own labels, one for each topology level, and its name as hostname where the labels do not say it.
  public func labels(of node: Node) -> [String: String] {
    var labels = node.spec.labels
    var domain = node.spec.domain
    while let parent = domains[domain].parent {
      labels[levelKeys[domains[domain].depth - 1]] = domains[domain].name
      domain = parent
    }
    if let name = node.name, labels[hostname] == nil { labels[hostname] = name }
    return labels
  }

  func matches(_ term: SelectorTerm, _ node: Node, _ labels: [String: String]) -> Bool {
    !term.requirements.isEmpty && term.requirements.allSatisfy { $0.matches($0.isField ? node.name : labels[$0.key]) }
  }

  /// Node selector and required node affinity.
  func affinityMatches(_ pod: PodSpec, _ node: Node) -> Bool {
    if pod.nodeSelector.isEmpty && pod.requiredTerms.isEmpty { return true }
    let labels = labels(of: node)
    return pod.nodeSelector.allSatisfy { labels[$0.key] == $0.value }
      && (pod.requiredTerms.isEmpty || pod.requiredTerms.contains { matches($0, node, labels) })
  }

  /// Sum of the weights of the preferred terms that match, before normalisation.
  func preferredWeight(_ pod: PodSpec, _ node: Node) -> Int64 {
    if pod.preferredTerms.isEmpty { return 0 }
    let labels = labels(of: node)
    return pod.preferredTerms.reduce(0) { $0 + (matches($1, node, labels) ? $1.weight : 0) }
  }

  /// Number of PreferNoSchedule taints that the pod does not tolerate.
  func intolerableTaints(_ pod: PodSpec, _ node: Node) -> Int64 {
    Int64(
      node.spec.taints.filter { taint in
        taint.effect == .preferNoSchedule && !pod.tolerations.contains { $0.tolerates(taint) }
      }.count)
  }

  /// How much of each requested resource lacks; empty where the pod fits.
  func shortfalls(_ pod: PodSpec, _ node: Node) -> [String: Int64] {
    var lacking: [String: Int64] = [:]
    for (name, request) in asking(pod).requests where request > 0 && !load.isUsage(name) {
      if load.isLimit(name) && node.spec.allocatable[name] == nil { continue }
      let free = (node.spec.allocatable[name] ?? 0) - (node.used[name] ?? 0)
      if request > free { lacking[name] = request - free }
    }
    return lacking
  }

  /// The first thing that speaks against a node, in the order Kubernetes' filters ask; nil: the pod fits.
  func refusal(_ pod: PodSpec, _ node: Node) -> Refusal? {
    if node.spec.cordoned && !pod.tolerations.contains(where: { $0.tolerates(unschedulable) }) {
      return .unschedulable
    }
    for taint in node.spec.taints where taint.effect != .preferNoSchedule {
      if !pod.tolerations.contains(where: { $0.tolerates(taint) }) { return .taint }
    }
    if !affinityMatches(pod, node) { return .affinity }
    let lacking = shortfalls(pod, node)
    return lacking.isEmpty ? nil : .insufficient(lacking)
  }
}

extension Oracle {
  public func refusal(of pod: PodSpec, on node: Int) -> Refusal? { refusal(pod, self.node(node)) }
}

public enum Refusal: Equatable, Sendable {
  case unschedulable, taint, affinity
  /// What lacks, by resource.
  case insufficient([String: Int64])
}
