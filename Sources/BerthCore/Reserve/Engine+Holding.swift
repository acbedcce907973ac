import CBerth

// What a reservation holds and nobody has taken counts as used on its node: every change of it comes through here, with
// its inverse.

extension Engine {
  /// Holds what is free on a node.
  func hold(owner: ReservationOwner, node: UInt32, expiry: Int64, _ list: some BidirectionalCollection<Request>)
    -> berth_reservation_id
  {
    let added = reservations.add(owner: owner, node: node, expiry: expiry, list)
    chargeLeft(added.place, sign: 1)
    if undoLog.isRecording {
      undoLog.note { engine in
        engine.chargeLeft(added.place, sign: -1)
        engine.reservations.withdraw(added)
      }
    }
    let id = reservations.id(added.place)
    emit(BERTH_EVENT_RESERVATION_MADE, node: cluster.nodes.id(node), other: id)
    return id
  }

  /// Ends a reservation: what is left of it goes free, and its pods forget it.
  func end(_ place: UInt32) {
    if undoLog.isRecording {
      let removed = reservations.memory(of: place)
      undoLog.note { engine in
        engine.reservations.reinstate(removed)
        engine.chargeLeft(place, sign: 1)
      }
    }
    let (id, node) = (reservations.id(place), cluster.nodes.id(reservations[place].node))
    chargeLeft(place, sign: -1)
    reservations.remove(place)
    emit(BERTH_EVENT_RESERVATION_ENDED, node: node, other: id)
  }

  /// Ends what lapses by now.
  func lapseReservations() {
    while let place = reservations.due(now) { end(place) }
  }

  /// Ends the reservations on a node that goes.
  func endReservations(on node: UInt32) {
    for place in reservations.places(on: node) { end(place) }
  }

  func setHoldings(_ place: UInt32, _ after: [Holding]) {
    let record = reservations[place]
    let before = reservations.holdings.values(record.holdings)
    if undoLog.isRecording { undoLog.note { $0.setHoldings(place, before) } }
    let difference =
      before.map { Request(resource: $0.resource, value: -$0.left) }
      + after.map { Request(resource: $0.resource, value: $0.left) }
    reservations.setHoldings(place, after)
    difference.withUnsafeBufferPointer {
      cluster.charge(cluster.nodes.slots[Int(record.node)], $0, sign: 1)
    }
  }

  func setOwner(_ place: UInt32, _ owner: ReservationOwner) {
    let before = reservations[place].owner
    if undoLog.isRecording { undoLog.note { $0.setOwner(place, before) } }
    reservations.setOwner(place, owner)
  }

  func setExpiry(_ place: UInt32, _ expiry: Int64) {
    let before = reservations[place].expiry
    if undoLog.isRecording { undoLog.note { $0.setExpiry(place, before) } }
    reservations.setExpiry(place, expiry)
  }

  private func chargeLeft(_ place: UInt32, sign: Int64) {
    let record = reservations[place]
    withUnsafeTemporaryAllocation(of: Request.self, capacity: ShapeTable.maxDims) { list in
      var count = 0
      reservations.holdings.forEach(record.holdings) { _, holding in
        guard holding.left > 0 else { return }
        list[count] = Request(resource: holding.resource, value: holding.left)
        count += 1
      }
      guard count > 0 else { return }
      cluster.charge(
        cluster.nodes.slots[Int(record.node)], UnsafeBufferPointer(rebasing: list[..<count]), sign: sign)
    }
  }
}
