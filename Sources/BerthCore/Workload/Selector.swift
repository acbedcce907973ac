import CBerth

/// One requirement on labels (or on the node's name), with Kubernetes' operators.
struct Requirement: Hashable, Comparable {
  var key: Name
  var op: UInt32
  /// Sorted and without duplicates.
  var values: [Name]
  /// On metadata.name instead of a label.
  var isField: Bool

  /// Looks at a node's name.
  static let ofName = Requirement(key: "metadata.name", op: UInt32(BERTH_OP_EXISTS), values: [], isField: true)

  /// `value` is the label's, nil where the node lacks it.
  func matches(_ value: Name?) -> Bool {
    switch Int(op) {
    case BERTH_OP_IN: return value.map { values.contains($0) } ?? false
    case BERTH_OP_NOT_IN: return value.map { !values.contains($0) } ?? true
    case BERTH_OP_EXISTS: return value != nil
    case BERTH_OP_DOES_NOT_EXIST: return value == nil
    default:
      guard let value, let own = Int64(value.description), let bound = Int64(values[0].description) else {
        return false
      }
      return Int(op) == BERTH_OP_GT ? own > bound : own < bound
    }
  }

  static func < (a: Requirement, b: Requirement) -> Bool {
    if a.key != b.key { return a.key < b.key }
    if a.op != b.op { return a.op < b.op }
    if a.isField != b.isField { return b.isField }
    return a.values.lexicographicallyPrecedes(b.values)
  }
}

/// All requirements together; none at all match nothing.
struct SelectorTerm: Hashable, Comparable {
  var requirements: [Requirement]
  /// 0 for required terms.
  var weight: UInt32

  func matches(_ value: (Requirement) -> Name?) -> Bool {
    !requirements.isEmpty && requirements.allSatisfy { $0.matches(value($0)) }
  }

  static func < (a: SelectorTerm, b: SelectorTerm) -> Bool {
    a.weight != b.weight ? a.weight < b.weight : a.requirements.lexicographicallyPrecedes(b.requirements)
  }
}

struct Toleration: Hashable, Comparable {
  var key: Name
  var value: Name
  var op: UInt32
  var effect: UInt32

  func tolerates(_ taint: Taint) -> Bool {
    if effect != 0 && effect != taint.effect { return false }
    if !key.isEmpty && key != taint.key { return false }
    switch Int(op) {
    case BERTH_TOLERATION_EXISTS: return true
    case BERTH_TOLERATION_EQUAL: return value == taint.value
    default:
      guard let own = Self.decimal(taint.value), let bound = Self.decimal(value) else { return false }
      return Int(op) == BERTH_TOLERATION_GT ? own > bound : own < bound
    }
  }

  /// Numbers here are written as Kubernetes writes them: without a plus, without zeros in front.
  private static func decimal(_ text: Name) -> Int64? {
    Int64(text.description).flatMap { "\($0)" == text.description ? $0 : nil }
  }

  static func < (a: Toleration, b: Toleration) -> Bool {
    (a.key, a.value, a.op, a.effect) < (b.key, b.value, b.op, b.effect)
  }
}

/// Where a class may go and would rather go, as far as nodes' labels, names, taints and cordon decide it.
struct Placeability: Hashable {
  /// spec.nodeName: the only node that will do.
  var nodeName: Name?
  /// nodeSelector, as requirements.
  var nodeSelector: [Requirement]
  /// One of them must match; empty: no demand.
  var required: [SelectorTerm]
  var preferred: [SelectorTerm]
  var tolerations: [Toleration]

  func admits(_ value: (Requirement) -> Name?) -> Bool {
    nodeSelector.allSatisfy { $0.matches(value($0)) } && (required.isEmpty || required.contains { $0.matches(value) })
  }

  /// Sum of the weights of the preferred terms that match.
  func preference(_ value: (Requirement) -> Name?) -> Int64 {
    preferred.reduce(0) { $0 + ($1.matches(value) ? Int64($1.weight) : 0) }
  }

  func toleratesCordon() -> Bool {
    let taint = Taint(key: Label.unschedulableTaint, value: "", effect: UInt32(BERTH_EFFECT_NO_SCHEDULE))
    return tolerations.contains { $0.tolerates(taint) }
  }

  func toleratesHard(_ taints: [Taint]) -> Bool {
    taints.allSatisfy { taint in
      Int(taint.effect) == BERTH_EFFECT_PREFER_NO_SCHEDULE || tolerations.contains { $0.tolerates(taint) }
    }
  }

  /// PreferNoSchedule taints that are not tolerated.
  func intolerable(_ taints: [Taint]) -> Int64 {
    taints.reduce(0) { count, taint in
      Int(taint.effect) == BERTH_EFFECT_PREFER_NO_SCHEDULE && !tolerations.contains { $0.tolerates(taint) }
        ? count + 1 : count
    }
  }

  var allRequirements: [Requirement] {
    nodeSelector + required.flatMap(\.requirements) + preferred.flatMap(\.requirements)
      + (nodeName == nil ? [] : [Requirement.ofName])
  }
}
