import CBerth

/// Places one gang: what is done stays done when it succeeds; the caller takes it back when it does not.
final class GangPlacer {
  struct Member {
    var slot: UInt32
    var role: Int
    var placement: berth_placement
  }

  let engine: Engine
  let request: GangRequest
  let order: DomainOrder
  let base: (level: Int, place: Int)
  var limitFlags: UInt32 = 0
  var members: [Member] = []
  /// Members by role that are to be placed.
  var counts: [Int]
  /// What was found out about a role that does not fit.
  var proof = GangProof()
  /// Before anything was placed.
  var start: UndoLog.Mark?
  /// Of the whole gang, where it has one role; its bounds are the gang's. With several roles that of the largest alone.
  var plan: PackingPlan?
  /// What the plan was made from, as it was then.
  var planned: Offers?
  /// By level: opened by the gang, and left over there.
  var domains: [Int] = []
  var leftOver: [Int] = []
  var scoreBound: Int64 = 0
  var common = (level: 0, place: 0)
  var nodeLevel: Int { order.depth + 1 }

  init(_ engine: Engine, _ request: GangRequest) {
    self.engine = engine
    self.request = request
    order = engine.planner.offerTables.order
    order.refresh(engine.cluster)
    let topology = engine.cluster.catalog.topology
    base = (topology.domains[Int(request.domain)].level, Int(order.places[Int(request.domain)]))
    counts = request.roles.map(\.least)
    domains = [Int](repeating: 0, count: order.depth + 2)
    leftOver = domains
  }

  /// Whether the gang was placed; the limits that were hit, if not.
  func run() -> Bool {
    engine.planner.deviceScorer.nextPod = engine.pods.nextID
    if runningBreakRules {
      prove()
      return false
    }
    if !request.isPacked {
      guard placeLoosely(within: request.domain) || packAnyhow() else { return false }
      sayWhatLacks()
      return true
    }
    if !request.fabrics.isEmpty { return placeInFabric() }
    return request.roles.count == 1 ? placeOneRole() : placeRoles()
  }

  /// Places the gang as `place` does, but says nothing of how good that is; nothing is left of one that fails.
  func fits() -> Bool {
    start = engine.mark
    if run() { return true }
    takeBackAll()
    return false
  }

  /// Nothing that is found out of offers is a proof for members that decide on each other.
  func noteInterdependence() {
    if request.roles.indices.contains(where: { offers($0).rule.isInterdependent }) {
      limitFlags |= UInt32(BERTH_GANG_LIMIT_CONSTRAINTS)
    }
  }

  /// Elastic roles took what was left on the best nodes: elsewhere there might have been room for more.
  private func sayWhatLacks() {
    let isShort = request.roles.indices.contains { role in
      members.count { $0.role == role } < request.roles[role].most
    }
    guard isShort else { return }
    noteInterdependence()
    if request.roles.count > 1 { limitFlags |= UInt32(BERTH_GANG_LIMIT_ORDER) }
  }

  /// Running members are where no new ones could make it right.
  private var runningBreakRules: Bool {
    guard !request.running.isEmpty else { return false }
    func isApart(_ role: Int?, _ required: Int) -> Bool { (opened(role).common?.level ?? nodeLevel) < required }
    if isApart(nil, request.required) { return true }
    if request.roles.indices.contains(where: { isApart($0, request.roles[$0].required) }) { return true }
    for (index, role) in request.roles.enumerated() where role.spreadMembers > 0 {
      var counts: [Int: Int] = [:]
      for member in request.running where member.role == index {
        counts[place(member.slot, on: role.spreadLevel), default: 0] += 1
      }
      if counts.values.contains(where: { $0 > role.spreadMembers }) { return true }
    }
    guard request.separate > 0 else { return false }
    var owners: [Int: Int] = [:]
    return request.running.contains { member in
      let home = place(member.slot, on: request.separate)
      defer { owners[home] = member.role }
      return owners[home].map { $0 != member.role } ?? false
    }
  }

  // MARK: Offers

  func offers(_ role: Int) -> Offers {
    let podClass = request.roles[role].podClass
    engine.prepare(podClass)
    let planner = engine.planner
    let offers = planner.offerTables.offers(engine.workload, podClass, planner.asked.version(podClass)) {
      planner.askedClass(engine.workload, podClass)
    }
    return offers
  }

  /// What the gang leaves of a role's offers; nil: all.
  func limits(_ role: Int, avoiding taken: [Member] = [], keepingApart: Bool = true) -> OfferLimits {
    let wanted = request.roles[role]
    var limits = OfferLimits(nodeLevel: nodeLevel)
    limits.slices = wanted.slices
    limits.spreadLevel = wanted.spreadLevel
    limits.spreadMembers = wanted.spreadMembers
    let running = request.running + taken.map { ($0.slot, $0.role) }
    if wanted.spreadMembers > 0 {
      for member in running where member.role == role {
        limits.spreadTaken[place(member.slot, on: wanted.spreadLevel), default: 0] += 1
      }
    }
    if request.separate > 0 && keepingApart {
      limits.excludedLevel = request.separate
      for member in running where member.role != role {
        limits.excluded.insert(place(member.slot, on: request.separate))
      }
    }
    return limits
  }

  func limited(_ role: Int, _ limits: OfferLimits) -> Offers {
    let offers = offers(role)
    return limits.isEmpty ? offers : Offers(offers, limits)
  }

  func place(_ slot: UInt32, on level: Int) -> Int {
    level == nodeLevel ? order.lane(slot) : order.ancestor(order.depth, order.leaf(slot), on: level)
  }

  /// What running members, and others, have opened; of one role or of all.
  func opened(_ role: Int? = nil, beside members: [Member] = []) -> Opened {
    var slots: [UInt32] = []
    for member in request.running where role == nil || member.role == role { slots.append(member.slot) }
    for member in members where role == nil || member.role == role { slots.append(member.slot) }
    return Opened(order, slots)
  }

  // MARK: One role

  private func placeOneRole() -> Bool {
    let role = request.roles[0]
    let limits = limits(0)
    let offers = limited(0, limits)
    if offers.rule.isInterdependent { limitFlags |= UInt32(BERTH_GANG_LIMIT_CONSTRAINTS) }
    var search = PackingSearch(offers, opened(), limits, within: base)
    search.scoreOf = scores(of: 0, search)
    var required = max(request.required, role.required)
    let step = limits.step(0)
    func usable(_ offer: Int) -> Int { min(role.most, offer - offer % step) }
    // a role's preferred level is tried as a required one
    if usable(search.largest(max(required, role.preferred)).offer) >= max(1, role.least) {
      required = max(required, role.preferred)
    }
    let most = search.largest(required)
    let count = usable(most.offer)
    if count == 0 && role.least == 0 && (search.opened.common?.level ?? nodeLevel) >= required { return placeNobody() }
    guard count > 0, count >= role.least, let plan = search.plan(count, least: required) else {
      proof = GangProof(role: 0, level: max(required, base.level), needed: role.least, most, search)
      return offers.rule.isInterdependent && placeOneByOne(required)
    }
    counts = [count]
    if plan.isBounded { limitFlags |= UInt32(BERTH_GANG_LIMIT_STEPS) }
    (self.plan, planned) = (plan, offers)
    if plan.isScoreBest { scoreBound = Int64(plan.aims.score) } else { bestScore(0, count) }
    if carryOut(plan, count, role: 0, offers) { return true }
    takeBackAll()
    return placeOneByOne(required)
  }

  /// A gang that may have no members, and finds no room for any.
  private func placeNobody() -> Bool {
    counts = request.roles.map { _ in 0 }
    return true
  }

  func takeBack(to mark: UndoLog.Mark) {
    engine.undoLog.rollBack(to: mark, in: engine)
    members = []
  }

  /// Puts members where a plan says; false if one is refused there, now that others came.
  func carryOut(_ plan: PackingPlan, _ count: Int, role: Int, _ offers: Offers) -> Bool {
    let nodes = NodeChoice(plan, count, order, opened: openedLanes) { score(&$0, role) }.nodes
    for node in nodes {
      for _ in 0..<node.members where !assume(role, node.slot, score: node.score, offers.rule) { return false }
    }
    return true
  }

  func assume(_ role: Int, _ slot: UInt32, score: Int64, _ rule: FitRule) -> Bool {
    if rule.isInterdependent || !rule.isPlain {
      guard rule.fit(slot, engine.cluster.rows.row(slot)) > 0 else { return false }
    }
    let podClass = request.roles[role].podClass
    guard engine.cluster.canCount(slot, engine.workload.classes.requests(podClass)) else { return false }
    put(role, slot, score: score)
    return true
  }

  /// Puts a member where it fits.
  func put(_ role: Int, _ slot: UInt32, score: Int64) {
    if members.count & 15 == 0 { engine.cluster.forest.reserveBlocks() }
    let owners = PodOwners(podClass: request.roles[role].podClass, identity: berth_pod_identity())
    let placement = engine.assume(owners, slot, score: score)
    members.append(Member(slot: slot, role: role, placement: placement))
  }

  // MARK: One by one

  /// Members decide on each other: in each domain that may do, from the lowest level up, one member after the other.
  private func placeOneByOne(_ required: Int) -> Bool {
    limitFlags |= UInt32(BERTH_GANG_LIMIT_CONSTRAINTS)
    plan = nil
    // multiples and limits per domain are beyond this
    guard !request.roles[0].hasLimits else { return false }
    let search = PackingSearch(offers(0), opened(), limits(0), within: base)
    // those that run may be outside of what the gang is kept to
    guard search.largest(required).place >= 0 else { return false }
    for level in stride(from: order.depth, through: max(required, base.level), by: -1) {
      let places = search.homes(level) ?? Array(search.places(level).prefix(Self.mostDomains))
      for place in places where offers(0).offer(level, place) > 0 {
        let mark = engine.mark
        if placeLoosely(within: order.ids[level][place]) { return true }
        takeBack(to: mark)
      }
    }
    return false
  }
  private static let mostDomains = 256

  /// Member after member on the best node of a domain: minima first, then as many as fit.
  func placeLoosely(within domain: UInt32) -> Bool {
    for role in request.roles.indices where !placeLoosely(role, request.roles[role].least, within: domain) {
      return false
    }
    for role in request.roles.indices {
      _ = placeLoosely(role, request.roles[role].most - request.roles[role].least, within: domain)
    }
    return true
  }

  private func placeLoosely(_ role: Int, _ count: Int, within domain: UInt32) -> Bool {
    let podClass = request.roles[role].podClass
    let owners = PodOwners(podClass: podClass, identity: berth_pod_identity())
    for index in 0..<count {
      engine.prepare(podClass)
      if index & 15 == 0 { engine.cluster.forest.reserveBlocks() }
      if engine.workload.classes.hasSpecial { engine.planner.deviceScorer.nextPod = engine.pods.nextID }
      let best = engine.planner.best(engine.workload, podClass, within: domain)
      guard best.exists, engine.cluster.canCount(best.slot, engine.workload.classes.requests(podClass)) else {
        return false
      }
      let placement = engine.assume(owners, best.slot, score: best.score)
      members.append(Member(slot: best.slot, role: role, placement: placement))
    }
    return true
  }
}
