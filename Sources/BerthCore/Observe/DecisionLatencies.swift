import CBerth
import CPlatform

/// How long decisions took, for each kind a histogram of log-linear buckets: 4 to every doubling from 64 ns to 2^30 ns
/// (1.07 s), one for all that is quicker and one for all that is slower. The bounds belong to the bucket below them, as
/// Prometheus' `le` has it. The clock decides nothing; it is read once a decision and once a batch.
struct DecisionLatencies {
  static let buckets = Int(BERTH_HISTOGRAM_BUCKETS)
  private static let firstBits = 6
  private static let lastBits = 30
  /// A histogram's cells: the buckets, then the sum of all times.
  private static let stride = buckets + 1

  /// Off only to measure what measuring costs.
  var isOn = true
  /// Made with the first decision: an engine that decides nothing, like most forks, has none.
  private var cells: UnsafeMutablePointer<UInt64>?

  func free() { cells?.deallocate() }

  var bytes: Int { cells == nil ? 0 : Self.cellCount * MemoryLayout<UInt64>.stride }
  private static var cellCount: Int { DecisionKind.allCases.count * stride }

  /// For a batch of decisions: the end of one is the beginning of the next.
  @inline(__always)
  mutating func stopwatch(for decisions: Int) -> Stopwatch {
    guard isOn && decisions > 0 else { return Stopwatch(cells: nil, last: 0) }
    if cells == nil { makeCells() }
    return Stopwatch(cells: cells, last: bp_clock_ns())
  }

  @inline(never)
  private mutating func makeCells() {
    let fresh = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.cellCount)
    fresh.initialize(repeating: 0, count: Self.cellCount)
    cells = fresh
  }

  struct Stopwatch {
    fileprivate let cells: UnsafeMutablePointer<UInt64>?
    fileprivate var last: UInt64

    @inline(__always)
    mutating func lap(_ kind: DecisionKind) {
      guard let cells else { return }
      let now = bp_clock_ns()
      let time = now &- last
      last = now
      let histogram = cells + kind.rawValue * DecisionLatencies.stride
      histogram[DecisionLatencies.bucket(time)] &+= 1
      histogram[DecisionLatencies.buckets] &+= time
    }
  }

  /// The bucket of a time in nanoseconds: the first whose upper bound it does not exceed.
  @inline(__always)
  static func bucket(_ time: UInt64) -> Int {
    guard time > 1 << UInt64(firstBits) else { return 0 }
    let below = time - 1
    let bits = 63 - below.leadingZeroBitCount
    guard bits < lastBits else { return buckets - 1 }
    return (bits - firstBits) * 4 + Int(below >> UInt64(bits - 2) & 3) + 1
  }

  /// The largest time that belongs to a bucket.
  static func upperBound(_ bucket: Int) -> UInt64 {
    guard bucket < buckets - 1 else { return UInt64.max }
    guard bucket > 0 else { return 1 << UInt64(firstBits) }
    let (doubling, quarter) = (bucket - 1).quotientAndRemainder(dividingBy: 4)
    return UInt64(4 + quarter + 1) << UInt64(firstBits + doubling - 2)
  }

  func count(_ kind: DecisionKind, _ bucket: Int) -> UInt64 {
    cells.map { $0[kind.rawValue * Self.stride + bucket] } ?? 0
  }
  func sum(_ kind: DecisionKind) -> UInt64 { count(kind, Self.buckets) }
}
