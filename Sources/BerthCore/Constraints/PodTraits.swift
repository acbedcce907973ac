import CBerth

/// What a pod class says of other pods, and what other pods' constraints see of it. Classes that say the same share one,
/// whatever they request.
struct PodTraits: Hashable {
  var namespace: Name = "default"
  var labels: [Name: Name] = [:]
  /// Sorted, each once.
  var hostPorts: [HostPort] = []
  /// In the order given: their scores are added up in float64.
  var spread: [SpreadConstraint] = []
  /// The constraints are the cluster's defaults, not the pod's own.
  var spreadIsDefault = false
  /// Sorted; equal terms count each.
  var affinity: [PodAffinityTerm] = []

  var isPlain: Bool { self == PodTraits() }
  /// Whether the pod's own constraints are about other pods.
  var isConstrained: Bool { !hostPorts.isEmpty || !spread.isEmpty || !affinity.isEmpty }

  func terms(_ kind: Int) -> [PodAffinityTerm] { affinity.filter { Int($0.kind) == kind } }
}

/// hostPort with hostIP and protocol, as NodePorts compares them.
struct HostPort: Hashable, Comparable {
  /// Empty: all addresses.
  var address: Name
  var port: UInt16
  var proto: UInt8

  /// kube-scheduler's HostPortInfo.CheckConflict.
  func conflicts(with other: HostPort) -> Bool {
    port == other.port && proto == other.proto
      && (address.isEmpty || other.address.isEmpty || address == other.address)
  }

  static func < (a: HostPort, b: HostPort) -> Bool {
    (a.port, a.proto, a.address) < (b.port, b.proto, b.address)
  }
}

/// A label selector as a constraint has it: an interned one, and keys whose values on the pod join it.
struct PodSelector: Hashable, Comparable {
  /// BERTH_NO_SELECTOR: selects nothing.
  var id: UInt32
  /// Sorted, each once.
  var matchLabelKeys: [Name] = []
  var mismatchLabelKeys: [Name] = []

  /// The requirements for the pod with `labels`, sorted; nil: nothing is selected. As kube-apiserver merges
  /// matchLabelKeys and mismatchLabelKeys; keys that the pod lacks are left out.
  func requirements(_ selectors: PodSelectors, _ labels: [Name: Name]) -> [Requirement]? {
    guard id != UInt32(BERTH_NO_SELECTOR) else { return nil }
    var list = selectors.selectors[Int(id)]
    for (keys, op) in [(matchLabelKeys, BERTH_OP_IN), (mismatchLabelKeys, BERTH_OP_NOT_IN)] {
      for key in keys {
        guard let value = labels[key] else { continue }
        list.append(Requirement(key: key, op: UInt32(op), values: [value], isField: false))
      }
    }
    return Set(list).sorted()
  }

  static func < (a: PodSelector, b: PodSelector) -> Bool {
    if a.id != b.id { return a.id < b.id }
    if a.matchLabelKeys != b.matchLabelKeys { return a.matchLabelKeys.lexicographicallyPrecedes(b.matchLabelKeys) }
    return a.mismatchLabelKeys.lexicographicallyPrecedes(b.mismatchLabelKeys)
  }
}

/// One of topologySpreadConstraints.
struct SpreadConstraint: Hashable {
  var topologyKey: Name
  var selector: PodSelector
  var maxSkew: Int64
  /// 0: not said.
  var minDomains: Int64
  /// DoNotSchedule.
  var isHard: Bool
  var honorsAffinity: Bool
  var honorsTaints: Bool
}

/// One term of podAffinity or podAntiAffinity.
struct PodAffinityTerm: Hashable, Comparable {
  var kind: UInt32
  var topologyKey: Name
  var selector: PodSelector
  /// Sorted, each once; the pod's own where the spec names none and has no namespace selector.
  var namespaces: [Name]
  /// BERTH_NO_SELECTOR: none.
  var namespaceSelector: UInt32
  /// 0 for required terms.
  var weight: Int64

  static func < (a: PodAffinityTerm, b: PodAffinityTerm) -> Bool {
    if a.kind != b.kind { return a.kind < b.kind }
    if a.topologyKey != b.topologyKey { return a.topologyKey < b.topologyKey }
    if a.selector != b.selector { return a.selector < b.selector }
    if a.namespaces != b.namespaces { return a.namespaces.lexicographicallyPrecedes(b.namespaces) }
    return (a.namespaceSelector, a.weight) < (b.namespaceSelector, b.weight)
  }
}
