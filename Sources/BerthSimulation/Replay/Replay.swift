import BerthCore
import CBerth

/// `berth replay`: the pods of a trace arrive one after the other, stay, and are counted.
public struct Replay {
  public struct Options: Sendable {
    public var policy = ReplayPolicy.binpack
    public var seed: UInt64 = 1
    /// Shuffles the order of arrival by the seed; otherwise it is the order of the file.
    public var shuffle = false

    public init() {}
  }

  public struct Allocation: Sendable {
    public var resource: String
    public var used: Int64
    public var capacity: Int64
    public var share: Double { capacity > 0 ? Double(used) / Double(capacity) : 0 }
  }

  public struct Outcome: Sendable {
    public var options: Options
    public var nodes: Int
    public var classes: Int
    /// The node of each pod in order of arrival, in the order of the node file; -1: refused.
    public var decisions: [Int32]
    public var allocations: [Allocation]
    public var latencies: Latencies
    public var seconds: Double
    public var checksum = Checksum()
    public var info: berth_engine_info

    public var arrived: Int { decisions.count }
    public var placed: Int { decisions.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }
  }

  /// The label that carries a node's GPU model.
  static let modelLabel = "nvidia.com/gpu.product"
  private static let resourceNames = ["cpu", "memory", "gpu"]

  private enum Stream: UInt64 {
    case order = 1
    case choice = 2
  }

  private let options: Options
  private let trace: OpenbTrace
  private let engine: Engine
  private var nodeIDs: [berth_node_id] = []
  private var resources: [berth_resource_id] = []
  private var classes: [OpenbTrace.Demand: berth_class_id] = [:]

  public static func run(_ trace: OpenbTrace, _ options: Options) throws(EngineError) -> Outcome {
    var replay = try Replay(trace, options)
    return try replay.run()
  }

  private init(_ trace: OpenbTrace, _ options: Options) throws(EngineError) {
    self.options = options
    self.trace = trace
    // Every feasible node must be listed to choose among them.
    if options.policy == .random && trace.nodes.count > Int(BERTH_MAX_CANDIDATES) {
      throw EngineError(
        UInt32(BERTH_LIMIT),
        "policy random takes at most \(BERTH_MAX_CANDIDATES) nodes, the trace has \(trace.nodes.count)")
    }
    engine = try Engine.make()
  }

  private mutating func run() throws(EngineError) -> Outcome {
    try addNodes()
    let profile = try options.policy.add(to: engine, cpu: resources[0], gpu: resources[2])
    var arrivals = [berth_class_id]()
    for pod in order() { arrivals.append(try classID(pod, profile)) }
    let nodeIndex = NodeIndex(nodeIDs)
    var seconds: Double
    var latencies: Latencies
    var chosen: [berth_node_id]
    if options.policy == .random {
      (chosen, seconds, latencies) = try placeAtRandom(arrivals)
    } else {
      let placer = TimedPlacer(engine, arrivals: arrivals)
      try placer.place(arrivals.indices)
      chosen = placer.placements.map(\.node)
      seconds = placer.nanoseconds / 1e9
      latencies = placer.latencies
    }
    var outcome = Outcome(
      options: options, nodes: trace.nodes.count, classes: classes.count,
      decisions: chosen.map { nodeIndex.position($0) }, allocations: try allocations(), latencies: latencies,
      seconds: seconds, info: engine.info())
    for decision in outcome.decisions { outcome.checksum.add(decision) }
    return outcome
  }

  private mutating func addNodes() throws(EngineError) {
    let kinds = [UInt32(BERTH_RESOURCE_CPU), UInt32(BERTH_RESOURCE_MEMORY), UInt32(BERTH_RESOURCE_GPU)]
    for (name, kind) in zip(Self.resourceNames, kinds) {
      resources.append(try engine.addResource(name, kind: kind))
    }
    var labelSets: [String: berth_label_set_id] = ["": UInt32(BERTH_EMPTY_SET)]
    var records = [berth_node]()
    for node in trace.nodes {
      if labelSets[node.model] == nil {
        labelSets[node.model] = try engine.internLabels([Label(Self.modelLabel, node.model)])
      }
      var record = berth_node()
      record.labels = labelSets[node.model] ?? UInt32(BERTH_EMPTY_SET)
      records.append(record)
    }
    nodeIDs = try engine.addNodes(
      records, resources: resources,
      allocatable: trace.nodes.flatMap { [$0.cpuMilli, $0.memoryMiB, $0.gpuMilli] }, names: trace.nodes.map(\.name))
  }

  private func order() -> [OpenbTrace.Demand] {
    var pods = trace.pods
    guard options.shuffle else { return pods }
    var random = SeededRandom(seed: options.seed, stream: Stream.order.rawValue)
    random.shuffle(&pods)
    return pods
  }

  private mutating func classID(
    _ demand: OpenbTrace.Demand, _ profile: berth_profile_id
  ) throws(EngineError) -> berth_class_id {
    if let known = classes[demand] { return known }
    let asked = [demand.cpuMilli, demand.memoryMiB, demand.gpuMilli]
    let requests = zip(resources, asked).compactMap { $1 > 0 ? Quantity($0, $1) : nil }
    var spec = PodSpec(profile: profile, requests: requests)
    if !demand.models.isEmpty { spec.requiredAffinity = [AffinityIn(Self.modelLabel, in: demand.models)] }
    let id = try engine.internClass(spec)
    classes[demand] = id
    return id
  }

  private func placeAtRandom(
    _ arrivals: [berth_class_id]
  ) throws(EngineError) -> ([berth_node_id], Double, Latencies) {
    var random = SeededRandom(seed: options.seed, stream: Stream.choice.rawValue)
    var chosen = [berth_node_id]()
    var samples = [Double]()
    for podClass in arrivals {
      let start = MonotonicClock.now()
      let feasible = try engine.candidates(of: podClass, limit: nodeIDs.count)
      if feasible.isEmpty {
        chosen.append(UInt64.max)
      } else {
        let node = feasible[random.below(feasible.count)].node
        _ = try engine.bindOne(podClass, to: node)
        chosen.append(node)
      }
      samples.append(Double(MonotonicClock.now() - start))
    }
    return (chosen, samples.reduce(0, +) / 1e9, Latencies(samples))
  }

  private func allocations() throws(EngineError) -> [Allocation] {
    let state = try engine.resourceState(of: nodeIDs, resources)
    return Self.resourceNames.enumerated().map { index, name in
      func sum(_ column: [Int64]) -> Int64 {
        stride(from: index, to: column.count, by: resources.count).reduce(0) { $0 + column[$1] }
      }
      return Allocation(resource: name, used: sum(state.requested), capacity: sum(state.allocatable))
    }
  }
}

extension Replay.Outcome {
  public var json: JSONValue {
    func figures(_ value: (Replay.Allocation) -> JSONValue) -> JSONValue {
      .object(allocations.map { ($0.resource, value($0)) })
    }
    return .object([
      ("case", .text("replay")), ("policy", .text(options.policy.rawValue)), ("seed", .count(options.seed)),
      ("shuffle", .boolean(options.shuffle)), ("nodes", .count(nodes)), ("classes", .count(classes)),
      ("arrived", .count(arrived)), ("placed", .count(placed)), ("refused", .count(arrived - placed)),
      ("allocation_percent", figures { .number(($0.share * 100).significant(6)) }),
      ("used", figures { .count($0.used) }), ("capacity", figures { .count($0.capacity) }),
      ("seconds", .number(seconds.significant(5))),
      ("p50_ns", .number(latencies.percentile(50).significant(5))),
      ("p99_ns", .number(latencies.percentile(99).significant(5))),
      ("allocator", .text(info.allocatorName)), ("cpu_level", .text(info.cpuLevelName)),
      ("checksum", .text(checksum.text)),
    ])
  }
}
