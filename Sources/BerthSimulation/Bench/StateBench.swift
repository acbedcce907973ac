import BerthCore
import CBerth

/// `berth bench state`: what it costs to treat the engine as a store of state: to try and take back, to fork, to save
/// and restore, to record, to hold capacity for someone, to watch.
///
/// Ratios are medians over rounds. A round places the same pods twice from the same state, in turns first with and
/// first without what is measured, and lets them go again outside of the time taken.
public struct StateBench {
  public struct Options: Sendable {
    public var nodes = 1_000_000
    public var classes = 100
    /// Pods that run before anything is measured.
    public var pods = 200_000
    public var profile = ProfileChoice.binpack
    public var seed: UInt64 = 1
    public var rounds = 40
    /// Forks that are alive at once.
    public var forks = 1_000
    public var cpuLevel = CPULevel.auto
    /// Where snapshot and journal are written; they are removed afterwards.
    public var directory = "."

    public init() {}
  }

  /// Medians, in nanoseconds unless they say otherwise.
  public struct Outcome {
    public var options: Options
    public var placeNanoseconds = 0.0
    public var statementRatio = 0.0
    public var statementNanoseconds = 0.0
    public var rollbackNanosecondsPerChange = 0.0
    public var eventsRatio = 0.0
    public var forks = ForkFigures()
    public var records = RecordFigures()
    public var reservationNanoseconds = 0.0
    public var before = berth_engine_info()
  }

  /// Pods of one round: a few milliseconds, long against the clock and short against the neighbours on the machine.
  static let podsPerRound = 2_000

  public let options: Options
  /// Called with a sentence when a new phase begins.
  public var note: (String) -> Void = { _ in }

  public init(_ options: Options) { self.options = options }

  public func run() throws -> Outcome {
    note("drawing and building \(options.nodes) nodes, \(options.classes) classes")
    let placeCase = PlaceCase(
      nodes: options.nodes, classes: options.classes, pods: options.pods + Self.podsPerRound, churn: 0,
      seed: options.seed)
    let cluster = try PlaceCluster(placeCase, profile: options.profile, cpuLevel: options.cpuLevel)
    let engine = cluster.engine
    note("placing \(options.pods) pods")
    let arrivals = placeCase.arrivals.map { cluster.classes[Int($0)] }
    var load = PodBatch(arrivals.dropLast(Self.podsPerRound))
    try load.place(on: engine)
    var pods = PodBatch(arrivals.suffix(Self.podsPerRound))

    var outcome = Outcome(options: options)
    outcome.before = engine.info()
    note("statements")
    try measureStatements(engine, &pods, &outcome)
    note("events and counters")
    outcome.eventsRatio = try measureEvents(engine, &pods)
    note("reservations")
    outcome.reservationNanoseconds = try ReservationFigures.measure(cluster, placeCase)
    note("\(options.forks) forks")
    outcome.forks = try ForkFigures.measure(engine, count: options.forks, pods: &pods)
    note("snapshot and journal")
    outcome.records = try RecordFigures.measure(
      engine, directory: options.directory, rounds: options.rounds, pods: &pods)
    return outcome
  }

  private func measureStatements(
    _ engine: Engine, _ pods: inout PodBatch, _ outcome: inout Outcome
  ) throws(EngineError) {
    var plain: [Double] = []
    var ratios: [Double] = []
    var undo: [Double] = []
    for round in 0..<options.rounds {
      var outside = 0.0
      var inside = 0.0
      for isInside in round % 2 == 0 ? [false, true] : [true, false] {
        if isInside {
          let undone = engine.metrics().changes_undone
          let start = MonotonicClock.now()
          let statement = try engine.beginStatement()
          try pods.place(on: engine)
          inside = Double(MonotonicClock.now() - start)
          let middle = MonotonicClock.now()
          try engine.discard(statement)
          let taken = Double(MonotonicClock.now() - middle)
          undo.append(taken / Double(max(1, engine.metrics().changes_undone - undone)))
        } else {
          outside = try pods.time { pods throws(EngineError) in try pods.place(on: engine) }
          try pods.release(from: engine)
        }
      }
      plain.append(outside / Double(Self.podsPerRound))
      ratios.append(inside / outside)
    }
    outcome.placeNanoseconds = Latencies(plain).percentile(50)
    outcome.statementRatio = Latencies(ratios).percentile(50)
    outcome.rollbackNanosecondsPerChange = Latencies(undo).percentile(50)
    var pairs: [Double] = []
    for _ in 0..<1000 {
      let start = MonotonicClock.now()
      try engine.discard(engine.beginStatement())
      pairs.append(Double(MonotonicClock.now() - start))
    }
    outcome.statementNanoseconds = Latencies(pairs).percentile(50)
  }

  /// With events, counters and latencies on, over the same with all of them off that can be off.
  private func measureEvents(_ engine: Engine, _ pods: inout PodBatch) throws(EngineError) -> Double {
    var ratios: [Double] = []
    for round in 0..<options.rounds {
      var times = [0.0, 0.0]
      for isOn in round % 2 == 0 ? [0, 1] : [1, 0] {
        try engine.enableEvents(capacity: isOn == 1 ? 1 << 16 : 0)
        engine.timeDecisions(isOn == 1)
        times[isOn] = try pods.time { pods throws(EngineError) in try pods.place(on: engine) }
        try pods.release(from: engine)
      }
      ratios.append(times[1] / times[0])
    }
    try engine.enableEvents(capacity: 0)
    engine.timeDecisions(true)
    return Latencies(ratios).percentile(50)
  }
}

/// Pods that are placed one at a time and let go together.
struct PodBatch {
  private var classes: [berth_class_id]
  private(set) var placements: [berth_placement]

  init(_ classes: some Collection<berth_class_id>) {
    self.classes = Array(classes)
    placements = Array(repeating: berth_placement(), count: classes.count)
  }

  var count: Int { classes.count }

  mutating func place(on engine: Engine) throws(EngineError) {
    try classes.withUnsafeBufferPointer { classes throws(EngineError) in
      try placements.withUnsafeMutableBufferPointer { placements throws(EngineError) in
        for pod in 0..<classes.count {
          try engine.place(
            UnsafeBufferPointer(start: classes.baseAddress! + pod, count: 1), flags: 0,
            into: placements.baseAddress! + pod)
        }
      }
    }
  }

  /// The first pods, on their own.
  func prefix(_ count: Int) -> PodBatch { PodBatch(classes.prefix(count)) }

  func release(from engine: Engine) throws(EngineError) {
    let pods = placements.filter { $0.outcome == UInt32(BERTH_PLACED) }.map(\.pod)
    try pods.withUnsafeBufferPointer { pods throws(EngineError) in try engine.release(pods) }
  }

  /// Nanoseconds that `body` takes.
  mutating func time(_ body: (inout PodBatch) throws(EngineError) -> Void) throws(EngineError) -> Double {
    let start = MonotonicClock.now()
    try body(&self)
    return Double(MonotonicClock.now() - start)
  }
}
