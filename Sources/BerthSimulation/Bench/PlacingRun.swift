import BerthCore
import CBerth

/// The timed loop: pods arrive one at a time, with churn some leave in between.
///
/// How it is timed. The clock is read where placing begins and ends: around every 16th placement (the latency sample),
/// around a departure and around a check. The laps in between are added up, and from each lap the measured cost of one
/// clock reading is taken off, because each contains one. So without churn the clock is read twice in 16 placements,
/// and with churn each departure costs three readings, none of which is counted as placing.
public struct PlacingRun {
  public struct Timing: Sendable {
    /// Placing alone, refusals included.
    public var placingNanoseconds = 0.0
    public var departingNanoseconds = 0.0
    public var clockNanoseconds = 0.0
    public var samples = Latencies([])
  }

  static let sampleEvery = 16

  private let engine: Engine
  private let nodeIndex: NodeIndex
  private let placeCase: PlaceCase
  private let arrivals: UnsafeMutableBufferPointer<berth_class_id>
  private let placements: UnsafeMutableBufferPointer<berth_placement>
  /// Arrivals whose pods run, in no order that matters.
  private var running: [Int32] = []
  private var samples: [Double] = []
  private(set) var departures: [PlaceBench.Departure] = []
  private(set) var timing = Timing()
  var checks: PlaceChecks?

  init(cluster: PlaceCluster, placeCase: PlaceCase) {
    engine = cluster.engine
    nodeIndex = cluster.nodeIndex
    self.placeCase = placeCase
    let pods = placeCase.arrivals.count
    arrivals = .allocate(capacity: pods)
    placements = .allocate(capacity: pods)
    // Written once, so that the loop meets no page that the kernel still has to hand out.
    placements.initialize(repeating: berth_placement())
    for (index, podClass) in placeCase.arrivals.enumerated() {
      arrivals.initializeElement(at: index, to: cluster.classes[Int(podClass)])
    }
    samples.reserveCapacity(pods / Self.sampleEvery + 1)
    if !placeCase.departures.isEmpty {
      running.reserveCapacity(pods)
      departures.reserveCapacity(pods)
    }
  }

  func deallocate() {
    arrivals.deallocate()
    placements.deallocate()
  }

  var decisions: [Int32] { placements.map { nodeIndex.position($0.node) } }
  var scores: [Int64] { placements.map(\.score) }

  mutating func placeAll() throws {
    let clock = MonotonicClock.measureOverhead()
    timing.clockNanoseconds = clock
    let hasChurn = !placeCase.departures.isEmpty
    var nextCheck = checks?.next ?? Int.max
    var placing = 0.0
    var start = MonotonicClock.now()
    for arrival in placements.indices {
      if arrival == nextCheck {
        placing += Double(MonotonicClock.now() - start) - clock
        placing += try placeChecked(arrival, clock)
        nextCheck = checks?.next ?? Int.max
        start = MonotonicClock.now()
      } else if arrival % Self.sampleEvery == 0 {
        let begin = MonotonicClock.now()
        try place(arrival)
        let end = MonotonicClock.now()
        samples.append(Double(end - begin) - clock)
        placing += Double(end - start) - 2 * clock
        start = end
      } else {
        try place(arrival)
      }
      if hasChurn && placements[arrival].outcome == UInt32(BERTH_PLACED) {
        if placeCase.departures[arrival] != PlaceCase.noDeparture && !running.isEmpty {
          placing += Double(MonotonicClock.now() - start) - clock
          try depart(after: arrival, clock)
          start = MonotonicClock.now()
        }
        running.append(Int32(arrival))
      }
    }
    placing += Double(MonotonicClock.now() - start) - clock
    timing.placingNanoseconds = max(placing, 0)
    timing.samples = Latencies(samples)
  }

  @inline(__always)
  private func place(_ arrival: Int) throws(EngineError) {
    try engine.place(
      UnsafeBufferPointer(start: arrivals.baseAddress! + arrival, count: 1), flags: 0,
      into: placements.baseAddress! + arrival)
  }

  /// Places one pod after the rules have said where it belongs; the nanoseconds of placing.
  private mutating func placeChecked(_ arrival: Int, _ clock: Double) throws -> Double {
    let placements = placements
    let nodeIndex = nodeIndex
    let expected = checks?.decide(
      decisions: { nodeIndex.position(placements[$0].node) }, departures: departures)
    let start = MonotonicClock.now()
    try place(arrival)
    let duration = Double(MonotonicClock.now() - start) - clock
    let placement = placements[arrival]
    let found =
      placement.outcome == UInt32(BERTH_PLACED)
      ? ReferenceCluster.Decision(node: Int(nodeIndex.position(placement.node)), score: placement.score) : nil
    try checks?.compare(expected, with: found)
    return duration
  }

  /// One of the pods that were placed earlier and still run leaves.
  private mutating func depart(after arrival: Int, _ clock: Double) throws(EngineError) {
    let pick = Int((placeCase.departures[arrival] * UInt64(running.count)) >> 32)
    let leaving = running[pick]
    running.swapAt(pick, running.count - 1)
    running.removeLast()
    departures.append(PlaceBench.Departure(after: Int32(arrival), pod: leaving))
    let pod = placements[Int(leaving)].pod
    let start = MonotonicClock.now()
    try withUnsafePointer(to: pod) { pod throws(EngineError) in
      try engine.release(UnsafeBufferPointer(start: pod, count: 1))
    }
    timing.departingNanoseconds += Double(MonotonicClock.now() - start) - clock
  }
}
