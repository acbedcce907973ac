/// A job's flows on a network, as an undirected graph with a price for each kind of edge and link level.
///
/// Prices are in picoseconds. The limit on what a job costs over its dearest links keeps every sum of the module within
/// 64 bits: a change of cost is at most twice the whole, 2^62.
struct Traffic {
  /// All pairs of a group, which are counted instead of kept.
  struct Clique {
    var kind: Int
    var offsets: [Int]
    var bases: [Int]
    /// The first rank of each rank's group.
    var baseOf: [UInt32]
    /// One group of all ranks costs the same, however they lie.
    var isConstant: Bool { bases.count == 1 }
  }

  let rankCount: Int
  let linkLevels: Int
  /// Half-edges of rank r: starts[r]..<starts[r + 1].
  private(set) var starts: [Int]
  private(set) var targets: [UInt32] = []
  private(set) var kindOf: [UInt32] = []
  private(set) var cliques: [Clique] = []
  /// [kind][link level]: of an edge, forth and back.
  private(set) var prices: [Int64] = []
  /// By kind: of an edge, forth and back.
  private(set) var bytes: [Int64] = []
  private(set) var messages: [Int64] = []
  /// By kind: edges of the whole job.
  private(set) var edgeCounts: [Int] = []
  /// The pattern of each collective that sends something, with its first kind.
  private(set) var patterns: [(pattern: Pattern, kind: Int, dimensions: UInt32)] = []

  init(_ job: Job, on network: Network) throws(RankError) {
    rankCount = job.rankCount
    linkLevels = network.levelCount + 1
    starts = [Int](repeating: 0, count: job.rankCount + 1)
    for (index, collective) in job.collectives.enumerated() {
      guard let pattern = try Pattern(collective, size: job.groupSize(collective)) else { continue }
      patterns.append((pattern, edgeCounts.count, collective.dimensions))
      for kind in pattern.kinds {
        try addKind(
          kind, edges: pattern.edgesOfEachKind * (rankCount / pattern.size), network, "collective \(index)")
      }
    }
    let pairs = Self.pairs(job.flows)
    for (index, pair) in pairs.enumerated() { try addKind(pair.kind, edges: 1, network, "flow \(index)") }
    try checkSum()
    let kept = patterns.reduce(pairs.count) { $0 + $1.pattern.edges.count * (rankCount / $1.pattern.size) }
    guard kept <= RankLimits.flows else {
      throw RankError(.limit, "\(kept) pairs of ranks that talk: at most \(RankLimits.flows)")
    }
    link(job, pairs)
    for (pattern, kind, dimensions) in patterns where pattern.shape == .clique {
      addClique(job.groupOffsets(dimensions), job.groupBases(dimensions), kind)
    }
  }

  private mutating func addKind(
    _ kind: Pattern.EdgeKind, edges: Int, _ network: Network, _ what: String
  ) throws(RankError) {
    for link in network.links {
      var price: Int64 = 0
      for flow in [kind.forth, kind.back ?? (0, 0)] {
        guard let part = link.picoseconds(bytes: flow.bytes, messages: flow.messages) else {
          throw RankError(.limit, "\(what): more than \(RankLimits.picoseconds) ps")
        }
        price += part
      }
      prices.append(price)
    }
    bytes.append(kind.forth.bytes + (kind.back?.bytes ?? 0))
    messages.append(kind.forth.messages &+ (kind.back?.messages ?? 0))
    edgeCounts.append(edges)
  }

  private func checkSum() throws(RankError) {
    var (most, moved): (Int64, Int64) = (0, 0)
    for (kind, count) in edgeCounts.enumerated() {
      let dearest = prices[kind * linkLevels..<(kind + 1) * linkLevels].max() ?? 0
      let (price, first) = dearest.multipliedReportingOverflow(by: Int64(count))
      let (load, second) = bytes[kind].multipliedReportingOverflow(by: Int64(count))
      guard !first, !second, price <= RankLimits.picoseconds - most, load <= RankLimits.bytes - moved else {
        throw RankError(
          .limit, "the job moves more than \(RankLimits.bytes) bytes, or for more than \(RankLimits.picoseconds) ps")
      }
      most += price
      moved += load
    }
  }

  /// The flows of each unordered pair together, by pair.
  private static func pairs(_ flows: [Flow]) -> [(first: Int, second: Int, kind: Pattern.EdgeKind)] {
    let sorted = flows.sorted {
      (min($0.from, $0.to), max($0.from, $0.to), $0.from) < (min($1.from, $1.to), max($1.from, $1.to), $1.from)
    }
    var pairs: [(first: Int, second: Int, kind: Pattern.EdgeKind)] = []
    for flow in sorted {
      let (first, second) = (min(flow.from, flow.to), max(flow.from, flow.to))
      if let last = pairs.last, last.first == first, last.second == second {
        pairs[pairs.count - 1].kind.back = (flow.bytes, flow.messages)
      } else {
        pairs.append((first, second, Pattern.EdgeKind(forth: (flow.bytes, flow.messages), back: nil)))
      }
    }
    return pairs
  }

  private mutating func link(_ job: Job, _ pairs: [(first: Int, second: Int, kind: Pattern.EdgeKind)]) {
    func forEachEdge(_ body: (_ first: Int, _ second: Int, _ kind: Int) -> Void) {
      for (pattern, kind, dimensions) in patterns where pattern.shape != .clique {
        let offsets = job.groupOffsets(dimensions)
        for base in job.groupBases(dimensions) {
          for edge in pattern.edges { body(base + offsets[edge.first], base + offsets[edge.second], kind + edge.kind) }
        }
      }
      let firstKind = edgeCounts.count - pairs.count
      for (index, pair) in pairs.enumerated() { body(pair.first, pair.second, firstKind + index) }
    }
    var ends = [Int](repeating: 0, count: rankCount + 1)
    forEachEdge { first, second, _ in
      ends[first + 1] += 1
      ends[second + 1] += 1
    }
    for rank in 0..<rankCount { ends[rank + 1] += ends[rank] }
    starts = ends
    var to = [UInt32](repeating: 0, count: ends[rankCount])
    var of = to
    forEachEdge { first, second, kind in
      for (one, other) in [(first, second), (second, first)] {
        to[ends[one]] = UInt32(other)
        of[ends[one]] = UInt32(kind)
        ends[one] += 1
      }
    }
    targets = to
    kindOf = of
  }

  private mutating func addClique(_ offsets: [Int], _ bases: [Int], _ kind: Int) {
    var baseOf = [UInt32](repeating: 0, count: rankCount)
    for base in bases {
      for offset in offsets { baseOf[base + offset] = UInt32(base) }
    }
    cliques.append(Clique(kind: kind, offsets: offsets, bases: bases, baseOf: baseOf))
  }

  @inline(__always)
  func price(_ kind: Int, _ level: Int) -> Int64 { prices[kind * linkLevels + level] }
}
