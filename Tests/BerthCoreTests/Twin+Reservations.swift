import BerthCore
import BerthOracle
import CBerth

extension Scratch {
  /// nil: none are presented.
  func identities(_ list: [Oracle.Identity]?) -> UnsafePointer<berth_pod_identity>? {
    list.map { UnsafePointer(array($0.map { berth_pod_identity(pod: $0.pod, gang: $0.gang, queue: $0.queue) })) }
  }

  func quantities(_ list: [(resource: UInt32, value: Int64)]) -> UnsafeBufferPointer<berth_quantity> {
    buffer(list.map { berth_quantity(resource: $0.resource, reserved: 0, value: $0.value) })
  }
}

func code(_ owner: Oracle.Owner) -> berth_reservation_owner {
  let kind =
    switch owner.kind {
    case .pod: BERTH_OWNER_POD
    case .gang: BERTH_OWNER_GANG
    case .podClass: BERTH_OWNER_CLASS
    case .queue: BERTH_OWNER_QUEUE
    }
  return berth_reservation_owner(id: owner.id, kind: UInt32(kind), reserved: 0)
}

/// Commands about reservations.
extension Twin {
  private func quantities(_ list: [String: Int64], _ scratch: Scratch) -> UnsafeBufferPointer<berth_quantity> {
    scratch.quantities(
      random.shuffled(list.sorted { $0.key < $1.key }).map { (resource: resource($0.key), value: $0.value) })
  }

  func spec(_ wanted: Oracle.WantedReservation, _ scratch: Scratch) throws -> berth_reservation_spec {
    var spec = berth_reservation_spec()
    spec.owner = code(wanted.owner)
    spec.expiry_ms = wanted.expiry ?? Int64(BERTH_NEVER)
    switch wanted.scope {
    case .node(let node, let held):
      let list = quantities(held, scratch)
      spec.scope = UInt32(BERTH_SCOPE_NODE)
      spec.node = book.nodeIds[node]!
      spec.quantities = list.baseAddress
      spec.quantity_count = UInt32(list.count)
    case .domain(let domain, let pod):
      spec.scope = UInt32(BERTH_SCOPE_DOMAIN)
      spec.domain = book.domainIds[domain]!
      spec.pod_class = try podClass(pod)
    }
    return spec
  }

  /// On any path; refused if the oracle finds no room.
  @discardableResult
  func reserve(_ wanted: [Oracle.WantedReservation]) throws -> [Int] {
    let scratch = Scratch()
    let specs = scratch.buffer(try wanted.map { try spec($0, scratch) })
    let path = random.pick(Twin.paths)
    try setPath(path)
    try foretell(
      wanted.compactMap { if case .domain(_, let pod) = $0.scope { pod } else { nil } })
    var trial = book.oracle
    guard let made = trial.reserve(wanted) else {
      let room = scratch.room(UInt64(0), count: specs.count)
      try refused("reserve on path \(path), without room \(wanted)", BERTH_NO_ROOM) { engine throws(EngineError) in
        try engine.addReservations(specs, ids: room.baseAddress!)
      }
      return []
    }
    note("reserve on path \(path) \(wanted)")
    let ids = try change("reserve", keeping: scratch) { engine throws(EngineError) in
      var ids = [UInt64](repeating: 0, count: specs.count + 1)
      try engine.addReservations(specs, ids: &ids)
      return ids
    }
    book.oracle = trial
    for (reservation, id) in zip(made, ids) {
      try book.record(reservation: reservation, id: id)
      happened(BERTH_EVENT_RESERVATION_MADE, reservation: reservation)
    }
    return made
  }

  func endReservations(_ list: [Int]) throws {
    note("end reservations \(list)")
    let scratch = Scratch()
    let ids = scratch.buffer(list.map { book.reservationIds[$0]! })
    try perform("end reservations", keeping: scratch) { engine throws(EngineError) in
      try engine.removeReservations(ids)
    }
    endedReservations(list)
    for reservation in list { book.oracle.endReservation(reservation) }
    book.forgetEndedReservations()
  }

  func resize(_ reservation: Int, to held: [String: Int64]) throws {
    let scratch = Scratch()
    let id = book.reservationIds[reservation]!
    let list = quantities(held, scratch)
    var trial = book.oracle
    let result = trial.resizeReservation(reservation, to: held)
    guard result == .done else {
      let status = result == .noRoom ? BERTH_NO_ROOM : BERTH_BAD_ARGUMENT
      return try refused("resize reservation \(reservation) to \(held)", status) { engine throws(EngineError) in
        try engine.resizeReservation(id, to: list)
      }
    }
    note("resize reservation \(reservation) to \(held)")
    try perform("resize", keeping: scratch) { engine throws(EngineError) in
      try engine.resizeReservation(id, to: list)
    }
    book.oracle = trial
    happened(BERTH_EVENT_RESERVATION_CHANGED, reservation: reservation)
  }

  func handOver(_ reservation: Int, to owner: Oracle.Owner) throws {
    note("hand reservation \(reservation) over to \(owner)")
    let id = book.reservationIds[reservation]!
    try perform("hand over", keeping: Scratch()) { engine throws(EngineError) in
      try engine.handOverReservation(id, to: code(owner))
    }
    book.oracle.handOverReservation(reservation, to: owner)
    happened(BERTH_EVENT_RESERVATION_CHANGED, reservation: reservation)
  }

  func setExpiry(_ reservation: Int, _ expiry: Int64?) throws {
    note("reservation \(reservation) expires at \(expiry ?? -1)")
    let id = book.reservationIds[reservation]!
    try perform("set expiry", keeping: Scratch()) { engine throws(EngineError) in
      try engine.setReservationExpiry(id, expiry ?? Int64(BERTH_NEVER))
    }
    book.oracle.setReservationExpiry(reservation, expiry)
    happened(BERTH_EVENT_RESERVATION_CHANGED, reservation: reservation)
  }

  // MARK: Reading back

  func compareReservations() throws {
    let picture = try all("picture") { engine throws(EngineError) in try Picture(of: engine, book) }
    let names = book.resourceIds.sorted { $0.value < $1.value }.map(\.key)
    let expected = book.oracle.reservations.map { number, ours in
      [
        Int64(bitPattern: book.reservationIds[number]!), Int64(code(ours.owner).kind),
        Int64(bitPattern: ours.owner.id), Int64(bitPattern: book.nodeIds[ours.node]!),
        ours.expiry ?? Int64(BERTH_NEVER), Int64(book.oracle.users(of: number)),
      ] + names.map { ours.held[$0] ?? 0 } + names.map { ours.left($0) }
    }
    let sorted = picture.reservations.sorted { $0[0] < $1[0] }
    try check(
      sorted == expected.sorted { $0[0] < $1[0] },
      "reservations (id kind owner node expiry pods held… left… of \(names)):\n  engine \(sorted)\n  oracle \(expected)"
    )
    for (index, id) in book.podIds.values.sorted().enumerated() {
      let pod = book.podIds.first { $0.value == id }!.key
      let uses = (book.oracle.uses[pod] ?? []).flatMap {
        [book.reservationIds[$0.reservation]!, UInt64(resource($0.resource)), UInt64($0.quantity)]
      }
      try check(picture.uses[index] == uses, "uses of pod \(pod): engine \(picture.uses[index]), oracle \(uses)")
    }
    let listed = picture.reservations.map { UInt64(bitPattern: $0[0]) }
    let (offset, capacity) = (random.int(0...(listed.count + 1)), random.int(0...4))
    let part = try all("list reservations") { engine throws(EngineError) in
      let scratch = Scratch()
      let room = scratch.room(UInt64(0), count: capacity)
      return Array(room.prefix(engine.listReservations(offset: offset, into: room)))
    }
    try check(part == Array(listed.dropFirst(offset).prefix(capacity)), "\(capacity) from \(offset): \(part)")
  }
}
