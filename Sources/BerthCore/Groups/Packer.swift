/// Packs members of one role into a domain, where nothing but offers and aims decides: how many go to a domain is then
/// nobody's concern, only which domains are opened.
///
/// The aims are followed level by level. The fewest domains that are enough are the largest ones, m of them; each choice
/// of m that is enough leads to a problem of the same kind on the next level, among the children of the chosen. At the
/// bottom, where single nodes are chosen, or leaf domains whose nodes take one member each, it has a closed form
/// (`ExactSum`). A chosen domain that no chosen child lies in cannot be: with one domain less it would have been enough.
struct Packer {
  let offers: Offers
  let opened: Opened
  /// Choices of domains that may still be looked at.
  private(set) var steps: Int
  static let mostSteps = 4000

  private var order: DomainOrder { offers.order }
  private var nodeLevel: Int { offers.order.depth + 1 }

  private let ranked: ParentRanks

  init(_ offers: Offers, _ opened: Opened, _ ranked: ParentRanks, steps: Int = Packer.mostSteps) {
    self.offers = offers
    self.opened = opened
    self.ranked = ranked
    self.steps = steps
  }

  /// What is chosen from one level on: domains and left over by level, and the nodes to take from.
  struct Choice {
    var domains: [Int]
    var left: [Int]
    var bound: [Int]
    /// Leaf domains whose nodes may be taken from, where there are `kinds`.
    var leaves: [Int] = []
    /// Where there are none: nodes and how many members they get.
    var lanes: [(lane: Int, offer: Int)] = []
    /// By offer: how many nodes that are not opened yet are to be; nil: `lanes` say all.
    var kinds: [Int: Int]?
    /// Of all members, where scores were looked at.
    var score = 0
    var isBounded = false

    func isBetter(than other: Choice) -> Bool {
      domains != other.domains
        ? domains.lexicographicallyPrecedes(other.domains) : left.lexicographicallyPrecedes(other.left)
    }
  }

  /// The best way to take `count` members from a domain that offers as many; nil if that cannot be better than the best
  /// of a domain that offers no more.
  mutating func pack(_ count: Int, level: Int, place: Int, beside best: (domains: [Int], offer: Int)? = nil) -> Choice?
  {
    if level == nodeLevel {
      return Choice(domains: [], left: [], bound: [], lanes: [(place, count)])
    }
    if level == order.depth { return chooseNodes(count, leaves: [place]) }
    if let best, isHopeless(count, [place], level: level, best.domains, isLarger: offer(level, place) > best.offer) {
      return nil
    }
    let pool = Array(order.children(level, place))
    guard let search = parentSearch(count, level: level + 1, among: pool) else {
      return choose(count, level: level + 1, among: pool)
    }
    if let best {
      // it offers no less, so it had to open less
      let floor = [search.count, search.bound]
      let known = Array(best.domains.prefix(2))
      if known.lexicographicallyPrecedes(floor) || (known == floor && offer(level, place) > best.offer) { return nil }
    }
    return choose(count, level: level + 1, search)
  }

  /// The nodes of a choice that may get members, with what they offer or get.
  func nodes(of choice: Choice) -> [(lane: Int, offer: Int)] {
    guard let kinds = choice.kinds else { return choice.lanes }
    var wanted = [Bool](repeating: false, count: 65)
    for (kind, count) in kinds where count > 0 && kind < 65 { wanted[kind] = true }
    var nodes: [(lane: Int, offer: Int)] = []
    for leaf in choice.leaves {
      visitNodes(of: leaf) { lane, fit, isOwn in
        let isWanted = fit < 65 ? wanted[fit] : kinds[fit, default: 0] > 0
        if isWanted || isOwn { nodes.append((lane, fit)) }
      }
    }
    return nodes
  }

  // MARK: Domains

  private func offer(_ level: Int, _ place: Int) -> Int { offers.offer(level, place) }

  /// The fewest domains of a pool that are enough beside the opened ones, which cost nothing.
  func leastDomains(_ count: Int, level: Int, among pool: [Int]) -> Int {
    var left = count
    if !opened.isEmpty { for place in pool where opened.has(level, place) { left -= offer(level, place) } }
    guard left > 0 else { return 0 }
    var values: [Int] = []
    values.reserveCapacity(pool.count)
    for place in pool where !opened.has(level, place) {
      let value = offer(level, place)
      if value > 0 { values.append(value) }
    }
    return Self.leastItems(&values, for: left)
  }

  static func leastItems(_ values: inout [Int], for wanted: Int) -> Int {
    values.sort(by: >)
    var (left, count) = (wanted, 0)
    for value in values {
      left -= value
      count += 1
      if left <= 0 { return count }
    }
    return Int.max
  }

  private mutating func choose(_ count: Int, level: Int, among pool: [Int]) -> Choice {
    let isLast = level == order.depth
    if isLast && offers.manyLanes == 0 { return chooseLeaves(count, among: pool) }
    if let search = parentSearch(count, level: level, among: pool) { return choose(count, level: level, search) }
    let own = pool.filter { opened.has(level, $0) }
    let before = own.reduce(0) { $0 + offer(level, $1) }
    let others = pool.filter { offer(level, $0) > 0 && !opened.has(level, $0) }
      .sorted { (offer(level, $1), $0) < (offer(level, $0), $1) }
    let fewest = leastDomains(count, level: level, among: pool)
    var search = DomainSearch(
      values: others.map { offer(level, $0) }, wanted: count - before, count: fewest)
    var best: Choice?
    var bounded = false
    let grandchildren = isLast ? [] : pool.flatMap { Array(order.children(level, $0)) }
    while let picked = search.next() {
      if steps <= 0 {
        bounded = true
        if best != nil { break }
      }
      steps -= 1 + picked.count / 16
      let chosen = (own + picked.map { others[$0] }).sorted()
      var choice: Choice
      if isLast {
        choice = chooseNodes(count, leaves: chosen)
      } else {
        let offered = picked.reduce(before) { $0 + search.values[$1] }
        if let best {
          let isLarger = offered - count > best.left[0]
          if isHopeless(count, chosen, level: level, Array(best.domains[1...]), isLarger: isLarger) { continue }
        }
        let children = chosen.flatMap { Array(order.children(level, $0)) }
        if let best, isHopeless(count, level: level + 1, children, best, offered: offered) { continue }
        choice = choose(count, level: level + 1, among: children)
      }
      choice.domains.insert(own.count + fewest, at: 0)
      choice.left.insert(before + picked.reduce(0) { $0 + search.values[$1] } - count, at: 0)
      bounded = bounded || choice.isBounded
      if best.map({ choice.isBetter(than: $0) }) ?? true { best = choice }
    }
    var choice = best!
    choice.isBounded = bounded
    choice.bound = [own.count + fewest] + choice.domains.dropFirst()
    if bounded {
      choice.bound = [own.count + fewest] + lowerBounds(count, level: level + 1, among: grandchildren, pool)
    }
    return choice
  }

  /// Two levels at once, where the lower one is the bottom; nil where it is not.
  func parentSearch(_ count: Int, level: Int, among pool: [Int]) -> ParentSearch? {
    guard opened.isEmpty, level == ranked.level else { return nil }
    var parents: [ParentSearch.Parent] = []
    parents.reserveCapacity(pool.count)
    for place in pool where offer(level, place) > 0 {
      guard let counts = ranked.counts(place) else { return nil }
      parents.append(ParentSearch.Parent(place: place, offer: offer(level, place), counts: counts))
    }
    return ParentSearch(parents, wanted: count, count: leastDomains(count, level: level, among: pool))
  }

  private mutating func choose(_ count: Int, level: Int, _ search: ParentSearch) -> Choice {
    var search = search
    let outcome = search.run(steps: &steps)
    ranked.price = search.price
    let chosen = outcome.chosen.map { search.parents[$0].place }.sorted()
    var choice =
      level == order.depth
      ? chooseNodes(count, leaves: chosen)
      : chooseLeaves(count, among: chosen.flatMap { Array(order.children(level, $0)) })
    choice.domains.insert(chosen.count, at: 0)
    choice.left.insert(outcome.offer - count, at: 0)
    choice.bound = [chosen.count, outcome.bound] + choice.domains.dropFirst(2)
    choice.isBounded = choice.isBounded || outcome.isBounded
    return choice
  }

  /// Whether a choice that offers so much, and whose children these are, cannot be better than the best.
  private func isHopeless(_ count: Int, level: Int, _ children: [Int], _ best: Choice, offered: Int) -> Bool {
    var floor = [leastDomains(count, level: level, among: children) + openedCount(level, children)]
    if floor[0] < best.domains[1] { return false }
    if floor[0] == best.domains[1], let search = parentSearch(count, level: level, among: children) {
      floor.append(search.bound)
    }
    let known = Array(best.domains[1...].prefix(floor.count))
    return known.lexicographicallyPrecedes(floor)
      || (known == floor && floor.count > 1 && offered - count > best.left[0])
  }

  /// The same told by what is ranked already, which is quick: a choice of domains, against what the best one opens below
  /// them; `isLarger`: it offers more than the best does.
  private func isHopeless(_ count: Int, _ chosen: [Int], level: Int, _ best: [Int], isLarger: Bool) -> Bool {
    guard opened.isEmpty, level + 1 == ranked.level, best.count > 1 else { return false }
    let fewest = ranked.fewest(under: chosen, for: count)
    if fewest != best[0] { return fewest > best[0] }
    guard let bound = ranked.bound(under: chosen, opening: fewest, for: count) else { return false }
    return bound > best[1] || (bound == best[1] && isLarger)
  }

  private func openedCount(_ level: Int, _ pool: [Int]) -> Int {
    opened.isEmpty ? 0 : pool.reduce(0) { $0 + (opened.has(level, $1) ? 1 : 0) }
  }

  /// The fewest domains on each further level, whatever is chosen on the levels before.
  private func lowerBounds(_ count: Int, level: Int, among pool: [Int], _ leaves: [Int]) -> [Int] {
    if level > order.depth {
      return [fewestNodes(count, leaves)]
    }
    let next = level == order.depth ? [] : pool.flatMap { Array(order.children(level, $0)) }
    return [leastDomains(count, level: level, among: pool) + openedCount(level, pool)]
      + lowerBounds(count, level: level + 1, among: next, pool)
  }

  // MARK: The bottom

  /// Calls `body` with the nodes of a leaf domain that take members or have some: lane, offer, whether it is opened.
  @inline(__always)
  private func visitNodes(of leaf: Int, _ body: (Int, Int, Bool) -> Void) {
    opened.visit(nodeLevel, Int(order.firstLane[leaf])..<Int(order.firstLane[leaf + 1])) { lane, isOwn in
      let fit = Int(offers.fits[lane])
      if fit > 0 || isOwn { body(lane, fit, isOwn) }
    }
  }

  /// Opened nodes, what they offer together, and what the others offer.
  private func nodes(of leaves: [Int]) -> (own: Int, before: Int, others: [Int]) {
    var (own, before, others) = (0, 0, [Int]())
    for leaf in leaves {
      visitNodes(of: leaf) { _, fit, isOwn in
        if isOwn {
          own += 1
          before += fit
        } else {
          others.append(fit)
        }
      }
    }
    return (own, before, others)
  }

  private func fewestNodes(_ count: Int, _ leaves: [Int]) -> Int {
    var (own, before, others) = nodes(of: leaves)
    return own + (count > before ? Self.leastItems(&others, for: count - before) : 0)
  }

  /// Leaf domains whose nodes take one member each: how many nodes there are is settled, and none has anything left.
  private func chooseLeaves(_ count: Int, among pool: [Int]) -> Choice {
    let level = order.depth
    let own = pool.filter { opened.has(level, $0) }
    let before = own.reduce(0) { $0 + offer(level, $1) }
    let others = pool.filter { !opened.has(level, $0) && offer(level, $0) > 0 }
    let sum = ExactSum(others.map { offer(level, $0) })
    let fewest = count > before ? sum.leastCount(for: count - before)! : 0
    let exact = sum.choose(fewest, for: count - before)
    let chosen = (own + pick(others, exact, sum) { offer(level, $0) }).sorted()
    // nodes that are opened already, and what they offer
    let (ownNodes, taken, _) = opened.isEmpty ? (0, 0, []) : nodes(of: chosen)
    let nodes = ownNodes + max(0, count - taken)
    let domains = [own.count + fewest, nodes]
    return Choice(
      domains: domains, left: [before + exact.sum - count, max(0, taken - count)], bound: domains, leaves: chosen,
      kinds: [1: max(0, count - taken)], isBounded: exact.isBounded)
  }

  /// Single nodes of leaf domains that are all opened.
  private func chooseNodes(_ count: Int, leaves: [Int]) -> Choice {
    let (own, before, others) = nodes(of: leaves)
    let sum = ExactSum(others)
    let fewest = count > before ? sum.leastCount(for: count - before)! : 0
    let exact = sum.choose(fewest, for: count - before)
    let domains = [own + fewest]
    var kinds: [Int: Int] = [:]
    for (kind, count) in zip(sum.kinds, exact.counts) { kinds[kind.value] = count }
    return Choice(
      domains: domains, left: [before + exact.sum - count], bound: domains, leaves: leaves, kinds: kinds,
      isBounded: exact.isBounded)
  }

  /// As many of each kind as were chosen, the first ones.
  private func pick<Item>(
    _ items: [Item], _ choice: ExactSum.Choice, _ sum: ExactSum, _ value: (Item) -> Int
  ) -> [Item] {
    var left = choice.counts
    return items.filter { item in
      let kind = sum.kind(of: value(item))
      left[kind] -= 1
      return left[kind] >= 0
    }
  }
}
