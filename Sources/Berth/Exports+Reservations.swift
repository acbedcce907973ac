import BerthCore
import CBerth

@_cdecl("berth_reservations_add")
public func reservationsAdd(
  _ engine: OpaquePointer?, _ specs: UnsafePointer<berth_reservation_spec>?, _ count: UInt,
  _ idsOut: UnsafeMutablePointer<berth_reservation_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.addReservations(
      array(specs, count, "specs", atMost: BERTH_MAX_RESERVATIONS),
      ids: start(idsOut, count, "ids_out", atMost: BERTH_MAX_RESERVATIONS))
  }
}

@_cdecl("berth_reservations_remove")
public func reservationsRemove(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_reservation_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.removeReservations(array(ids, count, "ids", atMost: BERTH_MAX_RESERVATIONS))
  }
}

@_cdecl("berth_reservation_resize")
public func reservationResize(
  _ engine: OpaquePointer?, _ id: berth_reservation_id, _ quantities: UnsafePointer<berth_quantity>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.resizeReservation(
      id, to: array(quantities, count, "quantities", atMost: UInt32(BERTH_MAX_RESOURCES)))
  }
}

@_cdecl("berth_reservation_hand_over")
public func reservationHandOver(
  _ engine: OpaquePointer?, _ id: berth_reservation_id, _ owner: UnsafePointer<berth_reservation_owner>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.handOverReservation(id, to: try required(owner, "owner").pointee)
  }
}

@_cdecl("berth_reservation_set_expiry")
public func reservationSetExpiry(
  _ engine: OpaquePointer?, _ id: berth_reservation_id, _ expiry: Int64
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.setReservationExpiry(id, expiry) }
}

@_cdecl("berth_reservations_read")
public func reservationsRead(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_reservation_id>?, _ count: UInt,
  _ resources: UnsafePointer<berth_resource_id>?, _ resourceCount: UInt32,
  _ statesOut: UnsafeMutablePointer<berth_reservation_state>?, _ heldOut: UnsafeMutablePointer<Int64>?,
  _ leftOut: UnsafeMutablePointer<Int64>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readReservations(
      array(ids, count, "ids", atMost: BERTH_MAX_RESERVATIONS),
      resources: array(resources, UInt(resourceCount), "resources", atMost: UInt32(BERTH_MAX_RESOURCES)),
      states: statesOut, held: heldOut, left: leftOut)
  }
}

@_cdecl("berth_reservations_list")
public func reservationsList(
  _ engine: OpaquePointer?, _ offset: UInt, _ capacity: UInt, _ idsOut: UnsafeMutablePointer<berth_reservation_id>?,
  _ countOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let capacity = clamped(capacity)
    let ids = UnsafeMutableBufferPointer(start: try start(idsOut, UInt(capacity), "ids_out"), count: capacity)
    let out = try required(countOut, "count_out")
    out.pointee = UInt(engine.listReservations(offset: clamped(offset), into: ids))
  }
}

@_cdecl("berth_pods_place_as")
public func podsPlaceAs(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?,
  _ identities: UnsafePointer<berth_pod_identity>?, _ count: UInt, _ flags: UInt32,
  _ placementsOut: UnsafeMutablePointer<berth_placement>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.place(
      array(classes, count, "classes"), as: start(identities, count, "identities"), flags: flags,
      into: start(placementsOut, count, "placements_out"))
  }
}

@_cdecl("berth_pods_bind_as")
public func podsBindAs(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?,
  _ identities: UnsafePointer<berth_pod_identity>?, _ nodes: UnsafePointer<berth_node_id>?, _ count: UInt,
  _ podsOut: UnsafeMutablePointer<berth_pod_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.bind(
      array(classes, count, "classes"), as: start(identities, count, "identities"),
      nodes: start(nodes, count, "nodes"), pods: start(podsOut, count, "pods_out"))
  }
}

@_cdecl("berth_pod_reservations_read")
public func podReservationsRead(
  _ engine: OpaquePointer?, _ pod: berth_pod_id, _ capacity: UInt,
  _ usesOut: UnsafeMutablePointer<berth_reservation_use>?, _ countOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let capacity = clamped(capacity)
    let uses = UnsafeMutableBufferPointer(start: try start(usesOut, UInt(capacity), "uses_out"), count: capacity)
    let out = try required(countOut, "count_out")
    out.pointee = UInt(try engine.readUses(of: pod, into: uses))
  }
}
