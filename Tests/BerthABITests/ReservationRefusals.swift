import CBerth
import Testing

@testable import Berth

@Suite struct ReservationRefusals {
  @Test(arguments: adds + owners + quantities + lists + changes + reads + identities)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  /// A correct reservation on the first node; cases spoil one thing of it.
  static func spec(_ host: Host, cpu millicores: Int64 = 500) -> berth_reservation_spec {
    berth_reservation_spec(
      owner: berth_reservation_owner(id: 7, kind: UInt32(BERTH_OWNER_POD), reserved: 0),
      expiry_ms: Int64(BERTH_NEVER), scope: UInt32(BERTH_SCOPE_NODE), quantity_count: 1,
      quantities: list([berth_quantity(resource: host.cpu, reserved: 0, value: millicores)]), node: host.nodes[0],
      domain: 0, pod_class: 0)
  }

  /// A good one, and the spoilt one behind it.
  static func add(
    _ host: Host, _ spoil: (inout berth_reservation_spec) -> Void
  ) -> berth_status {
    var bad = spec(host)
    spoil(&bad)
    return berth_reservations_add(host.engine, [spec(host), bad], 2, host.out(berth_reservation_id.self))
  }

  static func within(_ host: Host, _ spoil: (inout berth_reservation_spec) -> Void) -> berth_status {
    add(host) {
      $0.scope = UInt32(BERTH_SCOPE_DOMAIN)
      $0.quantity_count = 0
      $0.pod_class = host.classes[0]
      spoil(&$0)
    }
  }

  static let adds: [Refusal] = [
    Refusal("add: null specs", BERTH_NULL_POINTER, "specs") {
      berth_reservations_add($0.engine, nil, 1, $0.out(berth_reservation_id.self))
    },
    Refusal("add: null result", BERTH_NULL_POINTER, "ids_out") {
      berth_reservations_add($0.engine, [spec($0)], 1, nil)
    },
    Refusal("add: more than memory holds", BERTH_LIMIT, "specs") {
      berth_reservations_add($0.engine, [spec($0)], -1, $0.out(berth_reservation_id.self))
    },
    Refusal("add: larger than the node", BERTH_NO_ROOM, "entry 1: 9000 of resource") { host in
      add(host) { $0.quantities = spec(host, cpu: 9000).quantities }
    },
    Refusal("add: as large as it can be said", BERTH_NO_ROOM, "entry 1: \(BERTH_MAX_QUANTITY)") { host in
      add(host) { $0.quantities = spec(host, cpu: Int64(BERTH_MAX_QUANTITY)).quantities }
    },
    Refusal("add: of what the node lacks", BERTH_NO_ROOM, "0 are free") { host in
      add(host) { $0.quantities = list([berth_quantity(resource: host.gpu, reserved: 0, value: 1)]) }
    },
    Refusal("add: more than is free after the one before", BERTH_NO_ROOM, "entry 1") { host in
      add(host) { $0.quantities = spec(host, cpu: 7501).quantities }
    },
    Refusal("add: scope 0", BERTH_BAD_ARGUMENT, "scope 0") { host in add(host) { $0.scope = 0 } },
    Refusal("add: scope 3", BERTH_BAD_ARGUMENT, "scope 3") { host in add(host) { $0.scope = 3 } },
    Refusal("add: expiry now", BERTH_BAD_ARGUMENT, "expiry 0") { host in add(host) { $0.expiry_ms = 0 } },
    Refusal("add: expiry long ago", BERTH_BAD_ARGUMENT, "expiry -") { host in add(host) { $0.expiry_ms = .min } },
    Refusal("add: a node that has gone", BERTH_STALE_ID, "entry 1: node") { host in
      add(host) { $0.node = host.goneNode }
    },
    Refusal("add: no node", BERTH_UNKNOWN_ID, "entry 1: node") { host in add(host) { $0.node = .max } },
    Refusal("domain: unknown", BERTH_UNKNOWN_ID, "entry 1: domain 77") { host in within(host) { $0.domain = 77 } },
    Refusal("domain: unknown class", BERTH_UNKNOWN_ID, "entry 1: class") { host in
      within(host) { $0.pod_class = 1000 }
    },
    Refusal("domain: with quantities", BERTH_BAD_ARGUMENT, "quantity_count") { host in
      within(host) { $0.quantity_count = 1 }
    },
    Refusal("domain: full", BERTH_NO_ROOM, "no node of domain") { host in
      var all: [berth_reservation_spec] = []
      for _ in 0..<100 {
        var one = spec(host)
        one.scope = UInt32(BERTH_SCOPE_DOMAIN)
        one.quantity_count = 0
        one.domain = host.zones[1]
        one.pod_class = host.classes[0]
        all.append(one)
      }
      return berth_reservations_add(host.engine, all, 100, host.out(berth_reservation_id.self))
    },
  ]

  static func own(_ host: Host, _ kind: Int, _ id: UInt64, reserved: UInt32 = 0) -> berth_status {
    add(host) { $0.owner = berth_reservation_owner(id: id, kind: UInt32(kind), reserved: reserved) }
  }

  static let owners: [Refusal] = [
    Refusal("owner: kind 0", BERTH_BAD_ARGUMENT, "owner kind 0") { own($0, 0, 1) },
    Refusal("owner: kind 5", BERTH_BAD_ARGUMENT, "owner kind 5") { own($0, 5, 1) },
    Refusal("owner: pod 0", BERTH_BAD_ARGUMENT, "owner 0") { own($0, BERTH_OWNER_POD, 0) },
    Refusal("owner: gang 0", BERTH_BAD_ARGUMENT, "owner 0") { own($0, BERTH_OWNER_GANG, 0) },
    Refusal("owner: queue 0", BERTH_BAD_ARGUMENT, "owner 0") { own($0, BERTH_OWNER_QUEUE, 0) },
    Refusal("owner: unknown class", BERTH_UNKNOWN_ID, "owner: class 3") { own($0, BERTH_OWNER_CLASS, 3) },
    Refusal("owner: a class beyond 32 bits", BERTH_UNKNOWN_ID, "owner: class") {
      own($0, BERTH_OWNER_CLASS, 1 << 32)
    },
    Refusal("owner: reserved field", BERTH_BAD_STRUCT, "owner: reserved") { own($0, BERTH_OWNER_POD, 1, reserved: 1) },
  ]

  static func hold(_ host: Host, _ records: [berth_quantity]?, count: UInt32? = nil) -> berth_status {
    add(host) {
      $0.quantities = records.map { list($0) }
      $0.quantity_count = count ?? UInt32(records?.count ?? 1)
    }
  }

  static func quantity(_ resource: UInt32, _ value: Int64, reserved: UInt32 = 0) -> berth_quantity {
    berth_quantity(resource: resource, reserved: reserved, value: value)
  }

  static let quantities: [Refusal] = [
    Refusal("quantities: null", BERTH_NULL_POINTER, "entry 1: quantities") { hold($0, nil) },
    Refusal("quantities: more than memory holds", BERTH_LIMIT, "entry 1: quantities") {
      hold($0, [quantity($0.cpu, 1)], count: .max)
    },
    Refusal("quantities: negative", BERTH_BAD_QUANTITY, "entry 1: quantity 0") { hold($0, [quantity($0.cpu, -1)]) },
    Refusal("quantities: beyond the limit", BERTH_LIMIT, "entry 1: quantity 0") {
      hold($0, [quantity($0.cpu, Int64(BERTH_MAX_QUANTITY) + 1)])
    },
    Refusal("quantities: a resource twice", BERTH_DUPLICATE, "occurs twice") {
      hold($0, [quantity($0.cpu, 1), quantity($0.cpu, 1)])
    },
    Refusal("quantities: unknown resource", BERTH_UNKNOWN_ID, "entry 1: quantity 1") {
      hold($0, [quantity($0.cpu, 1), quantity(99, 1)])
    },
    Refusal("quantities: reserved field", BERTH_BAD_STRUCT, "reserved") {
      hold($0, [quantity($0.cpu, 1, reserved: 1)])
    },
  ]

  /// Two reservations of 500 millicores, of which the first has ended.
  static func made(_ host: Host) -> [berth_reservation_id] {
    var ids: [berth_reservation_id] = [0, 0]
    host.must(berth_reservations_add(host.engine, [spec(host), spec(host)], 2, &ids))
    host.must(berth_reservations_remove(host.engine, ids, 1))
    return ids
  }

  static let lists: [Refusal] = [
    Refusal("remove: null ids", BERTH_NULL_POINTER, "ids") { berth_reservations_remove($0.engine, nil, 1) },
    Refusal("remove: more than memory holds", BERTH_LIMIT, "ids") { berth_reservations_remove($0.engine, [0], -1) },
    Refusal("remove: never given out", BERTH_UNKNOWN_ID, "entry 0: reservation") {
      berth_reservations_remove($0.engine, [1 << 24], 1)
    },
    Refusal("list: null ids", BERTH_NULL_POINTER, "ids_out") {
      berth_reservations_list($0.engine, 0, 1, nil, $0.out(Int.self))
    },
    Refusal("list: null count", BERTH_NULL_POINTER, "count_out") {
      berth_reservations_list($0.engine, 0, 1, $0.out(berth_reservation_id.self), nil)
    },
  ]

  static let changes: [Refusal] = [
    Refusal("resize: never given out", BERTH_UNKNOWN_ID, "reservation 5") {
      berth_reservation_resize($0.engine, 5, nil, 0)
    },
    Refusal("resize: null quantities", BERTH_NULL_POINTER, "quantities") {
      berth_reservation_resize($0.engine, 5, nil, 1)
    },
    Refusal("resize: more than memory holds", BERTH_LIMIT, "quantities") {
      berth_reservation_resize($0.engine, 5, [quantity($0.cpu, 1)], -1)
    },
    Refusal("hand over: null owner", BERTH_NULL_POINTER, "owner") {
      berth_reservation_hand_over($0.engine, 5, nil)
    },
    Refusal("hand over: never given out", BERTH_UNKNOWN_ID, "reservation 5") {
      berth_reservation_hand_over($0.engine, 5, [spec($0).owner])
    },
    Refusal("expiry: never given out", BERTH_UNKNOWN_ID, "reservation 5") {
      berth_reservation_set_expiry($0.engine, 5, 100)
    },
  ]

  static let reads: [Refusal] = [
    Refusal("read: null ids", BERTH_NULL_POINTER, "ids") {
      berth_reservations_read($0.engine, nil, 1, nil, 0, nil, nil, nil)
    },
    Refusal("read: null resources", BERTH_NULL_POINTER, "resources") {
      berth_reservations_read($0.engine, [0], 1, nil, 1, nil, nil, nil)
    },
    Refusal("read: unknown resource", BERTH_UNKNOWN_ID, "column 1") {
      berth_reservations_read($0.engine, [], 0, [$0.cpu, 99], 2, nil, $0.out(Int64.self), nil)
    },
    Refusal("read: never given out", BERTH_UNKNOWN_ID, "entry 0: reservation") {
      berth_reservations_read($0.engine, [7], 1, nil, 0, $0.out(berth_reservation_state.self), nil, nil)
    },
    Refusal("uses: a pod that has gone", BERTH_STALE_ID, "pod") {
      berth_pod_reservations_read($0.engine, $0.gonePod, 0, nil, $0.out(Int.self))
    },
    Refusal("uses: null result", BERTH_NULL_POINTER, "uses_out") {
      berth_pod_reservations_read($0.engine, $0.bound, 1, nil, $0.out(Int.self))
    },
    Refusal("uses: null count", BERTH_NULL_POINTER, "count_out") {
      berth_pod_reservations_read($0.engine, $0.bound, 0, nil, nil)
    },
  ]

  static let identities: [Refusal] = [
    Refusal("place as: null identities", BERTH_NULL_POINTER, "identities") {
      berth_pods_place_as($0.engine, $0.classes, nil, 2, 0, $0.out(berth_placement.self))
    },
    Refusal("place as: null classes", BERTH_NULL_POINTER, "classes") {
      berth_pods_place_as($0.engine, nil, [berth_pod_identity()], 1, 0, $0.out(berth_placement.self))
    },
    Refusal("place as: unknown class", BERTH_UNKNOWN_ID, "entry 0: class") {
      berth_pods_place_as($0.engine, [50], [berth_pod_identity()], 1, 0, $0.out(berth_placement.self))
    },
    Refusal("place as: unknown flag", BERTH_BAD_ARGUMENT, "flags") {
      berth_pods_place_as($0.engine, $0.classes, [berth_pod_identity()], 1, 4, $0.out(berth_placement.self))
    },
    Refusal("bind as: null identities", BERTH_NULL_POINTER, "identities") {
      berth_pods_bind_as($0.engine, $0.classes, nil, $0.nodes, 1, $0.out(berth_pod_id.self))
    },
    Refusal("bind as: a node that has gone", BERTH_STALE_ID, "entry 0: node") {
      berth_pods_bind_as(
        $0.engine, $0.classes, [berth_pod_identity()], [$0.goneNode], 1, $0.out(berth_pod_id.self))
    },
  ]

  /// Refusals that need a reservation to be there: what is held and who uses it stays as it was.
  @Test func refusedChangesLeaveTheReservation() {
    let host = Host()
    let ids = ReservationRefusals.made(host)
    var placement = berth_placement()
    let owner = berth_pod_identity(pod: 7, gang: 0, queue: 0)
    host.must(berth_pods_place_as(host.engine, [host.classes[0]], [owner], 1, 0, &placement))
    #expect(placement.node == host.nodes[0])

    func expectRefused(_ status: berth_status, _ wanted: Int, _ word: String, _ at: SourceLocation) {
      let sentence = lastError(host.engine)
      #expect(status == berth_status(wanted), "\(statusName(status)): \(sentence)", sourceLocation: at)
      #expect(sentence.contains(word), "\(sentence)", sourceLocation: at)
      var state = berth_reservation_state()
      var (held, left): (Int64, Int64) = (0, 0)
      host.must(berth_reservations_read(host.engine, [ids[1]], 1, [host.cpu], 1, &state, &held, &left))
      #expect(held == 500 && left == 0 && state.pods == 1 && state.owner.id == 7, sourceLocation: at)
      host.must(berth_engine_validate(host.engine))
    }
    let engine = host.engine
    let cpu = host.cpu
    func resize(_ value: Int64) -> berth_status {
      berth_reservation_resize(engine, ids[1], [ReservationRefusals.quantity(cpu, value)], 1)
    }
    expectRefused(resize(499), BERTH_BAD_ARGUMENT, "have taken 500", #_sourceLocation)
    expectRefused(
      berth_reservation_resize(engine, ids[1], nil, 0), BERTH_BAD_ARGUMENT, "have taken 500", #_sourceLocation)
    expectRefused(resize(9000), BERTH_NO_ROOM, "8500 of resource", #_sourceLocation)
    expectRefused(
      berth_reservation_set_expiry(engine, ids[1], 0), BERTH_BAD_ARGUMENT, "not later", #_sourceLocation)
    expectRefused(
      berth_reservation_hand_over(engine, ids[1], [berth_reservation_owner(id: 0, kind: 2, reserved: 0)]),
      BERTH_BAD_ARGUMENT, "owner 0", #_sourceLocation)
    expectRefused(
      berth_reservation_resize(engine, ids[0], nil, 0), BERTH_STALE_ID, "has ended", #_sourceLocation)
    expectRefused(
      berth_reservations_remove(engine, ids.reversed(), 2), BERTH_STALE_ID, "entry 1", #_sourceLocation)
    expectRefused(
      berth_reservations_remove(engine, [ids[1], ids[1]], 2), BERTH_DUPLICATE, "entry 1", #_sourceLocation)
    var use = berth_reservation_use()
    var count = 0
    host.must(berth_pod_reservations_read(engine, placement.pod, 1, &use, &count))
    #expect(count == 1 && use.reservation == ids[1] && use.quantity == 500 && use.resource == cpu)
  }
}
