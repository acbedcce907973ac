/// What no assignment can cost less than, by counting which pairs of ranks cannot share a domain.
///
/// Let price[0...L] be an edge's prices by link level and X_k the edges of its kind whose ends share no domain of link
/// level k. Summing by parts, the kind costs E price[L] + sum over k = 1...L of X_k (price[k - 1] - price[k]): a bound
/// on each X_k by itself bounds the cost. Where a difference is negative (a wider link that is cheaper), X_k <= E is
/// what is known. So the bound holds on all networks, and is met as a rule only on monotone ones.
///
/// For X_k: a domain of s places holds at most I(s) of the edges between any s ranks, so X_k >= E - sum of I(s) over
/// the domains of the level. I(s) for groups of g ranks, with q = s / g whole groups and r = s mod g ranks over:
/// q line(g) + line(r), see `Pattern.line`. Each group that is not whole also crosses at least its smallest cut, and
/// at most sum of floor(s / g) groups are whole.
///
/// The bounds of separate collectives add up; `JointBound` has those that collectives on several dimensions, which
/// compete for the same domains, obey together.
struct LowerBound {
  let traffic: Traffic
  let slots: Slots
  let job: Job

  func picoseconds() -> Int64 {
    var bound: Int64 = 0
    let innermost = traffic.linkLevels - 1
    for (kind, count) in traffic.edgeCounts.enumerated() { bound += Int64(count) * traffic.price(kind, innermost) }
    for level in 1..<traffic.linkLevels {
      for (kind, count) in traffic.edgeCounts.enumerated() { bound += Int64(count) * min(0, weight(kind, level)) }
      bound += crossing(level)
    }
    return bound
  }

  private func weight(_ kind: Int, _ level: Int) -> Int64 {
    traffic.price(kind, level - 1) - traffic.price(kind, level)
  }

  /// The least total weight of edges between domains of a link level; weights below 0 count as 0.
  private func crossing(_ level: Int) -> Int64 {
    let sizes = slots.sizes(at: level - 1)
    let lines = traffic.patterns.map { pattern, kind, dimensions in
      Line(
        pattern: pattern, weights: (0..<pattern.kinds.count).map { max(0, weight(kind + $0, level)) },
        groups: traffic.rankCount / pattern.size, dimensions: varying(dimensions))
    }
    let separate = lines.map { $0.crossing(sizes) }
    let joint = JointBound(lines: lines, dimensions: job.dimensions)
    let together = joint.map { joint in
      joint.crossing(sizes) + zip(lines, separate).reduce(0) { $0 + (joint.covers($1.0) ? 0 : $1.1) }
    }
    return max(separate.reduce(0, +), together ?? 0) + flowCrossing(level, sizes)
  }

  /// Without dimensions of one, in which nothing varies.
  private func varying(_ mask: UInt32) -> UInt32 {
    var result: UInt32 = 0
    for (index, size) in job.dimensions.enumerated() where size > 1 { result |= mask & 1 << UInt32(index) }
    return result
  }

  /// For flows without structure, the larger of two bounds. A rank shares its domain with at most s - 1 others, s of
  /// the largest domain: all but its s - 1 heaviest edges cross, and an edge has two ends. And where a graph of c
  /// components is spread over m domains, the crossing edges must join m domains into at most c: they contain a forest
  /// of m - c edges, and no forest of so many edges is lighter than the first m - c of Kruskal's algorithm.
  private func flowCrossing(_ level: Int, _ sizes: [(size: Int, count: Int)]) -> Int64 {
    guard !job.flows.isEmpty, let largest = sizes.last?.size else { return 0 }
    var edges: [(weight: Int64, first: Int, second: Int)] = []
    var ends: Int64 = 0
    for rank in 0..<traffic.rankCount {
      var incident: [Int64] = []
      for edge in traffic.starts[rank]..<traffic.starts[rank + 1] {
        let weight = max(0, weight(Int(traffic.kindOf[edge]), level))
        incident.append(weight)
        let other = Int(traffic.targets[edge])
        if other > rank { edges.append((weight, rank, other)) }
      }
      if incident.count >= largest { ends += incident.sorted(by: >).dropFirst(largest - 1).reduce(0, +) }
    }
    edges.sort { ($0.weight, $0.first, $0.second) < ($1.weight, $1.first, $1.second) }
    var parent = Array(0..<traffic.rankCount)
    func root(_ rank: Int) -> Int {
      var rank = rank
      while parent[rank] != rank {
        parent[rank] = parent[parent[rank]]
        rank = parent[rank]
      }
      return rank
    }
    var forest: [Int64] = []
    for edge in edges {
      let (one, other) = (root(edge.first), root(edge.second))
      if one != other {
        parent[one] = other
        forest.append(edge.weight)
      }
    }
    let components = traffic.rankCount - forest.count
    let domains = sizes.reduce(0) { $0 + $1.count }
    return max((ends + 1) / 2, forest.prefix(max(0, domains - components)).reduce(0, +))
  }
}

/// The groups of a collective with the weights of its edges between domains of one level.
struct Line {
  var pattern: Pattern
  /// By the pattern's kinds, 0 and more.
  var weights: [Int64]
  var groups: Int
  /// Dimensions of more than one that vary within a group.
  var dimensions: UInt32

  /// Heaviest first: a cube's dimensions may be renamed.
  private var sorted: [Int64] { weights.sorted(by: >) }

  /// The greatest weight of edges between `members` ranks of one group.
  ///
  /// - cycle: all edges of the whole, else a path has the most: members - 1;
  /// - chain, tree: members - 1, for what has no cycle is a forest;
  /// - clique: all pairs;
  /// - cube: those between 0..<members with the heaviest dimensions lowest. Initial segments have the most edges
  ///   (Harper 1964), in disjoint copies of every subcube as well; they do so for all subcubes of the heaviest
  ///   dimensions at once, and weights that fall from dimension to dimension are a sum of such subcubes.
  func line(_ members: Int) -> Int64 {
    guard members > 1 else { return 0 }
    switch pattern.shape {
    case .cycle: return weights[0] * Int64(members == pattern.size ? members : members - 1)
    case .chain, .tree: return weights[0] * Int64(members - 1)
    case .clique: return weights[0] * Int64(members * (members - 1) / 2)
    case .cube:
      var sum: Int64 = 0
      for (bit, weight) in sorted.enumerated() {
        let period = 2 << bit
        let set = members / period * (1 << bit) + max(0, members % period - 1 << bit)
        sum += weight * Int64(set)
      }
      return sum
    }
  }

  /// The greatest weight within a set that touches some groups, with so many ranks beyond the first of each. A cycle has
  /// one edge for each of them, and one more for each whole group; pairs are most where groups are filled one after
  /// the other, because they grow faster than their ranks. For a cube, with the steepest rise of `line`.
  func beyondFirst(_ ranks: Int) -> Int64 {
    let most = pattern.size - 1
    switch pattern.shape {
    case .cycle: return weights[0] * Int64(ranks + ranks / most)
    case .chain, .tree: return weights[0] * Int64(ranks)
    case .clique:
      let rest = ranks % most
      return weights[0] * Int64(ranks / most * (most * (most + 1) / 2) + rest * (rest + 1) / 2)
    case .cube: return Int64(Int128(steepest.rise) * Int128(ranks) / Int128(steepest.run))
    }
  }

  /// The largest line(m) / (m - 1).
  var steepest: (rise: Int64, run: Int) {
    switch pattern.shape {
    case .cycle, .clique: return (line(pattern.size), pattern.size - 1)
    case .chain, .tree: return (weights[0], 1)
    case .cube:
      var (rise, run) = (Int64(0), 1)
      for members in 2...pattern.size {
        let next = line(members)
        if Int128(next) * Int128(run) > Int128(rise) * Int128(members - 1) { (rise, run) = (next, members - 1) }
      }
      return (rise, run)
    }
  }

  /// The greatest weight within a domain of so many places. Filling whole groups first is best: line is superadditive,
  /// line(a) + line(b) <= line(g) + line(a + b - g) where a + b exceeds g.
  func within(_ places: Int) -> Int64 {
    Int64(places / pattern.size) * line(pattern.size) + line(places % pattern.size)
  }

  var total: Int64 { Int64(groups) * line(pattern.size) }

  /// Of a group that is divided, at least.
  private var smallestCut: Int64 {
    switch pattern.shape {
    case .cycle: 2 * weights[0]
    case .chain, .tree: weights[0]
    case .clique: weights[0] * Int64(pattern.size - 1)
    case .cube: weights.min() ?? 0
    }
  }

  func crossing(_ sizes: [(size: Int, count: Int)]) -> Int64 {
    let inside = sizes.reduce(Int64(0)) { $0 + Int64($1.count) * within($1.size) }
    let whole = sizes.reduce(0) { $0 + $1.count * ($1.size / pattern.size) }
    return max(total - inside, Int64(groups - whole) * smallestCut)
  }
}
