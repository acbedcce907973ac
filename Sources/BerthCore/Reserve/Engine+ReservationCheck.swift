import CBerth

// The invariants of reservations, for `berth_engine_validate`.

extension Engine {
  func checkReservations() throws(EngineError) {
    try checkRecords()
    try checkLists()
    try checkClaims()
  }

  /// Holdings ascend by resource, and of what is held, between nothing and all is left.
  private func checkRecords() throws(EngineError) {
    var live = 0
    var lapsing = 0
    var failure: String?
    reservations.visit { place, record in
      live += 1
      if record.expiry != BERTH_NEVER { lapsing += 1 }
      let holdings = reservations.holdings.values(record.holdings)
      let ascends = zip(holdings, holdings.dropFirst()).allSatisfy { $0.resource < $1.resource }
      if !ascends || !holdings.allSatisfy({ $0.held > 0 && $0.left >= 0 && $0.left <= $0.held }) {
        failure = "the holdings of reservation \(reservations.id(place)) are \(holdings)"
      } else if Int(record.node) >= cluster.nodes.slots.count || cluster.nodes.slots[Int(record.node)] == .max {
        failure = "reservation \(reservations.id(place)) is on node \(record.node), which is not there"
      } else if record.isListed != holdings.contains(where: { $0.left > 0 }) {
        failure = "reservation \(reservations.id(place)) is in its owner's list, or not, against what is left of it"
      } else if reservations.expiries.expiry(place) ?? Int64(BERTH_NEVER) != record.expiry || record.expiry <= now {
        failure = "reservation \(reservations.id(place)) lapses at \(record.expiry)"
      }
    }
    if let failure { throw corrupt(failure) }
    guard live == reservations.count, lapsing == reservations.expiries.count, reservations.expiries.isOrdered() else {
      throw corrupt("\(live) reservations, \(reservations.count) counted; \(lapsing) of them lapse")
    }
  }

  /// Each reservation is in the list of its node, and while something is left in that of its owner, once.
  private func checkLists() throws(EngineError) {
    var onNodes: Set<UInt64> = []
    var ofOwners: Set<UInt64> = []
    var owners: Set<ReservationOwner> = []
    var listed = 0
    var failure: String?
    reservations.visit { place, record in
      owners.insert(record.owner)
      if record.isListed { listed += 1 }
    }
    for node in 0..<cluster.nodes.slots.count {
      reservations.forEach(on: UInt32(node)) { place, record in
        if !record.isLive || record.node != UInt32(node) || !onNodes.insert(record.serial).inserted {
          failure = "place \(place) is in the list of node \(node)"
        }
      }
    }
    for owner in owners {
      reservations.forEach(of: owner) { record in
        if !record.isLive || record.owner != owner || !ofOwners.insert(record.serial).inserted {
          failure = "reservation \(record.serial) is in the list of \(owner)"
        }
      }
    }
    if let failure { throw corrupt(failure) }
    guard onNodes.count == reservations.count, ofOwners.count == listed, reservations.ownerCount <= owners.count else {
      throw corrupt(
        "\(onNodes.count) reservations on nodes, \(ofOwners.count) of owners, \(reservations.count) there are")
    }
  }

  /// What pods say they took is what is not left; claims belong to live pods on the reservation's node.
  private func checkClaims() throws(EngineError) {
    var taken: [UInt64: [UInt32: Int64]] = [:]
    var users: [UInt64: UInt32] = [:]
    for pod in 0..<reservations.claims.podLimit where reservations.claims.exist(UInt32(pod)) {
      guard pod < pods.placeCount, let record = pods.live(UInt32(pod)) else {
        throw corrupt("there is no pod \(pod), but it has claims")
      }
      var last: UInt64 = 0
      for claim in reservations.claims.of(UInt32(pod)) {
        guard let place = reservations.live(claim.reservation) else { continue }
        guard reservations[place].node == record.node,
          cluster.nodes.generation(record.node) == record.nodeGeneration, claim.quantity > 0
        else {
          throw corrupt("pod \(pod) claims \(claim), which is on another node")
        }
        taken[claim.reservation, default: [:]][claim.resource, default: 0] += claim.quantity
        if claim.reservation != last { users[claim.reservation, default: 0] += 1 }
        last = claim.reservation
      }
    }
    var failure: String?
    reservations.visit { place, record in
      let id = reservations.id(place)
      for holding in reservations.holdings.values(record.holdings) {
        let claimed = taken[id]?.removeValue(forKey: holding.resource) ?? 0
        if claimed != holding.held - holding.left {
          failure = "pods have taken \(claimed) of resource \(holding.resource) of reservation \(id): \(holding)"
        }
      }
      if taken[id]?.isEmpty == false || users[id] ?? 0 != record.pods {
        failure = "reservation \(id) counts \(record.pods) pods, there are \(users[id] ?? 0)"
      }
    }
    if let failure { throw corrupt(failure) }
  }
}
