import BerthOracle

/// What kube-scheduler counts of a pod's requests.
extension KubernetesPod {
  /// The counted resource beside one that kube-scheduler counts otherwise where it scores by allocation.
  static func scored(_ name: String) -> String { "\(name) as scored" }
  static let unlessRequested: [String: Int64] = ["cpu": 100, "memory": 200 << 20]

  /// What the pod takes from a node. `defaults` stands in for what a container leaves out; `podLevel` says whether
  /// spec.resources overrides the containers' sum.
  private func requests(defaults: [String: Int64], podLevel: Bool) -> [String: Int64] {
    func requests(of container: Container) -> [String: Int64] {
      quantities(container.resources?.requests ?? [:]).merging(defaults) { own, _ in own }
    }
    var sum: [String: Int64] = [:]
    for container in spec.containers { sum.merge(requests(of: container), uniquingKeysWith: +) }
    // Init containers run one after the other beside the sidecars that started before them.
    var sidecars: [String: Int64] = [:]
    var peak: [String: Int64] = [:]
    for container in spec.initContainers ?? [] {
      if container.isSidecar {
        sidecars.merge(requests(of: container), uniquingKeysWith: +)
        sum.merge(requests(of: container), uniquingKeysWith: +)
        peak.merge(sidecars, uniquingKeysWith: max)
      } else {
        peak.merge(requests(of: container).merging(sidecars, uniquingKeysWith: +), uniquingKeysWith: max)
      }
    }
    sum.merge(peak, uniquingKeysWith: max)
    if podLevel {
      for (name, value) in quantities(spec.resources?.requests ?? [:]) { sum[name] = value }
    }
    sum.merge(quantities(spec.overhead ?? [:]), uniquingKeysWith: +)
    sum["pods"] = 1
    return sum
  }

  /// cpu and memory as allocation scores them: never nothing.
  private func nonZero(podLevel: Bool) -> [String: Int64] {
    var defaults = Self.unlessRequested
    if podLevel && spec.resources?.requests != nil {
      let known = requests(defaults: [:], podLevel: true)
      defaults = defaults.filter { (known[$0.key] ?? 0) == 0 }
    }
    let counted = requests(defaults: defaults, podLevel: podLevel)
    return Dictionary(
      uniqueKeysWithValues: Self.unlessRequested.keys.map { (Self.scored($0), counted[$0] ?? 0) })
  }

  /// What the pod holds, as requested and as scored.
  var requests: [String: Int64] {
    requests(defaults: [:], podLevel: true).merging(nonZero(podLevel: true)) { own, _ in own }
  }

  /// What counts in the pod's own scores: their scorer does not know of spec.resources.
  var scored: [String: Int64] { nonZero(podLevel: false) }
}

func quantities(_ list: [String: String]) -> [String: Int64] {
  Dictionary(uniqueKeysWithValues: list.map { ($0.key, quantity($0.value, milli: $0.key == "cpu")) })
}

/// A Kubernetes quantity as a whole number of units or thousandths, rounded up.
func quantity(_ text: String, milli: Bool) -> Int64 {
  let digits = text.prefix { $0.isNumber || $0 == "." }
  let suffixes: [String: (numerator: Int64, denominator: Int64)] = [
    "": (1, 1), "m": (1, 1000), "k": (1000, 1), "M": (1_000_000, 1), "G": (1_000_000_000, 1),
    "Ki": (1 << 10, 1), "Mi": (1 << 20, 1), "Gi": (1 << 30, 1), "Ti": (1 << 40, 1),
  ]
  guard var (numerator, denominator) = suffixes[String(text.dropFirst(digits.count))] else {
    fatalError("unknown quantity \(text)")
  }
  let parts = digits.split(separator: ".")
  if parts.count > 1 { for _ in parts[1] { denominator *= 10 } }
  if milli { numerator *= 1000 }
  return (Int64(parts.joined())! * numerator + denominator - 1) / denominator
}
