/// What a gang leaves of the offers for one of its roles: multiples per domain, so many per domain at the most, and none
/// where another role is that it has to keep away from.
struct OfferLimits {
  /// Widest level first; levels are those of `DomainOrder`, nodes last.
  var slices: [(level: Int, members: Int)] = []
  var spreadLevel = 0
  /// 0: no limit.
  var spreadMembers = 0
  /// Members of the role by place on the spread level.
  var spreadTaken: [Int: Int] = [:]
  var excludedLevel = 0
  var excluded: Set<Int> = []
  let nodeLevel: Int

  init(nodeLevel: Int) { self.nodeLevel = nodeLevel }

  /// Only which domains are opened matters, not how many members each gets.
  var isAboutAmounts: Bool { !slices.isEmpty || spreadMembers > 0 }
  var isEmpty: Bool { !isAboutAmounts && excluded.isEmpty }
  /// Multiples above the nodes leave these alone; what holds for a domain holds for all within it.
  var changesNodes: Bool { slices.contains { $0.level == nodeLevel } || spreadMembers > 0 || !excluded.isEmpty }

  /// Members come to a domain of the level in multiples of this.
  func step(_ level: Int) -> Int { slices.first { $0.level >= level }?.members ?? 1 }

  /// What is left of the offer of a domain, or of a node, in the domains around it.
  func limit(_ offer: Int, level: Int, _ place: Int, _ order: DomainOrder) -> Int {
    var offer = offer
    if spreadMembers > 0 && level >= spreadLevel {
      let home = order.home(level, place, on: spreadLevel)
      offer = min(offer, max(0, spreadMembers - spreadTaken[home, default: 0]))
    }
    if !excluded.isEmpty && level >= excludedLevel {
      if excluded.contains(order.home(level, place, on: excludedLevel)) { return 0 }
    }
    let step = step(level)
    return step == 1 ? offer : offer - offer % step
  }
}
