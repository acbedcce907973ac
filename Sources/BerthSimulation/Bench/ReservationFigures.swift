import BerthCore
import CBerth

/// What it takes to hold capacity for a pod: a reservation is made for it, the pod is placed on it, leaves, and the
/// reservation is removed.
enum ReservationFigures {
  private static let turns = 2_000

  /// Nanoseconds of one turn; where the reservation goes was found out before.
  static func measure(_ cluster: PlaceCluster, _ placeCase: PlaceCase) throws(EngineError) -> Double {
    let engine = cluster.engine
    var times: [Double] = []
    for turn in 0..<turns {
      let drawn = Int(placeCase.arrivals[turn % placeCase.arrivals.count])
      let podClass = cluster.classes[drawn]
      guard let best = try engine.candidates(of: podClass, limit: 1).first else { continue }
      let quantities = zip(cluster.resources, placeCase.request(drawn)).map {
        berth_quantity(resource: $0, reserved: 0, value: $1)
      }
      var identity = berth_pod_identity(pod: UInt64(turn) + 1, gang: 0, queue: 0)
      var spec = berth_reservation_spec()
      spec.owner = berth_reservation_owner(id: identity.pod, kind: UInt32(BERTH_OWNER_POD), reserved: 0)
      spec.expiry_ms = Int64(BERTH_NEVER)
      spec.scope = UInt32(BERTH_SCOPE_NODE)
      spec.node = best.node
      spec.quantity_count = UInt32(quantities.count)
      var refused: EngineError?
      quantities.withUnsafeBufferPointer { list in
        spec.quantities = list.baseAddress
        do throws(EngineError) { times.append(try time(engine, &spec, podClass, &identity)) } catch { refused = error }
      }
      if let refused { throw refused }
    }
    return Latencies(times).percentile(50)
  }

  private static func time(
    _ engine: Engine, _ spec: UnsafePointer<berth_reservation_spec>, _ podClass: berth_class_id,
    _ identity: inout berth_pod_identity
  ) throws(EngineError) -> Double {
    var id: berth_reservation_id = 0
    var placement = berth_placement()
    let start = MonotonicClock.now()
    try engine.addReservations(UnsafeBufferPointer(start: spec, count: 1), ids: &id)
    try withUnsafePointer(to: podClass) { podClass throws(EngineError) in
      try engine.place(UnsafeBufferPointer(start: podClass, count: 1), as: &identity, flags: 0, into: &placement)
    }
    try engine.releaseOne(placement.pod)
    try withUnsafePointer(to: id) { id throws(EngineError) in
      try engine.removeReservations(UnsafeBufferPointer(start: id, count: 1))
    }
    let time = Double(MonotonicClock.now() - start)
    guard placement.node == spec.pointee.node else {
      throw EngineError(
        UInt32(BERTH_CORRUPT), "a pod went to node \(placement.node), its reservation is on \(spec.pointee.node)")
    }
    return time
  }
}
