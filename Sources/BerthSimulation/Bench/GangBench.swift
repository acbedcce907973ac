import BerthCore
import CBerth

/// `berth bench gang`: how long it takes to place gangs, or to prove that they have no place, and whether the right
/// domains are chosen.
public struct GangBench {
  public struct Options: Sendable {
    public var nodes = 1_000_000
    public var seed: UInt64 = 1
    /// Gangs that are timed in each case.
    public var gangs = 200
    /// Classes of workers that take turns.
    public var classes = 8
    /// How many gangs of each case are compared with a look at every node.
    public var verify = 10
    /// Only cases with so many workers; empty: all.
    public var workers: Set<Int> = []
    /// Also the cases that peers publish, at their own size.
    public var hasPeers = true

    public init() {}
  }

  public struct Result {
    public var name: String
    public var members: Int
    public var nodes: Int
    public var latencies: Latencies
    /// The first call of a class that the engine has never seen.
    public var cold: Latencies
    public var verified: Int
    public var placed: Int
    /// Proven to be the best by domains and what is left over, or to have no place.
    public var proven: Int
    public var podsPerSecond: Double
  }

  public let options: Options
  /// Called with a sentence when a new phase begins.
  public var note: (String) -> Void = { _ in }

  public init(_ options: Options) { self.options = options }

  struct Case {
    var name: String
    var workers: Int
    var hasMaster = false
    /// 0: wherever it fits, as low as can be.
    var requiredLevel = 0
    var isPlaceable = true
  }

  static let cases = [
    Case(name: "gang", workers: 8), Case(name: "gang", workers: 64), Case(name: "gang", workers: 512),
    Case(name: "gang", workers: 4096),
    Case(name: "master-workers", workers: 7, hasMaster: true),
    Case(name: "master-workers", workers: 63, hasMaster: true),
    Case(name: "master-workers", workers: 511, hasMaster: true),
    Case(name: "master-workers", workers: 4095, hasMaster: true),
    Case(name: "proof-of-no rack", workers: 64, requiredLevel: 4, isPlaceable: false),
    Case(name: "proof-of-no spine", workers: 1024, requiredLevel: 3, isPlaceable: false),
    Case(name: "proof-of-no superpod", workers: 16_384, requiredLevel: 2, isPlaceable: false),
  ]

  public func run() throws -> [Result] {
    note("building \(options.nodes) hosts with eight GPUs in racks of 16, 70 % full")
    let cluster = try GangCluster(nodes: options.nodes, GangCluster.Shape(), seed: options.seed)
    let workers = try (0..<options.classes).map { index in
      try cluster.podClass(gpus: 8, cpuMilli: 64_000 + Int64(index) * 2000)
    }
    let master = try cluster.podClass(gpus: 0, cpuMilli: 16_000)
    var results: [Result] = []
    for (index, entry) in Self.cases.enumerated() {
      guard options.workers.isEmpty || options.workers.contains(entry.workers) else { continue }
      guard entry.workers * 4 <= options.nodes || !entry.isPlaceable else { continue }
      note("\(entry.name), \(entry.workers) workers")
      results.append(try run(entry, cluster, workers, master, stream: UInt64(index)))
    }
    if options.hasPeers { results += try Self.peers.map(run) }
    return results
  }

  private func spec(_ entry: Case, _ worker: berth_class_id, _ master: berth_class_id) -> GangSpec {
    var spec = GangSpec(worker, members: entry.workers)
    if entry.hasMaster { spec.roles.insert(GangRole(master, 1...1), at: 0) }
    spec.preferredLevel = max(4, entry.requiredLevel)
    spec.requiredLevel = entry.requiredLevel
    return spec
  }

  private func run(
    _ entry: Case, _ cluster: GangCluster, _ workers: [berth_class_id], _ master: berth_class_id, stream: UInt64
  ) throws -> Result {
    let engine = cluster.engine
    let overhead = MonotonicClock.measureOverhead()
    let buffer = GangBuffer(capacity: entry.workers + 1)
    var samples: [Double] = []
    var live: [[berth_pod_id]] = []
    var (verified, placed, proven) = (0, 0, 0)
    // large gangs leave sooner, so that the cluster stays as full as it is
    let most = max(2, min(64, options.nodes / 32 / entry.workers))
    let count = entry.workers > 1000 ? max(1, options.gangs / 4) : options.gangs
    for index in 0..<workers.count + count {
      let scratch = Scratch()
      let spec = spec(entry, workers[index % workers.count], master)
      let gang = scratch.gang(spec)
      let isChecked =
        index >= workers.count && options.verify > 0
        && (index - workers.count) % max(1, count / options.verify) == 0
      let expected = isChecked ? GangReference(cluster, spec) : nil
      let start = MonotonicClock.now()
      let result = try engine.placeGang(gang, into: buffer)
      let time = Double(MonotonicClock.now() - start) - overhead
      withExtendedLifetime(scratch) {}
      if index >= workers.count { samples.append(time) }
      let placement = buffer.placement(result)
      if let expected {
        try expected.check(placement, name: entry.name)
        verified += 1
      }
      let open = result.limits & ~UInt32(BERTH_GANG_LIMIT_SCORES)
      if index >= workers.count && open == 0 { proven += 1 }
      if placement.isPlaced {
        placed += index >= workers.count ? 1 : 0
        live.append(placement.placements.map(\.pod))
      }
      guard placement.isPlaced == entry.isPlaceable else {
        throw WrongDecision(description: "\(entry.name): \(try engine.gangMessage(result))")
      }
      while live.count > most { try engine.release(live.removeFirst()) }
    }
    for pods in live { try engine.release(pods) }
    let cold = try coldCalls(entry, cluster, master, stream)
    return Result(
      name: entry.name, members: entry.workers + (entry.hasMaster ? 1 : 0), nodes: options.nodes,
      latencies: Latencies(samples), cold: cold, verified: verified, placed: placed, proven: proven,
      podsPerSecond: Double(samples.count * entry.workers) / samples.reduce(0, +) * 1e9)
  }

  /// Gangs of classes that the engine has never seen, interning included.
  private func coldCalls(
    _ entry: Case, _ cluster: GangCluster, _ master: berth_class_id, _ stream: UInt64
  ) throws -> Latencies {
    var samples: [Double] = []
    let buffer = GangBuffer(capacity: entry.workers + 1)
    for index in 0..<10 {
      let scratch = Scratch()
      let start = MonotonicClock.now()
      let worker = try cluster.podClass(gpus: 8, cpuMilli: 40_000 + Int64(stream) * 100 + Int64(index))
      _ = try cluster.engine.placeGang(scratch.gang(spec(entry, worker, master)), dryRun: true, into: buffer)
      samples.append(Double(MonotonicClock.now() - start))
      withExtendedLifetime(scratch) {}
    }
    return Latencies(samples)
  }
}

extension GangBench.Result {
  /// One case of the report.
  public var json: JSONValue {
    .object([
      ("case", .text(name)), ("members", .count(members)), ("nodes", .count(nodes)),
      ("microseconds", .number((latencies.mean / 1000).significant(4))),
      ("p99_microseconds", .number((latencies.percentile(99) / 1000).significant(4))),
      ("cold_microseconds", .number((cold.mean / 1000).significant(4))), ("verified", .count(verified)),
      ("gangs", .count(latencies.count)), ("placed", .count(placed)), ("proven", .count(proven)),
      ("pods_per_second", .number(podsPerSecond.significant(4))),
    ])
  }
}
