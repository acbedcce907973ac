import CBerth

/// Buffers for pods that find something of their own, kept from call to call.
final class OwnRows {
  /// Nodes with something of the pod's own.
  var slots: [UInt32] = []
  /// The pod's own reservations on its node, in the order of taking.
  var order: [(kind: UInt32, serial: UInt64, place: UInt32)] = []
  var claims: [Claim] = []
  private let cells: UnsafeMutableRawPointer

  init() {
    cells = .allocate(byteCount: Row.headerBytes + 8 * ShapeTable.maxDims, alignment: 8)
  }

  deinit { cells.deallocate() }

  /// A copy of a node's row to lower; there is one at a time.
  func copy(_ row: Row, dims: Int) -> MutableRow {
    cells.copyMemory(from: row.base, byteCount: Row.headerBytes + 8 * dims)
    return MutableRow(base: cells)
  }
}

// Where a pod goes that finds something of its own, and what it takes there.

extension Engine {
  /// Fills `planner.search.found` with the best of the nodes where the pod can take something, best first; false if it
  /// fits on none of them.
  @inline(never)
  func findOwn(_ owners: PodOwners, wanted: Int) -> Bool {
    let requests = workload.classes.requests(owners.podClass)
    own.slots.removeAll(keepingCapacity: true)
    owners.visit { owner in
      reservations.forEach(of: owner) { record in
        if offers(record, requests) { own.slots.append(cluster.nodes.slots[Int(record.node)]) }
      }
    }
    guard !own.slots.isEmpty else { return false }
    if own.slots.count > 1 { own.slots.sort() }
    planner.run(workload, owners.podClass, wanted: wanted) { visit in
      var last: UInt32?
      for slot in own.slots where slot != last {
        visit(slot, ownRow(slot, owners))
        last = slot
      }
    }
    return planner.search.foundCount > 0
  }

  /// Whether something requested is left of a reservation.
  private func offers(_ record: Reservations.Record, _ requests: UnsafeBufferPointer<Request>) -> Bool {
    var cell = record.holdings
    while cell != Place.none {
      let holding = reservations.holdings[cell]
      if holding.left > 0 && requests.contains(where: { $0.resource == holding.resource }) { return true }
      cell = reservations.holdings.next(cell)
    }
    return false
  }

  /// A node as the pod sees it: what is left of its own reservations there is free. The row is void with the next one.
  func ownRow(_ slot: UInt32, _ owners: PodOwners) -> Row {
    let row = cluster.rows.row(slot)
    guard !reservations.isEmpty else { return row }
    let shape = row.shape
    var copy: MutableRow?
    reservations.forEach(on: row.node) { _, record in
      guard record.isListed, owners.contains(record.owner) else { return }
      let lowered = copy ?? own.copy(row, dims: Int(cluster.shapes.dims[Int(shape)]))
      reservations.holdings.forEach(record.holdings) { _, holding in
        if holding.left > 0 { lowered.used[cluster.shapes.dim(of: holding.resource, in: shape)] -= holding.left }
      }
      copy = lowered
    }
    return copy?.row ?? row
  }

  /// The pod takes what it requests out of its own reservations on its node. In the row only: the pod's charge, which
  /// follows, takes the row to the trees.
  @inline(never)
  func takeOwn(_ pod: UInt32, _ owners: PodOwners, _ slot: UInt32) {
    own.order.removeAll(keepingCapacity: true)
    reservations.forEach(on: cluster.rows.row(slot).node) { place, record in
      if record.isListed && owners.contains(record.owner) {
        own.order.append((record.owner.kind, record.serial, place))
      }
    }
    guard !own.order.isEmpty else { return }
    if own.order.count > 1 { own.order.sort { ($0.kind, $0.serial) < ($1.kind, $1.serial) } }
    let requests = workload.classes.requests(owners.podClass)
    own.claims.removeAll(keepingCapacity: true)
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: ShapeTable.maxDims) { wanted in
      for (index, request) in requests.enumerated() { wanted[index] = request.value }
      for match in own.order { take(match.place, requests, wanted) }
    }
    guard !own.claims.isEmpty else { return }
    reservations.claims.set(pod, own.claims)
    settleClaims(own.claims, sign: 1)
    undoLog.note(.claimsTaken(pod))
  }

  /// Lists what a pod that still wants so much takes of a reservation.
  private func take(
    _ place: UInt32, _ requests: UnsafeBufferPointer<Request>, _ wanted: UnsafeMutableBufferPointer<Int64>
  ) {
    let record = reservations[place]
    reservations.holdings.forEach(record.holdings) { _, holding in
      guard let index = requests.firstIndex(where: { $0.resource == holding.resource }) else { return }
      let quantity = min(wanted[index], holding.left)
      guard quantity > 0 else { return }
      wanted[index] -= quantity
      own.claims.append(Claim(reservation: reservations.id(place), resource: holding.resource, quantity: quantity))
    }
  }

  /// A pod's claims come into force (sign 1) or end (sign -1): what is left of its reservations, and what of that counts
  /// as used. In the row only: the pod's own charge takes it to the trees. Claims on reservations that have ended say
  /// nothing.
  private func settleClaims(_ claims: [Claim], sign: Int64) {
    var last: UInt64 = 0
    for claim in claims {
      guard let place = reservations.live(claim.reservation) else { continue }
      let record = reservations[place]
      reservations.take(place, claim.resource, sign * claim.quantity)
      cluster.shift(cluster.nodes.slots[Int(record.node)], claim.resource, by: -sign * claim.quantity)
      if claim.reservation != last { reservations.changePods(place, by: Int(sign)) }
      last = claim.reservation
    }
    for claim in claims {
      if let place = reservations.live(claim.reservation) { reservations.list(place) }
    }
  }

  /// Ends the claims of a pod that leaves; its charge is taken back afterwards. Returns what they were.
  @inline(never)
  func giveBack(_ pod: UInt32) -> [Claim] {
    let claims = reservations.claims.of(pod)
    settleClaims(claims, sign: -1)
    reservations.claims.remove(pod)
    return claims
  }

  /// What a pod has taken of live reservations.
  func claims(of pod: UInt32) -> [Claim] {
    reservations.claims.of(pod).filter { reservations.live($0.reservation) != nil }
  }

  /// Takes back `giveBack`.
  func takeAgain(_ pod: UInt32, _ claims: [Claim]) {
    reservations.claims.set(pod, claims)
    settleClaims(claims, sign: 1)
  }
}
