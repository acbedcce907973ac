/// Two levels at once: which domains to open so that as few as possible of what they hold has to be opened, for example
/// spines and their racks, or racks and their nodes.
///
/// There are parents, each with children that offer something; m parents are opened, the fewest that are enough. Among all
/// choices of m those are wanted that need the fewest children; then those that offer least; then those whose children
/// can be chosen so that these offer least.
///
/// With a price l for every child opened, a parent is worth A(l), the sum of (offer - l) over its children that offer
/// more than l. Whatever m parents and r children are opened, they offer at most l r + the m largest A(l): so r is at least
/// (wanted - these) / l, for every l (Lagrange's bound). With the l that gives the highest bound, choices are enumerated
/// in the order of A(l), and whole branches are left out that cannot be as good as the best one found.
struct ParentSearch {
  struct Parent {
    var place: Int
    var offer: Int
    /// How many children offer so much, by value.
    var counts: [UInt16]
  }
  struct Outcome {
    /// Indexes of parents.
    var chosen: [Int]
    var children: Int
    var offer: Int
    /// What the children that are to be opened offer.
    var childOffer: Int
    /// No choice of m parents needs fewer children.
    var bound: Int
    var isBounded = false
  }

  let parents: [Parent]
  private let wanted: Int
  let count: Int
  private let largest: Int
  private(set) var bound = 0
  private(set) var price = 1
  /// By parent, in the order of the enumeration: its worth at the price.
  private var worth: [Int] = []
  private var order: [Int] = []
  private var prefix: [Int] = []
  private var best: Outcome?
  private var merged: [Int]
  private var picked: [Int] = []

  /// `count` parents, the fewest that are enough.
  init(_ parents: [Parent], wanted: Int, count: Int) {
    self.parents = parents
    self.wanted = wanted
    self.count = count
    largest = parents.reduce(0) { max($0, $1.counts.count - 1) }
    merged = [Int](repeating: 0, count: largest + 1)
    findBound()
  }

  /// Lagrange's bound, at the best price.
  private mutating func findBound() {
    // worth at a price, from the worth at the price above: each child that offers more gains one
    var worths = [Int](repeating: 0, count: parents.count)
    var above = [Int](repeating: 0, count: parents.count)
    var sorted: [Int] = []
    for price in stride(from: largest, through: 1, by: -1) {
      if price < largest {
        for index in parents.indices {
          if price + 1 < parents[index].counts.count { above[index] += Int(parents[index].counts[price + 1]) }
          worths[index] += above[index]
        }
      }
      sorted = worths
      sorted.sort()
      var most = 0
      for index in max(0, sorted.count - count)..<sorted.count { most += sorted[index] }
      let least = max(0, wanted - most + price - 1) / price
      if least > bound || worth.isEmpty { (bound, self.price, worth) = (max(bound, least), price, worths) }
      // the bound is concave in the price (before it is rounded up): it rises, then falls
      if least < bound - 1 { break }
    }
    bound = max(bound, count)
  }

  /// The best choice; `steps` choices are looked at at the most.
  mutating func run(steps: inout Int) -> Outcome {
    order = parents.indices.sorted { (worth[$1], parents[$0].offer, $0) < (worth[$0], parents[$1].offer, $1) }
    prefix = [0]
    for index in order { prefix.append(prefix.last! + worth[index]) }
    descend(0, 0, 0, &steps)
    var outcome = best ?? fallback()
    outcome.bound = outcome.isBounded ? bound : outcome.children
    return outcome
  }

  /// The largest parents: enough, by what m is.
  private func fallback() -> Outcome {
    let chosen = parents.indices.sorted { (parents[$1].offer, $0) < (parents[$0].offer, $1) }.prefix(count)
    var counts = [Int](repeating: 0, count: largest + 1)
    for index in chosen { for (value, count) in parents[index].counts.enumerated() { counts[value] += Int(count) } }
    let children = fewestChildren(counts)!
    return Outcome(
      chosen: Array(chosen), children: children, offer: chosen.reduce(0) { $0 + parents[$1].offer },
      childOffer: childOffer(counts, children), bound: bound, isBounded: true)
  }

  private func fewestChildren(_ counts: [Int]) -> Int? {
    var (left, used) = (wanted, 0)
    var value = largest
    while left > 0 {
      if value == 0 { return nil }
      if counts[value] > 0 {
        let taken = min(counts[value], (left + value - 1) / value)
        left -= taken * value
        used += taken
      }
      value -= 1
    }
    return used
  }

  private func childOffer(_ counts: [Int], _ children: Int) -> Int {
    ExactSum(counts: counts).choose(children, for: wanted).sum
  }

  private mutating func descend(_ from: Int, _ offer: Int, _ value: Int, _ steps: inout Int) {
    let missing = count - picked.count
    if missing == 0 { return look(offer, &steps) }
    guard order.count - from >= missing else { return }
    for at in from...order.count - missing {
      // what these and the next ones are worth at the most
      let most = value + prefix[at + missing] - prefix[at]
      if let best {
        if most + price * best.children < wanted { return }
        if best.isBounded { return }
      }
      if steps <= 0 {
        if best != nil { best!.isBounded = true }
        return
      }
      let index = order[at]
      picked.append(index)
      for (value, count) in parents[index].counts.enumerated() { merged[value] += Int(count) }
      descend(at + 1, offer + parents[index].offer, value + worth[index], &steps)
      for (value, count) in parents[index].counts.enumerated() { merged[value] -= Int(count) }
      picked.removeLast()
    }
  }

  private mutating func look(_ offer: Int, _ steps: inout Int) {
    steps -= 1
    guard offer >= wanted else { return }
    if let best, best.children < bound + 1, offer > best.offer { return }
    guard let children = fewestChildren(merged) else { return }
    if let best {
      if children > best.children || (children == best.children && offer > best.offer) { return }
      if children == best.children && offer == best.offer && best.childOffer == wanted { return }
    }
    steps -= 20
    let childOffer = childOffer(merged, children)
    if let best, children == best.children, offer == best.offer, childOffer >= best.childOffer { return }
    best = Outcome(chosen: picked, children: children, offer: offer, childOffer: childOffer, bound: 0)
  }
}
