/// A collective's flows within one group, as a graph: what the cost and the bounds need to know of it.
struct Pattern {
  enum Shape { case cycle, chain, tree, cube, clique }

  /// An unordered pair of members; `kind` counts the pattern's own kinds.
  struct Edge {
    var first: Int
    var second: Int
    var kind: Int
  }

  /// What goes over an edge in a step: forth, and back unless that is empty.
  struct EdgeKind {
    var forth: (bytes: Int64, messages: Int64)
    var back: (bytes: Int64, messages: Int64)?
  }

  var shape: Shape
  var size: Int
  /// Empty for a clique, which has all of them.
  var edges: [Edge]
  var kinds: [EdgeKind]

  /// nil where nothing goes: a group of one.
  init?(_ collective: Collective, size: Int) throws(RankError) {
    guard size > 1 else { return nil }
    self.size = size
    let steps = Int64(size - 1)
    let chunk = (collective.bytes - 1 + Int64(size)) / Int64(size)
    func times(_ bytes: Int64, _ factor: Int64, _ messages: Int64) throws(RankError) -> (Int64, Int64) {
      let (each, first) = bytes.multipliedReportingOverflow(by: factor)
      let (all, second) = each.multipliedReportingOverflow(by: collective.times)
      let (count, third) = messages.multipliedReportingOverflow(by: collective.times)
      guard !first, !second, !third, all <= RankLimits.bytes else {
        throw RankError(.limit, "a collective of \(collective.bytes) bytes, \(collective.times) times: too many bytes")
      }
      return (all, count)
    }
    switch collective.kind {
    case .ringAllReduce, .ringAllGather, .ringReduceScatter:
      let rounds = collective.kind == .ringAllReduce ? 2 * steps : steps
      let flow = try times(chunk, rounds, rounds)
      // A ring of two has two flows between the same pair.
      shape = size == 2 ? .chain : .cycle
      edges = (0..<(size == 2 ? 1 : size)).map { Edge(first: $0, second: ($0 + 1) % size, kind: 0) }
      kinds = [EdgeKind(forth: flow, back: size == 2 ? flow : nil)]
    case .treeAllReduce, .broadcast:
      let flow = try times(collective.bytes, 1, 1)
      shape = .tree
      edges = (1..<size).map { Edge(first: $0 & ($0 - 1), second: $0, kind: 0) }
      kinds = [EdgeKind(forth: flow, back: collective.kind == .treeAllReduce ? flow : nil)]
    case .pipeline:
      let flow = try times(collective.bytes, 1, 1)
      shape = .chain
      edges = (1..<size).map { Edge(first: $0 - 1, second: $0, kind: 0) }
      kinds = [EdgeKind(forth: flow, back: flow)]
    case .allToAll:
      let flow = try times(chunk, 1, 1)
      shape = .clique
      edges = []
      kinds = [EdgeKind(forth: flow, back: flow)]
    case .halvingDoublingAllReduce:
      shape = .cube
      edges = []
      kinds = []
      for bit in 0..<size.trailingZeroBitCount {
        let part = Int64(1) << Int64(bit + 1)
        let flow = try times((collective.bytes - 1 + part) / part, 2, 2)
        kinds.append(EdgeKind(forth: flow, back: flow))
        for member in 0..<size where member >> bit & 1 == 0 {
          edges.append(Edge(first: member, second: member | 1 << bit, kind: bit))
        }
      }
    }
  }

  /// Edges of one group.
  var edgeCount: Int { shape == .clique ? size * (size - 1) / 2 : edges.count }

  /// Edges of a kind in one group.
  var edgesOfEachKind: Int { edgeCount / kinds.count }
}
