import CBerth

// Gangs of several roles. Role after role is packed within a domain, the largest first or the smallest first; where
// neither way works, `RolePacking` searches exactly. The domains are tried from the lowest level up, those first of
// which the largest role leaves least over.

extension GangPlacer {
  /// Roles by how many members they have, largest first.
  private func bySize(_ counts: [Int]) -> [Int] {
    request.roles.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
  }

  /// The role whose members are counted in what is left over.
  var mainRole: Int { bySize(counts)[0] }

  func placeRoles() -> Bool {
    if isContradiction {
      prove()
      return false
    }
    noteInterdependence()
    // preferred levels of roles are given up one after the other, the last role's first
    let wishes = request.roles.indices.filter { request.roles[$0].preferred > request.roles[$0].required }
    let isElastic = request.roles.contains { $0.most > $0.least }
    for kept in stride(from: wishes.count, through: 0, by: -1) {
      let wishes = Set(wishes.prefix(kept))
      counts = request.roles.map(\.least)
      guard counts.contains(where: { $0 > 0 }) ? placeCounts(wishes: wishes) : isElastic else { continue }
      if !isElastic { return true }
      grow(wishes)
      if counts.contains(where: { $0 > 0 }) { return placeCounts(wishes: wishes) }
      takeBackAll()
      // nobody need come, but for somebody a wish is given up
      if kept == 0 { return true }
    }
    prove()
    return false
  }

  /// Roles that are to keep apart, and to be together.
  private var isContradiction: Bool {
    guard request.separate > 0 else { return false }
    let runs = Set(request.running.map(\.role))
    let coming = request.roles.count { $0.least > 0 }
    let present = request.roles.indices.count { request.roles[$0].least > 0 || runs.contains($0) }
    // those that run may be outside of the domain that the others are kept to
    return present > 1 && request.required >= request.separate || coming > 1 && base.level >= request.separate
  }

  /// Gives elastic roles as many members as fit, one role after the other; what was placed is taken back.
  private func grow(_ wishes: Set<Int>) {
    let mark = engine.mark
    func fits(_ role: Int, _ count: Int) -> Bool {
      counts[role] = count
      defer { takeBack(to: mark) }
      return placeCounts(wishes: wishes)
    }
    takeBackAll()
    for role in request.roles.indices where request.roles[role].most > counts[role] {
      let step = request.roles[role].slices.first?.members ?? 1
      var (low, high) = (counts[role] / step, request.roles[role].most / step)
      while low < high {
        let middle = (low + high + 1) / 2
        if fits(role, middle * step) { low = middle } else { high = middle - 1 }
      }
      counts[role] = low * step
    }
  }

  /// The level on which a role's members are to be together.
  private func level(_ role: Int, _ wishes: Set<Int>) -> Int {
    wishes.contains(role) ? request.roles[role].preferred : request.roles[role].required
  }

  /// Places so many members of each role in the lowest domain where they fit.
  private func placeCounts(wishes: Set<Int>) -> Bool {
    takeBackAll()
    let main = bySize(counts)[0]
    let mainLimits = limits(main)
    let offers = limited(main, mainLimits)
    let search = PackingSearch(offers, opened(), mainLimits, within: base)
    let least = max(request.required, base.level)
    // where the largest role would go alone is best, if the others find room there
    plan = search.plan(counts[main], least: request.required)
    scoreBound = 0
    guard let alone = plan else { return false }
    if placeAround(main, alone, offers, wishes) {
      // what is kept away from other roles is still offered; of a class that others share, offers are no more as before
      let isShared = request.roles.indices.contains {
        $0 != main && request.roles[$0].podClass == request.roles[main].podClass
      }
      planned = request.separate > 0 || isShared ? nil : offers
      return true
    }
    takeBackAll()
    planned = nil
    for level in stride(from: alone.level, through: least, by: -1) {
      // trials have come and gone
      let search = PackingSearch(limited(main, mainLimits), opened(), mainLimits, within: base)
      for place in candidates(level, main, search) where placeCounts(in: (level, place), wishes) { return true }
    }
    return false
  }

  /// The largest role where it is best, the others with it, the larger ones first.
  private func placeAround(_ main: Int, _ alone: PackingPlan, _ offers: Offers, _ wishes: Set<Int>) -> Bool {
    guard level(main, wishes) <= alone.level, isAtHome(main, in: (alone.level, alone.place), wishes) else {
      return false
    }
    let others = bySize(counts).filter { $0 != main && counts[$0] > 0 }
    if alone.isBounded { limitFlags |= UInt32(BERTH_GANG_LIMIT_STEPS) }
    for role in [main] + others { bestScore(role, counts[role]) }
    guard carryOut(alone, counts[main], role: main, offers) else { return false }
    return others.allSatisfy { placeRole($0, in: (alone.level, alone.place), wishes) }
  }

  /// Domains of a level that offer each role enough, on its own; what the largest role leaves over is least first.
  private func candidates(_ level: Int, _ main: Int, _ search: PackingSearch) -> [Int] {
    if let homes = search.homes(level) { return homes }
    guard search.largest(level).offer >= counts[main] else { return [] }
    let others = request.roles.indices.filter { $0 != main && counts[$0] > 0 }
    let views = others.map { ($0, limited($0, limits($0))) }
    let places = level <= base.level ? base.place..<base.place + 1 : search.places(level)
    let list = places.filter { place in
      search.offer(level, place) >= counts[main]
        && views.allSatisfy { role, offers in
          (level == nodeLevel ? Int(offers.fits[place]) : offers.offer(level, place)) >= counts[role]
        }
    }
    return list.sorted { (search.offer(level, $0), $0) < (search.offer(level, $1), $1) }
  }

  private func placeCounts(in domain: (level: Int, place: Int), _ wishes: Set<Int>) -> Bool {
    let mark = engine.mark
    let largestFirst = bySize(counts).filter { counts[$0] > 0 }
    for roles in largestFirst.count > 1 ? [largestFirst, largestFirst.reversed()] : [largestFirst] {
      if roles.allSatisfy({ placeRole($0, in: domain, wishes) }) { return true }
      takeBack(to: mark)
    }
    let isFree =
      request.separate == 0
      && request.roles.indices.allSatisfy {
        !request.roles[$0].hasLimits && level($0, wishes) <= domain.level
      }
    guard isFree else {
      limitFlags |= UInt32(BERTH_GANG_LIMIT_ORDER)
      return false
    }
    if packExactly(in: domain) { return true }
    takeBack(to: mark)
    return false
  }

  private func placeRole(_ role: Int, in domain: (level: Int, place: Int), _ wishes: Set<Int>) -> Bool {
    let limits = limits(role, avoiding: members)
    let offers = limited(role, limits)
    // what the role itself has opened decides where it may go, what others have opened where it is welcome
    let isBound = level(role, wishes) > domain.level
    let search = PackingSearch(
      offers, isBound ? opened(role, beside: members) : opened(beside: members), limits, within: domain)
    guard isBound || isAtHome(role, in: domain, wishes),
      let plan = search.plan(counts[role], least: isBound ? level(role, wishes) : 0)
    else { return false }
    if plan.isBounded { limitFlags |= UInt32(BERTH_GANG_LIMIT_STEPS) }
    return carryOut(plan, counts[role], role: role, offers)
  }

  /// Whether a role that goes to a domain is on its level together with those of its members that run, who may be outside
  /// of what the gang is kept to.
  private func isAtHome(_ role: Int, in domain: (level: Int, place: Int), _ wishes: Set<Int>) -> Bool {
    let wanted = level(role, wishes)
    guard wanted > 0, let common = opened(role).common else { return true }
    return common.level >= wanted
      && order.home(common.level, common.place, on: wanted) == order.home(domain.level, domain.place, on: wanted)
  }

  func takeBackAll() {
    if let start { takeBack(to: start) }
  }

  /// The role that alone is too much, or the largest where they are too much together.
  func prove() {
    var proofs: [GangProof] = []
    for role in request.roles.indices {
      let limits = limits(role, keepingApart: false)
      let search = PackingSearch(limited(role, limits), opened(role), limits, within: base)
      let required = max(request.required, request.roles[role].required)
      let most = search.largest(required)
      proofs.append(
        GangProof(role: role, level: max(required, base.level), needed: request.roles[role].least, most, search))
    }
    proof = proofs.first { $0.available < $0.needed } ?? proofs[bySize(request.roles.map(\.least))[0]]
    if proof.available >= proof.needed { proof.resource = UInt32(BERTH_ANY_RESOURCE) }
  }
}
