import CBerth

struct SpreadConstraint: Hashable, Sendable {
  var topologyKey: String
  var selector: LabelSelector?
  var maxSkew: UInt32
  /// 0: not said.
  var minDomains: UInt32 = 0
  var whenUnsatisfiable: UInt32
  var nodeAffinityPolicy = UInt32(BERTH_POLICY_DEFAULT)
  var nodeTaintsPolicy = UInt32(BERTH_POLICY_DEFAULT)
  var matchLabelKeys: [String] = []

  /// kube-scheduler's own for pods without any (defaultingType System).
  static func systemDefaults(_ selector: LabelSelector) -> [SpreadConstraint] {
    [("kubernetes.io/hostname", 3), ("topology.kubernetes.io/zone", 5)].map { key, maxSkew in
      SpreadConstraint(
        topologyKey: key, selector: selector, maxSkew: maxSkew, whenUnsatisfiable: UInt32(BERTH_SCHEDULE_ANYWAY))
    }
  }
}

extension ObjectReader {
  func spreadConstraints(in fields: Fields) -> [SpreadConstraint] {
    var seen: Set<String> = []
    return list("topologySpreadConstraints", in: fields) { fields in
      allow(
        [
          "topologyKey", "labelSelector", "maxSkew", "minDomains", "whenUnsatisfiable", "nodeAffinityPolicy",
          "nodeTaintsPolicy", "matchLabelKeys",
        ], in: fields)
      let topologyKey = topologyKey(in: fields)
      let selector = labelSelector("labelSelector", in: fields)
      if !has("maxSkew", in: fields) { fail("maxSkew", "is required") }
      let maxSkew = positive("maxSkew", in: fields)
      let minDomains = positive("minDomains", in: fields)
      let whenUnsatisfiable = choice(
        "whenUnsatisfiable", in: fields,
        ["DoNotSchedule": BERTH_DO_NOT_SCHEDULE, "ScheduleAnyway": BERTH_SCHEDULE_ANYWAY], isRequired: true)
      if minDomains != nil && whenUnsatisfiable == UInt32(BERTH_SCHEDULE_ANYWAY) {
        fail("minDomains", "is only for whenUnsatisfiable DoNotSchedule")
      }
      let policies = ["Honor": BERTH_POLICY_HONOR, "Ignore": BERTH_POLICY_IGNORE]
      let constraint = SpreadConstraint(
        topologyKey: topologyKey ?? "", selector: selector, maxSkew: maxSkew ?? 1, minDomains: minDomains ?? 0,
        whenUnsatisfiable: whenUnsatisfiable ?? UInt32(BERTH_DO_NOT_SCHEDULE),
        nodeAffinityPolicy: choice("nodeAffinityPolicy", in: fields, policies) ?? UInt32(BERTH_POLICY_DEFAULT),
        nodeTaintsPolicy: choice("nodeTaintsPolicy", in: fields, policies) ?? UInt32(BERTH_POLICY_DEFAULT),
        matchLabelKeys: labelKeys("matchLabelKeys", in: fields, selector))
      guard seen.insert("\(constraint.topologyKey)\u{0}\(constraint.whenUnsatisfiable)").inserted else {
        fail("there is a constraint of this topologyKey and whenUnsatisfiable already")
        return nil
      }
      return constraint
    }
  }

  private func positive(_ key: String, in fields: Fields) -> UInt32? {
    guard let number = integer(key, in: fields) else { return nil }
    if number < 1 { fail(key, "must be positive") }
    if number > Int64(Int32.max) { fail(key, "must be at most \(Int32.max)") }
    return UInt32(max(1, min(number, Int64(Int32.max))))
  }

  private func choice(_ key: String, in fields: Fields, _ codes: [String: Int], isRequired: Bool = false) -> UInt32? {
    let name = isRequired ? requiredText(key, in: fields) : text(key, in: fields)
    guard let name else { return nil }
    guard let code = codes[name] else {
      fail(key, "'\(name)' is none of \(codes.keys.sorted().joined(separator: ", "))")
      return nil
    }
    return UInt32(code)
  }
}
