/// One assignment of all ranks: candidates from nestings, exchanges, and the bound that says when to stop.
struct Solver {
  private let job: Job
  private let traffic: Traffic
  private let slots: Slots
  private var given: (slotOf: [UInt32], cost: Int64) = ([], 0)
  private var best: (slotOf: [UInt32], cost: Int64) = ([], .max)
  private var current: (nesting: Nesting, line: Nesting.Line, cost: Int64)?
  private var bound: Int64
  private var iterations = 0

  init(_ job: Job, _ traffic: Traffic, _ slots: Slots) {
    self.job = job
    self.traffic = traffic
    self.slots = slots
    bound = LowerBound(traffic: traffic, slots: slots, job: job).picoseconds()
  }

  private var isProven: Bool { best.cost <= bound }

  mutating func solve(_ order: [UInt32], _ options: RankOptions) {
    let slotOf = slots.slots(ofPlaces: order)
    given = (slotOf, traffic.cost(slotOf, slots))
    best = given
    if isProven { return }
    if job.rankCount <= options.exhaustiveRanks { return tryAll() }
    if job.flows.isEmpty { nest() } else { offer(Growing.assignment(traffic, slots)) }
    if !isProven && options.iterations > 0 { exchange(options.iterations) }
    settle()
  }

  /// - Returns: whether it is better than the best before.
  @discardableResult
  private mutating func offer(_ slotOf: [UInt32]) -> Bool {
    let cost = traffic.cost(slotOf, slots)
    guard cost < best.cost else { return false }
    best = (slotOf, cost)
    return true
  }

  private mutating func tryAll() {
    let nowhere = [UInt32](repeating: Placing.nowhere, count: job.rankCount)
    var placing = Placing(
      traffic, slots, fixed: nowhere, ranks: Array(0..<job.rankCount), free: Array(0..<slots.count), limit: .max)
    offer(placing.run().slotOf)
    iterations += placing.steps
    bound = best.cost
    settle()
  }

  /// Goes from nesting to better neighbouring nesting, weighing at most so many.
  private mutating func nest() {
    // Halves of halves suit what is made of them; for all else they cost more time than they gain.
    let hasHalves = traffic.patterns.contains { $0.pattern.shape == .tree || $0.pattern.shape == .cube }
    let lines = Nesting.Line.allCases.filter { $0 != .primes || hasHalves }
    for nesting in Nesting.first(job, traffic) {
      for line in lines { weigh(nesting, line) }
    }
    var left = 32
    var seen: Set<Nesting> = []
    while let start = current, left > 0, !isProven {
      for neighbour in start.nesting.neighbours where left > 0 && seen.insert(neighbour).inserted {
        weigh(neighbour, start.line)
        left -= 1
      }
      if let current, current.cost == start.cost { break }
    }
  }

  private mutating func weigh(_ nesting: Nesting, _ line: Nesting.Line) {
    guard !isProven else { return }
    let slotOf = nesting.assignment(job, slots, line)
    let cost = traffic.cost(slotOf, slots)
    if cost < current?.cost ?? .max { current = (nesting, line, cost) }
    if cost < best.cost { best = (slotOf, cost) }
  }

  private mutating func exchange(_ limit: Int) {
    var sizes = [1]
    var order = (0..<UInt32(slots.count)).map { $0 }
    if let current {
      order = current.nesting.order(slots, current.line)
      for factor in current.nesting.ratios(current.line).dropLast() { sizes.append((sizes.last ?? 1) * factor) }
    }
    // A block of more than this would use up the proposals of hundreds of single ranks.
    sizes = sizes.filter { $0 <= max(1, limit / 64) && $0 * 2 <= slots.count || $0 == 1 }
    var search = SwapSearch(traffic, slots, best.slotOf, order: order)
    let gained = search.run(limit, blockSizes: sizes)
    iterations += search.iterations
    if gained > 0 { best = (search.slotOf, best.cost - gained) }
  }

  /// Keeps the order as given if nothing is cheaper; else sorts the ranks within each innermost domain, whose places
  /// are all alike.
  private mutating func settle() {
    guard best.cost < given.cost else {
      best = given
      return
    }
    var rankAt = best.slotOf
    for (rank, slot) in best.slotOf.enumerated() { rankAt[Int(slot)] = UInt32(rank) }
    let starts = slots.starts[slots.levelCount - 1]
    for (start, end) in zip(starts, starts.dropFirst()) {
      for (slot, rank) in zip(start..<end, rankAt[Int(start)..<Int(end)].sorted()) { best.slotOf[Int(rank)] = slot }
    }
  }

  var result: RankAssignment {
    RankAssignment(
      placeOfRank: best.slotOf.map { slots.places[Int($0)] }, costBefore: given.cost,
      bytesBefore: traffic.bytesByLevel(given.slotOf, slots), cost: best.cost,
      bytes: traffic.bytesByLevel(best.slotOf, slots), lowerBound: bound, iterations: iterations)
  }
}
