import CBerth

/// What came of a call that places gangs.
final class GangAnswer {
  var placements: [berth_placement] = []
  var roles: [UInt32] = []
  var results: [berth_gang_result] = []
}

extension Engine {
  func applyGangs(
    _ gangs: UnsafeBufferPointer<berth_gang>, flags: UInt32, capacity: Int
  ) throws(EngineError) -> GangAnswer {
    guard flags <= UInt32(BERTH_PLACE_DRY_RUN) else {
      throw refuse(BERTH_BAD_ARGUMENT, "flags \(flags): only BERTH_PLACE_DRY_RUN is known")
    }
    var requests: [GangRequest] = []
    var most = 0
    for (index, gang) in gangs.enumerated() {
      let request = try readGang(gang, gangs.count > 1 ? "gang \(index): " : "")
      most += request.most
      requests.append(request)
    }
    guard most <= capacity else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "capacity \(capacity): the gangs may get \(most) members, give room for all of them")
    }
    try checkPodLimit(most)
    try undoLog.check(most)
    let classes = Array(Set(requests.flatMap { $0.roles.map(\.podClass) })).sorted()
    classes.withUnsafeBufferPointer { prepare($0) }
    reservePods(most)
    if events.isOn { events.reserve(most, tentatively: true) }
    return place(requests, classes, isDry: flags & UInt32(BERTH_PLACE_DRY_RUN) != 0)
  }

  private func place(_ requests: [GangRequest], _ classes: [UInt32], isDry: Bool) -> GangAnswer {
    let answer = GangAnswer()
    undoLog.open()
    defer { closeScope() }
    let start = mark
    var failed: Int?
    for (index, request) in requests.enumerated() {
      if index > 0 { classes.withUnsafeBufferPointer { prepare($0) } }
      let placer = GangPlacer(self, request)
      let isPlaced = placer.place()
      answer.results.append(placer.result(isPlaced))
      guard isPlaced else {
        failed = index
        break
      }
      for member in placer.members {
        answer.placements.append(member.placement)
        answer.roles.append(UInt32(member.role))
      }
    }
    if isDry || failed != nil { undoLog.rollBack(to: start, in: self) }
    if isDry { for index in answer.placements.indices { answer.placements[index].pod = UInt64.max } }
    if let failed {
      answer.placements = []
      answer.roles = []
      for index in requests.indices where index != failed {
        var result = berth_gang_result()
        result.struct_size = UInt32(MemoryLayout<berth_gang_result>.size)
        result.outcome = UInt32(BERTH_GANG_WITHDRAWN)
        if index < failed { answer.results[index] = result } else { answer.results.append(result) }
      }
    }
    return answer
  }

  /// Writes an answer to the caller's arrays.
  private func hand(
    _ answer: GangAnswer, _ placements: UnsafeMutablePointer<berth_placement>, _ roles: UnsafeMutablePointer<UInt32>?
  ) {
    for (index, placement) in answer.placements.enumerated() {
      placements[index] = placement
      roles?[index] = answer.roles[index]
    }
  }

  /// Places a gang; arrays have room for `capacity` entries.
  public func placeGang(
    _ gang: berth_gang, flags: UInt32, capacity: Int, placements: UnsafeMutablePointer<berth_placement>,
    roles: UnsafeMutablePointer<UInt32>?
  ) throws(EngineError) -> berth_gang_result {
    let answer = try withUnsafePointer(to: gang) { gang throws(EngineError) in
      try perform(
        GangsPlace(gangs: UnsafeBufferPointer(start: gang, count: 1), flags: flags, capacity: capacity))
    }
    hand(answer, placements, roles)
    return answer.results[0]
  }

  /// Places gangs, all or none.
  public func placeGangs(
    _ gangs: UnsafeBufferPointer<berth_gang>, flags: UInt32, capacity: Int,
    placements: UnsafeMutablePointer<berth_placement>, roles: UnsafeMutablePointer<UInt32>?,
    results: UnsafeMutablePointer<berth_gang_result>
  ) throws(EngineError) {
    let answer = try perform(GangsPlace(gangs: gangs, flags: flags, capacity: capacity))
    hand(answer, placements, roles)
    for (index, result) in answer.results.enumerated() { results[index] = result }
  }
}

// MARK: Shrinking

extension Engine {
  /// Releases all but `keep` members; `released` has room for the others.
  public func shrinkGang(
    _ members: UnsafeBufferPointer<berth_pod_id>, keep: Int, released: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) {
    let gone = try perform(GangShrink(members: members, keep: keep))
    for (index, pod) in gone.enumerated() { released[index] = pod }
  }

  func applyShrink(
    _ members: UnsafeBufferPointer<berth_pod_id>, keep: Int
  ) throws(EngineError) -> [berth_pod_id] {
    guard keep <= members.count else {
      throw refuse(BERTH_BAD_ARGUMENT, "keep \(keep): the gang has \(members.count) members")
    }
    guard members.count <= Int(BERTH_MAX_GANG_MEMBERS) else {
      throw refuse(BERTH_LIMIT, "\(members.count) members: at most \(BERTH_MAX_GANG_MEMBERS)")
    }
    try check(members, wanted: nil, "released")
    var bySlot: [UInt32: [berth_pod_id]] = [:]
    // a member whose node was removed runs nowhere: it goes first
    var gone: [berth_pod_id] = []
    for id in members {
      let pod = try pods.get(id)
      if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
        bySlot[slot, default: []].append(id)
      } else {
        gone.append(id)
      }
    }
    if gone.count > members.count - keep { gone.removeLast(gone.count - (members.count - keep)) }
    let stay = keep - (members.count - gone.count - bySlot.values.reduce(0) { $0 + $1.count })
    for (slot, count) in kept(stay, of: bySlot) {
      gone += bySlot[slot]!.sorted().dropFirst(count)
      bySlot[slot] = nil
    }
    for slot in bySlot.keys.sorted() { gone += bySlot[slot]!.sorted() }
    try gone.withUnsafeBufferPointer { gone throws(EngineError) in try applyRelease(gone) }
    return gone
  }

  /// The nodes on which so many members are best kept, and how many on each, in topology order.
  private func kept(_ count: Int, of members: [UInt32: [berth_pod_id]]) -> [(UInt32, Int)] {
    guard count > 0, let first = members.keys.min(), let podClass = try? pods.get(members[first]![0]).podClass else {
      return []
    }
    let order = planner.offerTables.order
    order.refresh(cluster)
    workload.classes.refresh(filter: Int(workload.classes.records[Int(podClass)].filter), cluster.catalog)
    let rule = FitRule(
      workload, podClass, planner.askedClass(workload, podClass), cluster, planner.deviceScorer)
    let offers = Offers(rule, order, planner.offerTables.pool, offering: members.mapValues(\.count))
    let search = PackingSearch(
      offers, Opened(order), OfferLimits(nodeLevel: order.depth + 1), within: (0, 0))
    guard let plan = search.plan(count, least: 0) else { return [] }
    return NodeChoice(plan, count, order, opened: []) { _ in }.nodes.map { ($0.slot, $0.members) }
  }
}
