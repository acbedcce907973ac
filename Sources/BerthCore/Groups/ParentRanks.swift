/// Parents, in the sense of `ParentSearch`, in the order of what they offer, and of what they are worth at a price: with
/// these, whole choices of domains above them are seen to be no better than the best, without a look at the parents.
/// Good for one state of the offers.
final class ParentRanks {
  private let offers: Offers
  /// That of the parents: leaf domains, or where all nodes take one member each, those above.
  let level: Int
  /// That a search has found to give the highest bound; 0: none has been made.
  var price = 0 {
    didSet { if price != oldValue { byWorth = [:] } }
  }
  /// By place of the domain above the parents, descending.
  private var byOffer: [Int: [Int]] = [:]
  private var byWorth: [Int: [Int]] = [:]

  init(_ offers: Offers) {
    self.offers = offers
    level = offers.manyLanes == 0 ? offers.order.depth - 1 : offers.order.depth
  }

  /// How many children of a parent offer so much, by value; nil where some offer too much to be counted.
  func counts(_ parent: Int) -> [UInt16]? {
    level == offers.order.depth ? offers.countsOfNodes(parent) : offers.countsOfChildren(parent)
  }

  /// The fewest parents under some domains that offer so many.
  func fewest(under domains: [Int], for wanted: Int) -> Int {
    var (left, count) = (wanted, 0)
    merge(domains.map(offered(under:))) { offer in
      left -= offer
      count += 1
      return left > 0
    }
    return left > 0 ? .max : count
  }

  /// The fewest children, at least, that so many parents under some domains need; nil where that is not known.
  func bound(under domains: [Int], opening parents: Int, for wanted: Int) -> Int? {
    guard price > 0 else { return nil }
    for domain in domains where byWorth[domain] == nil {
      guard let worths = findWorths(under: domain) else { return nil }
      byWorth[domain] = worths
    }
    var (left, count) = (wanted, 0)
    merge(domains.map { byWorth[$0]! }) { worth in
      left -= worth
      count += 1
      return count < parents
    }
    return max(parents, left > 0 ? (left + price - 1) / price : 0)
  }

  private func offered(under domain: Int) -> [Int] {
    if let known = byOffer[domain] { return known }
    let found = offers.order.children(level - 1, domain).map { offers.offer(level, $0) }.sorted(by: >)
    byOffer[domain] = found
    return found
  }

  private func findWorths(under domain: Int) -> [Int]? {
    var worths: [Int] = []
    for parent in offers.order.children(level - 1, domain) {
      guard let counts = counts(parent) else { return nil }
      var worth = 0
      for value in stride(from: price + 1, to: counts.count, by: 1) { worth += Int(counts[value]) * (value - price) }
      worths.append(worth)
    }
    return worths.sorted(by: >)
  }

  /// Gives the values of some descending lists to `body`, the largest first, until it returns false.
  private func merge(_ lists: [[Int]], _ body: (Int) -> Bool) {
    if lists.count == 1 {
      for value in lists[0] where !body(value) { return }
      return
    }
    var next = [Int](repeating: 0, count: lists.count)
    while true {
      var largest = -1
      for index in lists.indices where next[index] < lists[index].count {
        if largest < 0 || lists[index][next[index]] > lists[largest][next[largest]] { largest = index }
      }
      guard largest >= 0 else { return }
      next[largest] += 1
      if !body(lists[largest][next[largest] - 1]) { return }
    }
  }
}
