/// NodeResourcesFit's RequestedToCapacityRatio (kube-scheduler v1.36): a broken line over the utilisation in percent,
/// per resource; resources that score 0 leave the weighted mean, which is rounded half away from zero.
enum CapacityRatio {
  static func line(_ points: UnsafeBufferPointer<Point>, _ utilization: Int64) -> Int64 {
    for index in points.indices where utilization <= points[index].utilization {
      if index == 0 { return points[0].score }
      let from = points[index - 1]
      let to = points[index]
      // Go's integer division truncates towards zero, as Swift's does
      return from.score + (to.score - from.score) * (utilization - from.utilization)
        / (to.utilization - from.utilization)
    }
    return points[points.count - 1].score
  }

  @inline(__always)
  private static func utilization(_ entry: CompiledTerm.Entry, _ load: Load, _ after: Int64) -> Int64 {
    let capacity = load.capacity[entry.dim]
    return (capacity - after) * 100 / capacity
  }

  static func value(_ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>) -> Int64 {
    var sum: Int64 = 0
    var weights: Int64 = 0
    for entry in term.entries where term.counts(entry, load) {
      let score = line(term.points, utilization(entry, load, after[entry.dim]))
      if score > 0 {
        sum += score * entry.weight
        weights += entry.weight
      }
    }
    return weights == 0 ? 0 : Int64((Double(sum) / Double(weights)).rounded(.toNearestOrAwayFromZero))
  }

  /// Least and most of the line over a range of utilisations: at its ends or at a point between.
  private static func range(
    _ points: UnsafeBufferPointer<Point>, _ from: Int64, _ to: Int64
  ) -> (low: Int64, high: Int64) {
    let a = line(points, from)
    let b = line(points, to)
    var low = min(a, b)
    var high = max(a, b)
    for point in points where point.utilization > from && point.utilization < to {
      low = min(low, point.score)
      high = max(high, point.score)
    }
    return (low, high)
  }

  /// A weighted mean of positive scores lies between the least and the most of them; where no resource can score 0,
  /// the mean of the resources' own extremes is closer.
  static func extremes(_ term: CompiledTerm, _ load: Load, _ box: Box) -> (low: Int64, high: Int64) {
    var sumLow: Int64 = 0
    var sumHigh: Int64 = 0
    var weights: Int64 = 0
    var least = Int64.max
    var most: Int64 = 0
    var mayLeave = false
    for entry in term.entries where term.counts(entry, load) {
      let (low, high) = range(
        term.points, utilization(entry, load, box.high[entry.dim]), utilization(entry, load, box.low[entry.dim]))
      sumLow += low * entry.weight
      sumHigh += high * entry.weight
      weights += entry.weight
      least = min(least, low)
      most = max(most, high)
      if low <= 0 && high > 0 { mayLeave = true }
    }
    if weights == 0 || most <= 0 { return (0, 0) }
    if mayLeave || least <= 0 { return (0, most) }
    return (
      Int64((Double(sumLow) / Double(weights)).rounded(.toNearestOrAwayFromZero)),
      Int64((Double(sumHigh) / Double(weights)).rounded(.toNearestOrAwayFromZero))
    )
  }

  static func bound(_ term: CompiledTerm, _ form: inout LinearForm) {
    var most: Int64 = 0
    for point in term.points { most = max(most, point.score) }
    form.constant += Double(term.weight * most)
  }
}
