/// Packs members where it matters how many each domain gets (multiples, limits per domain): the tree's dynamic program.
///
/// For a domain and every amount that it may get, a *cost* is known: domains opened and left over on each level below.
/// Costs of siblings add up, so amounts are dealt out child by child, each time keeping the cheapest way to every total.
/// Costs are compared as a whole (domains first, widest level first, then what is left over), which adding preserves.
struct AmountPacker {
  let offers: Offers
  let opened: Opened
  let limits: OfferLimits
  /// Of a member on a node, by lane.
  private let scoreOf: (Int) -> Int
  private(set) var steps: Int
  static let mostSteps = 4_000_000

  private var order: DomainOrder { offers.order }
  private var nodeLevel: Int { offers.order.depth + 1 }

  init(
    _ offers: Offers, _ opened: Opened, _ limits: OfferLimits, steps: Int = AmountPacker.mostSteps,
    scoreOf: @escaping (Int) -> Int = { _ in 0 }
  ) {
    self.scoreOf = scoreOf
    self.offers = offers
    self.opened = opened
    self.limits = limits
    self.steps = steps
  }

  /// Costs by amount, in units of `step`; width numbers each: domains by level, left over by level, negated score.
  private final class Table {
    let step: Int
    let width: Int
    var costs: [Int]
    var exists: [Bool]
    /// By child that can take something: its place, its table, and by total what it gets.
    var children: [(place: Int, table: Table?, taken: [Int32])] = []

    init(step: Int, width: Int, units: Int) {
      self.step = step
      self.width = width
      costs = [Int](repeating: 0, count: (units + 1) * width)
      exists = [Bool](repeating: false, count: units + 1)
    }
    var units: Int { exists.count - 1 }
  }

  mutating func pack(_ count: Int, level: Int, place: Int) -> Packer.Choice {
    if level == nodeLevel {
      var choice = Packer.Choice(domains: [], left: [], bound: [], lanes: [(place, count)])
      choice.score = scoreOf(place) * count
      return choice
    }
    guard let table = table(count, level, place), table.exists[count / table.step] else {
      return greedy(count, level, place)
    }
    let base = count / table.step * table.width
    let half = table.width / 2
    var choice = Packer.Choice(
      domains: Array(table.costs[base..<base + half]), left: Array(table.costs[base + half..<base + 2 * half]),
      bound: [])
    choice.bound = choice.domains
    choice.score = -table.costs[base + 2 * half]
    collect(table, count, level, &choice.lanes)
    choice.lanes.sort { $0.lane < $1.lane }
    return choice
  }

  private func collect(_ table: Table, _ count: Int, _ level: Int, _ lanes: inout [(lane: Int, offer: Int)]) {
    var total = count / table.step
    for child in table.children.reversed() {
      let taken = Int(child.taken[total])
      total -= taken
      let amount = taken * limits.step(level + 1)
      if let below = child.table {
        collect(below, amount, level + 1, &lanes)
      } else if amount > 0 {
        lanes.append((child.place, amount))
      }
    }
  }

  private func childPlaces(_ level: Int, _ place: Int) -> Range<Int> {
    level == order.depth
      ? Int(order.firstLane[place])..<Int(order.firstLane[place + 1]) : order.children(level, place)
  }

  private func offer(_ level: Int, _ place: Int) -> Int {
    level == nodeLevel ? Int(offers.fits[place]) : offers.offer(level, place)
  }

  /// nil: more work than is left.
  private mutating func table(_ count: Int, _ level: Int, _ place: Int) -> Table? {
    // amounts are dealt out in the children's multiples; those of the domain itself are among them
    let step = limits.step(level + 1)
    let width = 2 * (nodeLevel - level) + 1
    let units = min(count, offer(level, place)) / step
    let table = Table(step: step, width: width, units: units)
    table.exists[0] = true
    var reach = 0
    for child in childPlaces(level, place) {
      let isOpened = opened.has(level + 1, child)
      let own = min(offer(level + 1, child), count) / step
      if own == 0 && !isOpened { continue }
      steps -= (reach + 1) * (own + 1) * width
      guard steps > 0 else { return nil }
      var below: Table?
      if level + 1 < nodeLevel {
        below = self.table(own * step, level + 1, child)
        if below == nil { return nil }
      }
      let most = offer(level + 1, child)
      reach = min(units, reach + own)
      add(child, below, own, most, isOpened, reach, to: table)
    }
    return table
  }

  private func add(
    _ child: Int, _ below: Table?, _ own: Int, _ offered: Int, _ isOpened: Bool, _ reach: Int, to table: Table
  ) {
    let (width, half) = (table.width, table.width / 2)
    var costs = [Int](repeating: 0, count: table.costs.count)
    var exists = [Bool](repeating: false, count: table.exists.count)
    var taken = [Int32](repeating: 0, count: table.exists.count)
    var cost = [Int](repeating: 0, count: width)
    let score = below == nil ? scoreOf(child) : 0
    for amount in 0...own {
      for index in 0..<width { cost[index] = 0 }
      if let below {
        let unit = amount * table.step / below.step
        guard below.exists[unit] else { continue }
        let belowHalf = below.width / 2
        for index in 0..<belowHalf {
          cost[1 + index] = below.costs[unit * below.width + index]
          cost[half + 1 + index] = below.costs[unit * below.width + belowHalf + index]
        }
        cost[width - 1] = below.costs[unit * below.width + below.width - 1]
      }
      if amount > 0 || isOpened {
        cost[0] = 1
        cost[half] = offered - amount * table.step
        if below == nil { cost[width - 1] = -score * amount * table.step }
      }
      for total in amount...max(amount, reach) where total <= reach && table.exists[total - amount] {
        let from = (total - amount) * width
        let to = total * width
        if exists[total] && !isLess(table.costs, from, cost, than: costs, to, width) { continue }
        for index in 0..<width { costs[to + index] = table.costs[from + index] + cost[index] }
        exists[total] = true
        taken[total] = Int32(amount)
      }
    }
    (table.costs, table.exists) = (costs, exists)
    table.children.append((child, below, taken))
  }

  private func isLess(
    _ a: [Int], _ from: Int, _ cost: [Int], than b: [Int], _ to: Int, _ width: Int
  ) -> Bool {
    for index in 0..<width {
      let sum = a[from + index] + cost[index]
      if sum != b[to + index] { return sum < b[to + index] }
    }
    return false
  }

  // MARK: Too much for the tables

  /// Opened domains first, then the largest, the last one the smallest that is enough.
  private func greedy(_ count: Int, _ level: Int, _ place: Int) -> Packer.Choice {
    var domains = [Int](repeating: 0, count: nodeLevel - level)
    var left = [Int](repeating: 0, count: nodeLevel - level)
    var lanes: [(lane: Int, offer: Int)] = []
    deal(count, level, place, 0, &domains, &left, &lanes)
    var bound: [Int] = []
    for below in level + 1...nodeLevel {
      var values: [Int] = []
      let range =
        below == nodeLevel
        ? Int(
          order.firstLane[order.leaves(level, place).lowerBound])..<Int(
            order.firstLane[order.leaves(level, place).upperBound])
        : order.descendants(level, place, on: below)
      for child in range where offer(below, child) > 0 { values.append(offer(below, child)) }
      bound.append(opened.isEmpty ? Packer.leastItems(&values, for: count) : 0)
    }
    lanes.sort { $0.lane < $1.lane }
    return Packer.Choice(domains: domains, left: left, bound: bound, lanes: lanes, isBounded: true)
  }

  private func deal(
    _ count: Int, _ level: Int, _ place: Int, _ depth: Int, _ domains: inout [Int], _ left: inout [Int],
    _ lanes: inout [(lane: Int, offer: Int)]
  ) {
    if level == nodeLevel {
      if count > 0 { lanes.append((place, count)) }
      return
    }
    let children = childPlaces(level, place).filter { offer(level + 1, $0) > 0 || opened.has(level + 1, $0) }
      .sorted {
        let (a, b) = (opened.has(level + 1, $0), opened.has(level + 1, $1))
        return a != b ? a : (offer(level + 1, $1), $0) < (offer(level + 1, $0), $1)
      }
    var rest = count
    var index = 0
    var used = Set<Int>()
    while index < children.count {
      let child = children[index]
      index += 1
      if used.contains(child) { continue }
      var chosen = child
      let isOpened = opened.has(level + 1, child)
      if !isOpened {
        if rest == 0 { break }
        // the last one as tight as can be
        if offer(level + 1, child) >= rest {
          chosen = children.last { !used.contains($0) && !opened.has(level + 1, $0) && offer(level + 1, $0) >= rest }!
        }
      }
      used.insert(chosen)
      let amount = min(rest, offer(level + 1, chosen))
      rest -= amount
      domains[depth] += 1
      left[depth] += offer(level + 1, chosen) - amount
      if amount > 0 || isOpened { deal(amount, level + 1, chosen, depth + 1, &domains, &left, &lanes) }
    }
  }
}
