/// All ways to deal the nodes of one state to its patterns, within the budget at the present prices.
struct PackingDeal {
  private struct Item {
    let pattern: Int
    /// What a node loses against the best pattern.
    let loss: Int
    /// Nodes in the relaxation; -1: not in it.
    let target: Int
  }

  private let state: Int
  private let place: Int
  private let members: NodePatterns
  private let roleCount: Int
  private let needs: [Int]
  private var items: [Item] = []
  private var budget: Int
  /// Items with nodes, and how many.
  private var chosen: [(item: Int, nodes: Int)] = []

  init(
    _ search: PackingBranch, _ place: Int, _ needs: [Int], _ prices: PackingPrices,
    _ target: [(pattern: Int, nodes: Double)]
  ) {
    self.place = place
    self.needs = needs
    state = search.order[place]
    members = search.patterns[state]
    roleCount = search.roleCount
    budget = prices.rest[place] - prices.worth(needs)
    for pattern in search.useful[state] {
      let loss = prices.best[state] - members.worth(pattern, prices.prices)
      if loss > budget { continue }
      let nodes = target.first { $0.pattern == pattern }.map { Int($0.nodes + 0.5) } ?? -1
      items.append(Item(pattern: pattern, loss: loss, target: nodes))
    }
    items.sort { ($1.target, $0.loss, $0.pattern) < ($0.target, $1.loss, $1.pattern) }
  }

  mutating func run(_ search: inout PackingBranch) -> PackingBranch.Verdict {
    search.steps -= members.count / 8
    return deal(0, search.counts[state], &search)
  }

  private mutating func deal(_ index: Int, _ left: Int, _ search: inout PackingBranch) -> PackingBranch.Verdict {
    search.steps -= 1
    if search.steps < search.floor { return .stopped }
    if left == 0 { return tryThis(&search) }
    if index == items.count { return .none }
    let item = items[index]
    var most = item.loss > 0 ? min(left, budget / item.loss) : left
    if !goesWithChosen(item.pattern) { most = 0 }
    let least = index == items.count - 1 ? left : 0
    if least > most { return .none }
    // From the relaxation's number outwards: t, t + 1, t - 1, t + 2, ...
    let target = min(max(item.target, least), most)
    var (up, down) = (target, target - 1)
    while up <= most || down >= least {
      for nodes in [up, down] where nodes >= least && nodes <= most {
        let verdict = give(item, nodes, index, left, &search)
        if verdict != .none { return verdict }
      }
      up += 1
      down -= 1
    }
    return .none
  }

  private mutating func give(
    _ item: Item, _ nodes: Int, _ index: Int, _ left: Int, _ search: inout PackingBranch
  ) -> PackingBranch.Verdict {
    if nodes == 0 { return deal(index + 1, left, &search) }
    budget -= nodes * item.loss
    chosen.append((index, nodes))
    defer {
      budget += nodes * item.loss
      chosen.removeLast()
    }
    return deal(index + 1, left - nodes, &search)
  }

  private func tryThis(_ search: inout PackingBranch) -> PackingBranch.Verdict {
    let begin = search.trail.count
    var rest = needs
    for (item, nodes) in chosen { search.give(items[item].pattern, of: state, to: nodes, &rest) }
    let verdict = search.visit(place + 1, rest, nil)
    if verdict != .found { search.trail.removeLast(search.trail.count - begin) }
    return verdict
  }

  /// Whether the components of the difference to each chosen pattern have no common divisor.
  private func goesWithChosen(_ pattern: Int) -> Bool {
    for (item, _) in chosen {
      let other = items[item].pattern
      var divisor = 0
      for role in 0..<roleCount {
        let difference = members.members[pattern * roleCount + role] - members.members[other * roleCount + role]
        divisor = Self.commonDivisor(divisor, abs(difference))
      }
      if divisor > 1 { return false }
    }
    return true
  }

  private static func commonDivisor(_ first: Int, _ second: Int) -> Int {
    var (first, second) = (first, second)
    while second != 0 { (first, second) = (second, first % second) }
    return first
  }
}
