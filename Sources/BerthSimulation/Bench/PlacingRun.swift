import BerthCore
import CBerth

/// The run of a `PlaceCase`: pods arrive one at a time; with churn some leave in between.
///
/// Which arrivals are followed by a departure is drawn beforehand, so the placements between two interruptions are one
/// timed run, and departures and checks stand outside of it.
struct PlacingRun {
  private let engine: Engine
  private let placeCase: PlaceCase
  private let nodeIndex: NodeIndex
  let placer: TimedPlacer
  /// Arrivals whose pods run, in no order that matters.
  private var running: [Int32] = []
  private(set) var departures: [PlaceBench.Departure] = []
  private(set) var departingNanoseconds = 0.0
  var checks: PlaceChecks?

  init(cluster: PlaceCluster, placeCase: PlaceCase) {
    engine = cluster.engine
    nodeIndex = cluster.nodeIndex
    self.placeCase = placeCase
    placer = TimedPlacer(cluster.engine, arrivals: placeCase.arrivals.map { cluster.classes[Int($0)] })
    if !placeCase.departures.isEmpty {
      running.reserveCapacity(placeCase.arrivals.count)
      departures.reserveCapacity(placeCase.arrivals.count)
    }
  }

  func decision(_ arrival: Int) -> Int32 { nodeIndex.position(placer.placements[arrival].node) }

  mutating func placeAll() throws {
    let pods = placeCase.arrivals.count
    var first = 0
    while first < pods {
      let nextCheck = checks?.next ?? Int.max
      var end = first + 1
      if first == nextCheck {
        try placeChecked(first)
      } else {
        end = endOfRun(from: first, limit: min(nextCheck, pods))
        try placer.place(first..<end)
      }
      if !placeCase.departures.isEmpty { try settle(first..<end) }
      first = end
    }
  }

  /// The end of the arrivals that follow each other without a departure: behind the first that has one.
  private func endOfRun(from first: Int, limit: Int) -> Int {
    guard !placeCase.departures.isEmpty else { return limit }
    var end = first
    while end < limit {
      end += 1
      if placeCase.departures[end - 1] != PlaceCase.noDeparture { break }
    }
    return end
  }

  /// Notes what runs now, and lets one leave if the last of these arrivals says so and was placed.
  private mutating func settle(_ arrivals: Range<Int>) throws(EngineError) {
    let last = arrivals.upperBound - 1
    for arrival in arrivals.dropLast() where placer.isPlaced(arrival) { running.append(Int32(arrival)) }
    guard placer.isPlaced(last) else { return }
    if placeCase.departures[last] != PlaceCase.noDeparture && !running.isEmpty { try depart(after: last) }
    running.append(Int32(last))
  }

  /// One of the pods that were placed earlier and still run leaves.
  private mutating func depart(after arrival: Int) throws(EngineError) {
    let pick = Int((placeCase.departures[arrival] * UInt64(running.count)) >> 32)
    let leaving = running[pick]
    running.swapAt(pick, running.count - 1)
    running.removeLast()
    departures.append(PlaceBench.Departure(after: Int32(arrival), pod: leaving))
    let pod = placer.placements[Int(leaving)].pod
    let start = MonotonicClock.now()
    try engine.releaseOne(pod)
    departingNanoseconds += Double(MonotonicClock.now() - start) - placer.clock
  }

  /// Places one pod after the rules have said where it belongs.
  private mutating func placeChecked(_ arrival: Int) throws {
    let placements = placer.placements
    let nodeIndex = nodeIndex
    let expected = checks?.decide(
      decisions: { nodeIndex.position(placements[$0].node) }, departures: departures)
    try placer.place(arrival..<arrival + 1)
    let found =
      placer.isPlaced(arrival)
      ? ReferenceCluster.Decision(node: Int(decision(arrival)), score: placements[arrival].score) : nil
    try checks?.compare(expected, with: found)
  }
}
