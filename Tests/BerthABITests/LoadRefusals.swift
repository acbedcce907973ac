import CBerth
import Testing

@testable import Berth

@Suite struct LoadRefusals {
  @Test(arguments: sealed + batches + others)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  /// What is wrong with a declaration shows in an engine without nodes only, which `declare` makes and looks after.
  @Test(arguments: specs)
  func refusedDeclarationSaysWhyAndChangesNothing(_ refusal: Refusal) {
    let host = Host()
    let given = refusal.call(host)
    #expect(given == refusal.status, "\(statusName(given)), wanted \(statusName(refusal.status))")
    #expect(host.resultsAreUntouched(), "results were written")
  }

  /// Declares on an engine that has cpu, and what `before` declares, but no nodes yet.
  static func declare(
    _ host: Host, _ kind: Int, name: String = "new", before: (OpaquePointer?) -> Void = { _ in },
    _ spoil: (inout berth_load_spec) -> Void
  ) -> berth_status {
    var engine: OpaquePointer?
    var cpu: berth_resource_id = 0
    guard berth_engine_create(nil, &engine) == ok, berth_resource_add(engine, "cpu", 1, &cpu) == ok else { return 0 }
    before(engine)
    var spec = host.loadSpec(kind, of: cpu)
    spoil(&spec)
    let status = berth_load_resource_add(engine, name, &spec, host.out(berth_resource_id.self))
    #expect(!lastError(engine).isEmpty)
    #expect(berth_engine_validate(engine) == ok)
    // the name is still free, and so is the id
    var id: berth_resource_id = 0
    var good = host.loadSpec(BERTH_LOAD_USAGE, of: cpu)
    if status != berth_status(BERTH_LIMIT) {
      #expect(berth_load_resource_add(engine, "another", &good, &id) == ok, "\(lastError(engine))")
    }
    _ = berth_engine_destroy(engine)
    return status
  }

  static func bad(
    _ name: String, _ kind: Int, _ status: Int = BERTH_BAD_ARGUMENT,
    _ spoil: @escaping @Sendable (inout berth_load_spec) -> Void
  ) -> Refusal {
    Refusal("declare: \(name)", status, "") { declare($0, kind, spoil) }
  }

  static let specs: [Refusal] =
    [
      bad("no size", BERTH_LOAD_USAGE, BERTH_BAD_STRUCT) { $0.struct_size = 0 },
      bad("reserved", BERTH_LOAD_USAGE, BERTH_BAD_STRUCT) { $0.reserved = 1 },
      bad("no kind", 0) { _ in },
      bad("a kind too many", 4) { _ in },
      bad("an unknown resource", BERTH_LOAD_USAGE, BERTH_UNKNOWN_ID) { $0.resource = 77 },
      bad("a limit of what is no usage", BERTH_LOAD_LIMIT) { _ in },
      bad("no estimate", BERTH_LOAD_USAGE) { $0.estimate_percent = 0 },
      bad("too large an estimate", BERTH_LOAD_USAGE) { $0.estimate_percent = 1001 },
      bad("no default", BERTH_LOAD_USAGE) { $0.default_estimate = 0 },
      bad("too large a default", BERTH_LOAD_USAGE) { $0.default_estimate = Int64(BERTH_MAX_QUANTITY) + 1 },
      bad("a negative settle time", BERTH_LOAD_USAGE) { $0.settle_ms = -1 },
      bad("a settle time that never ends", BERTH_LOAD_USAGE) { $0.settle_ms = Int64(BERTH_NEVER) },
      bad("no expiry", BERTH_LOAD_SPARE) { $0.expiry_ms = 0 },
      bad("too late an expiry", BERTH_LOAD_SPARE) { $0.expiry_ms = Int64(BERTH_MAX_LOAD_MS) + 1 },
      bad("no prediction", BERTH_LOAD_SPARE) { $0.prediction = 0 },
      bad("a prediction too many", BERTH_LOAD_SPARE) { $0.prediction = 5 },
      bad("a margin of more than all", BERTH_LOAD_SPARE) { $0.margin_percent = 101 },
      bad("a most of more than all", BERTH_LOAD_SPARE) { $0.most_percent = 101 },
      bad("a peak without half-life", BERTH_LOAD_SPARE) {
        $0.prediction = UInt32(BERTH_PREDICTION_PEAK)
        $0.half_life_ms = 0
      },
      Refusal("declare: a name that exists", BERTH_DUPLICATE, "") {
        declare($0, BERTH_LOAD_USAGE, name: "cpu") { _ in }
      },
      Refusal("declare: no name", BERTH_BAD_TEXT, "") { declare($0, BERTH_LOAD_USAGE, name: "") { _ in } },
      Refusal("declare: spare of the same twice", BERTH_DUPLICATE, "") { host in
        declare(host, BERTH_LOAD_SPARE, before: { add($0, host, BERTH_LOAD_SPARE, "spare") }) { _ in }
      },
      Refusal("declare: of a load resource", BERTH_BAD_ARGUMENT, "") { host in
        declare(host, BERTH_LOAD_USAGE, before: { add($0, host, BERTH_LOAD_USAGE, "usage") }) { $0.resource = 1 }
      },
      Refusal("declare: a limit of 0 %", BERTH_BAD_ARGUMENT, "") { host in
        declare(host, BERTH_LOAD_LIMIT, before: { add($0, host, BERTH_LOAD_USAGE, "usage") }) {
          $0.resource = 1
          $0.threshold_percent = 0
        }
      },
      Refusal("declare: a limit of 101 %", BERTH_BAD_ARGUMENT, "") { host in
        declare(host, BERTH_LOAD_LIMIT, before: { add($0, host, BERTH_LOAD_USAGE, "usage") }) {
          $0.resource = 1
          $0.threshold_percent = 101
        }
      },
      Refusal("declare: a limit that refuses twice", BERTH_BAD_ARGUMENT, "") { host in
        declare(host, BERTH_LOAD_LIMIT, before: { add($0, host, BERTH_LOAD_USAGE, "usage") }) {
          $0.resource = 1
          $0.refuse_expired = 2
        }
      },
      Refusal("declare: too many", BERTH_LIMIT, "") { host in
        declare(
          host, BERTH_LOAD_USAGE,
          before: {
            for index in 0..<Int(BERTH_MAX_LOAD_RESOURCES) { add($0, host, BERTH_LOAD_USAGE, "usage \(index)") }
          }
        ) { _ in }
      },
      Refusal("declare: too much that is measured", BERTH_LIMIT, "") { host in
        declare(host, BERTH_LOAD_USAGE, before: { measureMost($0, host) }) { $0.resource = 4 }
      },
    ]

  static func add(_ engine: OpaquePointer?, _ host: Host, _ kind: Int, _ name: String, of resource: UInt32 = 0) {
    var id: berth_resource_id = 0
    var spec = host.loadSpec(kind, of: resource)
    #expect(berth_load_resource_add(engine, name, &spec, &id) == ok, "\(lastError(engine))")
  }

  /// Four more plain resources, 1...4, the first three of which are measured beside cpu.
  static func measureMost(_ engine: OpaquePointer?, _ host: Host) {
    var id: berth_resource_id = 0
    for index in 1...4 { #expect(berth_resource_add(engine, "example.com/\(index)", 0, &id) == ok) }
    for index in 0...3 { add(engine, host, BERTH_LOAD_USAGE, "usage \(index)", of: UInt32(index)) }
  }

  static let sealed: [Refusal] = [
    Refusal("declare: there are nodes", BERTH_SEALED, "before the first node") { host in
      var spec = host.loadSpec(BERTH_LOAD_USAGE, of: host.cpu)
      return berth_load_resource_add(host.engine, "late", &spec, host.out(berth_resource_id.self))
    },
    Refusal("declare: null name", BERTH_NULL_POINTER, "name") { host in
      var spec = host.loadSpec(BERTH_LOAD_USAGE, of: host.cpu)
      return berth_load_resource_add(host.engine, nil, &spec, host.out(berth_resource_id.self))
    },
    Refusal("declare: null spec", BERTH_NULL_POINTER, "spec") {
      berth_load_resource_add($0.engine, "late", nil, $0.out(berth_resource_id.self))
    },
    Refusal("declare: null result", BERTH_NULL_POINTER, "id_out") { host in
      var spec = host.loadSpec(BERTH_LOAD_USAGE, of: host.cpu)
      return berth_load_resource_add(host.engine, "late", &spec, nil)
    },
    Refusal("reports: nothing is measured", BERTH_WRONG_STATE, "declare") { update($0, $0.loadBatch([$0.report(0)])) },
    Refusal("forget: nothing is measured", BERTH_WRONG_STATE, "declare") { berth_load_remove($0.engine, $0.nodes, 1) },
    Refusal("assigned: nothing is measured", BERTH_WRONG_STATE, "declare") {
      berth_load_pods_update($0.engine, [$0.bound], [0], 1)
    },
    Refusal("read: nothing is measured", BERTH_WRONG_STATE, "declare") {
      berth_load_read($0.engine, $0.nodes, 1, nil, 0, nil, nil)
    },
  ]

  static func update(_ host: Host, _ batch: berth_load_batch) -> berth_status {
    var batch = batch
    return berth_load_update(host.engine, &batch)
  }

  static func reports(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (Host, inout berth_load_batch) -> Void
  ) -> Refusal {
    Refusal("reports: \(name)", status, word, hasLoad: true) { host in
      var batch = host.loadBatch([host.report(0), host.report(1)])
      spoil(host, &batch)
      return update(host, batch)
    }
  }

  /// The second report spoilt.
  static func second(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (Host, inout berth_load_report) -> Void
  ) -> Refusal {
    reports(name, status, word) { host, batch in
      var bad = host.report(1)
      spoil(host, &bad)
      batch.reports = list([host.report(0), bad])
    }
  }

  static let batches: [Refusal] = [
    Refusal("reports: null batch", BERTH_NULL_POINTER, "batch", hasLoad: true) { berth_load_update($0.engine, nil) },
    reports("no size", BERTH_BAD_STRUCT, "struct_size") { $1.struct_size = 8 },
    reports("null reports", BERTH_NULL_POINTER, "reports") { $1.reports = nil },
    reports("null usage", BERTH_NULL_POINTER, "usage") { $1.usage = nil },
    reports("null resources", BERTH_NULL_POINTER, "resources") { $1.resources = nil },
    reports("null pods", BERTH_NULL_POINTER, "pods") {
      $1.pod_count = 1
      $1.pods = nil
    },
    reports("null usage of pods", BERTH_NULL_POINTER, "pod_usage") {
      $1.pod_count = 1
      $1.pod_usage = nil
    },
    reports("more than memory holds", BERTH_LIMIT, "reports") { $1.count = -1 },
    reports("more pods than memory holds", BERTH_LIMIT, "pods") { $1.pod_count = -1 },
    reports("no columns", BERTH_BAD_ARGUMENT, "no column") { $1.resource_count = 0 },
    reports("a column twice", BERTH_DUPLICATE, "column 1") {
      $1.resource_count = 2
      $1.resources = list([$0.cpu, $0.cpu])
    },
    reports("what is not measured", BERTH_BAD_ARGUMENT, "not measured") { $1.resources = list([$0.memory]) },
    reports("an unknown resource", BERTH_UNKNOWN_ID, "resource") { $1.resources = list([99]) },
    reports("a negative quantity", BERTH_BAD_QUANTITY, "report 1") { $1.usage = list([1, -1]) },
    reports("too large a quantity", BERTH_LIMIT, "report 1") { $1.usage = list([1, Int64(BERTH_MAX_QUANTITY) + 1]) },
    second("a node that has gone", BERTH_STALE_ID, "report 1") { $1.node = $0.goneNode },
    second("no node", BERTH_UNKNOWN_ID, "report 1") { $1.node = .max },
    second("a node twice", BERTH_DUPLICATE, "report 1") { $1.node = $0.nodes[0] },
    second("an unknown flag", BERTH_BAD_ARGUMENT, "flags") { $1.flags = 2 },
    second("from the future", BERTH_BAD_ARGUMENT, "measured at 1 ms") { $1.measured_at_ms = 1 },
    second("before all time", BERTH_BAD_ARGUMENT, "measured at -1 ms") { $1.measured_at_ms = -1 },
    second("pods without the flag", BERTH_BAD_ARGUMENT, "LISTS_PODS") { $1.pod_count = 1 },
    second("pods beyond the batch's", BERTH_BAD_ARGUMENT, "beyond") {
      $1.flags = UInt32(BERTH_LOAD_LISTS_PODS)
      $1.pod_count = .max
    },
    reports("pods that no report lists", BERTH_BAD_ARGUMENT, "list 0 pods") {
      $1.pod_count = 1
      $1.pods = list([$0.bound])
      $1.pod_usage = list([1])
    },
    pods("a pod never given out", BERTH_UNKNOWN_ID, "pod entry 1") { [$0.bound, .max] },
    pods("a pod twice", BERTH_DUPLICATE, "pod entry 1") { [$0.bound, $0.bound] },
    Refusal("reports: a pod of another node", BERTH_BAD_ARGUMENT, "is not on node", hasLoad: true) { host in
      let away = (home(host) + 1) % host.nodes.count
      return update(host, host.loadBatch([host.report(away, pods: 1)], pods: [host.bound]))
    },
    Refusal("reports: a negative quantity of a pod", BERTH_BAD_QUANTITY, "pod entry 0", hasLoad: true) { host in
      var batch = host.loadBatch([host.report(home(host), pods: 1)], pods: [host.bound])
      batch.pod_usage = list([-1])
      return update(host, batch)
    },
  ]

  /// Where the bound pod is.
  static func home(_ host: Host) -> Int {
    var state = berth_pod_state()
    host.must(berth_pods_read(host.engine, [host.bound], 1, &state))
    return host.nodes.firstIndex(of: state.node)!
  }

  static func pods(
    _ name: String, _ status: Int, _ word: String, _ pods: @escaping @Sendable (Host) -> [UInt64]
  ) -> Refusal {
    Refusal("reports: \(name)", status, word, hasLoad: true) { host in
      let listed = pods(host)
      return update(host, host.loadBatch([host.report(home(host), pods: UInt32(listed.count))], pods: listed))
    }
  }

  static let others: [Refusal] = [
    Refusal("forget: null nodes", BERTH_NULL_POINTER, "nodes", hasLoad: true) { berth_load_remove($0.engine, nil, 1) },
    Refusal("forget: a node twice", BERTH_DUPLICATE, "entry 1", hasLoad: true) {
      berth_load_remove($0.engine, [$0.nodes[0], $0.nodes[0]], 2)
    },
    Refusal("forget: a node that has gone", BERTH_STALE_ID, "entry 1", hasLoad: true) {
      berth_load_remove($0.engine, [$0.nodes[0], $0.goneNode], 2)
    },
    Refusal("assigned: null pods", BERTH_NULL_POINTER, "pods", hasLoad: true) {
      berth_load_pods_update($0.engine, nil, [0], 1)
    },
    Refusal("assigned: null times", BERTH_NULL_POINTER, "assigned_at_ms", hasLoad: true) {
      berth_load_pods_update($0.engine, [$0.bound], nil, 1)
    },
    Refusal("assigned: a pod twice", BERTH_DUPLICATE, "entry 1", hasLoad: true) {
      berth_load_pods_update($0.engine, [$0.bound, $0.bound], [0, 0], 2)
    },
    Refusal("assigned: a pod that has gone", BERTH_STALE_ID, "entry 1", hasLoad: true) {
      berth_load_pods_update($0.engine, [$0.bound, $0.gonePod], [0, 0], 2)
    },
    Refusal("assigned: in the future", BERTH_BAD_ARGUMENT, "entry 1", hasLoad: true) {
      berth_load_pods_update($0.engine, [$0.bound, $0.assumed], [0, 1], 2)
    },
    Refusal("assigned: before all time", BERTH_BAD_ARGUMENT, "entry 0", hasLoad: true) {
      berth_load_pods_update($0.engine, [$0.bound], [-1], 1)
    },
    Refusal("read: a node that has gone", BERTH_STALE_ID, "entry 0", hasLoad: true) {
      berth_load_read($0.engine, [$0.goneNode], 1, [$0.cpu], 1, $0.out(berth_load_state.self), nil)
    },
    Refusal("read: what is not measured", BERTH_BAD_ARGUMENT, "column 0", hasLoad: true) {
      berth_load_read($0.engine, $0.nodes, 1, [$0.memory], 1, $0.out(berth_load_state.self), nil)
    },
    Refusal("read: an unknown resource", BERTH_UNKNOWN_ID, "column 0", hasLoad: true) {
      berth_load_read($0.engine, $0.nodes, 1, [99], 1, $0.out(berth_load_state.self), nil)
    },
    Refusal("nodes: allocatable of a load resource", BERTH_BAD_ARGUMENT, "leave it out", hasLoad: true) { host in
      var batch = host.batch([host.row()])
      batch.resources = list([host.cpu, host.spare])
      return berth_nodes_add(host.engine, &batch, host.out(berth_node_id.self))
    },
    Refusal("class: an estimate of nothing", BERTH_BAD_ARGUMENT, "at least 1", hasLoad: true) {
      intern($0, $0.usage, 0)
    },
    Refusal("class: more than no limit", BERTH_BAD_ARGUMENT, "only 0", hasLoad: true) { intern($0, $0.limit, 1) },
    Refusal("profile: a limit in a term", BERTH_BAD_ARGUMENT, "no term", hasLoad: true) {
      profile($0, BERTH_TERM_LEAST_ALLOCATED, $0.limit)
    },
    Refusal("profile: usage before placing", BERTH_BAD_ARGUMENT, "after placing", hasLoad: true) {
      profile($0, BERTH_TERM_BALANCED_ALLOCATION, $0.usage)
    },
  ]

  static func intern(_ host: Host, _ resource: UInt32, _ value: Int64) -> berth_status {
    var spec = host.spec()
    spec.requests = list([
      berth_quantity(resource: host.cpu, reserved: 0, value: 1),
      berth_quantity(resource: resource, reserved: 0, value: value),
    ])
    return berth_class_intern(host.engine, &spec, host.out(berth_class_id.self))
  }

  static func profile(_ host: Host, _ kind: Int, _ resource: UInt32) -> berth_status {
    var term = host.term(kind)
    term.resource_count = 1
    term.resources = list([berth_term_resource(resource: resource, weight: 1, scale: 0)])
    return berth_profile_add(host.engine, "load", [term], 1, host.out(berth_profile_id.self))
  }

  /// The whole way through the C functions: declare, report, place, read.
  @Test func loadIsFedAndRead() {
    let host = Host(hasLoad: true)
    host.must(berth_engine_set_time(host.engine, 5000))
    var batch = host.loadBatch((0..<6).map { host.report($0) })
    batch.usage = list([1000, 2000, 3000, 4000, 5000, 8000])
    host.must(berth_load_update(host.engine, &batch))
    var states = [berth_load_state](repeating: berth_load_state(), count: 6)
    var values = [Int64](repeating: 0, count: 12)
    host.must(berth_load_read(host.engine, host.nodes, 6, [host.cpu, host.limit], 2, &states, &values))
    #expect(states.map(\.age_ms) == Array(repeating: 5000, count: 6))
    #expect(stride(from: 0, to: 12, by: 2).map { values[$0] } == [1000, 2000, 3000, 4000, 5000, 8000])
    host.must(berth_load_remove(host.engine, host.nodes, 1))
    host.must(berth_load_pods_update(host.engine, [host.bound], [17], 1))
    host.must(berth_load_read(host.engine, host.nodes, 6, [host.cpu, host.limit], 2, &states, &values))
    #expect(states[0].measured_at_ms == -1 && values[0] == -1 && values[1] == -1)
    host.must(berth_engine_validate(host.engine))
  }
}
