import BerthCore
import CBerth

/// A decision that a look at every node does not make.
public struct WrongDecision: Error, CustomStringConvertible {
  public let description: String
}

/// Places pods one at a time and times placing alone.
///
/// The clock is read where a run of placements begins and ends, and around every 16th placement (the latency sample).
/// The laps in between are added up; the measured cost of reading the clock is taken off for each reading in a lap, so
/// that frequent interruptions (departures, checks) do not count as placing.
final class TimedPlacer {
  static let sampleEvery = 16

  private let engine: Engine
  private let arrivals: UnsafeMutableBufferPointer<berth_class_id>
  let placements: UnsafeMutableBufferPointer<berth_placement>
  /// The cost of one clock reading.
  let clock: Double
  private(set) var nanoseconds = 0.0
  private var samples: [Double] = []

  init(_ engine: Engine, arrivals classes: [berth_class_id]) {
    self.engine = engine
    arrivals = .allocate(capacity: classes.count)
    _ = arrivals.initialize(from: classes)
    placements = .allocate(capacity: classes.count)
    // Written once, so that the loop meets no page that the kernel still has to hand out.
    placements.initialize(repeating: berth_placement())
    samples.reserveCapacity(classes.count / Self.sampleEvery + 1)
    clock = MonotonicClock.measureOverhead()
  }

  deinit {
    arrivals.deallocate()
    placements.deallocate()
  }

  var latencies: Latencies { Latencies(samples) }

  func place(_ range: Range<Int>) throws(EngineError) {
    var sum = 0.0
    var start = MonotonicClock.now()
    for arrival in range {
      if arrival % Self.sampleEvery == 0 {
        let begin = MonotonicClock.now()
        try placeOne(arrival)
        let end = MonotonicClock.now()
        samples.append(Double(end - begin) - clock)
        sum += Double(end - start) - 2 * clock
        start = end
      } else {
        try placeOne(arrival)
      }
    }
    nanoseconds += sum + Double(MonotonicClock.now() - start) - clock
  }

  /// Places all arrivals in stretches, as many as decisions are to be checked: `check` gets the first of a stretch before
  /// it is placed. Returns how many were checked.
  func placeAll(checking count: Int, _ check: (_ arrival: Int) throws -> Void) throws -> Int {
    var checked = 0
    let length = max(1, count > 0 ? arrivals.count / count : arrivals.count)
    for first in stride(from: 0, to: arrivals.count, by: length) {
      if checked < count {
        try check(first)
        checked += 1
      }
      try place(first..<min(arrivals.count, first + length))
    }
    return checked
  }

  func isPlaced(_ arrival: Int) -> Bool { placements[arrival].outcome == UInt32(BERTH_PLACED) }

  @inline(__always)
  private func placeOne(_ arrival: Int) throws(EngineError) {
    try engine.place(
      UnsafeBufferPointer(start: arrivals.baseAddress! + arrival, count: 1), flags: 0,
      into: placements.baseAddress! + arrival)
  }
}
