import CBerth
import Testing

@testable import Berth

@Suite struct PlacementRefusals {
  @Test(arguments: places + binds + podLists + reads + checks)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static func place(_ host: Host, _ classes: [UInt32]?, _ count: Int, flags: UInt32 = 0) -> berth_status {
    berth_pods_place(host.engine, classes.map { list($0) }, count, flags, host.out(berth_placement.self))
  }

  static let places: [Refusal] = [
    Refusal("place: null classes", BERTH_NULL_POINTER, "classes") { place($0, nil, 2) },
    Refusal("place: null result", BERTH_NULL_POINTER, "placements_out") {
      berth_pods_place($0.engine, $0.classes, 2, 0, nil)
    },
    Refusal("place: more than memory holds", BERTH_LIMIT, "classes") { place($0, [0], -1) },
    Refusal("place: unknown class after good ones", BERTH_UNKNOWN_ID, "entry 2: class") {
      place($0, [$0.classes[0], $0.classes[1], 1000, $0.classes[0]], 4)
    },
    Refusal("place: unknown flag", BERTH_BAD_ARGUMENT, "flags") { place($0, $0.classes, 1, flags: 2) },
    Refusal("place: every flag", BERTH_BAD_ARGUMENT, "flags") { place($0, $0.classes, 1, flags: .max) },
    Refusal("dry run: unknown class", BERTH_UNKNOWN_ID, "entry 1: class") {
      place($0, [$0.classes[0], .max], 2, flags: UInt32(BERTH_PLACE_DRY_RUN))
    },
  ]

  static func bind(_ host: Host, _ classes: [UInt32], _ nodes: [UInt64]) -> berth_status {
    berth_pods_bind(host.engine, classes, nodes, classes.count, host.out(berth_pod_id.self))
  }

  static let binds: [Refusal] = [
    Refusal("bind: null classes", BERTH_NULL_POINTER, "classes") {
      berth_pods_bind($0.engine, nil, $0.nodes, 1, $0.out(berth_pod_id.self))
    },
    Refusal("bind: null nodes", BERTH_NULL_POINTER, "nodes") {
      berth_pods_bind($0.engine, $0.classes, nil, 1, $0.out(berth_pod_id.self))
    },
    Refusal("bind: null result", BERTH_NULL_POINTER, "pods_out") {
      berth_pods_bind($0.engine, $0.classes, $0.nodes, 1, nil)
    },
    Refusal("bind: more than memory holds", BERTH_LIMIT, "classes") {
      berth_pods_bind($0.engine, $0.classes, $0.nodes, -1, $0.out(berth_pod_id.self))
    },
    Refusal("bind: unknown class", BERTH_UNKNOWN_ID, "entry 1: class") {
      bind($0, [$0.classes[0], 500], [$0.nodes[0], $0.nodes[1]])
    },
    Refusal("bind: a node that has gone", BERTH_STALE_ID, "entry 1: node") {
      bind($0, [$0.classes[0], $0.classes[0]], [$0.nodes[0], $0.goneNode])
    },
    Refusal("bind: no node", BERTH_UNKNOWN_ID, "entry 0: node") { bind($0, [$0.classes[0]], [.max]) },
  ]

  static func lists(_ verb: String, _ call: @escaping @Sendable (Host, [UInt64]?, Int) -> berth_status) -> [Refusal] {
    [
      Refusal("\(verb): null pods", BERTH_NULL_POINTER, "pods") { call($0, nil, 1) },
      Refusal("\(verb): more than memory holds", BERTH_LIMIT, "pods") { call($0, [0], -1) },
      Refusal("\(verb): a pod that has gone", BERTH_STALE_ID, "entry 1: pod") {
        call($0, [$0.assumed, $0.gonePod], 2)
      },
      Refusal("\(verb): an id never given", BERTH_UNKNOWN_ID, "entry 1: pod") {
        call($0, [$0.assumed, .max], 2)
      },
      // every bit of an id counts: those between place and generation as well
      Refusal("\(verb): an id one bit off", BERTH_UNKNOWN_ID, "entry 1: pod") {
        call($0, [$0.assumed, $0.bound | 1 << 41], 2)
      },
      Refusal("\(verb): a pod twice", BERTH_DUPLICATE, "entry 1: pod") { call($0, [$0.assumed, $0.assumed], 2) },
    ]
  }

  static let podLists =
    lists("confirm") { host, pods, count in berth_pods_confirm(host.engine, pods.map { list($0) }, count) }
    + lists("forget") { host, pods, count in berth_pods_forget(host.engine, pods.map { list($0) }, count) }
    + lists("release") { host, pods, count in berth_pods_release(host.engine, pods.map { list($0) }, count) }
    + lists("terminate") { host, pods, count in berth_pods_terminate(host.engine, pods.map { list($0) }, count) }
    + [
      Refusal("confirm: a bound pod", BERTH_WRONG_STATE, "entry 1: pod") {
        berth_pods_confirm($0.engine, [$0.assumed, $0.bound], 2)
      },
      Refusal("forget: a bound pod", BERTH_WRONG_STATE, "entry 1: pod") {
        berth_pods_forget($0.engine, [$0.assumed, $0.bound], 2)
      },
    ]

  static let reads: [Refusal] = [
    Refusal("read: null pods", BERTH_NULL_POINTER, "pods") {
      berth_pods_read($0.engine, nil, 1, $0.out(berth_pod_state.self))
    },
    Refusal("read: null result", BERTH_NULL_POINTER, "states_out") {
      berth_pods_read($0.engine, [$0.assumed], 1, nil)
    },
    Refusal("read: a pod that has gone", BERTH_STALE_ID, "entry 1: pod") {
      berth_pods_read($0.engine, [$0.assumed, $0.gonePod], 2, $0.out(berth_pod_state.self))
    },
    Refusal("read: no pod", BERTH_UNKNOWN_ID, "entry 1: pod") {
      berth_pods_read($0.engine, [$0.assumed, .max], 2, $0.out(berth_pod_state.self))
    },
    Refusal("candidates: null result", BERTH_NULL_POINTER, "candidates_out") {
      berth_candidates_read($0.engine, $0.classes[0], 2, nil, nil, $0.out(Int.self))
    },
    Refusal("candidates: null count", BERTH_NULL_POINTER, "count_out") {
      berth_candidates_read($0.engine, $0.classes[0], 2, $0.out(berth_candidate.self), nil, nil)
    },
    Refusal("candidates: unknown class", BERTH_UNKNOWN_ID, "class") {
      berth_candidates_read($0.engine, 100, 2, $0.out(berth_candidate.self), nil, $0.out(Int.self, at: 1024))
    },
    Refusal("candidates: more than the limit", BERTH_LIMIT, "65537") {
      berth_candidates_read(
        $0.engine, $0.classes[0], Int(BERTH_MAX_CANDIDATES) + 1, $0.out(berth_candidate.self), nil,
        $0.out(Int.self, at: 1024))
    },
    Refusal("explain: null result", BERTH_NULL_POINTER, "explanation_out") {
      berth_class_explain($0.engine, $0.classes[0], nil, $0.out(berth_reason.self), 4)
    },
    Refusal("explain: no size", BERTH_BAD_STRUCT, "struct_size") {
      berth_class_explain($0.engine, $0.classes[0], $0.sized(berth_explanation.self, 0), nil, 0)
    },
    Refusal("explain: null reasons", BERTH_NULL_POINTER, "reasons_out") {
      berth_class_explain(
        $0.engine, $0.classes[0], $0.sized(berth_explanation.self, MemoryLayout<berth_explanation>.size), nil, 1)
    },
    Refusal("explain: unknown class", BERTH_UNKNOWN_ID, "class") {
      berth_class_explain(
        $0.engine, .max, $0.sized(berth_explanation.self, MemoryLayout<berth_explanation>.size),
        $0.out(berth_reason.self, at: 1024), 4)
    },
  ]

  static func check(_ host: Host, _ podClass: UInt32, _ nodes: [UInt64]?, _ count: Int = 2) -> berth_status {
    berth_class_check(
      host.engine, podClass, nodes.map { list($0) }, count, host.out(berth_verdict.self),
      host.out(berth_resource_id.self, at: 1024))
  }

  static let checks: [Refusal] = [
    Refusal("check: unknown class", BERTH_UNKNOWN_ID, "class 100") { check($0, 100, [$0.nodes[0], $0.nodes[1]]) },
    Refusal("check: null nodes", BERTH_NULL_POINTER, "nodes") { check($0, $0.classes[0], nil) },
    Refusal("check: null result", BERTH_NULL_POINTER, "verdicts_out") {
      berth_class_check($0.engine, $0.classes[0], $0.nodes, 2, nil, nil)
    },
    Refusal("check: more than memory holds", BERTH_LIMIT, "nodes") { check($0, $0.classes[0], [0], -1) },
    Refusal("check: a node that has gone", BERTH_STALE_ID, "entry 1: node") {
      check($0, $0.classes[0], [$0.nodes[0], $0.goneNode])
    },
    Refusal("check: an id never given", BERTH_UNKNOWN_ID, "entry 1: node") {
      check($0, $0.classes[0], [$0.nodes[0], .max])
    },
    Refusal("message: unknown class", BERTH_UNKNOWN_ID, "class 100") {
      berth_class_message($0.engine, 100, $0.out(CChar.self), 100, $0.out(Int.self, at: 1024))
    },
    Refusal("message: null text", BERTH_NULL_POINTER, "text") {
      berth_class_message($0.engine, $0.classes[0], nil, 1, $0.out(Int.self, at: 1024))
    },
  ]
}
