import CKernels

/// NodeResourcesBalancedAllocation (kube-scheduler v1.36): how much the pod improves the balance of the node,
/// 50 + (50 + with - without) / 2, where each is int64((1 - std) x 100) of the used fractions, in float64.
enum BalancedAllocation {
  /// The pod asks for none of the term's resources: the plugin is skipped and every node counts 0.
  static func isSkipped(_ term: CompiledTerm, _ load: Load) -> Bool {
    !term.entries.contains { load.request[$0.dim] > 0 }
  }

  @inline(__always)
  private static func fraction(_ used: Int64, _ capacity: Int64) -> Double {
    min(1, Double(used) / Double(capacity))
  }

  @inline(__always)
  private static func percent(_ deviation: Double) -> Int64 { Int64((1 - deviation) * 100) }

  private static func deviation(
    _ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>, withPod: Bool
  ) -> Double {
    var first = 0.0
    var second = 0.0
    var count = 0
    var total = 0.0
    for entry in term.entries where term.counts(entry, load) {
      let f = usedFraction(entry, load, after, withPod: withPod)
      if count == 0 { first = f } else if count == 1 { second = f }
      count += 1
      total += f
    }
    if count == 2 { return abs((first - second) / 2) }
    if count < 2 { return 0 }
    let mean = total / Double(count)
    var sum = 0.0
    for entry in term.entries where term.counts(entry, load) {
      let f = usedFraction(entry, load, after, withPod: withPod)
      sum += (f - mean) * (f - mean)
    }
    return (sum / Double(count)).squareRoot()
  }

  @inline(__always)
  private static func usedFraction(
    _ entry: CompiledTerm.Entry, _ load: Load, _ after: UnsafePointer<Int64>, withPod: Bool
  ) -> Double {
    let capacity = load.capacity[entry.dim]
    return fraction(capacity - (withPod ? after[entry.dim] : load.before[entry.dim]), capacity)
  }

  /// The same at the end of a box, whose nodes have all that is requested.
  @inline(__always)
  private static func boxFraction(
    _ entry: CompiledTerm.Entry, _ load: Load, _ after: UnsafePointer<Int64>, withPod: Bool
  ) -> Double {
    let capacity = load.capacity[entry.dim]
    return fraction(capacity - after[entry.dim] - (withPod ? 0 : load.request[entry.dim]), capacity)
  }

  static func value(_ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>) -> Int64 {
    if isSkipped(term, load) { return 0 }
    let with = percent(deviation(term, load, after, withPod: true))
    let without = percent(deviation(term, load, after, withPod: false))
    return 50 + (50 + with - without) / 2
  }

  /// The two resources that count, if exactly two do.
  private static func pair(_ term: CompiledTerm, _ load: Load) -> (CompiledTerm.Entry, CompiledTerm.Entry)? {
    var first: CompiledTerm.Entry?
    var second: CompiledTerm.Entry?
    for entry in term.entries where term.counts(entry, load) {
      if first == nil { first = entry } else if second == nil { second = entry } else { return nil }
    }
    guard let first, let second else { return nil }
    return (first, second)
  }

  /// Least and most of `percent` of two fractions' deviation over a box. Every float64 step is monotone, so the ends
  /// computed with the same steps bound every state between them.
  @inline(__always)
  private static func percentRange(
    _ aLow: Double, _ aHigh: Double, _ bLow: Double, _ bHigh: Double
  ) -> (low: Int64, high: Int64) {
    let apart = max((aLow - bHigh) / 2, (bLow - aHigh) / 2)
    let nearest = max(0, apart)
    let furthest = max(abs((aHigh - bLow) / 2), abs((bHigh - aLow) / 2))
    return (percent(furthest), percent(nearest))
  }

  static func extremes(_ term: CompiledTerm, _ load: Load, _ box: Box) -> (low: Int64, high: Int64) {
    if isSkipped(term, load) { return (0, 0) }
    if term.hasUnchecked { return (0, 100) }
    guard let (a, b) = pair(term, load) else { return wideExtremes(term, load) }
    let aLow = boxFraction(a, load, box.high, withPod: true)
    let aHigh = boxFraction(a, load, box.low, withPod: true)
    let bLow = boxFraction(b, load, box.high, withPod: true)
    let bHigh = boxFraction(b, load, box.low, withPod: true)
    let with = percentRange(aLow, aHigh, bLow, bHigh)
    let without = percentRange(
      boxFraction(a, load, box.high, withPod: false), boxFraction(a, load, box.low, withPod: false),
      boxFraction(b, load, box.high, withPod: false), boxFraction(b, load, box.low, withPod: false))
    // with - without seen as two separate boxes, and as one change of the gap t by delta: the closer of both
    let joint = changeRange(aLow, aHigh, bLow, bHigh, delta(a, load) - delta(b, load))
    let low = max(with.low - without.high, joint.low)
    let high = min(with.high - without.low, joint.high)
    return (50 + (50 + low) / 2, 50 + (50 + high) / 2)
  }

  @inline(__always)
  private static func delta(_ entry: CompiledTerm.Entry, _ load: Load) -> Double {
    Double(load.request[entry.dim]) / Double(load.capacity[entry.dim])
  }

  /// Bounds of with - without through t = fraction a - fraction b after placing: in real numbers the change is
  /// 50 x (|t - delta| - |t|), which is monotone in t; rounding down each side moves it by less than 1.
  @inline(__always)
  private static func changeRange(
    _ aLow: Double, _ aHigh: Double, _ bLow: Double, _ bHigh: Double, _ delta: Double
  ) -> (low: Int64, high: Int64) {
    let least = aLow - bHigh
    let most = aHigh - bLow
    let x = 50 * (abs(least - delta) - abs(least))
    let y = 50 * (abs(most - delta) - abs(most))
    let tiny = 1e-6  // the float64 steps above
    return (Int64((min(x, y) - 1 - tiny).rounded(.up)), Int64((max(x, y) + 1 + tiny).rounded(.down)))
  }

  /// Any number of resources: the deviation is a seminorm, so it changes by at most the deviation of the pod's own
  /// fractions, which is at most the largest of them.
  private static func wideExtremes(_ term: CompiledTerm, _ load: Load) -> (low: Int64, high: Int64) {
    var largest = 0.0
    for entry in term.entries where term.counts(entry, load) { largest = max(largest, delta(entry, load)) }
    let change = Int64((100 * min(1, largest) + 1 + 1e-6).rounded(.up))
    return (50 + (50 - min(change, 100)) / 2, 50 + (50 + min(change, 100)) / 2)
  }

  /// Over other than two resources there is no vector form.
  static func addExact(_ term: CompiledTerm, _ load: Load, _ form: inout ExactForm) -> Bool {
    if isSkipped(term, load) { return true }
    guard let (a, b) = pair(term, load), !form.hasBalance, !term.hasUnchecked else { return false }
    form.hasBalance = true
    guard form.begin(Int(BK_EXACT_BALANCE), weight: term.weight, largest: 100) else { return false }
    form.add(a.dim, weight: 1, scale: 1)
    form.add(b.dim, weight: 1, scale: 1)
    return true
  }

  static func bound(_ term: CompiledTerm, _ load: Load, _ form: inout LinearForm) {
    if isSkipped(term, load) { return }
    let weight = Double(term.weight)
    if let (a, b) = pair(term, load), form.balance == nil, !term.hasUnchecked {
      form.constant += 75 * weight
      form.slack += 0.5 * weight
      form.balance = (a.dim, b.dim, 25 * weight)
    } else {
      form.constant += weight * 100  // no plan may depend on how much a pod requests; `extremes` looks closer
    }
  }
}
