import CBerth

// berth_reservations_add, berth_reservations_remove, berth_reservation_resize, _hand_over, _set_expiry

struct ReservationsAdd: Call {
  static let kind = CallKind.reservationsAdd
  let specs: UnsafeBufferPointer<berth_reservation_spec>
  private(set) var ids: UnsafeMutablePointer<berth_reservation_id>

  var results: UnsafeMutableRawBufferPointer {
    get { UnsafeMutableRawBufferPointer(start: ids, count: specs.count * MemoryLayout<berth_reservation_id>.stride) }
    set {
      ids = newValue.baseAddress.unsafelyUnwrapped.bindMemory(to: berth_reservation_id.self, capacity: specs.count)
    }
  }

  init(specs: UnsafeBufferPointer<berth_reservation_spec>, ids: UnsafeMutablePointer<berth_reservation_id>) {
    self.specs = specs
    self.ids = ids
  }

  func apply(to engine: Engine) throws(EngineError) { try engine.applyAddReservations(specs, ids: ids) }

  func write(to record: inout RecordWriter) {
    record.put(UInt64(specs.count))
    for spec in specs {
      record.put(spec.owner)
      record.put(spec.expiry_ms)
      record.put(spec.scope)
      record.put(UnsafeBufferPointer(start: spec.quantities, count: Int(spec.quantity_count)))
      record.put(spec.node)
      record.put(spec.domain)
      record.put(spec.pod_class)
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let specs = try scratch.list(&record, bytes: 48, "reservations") { record throws(EngineError) in
      let owner = try record.takeOwner()
      let (expiry, scope) = (try record.take(Int64.self), try record.take(UInt32.self))
      let quantities = try scratch.quantities(&record, "quantities")
      return berth_reservation_spec(
        owner: owner, expiry_ms: expiry, scope: scope, quantity_count: UInt32(clamping: quantities.count),
        quantities: quantities.baseAddress, node: try record.take(), domain: try record.take(),
        pod_class: try record.take())
    }
    return Self(specs: specs, ids: scratch.allocate(berth_reservation_id.self, specs.count))
  }

  func write(_ answer: Void, to record: inout RecordWriter) {
    record.putSum(UnsafeBufferPointer(start: ids, count: specs.count))
  }
}

struct ReservationsRemove: Call {
  static let kind = CallKind.reservationsRemove
  let ids: UnsafeBufferPointer<berth_reservation_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyRemoveReservations(ids) }

  func write(to record: inout RecordWriter) { record.put(ids) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(ids: try scratch.array(&record, "reservations"))
  }
}

struct ReservationResize: Call {
  static let kind = CallKind.reservationResize
  let id: berth_reservation_id
  let quantities: UnsafeBufferPointer<berth_quantity>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyResizeReservation(id, to: quantities) }

  func write(to record: inout RecordWriter) {
    record.put(id)
    record.put(quantities)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(id: try record.take(), quantities: try scratch.quantities(&record, "quantities"))
  }
}

struct ReservationHandOver: Call {
  static let kind = CallKind.reservationHandOver
  let id: berth_reservation_id
  let owner: berth_reservation_owner

  func apply(to engine: Engine) throws(EngineError) { try engine.applyHandOverReservation(id, to: owner) }

  func write(to record: inout RecordWriter) {
    record.put(id)
    record.put(owner)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(id: try record.take(), owner: try record.takeOwner())
  }
}

struct ReservationSetExpiry: Call {
  static let kind = CallKind.reservationSetExpiry
  let id: berth_reservation_id
  let expiry: Int64

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetReservationExpiry(id, expiry) }

  func write(to record: inout RecordWriter) {
    record.put(id)
    record.put(expiry)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(id: try record.take(), expiry: try record.take())
  }
}

extension RecordWriter {
  mutating func put(_ owner: berth_reservation_owner) {
    put(owner.kind)
    put(owner.id)
  }
}

extension RecordReader {
  mutating func takeOwner() throws(EngineError) -> berth_reservation_owner {
    let kind = try take(UInt32.self)
    return berth_reservation_owner(id: try take(), kind: kind, reserved: 0)
  }
}
