import CBerth

/// The scores that are normalised over the feasible nodes, and the arithmetic that kube-scheduler v1.36 does with them.
/// Whoever searches finds out the extremes of the raw values; the rest is the same on every path.
struct SoftScale {
  let affinityWeight: Int64
  let taintWeight: Int64
  let spreadWeight: Int64
  let podWeight: Int64
  var maxAffinity: Int64 = 0
  var maxTaints: Int64 = 0
  /// Over the nodes that have a part in topology spread.
  var minSpread = Int64.max
  var maxSpread = Int64.min
  var minPods = Int64.max
  var maxPods = Int64.min

  init() { (affinityWeight, taintWeight, spreadWeight, podWeight) = (0, 0, 0, 0) }

  init(_ profile: Profile) {
    affinityWeight = profile.nodeAffinityWeight
    taintWeight = profile.taintTolerationWeight
    spreadWeight = profile.spreadWeight
    podWeight = profile.interPodAffinity?.weight ?? 0
  }

  /// Some term is normalised that pools decide.
  var isPooled: Bool { affinityWeight != 0 || taintWeight != 0 }

  /// What is known of a node before normalising.
  struct Raw {
    var affinity: Int64 = 0
    var taints: Int64 = 0
    /// nil: has no part in topology spread.
    var spread: Int64?
    var pods: Int64 = 0
  }

  /// A feasible node has these raw values.
  @inline(__always)
  mutating func include(_ raw: Raw) {
    maxAffinity = max(maxAffinity, raw.affinity)
    maxTaints = max(maxTaints, raw.taints)
    if let spread = raw.spread {
      minSpread = min(minSpread, spread)
      maxSpread = max(maxSpread, spread)
    }
    minPods = min(minPods, raw.pods)
    maxPods = max(maxPods, raw.pods)
  }

  /// DefaultNormalizeScore: more is better.
  @inline(__always)
  func affinity(_ raw: Int64) -> Int64 { maxAffinity == 0 ? raw : 100 * raw / maxAffinity }

  /// DefaultNormalizeScore, reversed.
  @inline(__always)
  func taints(_ raw: Int64) -> Int64 { maxTaints == 0 ? 100 : 100 - 100 * raw / maxTaints }

  @inline(__always)
  func spread(_ raw: Int64?) -> Int64 {
    guard let raw else { return 0 }
    return maxSpread == 0 ? 100 : 100 * (maxSpread + minSpread - raw) / maxSpread
  }

  @inline(__always)
  func pods(_ raw: Int64) -> Int64 {
    maxPods <= minPods ? 0 : Int64(100 * (Double(raw - minPods) / Double(maxPods - minPods)))
  }

  /// What all of them add to a node's score.
  @inline(__always)
  func total(_ raw: Raw, isSpread: Bool) -> Int64 {
    var sum: Int64 = 0
    if affinityWeight != 0 { sum += affinityWeight * affinity(raw.affinity) }
    if taintWeight != 0 { sum += taintWeight * taints(raw.taints) }
    if isSpread { sum += spreadWeight * spread(raw.spread) }
    if podWeight != 0 { sum += podWeight * pods(raw.pods) }
    return sum
  }
}

/// PodTopologySpread's score before normalising: for each constraint the pods in the node's domain, weighed by the
/// logarithm of the number of domains that have feasible nodes.
struct SpreadWeights {
  /// ln(domains + 2) of each constraint.
  private(set) var logarithms: [Double] = []

  /// Of so many constraints, by how many domains of each have feasible nodes.
  @inline(__always)
  mutating func set(count: Int, _ domains: (Int) -> Int) {
    logarithms.removeAll(keepingCapacity: true)
    for constraint in 0..<count { logarithms.append(Self.logarithm(Double(domains(constraint) + 2))) }
  }

  /// What a constraint adds to the score of a domain with so many pods.
  @inline(__always)
  func part(_ constraint: Int, pods: Int64, maxSkew: Int64) -> Double {
    Double(pods) * logarithms[constraint] + Double(maxSkew - 1)
  }

  /// The sum of all constraints' parts, in their order.
  @inline(__always)
  static func whole(_ sum: Double) -> Int64 { Int64(sum.rounded(.toNearestOrAwayFromZero)) }

  /// The natural logarithm in the steps of Go's math.Log (after FreeBSD's e_log.c), so that sums round as kube-scheduler's
  /// do, on every machine. `x` is at least 1.
  static func logarithm(_ x: Double) -> Double {
    var mantissa = x.significand / 2
    var exponent = Double(x.exponent + 1)
    if mantissa < 0.707106781186547524400844362104849039 {
      mantissa *= 2
      exponent -= 1
    }
    let f = mantissa - 1
    let s = f / (2 + f)
    let s2 = s * s
    let s4 = s2 * s2
    let odd =
      s2
      * (6.666666666666735130e-01
        + s4 * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)))
    let even = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01))
    let half = 0.5 * f * f
    let high = exponent * 6.93147180369123816490e-01
    return high - ((half - (s * (half + (odd + even)) + exponent * 1.90821492927058770002e-10)) - f)
  }
}
