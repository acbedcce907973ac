import CBerth

extension Engine {
  func applyAddReservations(
    _ specs: UnsafeBufferPointer<berth_reservation_spec>, ids: UnsafeMutablePointer<berth_reservation_id>
  ) throws(EngineError) {
    guard specs.count <= Int(BERTH_MAX_RESERVATIONS) - reservations.count else {
      throw refuse(
        BERTH_LIMIT,
        "\(reservations.count) reservations and \(specs.count) more: at most \(BERTH_MAX_RESERVATIONS)")
    }
    guard UInt64(specs.count) <= Reservations.lastSerial - reservations.serial else {
      throw refuse(BERTH_LIMIT, "\(reservations.serial) reservations were made: at most 2^40 - 1 in an engine's life")
    }
    var wanted: [WantedReservation] = []
    wanted.reserveCapacity(specs.count)
    for index in 0..<specs.count { wanted.append(try readReservation(specs[index], "entry \(index)")) }
    try undoLog.check(specs.count)
    var made: [berth_reservation_id] = []
    made.reserveCapacity(specs.count)
    try atomically { () throws(EngineError) in
      for index in 0..<wanted.count { made.append(try add(wanted[index], "entry \(index)")) }
    }
    for index in 0..<made.count { ids[index] = made[index] }
  }

  private func add(_ wanted: WantedReservation, _ what: String) throws(EngineError) -> berth_reservation_id {
    switch wanted.scope {
    case .node(let node, let list):
      try checkFree(list, cluster.nodes.slots[Int(node)], what)
      return hold(owner: wanted.owner, node: node, expiry: wanted.expiry, list)
    case .domain(let domain, let podClass):
      prepare(podClass)
      // the capacity is where the next pod would go: chance is drawn for that one
      if workload.classes.hasSpecial { planner.deviceScorer.nextPod = pods.nextID }
      let best = planner.best(workload, podClass, within: domain)
      guard best.exists else {
        throw refuse(BERTH_NO_ROOM, "\(what): no node of domain \(domain) has room for a pod of class \(podClass)")
      }
      return hold(
        owner: wanted.owner, node: cluster.rows.row(best.slot).node, expiry: wanted.expiry,
        workload.classes.requests(podClass))
    }
  }

  func applyRemoveReservations(_ ids: UnsafeBufferPointer<berth_reservation_id>) throws(EngineError) {
    var seen = Set<UInt64>(minimumCapacity: ids.count)
    for index in 0..<ids.count {
      _ = try reservations.place(ids[index], "entry \(index): ")
      guard seen.insert(ids[index]).inserted else {
        throw refuse(BERTH_DUPLICATE, "entry \(index): reservation \(ids[index]) occurs twice")
      }
    }
    try undoLog.check(ids.count)
    for id in ids { end(try reservations.place(id)) }
  }

  func applyResizeReservation(
    _ id: berth_reservation_id, to quantities: UnsafeBufferPointer<berth_quantity>
  ) throws(EngineError) {
    let place = try reservations.place(id)
    let wanted = try readQuantities(
      quantities.baseAddress, UInt(quantities.count), list: "quantities", each: "quantity", read: readHolding)
    let record = reservations[place]
    let before = reservations.holdings.values(record.holdings)
    var after: [Holding] = []
    var growth: [Request] = []
    for request in wanted {
      let old = before.first { $0.resource == request.resource }
      let held = old?.held ?? 0
      if request.value > held { growth.append(Request(resource: request.resource, value: request.value - held)) }
      after.append(
        Holding(resource: request.resource, held: request.value, left: (old?.left ?? 0) + request.value - held))
    }
    for old in before {
      let held = wanted.first { $0.resource == old.resource }?.value ?? 0
      guard held >= old.held - old.left else {
        throw refuse(
          BERTH_BAD_ARGUMENT,
          "reservation \(id) cannot shrink to \(held) of resource \(old.resource): its pods have taken "
            + "\(old.held - old.left)")
      }
    }
    try checkFree(growth, cluster.nodes.slots[Int(record.node)], "reservation \(id)")
    try undoLog.check(1)
    setHoldings(place, after)
    tellChange(place)
  }

  func applyHandOverReservation(
    _ id: berth_reservation_id, to owner: berth_reservation_owner
  ) throws(EngineError) {
    let place = try reservations.place(id)
    let owner = try readOwner(owner, "reservation \(id)")
    try undoLog.check(1)
    setOwner(place, owner)
    tellChange(place)
  }

  func applySetReservationExpiry(_ id: berth_reservation_id, _ expiry: Int64) throws(EngineError) {
    let place = try reservations.place(id)
    try checkExpiry(expiry, "reservation \(id)")
    try undoLog.check(1)
    setExpiry(place, expiry)
    tellChange(place)
  }

  private func tellChange(_ place: UInt32) {
    emit(
      BERTH_EVENT_RESERVATION_CHANGED, node: cluster.nodes.id(reservations[place].node), other: reservations.id(place))
  }

  // MARK: Reading

  public func readReservations(
    _ ids: UnsafeBufferPointer<berth_reservation_id>, resources: UnsafeBufferPointer<berth_resource_id>,
    states: UnsafeMutablePointer<berth_reservation_state>?, held: UnsafeMutablePointer<Int64>?,
    left: UnsafeMutablePointer<Int64>?
  ) throws(EngineError) {
    for index in 0..<resources.count { try cluster.resources.check(resources[index], "column \(index)") }
    for index in 0..<ids.count { _ = try reservations.place(ids[index], "entry \(index): ") }
    for (index, id) in ids.enumerated() {
      let record = reservations[try reservations.place(id)]
      states?[index] = berth_reservation_state(
        reservation: id, owner: berth_reservation_owner(id: record.owner.id, kind: record.owner.kind, reserved: 0),
        node: cluster.nodes.id(record.node), expiry_ms: record.expiry, pods: UInt64(record.pods))
      let holdings = reservations.holdings.values(record.holdings)
      for (column, resource) in resources.enumerated() {
        let holding = holdings.first { $0.resource == resource }
        held?[index * resources.count + column] = holding?.held ?? 0
        left?[index * resources.count + column] = holding?.left ?? 0
      }
    }
  }

  public func listReservations(
    offset: Int, into ids: UnsafeMutableBufferPointer<berth_reservation_id>
  ) -> Int {
    var skipped = 0
    var count = 0
    var place: UInt32 = 0
    while count < ids.count && Int(place) < reservations.placeLimit {
      if reservations[place].isLive {
        if skipped < offset {
          skipped += 1
        } else {
          ids[count] = reservations.id(place)
          count += 1
        }
      }
      place += 1
    }
    return count
  }

  /// Writes what a pod has taken of live reservations; returns how many records there are.
  public func readUses(
    of pod: berth_pod_id, into uses: UnsafeMutableBufferPointer<berth_reservation_use>
  ) throws(EngineError) -> Int {
    _ = try pods.get(pod)
    let claims = claims(of: UInt32(truncatingIfNeeded: pod))
    for (index, claim) in claims.prefix(uses.count).enumerated() {
      uses[index] = berth_reservation_use(
        reservation: claim.reservation, quantity: claim.quantity, resource: claim.resource, reserved: 0)
    }
    return claims.count
  }
}
