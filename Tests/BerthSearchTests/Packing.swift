import BerthSearch

/// A small problem to search on: items of sizes, bins with capacities, a price for each item in each bin. Everything is
/// added up again at every question.
struct Packing: AssignmentProblem {
  let sizes: [Int]
  let capacities: [Int]
  /// By item and bin.
  let prices: [[Int]]
  var bins: [Int]
  let swaps: Bool

  init(seed: UInt64, items: Int, bins: Int, swaps: Bool = true) {
    var random = SearchRandom(seed: seed)
    sizes = (0..<items).map { _ in 1 + random.below(4) }
    prices = (0..<items).map { _ in (0..<bins).map { _ in random.below(100) } }
    self.bins = (0..<items).map { _ in random.below(bins) }
    var used = [Int](repeating: 0, count: bins)
    for (item, bin) in self.bins.enumerated() { used[bin] += sizes[item] }
    capacities = used.map { $0 + random.below(3) }
    self.swaps = swaps
  }

  var itemCount: Int { sizes.count }
  var binCount: Int { capacities.count }
  var objective: Int { Self.objective(bins, prices) }

  static func objective(_ bins: [Int], _ prices: [[Int]]) -> Int {
    bins.enumerated().reduce(0) { $0 + prices[$1.offset][$1.element] }
  }

  func isValid(_ bins: [Int]) -> Bool {
    var used = [Int](repeating: 0, count: capacities.count)
    for (item, bin) in bins.enumerated() { used[bin] += sizes[item] }
    return zip(used, capacities).allSatisfy { $0 <= $1 }
  }

  func bin(of item: Int) -> Int { bins[item] }

  func change(moving item: Int, to bin: Int) -> Int? {
    var after = bins
    after[item] = bin
    return bins[item] == bin || !isValid(after) ? nil : Self.objective(after, prices) - objective
  }

  func change(swapping first: Int, with second: Int) -> Int? {
    var after = bins
    after.swapAt(first, second)
    return !swaps || bins[first] == bins[second] || !isValid(after) ? nil : Self.objective(after, prices) - objective
  }

  mutating func move(_ item: Int, to bin: Int) { bins[item] = bin }
  mutating func swap(_ first: Int, with second: Int) { bins.swapAt(first, second) }
  mutating func restore(_ bins: [Int]) { self.bins = bins }

  /// The least objective of all assignments to which allowed moves and swaps lead: not all that obey the rules.
  func reachableBest() -> Int {
    var seen: Set = [bins]
    var open = [bins]
    var least = Int.max
    while let here = open.popLast() {
      least = min(least, Self.objective(here, prices))
      for item in here.indices {
        var next = (0..<binCount).map { bin in
          var after = here
          after[item] = bin
          return after
        }
        for other in 0..<item {
          var after = here
          after.swapAt(item, other)
          next.append(after)
        }
        for after in next where !seen.contains(after) && isValid(after) {
          seen.insert(after)
          open.append(after)
        }
      }
    }
    return least
  }

  /// The least objective of all assignments that obey the rules and keep the budget, by going through all of them.
  func best(budget: Int) -> Int {
    var least = Int.max
    var candidate = [Int](repeating: 0, count: itemCount)
    while true {
      let away = zip(candidate, bins).count { $0 != $1 }
      if away <= budget && isValid(candidate) { least = min(least, Self.objective(candidate, prices)) }
      guard let digit = candidate.indices.first(where: { candidate[$0] + 1 < binCount }) else { return least }
      candidate[digit] += 1
      for lower in 0..<digit { candidate[lower] = 0 }
    }
  }
}
