/// Finds the domain that a gang of one role goes to: the lowest that offers enough, and among these the best by the
/// aims. Offers alone decide most of it; `Packer` is asked about the few that may be best.
struct PackingSearch {
  let offers: Offers
  let opened: Opened
  /// The gang stays in this domain.
  let base: (level: Int, place: Int)
  let limits: OfferLimits
  /// Of a member on a node, by lane; nil where scores are looked at only when the domains are chosen.
  var scoreOf: ((Int) -> Int)?
  /// Up to so many nodes all plans are compared, scores included.
  private static let mostScored = 256
  var order: DomainOrder { offers.order }
  private var nodeLevel: Int { offers.order.depth + 1 }
  /// Domains that are looked at closely.
  static let mostCandidates = 4096

  init(_ offers: Offers, _ opened: Opened, _ limits: OfferLimits, within base: (level: Int, place: Int)) {
    self.offers = offers
    self.opened = opened
    self.limits = limits
    self.base = base
  }

  /// Where running members are outside of the base: the deepest level on which both are in one domain.
  private var bridge: Int? {
    guard base.level > 0, let common = opened.common else { return nil }
    func isShared(_ level: Int) -> Bool {
      order.home(base.level, base.place, on: level) == order.home(common.level, common.place, on: level)
    }
    if common.level >= base.level && isShared(base.level) { return nil }
    return stride(from: Swift.min(base.level, common.level), through: 0, by: -1).first(where: isShared)
  }

  /// The most members that a domain of a level offers, and its place; levels above the base are the base itself.
  func largest(_ level: Int) -> (offer: Int, place: Int) {
    if let bridge { return level > bridge ? (0, -1) : (offer(base.level, base.place), base.place) }
    if let common = opened.common {
      guard level <= common.level else { return (0, -1) }
      let place = ancestor(common.level, common.place, on: max(level, base.level))
      return (offer(max(level, base.level), place), place)
    }
    if level <= base.level { return (offer(base.level, base.place), base.place) }
    let range = places(level)
    var best = (offer: 0, place: range.isEmpty ? -1 : range.lowerBound)
    let most = base.level == 0 ? offers.largest(level) : Int.max
    for place in range where offer(level, place) > best.offer {
      best = (offer(level, place), place)
      if best.offer == most { break }
    }
    return best
  }

  /// The most that any domain of a level offers, without saying which.
  private func mostOffered(_ level: Int) -> Int {
    base.level == 0 && opened.isEmpty ? offers.largest(level) : largest(level).offer
  }

  func offer(_ level: Int, _ place: Int) -> Int {
    level == nodeLevel ? Int(offers.fits[place]) : offers.offer(level, place)
  }

  /// The places of the base's domains on a level.
  func places(_ level: Int) -> Range<Int> {
    if level <= base.level { return base.place..<base.place + 1 }
    if level == nodeLevel {
      let leaves = order.leaves(base.level, base.place)
      return Int(order.firstLane[leaves.lowerBound])..<Int(order.firstLane[leaves.upperBound])
    }
    return order.descendants(base.level, base.place, on: level)
  }

  /// Of the base's nodes that offer something; nil where there are many. Lanes without a node do not count: how many there
  /// are depends on what has ever been there.
  var fewLanes: [Int]? {
    // what so many offer can be told from the sum
    guard offer(base.level, base.place) <= Self.mostScored * offers.largest(nodeLevel) else { return nil }
    var lanes: [Int] = []
    for leaf in order.leaves(base.level, base.place) where offers.offer(order.depth, leaf) > 0 {
      for lane in Int(order.firstLane[leaf])..<Int(order.firstLane[leaf + 1]) where offers.fits[lane] > 0 {
        if lanes.count == Self.mostScored { return nil }
        lanes.append(lane)
      }
    }
    return lanes
  }

  func ancestor(_ level: Int, _ place: Int, on wanted: Int) -> Int {
    order.home(level, place, on: wanted)
  }

  /// The domains of a level that may hold the gang where members run; nil where none does.
  func homes(_ level: Int) -> [Int]? {
    if let bridge { return level == base.level && bridge >= 0 ? [base.place] : [] }
    return opened.common.map { level <= $0.level ? [ancestor($0.level, $0.place, on: level)] : [] }
  }

  /// The best plan for `count` members on a level not above `least`; nil where no domain offers enough.
  func plan(_ count: Int, least: Int) -> PackingPlan? {
    if let bridge {
      guard least <= bridge, offer(base.level, base.place) >= count else { return nil }
      return finish(count, base.level, (0, [base.place]))
    }
    let least = max(least, base.level)
    if let common = opened.common {
      guard common.level >= least else { return nil }
      for level in stride(from: common.level, through: least, by: -1) {
        let place = ancestor(common.level, common.place, on: level)
        if offer(level, place) >= count { return finish(count, level, (0, [place])) }
      }
      return nil
    }
    for level in stride(from: nodeLevel, through: least, by: -1) where mostOffered(level) >= count {
      if let plan = finish(count, level, isCountedByOffer(level) ? nil : candidates(count, level)) { return plan }
    }
    return nil
  }

  /// Nodes and leaf domains are many: those that offer least are looked at first, by what is counted of offers.
  private func isCountedByOffer(_ level: Int) -> Bool { level >= order.depth }

  // MARK: Candidates

  /// Domains that offer enough and open the fewest children, by what they offer.
  private func candidates(_ count: Int, _ level: Int) -> (fewest: Int, places: [Int]) {
    var fewest = Int.max
    var list: [(offer: Int, place: Int)] = []
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4096) { scratch in
      for place in level == base.level ? base.place..<base.place + 1 : places(level) {
        let offer = offers.offer(level, place)
        guard offer >= count else { continue }
        let children = leastChildren(count, level, place, atMost: fewest, scratch)
        if children > fewest { continue }
        if children < fewest {
          fewest = children
          list.removeAll(keepingCapacity: true)
        }
        list.append((offer, place))
      }
    }
    list.sort { ($0.offer, $0.place) < ($1.offer, $1.place) }
    return (fewest, list.map(\.place))
  }

  /// The fewest children that hold `count`; more than `limit` where it is more.
  @inline(__always)
  private func leastChildren(
    _ count: Int, _ level: Int, _ place: Int, atMost limit: Int, _ scratch: UnsafeMutableBufferPointer<UInt32>
  ) -> Int {
    let range = order.children(level, place)
    let cells = offers.sums[level + 1]
    var largest: UInt32 = 0
    for child in range { largest = max(largest, cells[child]) }
    if limit < Int.max && limit * Int(largest) < count { return Int.max }
    guard range.count <= scratch.count, Int(largest) < scratch.count else {
      var values = range.map { Int(cells[$0]) }
      return Packer.leastItems(&values, for: count)
    }
    if Int(largest) < 128 {
      // few values: how often each occurs
      for value in 0...Int(largest) { scratch[value] = 0 }
      for child in range { scratch[Int(cells[child])] += 1 }
      var (left, used, value) = (count, 0, Int(largest))
      while left > 0 {
        let taken = min(Int(scratch[value]), (left + value - 1) / value)
        left -= taken * value
        used += taken
        value -= 1
      }
      return used
    }
    var held = 0
    for child in range {
      var at = held
      while at > 0 && scratch[at - 1] < cells[child] {
        scratch[at] = scratch[at - 1]
        at -= 1
      }
      scratch[at] = cells[child]
      held += 1
    }
    var (left, used) = (count, 0)
    while left > 0 {
      left -= Int(scratch[used])
      used += 1
    }
    return used
  }

  /// The fewest domains on the levels below a candidate that any placement could do with.
  private func floor(_ count: Int, below level: Int) -> [Int] {
    level >= nodeLevel
      ? []
      : (level + 1...nodeLevel).map { below in
        below == nodeLevel && offers.manyLanes == 0
          ? count : (count + max(1, offers.largest(below)) - 1) / max(1, offers.largest(below))
      }
  }

  // MARK: The best

  private func finish(_ count: Int, _ level: Int, _ candidates: (fewest: Int, places: [Int])?) -> PackingPlan? {
    var state = Finishing(floor: floor(count, below: level), ranked: ParentRanks(offers))
    if let candidates {
      // all of them open that many
      if opened.isEmpty && !limits.isAboutAmounts { state.floor[0] = candidates.fewest }
      for place in candidates.places where !state.isSettled(offer(level, place)) {
        consider(count, level, place, &state)
      }
    } else {
      considerByOffer(count, level, &state)
    }
    if let choice = state.best?.choice {
      state.best!.lanes = Packer(offers, opened, state.ranked, steps: 0).nodes(of: choice)
    }
    return state.best
  }

  private struct Finishing {
    var floor: [Int]
    var best: PackingPlan?
    var bestOffer = Int.max
    var looked = 0
    var packerSteps = Packer.mostSteps
    var amountSteps = AmountPacker.mostSteps
    let ranked: ParentRanks

    /// Whether domains that offer so much cannot be better any more.
    func isSettled(_ offer: Int) -> Bool {
      guard let best else { return false }
      return offer > bestOffer && best.aims.domains == floor
    }
  }

  /// Leaf domains or nodes, from those that offer least.
  private func considerByOffer(_ count: Int, _ level: Int, _ state: inout Finishing) {
    let isUnit = level == nodeLevel || (offers.manyLanes == 0 && !limits.isAboutAmounts)
    var offered = count
    var rest: [Int]?
    while !state.isSettled(offered) {
      if base.level > 0 || rest != nil || scoreOf != nil {
        // not counted: look at all
        let all = rest ?? Array(places(level))
        let sorted = all.filter { offer(level, $0) >= offered }.sorted {
          (offer(level, $0), $0) < (offer(level, $1), $1)
        }
        for place in sorted where !state.isSettled(offer(level, place)) {
          if isUnit && state.best != nil && offer(level, place) > state.bestOffer { return }
          consider(count, level, place, &state)
        }
        return
      }
      guard let next = offers.smallest(level, atLeast: offered) else {
        rest = Array(places(level))
        offered = max(offered, Offers.counted)
        if isUnit && state.best != nil { return }
        continue
      }
      if isUnit && state.best != nil { return }
      if level == nodeLevel {
        if let place = nodeOffering(next, for: count) { consider(count, level, place, &state) }
      } else if level == 0 {
        consider(count, level, 0, &state)
      } else if isUnit {
        if let place = childOffering(level, next) { consider(count, level, place, &state) }
      } else {
        for parent in 0..<order.ids[level - 1].count {
          offers.children(level - 1, parent, offering: next) { consider(count, level, $0, &state) }
        }
      }
      offered = next + 1
    }
  }

  /// Compares what is left over around two domains of a level, from the narrowest to the widest.
  private func isTighter(_ level: Int, _ place: Int, than other: Int) -> Bool {
    var (a, b, level) = (place, other, level)
    while level > base.level {
      if level == nodeLevel {
        (a, b) = (order.leaf(ofLane: a), order.leaf(ofLane: b))
      } else {
        (a, b) = (Int(order.parents[level][a]), Int(order.parents[level][b]))
      }
      level -= 1
      if a == b { return false }
      let (left, right) = (offers.offer(level, a), offers.offer(level, b))
      if left != right { return left < right }
    }
    return false
  }

  /// The domain of a level offering exactly so many in the tightest surroundings.
  private func childOffering(_ level: Int, _ wanted: Int) -> Int? {
    var best: Int?
    for parent in 0..<order.ids[level - 1].count {
      if let best {
        let own = Int(order.parents[level][best])
        if offers.offer(level - 1, parent) > offers.offer(level - 1, own) { continue }
        if offers.offer(level - 1, parent) == offers.offer(level - 1, own)
          && !isTighter(level - 1, parent, than: own)
        {
          continue
        }
      }
      var first: Int?
      offers.children(level - 1, parent, offering: wanted) { if first == nil { first = $0 } }
      if let first { best = first }
    }
    return best
  }

  /// The same for nodes.
  private func nodeOffering(_ wanted: Int, for count: Int) -> Int? {
    var best: Int?
    var bestLeaf = 0
    for leaf in 0..<order.ids[order.depth].count where offers.offer(order.depth, leaf) >= count {
      if best != nil {
        let (offer, other) = (offers.offer(order.depth, leaf), offers.offer(order.depth, bestLeaf))
        if offer > other || (offer == other && !isTighter(order.depth, leaf, than: bestLeaf)) { continue }
      }
      for lane in Int(order.firstLane[leaf])..<Int(order.firstLane[leaf + 1]) where offers.fits[lane] == wanted {
        (best, bestLeaf) = (lane, leaf)
        break
      }
    }
    return best
  }

  private func consider(_ count: Int, _ level: Int, _ place: Int, _ state: inout Finishing) {
    let offered = offer(level, place)
    if state.looked >= Self.mostCandidates {
      state.best?.isBounded = true
      if state.best != nil { return }
    }
    state.looked += 1
    guard let choice = pack(count, level, place, &state) else { return }
    var plan = PackingPlan(level: level, place: place)
    plan.aims.domains = choice.domains
    plan.aims.left = [offered - count] + choice.left
    plan.aims.score = choice.score
    plan.isScoreBest = scoreOf != nil && choice.kinds == nil && !choice.isBounded
    plan.aims.around = stride(from: level - 1, through: base.level, by: -1).map {
      offers.offer($0, ancestor(level, place, on: $0)) - count
    }
    plan.domainsBound = choice.bound
    plan.isBounded = choice.isBounded
    plan.choice = choice
    if let best = state.best {
      let isBounded = best.isBounded || plan.isBounded
      if plan.aims < best.aims { (state.best, state.bestOffer) = (plan, offered) }
      let isScoreBest = best.isScoreBest && plan.isScoreBest
      state.best!.isScoreBest = isScoreBest
      let isLower = plan.domainsBound.lexicographicallyPrecedes(best.domainsBound)
      state.best!.domainsBound = isLower ? plan.domainsBound : best.domainsBound
      state.best!.isBounded = isBounded
    } else {
      (state.best, state.bestOffer) = (plan, offered)
    }
  }

  private func pack(_ count: Int, _ level: Int, _ place: Int, _ state: inout Finishing) -> Packer.Choice? {
    if limits.isAboutAmounts || scoreOf != nil {
      var packer = AmountPacker(offers, opened, limits, steps: state.amountSteps, scoreOf: scoreOf ?? { _ in 0 })
      let choice = packer.pack(count, level: level, place: place)
      state.amountSteps = packer.steps
      if limits.isAboutAmounts || !choice.isBounded { return choice }
    }
    var packer = Packer(offers, opened, state.ranked, steps: state.packerSteps)
    defer { state.packerSteps = packer.steps }
    let known =
      scoreOf != nil
      ? nil
      : state.best.flatMap { best in
        offer(level, place) >= state.bestOffer ? (best.aims.domains, state.bestOffer) : nil
      }
    return packer.pack(count, level: level, place: place, beside: known)
  }
}
