import BerthCore
import BerthOracle
import CBerth
import Testing

/// Bad profiles, classes and pods.
struct BadWorkloadTests {
  @Test func profiles() {
    func term(_ what: String, _ statuses: Int..., make: @escaping (BadInput) -> berth_term) -> BadCall {
      BadCall("term: \(what)", statuses[0], statuses.last!) { engine, input throws(EngineError) in
        try input.profile(make(input), on: engine)
      }
    }
    func ratio(_ what: String, _ points: [(UInt32, UInt32)]) -> BadCall {
      term(what, BERTH_BAD_ARGUMENT) { $0.term(BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO, points: points) }
    }
    BadInput.refuses([
      term("unknown kind", BERTH_BAD_ARGUMENT) { $0.term(18) },
      term("no kind", BERTH_BAD_ARGUMENT) { $0.term(0) },
      term("NaN weight", BERTH_BAD_NUMBER) { $0.term(BERTH_TERM_SPREAD, weight: .nan) },
      term("infinite weight", BERTH_BAD_NUMBER) { $0.term(BERTH_TERM_SPREAD, weight: .infinity) },
      term("half a weight", BERTH_BAD_NUMBER) { $0.term(BERTH_TERM_SPREAD, weight: 1.5) },
      term("no weight", BERTH_BAD_ARGUMENT, BERTH_BAD_NUMBER) { $0.term(BERTH_TERM_SPREAD, weight: 0) },
      term("negative weight", BERTH_BAD_ARGUMENT, BERTH_BAD_NUMBER) { $0.term(BERTH_TERM_SPREAD, weight: -1) },
      term("too large a weight", BERTH_BAD_ARGUMENT, BERTH_LIMIT) { $0.term(BERTH_TERM_SPREAD, weight: 1_000_001) },
      term("flags where none are used", BERTH_BAD_ARGUMENT) {
        var term = $0.term(BERTH_TERM_SPREAD)
        term.flags = UInt16(BERTH_TERM_IGNORE_EXISTING_PREFERENCES)
        return term
      },
      term("unknown flags", BERTH_BAD_ARGUMENT) {
        var term = $0.term(BERTH_TERM_INTER_POD_AFFINITY)
        term.flags = 2
        return term
      },
      term("a weight of pod affinity where none is used", BERTH_BAD_ARGUMENT) {
        var term = $0.term(BERTH_TERM_SPREAD)
        term.hard_pod_affinity_weight = 1
        return term
      },
      term("too large a weight of pod affinity", BERTH_BAD_ARGUMENT) {
        var term = $0.term(BERTH_TERM_INTER_POD_AFFINITY)
        term.hard_pod_affinity_weight = 101
        return term
      },
      term("unknown resource", BERTH_UNKNOWN_ID) {
        $0.term(BERTH_TERM_BINPACK, resources: [berth_term_resource(resource: 999, weight: 1, scale: 0)])
      },
      term("resource twice", BERTH_DUPLICATE) { $0.term(BERTH_TERM_LEAST_ALLOCATED, resources: [$0.cpu(), $0.cpu()]) },
      term("resource without weight", BERTH_BAD_ARGUMENT) {
        $0.term(BERTH_TERM_LEAST_ALLOCATED, resources: [$0.cpu(weight: 0)])
      },
      term("resource with too much weight", BERTH_BAD_ARGUMENT, BERTH_LIMIT) {
        $0.term(BERTH_TERM_LEAST_ALLOCATED, resources: [$0.cpu(weight: 1_000_001)])
      },
      term("weighted resource of binpack", BERTH_BAD_ARGUMENT) {
        $0.term(BERTH_TERM_BINPACK, resources: [$0.cpu(weight: 2)])
      },
      term("scale where none is used", BERTH_BAD_ARGUMENT) {
        $0.term(BERTH_TERM_MOST_ALLOCATED, resources: [$0.cpu(scale: 5)])
      },
      term("dot product without scale", BERTH_BAD_ARGUMENT) { $0.term(BERTH_TERM_DOT_PRODUCT, resources: [$0.cpu()]) },
      term("best fit with a negative scale", BERTH_BAD_ARGUMENT, BERTH_BAD_QUANTITY) {
        $0.term(BERTH_TERM_BEST_FIT, resources: [$0.cpu(scale: -1)])
      },
      term("dot product without resources", BERTH_BAD_ARGUMENT) { $0.term(BERTH_TERM_DOT_PRODUCT) },
      ratio("ratio without points", []),
      ratio("ratio with a point beyond 100", [(0, 0), (101, 10)]),
      ratio("ratio with a score beyond 10", [(0, 0), (100, 11)]),
      ratio("ratio that does not rise", [(0, 0), (50, 5), (50, 6)]),
      term("points where none are used", BERTH_BAD_ARGUMENT) { $0.term(BERTH_TERM_SPREAD, points: [(0, 1)]) },
      term("resources missing", BERTH_NULL_POINTER) {
        var term = $0.term(BERTH_TERM_LEAST_ALLOCATED)
        term.resource_count = 1
        return term
      },
      BadCall("two prices", BERTH_DUPLICATE, BERTH_BAD_ARGUMENT) { engine, input throws(EngineError) in
        try input.profile(input.term(BERTH_TERM_PRICE), input.term(BERTH_TERM_PRICE), on: engine)
      },
      BadCall("profile without terms", BERTH_BAD_ARGUMENT) { engine, input throws(EngineError) in
        _ = try engine.addProfile(name: input.scratch.text("new"), terms: input.scratch.buffer([]))
      },
      BadCall("profile of seventeen terms", BERTH_LIMIT) { engine, input throws(EngineError) in
        let terms = [berth_term](repeating: input.term(BERTH_TERM_BINPACK), count: 17)
        _ = try engine.addProfile(name: input.scratch.text("new"), terms: input.scratch.buffer(terms))
      },
      BadCall("profile twice", BERTH_DUPLICATE) { engine, input throws(EngineError) in
        let terms = input.scratch.buffer([input.term(BERTH_TERM_BINPACK)])
        _ = try engine.addProfile(name: input.scratch.text("kube"), terms: terms)
      },
      BadCall("profile without a name", BERTH_BAD_TEXT) { engine, input throws(EngineError) in
        let terms = input.scratch.buffer([input.term(BERTH_TERM_BINPACK)])
        _ = try engine.addProfile(name: input.scratch.text(""), terms: terms)
      },
    ])
  }

  @Test func requestsAndTolerationsOfClasses() {
    func spec(
      _ what: String, _ statuses: Int..., spoil: @escaping (inout berth_pod_spec, BadInput) -> Void
    ) -> BadCall {
      BadCall("class: \(what)", statuses[0], statuses.last!) { engine, input throws(EngineError) in
        try input.intern(engine) { spoil(&$0, input) }
      }
    }
    func requests(_ what: String, _ status: Int, _ values: [Int64], reserved: UInt32 = 0) -> BadCall {
      spec(what, status) { spec, input in
        let ids = [input.resources.cpu, input.resources.memory]
        let list = values.enumerated().map {
          berth_quantity(resource: ids[$0.offset], reserved: reserved, value: $0.element)
        }
        spec.requests = UnsafePointer(input.scratch.array(list))
        spec.request_count = UInt32(values.count)
      }
    }
    func toleration(_ what: String, _ statuses: Int, _ key: String?, _ op: UInt32, _ effect: UInt32) -> BadCall {
      spec(what, statuses, BERTH_BAD_ARGUMENT) { spec, input in
        let bad = berth_toleration(key: key.map { input.scratch.text($0) }, value: nil, op: op, effect: effect)
        spec.tolerations = UnsafePointer(input.scratch.array([bad]))
        spec.toleration_count = 1
      }
    }
    func selector(_ what: String, _ statuses: Int..., labels: [(String, String)]) -> BadCall {
      spec(what, statuses[0], statuses.last!) { spec, input in
        spec.node_selector = input.scratch.labels(labels.map { ($0.0, $0.1) }).baseAddress
        spec.node_selector_count = UInt32(labels.count)
      }
    }
    BadInput.refuses([
      spec("unknown profile", BERTH_UNKNOWN_ID) { spec, _ in spec.profile = 999 },
      spec("requests missing", BERTH_NULL_POINTER) { spec, _ in spec.request_count = 1 },
      spec("selector missing", BERTH_NULL_POINTER) { spec, _ in spec.node_selector_count = 1 },
      spec("required terms missing", BERTH_NULL_POINTER) { spec, _ in spec.required_term_count = 1 },
      spec("preferred terms missing", BERTH_NULL_POINTER) { spec, _ in spec.preferred_term_count = 1 },
      spec("tolerations missing", BERTH_NULL_POINTER) { spec, _ in spec.toleration_count = 1 },
      requests("negative request", BERTH_BAD_QUANTITY, [1, -1]),
      requests("request beyond the limit", BERTH_LIMIT, [1, Int64(BERTH_MAX_QUANTITY) + 1]),
      requests("reserved field", BERTH_BAD_STRUCT, [1, 1], reserved: 1),
      spec("request for an unknown resource", BERTH_UNKNOWN_ID) { spec, input in
        spec.requests = UnsafePointer(input.scratch.array([berth_quantity(resource: 999, reserved: 0, value: 1)]))
        spec.request_count = 1
      },
      spec("request twice", BERTH_DUPLICATE) { spec, input in
        let one = berth_quantity(resource: input.resources.cpu, reserved: 0, value: 1)
        spec.requests = UnsafePointer(input.scratch.array([one, one]))
        spec.request_count = 2
      },
      spec("seventeen requests", BERTH_LIMIT) { spec, input in
        let list = (0..<17).map { berth_quantity(resource: input.twin.resource("r\($0)"), reserved: 0, value: 1) }
        spec.requests = UnsafePointer(input.scratch.array(list))
        spec.request_count = 17
      },
      toleration("toleration with an unknown operator", BERTH_BAD_ARGUMENT, "a", 2, 0),
      toleration("toleration with an unknown effect", BERTH_BAD_ARGUMENT, "a", 0, 4),
      toleration("toleration equal to nothing", BERTH_BAD_TEXT, "", 0, 0),
      toleration("toleration equal to null", BERTH_NULL_POINTER, nil, 0, 0),
      selector("selector with two values", BERTH_DUPLICATE, BERTH_BAD_ARGUMENT, labels: [("a", "1"), ("a", "2")]),
      selector("selector without a key", BERTH_BAD_TEXT, labels: [("", "1")]),
    ])
  }

  @Test func affinityOfClasses() {
    func bad(
      _ what: String, _ key: String?, _ op: Int, _ values: [String?], _ statuses: Int..., field: UInt32 = 0
    ) -> BadCall {
      BadCall("requirement: \(what)", statuses[0], statuses.last!) { engine, input throws(EngineError) in
        try input.require(input.requirement(key, op, values, field: field), on: engine)
      }
    }
    func preferred(_ what: String, weight: UInt32) -> BadCall {
      BadCall(what, BERTH_BAD_ARGUMENT) { engine, input throws(EngineError) in
        let requirement = input.requirement("pool", BERTH_OP_EXISTS, [])
        try input.intern(engine) { spec in
          spec.preferred_term_count = 1
          spec.preferred_terms = UnsafePointer(
            input.scratch.array([
              berth_selector_term(
                requirements: input.scratch.array([requirement]), requirement_count: 1, weight: weight)
            ]))
        }
      }
    }
    BadInput.refuses([
      bad("unknown operator", "a", 7, ["1"], BERTH_BAD_ARGUMENT),
      bad("no operator", "a", 0, ["1"], BERTH_BAD_ARGUMENT),
      bad("empty key", "", BERTH_OP_IN, ["1"], BERTH_BAD_TEXT),
      bad("null key", nil, BERTH_OP_IN, ["1"], BERTH_NULL_POINTER),
      bad("In without values", "a", BERTH_OP_IN, [], BERTH_BAD_ARGUMENT),
      bad("NotIn without values", "a", BERTH_OP_NOT_IN, [], BERTH_BAD_ARGUMENT),
      bad("null value", "a", BERTH_OP_IN, ["1", nil], BERTH_NULL_POINTER),
      bad("Exists with a value", "a", BERTH_OP_EXISTS, ["1"], BERTH_BAD_ARGUMENT),
      bad("DoesNotExist with a value", "a", BERTH_OP_DOES_NOT_EXIST, ["1"], BERTH_BAD_ARGUMENT),
      bad("Gt without a value", "a", BERTH_OP_GT, [], BERTH_BAD_ARGUMENT),
      bad("Gt with two values", "a", BERTH_OP_GT, ["1", "2"], BERTH_BAD_ARGUMENT),
      bad("Gt with a word", "a", BERTH_OP_GT, ["x"], BERTH_BAD_ARGUMENT, BERTH_BAD_NUMBER),
      bad("Lt with a fraction", "a", BERTH_OP_LT, ["1.5"], BERTH_BAD_ARGUMENT, BERTH_BAD_NUMBER),
      bad("Lt beyond 64 bits", "a", BERTH_OP_LT, ["9223372036854775808"], BERTH_BAD_ARGUMENT, BERTH_BAD_NUMBER),
      bad("field of another name", "metadata.uid", BERTH_OP_IN, ["1"], BERTH_BAD_ARGUMENT, field: 1),
      bad("field with Exists", "metadata.name", BERTH_OP_EXISTS, [], BERTH_BAD_ARGUMENT, field: 1),
      bad("field with two values", "metadata.name", BERTH_OP_IN, ["a", "b"], BERTH_BAD_ARGUMENT, field: 1),
      bad("field flag of 2", "metadata.name", BERTH_OP_IN, ["a"], BERTH_BAD_ARGUMENT, field: 2),
      BadCall("weight on a required term", BERTH_BAD_ARGUMENT) { engine, input throws(EngineError) in
        try input.require(input.requirement("a", BERTH_OP_EXISTS, []), weight: 1, on: engine)
      },
      preferred("preferred term without a weight", weight: 0),
      preferred("preferred term with a weight of 101", weight: 101),
    ])
  }

  @Test func pods() {
    func pods(_ what: String, _ status: Int, _ ids: @escaping (BadInput) -> [UInt64]) -> [BadCall] {
      [
        BadCall("confirm \(what)", status) { engine, input throws(EngineError) in
          try engine.confirm(input.scratch.buffer(ids(input)))
        },
        BadCall("forget \(what)", status) { engine, input throws(EngineError) in
          try engine.forget(input.scratch.buffer(ids(input)))
        },
        BadCall("release \(what)", status) { engine, input throws(EngineError) in
          try engine.release(input.scratch.buffer(ids(input)))
        },
      ]
    }
    func bind(_ what: String, _ status: Int, _ ids: @escaping (BadInput) -> (podClass: UInt32, node: UInt64)) -> BadCall
    {
      BadCall("bind \(what)", status) { engine, input throws(EngineError) in
        let (podClass, node) = ids(input)
        try engine.bind(
          input.scratch.buffer([input.podClass, podClass]), nodes: input.scratch.array([input.nodes[0], node]),
          pods: input.scratch.array([0, 0]))
      }
    }
    func place(_ what: String, _ status: Int, podClass: UInt32? = nil, flags: UInt32 = 0) -> BadCall {
      BadCall("place \(what)", status) { engine, input throws(EngineError) in
        let placements = input.scratch.array([berth_placement](repeating: berth_placement(), count: 2))
        let classes = input.scratch.buffer([input.podClass, podClass ?? input.podClass])
        try engine.place(classes, flags: flags, into: placements)
      }
    }
    func candidates(_ what: String, _ status: Int, podClass: UInt32? = nil, count: Int = 2) -> BadCall {
      BadCall("candidates: \(what)", status) { engine, input throws(EngineError) in
        let room = input.scratch.array([berth_candidate](repeating: berth_candidate(), count: count))
        _ = try engine.readCandidates(
          of: podClass ?? input.podClass, count: count, into: room, termScores: nil)
      }
    }
    var calls = pods("a pod that has gone", BERTH_STALE_ID) { [$0.assumed, $0.gonePod] }
    calls += pods("a pod that never was", BERTH_UNKNOWN_ID) { [$0.assumed, UInt64.max] }
    calls += pods("a pod twice", BERTH_DUPLICATE) { [$0.assumed, $0.assumed] }
    calls += pods("a bound pod", BERTH_WRONG_STATE) { [$0.assumed, $0.bound] }.prefix(2)
    calls += [
      bind("an unknown class", BERTH_UNKNOWN_ID) { (999, $0.nodes[0]) },
      bind("to a node that has gone", BERTH_STALE_ID) { ($0.podClass, $0.goneNode) },
      bind("to a node that never was", BERTH_UNKNOWN_ID) { ($0.podClass, UInt64.max) },
      place("an unknown class", BERTH_UNKNOWN_ID, podClass: 999),
      place("with unknown flags", BERTH_BAD_ARGUMENT, flags: 2),
      candidates("unknown class", BERTH_UNKNOWN_ID, podClass: 999),
      candidates("too many", BERTH_LIMIT, count: Int(BERTH_MAX_CANDIDATES) + 1),
      BadCall("explain an unknown class", BERTH_UNKNOWN_ID) { engine, _ throws(EngineError) in
        _ = try engine.explain(999, reasons: UnsafeMutableBufferPointer(start: nil, count: 0))
      },
      BadCall("read a pod that has gone", BERTH_STALE_ID) { engine, input throws(EngineError) in
        try engine.readPods(
          input.scratch.buffer([input.gonePod]), states: input.scratch.array([berth_pod_state()]))
      },
    ]
    BadInput.refuses(calls)
  }

  /// Over-commit may go on up to 2^62; the pod that would go beyond is refused with its whole batch.
  @Test func sumsStayWithin64Bits() {
    Fuzz.run("sumsStayWithin64Bits", seed: 0, try Twin(seed: 0)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addProfile("packing", [Term(.binpack)])
      var spec = NodeSpec(domain: 0)
      spec.allocatable = ["cpu": Swarm.largest]
      let node = try twin.addNodes([Twin.NewNode(spec: spec), Twin.NewNode(spec: spec)])[0]
      var pod = PodSpec(profile: "packing")
      pod.requests = ["cpu": Swarm.largest]
      // 4095 x 2^50 + 2 x 2^50 > 2^62.
      try twin.bind((0..<4095).map { _ in (pod, node) })
      let scratch = Scratch()
      let classes = scratch.buffer([twin.classIds[pod]!, twin.classIds[pod]!])
      let nodes = scratch.array([twin.nodeIds[node]!, twin.nodeIds[node]!])
      try twin.refused("bind beyond 64 bits", BERTH_BAD_QUANTITY) { engine throws(EngineError) in
        try engine.bind(classes, nodes: nodes, pods: scratch.array([0, 0]))
      }
      try twin.readBack()
      try twin.bind([(pod, node)])
      try twin.place([pod, pod], dryRun: false)
      try twin.explain(pod)
      try twin.readBack()
    }
  }
}
