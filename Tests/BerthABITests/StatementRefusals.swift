import CBerth
import Testing

@testable import Berth

@Suite struct StatementRefusals {
  @Test(arguments: openings + rollBacks + closings + times)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  private static func begin(_ host: Host) -> berth_statement_id {
    var id: berth_statement_id = 0
    host.must(berth_statement_begin(host.engine, &id))
    return id
  }

  private static func checkpoint(_ host: Host) -> berth_checkpoint_id {
    var id: berth_checkpoint_id = 0
    host.must(berth_statement_checkpoint(host.engine, &id))
    return id
  }

  static let openings: [Refusal] = [
    Refusal("begin: null result", BERTH_NULL_POINTER, "id_out") { berth_statement_begin($0.engine, nil) },
    Refusal("begin: more than the limit", BERTH_LIMIT, "64") { host in
      for _ in 0..<BERTH_MAX_STATEMENTS { _ = begin(host) }
      return berth_statement_begin(host.engine, host.out(berth_statement_id.self))
    },
    Refusal("checkpoint: null result", BERTH_NULL_POINTER, "id_out") { host in
      _ = begin(host)
      return berth_statement_checkpoint(host.engine, nil)
    },
    Refusal("checkpoint: nothing is open", BERTH_WRONG_STATE, "begin") {
      berth_statement_checkpoint($0.engine, $0.out(berth_checkpoint_id.self))
    },
    Refusal("checkpoint: nothing is open any more", BERTH_WRONG_STATE, "begin") { host in
      host.must(berth_statement_commit(host.engine, begin(host)))
      return berth_statement_checkpoint(host.engine, host.out(berth_checkpoint_id.self))
    },
    Refusal("checkpoint: more than the limit", BERTH_LIMIT, "1048576") { host in
      for half in 0..<2 {
        _ = begin(host)
        var id: berth_checkpoint_id = 0
        for _ in 0..<Int(BERTH_MAX_CHECKPOINTS) / 2 { _ = berth_statement_checkpoint(host.engine, &id) }
        if id != UInt64(half + 1) * UInt64(BERTH_MAX_CHECKPOINTS) / 2 { return berth_status(BERTH_CORRUPT) }
      }
      return berth_statement_checkpoint(host.engine, host.out(berth_checkpoint_id.self))
    },
  ]

  static let rollBacks: [Refusal] =
    [0, 1, .max].map { id in
      Refusal("roll back: \(id) without a statement", BERTH_UNKNOWN_ID, "checkpoint \(id)") {
        berth_statement_rollback($0.engine, id)
      }
    } + [
      Refusal("roll back: one more than there are", BERTH_UNKNOWN_ID, "checkpoint 3") { host in
        _ = begin(host)
        _ = (checkpoint(host), checkpoint(host))
        return berth_statement_rollback(host.engine, 3)
      },
      Refusal("roll back: of a committed statement", BERTH_STALE_ID, "gone") { host in
        let statement = begin(host)
        let id = checkpoint(host)
        host.must(berth_statement_commit(host.engine, statement))
        return berth_statement_rollback(host.engine, id)
      },
      Refusal("roll back: of an inner statement that is committed", BERTH_STALE_ID, "gone") { host in
        _ = begin(host)
        _ = checkpoint(host)
        let inner = begin(host)
        let id = checkpoint(host)
        host.must(berth_statement_commit(host.engine, inner))
        return berth_statement_rollback(host.engine, id)
      },
      Refusal("roll back: of a discarded statement", BERTH_STALE_ID, "gone") { host in
        let statement = begin(host)
        let id = checkpoint(host)
        host.must(berth_statement_discard(host.engine, statement))
        _ = begin(host)
        return berth_statement_rollback(host.engine, id)
      },
      Refusal("roll back: behind one that was returned to", BERTH_STALE_ID, "gone") { host in
        _ = begin(host)
        let (first, second) = (checkpoint(host), checkpoint(host))
        host.must(berth_statement_rollback(host.engine, first))
        _ = checkpoint(host)
        return berth_statement_rollback(host.engine, second)
      },
      Refusal("roll back: past the base of the innermost", BERTH_WRONG_STATE, "innermost") { host in
        _ = begin(host)
        let outer = checkpoint(host)
        _ = begin(host)
        _ = checkpoint(host)
        return berth_statement_rollback(host.engine, outer)
      },
      Refusal("roll back: past a base without checkpoints", BERTH_WRONG_STATE, "innermost") { host in
        _ = begin(host)
        let outer = checkpoint(host)
        _ = begin(host)
        return berth_statement_rollback(host.engine, outer)
      },
    ]

  private static func closings(
    _ verb: String, _ close: @escaping @Sendable (OpaquePointer?, berth_statement_id) -> berth_status
  ) -> [Refusal] {
    [0, 1, .max].map { id in
      Refusal("\(verb): \(id) before any", BERTH_UNKNOWN_ID, "statement \(id)") { close($0.engine, id) }
    } + [
      Refusal("\(verb): one more than there are", BERTH_UNKNOWN_ID, "statement 2") { host in
        _ = begin(host)
        return close(host.engine, 2)
      },
      Refusal("\(verb): a committed one", BERTH_STALE_ID, "already") { host in
        let id = begin(host)
        host.must(berth_statement_commit(host.engine, id))
        return close(host.engine, id)
      },
      Refusal("\(verb): a discarded one, another is open", BERTH_STALE_ID, "already") { host in
        let id = begin(host)
        host.must(berth_statement_discard(host.engine, id))
        _ = begin(host)
        return close(host.engine, id)
      },
      Refusal("\(verb): an outer one", BERTH_WRONG_STATE, "close statement 3 first") { host in
        let outer = begin(host)
        _ = (begin(host), begin(host))
        return close(host.engine, outer)
      },
    ]
  }

  static let closings =
    closings("commit") { berth_statement_commit($0, $1) } + closings("discard") { berth_statement_discard($0, $1) }

  static let times: [Refusal] = [
    Refusal("read time: null result", BERTH_NULL_POINTER, "now_ms_out") { berth_engine_read_time($0.engine, nil) },
    Refusal("set time: back", BERTH_BAD_ARGUMENT, "before") { host in
      host.must(berth_engine_set_time(host.engine, 1000))
      host.keepMoment()
      return berth_engine_set_time(host.engine, 999)
    },
    Refusal("set time: before the beginning", BERTH_BAD_ARGUMENT, "before") { berth_engine_set_time($0.engine, -1) },
    Refusal("set time: long before", BERTH_BAD_ARGUMENT, "before") { berth_engine_set_time($0.engine, .min) },
    Refusal("set time: never", BERTH_BAD_ARGUMENT, "BERTH_NEVER") {
      berth_engine_set_time($0.engine, Int64(BERTH_NEVER))
    },
  ]

  /// In the middle of a statement that did something: whatever is refused leaves it as it is, and it can be taken back.
  @Test func refusedCallsLeaveTheStatementAsItIs() {
    let host = Host()
    let before = host.state()
    let outer = Self.begin(host)
    let first = Self.checkpoint(host)
    var placement = berth_placement()
    host.must(berth_pods_place(host.engine, host.classes, 1, 0, &placement))
    let inner = Self.begin(host)
    let second = Self.checkpoint(host)
    host.must(berth_nodes_cordon(host.engine, host.nodes, 3, 1))
    let inside = host.state()
    #expect(inside != before)
    #expect(berth_statement_commit(host.engine, outer) == berth_status(BERTH_WRONG_STATE))
    #expect(berth_statement_discard(host.engine, outer) == berth_status(BERTH_WRONG_STATE))
    #expect(berth_statement_rollback(host.engine, first) == berth_status(BERTH_WRONG_STATE))
    #expect(berth_statement_rollback(host.engine, second + 1) == berth_status(BERTH_UNKNOWN_ID))
    #expect(berth_statement_discard(host.engine, inner + 1) == berth_status(BERTH_UNKNOWN_ID))
    #expect(host.state() == inside)
    #expect(berth_engine_validate(host.engine) == ok)
    host.must(berth_statement_commit(host.engine, inner))
    #expect(host.state() == inside)
    host.must(berth_statement_rollback(host.engine, first))
    #expect(host.state() == before)
    host.must(berth_pods_place(host.engine, host.classes, 1, 0, &placement))
    host.must(berth_statement_discard(host.engine, outer))
    #expect(host.state() == before)
    #expect(berth_engine_validate(host.engine) == ok)
  }

  /// The time is the caller's, may stand still, and is taken back with the rest.
  @Test func timeIsTakenBack() {
    let host = Host()
    func now() -> Int64 {
      var now: Int64 = -1
      host.must(berth_engine_read_time(host.engine, &now))
      return now
    }
    #expect(now() == 0)
    host.must(berth_engine_set_time(host.engine, 5))
    let statement = Self.begin(host)
    host.must(berth_engine_set_time(host.engine, Int64(BERTH_NEVER) - 1))
    host.must(berth_engine_set_time(host.engine, Int64(BERTH_NEVER) - 1))
    host.must(berth_statement_discard(host.engine, statement))
    #expect(now() == 5)
    host.must(berth_engine_set_time(host.engine, 5))
  }

  /// An engine goes with its open statements.
  @Test func anEngineWithOpenStatementsIsDestroyed() {
    let host = Host()
    for _ in 0..<3 {
      _ = Self.begin(host)
      host.must(berth_nodes_remove(host.engine, &host.nodes, 1))
      host.nodes.removeFirst()
    }
    host.must(berth_engine_destroy(host.engine))
    host.engine = nil
    var id: berth_statement_id = 7
    #expect(berth_statement_begin(host.engine, &id) == berth_status(BERTH_BAD_ENGINE))
    #expect(id == 7)
  }

  /// With as many pools as there can be, new labels take the pool of a node that left. Taken back, both are themselves.
  @Test func poolsThatChangedTheirMeaningAreTakenBack() {
    var engine: OpaquePointer?
    #expect(berth_engine_create(nil, &engine) == ok)
    defer { _ = berth_engine_destroy(engine) }
    let count = Int(BERTH_MAX_POOLS)
    let key = c("serial")
    let sets = (0..<count + 2).map { i in
      var id: berth_label_set_id = 0
      #expect("\(i)".withCString { berth_label_set_intern(engine, [berth_label(key: key, value: $0)], 1, &id) } == ok)
      return id
    }
    var nodes = [berth_node_id](repeating: 0, count: count)
    func add(_ sets: ArraySlice<berth_label_set_id>) -> berth_status {
      let rows = sets.map {
        berth_node(domain: 0, labels: $0, taints: 0, flags: 0, tie_key: 0, images: 0, price: Int64($0))
      }
      return rows.withUnsafeBufferPointer { rows in
        var batch = berth_node_batch()
        berth_node_batch_init(&batch)
        batch.count = rows.count
        batch.nodes = rows.baseAddress
        return berth_nodes_add(engine, &batch, &nodes)
      }
    }
    #expect(add(sets.prefix(count)) == ok)
    let (first, second) = (nodes[0], nodes[1])
    var profile: berth_profile_id = 0
    let term = berth_term(
      kind: UInt32(BERTH_TERM_PRICE), resource_count: 0, point_count: 0, hard_pod_affinity_weight: 0, flags: 0,
      weight: 1, resources: nil,
      points: nil)
    #expect(berth_profile_add(engine, "cheapest", [term], 1, &profile) == ok)
    /// Where a pod for the nodes with one set of labels goes.
    func home(_ serial: Int) -> berth_node_id {
      var spec = berth_pod_spec()
      berth_pod_spec_init(&spec)
      spec.profile = profile
      spec.node_selector = list([berth_label(key: key, value: c("\(serial)"))])
      spec.node_selector_count = 1
      var podClass: berth_class_id = 0
      #expect(berth_class_intern(engine, &spec, &podClass) == ok)
      var placement = berth_placement()
      #expect(berth_pods_place(engine, [podClass], 1, UInt32(BERTH_PLACE_DRY_RUN), &placement) == ok)
      return placement.node
    }
    let none = UInt64.max
    #expect([home(0), home(1), home(count)] == [first, second, none])
    for _ in 0..<2 {
      var statement: berth_statement_id = 0
      #expect(berth_statement_begin(engine, &statement) == ok)
      #expect(berth_nodes_remove(engine, [first, second], 2) == ok)
      #expect(add(sets.suffix(2)) == ok)
      #expect([home(0), home(1), home(count), home(count + 1)] == [none, none, nodes[0], nodes[1]])
      #expect(berth_statement_discard(engine, statement) == ok)
      #expect([home(0), home(1), home(count), home(count + 1)] == [first, second, none, none])
      #expect(berth_engine_validate(engine) == ok)
    }
  }
}
