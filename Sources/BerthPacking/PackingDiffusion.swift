/// Rounds the linear relaxation by error diffusion: node after node gets the pattern that keeps the sum of all so far
/// nearest to the sum of the relaxation's means, and the last three nodes are enumerated.
///
/// Where many patterns are as good as the best, the means are well inside what the nodes can take together, and so is
/// what is left for the last ones: then that sum of few nodes has hardly any holes. This finds the packing of tight
/// demands that corners of the hull, of which the relaxation is made, would miss.
struct PackingDiffusion {
  private let problem: PackingProblem
  private let patterns: [NodePatterns]
  private let useful: [[Int]]
  private let order: [Int]
  private let needs: [Int]
  private let roleCount: Int
  /// [role] How much a member counts in distances.
  private let scale: [Double]
  /// [state][role] Mean of the relaxation.
  private var means: [[Double]]
  /// [state] Patterns near the mean that lose next to nothing.
  private var near: [[Int]]

  /// [state] What the relaxation gives to whole nodes.
  private var targets: [[(pattern: Int, nodes: Double)]]

  private static let nearLimit = 24
  /// More nodes of a state than this are dealt as the relaxation says: so many are enough to make up for the rest.
  private static let nodeLimit = 64

  init(
    _ search: PackingSearch, _ relaxation: PackingRelaxation, _ first: [Int], _ prices: PackingPrices, _ needs: [Int]
  ) {
    problem = search.problem
    patterns = search.patterns
    useful = search.useful
    order = search.order
    self.needs = needs
    roleCount = needs.count
    let largest = relaxation.prices.max()!
    scale = relaxation.prices.map { max($0 / largest, 0x1p-20) }
    means = problem.counts.map { _ in needs.map { _ in 0 } }
    near = problem.counts.map { _ in [] }
    targets = problem.counts.map { _ in [] }
    let nodes = order.reduce(0) { $0 + problem.counts[$1] }
    // An equal part of the budget, or what rounding the prices to integers can make of a tie.
    let budget = max(prices.rest[0] - prices.worth(needs), 0) / nodes
    for (place, state) in first.enumerated() {
      let target = relaxation.target(state, place, problem.counts)
      for (pattern, part) in target {
        for role in needs.indices {
          means[state][role] += part / Double(problem.counts[state]) * Double(members(state, pattern, role))
        }
      }
      targets[state] = target
      let picks = target.map(\.pattern)
      let noise = prices.best[state] >> 24
      let close = useful[state].filter {
        prices.best[state] - patterns[state].worth($0, prices.prices) <= budget + noise && !picks.contains($0)
      }
      let byDistance = close.map { ($0, distance(state, $0, means[state])) }.sorted { $0.1 < $1.1 }
      near[state] = picks + byDistance.prefix(Self.nearLimit).map(\.0)
    }
  }

  private func members(_ state: Int, _ pattern: Int, _ role: Int) -> Int {
    patterns[state].members[pattern * roleCount + role]
  }

  private func distance(_ state: Int, _ pattern: Int, _ target: [Double]) -> Double {
    var sum = 0.0
    for role in 0..<roleCount {
      let difference = (Double(members(state, pattern, role)) - target[role]) * scale[role]
      sum += difference * difference
    }
    return sum
  }

  /// Tries with different states for the last nodes, those with the most patterns first.
  func run(_ steps: inout Int) -> [PackingGroup]? {
    for attempt in 0..<min(2 * order.count, 24) {
      let last = order[order.count - 1 - attempt % order.count]
      let other = order[order.count - 1 - (attempt + 1 + attempt / order.count) % order.count]
      if let groups = diffuse(last, other, attempt, &steps) { return groups }
    }
    return nil
  }

  private func diffuse(_ last: Int, _ other: Int, _ attempt: Int, _ steps: inout Int) -> [PackingGroup]? {
    var counts = problem.counts
    counts[last] -= 1
    counts[other] -= 1
    if counts[other] < 0 { return nil }
    let sequence = order.filter { $0 != last && $0 != other } + (last == other ? [last] : [other, last])
    guard let third = sequence.last(where: { counts[$0] > 0 }) else {
      return pair(last, other, needs, [], &steps)
    }
    counts[third] -= 1
    var groups: [PackingGroup] = []
    var rest = needs
    var error = needs.map { _ in 0.0 }
    for state in sequence where counts[state] > 0 {
      if near[state].count == 1 {
        take(near[state][0], of: state, nodes: counts[state], &rest, &groups)
        continue
      }
      var count = counts[state]
      if count > Self.nodeLimit {
        let share = Double(count - Self.nodeLimit) / Double(problem.counts[state])
        for (pattern, part) in targets[state] {
          let nodes = Int(part * share)
          for role in error.indices {
            error[role] += Double(nodes) * (Double(members(state, pattern, role)) - means[state][role])
          }
          take(pattern, of: state, nodes: nodes, &rest, &groups)
          count -= nodes
        }
      }
      steps -= count * near[state].count
      for _ in 0..<count {
        let target = zip(means[state], error).map { $0 - $1 }
        let pattern = near[state].min { distance(state, $0, target) < distance(state, $1, target) }!
        for role in error.indices { error[role] = Double(members(state, pattern, role)) - target[role] }
        take(pattern, of: state, nodes: 1, &rest, &groups)
      }
    }
    let target = zip(means[third], error).map { $0 - $1 }
    let byDistance = useful[third].map { ($0, distance(third, $0, target)) }.sorted { $0.1 < $1.1 }
    for (pattern, _) in byDistance.prefix(Self.nearLimit + attempt * Self.nearLimit) {
      var left = rest
      var all = groups
      take(pattern, of: third, nodes: 1, &left, &all)
      if let found = pair(last, other, left, all, &steps) { return found }
    }
    return nil
  }

  private func take(
    _ pattern: Int, of state: Int, nodes: Int, _ rest: inout [Int], _ groups: inout [PackingGroup]
  ) {
    if nodes == 0 { return }
    let begin = pattern * roleCount
    let members = Array(patterns[state].members[begin..<begin + roleCount])
    for role in rest.indices { rest[role] -= nodes * members[role] }
    if groups.last?.state == state && groups.last?.members == members {
      groups[groups.count - 1].nodes += nodes
    } else {
      groups.append(PackingGroup(state: state, nodes: nodes, members: members))
    }
  }

  /// Two nodes: every pattern of the first, and whether the second takes the rest.
  private func pair(
    _ first: Int, _ second: Int, _ rest: [Int], _ groups: [PackingGroup], _ steps: inout Int
  ) -> [PackingGroup]? {
    // No node takes more than `most` of a role, so most sums are out of reach at once.
    for role in rest.indices where rest[role] > problem.most[first][role] + problem.most[second][role] { return nil }
    steps -= useful[first].count
    for pattern in useful[first] where problem.fits(second, { rest[$0] - members(first, pattern, $0) }) {
      var groups = groups
      var left = rest
      take(pattern, of: first, nodes: 1, &left, &groups)
      groups.append(PackingGroup(state: second, nodes: 1, members: left.map { max($0, 0) }))
      return groups
    }
    return nil
  }
}
