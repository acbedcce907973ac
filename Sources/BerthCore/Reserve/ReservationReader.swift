import CBerth

/// A reservation that is wanted, checked as far as that goes before any other is made.
struct WantedReservation {
  enum Scope {
    case node(UInt32, [Request])
    case domain(UInt32, podClass: UInt32)
  }
  let owner: ReservationOwner
  let expiry: Int64
  let scope: Scope
}

extension Engine {
  func readReservation(
    _ spec: berth_reservation_spec, _ what: String
  ) throws(EngineError) -> WantedReservation {
    let owner = try readOwner(spec.owner, what)
    try checkExpiry(spec.expiry_ms, what)
    return WantedReservation(owner: owner, expiry: spec.expiry_ms, scope: try readScope(spec, what))
  }

  private func readScope(
    _ spec: berth_reservation_spec, _ what: String
  ) throws(EngineError) -> WantedReservation.Scope {
    switch Int(spec.scope) {
    case BERTH_SCOPE_NODE:
      let list = try readQuantities(
        spec.quantities, UInt(spec.quantity_count), list: "\(what): quantities", each: "\(what): quantity",
        read: readHolding)
      return .node(try cluster.nodes.index(spec.node, "\(what): "), list)
    case BERTH_SCOPE_DOMAIN:
      guard spec.quantity_count == 0 else {
        throw refuse(
          BERTH_BAD_ARGUMENT, "\(what): quantity_count must be 0: within a domain, the class says how much is held")
      }
      guard spec.domain < UInt32(cluster.catalog.topology.domains.count) else {
        throw refuse(BERTH_UNKNOWN_ID, "\(what): domain \(spec.domain) is unknown")
      }
      guard spec.pod_class < UInt32(workload.classes.count) else {
        throw refuse(BERTH_UNKNOWN_ID, "\(what): class \(spec.pod_class) is unknown")
      }
      return .domain(spec.domain, podClass: spec.pod_class)
    default:
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): scope \(spec.scope) is unknown: use BERTH_SCOPE_*")
    }
  }

  /// Usage is measured and limits follow from it: neither can be held.
  func readHolding(_ record: berth_quantity, _ what: String) throws(EngineError) -> Request {
    let specs = cluster.load.specs
    guard specs.usage(record.resource) == nil, specs.limit(record.resource) == nil else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): resource \(record.resource) is measured, so it cannot be held")
    }
    return Request(resource: record.resource, value: record.value)
  }

  func readOwner(
    _ record: berth_reservation_owner, _ what: String
  ) throws(EngineError) -> ReservationOwner {
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(what): owner: reserved must be 0") }
    guard record.kind >= UInt32(BERTH_OWNER_POD), record.kind <= UInt32(BERTH_OWNER_QUEUE) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): owner kind \(record.kind) is unknown: use BERTH_OWNER_*")
    }
    if Int(record.kind) == BERTH_OWNER_CLASS {
      guard record.id < UInt64(workload.classes.count) else {
        throw refuse(BERTH_UNKNOWN_ID, "\(what): owner: class \(record.id) is unknown")
      }
    } else {
      guard record.id != 0 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): owner 0: pods present 0 where they have no such number, use another")
      }
    }
    return ReservationOwner(kind: record.kind, id: record.id)
  }

  func checkExpiry(_ expiry: Int64, _ what: String) throws(EngineError) {
    guard expiry > now else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): expiry \(expiry) ms is not later than \(now) ms, the engine's time")
    }
  }

  /// Growth must be free on the node.
  func checkFree(_ growth: [Request], _ slot: UInt32, _ what: String) throws(EngineError) {
    let row = cluster.rows.row(slot)
    for request in growth {
      let dim = cluster.shapes.dim(of: request.resource, in: row.shape)
      if cluster.resources.isCounted(request.resource) {
        guard row.used[dim] + request.value <= Cluster.mostUsed else {
          throw refuse(BERTH_BAD_QUANTITY, "\(what): more than 2^62 of resource \(request.resource) would be in use")
        }
        continue
      }
      let free = dim < 0 ? 0 : cluster.shapes.capacities(row.shape)[dim] - row.used[dim]
      guard request.value <= free else {
        throw refuse(
          BERTH_NO_ROOM,
          "\(what): \(request.value) of resource \(request.resource) are to be held, \(free) are free on node \(row.id)"
        )
      }
    }
  }
}
