import CBerth

// The last serial u64; for each place: serial u64, and whether a reservation is there u8, if so
//   owner kind u32, owner u64, node u32, expiry i64, resources u8, each with what is held of it (u32, i64);
// the free places u32, the one that is taken next first; then claims by pod: how many pods u64, and each
//   pod's index u32, claims u32, each a reservation's id u64, resource u32, quantity i64.
//
// Claims on reservations that have ended say nothing and are left out.

extension Engine {
  func writeReservations(_ writer: SnapshotWriter) {
    writer.section(.reservations) { writer in
      writer.out.put(reservations.serial)
      writer.out.put(UInt64(reservations.placeLimit))
      for place in 0..<reservations.placeLimit {
        let record = reservations[UInt32(place)]
        writer.out.put(record.serial)
        writer.out.put(record.isLive)
        if record.isLive { write(record, to: &writer.out) }
        writer.pause()
      }
      reservations.visitFree {
        writer.out.put($0)
        writer.pause()
      }
      writeClaims(writer)
    }
  }

  private func write(_ record: Reservations.Record, to out: inout RecordWriter) {
    out.put(record.owner.kind)
    out.put(record.owner.id)
    out.put(record.node)
    out.put(record.expiry)
    let holdings = reservations.holdings.values(record.holdings)
    out.put(UInt8(holdings.count))
    for holding in holdings {
      out.put(holding.resource)
      out.put(holding.held)
    }
  }

  private func writeClaims(_ writer: SnapshotWriter) {
    let pods = (0..<UInt32(reservations.claims.podLimit)).filter { !claims(of: $0).isEmpty }
    writer.out.put(UInt64(pods.count))
    for pod in pods {
      let claims = claims(of: pod)
      writer.out.put(pod)
      writer.out.put(UInt32(claims.count))
      for claim in claims {
        writer.out.put(claim.reservation)
        writer.out.put(claim.resource)
        writer.out.put(claim.quantity)
      }
      writer.pause()
    }
  }

  /// After pods, while what they request is taken off their nodes.
  func restoreReservations(_ reader: SnapshotReader) throws(EngineError) {
    var section = try reader.pieces(.reservations)
    let serial = try section.take(0...Reservations.lastSerial, "the last reservation")
    let places = try section.take(0...UInt64(BERTH_MAX_RESERVATIONS), "the number of places for reservations")
    var serials: Set<UInt64> = []
    for place in 0..<UInt32(places) {
      var record = Reservations.Record()
      record.serial = try section.take(1...max(1, serial), "a reservation's serial")
      guard record.serial <= serial, serials.insert(record.serial).inserted else {
        throw section.bad("serial \(record.serial) of a reservation occurs twice, or is beyond the last")
      }
      var holdings: [Holding] = []
      if try section.takeFlag("whether a reservation is there") { holdings = try readHoldings(&record, &section) }
      reservations.restore(place, record, holdings)
    }
    try restoreFreeReservations(&section)
    try restoreClaims(&section)
    try section.finish()
    try takeLeft(section)
    reservations.finishRestoring(serial: serial)
  }

  private func readHoldings(
    _ record: inout Reservations.Record, _ section: inout RecordReader
  ) throws(EngineError) -> [Holding] {
    let owner = berth_reservation_owner(id: 0, kind: try section.take(), reserved: 0)
    record.isLive = true
    do throws(EngineError) {
      record.owner = try readOwner(
        berth_reservation_owner(id: try section.take(), kind: owner.kind, reserved: 0), "a reservation")
    } catch {
      throw error.status == UInt32(BERTH_BAD_FILE) ? error : section.bad(error.message)
    }
    record.node = try section.take()
    guard Int(record.node) < cluster.nodes.indexCount, cluster.nodes.isLive(record.node) else {
      throw section.bad("a reservation on node \(record.node), which is not there")
    }
    record.expiry = try section.take((now + 1)...Int64(BERTH_NEVER), "the expiry of a reservation")
    var holdings: [Holding] = []
    for _ in 0..<(try section.take(0...UInt8(ShapeTable.maxDims), "the number of resources")) {
      let resource = try section.take(UInt32.self)
      guard resource < UInt32(cluster.resources.count), holdings.last.map({ $0.resource < resource }) ?? true else {
        throw section.bad("resource \(resource) is unknown or out of order")
      }
      guard cluster.load.specs.usage(resource) == nil, cluster.load.specs.limit(resource) == nil else {
        throw section.bad("resource \(resource) is measured, so it cannot be held")
      }
      let held = try section.take(1...Int64(BERTH_MAX_QUANTITY), "what is held")
      holdings.append(Holding(resource: resource, held: held, left: held))
    }
    return holdings
  }

  /// The list is the other way round than places become free.
  private func restoreFreeReservations(_ section: inout RecordReader) throws(EngineError) {
    var list: [UInt32] = []
    for place in 0..<UInt32(reservations.placeLimit) where !reservations[place].isLive {
      list.append(try section.take())
    }
    for place in list.reversed() {
      guard reservations.restoreFree(place) else { throw section.bad("place \(place) is not free, or is listed twice") }
    }
  }

  private func restoreClaims(_ section: inout RecordReader) throws(EngineError) {
    let count = try section.take(UInt64.self)
    var last: UInt32?
    for _ in 0..<count {
      let pod = try section.take(UInt32.self)
      guard Int(pod) < pods.placeCount, let record = pods.live(pod), last.map({ $0 < pod }) ?? true else {
        throw section.bad("pod \(pod) has claims, but is not there or out of order")
      }
      last = pod
      var claims: [Claim] = []
      var seen: Set<UInt64> = []
      var wanted = Array(workload.classes.requests(record.podClass))
      for _ in 0..<(try section.take(1...UInt32.max, "the number of claims")) {
        let claim = Claim(reservation: try section.take(), resource: try section.take(), quantity: try section.take())
        try check(claim, of: record, &wanted, after: claims.last, &seen, section)
        claims.append(claim)
      }
      reservations.claims.set(pod, claims)
    }
  }

  /// A claim must be of what the pod requests and of what is left, and stand beside others on its reservation.
  private func check(
    _ claim: Claim, of pod: PodTable.Pod, _ wanted: inout [Request], after last: Claim?, _ seen: inout Set<UInt64>,
    _ section: borrowing RecordReader
  ) throws(EngineError) {
    guard let place = reservations.live(claim.reservation), reservations[place].node == pod.node,
      cluster.nodes.generation(pod.node) == pod.nodeGeneration,
      let index = wanted.firstIndex(where: { $0.resource == claim.resource }),
      claim.quantity > 0, claim.quantity <= wanted[index].value
    else { throw section.bad("a claim of \(claim.quantity) of resource \(claim.resource) that cannot be") }
    let isFirst = last?.reservation != claim.reservation
    guard isFirst ? seen.insert(claim.reservation).inserted : last.map({ $0.resource < claim.resource }) ?? true else {
      throw section.bad("claims on reservation \(claim.reservation) are out of order")
    }
    guard let left = reservations.left(place, claim.resource), left >= claim.quantity else {
      throw section.bad("more is claimed of reservation \(claim.reservation) than it holds")
    }
    wanted[index].value -= claim.quantity
    reservations.take(place, claim.resource, claim.quantity)
    if isFirst { reservations.changePods(place, by: 1) }
  }

  /// Takes what is left off the nodes: everything must have been there.
  private func takeLeft(_ section: borrowing RecordReader) throws(EngineError) {
    for place in 0..<UInt32(reservations.placeLimit) where reservations[place].isLive {
      let record = reservations[place]
      let left = reservations.holdings.values(record.holdings).map { Request(resource: $0.resource, value: $0.left) }
      let isThere = left.withUnsafeBufferPointer {
        cluster.addUsed(cluster.nodes.slots[Int(record.node)], $0, sign: -1)
      }
      guard isThere else { throw section.bad("node \(record.node) uses less than is left of its reservations") }
    }
  }
}
