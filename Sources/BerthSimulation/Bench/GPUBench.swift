import BerthCore
import CBerth

/// `berth bench gpu`: how fast pods get their GPUs, and whether the right ones.
public struct GPUBench {
  public struct Options: Sendable {
    public var nodes = 100_000
    public var classes = 100
    public var pods = 300_000
    public var seed: UInt64 = 1
    /// How many decisions are compared with a look at every node.
    public var verify = 20
    public var policies = GPUCluster.Policy.allCases

    public init() {}
  }

  public struct Result {
    public var policy: GPUCluster.Policy
    public var nodes: Int
    /// Different ones.
    public var classes: Int
    public var pods: Int
    public var placed: Int
    public var podsPerSecond: Double
    public var latencies: Latencies
    public var verified: Int
    /// The first decisions of all classes, which build their indexes.
    public var readySeconds: Double
    public var info: berth_engine_info
  }

  public let options: Options
  /// Called with a sentence when a new phase begins.
  public var note: (String) -> Void = { _ in }

  public init(_ options: Options) { self.options = options }

  public func run() throws -> [Result] { try options.policies.map(run) }

  private func run(_ policy: GPUCluster.Policy) throws -> Result {
    note("\(policy.rawValue): building \(options.nodes) nodes with \(GPUCluster.gpusPerNode) GPUs each")
    let cluster = try GPUCluster(
      nodes: options.nodes, policy: policy, classes: options.classes, seed: options.seed)
    note("\(policy.rawValue): placing \(options.pods) pods")
    let start = MonotonicClock.now()
    for podClass in cluster.classes { _ = try cluster.engine.placeOne(podClass, dryRun: true) }
    let readySeconds = Double(MonotonicClock.now() - start) / 1e9
    var random = SeededRandom(seed: options.seed, stream: 2)
    let drawn = cluster.drawer()
    let arrivals = (0..<options.pods).map { _ in cluster.classes[drawn(&random)] }
    let placer = TimedPlacer(cluster.engine, arrivals: arrivals)
    let verified = try placer.placeAll(checking: options.verify) {
      try verify(cluster.engine, arrivals[$0], policy, pod: $0)
    }
    return Result(
      policy: policy, nodes: options.nodes, classes: Set(cluster.classes).count, pods: options.pods,
      placed: (0..<options.pods).count { placer.isPlaced($0) },
      podsPerSecond: Double(options.pods) / placer.nanoseconds * 1e9, latencies: placer.latencies, verified: verified,
      readySeconds: readySeconds, info: cluster.engine.info())
  }

  /// Where a pod goes, and which GPUs it gets there.
  struct Decision: Equatable, CustomStringConvertible {
    var node: berth_node_id
    var score: Int64
    /// Bit i: GPU i.
    var gpus: UInt32
    /// Of each GPU.
    var milli: UInt32

    /// Places a pod in earnest, for only then there is a claim, and lets it go again. nil: it is refused.
    init?(_ engine: Engine, _ podClass: berth_class_id, _ path: SearchPath) throws(EngineError) {
      try engine.setPath(path.code)
      let placement = try engine.placeOne(podClass)
      try engine.setPath(SearchPath.auto.code)
      guard placement.outcome == UInt32(BERTH_PLACED) else { return nil }
      let claim = try engine.claim(of: placement.pod)
      try engine.releaseOne(placement.pod)
      (node, score) = (placement.node, placement.score)
      (gpus, milli) = (claim.gpus, claim.share_milli)
    }

    var description: String {
      "node \(node) with score \(score) and \(milli) thousandths of the GPUs 0x\(String(gpus, radix: 16))"
    }
  }

  /// The decision, with its GPUs, must be that of a look at every node, one after the other.
  private func verify(_ engine: Engine, _ podClass: berth_class_id, _ policy: GPUCluster.Policy, pod: Int) throws {
    let found = try Decision(engine, podClass, .auto)
    let expected = try Decision(engine, podClass, .rows)
    guard found == expected else {
      func text(_ decision: Decision?) -> String { decision?.description ?? "no node" }
      throw WrongDecision(
        description: "\(policy.rawValue), pod \(pod) of class \(podClass): \(text(found)); a look at every node gives "
          + text(expected))
    }
  }
}

extension GPUBench.Result {
  /// One case of the report.
  public var json: JSONValue {
    .object([
      ("policy", .text(policy.rawValue)), ("nodes", .count(nodes)), ("classes", .count(classes)),
      ("pods", .count(pods)),
      ("pods_per_second", .number(podsPerSecond.significant(5))),
      ("p50_ns", .number(latencies.percentile(50).significant(4))),
      ("p99_ns", .number(latencies.percentile(99).significant(4))), ("verified", .count(verified)),
      ("placed", .count(placed)), ("ready_seconds", .number(readySeconds.significant(4))),
      ("device_bytes", .count(info.device_bytes)), ("slot_index_bytes", .count(info.slot_index_bytes)),
      ("potential_misses", .count(info.potential_misses)), ("slot_queries", .count(info.slot_queries)),
      ("slot_groups_scored", .count(info.slot_groups_scored)),
    ])
  }
}
