import BerthCore
import CBerth

/// `berth bench constraints`: how fast pods with Kubernetes' constraints are placed, and whether they are placed rightly.
public struct ConstraintBench {
  public struct Options: Sendable {
    public var nodes = 5_000
    public var zones = 5
    public var classes = 100
    public var pods = 50_000
    public var seed: UInt64 = 1
    /// How many decisions are compared with a look at every node.
    public var verify = 20
    public var cases = ConstraintCase.allCases

    public init() {}
  }

  public struct Result {
    public var kind: ConstraintCase
    public var pods: Int
    public var placed: Int
    public var podsPerSecond: Double
    public var latencies: Latencies
    public var verified: Int
    /// The first decisions of all classes: counting pods, building indexes, until classes are as hot as they get.
    public var readySeconds: Double
    public var info: berth_engine_info
  }

  public let options: Options
  /// Called with a sentence when a new phase begins.
  public var note: (String) -> Void = { _ in }

  public init(_ options: Options) { self.options = options }

  public func run() throws -> [Result] { try options.cases.map(run) }

  private func run(_ kind: ConstraintCase) throws -> Result {
    note("\(kind.rawValue): building \(options.nodes) nodes with \(ConstraintCluster.podsPerNode) pods each")
    let cluster = try ConstraintCluster(
      kind, nodes: options.nodes, zones: options.zones, classes: options.classes, seed: options.seed)
    note("\(kind.rawValue): placing \(options.pods) pods")
    let start = MonotonicClock.now()
    try warmUp(cluster)
    let readySeconds = Double(MonotonicClock.now() - start) / 1e9
    var random = SeededRandom(seed: options.seed, stream: 2)
    let arrivals = (0..<options.pods).map { _ in cluster.classes[random.below(cluster.classes.count)] }
    let placer = TimedPlacer(cluster.engine, arrivals: arrivals)
    let verified = try placer.placeAll(checking: options.verify) {
      try verify(cluster.engine, arrivals[$0], kind, pod: $0)
    }
    let placed = (0..<options.pods).count { placer.isPlaced($0) }
    return Result(
      kind: kind, pods: options.pods, placed: placed, podsPerSecond: Double(options.pods) / placer.nanoseconds * 1e9,
      latencies: placer.latencies, verified: verified, readySeconds: readySeconds, info: cluster.engine.info())
  }

  /// Dry runs of all classes, one round in each call, until classes that are placed often have their index.
  private func warmUp(_ cluster: ConstraintCluster) throws {
    var placements = [berth_placement](repeating: berth_placement(), count: cluster.classes.count)
    for _ in 0..<HotClasses.leastStreak(options.nodes) + 8 {
      try cluster.classes.withUnsafeBufferPointer { classes in
        try placements.withUnsafeMutableBufferPointer {
          try cluster.engine.place(classes, flags: UInt32(BERTH_PLACE_DRY_RUN), into: $0.baseAddress!)
        }
      }
    }
  }

  /// The decision must be that of a look at every node, one after the other.
  private func verify(_ engine: Engine, _ podClass: berth_class_id, _ kind: ConstraintCase, pod: Int) throws {
    let found = try engine.placeOne(podClass, dryRun: true)
    try engine.setPath(SearchPath.rows.code)
    let expected = try engine.placeOne(podClass, dryRun: true)
    try engine.setPath(SearchPath.auto.code)
    guard found.node == expected.node, found.score == expected.score else {
      throw WrongDecision(
        description: "\(kind.rawValue), pod \(pod) of class \(podClass): placed on node \(found.node) with score "
          + "\(found.score); a look at every node gives \(expected.node) with \(expected.score)")
    }
  }
}

extension ConstraintBench.Result {
  /// One case of the report.
  public func json(nodes: Int) -> JSONValue {
    .object([
      ("case", .text(kind.rawValue)), ("nodes", .count(nodes)), ("pods", .count(pods)),
      ("pods_per_second", .number(podsPerSecond.significant(5))),
      ("p99_ns", .number(latencies.percentile(99).significant(4))), ("verified", .count(verified)),
      ("peer_threshold", .count(kind.peerThreshold)), ("placed", .count(placed)),
      ("p50_ns", .number(latencies.percentile(50).significant(4))),
      ("ready_seconds", .number(readySeconds.significant(4))),
      ("slot_index_bytes", .count(info.slot_index_bytes)), ("constraint_bytes", .count(info.constraint_bytes)),
      ("slot_queries", .count(info.slot_queries)), ("slot_builds", .count(info.slot_builds)),
      ("slot_changes_read", .count(info.slot_changes_read)), ("slot_groups_scored", .count(info.slot_groups_scored)),
    ])
  }
}
