/// Taints, labels and selectors as Kubernetes defines them.

let hostname = "kubernetes.io/hostname"
let unschedulable = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)

extension Toleration {
  public func tolerates(_ taint: Taint) -> Bool {
    if let effect, effect != taint.effect { return false }
    if !key.isEmpty && key != taint.key { return false }
    switch op {
    case .equal: return value == taint.value
    case .exists: return true
    case .gt, .lt:
      guard let bound = Self.canonical(value), let actual = Self.canonical(taint.value) else { return false }
      return op == .gt ? actual > bound : actual < bound
    }
  }

  /// Numbers count only as they would be printed: no sign but a minus, no leading zeros.
  private static func canonical(_ text: String) -> Int64? { Int64(text).flatMap { String($0) == text ? $0 : nil } }
}

extension Taint {
  /// Keeps pods away, rather than putting them off.
  var refuses: Bool { effect != .preferNoSchedule }
}

extension PodSpec {
  func tolerates(_ taint: Taint) -> Bool { tolerations.contains { $0.tolerates(taint) } }

  /// Whether a taint of the node keeps the pod away.
  func isKeptAway(by taints: [Taint]) -> Bool { taints.contains { $0.refuses && !tolerates($0) } }
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

extension LabelSelector {
  public func selects(_ labels: [String: String]) -> Bool { allSatisfy { $0.matches(labels[$0.key]) } }

  /// With a pod's own values of some keys, where it has them, joined to it.
  func joined(_ labels: [String: String], matching: [String], mismatching: [String] = []) -> LabelSelector {
    func requirements(_ keys: [String], _ op: Requirement.Operator) -> [Requirement] {
      keys.compactMap { key in labels[key].map { Requirement(key: key, op: op, values: [$0]) } }
    }
    return self + requirements(matching, .in) + requirements(mismatching, .notIn)
  }
}

extension Oracle {
  /// A label of the node: its own, that of a topology level, or its name as hostname where the labels do not say it.
  public func label(_ key: String, of node: Node) -> String? {
    if let value = node.spec.labels[key] { return value }
    if let level = levelKeys.firstIndex(of: key) {
      var domain = node.spec.domain
      while domains[domain].depth > level + 1 { domain = domains[domain].parent! }
      // a domain without a name stands for nodes that lack the label
      return domains[domain].name.isEmpty ? nil : domains[domain].name
    }
    return key == hostname && !node.spec.lacksHostname ? node.name : nil
  }

  func matches(_ term: SelectorTerm, _ node: Node) -> Bool {
    !term.requirements.isEmpty
      && term.requirements.allSatisfy { $0.matches($0.isField ? node.name : label($0.key, of: node)) }
  }

  /// Node selector and required node affinity.
  func affinityMatches(_ pod: PodSpec, _ node: Node) -> Bool {
    pod.nodeSelector.allSatisfy { label($0.key, of: node) == $0.value }
      && (pod.requiredTerms.isEmpty || pod.requiredTerms.contains { matches($0, node) })
  }

  /// Sum of the weights of the preferred terms that match, before normalisation.
  func preferredWeight(_ pod: PodSpec, _ node: Node) -> Int64 {
    pod.preferredTerms.reduce(0) { $0 + (matches($1, node) ? $1.weight : 0) }
  }

  /// Number of PreferNoSchedule taints that the pod does not tolerate.
  func intolerableTaints(_ pod: PodSpec, _ node: Node) -> Int64 {
    Int64(node.spec.taints.filter { !$0.refuses && !pod.tolerates($0) }.count)
  }
}
