/// Puts some ranks on some slots while the others stay: all arrangements where they are few, else step by step.
///
/// Slots of one innermost domain are alike, so of those that are free only the first is tried. A branch ends where its
/// cost, with the cheapest price of all that is still open, reaches the best one found.
struct Placing {
  let traffic: Traffic
  let slots: Slots
  /// The ranks to place, in the order in which they are.
  private let ranks: [Int]
  /// Ascending.
  private let free: [Int]
  /// The slot of each rank; `nowhere` for those that are not placed yet.
  private(set) var slotOf: [UInt32]
  private var taken: [Bool]
  /// What all edges of ranks[i...] cost at least that are counted when these are placed: those to ranks that stay and
  /// to ranks before them.
  private var remainder: [Int64]
  private var best: (cost: Int64, slots: [UInt32])?
  private(set) var steps = 0
  private let limit: Int

  static let nowhere = UInt32.max

  init(_ traffic: Traffic, _ slots: Slots, fixed: [UInt32], ranks: [Int], free: [Int], limit: Int) {
    self.traffic = traffic
    self.slots = slots
    self.ranks = ranks
    self.free = free
    self.limit = limit
    slotOf = fixed
    taken = [Bool](repeating: false, count: free.count)
    remainder = [0]
    // Each rank's edges to those that stay, at its best slot for them alone, and those to ranks before it at the
    // cheapest price of all levels.
    var counted: [Int64] = []
    let first = choices()
    for rank in ranks { counted.append(first.map { cost(rank, at: free[$0]) }.min() ?? 0) }
    var before = [UInt32](repeating: Self.nowhere, count: fixed.count)
    for (index, rank) in ranks.enumerated() {
      counted[index] += Self.cost(traffic, rank, before) { kind, _ in traffic.cheapest(kind) }
      before[rank] = 0
    }
    for cost in counted.reversed() { remainder.append((remainder.last ?? 0) + cost) }
    remainder.reverse()
  }

  /// What the edges of the ranks to place cost in the arrangement that `run` answered with.
  var bestCost: Int64 { best?.cost ?? 0 }

  /// What they cost at least.
  var leastCost: Int64 { remainder[0] }

  /// What goes between the rank and all ranks that are placed.
  private static func cost(
    _ traffic: Traffic, _ rank: Int, _ slotOf: [UInt32], _ price: (_ kind: Int, _ slot: UInt32) -> Int64
  ) -> Int64 {
    var sum: Int64 = 0
    for edge in traffic.starts[rank]..<traffic.starts[rank + 1] {
      let slot = slotOf[Int(traffic.targets[edge])]
      if slot != nowhere { sum += price(Int(traffic.kindOf[edge]), slot) }
    }
    for clique in traffic.cliques {
      for offset in clique.offsets {
        let other = Int(clique.baseOf[rank]) + offset
        if other != rank, slotOf[other] != nowhere { sum += price(clique.kind, slotOf[other]) }
      }
    }
    return sum
  }

  private func cost(_ rank: Int, at slot: Int) -> Int64 {
    Self.cost(traffic, rank, slotOf) { traffic.price($0, slots.linkLevel(slot, Int($1))) }
  }

  /// The free slots that are worth trying: of each innermost domain the first.
  private func choices() -> [Int] {
    var result: [Int] = []
    var last: UInt32?
    for index in free.indices where !taken[index] {
      let domain = slots.rows[free[index] * slots.levelCount + slots.levelCount - 1]
      if domain != last { result.append(index) }
      last = domain
    }
    return result
  }

  private mutating func put(_ rank: Int, _ index: Int) {
    slotOf[rank] = UInt32(free[index])
    taken[index] = true
  }

  private mutating func take(_ rank: Int, _ index: Int) {
    slotOf[rank] = Self.nowhere
    taken[index] = false
  }

  /// The slot of each rank, and whether no other arrangement is cheaper.
  mutating func run() -> (slotOf: [UInt32], isExact: Bool) {
    greedy()
    improve()
    var cost: Int64 = 0
    let arranged = slotOf
    for rank in ranks { slotOf[rank] = Self.nowhere }
    for rank in ranks {
      cost += self.cost(rank, at: Int(arranged[rank]))
      slotOf[rank] = arranged[rank]
    }
    best = (cost, arranged)
    for rank in ranks { slotOf[rank] = Self.nowhere }
    for index in free.indices { taken[index] = false }
    let isExact = search(0, 0)
    return (best?.slots ?? arranged, isExact)
  }

  private mutating func greedy() {
    for rank in ranks {
      let costs = choices().map { (cost: cost(rank, at: free[$0]), index: $0) }
      if let choice = costs.min(by: { ($0.cost, $0.index) < ($1.cost, $1.index) }) { put(rank, choice.index) }
    }
  }

  /// Exchanges two ranks, or a rank's slot for an unused one, as long as that pays.
  private mutating func improve() {
    let budget = limit / 2
    var holder = [Int](repeating: -1, count: free.count)
    for rank in ranks {
      if let index = free.firstIndex(of: Int(slotOf[rank])) { holder[index] = rank }
    }
    var improved = true
    while improved, steps < budget {
      improved = false
      for one in free.indices where holder[one] >= 0 {
        for other in free.indices where other != one && steps < budget && holder[one] >= 0 {
          steps += 1
          guard slots.linkLevel(free[one], free[other]) < slots.levelCount else { continue }
          let (first, second) = (holder[one], holder[other])
          let now = pairCost(first, free[one], second, free[other])
          if pairCost(first, free[other], second, free[one]) < now {
            slotOf[first] = UInt32(free[other])
            if second >= 0 { slotOf[second] = UInt32(free[one]) }
            (holder[one], holder[other]) = (second, first)
            improved = true
          }
        }
      }
    }
    for index in free.indices { taken[index] = holder[index] >= 0 }
  }

  /// What goes to and from two ranks, the second of which may be none, if they were at these slots. What goes between
  /// them costs the same either way, and is left out.
  private mutating func pairCost(_ first: Int, _ slot: Int, _ second: Int, _ otherSlot: Int) -> Int64 {
    let held = (slotOf[first], second >= 0 ? slotOf[second] : 0)
    slotOf[first] = Self.nowhere
    if second >= 0 { slotOf[second] = Self.nowhere }
    var sum = cost(first, at: slot)
    if second >= 0 { sum += cost(second, at: otherSlot) }
    slotOf[first] = held.0
    if second >= 0 { slotOf[second] = held.1 }
    return sum
  }

  /// Whether all that could be cheaper was looked at.
  private mutating func search(_ depth: Int, _ cost: Int64) -> Bool {
    guard depth < ranks.count else {
      if cost < best?.cost ?? .max { best = (cost, slotOf) }
      return true
    }
    for index in choices() {
      guard steps < limit else { return false }
      steps += 1
      let next = cost + self.cost(ranks[depth], at: free[index])
      guard next + remainder[depth + 1] < best?.cost ?? .max else { continue }
      put(ranks[depth], index)
      let isWhole = search(depth + 1, next)
      take(ranks[depth], index)
      if !isWhole { return false }
    }
    return true
  }
}

extension Traffic {
  /// The least price of an edge of the kind on any level.
  func cheapest(_ kind: Int) -> Int64 {
    prices[kind * linkLevels..<(kind + 1) * linkLevels].min() ?? 0
  }
}
