/// Exact search: state after state, the nodes of a state are dealt to maximal patterns.
///
/// - Bound: at any prices >= 0, the states that are left must be worth what is still needed. What they are worth
///   beyond that is a budget; a pattern that is worth less than its state's best spends of it (reduced cost fixing).
/// - Guide: the linear relaxation of the rest is solved before a state is dealt; it is rounded first.
/// - Dominance: two patterns p and q of one state whose difference is g * u with g > 1 can be replaced by p + u and
///   q - u, which lie between them and so fit, too. So patterns that are used in one state differ pairwise by
///   vectors whose components have no common divisor; in particular there are at most 2^roles of them (Eisenbrand
///   and Shmonin, "Carathéodory bounds for integer cones", 2006).
/// - Memory: demands that were proven not to fit on the states that are left.
///
/// Where the rounded relaxation fails, alternatives are tried for the last states first, then for more and more of
/// them; with alternatives for all of them, the search is complete.
struct PackingBranch {
  enum Verdict {
    case found
    case none
    case stopped
  }

  /// So many nodes of a state get that pattern.
  struct Dealt {
    let state: Int
    let pattern: Int
    var nodes: Int
  }

  let patterns: [NodePatterns]
  let counts: [Int]
  /// [state] Patterns that may be used.
  let useful: [[Int]]
  let roleCount: Int
  private let volume: Double

  /// States by how many patterns can be used, fewest first.
  let order: [Int]
  private var proofs: [PackingPrices] = []
  private var none: DemandSet
  /// Steps left, and at which this stage gives way to the next one.
  var steps = 0
  private(set) var floor = 0
  /// From this place in the order on, all patterns are tried; before it, only the relaxation's.
  private var openFrom = 0
  /// What is dealt now.
  var trail: [Dealt] = []

  init(_ patterns: [NodePatterns], _ counts: [Int], useful: [[Int]]) {
    self.patterns = patterns
    self.counts = counts
    self.useful = useful
    roleCount = patterns[0].roleCount
    order = counts.indices.sorted { (useful[$0].count, $0) < (useful[$1].count, $1) }
    var volume = 0.0
    for state in counts.indices {
      // Of each role the most that any pattern has.
      for role in 0..<roleCount {
        let every = stride(from: role, to: patterns[state].members.count, by: roleCount)
        volume += Double(counts[state]) * Double(every.reduce(0) { max($0, patterns[state].members[$1]) })
      }
    }
    self.volume = volume
    none = DemandSet(length: roleCount + 1, limit: 1 << 20)
  }

  mutating func run(_ needs: [Int], steps: Int) -> Verdict {
    self.steps = steps
    var last = 2
    while true {
      openFrom = max(order.count - last, 0)
      // An early stage that does not come to an end leaves most of the steps to those after it.
      floor = openFrom == 0 ? 0 : self.steps - self.steps / 8
      let verdict = visit(0, needs, nil)
      if verdict == .found || openFrom == 0 || self.steps <= 0 { return verdict }
      trail = []
      last *= 2
    }
  }

  /// Deals the states from `place` on. `guide`: a relaxation of the rest that is still the best one.
  mutating func visit(_ place: Int, _ needs: [Int], _ guide: (PackingRelaxation, first: Int)?) -> Verdict {
    if needs.allSatisfy({ $0 == 0 }) { return .found }
    if place == order.count { return .none }
    steps -= 1
    if steps < floor { return .stopped }
    for proof in proofs where proof.rest[place] < proof.worth(needs) { return .none }
    let key = [place] + needs
    if none.contains(key) { return .none }

    var guide = guide
    if guide == nil {
      let relaxation = PackingRelaxation(patterns, counts, order[place...], needs: needs, steps: &steps)
      let prices = PackingPrices(
        relaxation.prices, volume: volume, patterns, counts, order, from: place, steps: &steps)
      if prices.rest[place] < prices.worth(needs) {
        remember(prices, place)
        none.insert(key)
        return .none
      }
      guide = (relaxation, place)
    }
    let (relaxation, first) = guide!
    let verdict = round(place, needs, relaxation, first)
    if verdict != .none || place < openFrom { return verdict }

    let prices = PackingPrices(relaxation.prices, volume: volume, patterns, counts, order, from: place, steps: &steps)
    var deal = PackingDeal(self, place, needs, prices, relaxation.target(order[place], place - first, counts))
    let all = deal.run(&self)
    if all == .none { none.insert(key) }
    return all
  }

  /// Keeps a proof in place of an older one; the first one, of the whole, stays. A proof holds from its place on,
  /// so before it nothing may be read from it.
  private mutating func remember(_ prices: PackingPrices, _ place: Int) {
    var prices = prices
    if place > 0 { prices = prices.unusable(before: place) }
    if proofs.count < 12 { proofs.append(prices) } else { proofs[1 + steps % 11] = prices }
  }

  /// The relaxation's numbers of nodes, rounded down, and each way to deal the nodes that this leaves.
  private mutating func round(
    _ place: Int, _ needs: [Int], _ relaxation: PackingRelaxation, _ first: Int
  ) -> Verdict {
    let state = order[place]
    let target = relaxation.target(state, place - first, counts)
    if target.isEmpty { return .none }
    let exact = target.count == 1
    let whole = target.map { Int($0.nodes) }
    let left = counts[state] - whole.reduce(0, +)
    if left < 0 || left > target.count { return .none }
    // Subsets of `left` patterns that get a node more, those of the largest fractions first.
    let fractions = target.map { $0.nodes - Double(Int($0.nodes)) }
    let subsets = (0..<(1 << target.count)).filter { $0.nonzeroBitCount == left }.map { subset in
      (subset, target.indices.reduce(0.0) { subset >> $1 & 1 == 1 ? $0 + fractions[$1] : $0 })
    }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    for (subset, _) in subsets {
      let begin = trail.count
      var rest = needs
      for (index, (pattern, _)) in target.enumerated() {
        let nodes = whole[index] + (subset >> index & 1)
        if nodes > 0 { give(pattern, of: state, to: nodes, &rest) }
      }
      let verdict = visit(place + 1, rest, exact ? (relaxation, first) : nil)
      if verdict != .none { return verdict }
      trail.removeLast(trail.count - begin)
    }
    return .none
  }

  mutating func give(_ pattern: Int, of state: Int, to nodes: Int, _ rest: inout [Int]) {
    for role in rest.indices {
      rest[role] = max(rest[role] - nodes * patterns[state].members[pattern * roleCount + role], 0)
    }
    trail.append(Dealt(state: state, pattern: pattern, nodes: nodes))
  }
}

extension PackingPrices {
  /// The same prices; before that place no sum was made.
  func unusable(before place: Int) -> PackingPrices {
    PackingPrices(prices: prices, best: best, rest: rest.enumerated().map { $0 < place ? Int.max : $1 })
  }

  private init(prices: [Int], best: [Int], rest: [Int]) {
    self.prices = prices
    self.best = best
    self.rest = rest
  }
}

extension PackingRelaxation {
  /// How many nodes of a state get which pattern; `place` counts from the first state of the relaxation.
  func target(_ state: Int, _ place: Int, _ counts: [Int]) -> [(pattern: Int, nodes: Double)] {
    var result: [(pattern: Int, nodes: Double)] = []
    for (picks, weight) in parts {
      if let same = result.firstIndex(where: { $0.pattern == picks[place] }) {
        result[same].nodes += weight
      } else {
        result.append((picks[place], weight))
      }
    }
    if result.count == 1 { return [(result[0].pattern, Double(counts[state]))] }
    return result.map { ($0.pattern, $0.nodes * Double(counts[state])) }
  }
}
