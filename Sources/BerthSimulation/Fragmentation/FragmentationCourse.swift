/// What a run reached as pods arrived, binned and rounded as the authors' analysis does (experiments/analysis in
/// hkust-adsl/kubernetes-scheduler-simulator): a bin holds the arrivals up to which so many per cent had been asked
/// for, rounded; its cell is their mean, in per cent with two decimals; figures of
/// allocation are rounded before, too.
struct FragmentationCourse: Sendable {
  /// Of all GPUs, in milli-GPU.
  private let capacity: Int64
  private var arrived: Int64 = 0
  private var used: Int64 = 0
  /// Before the first arrival, in milli-GPU.
  private let fragmentedAtFirst: Double
  private var bins: [Bin] = []

  private struct Bin: Sendable {
    var count = 0
    /// Sums of per cent.
    var allocation = 0.0
    var fragmentation = 0.0
  }

  init(capacity: Int64, fragmented: Double = 0) {
    self.capacity = capacity
    fragmentedAtFirst = fragmented
  }

  mutating func add(arrived more: Int64, used taken: Int64, fragmented: Double) {
    arrived += more
    used += taken
    note(fragmented)
  }

  private mutating func note(_ fragmented: Double) {
    let place = Int(Self.half(arrived * 100, by: capacity))
    while bins.count <= place { bins.append(Bin()) }
    bins[place].count += 1
    bins[place].allocation += Double(Self.half(used * 10_000, by: capacity)) / 100
    bins[place].fragmentation += fragmented * 100 / Double(capacity)
  }

  /// Half to even.
  private static func half(_ value: Int64, by divisor: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    if 2 * rest == divisor { return quotient + quotient % 2 }
    return 2 * rest > divisor ? quotient + 1 : quotient
  }

  /// GPUs in use, in per cent of all, when so many per cent of them have been asked for; nil: too few arrivals.
  func allocation(at percent: Int) -> Double? { cell(percent, \.allocation) }

  /// What of all GPUs is free and of no use to typical pods, in per cent.
  func fragmentation(at percent: Int) -> Double? { cell(percent, \.fragmentation) }

  /// The figures at a per cent or, where there are none, the last ones before it; before the first arrival they are
  /// those of the empty cluster.
  func last(upTo percent: Int) -> (allocation: Double, fragmentation: Double) {
    for percent in (0...percent).reversed() {
      guard let allocation = allocation(at: percent), let fragmentation = fragmentation(at: percent) else { continue }
      return (allocation, fragmentation)
    }
    return (0, Self.hundredths(fragmentedAtFirst * 100 / Double(capacity)))
  }

  /// So many of the first arrivals have a say in the figures at a per cent; nil: too few arrivals.
  func arrivals(upTo percent: Int) -> Int? {
    near(percent).map { bins[..<$0.upperBound].reduce(0) { $0 + $1.count } }
  }

  private func cell(_ percent: Int, _ sum: KeyPath<Bin, Double>) -> Double? {
    guard let near = near(percent).map({ bins[$0] }) else { return nil }
    let count = near.reduce(0) { $0 + $1.count }
    return Self.hundredths(near.reduce(0) { $0 + $1[keyPath: sum] } / Double(count))
  }

  private static func hundredths(_ percent: Double) -> Double { (percent * 100).rounded(.toNearestOrEven) / 100 }

  /// The bins that a cell is the mean of: a bin that no arrival fell into takes those beside it.
  private func near(_ percent: Int) -> Range<Int>? {
    [0, 1].lazy.map { (percent - $0..<percent + $0 + 1).clamped(to: bins.indices) }
      .first { bins[$0].contains { $0.count > 0 } }
  }
}
