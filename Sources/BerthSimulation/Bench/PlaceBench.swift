import BerthCore
import CBerth

/// `berth bench place`: how fast the engine decides on a cluster that is partly full, and whether it decides rightly.
public struct PlaceBench {
  public struct Options: Sendable {
    public var nodes = 1_000_000
    public var classes = 100
    public var pods = 200_000
    public var churn = 0.0
    public var profile = ProfileChoice.binpack
    public var seed: UInt64 = 1
    /// How many decisions are compared with `ReferenceCluster`.
    public var verify = 0
    public var cpuLevel = CPULevel.auto
    public var path = SearchPath.auto

    public init() {}
  }

  /// What was decided and measured. Decisions are in order of arrival, nodes in the order of the case.
  public struct Outcome {
    public var options: Options
    public var placeCase: PlaceCase
    /// Position of the node, -1 where no node fitted.
    public var decisions: [Int32]
    public var scores: [Int64]
    public var departures: [Departure]
    public var latencies: Latencies
    public var placingSeconds: Double
    public var departingSeconds: Double
    public var clockNanoseconds: Double
    public var buildSeconds = 0.0
    public var fullScanNanosecondsPerNode = 0.0
    public var newClasses = Latencies([])
    public var verified = 0
    public var checksum = Checksum()
    public var before: berth_engine_info
    public var placed: berth_engine_info
    public var peakResidentBytes = 0
  }

  /// After the placement of pod `after`, pod `pod` left (both in order of arrival).
  public struct Departure: Equatable, Sendable {
    public var after: Int32
    public var pod: Int32
  }

  /// Classes that are added after placing, to time them.
  public static let extraClasses = 1000

  public let options: Options
  /// Called with a sentence when a new phase begins.
  public var note: (String) -> Void = { _ in }
  /// Tests plant an error here to see that verification finds it.
  var tamper: ((inout ReferenceCluster) -> Void)?

  public init(_ options: Options) { self.options = options }

  public func run() throws -> Outcome {
    note("drawing \(options.nodes) nodes, \(options.classes) classes, \(options.pods) pods")
    let placeCase = PlaceCase(
      nodes: options.nodes, classes: options.classes, pods: options.pods, churn: options.churn, seed: options.seed)
    note("building")
    let cluster = try PlaceCluster(placeCase, profile: options.profile, cpuLevel: options.cpuLevel)
    try cluster.engine.setPath(options.path.code)
    let before = cluster.engine.info()

    note("placing")
    var run = PlacingRun(cluster: cluster, placeCase: placeCase)
    if options.verify > 0 {
      run.checks = PlaceChecks(placeCase, profile: options.profile, count: options.verify)
      if let tamper { tamper(&run.checks!.reference) }
    }
    try run.placeAll()
    let placed = cluster.engine.info()

    let pods = placeCase.arrivals.indices
    var outcome = Outcome(
      options: options, placeCase: placeCase, decisions: pods.map { run.decision($0) },
      scores: run.placer.placements.map(\.score), departures: run.departures, latencies: run.placer.latencies,
      placingSeconds: run.placer.nanoseconds / 1e9, departingSeconds: run.departingNanoseconds / 1e9,
      clockNanoseconds: run.placer.clock, before: before, placed: placed)
    outcome.buildSeconds = cluster.buildSeconds
    outcome.verified = run.checks?.agreed ?? 0
    for decision in outcome.decisions { outcome.checksum.add(decision) }

    note("new classes")
    outcome.newClasses = try cluster.measureNewClasses(seed: options.seed)
    note("full scans")
    outcome.fullScanNanosecondsPerNode = try cluster.measureFullScan()
    try cluster.engine.setPath(options.path.code)
    outcome.peakResidentBytes = BerthSimulation.peakResidentBytes()
    return outcome
  }
}
