import CBerth

/// Why a gang has no place: from offers alone.
struct GangProof {
  var role = 0
  var level = 0
  var needed = 0
  var available = 0
  var best: UInt32 = UInt32(BERTH_ROOT_DOMAIN)
  var enough = 0
  var resource = UInt32(BERTH_ANY_RESOURCE)

  init() {}

  /// A role of which the best domain of a level does not offer enough.
  init(role: Int, level: Int, needed: Int, _ most: (offer: Int, place: Int), _ search: PackingSearch) {
    (self.role, self.level, self.needed, available) = (role, level, needed, most.offer)
    let order = search.offers.order
    let isNode = level > order.depth
    best = isNode || most.place < 0 ? UInt32.max : order.ids[level][most.place]
    enough = search.enough(needed, level: level)
    resource = search.scarcest(level, most.place)
  }
}

extension PackingSearch {
  /// The fewest domains of a level that offer so many together; 0: all of them do not.
  func enough(_ count: Int, level: Int) -> Int {
    if count == 0 { return 0 }
    if base.level == 0, level > 0, let counted = offers.enough(count, level: level) { return counted }
    var values: [Int] = []
    for place in level <= base.level ? base.place..<base.place + 1 : places(level) {
      let value = offer(max(level, base.level), place)
      if value > 0 { values.append(value) }
    }
    let least = Packer.leastItems(&values, for: count)
    return least == Int.max ? 0 : least
  }

  /// Nodes that are looked at for it.
  private static let mostNodes = 256

  /// The resource that keeps most members out of a domain: the others alone would let more in. None where something else
  /// than resources does.
  func scarcest(_ level: Int, _ place: Int) -> UInt32 {
    guard place >= 0 else { return UInt32(BERTH_ANY_RESOURCE) }
    let cluster = offers.rule.cluster
    let requests = offers.rule.requests.filter { $0.kind == .held }
    guard !limits.isAboutAmounts, limits.excluded.isEmpty else { return UInt32(BERTH_ANY_RESOURCE) }
    var sums = [Int](repeating: 0, count: requests.count)
    var fits = 0
    var looked = 0
    let leaves =
      level > order.depth ? order.leaf(ofLane: place)..<order.leaf(ofLane: place) + 1 : order.leaves(level, place)
    for leaf in leaves {
      for label in order.labels[leaf] {
        var live = cluster.rows.groups[label].live
        while live != 0 {
          let slot = UInt32(label) << 6 | UInt32(live.trailingZeroBitCount)
          live &= live - 1
          let row = cluster.rows.row(slot)
          fits += Int(offers.fits[order.lane(slot)])
          for (index, request) in requests.enumerated() {
            let dim = cluster.shapes.dim(of: request.resource, in: row.shape)
            guard dim >= 0 else { continue }
            sums[index] += Int(max(0, cluster.capacities(row)[dim] - row.used[dim]) / request.value)
          }
          looked += 1
        }
      }
      if looked >= Self.mostNodes { break }
    }
    guard let least = sums.indices.min(by: { sums[$0] < sums[$1] }) else { return UInt32(BERTH_ANY_RESOURCE) }
    // where resources alone let half as much again in, something else keeps the members out
    return 2 * sums[least] > 3 * fits + 2 ? UInt32(BERTH_ANY_RESOURCE) : requests[least].resource
  }
}
