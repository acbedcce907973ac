import CBerth

/// Names of resources, and what kube-scheduler counts of them.
enum Resources {
  static let cpu = "cpu"
  static let memory = "memory"
  static let pods = "pods"
  static let ephemeralStorage = "ephemeral-storage"

  /// What a container counts as in scores by allocation if it does not say: 100 millicores, 200 MiB.
  static let scoringDefaults = [
    cpu: Quantity(nanos: 100_000_000), memory: Quantity(nanos: (200 << 20) * 1_000_000_000),
  ]

  /// Whether kube-scheduler counts a resource at all: names without a domain are counted only if it knows them.
  static func isCounted(_ name: String) -> Bool {
    switch name {
    case cpu, memory, pods, ephemeralStorage: true
    default: name.contains("/") || isHugePage(name) || name.hasPrefix("attachable-volumes-")
    }
  }

  /// Those that a NodeResourcesFit profile may ignore: of a domain, and not one of Kubernetes' own.
  static func isExtended(_ name: String) -> Bool {
    name.contains("/") && !name.contains("kubernetes.io/") && !name.hasPrefix("requests.")
  }

  static func isHugePage(_ name: String) -> Bool { name.hasPrefix("hugepages-") }

  /// What spec.resources of a pod may speak of.
  static func isPodLevel(_ name: String) -> Bool { name == cpu || name == memory || isHugePage(name) }

  /// In the engine's units, by name.
  static func amount(_ name: String, _ quantity: Quantity) -> Int64 {
    name == cpu ? quantity.thousandths : quantity.units
  }

  /// The counted ones of a node's or a pod's quantities, by name.
  static func amounts(_ quantities: [String: Quantity], _ reader: ObjectReader) -> [Amount] {
    quantities.keys.sorted().filter(isCounted).map { name in
      let value = amount(name, quantities[name] ?? .zero)
      let limit = Int64(BERTH_MAX_QUANTITY)
      if value > limit { reader.fail(member: name, "is more than the engine can count (\(limit))") }
      return Amount(resource: name, value: min(value, limit))
    }
  }
}

/// Adding and comparing lists of resources, resource by resource.
extension [String: Quantity] {
  mutating func add(_ other: Self) { merge(other, uniquingKeysWith: +) }

  mutating func raise(to other: Self) { merge(other, uniquingKeysWith: Swift.max) }

  func filling(_ defaults: Self) -> Self { merging(defaults) { own, _ in own } }
}
