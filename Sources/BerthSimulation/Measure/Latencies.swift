/// Latency samples in nanoseconds, sorted once.
public struct Latencies: Sendable {
  private let sorted: [Double]

  public init(_ samples: [Double]) { sorted = samples.sorted() }

  public var count: Int { sorted.count }

  /// The nearest-rank percentile: the smallest sample that at least `percent` of all samples do not exceed.
  /// 0 without samples.
  public func percentile(_ percent: Double) -> Double {
    precondition(percent >= 0 && percent <= 100, "percentile: 0 to 100")
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
    return sorted[max(rank, 1) - 1]
  }

  public var mean: Double { sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count) }
}
