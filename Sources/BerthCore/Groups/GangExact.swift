import BerthPacking
import CBerth

// Roles that compete for the same nodes: exactly, from the distinct states of a domain's nodes.

extension GangPlacer {
  private struct StateKey: Hashable {
    var free: [Int64]
    var most: [Int]
  }

  /// Unconstrained members that did not fit one after the other may still fit.
  func packAnyhow() -> Bool {
    takeBackAll()
    counts = request.roles.map(\.least)
    noteInterdependence()
    for role in request.roles.indices where offers(role).offer(base.level, base.place) < counts[role] {
      prove()
      return false
    }
    if packExactly(in: base) { return true }
    takeBackAll()
    prove()
    return false
  }

  /// Places `counts` members in a domain, if they can be placed at all.
  func packExactly(in domain: (level: Int, place: Int)) -> Bool {
    let roles = request.roles.indices.filter { counts[$0] > 0 }
    let offers = roles.map { self.offers($0) }
    let resources = Set(offers.flatMap { $0.rule.requests.map(\.resource) }).sorted()
    let requests = offers.map { offers in
      resources.map { resource in offers.rule.requests.first { $0.resource == resource }?.value ?? 0 }
    }
    var slots: [StateKey: [UInt32]] = [:]
    visit(domain) { slot in
      let lane = order.lane(slot)
      let most = offers.enumerated().map { min(Int($1.fits[lane]), counts[roles[$0]]) }
      guard most.contains(where: { $0 > 0 }) else { return }
      slots[StateKey(free: free(slot, resources, requests, most), most: most), default: []].append(slot)
    }
    let keys = slots.keys.sorted { slots[$0]![0] < slots[$1]![0] }
    let states = keys.map { RolePacking.State(count: slots[$0]!.count, free: $0.free, most: $0.most) }
    switch RolePacking(requests: requests, states: states).pack(roles.map { counts[$0] }) {
    case .impossible: return false
    case .bounded:
      if roles.count > Int(BERTH_MAX_EXACT_ROLES) { limitFlags |= UInt32(BERTH_GANG_LIMIT_ROLES) }
      if states.count > Int(BERTH_MAX_EXACT_STATES) { limitFlags |= UInt32(BERTH_GANG_LIMIT_STATES) }
      limitFlags |= UInt32(BERTH_GANG_LIMIT_STEPS)
      return false
    case .placed(let patterns):
      var wanted: [(slot: UInt32, role: Int, count: Int)] = []
      for (key, patterns) in zip(keys, patterns) {
        var next = 0
        for pattern in patterns {
          for slot in slots[key]![next..<next + pattern.nodes] {
            for (index, count) in pattern.members.enumerated() where count > 0 {
              wanted.append((slot, roles[index], count))
            }
          }
          next += pattern.nodes
        }
      }
      wanted.sort { ($0.role, $0.slot) < ($1.role, $1.slot) }
      var left = counts
      for entry in wanted {
        let rule = offers[roles.firstIndex(of: entry.role)!].rule
        for _ in 0..<min(entry.count, left[entry.role]) {
          guard assume(entry.role, entry.slot, score: 0, rule) else {
            // ports and devices of one role keep out another
            limitFlags |= UInt32(BERTH_GANG_LIMIT_CONSTRAINTS)
            return false
          }
          left[entry.role] -= 1
        }
      }
      return true
    }
  }

  private func visit(_ domain: (level: Int, place: Int), _ body: (UInt32) -> Void) {
    let rows = engine.cluster.rows
    let isNode = domain.level == nodeLevel
    let leaves =
      isNode
      ? order.leaf(ofLane: domain.place)..<order.leaf(ofLane: domain.place) + 1
      : order.leaves(domain.level, domain.place)
    for leaf in leaves {
      for label in order.labels[leaf] {
        var live = rows.groups[label].live
        while live != 0 {
          let slot = UInt32(label) << 6 | UInt32(live.trailingZeroBitCount)
          live &= live - 1
          if !isNode || order.lane(slot) == domain.place { body(slot) }
        }
      }
    }
  }

  /// What a node has free of some resources, as far as members could use it.
  private func free(_ slot: UInt32, _ resources: [UInt32], _ requests: [[Int64]], _ most: [Int]) -> [Int64] {
    let row = engine.cluster.rows.row(slot)
    return resources.indices.map { index in
      var usable: Int64 = 0
      for (role, count) in most.enumerated() {
        let (part, over) = requests[role][index].multipliedReportingOverflow(by: Int64(count))
        usable = over ? .max : usable.addingReportingOverflow(part).overflow ? .max : usable + part
      }
      let dim = engine.cluster.shapes.dim(of: resources[index], in: row.shape)
      // a resource that the node lacks is one that refuses nothing there
      guard dim >= 0 else { return usable }
      return min(max(0, engine.cluster.capacities(row)[dim] - row.used[dim]), usable)
    }
  }
}
