import BerthCore
import CBerth

/// `berth simulate`: a cluster of zones, racks and machine types fills up, pod after pod.
public struct Simulation {
  public struct Options: Sendable {
    public var nodes = 1_000_000
    public var zones = 3
    public var classes = 100
    public var pods = 1_000_000
    public var profile = ProfileChoice.binpack
    public var seed: UInt64 = 1
    public var cpuLevel = CPULevel.auto
    public var allocator = UInt32(BERTH_ALLOCATOR_AUTO)

    public init() {}
  }

  public struct Zone: Sendable {
    public var name: String
    public var nodes: Int
    /// Nodes with at least one pod.
    public var usedNodes = 0
    /// cpu, memory, GPU.
    public var used = [Int64](repeating: 0, count: 3)
    public var capacity = [Int64](repeating: 0, count: 3)

    public func share(_ resource: Int) -> Double {
      capacity[resource] > 0 ? Double(used[resource]) / Double(capacity[resource]) : 0
    }
  }

  public struct Outcome: Sendable {
    public var options: Options
    public var placed: Int
    public var zones: [Zone]
    /// For each node in topology order: the mean used share of its cpu, memory and GPUs; nil on a node without pods.
    /// The mean tells a node that is full from one where a full resource strands the others.
    public var utilisation: [Double?]
    public var latencies: Latencies
    public var placingSeconds: Double
    public var buildSeconds: Double
    public var checksum: Checksum
    public var info: berth_engine_info
    /// Counters and histograms of the engine in the Prometheus text format.
    public var metrics: String
    public var peakResidentBytes = 0

    /// Placed pods per minute of placing.
    public var placementsPerMinute: Double {
      placingSeconds > 0 ? Double(placed) / placingSeconds * 60 : 0
    }
  }

  private enum Stream: UInt64 {
    case fleet = 1
    case classes = 2
    case arrivals = 3
  }

  /// Pods placed between two reports of progress.
  private static let chunk = 1 << 13

  private let options: Options
  private let engine: Engine
  private var resources: [berth_resource_id] = []
  private var nodeIDs: [berth_node_id] = []
  private let fleet: Fleet

  /// Runs it; `progress` is told how many pods of how many have been placed, outside of the timing.
  public static func run(
    _ options: Options, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(EngineError) -> Outcome {
    var simulation = try Simulation(options)
    return try simulation.run(progress)
  }

  private init(_ options: Options) throws(EngineError) {
    self.options = options
    engine = try Engine.make(
      levels: [Fleet.zoneLevel], cpuLevel: options.cpuLevel, allocator: options.allocator)
    var random = SeededRandom(seed: options.seed, stream: Stream.fleet.rawValue)
    fleet = Fleet(nodes: options.nodes, zones: options.zones, random: &random)
  }

  private mutating func run(_ progress: (Int, Int) -> Void) throws(EngineError) -> Outcome {
    let start = MonotonicClock.now()
    for resource in Fleet.resources { resources.append(try engine.addResource(resource.name, kind: resource.kind)) }
    let profile = try options.profile.add(to: engine, cpu: resources[0], memory: resources[1])
    try addNodes()
    let classes = try addClasses(profile)
    let buildSeconds = Double(MonotonicClock.now() - start) / 1e9

    var random = SeededRandom(seed: options.seed, stream: Stream.arrivals.rawValue)
    let placer = TimedPlacer(engine, arrivals: (0..<options.pods).map { _ in classes[random.below(classes.count)] })
    for first in stride(from: 0, to: options.pods, by: Self.chunk) {
      let end = min(first + Self.chunk, options.pods)
      try placer.place(first..<end)
      progress(end, options.pods)
    }
    return try report(placer, buildSeconds)
  }

  private mutating func addNodes() throws(EngineError) {
    var labelSets = [berth_label_set_id]()
    var taintSets = [berth_taint_set_id]()
    for type in Fleet.types {
      labelSets.append(
        try engine.internLabels([Label(Fleet.typeLabel, type.name), Label("kubernetes.io/arch", "amd64")]))
      taintSets.append(type.gpus > 0 ? try engine.internTaints([Fleet.gpuTaint]) : UInt32(BERTH_EMPTY_SET))
    }
    nodeIDs.reserveCapacity(options.nodes)
    for (zone, size) in fleet.zoneSizes.enumerated() {
      let domain = try engine.addDomain(Fleet.zoneName(zone))
      let types = fleet.typeOfNode[nodeIDs.count..<nodeIDs.count + size]
      let records = types.map { type in
        var record = berth_node()
        record.domain = domain
        record.labels = labelSets[Int(type)]
        record.taints = taintSets[Int(type)]
        return record
      }
      let rows = Fleet.types.map(\.allocatable)
      nodeIDs += try engine.addNodes(
        records, resources: resources, allocatable: types.flatMap { rows[Int($0)] })
    }
  }

  private func addClasses(_ profile: berth_profile_id) throws(EngineError) -> [berth_class_id] {
    var random = SeededRandom(seed: options.seed, stream: Stream.classes.rawValue)
    let workload = Workload(
      classes: options.classes, zones: options.zones, profile: profile, resources: resources, random: &random)
    var classes = [berth_class_id]()
    for spec in workload.specs { classes.append(try engine.internClass(spec)) }
    return classes
  }

  private func report(_ placer: TimedPlacer, _ buildSeconds: Double) throws(EngineError) -> Outcome {
    let state = try engine.resourceState(of: nodeIDs, resources)
    var zones = [Zone]()
    var utilisation = [Double?]()
    utilisation.reserveCapacity(nodeIDs.count)
    var node = 0
    // Nodes were added zone after zone, so the order of adding is topology order.
    for (index, size) in fleet.zoneSizes.enumerated() {
      var zone = Zone(name: Fleet.zoneName(index), nodes: size)
      for _ in 0..<size {
        let row = node * resources.count
        var shares = 0.0
        var present = 0.0
        for resource in 0..<3 {
          let (used, capacity) = (state.requested[row + resource], state.allocatable[row + resource])
          zone.used[resource] += used
          zone.capacity[resource] += capacity
          if capacity > 0 {
            shares += Double(used) / Double(capacity)
            present += 1
          }
        }
        let isUsed = state.requested[row + 3] > 0
        zone.usedNodes += isUsed ? 1 : 0
        utilisation.append(isUsed ? shares / max(present, 1) : nil)
        node += 1
      }
      zones.append(zone)
    }
    let nodeIndex = NodeIndex(nodeIDs)
    var checksum = Checksum()
    for placement in placer.placements { checksum.add(nodeIndex.position(placement.node)) }
    return Outcome(
      options: options, placed: placer.placements.reduce(0) { $0 + ($1.outcome == UInt32(BERTH_PLACED) ? 1 : 0) },
      zones: zones, utilisation: utilisation, latencies: placer.latencies,
      placingSeconds: placer.nanoseconds / 1e9, buildSeconds: buildSeconds, checksum: checksum, info: engine.info(),
      metrics: engine.metricsText(), peakResidentBytes: BerthSimulation.peakResidentBytes())
  }
}

extension Simulation.Outcome {
  public static let resourceNames = ["cpu", "memory", "gpu"]

  public var json: JSONValue {
    let zones = zones.map { zone in
      JSONValue.object(
        [("zone", .text(zone.name)), ("nodes", .count(zone.nodes)), ("used_nodes", .count(zone.usedNodes))]
          + Self.resourceNames.enumerated().map { index, name in
            ("\(name)_percent", .number((zone.share(index) * 100).significant(5)))
          })
    }
    return .object([
      ("case", .text("simulate")), ("profile", .text(options.profile.rawValue)), ("seed", .count(options.seed)),
      ("nodes", .count(options.nodes)), ("zones", .count(options.zones)), ("classes", .count(options.classes)),
      ("pods", .count(options.pods)), ("placed", .count(placed)), ("refused", .count(options.pods - placed)),
      ("seconds", .number(placingSeconds.significant(6))),
      ("placements_per_minute", .number(placementsPerMinute.significant(6))),
      ("p50_ns", .number(latencies.percentile(50).significant(5))),
      ("p99_ns", .number(latencies.percentile(99).significant(5))),
      ("p999_ns", .number(latencies.percentile(99.9).significant(5))),
      ("max_ns", .number(latencies.percentile(100).significant(5))),
      ("build_seconds", .number(buildSeconds.significant(5))),
      ("utilisation", .list(zones)),
      ("bytes_allocated", .count(info.bytes_allocated)), ("bytes_mapped", .count(info.bytes_mapped)),
      ("node_bytes", .count(info.node_bytes)), ("index_bytes", .count(info.index_bytes)),
      ("class_bytes", .count(info.class_bytes)), ("pod_bytes", .count(info.pod_bytes)),
      ("peak_resident_bytes", .count(peakResidentBytes)),
      ("allocator", .text(info.allocatorName)), ("cpu_level", .text(info.cpuLevelName)),
      ("checksum", .text(checksum.text)),
    ])
  }
}
