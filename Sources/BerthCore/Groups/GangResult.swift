import CBerth

// What a gang that was placed is told: how many domains it opened, what is left over there, what is proven of that.

extension GangPlacer {
  /// Places the gang; members are in the order in which they are given out, then. Nothing is left of one that fails.
  func place() -> Bool {
    start = engine.mark
    let firstEvent = engine.events.pendingCount
    guard run() else {
      takeBackAll()
      return false
    }
    defer { if request.fabrics.isEmpty { arrange(from: firstEvent) } }
    if !request.isPacked || !request.fabrics.isEmpty {
      openWithoutOffers()
    } else if let planned, plan != nil, !sharesBeyondQuantities {
      open(with: planned)
      compareWithPlan()
      scoreSharedNodes()
    } else if members.isEmpty {
      plan = nil
      open(with: limited(0, limits(0, keepingApart: false)))
    } else {
      measure()
    }
    return true
  }

  /// Members, and the events that tell of them, in the order in which they are given out: not in that of the decisions.
  private func arrange(from firstEvent: Int) {
    func isBefore(_ one: Member, _ other: Member) -> Bool { (one.role, one.slot) < (other.role, other.slot) }
    if !zip(members, members.dropFirst()).contains(where: { isBefore($1, $0) }) { return }
    members.sort(by: isBefore)
    guard engine.events.isOn else { return }
    var rank: [berth_pod_id: Int] = [:]
    for (index, member) in members.enumerated() { rank[member.placement.pod] = index }
    engine.events.arrange(from: firstEvent, by: rank)
  }

  /// What is left over and what members score is as it was before the gang: it is taken back for that, and placed again,
  /// in the order in which it came, for in another one devices may not be found.
  private func measure() {
    let placed = members
    takeBackAll()
    counts = request.roles.indices.map { role in placed.count { $0.role == role } }
    let main = mainRole
    let limits = limits(main, keepingApart: false)
    let offers = limited(main, limits)
    members = placed
    open(with: offers)
    members = []
    scoreBound = 0
    if plan == nil || request.roles.count == 1 {
      let search = PackingSearch(offers, opened(), limits, within: base)
      plan = search.plan(counts[main], least: max(request.required, base.level))
    }
    // all are scored before the first is placed
    var scores: [[UInt32: Int64]] = []
    for role in request.roles.indices {
      let slots = placed.filter { $0.role == role }.map(\.slot)
      var nodes = Set(slots).sorted().map {
        NodeChoice.Node(slot: $0, lane: order.lane($0), offer: 0, members: 1, score: 0)
      }
      bestScore(role, slots.count)
      score(&nodes, role)
      scores.append(Dictionary(uniqueKeysWithValues: nodes.map { ($0.slot, $0.score) }))
    }
    for member in placed { put(member.role, member.slot, score: scores[member.role][member.slot]!) }
    compareWithPlan()
  }

  /// With several roles the largest one's plan is what nothing can be better than: what meets it is proven.
  func compareWithPlan() {
    guard request.roles.count > 1 else { return }
    let isProven = plan.map { plan in
      domains == domainBounds() && plan.domainsBound == plan.aims.domains
        && (plan.level...nodeLevel).map { leftOver[$0] } == plan.aims.left
        && stride(from: plan.level - 1, through: base.level, by: -1).map { leftOver[$0] } == plan.aims.around
    }
    if !(isProven ?? false) { limitFlags |= UInt32(BERTH_GANG_LIMIT_ORDER) }
  }

  /// Whether roles share nodes, and what these were before the members is not what the members request less.
  private var sharesBeyondQuantities: Bool {
    guard request.roles.count > 1 else { return false }
    let isMore =
      engine.cluster.load.isOn || !engine.reservations.isEmpty
      || request.roles.contains { engine.planner.asked.isSpecial($0.podClass) }
    return isMore && !sharedNodes.isEmpty
  }

  /// The members on nodes that several roles share, by slot.
  private var sharedNodes: [UInt32: [Member]] {
    // the largest role's many members are only looked up
    let main = mainRole
    var nodes: [UInt32: [Member]] = [:]
    for member in members where member.role != main { nodes[member.slot, default: []].append(member) }
    for member in members where member.role == main { nodes[member.slot]?.append(member) }
    return nodes.filter { node in node.value.contains { $0.role != node.value[0].role } }
  }

  /// Members on nodes that several roles share are scored as these were before the gang.
  private func scoreSharedNodes() {
    guard request.roles.count > 1 else { return }
    let shared = sharedNodes
    guard !shared.isEmpty else { return }
    for role in request.roles.indices {
      let places = members.indices.filter { members[$0].role == role && shared[members[$0].slot] != nil }
      let slots = Set(places.map { members[$0].slot }).sorted()
      guard !slots.isEmpty else { continue }
      let before = slots.map { RowBefore(engine, $0, shared[$0]!) }
      let found = engine.planner.scores(engine.workload, request.roles[role].podClass) { visit in
        for (slot, row) in zip(slots, before) { visit(slot, row.row) }
      }
      let scores = Dictionary(uniqueKeysWithValues: found.map { ($0.slot, $0.score) })
      for place in places {
        if let score = scores[members[place].slot] { members[place].placement.score = score }
      }
    }
  }

  private func openWithoutOffers() {
    let all = opened(beside: members)
    for level in 0...nodeLevel { domains[level] = all.places[level].count }
    common = all.common ?? (0, 0)
  }

  /// Counts what is opened, and what these domains offered before.
  private func open(with offers: Offers) {
    let all = opened(beside: members)
    let main = mainRole
    let taken = members.count { $0.role == main }
    for level in 0...nodeLevel {
      domains[level] = all.places[level].count
      var sum = 0
      for place in all.places[level] {
        sum += level == nodeLevel ? Int(offers.fits[place]) : offers.offer(level, place)
      }
      leftOver[level] = sum - taken
    }
    common = all.common ?? (0, 0)
  }

  /// Adds the most that members of a role can score, seen before any is placed.
  func bestScore(_ role: Int, _ count: Int) {
    let podClass = request.roles[role].podClass
    let profile = engine.workload.profiles[Int(engine.workload.classes.records[Int(podClass)].profile)]
    guard !profile.terms.isEmpty, scoreBound < .max else { return }
    // to search for a class that needs an index of its own would cost more than it tells; what others say of it is no
    // matter, for that would depend on who has ever come
    engine.prepare(podClass)
    let record = engine.workload.classes.records[Int(podClass)]
    let hasImages = record.images != 0 && profile.imageWeight != 0
    guard !record.isConstrained, !hasImages, record.devices == 0, profile.policy == .none else {
      scoreBound = .max
      return
    }
    let best = engine.planner.best(engine.workload, podClass)
    let (sum, over) = scoreBound.addingReportingOverflow(best.exists ? best.score * Int64(count) : 0)
    scoreBound = over ? .max : sum
  }

  // MARK: Telling

  func result(_ isPlaced: Bool) -> berth_gang_result {
    var result = berth_gang_result()
    result.struct_size = UInt32(MemoryLayout<berth_gang_result>.size)
    result.level_count = UInt32(nodeLevel + 1)
    result.resource = UInt32(BERTH_ANY_RESOURCE)
    guard isPlaced else {
      let unproven = limitFlags & ~UInt32(BERTH_GANG_LIMIT_SCORES)
      result.outcome = UInt32(unproven == 0 ? BERTH_GANG_NO_FIT : BERTH_GANG_BOUNDED)
      result.limits = unproven
      result.role = UInt32(proof.role)
      result.level = UInt32(proof.level)
      result.needed = UInt32(clamping: proof.needed)
      result.available = UInt32(clamping: proof.available)
      result.best_domain = proof.best
      result.enough_domains = UInt32(clamping: proof.enough)
      result.resource = proof.resource
      result.common_domain = UInt32(BERTH_NO_DOMAIN)
      return result
    }
    result.outcome = UInt32(BERTH_GANG_PLACED)
    result.members = UInt32(members.count)
    result.score = members.reduce(0) { $0 &+ $1.placement.score }
    let isBound = request.isPacked && request.fabrics.isEmpty
    result.score_bound = isBound ? max(scoreBound, result.score) : result.score
    if isBound && result.score < result.score_bound { limitFlags |= UInt32(BERTH_GANG_LIMIT_SCORES) }
    result.limits = limitFlags
    result.common_level = UInt32(common.level)
    result.common_domain = common.level == nodeLevel ? UInt32(BERTH_NO_DOMAIN) : order.ids[common.level][common.place]
    result.preferred_met = meetsPreferred(common.level) ? 1 : 0
    let bounds = domainBounds()
    withUnsafeMutableBytes(of: &result.domains) { $0.copyCells(domains.map { UInt32(clamping: $0) }) }
    withUnsafeMutableBytes(of: &result.domains_bound) { $0.copyCells(bounds.map { UInt32(clamping: $0) }) }
    withUnsafeMutableBytes(of: &result.left_over) { $0.copyCells(leftOver.map(Int64.init)) }
    return result
  }

  private func meetsPreferred(_ level: Int) -> Bool {
    guard level >= request.preferred else { return false }
    return request.roles.indices.allSatisfy { role in
      let wanted = request.roles[role].preferred
      return wanted == 0 || level >= wanted || (opened(role, beside: members).common?.level ?? nodeLevel) >= wanted
    }
  }

  private func domainBounds() -> [Int] {
    guard request.isPacked, request.fabrics.isEmpty else { return domains.map { _ in 0 } }
    // nobody came, so nothing more was opened
    if members.isEmpty { return domains }
    guard let plan else { return [1] + [Int](repeating: 0, count: nodeLevel) }
    // running members may be elsewhere
    let running = opened()
    return (0...nodeLevel).map { level in
      if level <= plan.level {
        let home = order.home(plan.level, plan.place, on: level)
        return running.places[level].count + (running.has(level, home) ? 0 : 1)
      }
      return plan.domainsBound[level - plan.level - 1]
        + running.places[level].count { order.home(level, $0, on: plan.level) != plan.place }
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate func copyCells<T: BitwiseCopyable>(_ cells: [T]) {
    cells.withUnsafeBytes { copyMemory(from: $0) }
  }
}

/// A copy of a node's row without what the members on it were charged for.
private final class RowBefore {
  private let memory: UnsafeMutableRawPointer

  init(_ engine: Engine, _ slot: UInt32, _ members: [GangPlacer.Member]) {
    let cluster = engine.cluster
    let row = cluster.rows.row(slot)
    let bytes = Row.headerBytes + 8 * Int(cluster.shapes.dims[Int(row.shape)])
    memory = .allocate(byteCount: bytes, alignment: 8)
    memory.copyMemory(from: row.base, byteCount: bytes)
    let used = MutableRow(base: memory).used
    for member in members {
      for request in engine.workload.classes.requests(member.placement.pod_class) {
        used[cluster.shapes.dim(of: request.resource, in: row.shape)] -= request.value
      }
    }
  }

  deinit { memory.deallocate() }

  var row: Row { Row(base: UnsafeRawPointer(memory)) }
}
