import CBerth

struct Toleration: Hashable, Sendable {
  var key: String
  var op: UInt32
  var value: String
  /// Nil: every effect.
  var effect: Effect?

  static func exists(_ key: String, _ effect: Effect) -> Toleration {
    Toleration(key: key, op: UInt32(BERTH_TOLERATION_EXISTS), value: "", effect: effect)
  }

  /// What admission adds to pods that say nothing of them.
  static let always = [
    exists("node.kubernetes.io/not-ready", .noExecute), exists("node.kubernetes.io/unreachable", .noExecute),
  ]
}

extension ObjectReader {
  func tolerations(in fields: Fields) -> [Toleration] {
    let own = list("tolerations", in: fields) { toleration($0) }
    guard fillsDefaults else { return own }
    return own
      + Toleration.always.filter { added in
        !own.contains { ($0.key == added.key || $0.key.isEmpty) && ($0.effect == nil || $0.effect == .noExecute) }
      }
  }

  private func toleration(_ fields: Fields) -> Toleration? {
    allow(["key", "operator", "value", "effect", "tolerationSeconds"], in: fields)
    let before = problems.count
    let key = text("key", in: fields) ?? ""
    let value = text("value", in: fields) ?? ""
    let op = tolerationOperator(in: fields)
    let effect = tolerationEffect(in: fields)
    _ = integer("tolerationSeconds", in: fields)
    if key.isEmpty {
      if op != UInt32(BERTH_TOLERATION_EXISTS) { fail("operator", "must be Exists where the key is empty") }
    } else if let wrong = LabelSyntax.wrongKey(key) {
      fail("key", wrong)
    }
    switch op {
    case UInt32(BERTH_TOLERATION_EXISTS): if !value.isEmpty { fail("value", "must be empty for Exists") }
    case UInt32(BERTH_TOLERATION_EQUAL): if let wrong = LabelSyntax.wrongValue(value) { fail("value", wrong) }
    default:
      // As Kubernetes writes it: no plus, no zeros in front.
      if Int64(value).map({ "\($0)" }) != value { fail("value", "must be a whole number for Gt and Lt") }
    }
    guard problems.count == before else { return nil }
    return Toleration(key: key, op: op, value: value, effect: effect)
  }

  private func tolerationOperator(in fields: Fields) -> UInt32 {
    switch text("operator", in: fields) ?? "" {
    case "", "Equal": return UInt32(BERTH_TOLERATION_EQUAL)
    case "Exists": return UInt32(BERTH_TOLERATION_EXISTS)
    case "Gt": return UInt32(BERTH_TOLERATION_GT)
    case "Lt": return UInt32(BERTH_TOLERATION_LT)
    case let name:
      fail("operator", "'\(name)' is no operator here: Equal, Exists, Gt, Lt")
      return UInt32(BERTH_TOLERATION_EXISTS)
    }
  }

  private func tolerationEffect(in fields: Fields) -> Effect? {
    guard let name = text("effect", in: fields), !name.isEmpty else { return nil }
    if let effect = Effect(rawValue: name) { return effect }
    fail("effect", "'\(name)' is no taint effect: NoSchedule, PreferNoSchedule or NoExecute")
    return nil
  }
}
