/// An operation that all ranks of a group do together, `times` a step.
///
/// The ranks of a group are numbered 0..<g in order of their ranks in the job. What goes between them, per operation,
/// with c = ceil(bytes / g), the chunk that chunked algorithms send (a last, shorter chunk counts as a whole one):
///
/// | kind | flows | bytes | messages |
/// |---|---|---|---|
/// | `ringAllReduce` | i to (i + 1) mod g | 2 (g - 1) c | 2 (g - 1) |
/// | `ringAllGather`, `ringReduceScatter` | i to (i + 1) mod g | (g - 1) c | g - 1 |
/// | `treeAllReduce` | child to parent, parent to child | `bytes` each | 1 each |
/// | `broadcast` | parent to child | `bytes` | 1 |
/// | `allToAll` | i to every other | c | 1 |
/// | `halvingDoublingAllReduce` | i to i xor 2^k, for each k | 2 ceil(`bytes` / 2^(k + 1)) | 2 |
/// | `pipeline` | i to i + 1, i + 1 to i, not closed | `bytes` each | 1 each |
///
/// A group of one sends nothing. Sources: Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication
/// Operations in MPICH", 2005, for ring, binomial tree, and Rabenseifner's all-reduce, here with vector halving and
/// distance doubling, so that the largest halves go to the nearest ranks, and distance halving on the way back; rings
/// are NCCL's, whose ring all-reduce is a reduce-scatter followed by an all-gather.
public struct Collective: Hashable, Sendable {
  public enum Kind: Int, Sendable, CaseIterable {
    /// `bytes`: the buffer that every rank has before and after.
    case ringAllReduce = 1
    /// `bytes`: the gathered buffer that every rank has after.
    case ringAllGather
    /// `bytes`: the buffer that every rank has before.
    case ringReduceScatter
    /// A binomial tree, reduced towards rank 0 of the group and broadcast from it: the parent of i > 0 is i without its
    /// lowest bit that is set. NCCL's double binary tree sends half of the bytes over each of two trees instead.
    /// `bytes`: the buffer that every rank has.
    case treeAllReduce
    /// Over the same tree, down only.
    case broadcast
    /// `bytes`: what every rank has for all ranks together, itself included.
    case allToAll
    /// The group must have a power of two of ranks. `bytes`: the buffer that every rank has.
    case halvingDoublingAllReduce
    /// Activations forth and gradients back between neighbouring stages. `bytes`: of one microbatch.
    case pipeline
  }

  public var kind: Kind
  /// Bit i: dimension i of the job varies within a group. All bits: one group of all ranks.
  public var dimensions: UInt32
  /// 0 and more.
  public var bytes: Int64
  /// 1 and more.
  public var times: Int64

  public init(_ kind: Kind, dimensions: UInt32, bytes: Int64, times: Int64 = 1) {
    self.kind = kind
    self.dimensions = dimensions
    self.bytes = bytes
    self.times = times
  }
}

/// What goes from one rank to another in a step.
public struct Flow: Hashable, Sendable {
  public var from: Int
  public var to: Int
  /// 0 and more.
  public var bytes: Int64
  /// 0 and more.
  public var messages: Int64

  public init(from: Int, to: Int, bytes: Int64, messages: Int64) {
    self.from = from
    self.to = to
    self.bytes = bytes
    self.messages = messages
  }
}

/// A job: its ranks and what goes between them.
public struct Job: Sendable {
  public let rankCount: Int
  /// Sizes, the fastest varying first: rank = i0 + n0 (i1 + n1 (i2 + ...)). Megatron-LM's order is tensor, context,
  /// expert, data, pipeline. One dimension where flows are given instead.
  public let dimensions: [Int]
  public let collectives: [Collective]
  /// Between pairs of ranks, beside the collectives.
  public let flows: [Flow]

  /// - Throws: a dimension below 1, a product beyond the limit, a collective over a dimension that is not there or with
  ///   bytes or times out of range, a halving-doubling over a group that is no power of two.
  public init(dimensions: [Int], collectives: [Collective]) throws(RankError) {
    guard (1...RankLimits.dimensions).contains(dimensions.count) else {
      throw RankError(.limit, "\(dimensions.count) dimensions: 1...\(RankLimits.dimensions)")
    }
    var product = 1
    for (index, size) in dimensions.enumerated() {
      guard size >= 1, size <= RankLimits.ranks, product * size <= RankLimits.ranks else {
        throw RankError(
          size < 1 ? .badValue : .limit,
          "dimension \(index) of \(size): at least 1, and all together at most \(RankLimits.ranks) ranks")
      }
      product *= size
    }
    guard collectives.count <= RankLimits.collectives else {
      throw RankError(.limit, "\(collectives.count) collectives: at most \(RankLimits.collectives)")
    }
    rankCount = product
    self.dimensions = dimensions
    self.collectives = collectives
    flows = []
    for (index, collective) in collectives.enumerated() { try check(collective, "collective \(index)") }
  }

  /// - Throws: ranks out of range, a flow of a rank to itself, a pair that occurs twice, bytes or messages below 0.
  public init(ranks: Int, flows: [Flow]) throws(RankError) {
    guard (1...RankLimits.ranks).contains(ranks) else {
      throw RankError(.limit, "\(ranks) ranks: 1...\(RankLimits.ranks)")
    }
    guard flows.count <= RankLimits.flows else {
      throw RankError(.limit, "\(flows.count) flows: at most \(RankLimits.flows)")
    }
    var seen = Set<Int>(minimumCapacity: flows.count)
    for (index, flow) in flows.enumerated() {
      guard (0..<ranks).contains(flow.from), (0..<ranks).contains(flow.to) else {
        throw RankError(.unknown, "flow \(index) from \(flow.from) to \(flow.to): ranks are 0..<\(ranks)")
      }
      guard flow.from != flow.to else { throw RankError(.badValue, "flow \(index): rank \(flow.from) to itself") }
      guard (0...RankLimits.bytes).contains(flow.bytes), flow.messages >= 0 else {
        throw RankError(
          .badValue,
          "flow \(index): \(flow.bytes) bytes in \(flow.messages) messages: 0...\(RankLimits.bytes), and at least 0")
      }
      guard seen.insert(flow.from * ranks + flow.to).inserted else {
        throw RankError(.duplicate, "flow \(index): there is one from \(flow.from) to \(flow.to) already")
      }
    }
    rankCount = ranks
    dimensions = [ranks]
    collectives = []
    self.flows = flows
  }

  private func check(_ collective: Collective, _ what: String) throws(RankError) {
    let all = UInt32(1) << UInt32(dimensions.count) - 1
    guard collective.dimensions != 0, collective.dimensions == .max || collective.dimensions & ~all == 0 else {
      throw RankError(
        .unknown, "\(what): dimensions 0x\(String(collective.dimensions, radix: 16)): some of the \(dimensions.count)")
    }
    guard (0...RankLimits.bytes).contains(collective.bytes), collective.times >= 1 else {
      throw RankError(
        .badValue,
        "\(what): \(collective.bytes) bytes, \(collective.times) times: 0...\(RankLimits.bytes), and at least 1")
    }
    let size = groupSize(collective)
    guard collective.kind != .halvingDoublingAllReduce || size & (size - 1) == 0 else {
      throw RankError(.badValue, "\(what): halving-doubling over groups of \(size): a power of two")
    }
  }

  /// Ranks in a group of the collective.
  public func groupSize(_ collective: Collective) -> Int {
    var size = 1
    for (index, count) in dimensions.enumerated() where collective.dimensions >> UInt32(index) & 1 == 1 {
      size *= count
    }
    return size
  }

  /// Offsets of a group's ranks from its first one, ascending.
  func groupOffsets(_ dimensionMask: UInt32) -> [Int] {
    offsets { dimensionMask >> UInt32($0) & 1 == 1 }
  }

  /// The first rank of each group, ascending.
  func groupBases(_ dimensionMask: UInt32) -> [Int] {
    offsets { dimensionMask >> UInt32($0) & 1 == 0 }
  }

  private func offsets(_ varies: (Int) -> Bool) -> [Int] {
    var result = [0]
    var stride = 1
    for (index, count) in dimensions.enumerated() {
      if varies(index) {
        let inner = result
        for digit in 1..<max(count, 1) { result += inner.map { $0 + digit * stride } }
      }
      stride *= count
    }
    return result
  }
}
