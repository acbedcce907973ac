import CBerth

/// Which nodes a pod may go to, and which it prefers.
struct NodeAffinity: Hashable, Sendable {
  /// Nil without a demand.
  var required: [NodeSelectorTerm]?
  var preferred: [NodeSelectorTerm] = []

  /// The only nodes that every required term leaves by name: kube-scheduler looks at no others from the outset. Nil
  /// where a term does without names.
  var namedNodes: Set<String>? {
    guard let required, !required.isEmpty else { return nil }
    var all: Set<String> = []
    for term in required {
      let named = term.requirements.filter { $0.isField && $0.op == .in }
      guard let first = named.first else { return nil }
      all.formUnion(named.dropFirst().reduce(Set(first.values)) { $0.intersection($1.values) })
    }
    return all
  }
}

struct PodAffinityTerm: Hashable, Sendable {
  var kind: UInt32
  var weight: UInt32
  var topologyKey: String
  var selector: LabelSelector?
  var namespaceSelector: LabelSelector?
  var namespaces: [String]
  var matchLabelKeys: [String]
  var mismatchLabelKeys: [String]
}

struct Affinity: Hashable, Sendable {
  var node = NodeAffinity()
  var pods: [PodAffinityTerm] = []
}

extension ObjectReader {
  private static let required = "requiredDuringSchedulingIgnoredDuringExecution"
  private static let preferred = "preferredDuringSchedulingIgnoredDuringExecution"

  func affinity(in fields: Fields) -> Affinity {
    self.fields("affinity", in: fields) { fields in
      allow(["nodeAffinity", "podAffinity", "podAntiAffinity"], in: fields)
      let pods = podAffinity(
        "podAffinity", in: fields, required: BERTH_POD_AFFINITY_REQUIRED, preferred: BERTH_POD_AFFINITY_PREFERRED)
      let antiPods = podAffinity(
        "podAntiAffinity", in: fields, required: BERTH_POD_ANTI_AFFINITY_REQUIRED,
        preferred: BERTH_POD_ANTI_AFFINITY_PREFERRED)
      return Affinity(node: nodeAffinity(in: fields), pods: pods + antiPods)
    } ?? Affinity()
  }

  private func nodeAffinity(in fields: Fields) -> NodeAffinity {
    self.fields("nodeAffinity", in: fields) { fields in
      allow([Self.required, Self.preferred], in: fields)
      let required = self.fields(Self.required, in: fields) { fields in
        allow(["nodeSelectorTerms"], in: fields)
        let terms = list("nodeSelectorTerms", in: fields) { nodeSelectorTerm($0) }
        if terms.isEmpty { fail("nodeSelectorTerms", "must have at least one term") }
        return terms
      }
      let preferred = list(Self.preferred, in: fields) { fields in
        allow(["weight", "preference"], in: fields)
        let weight = weight(in: fields)
        if !has("preference", in: fields) { fail("preference", "is required") }
        return self.fields("preference", in: fields) { nodeSelectorTerm($0, weight: weight) }
      }
      return NodeAffinity(required: required, preferred: preferred)
    } ?? NodeAffinity()
  }

  private func podAffinity(_ key: String, in fields: Fields, required: Int, preferred: Int) -> [PodAffinityTerm] {
    self.fields(key, in: fields) { fields in
      allow([Self.required, Self.preferred], in: fields)
      let demanded = list(Self.required, in: fields) { podAffinityTerm($0, kind: required, weight: 0) }
      let wanted = list(Self.preferred, in: fields) { fields -> PodAffinityTerm? in
        allow(["weight", "podAffinityTerm"], in: fields)
        let weight = weight(in: fields)
        if !has("podAffinityTerm", in: fields) { fail("podAffinityTerm", "is required") }
        return self.fields("podAffinityTerm", in: fields) { podAffinityTerm($0, kind: preferred, weight: weight) }
          ?? nil
      }
      return demanded + wanted
    } ?? []
  }

  private func podAffinityTerm(_ fields: Fields, kind: Int, weight: UInt32) -> PodAffinityTerm? {
    allow(
      ["labelSelector", "namespaceSelector", "namespaces", "topologyKey", "matchLabelKeys", "mismatchLabelKeys"],
      in: fields)
    let selector = labelSelector("labelSelector", in: fields)
    let namespaces = texts("namespaces", in: fields)
    for (index, name) in namespaces.enumerated() {
      if let wrong = LabelSyntax.wrongSubdomain(name) { fail("namespaces", index: index, wrong) }
    }
    let match = labelKeys("matchLabelKeys", in: fields, selector)
    let mismatch = labelKeys("mismatchLabelKeys", in: fields, selector)
    for (index, key) in mismatch.enumerated() where match.contains(key) {
      fail("mismatchLabelKeys", index: index, "'\(key)' is one of matchLabelKeys, too")
    }
    guard let topologyKey = topologyKey(in: fields) else { return nil }
    return PodAffinityTerm(
      kind: UInt32(kind), weight: weight, topologyKey: topologyKey, selector: selector,
      namespaceSelector: labelSelector("namespaceSelector", in: fields), namespaces: namespaces, matchLabelKeys: match,
      mismatchLabelKeys: mismatch)
  }

  func topologyKey(in fields: Fields) -> String? {
    guard let key = requiredText("topologyKey", in: fields) else { return nil }
    if let wrong = LabelSyntax.wrongKey(key) { fail("topologyKey", wrong) }
    return key
  }

  /// Keys whose values of the pod's own join the selector, which must be there to be joined.
  func labelKeys(_ key: String, in fields: Fields, _ selector: LabelSelector?) -> [String] {
    let keys = texts(key, in: fields)
    if !keys.isEmpty && selector == nil { fail(key, "must not be set without a labelSelector") }
    for (index, name) in keys.enumerated() {
      if let wrong = LabelSyntax.wrongKey(name) { fail(key, index: index, wrong) }
    }
    return keys
  }

  private func weight(in fields: Fields) -> UInt32 {
    if !has("weight", in: fields) { fail("weight", "is required") }
    guard let weight = integer("weight", in: fields) else { return 1 }
    if !(1...100).contains(weight) { fail("weight", "must be between 1 and 100") }
    return UInt32(max(1, min(weight, 100)))
  }
}
