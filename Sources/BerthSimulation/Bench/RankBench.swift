import BerthRanks

/// `berth bench rank`: what the order of a job's ranks costs on the network, and how fast a better one is found.
public struct RankBench {
  public enum Traffic: String, CaseIterable, Sendable {
    /// One ring all-reduce of 1 GiB over all ranks.
    case ring
    /// One binomial tree all-reduce of 1 GiB over all ranks.
    case tree
    /// One halving-doubling all-reduce of 1 GiB over all ranks.
    case halvingDoubling = "halving-doubling"
    /// A step of a model of 70 billion parameters and 80 layers: see `job`.
    case training = "tensor x data x pipeline"
    /// The same with experts: all-to-all among eight ranks of the data dimension.
    case experts = "tensor x expert x data x pipeline"
  }

  public struct Options: Sendable {
    /// Powers of two, 64 and more.
    public var gpus = [64, 512, 2048, 8192]
    public var traffic = Traffic.allCases
    public var seed: UInt64 = 1
    /// How often each assignment is made: the same answer each time.
    public var repetitions = 5
    /// Recompute all costs from the definitions, flow by flow.
    public var verify = false

    public init() {}
  }

  /// Costs in picoseconds.
  public struct Result: Sendable {
    public var traffic: Traffic
    public var gpus: Int
    public var dimensions: [Int]
    public var podOrder: Int64
    public var nameOrder: Int64
    public var treeOrder: Int64
    public var assignment: RankAssignment
    /// Of network, job, bounds and assignment together, each repetition.
    public var milliseconds: [Double]
    public var verified: Int
  }

  /// A cost that is not what the definitions say.
  public struct WrongCost: Error, CustomStringConvertible {
    public var description: String
  }

  public let options: Options
  /// Called with a sentence when a new case begins.
  public var note: (String) -> Void = { _ in }

  public init(_ options: Options) { self.options = options }

  public func run() throws -> [Result] {
    try options.gpus.flatMap { gpus in
      let allocation = RankAllocation(gpus: gpus, seed: options.seed)
      return try options.traffic.map { traffic in
        note("\(traffic.rawValue): \(gpus) GPUs")
        return try run(traffic, gpus, allocation)
      }
    }
  }

  /// Dimensions in Megatron-LM's order: tensor, (expert,) data, pipeline. A microbatch is 64 MiB of activations between
  /// layers, a step 16 of them: four all-reduces a layer over tensor, one activation's share a stage over the pipeline,
  /// the gradients of a rank's parameters at two bytes over data, four all-to-all a layer over experts.
  public static func job(_ traffic: Traffic, gpus: Int) throws(RankError) -> Job {
    switch traffic {
    case .ring: return try whole(.ringAllReduce, gpus)
    case .tree: return try whole(.treeAllReduce, gpus)
    case .halvingDoubling: return try whole(.halvingDoublingAllReduce, gpus)
    case .training, .experts:
      let pipeline = gpus >= 4096 ? 16 : gpus >= 512 ? 8 : 4
      let expert = traffic == .experts && gpus >= 512 ? 8 : 1
      let dimensions = [8, expert, gpus / (8 * expert * pipeline), pipeline]
      let (activation, microbatches, layers) = (Int64(64 << 20), Int64(16), Int64(80 / pipeline))
      var collectives = [
        Collective(.ringAllReduce, dimensions: 1, bytes: activation, times: 4 * layers * microbatches),
        Collective(.ringAllReduce, dimensions: 6, bytes: 140_000_000_000 / Int64(8 * pipeline)),
        Collective(.pipeline, dimensions: 8, bytes: activation / 8, times: microbatches),
      ]
      if expert > 1 {
        collectives.append(
          Collective(.allToAll, dimensions: 2, bytes: activation / 8, times: 4 * layers * microbatches))
      }
      return try Job(dimensions: dimensions, collectives: collectives)
    }
  }

  private static func whole(_ kind: Collective.Kind, _ gpus: Int) throws(RankError) -> Job {
    try Job(dimensions: [gpus], collectives: [Collective(kind, dimensions: 1, bytes: 1 << 30)])
  }

  private func run(_ traffic: Traffic, _ gpus: Int, _ allocation: RankAllocation) throws -> Result {
    var found: RankAssignment?
    var times: [Double] = []
    for _ in 0..<max(options.repetitions, 1) {
      let start = MonotonicClock.now()
      let assignment = try Ranks.assign(Self.job(traffic, gpus: gpus), on: allocation.network())
      times.append(Double(MonotonicClock.now() - start) / 1e6)
      if let found, found != assignment {
        throw WrongCost(description: "\(traffic.rawValue), \(gpus) GPUs: the same question, another answer")
      }
      found = assignment
    }
    let (job, network) = (try Self.job(traffic, gpus: gpus), try allocation.network())
    let assignment = try found ?? Ranks.assign(job, on: network)
    func cost(_ order: [UInt32]) throws -> Int64 { try Ranks.cost(of: order, job, on: network).picoseconds }
    let result = Result(
      traffic: traffic, gpus: gpus, dimensions: job.dimensions, podOrder: assignment.costBefore,
      nameOrder: try cost(allocation.nameOrder), treeOrder: try cost(allocation.treeOrder), assignment: assignment,
      milliseconds: times, verified: 0)
    return options.verify ? try verified(result, job, allocation) : result
  }

  private func verified(_ result: Result, _ job: Job, _ allocation: RankAllocation) throws -> Result {
    var result = result
    let check = RankCheck(job, allocation)
    let orders = [
      ("pod order", (0..<UInt32(result.gpus)).map { $0 }, result.podOrder),
      ("name order", allocation.nameOrder, result.nameOrder), ("tree order", allocation.treeOrder, result.treeOrder),
      ("Berth", result.assignment.placeOfRank, result.assignment.cost),
    ]
    for (name, order, cost) in orders {
      let expected = check.picoseconds(order)
      guard expected == cost else {
        throw WrongCost(
          description: "\(result.traffic.rawValue), \(result.gpus) GPUs, \(name): \(cost) ps; by definition \(expected)"
        )
      }
      guard result.assignment.lowerBound <= cost else {
        throw WrongCost(description: "\(result.traffic.rawValue), \(result.gpus) GPUs, \(name): below the bound")
      }
      result.verified += 1
    }
    return result
  }
}

extension RankBench.Result {
  public var meanMilliseconds: Double { milliseconds.reduce(0, +) / Double(max(milliseconds.count, 1)) }

  /// One case of the report.
  public var json: JSONValue {
    .object([
      ("case", .text(traffic.rawValue)), ("gpus", .count(gpus)),
      ("dimensions", .list(dimensions.map { .count($0) })), ("pod_order", .count(podOrder)),
      ("name_order", .count(nameOrder)), ("tree_order", .count(treeOrder)), ("berth", .count(assignment.cost)),
      ("bound", .count(assignment.lowerBound)), ("exact", .boolean(assignment.isExact)),
      ("over_bound", .number((Double(assignment.cost) / Double(max(assignment.lowerBound, 1))).significant(5))),
      ("milliseconds", .number(meanMilliseconds.significant(4))),
      ("milliseconds_max", .number((milliseconds.max() ?? 0).significant(4))),
      ("iterations", .count(assignment.iterations)), ("verified", .count(verified)),
    ])
  }
}
