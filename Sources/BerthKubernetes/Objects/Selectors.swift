import CBerth

/// key <operator> values.
struct Requirement: Hashable, Sendable {
  enum Operator: String, Sendable {
    case `in` = "In"
    case notIn = "NotIn"
    case exists = "Exists"
    case doesNotExist = "DoesNotExist"
    case greater = "Gt"
    case less = "Lt"

    var code: UInt32 {
      switch self {
      case .in: UInt32(BERTH_OP_IN)
      case .notIn: UInt32(BERTH_OP_NOT_IN)
      case .exists: UInt32(BERTH_OP_EXISTS)
      case .doesNotExist: UInt32(BERTH_OP_DOES_NOT_EXIST)
      case .greater: UInt32(BERTH_OP_GT)
      case .less: UInt32(BERTH_OP_LT)
      }
    }
  }

  var key: String
  var op: Operator
  var values: [String] = []
  /// A field of the node, metadata.name, rather than a label.
  var isField = false
}

/// A selector over labels: all of its requirements together; none at all select everything.
struct LabelSelector: Hashable, Sendable {
  var requirements: [Requirement] = []

  init(_ requirements: [Requirement] = []) { self.requirements = requirements }

  init(matching labels: [Label]) {
    requirements = labels.map { Requirement(key: $0.key, op: .in, values: [$0.value]) }
  }
}

/// A term over nodes; without requirements it matches none.
struct NodeSelectorTerm: Hashable, Sendable {
  var requirements: [Requirement]
  var weight: UInt32 = 0
}

extension ObjectReader {
  /// A selector; nil where it is missing, which selects nothing.
  func labelSelector(_ key: String, in fields: Fields) -> LabelSelector? {
    self.fields(key, in: fields) { fields in
      allow(["matchLabels", "matchExpressions"], in: fields)
      let labels = labels("matchLabels", in: fields).map { Requirement(key: $0.key, op: .in, values: [$0.value]) }
      return LabelSelector(labels + requirements("matchExpressions", in: fields, of: .labels))
    }
  }

  /// A node selector term, with its requirements on labels first.
  func nodeSelectorTerm(_ fields: Fields, weight: UInt32 = 0) -> NodeSelectorTerm {
    allow(["matchExpressions", "matchFields"], in: fields)
    let expressions = requirements("matchExpressions", in: fields, of: .nodes)
    return NodeSelectorTerm(
      requirements: expressions + requirements("matchFields", in: fields, of: .fields), weight: weight)
  }

  private enum Subject { case labels, nodes, fields }

  private func requirements(_ key: String, in fields: Fields, of subject: Subject) -> [Requirement] {
    list(key, in: fields) { fields in
      allow(["key", "operator", "values"], in: fields)
      let before = problems.count
      let key = requiredText("key", in: fields)
      if let key {
        if subject == .fields {
          if key != "metadata.name" { fail("key", "'\(key)' is no field that can be selected: metadata.name is") }
        } else if let wrong = LabelSyntax.wrongKey(key) {
          fail("key", wrong)
        }
      }
      let op = op(in: fields, of: subject)
      let values = texts("values", in: fields)
      if let op { check(values, op, of: subject) }
      guard let key, let op, problems.count == before else { return nil }
      return Requirement(key: key, op: op, values: values, isField: subject == .fields)
    }
  }

  private func op(in fields: Fields, of subject: Subject) -> Requirement.Operator? {
    guard let name = requiredText("operator", in: fields) else { return nil }
    let allowed: [Requirement.Operator] =
      switch subject {
      case .labels: [.in, .notIn, .exists, .doesNotExist]
      case .nodes: [.in, .notIn, .exists, .doesNotExist, .greater, .less]
      case .fields: [.in, .notIn]
      }
    guard let op = Requirement.Operator(rawValue: name), allowed.contains(op) else {
      fail("operator", "'\(name)' is no operator here: \(allowed.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    return op
  }

  private func check(_ values: [String], _ op: Requirement.Operator, of subject: Subject) {
    switch op {
    case .in, .notIn:
      if values.isEmpty { fail("values", "must not be empty for In and NotIn") }
      if subject == .fields && values.count > 1 { fail("values", "must be one name") }
    case .exists, .doesNotExist:
      if !values.isEmpty { fail("values", "must be empty for Exists and DoesNotExist") }
    case .greater, .less:
      if values.count != 1 {
        fail("values", "must be one whole number for Gt and Lt")
      } else if Int64(values[0]) == nil {
        fail("values", index: 0, "'\(values[0])' is no whole number")
      }
    }
    guard subject != .fields, op != .greater, op != .less else { return }
    for (index, value) in values.enumerated() {
      if let wrong = LabelSyntax.wrongValue(value) { fail("values", index: index, wrong) }
    }
  }
}
