import BerthPacking
import CBerth

// Gangs in rings and tori: a node each, next to each other.

extension GangPlacer {
  private struct Site {
    let fabric: GangFabric
    let isFree: [Bool]
    let scores: [Int64]
    var free: Int { isFree.count { $0 } }
  }

  /// As many members as fit into one of the fabrics; of those that do the one with the fewest free places.
  func placeInFabric() -> Bool {
    let offers = offers(0)
    if offers.rule.isInterdependent { limitFlags |= UInt32(BERTH_GANG_LIMIT_CONSTRAINTS) }
    let sites = request.fabrics.map { site($0, offers) }.enumerated()
      .sorted { ($0.element.free, $0.offset) < ($1.element.free, $1.offset) }.map(\.element)
    let role = request.roles[0]
    for count in stride(from: role.most, through: max(1, role.least), by: -1) {
      for site in sites where site.free >= count {
        guard let places = places(count, in: site) else { continue }
        let mark = engine.mark
        if place(places, of: site, offers.rule) { return true }
        takeBack(to: mark)
      }
    }
    proof.needed = role.least
    proof.available = sites.reduce(0) { max($0, $1.free >= $0 ? largest($1, below: role.least) : 0) }
    proof.level = nodeLevel
    proof.best = UInt32(BERTH_NO_DOMAIN)
    return role.least == 0
  }

  private func site(_ fabric: GangFabric, _ offers: Offers) -> Site {
    var isFree = [Bool](repeating: false, count: fabric.slots.count)
    var nodes: [NodeChoice.Node] = []
    for (place, slot) in fabric.slots.enumerated() {
      guard let slot, self.place(slot, on: base.level) == base.place || base.level == 0 else { continue }
      let lane = order.lane(slot)
      isFree[place] = offers.fits[lane] > 0
      if isFree[place] { nodes.append(NodeChoice.Node(slot: slot, lane: lane, offer: 1, members: 1, score: 0)) }
    }
    score(&nodes, 0)
    let bySlot = Dictionary(uniqueKeysWithValues: nodes.map { ($0.slot, $0.score) })
    let limit = FabricRing.scoreLimit
    let scores = fabric.slots.map { slot in max(-limit, min(limit, slot.flatMap { bySlot[$0] } ?? 0)) }
    return Site(fabric: fabric, isFree: isFree, scores: scores)
  }

  private func torus(_ site: Site) -> FabricTorus {
    let sizes = site.fabric.sizes
    return FabricTorus(
      sizes: FabricBox(x: sizes.x, y: sizes.y, z: sizes.z), isFree: site.isFree, scores: site.scores)
  }

  private func places(_ count: Int, in site: Site) -> [Int]? {
    if site.fabric.kind == Int(BERTH_FABRIC_RING) {
      return FabricRing(isFree: site.isFree, scores: site.scores).arc(of: count)
    }
    let boxes = site.fabric.boxes?.map { FabricBox(x: $0.x, y: $0.y, z: $0.z) }
    return torus(site).place(count, declared: boxes)?.places
  }

  /// The most members, but fewer than asked, that a fabric holds.
  private func largest(_ site: Site, below wanted: Int) -> Int {
    if site.fabric.kind == Int(BERTH_FABRIC_RING) {
      return FabricRing(isFree: site.isFree, scores: site.scores).longestArc
    }
    return min(wanted - 1, torus(site).largestBox()?.volume ?? 0)
  }

  private func place(_ places: [Int], of site: Site, _ rule: FitRule) -> Bool {
    places.allSatisfy { assume(0, site.fabric.slots[$0]!, score: site.scores[$0], rule) }
  }
}
