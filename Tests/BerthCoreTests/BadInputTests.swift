import BerthCore
import CBerth
import Testing

/// Bad arguments, call by call. What the boundary checks itself (null pointers and dead engines, struct sizes, threads)
/// is tested with the library.
struct BadInputTests {
  @Test func optionsOfAnEngine() {
    func create(_ what: String, _ statuses: Int..., spoil: (inout berth_engine_options, Scratch) -> Void) {
      let scratch = Scratch()
      var options = berth_engine_options()
      options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
      options.level_count = 2
      options.level_keys = scratch.texts(["zone", "rack"])
      spoil(&options, scratch)
      do {
        let engine = try Engine(options: options)
        Issue.record("\(what): not refused")
      } catch {
        #expect(statuses.contains(Int(error.status)), "\(what): \(error.status) \(error.message)")
        #expect(!error.message.isEmpty)
      }
    }
    create("reserved", BERTH_BAD_STRUCT) { options, _ in options.reserved = 1 }
    create("allocator", BERTH_BAD_ARGUMENT) { options, _ in options.allocator = 3 }
    create("CPU level", BERTH_BAD_ARGUMENT) { options, _ in options.cpu_level = 5 }
    create("tie rule", BERTH_BAD_ARGUMENT) { options, _ in options.tie_rule = 2 }
    create("too many levels", BERTH_LIMIT) { options, scratch in
      options.level_count = 9
      options.level_keys = scratch.texts((0..<9).map { "level\($0)" })
    }
    create("no level keys", BERTH_NULL_POINTER) { options, _ in options.level_keys = nil }
    create("null level key", BERTH_NULL_POINTER) { options, scratch in options.level_keys = scratch.texts(["a", nil]) }
    create("empty level key", BERTH_BAD_TEXT) { options, scratch in options.level_keys = scratch.texts(["a", ""]) }
    create("level twice", BERTH_DUPLICATE) { options, scratch in options.level_keys = scratch.texts(["a", "a"]) }
  }

  @Test func resourcesDomainsLabelsAndTaints() {
    func resource(_ what: String, _ name: String, _ kind: Int, _ statuses: Int) -> BadCall {
      BadCall(what, statuses) { engine, input throws(EngineError) in
        _ = try engine.addResource(name: input.scratch.text(name), kind: UInt32(kind))
      }
    }
    func domain(_ what: String, _ name: String, _ status: Int, parent: @escaping (BadInput) -> UInt32) -> BadCall {
      BadCall(what, status) { engine, input throws(EngineError) in
        _ = try engine.addDomain(parent: parent(input), name: input.scratch.text(name))
      }
    }
    func labels(_ what: String, _ status: Int, _ labels: [(String, String)]) -> BadCall {
      BadCall(what, status) { engine, input throws(EngineError) in
        _ = try engine.internLabelSet(input.scratch.labels(labels.map { ($0.0, $0.1) }))
      }
    }
    func taints(_ what: String, _ status: Int, _ taints: [(String?, Int, UInt32)]) -> BadCall {
      BadCall(what, status) { engine, input throws(EngineError) in
        let list = taints.map { key, effect, reserved in
          berth_taint(
            key: key.map { input.scratch.text($0) }, value: nil, effect: UInt32(effect), reserved: reserved)
        }
        _ = try engine.internTaintSet(input.scratch.buffer(list))
      }
    }
    let long = String(repeating: "x", count: Int(BERTH_MAX_TEXT_BYTES) + 1)
    BadInput.refuses([
      resource("resource of unknown kind", "new", 8, BERTH_BAD_ARGUMENT),
      resource("resource without a name", "", BERTH_RESOURCE_OTHER, BERTH_BAD_TEXT),
      resource("resource with a long name", long, BERTH_RESOURCE_OTHER, BERTH_BAD_TEXT),
      resource("resource twice", "cpu", BERTH_RESOURCE_OTHER, BERTH_DUPLICATE),
      resource("second cpu", "new", BERTH_RESOURCE_CPU, BERTH_DUPLICATE),
      resource("second memory", "new", BERTH_RESOURCE_MEMORY, BERTH_DUPLICATE),
      resource("second pods", "new", BERTH_RESOURCE_PODS, BERTH_DUPLICATE),
      BadCall("resource not in UTF-8", BERTH_BAD_TEXT) { engine, input throws(EngineError) in
        _ = try engine.addResource(name: input.notUTF8, kind: 0)
      },
      domain("domain below nothing", "new", BERTH_UNKNOWN_ID) { _ in 999 },
      domain("domain below the last level", "new", BERTH_BAD_ARGUMENT) { $0.leaf },
      domain("domain twice", "a1", BERTH_DUPLICATE) { $0.zone },
      domain("domain with a long name", long, BERTH_BAD_TEXT) { $0.zone },
      labels("label twice", BERTH_DUPLICATE, [("a", "1"), ("b", "1"), ("a", "1")]),
      labels("label of a level", BERTH_BAD_ARGUMENT, [("a", "1"), ("rack", "1")]),
      labels("label without a key", BERTH_BAD_TEXT, [("", "1")]),
      labels("long label", BERTH_BAD_TEXT, [("a", long)]),
      BadCall("label without a value", BERTH_NULL_POINTER) { engine, input throws(EngineError) in
        _ = try engine.internLabelSet(
          input.scratch.buffer([berth_label(key: input.scratch.text("a"), value: nil)]))
      },
      taints("taint twice", BERTH_DUPLICATE, [("a", 1, 0), ("b", 1, 0), ("a", 1, 0)]),
      taints("taint for every effect", BERTH_BAD_ARGUMENT, [("a", BERTH_EFFECT_ANY, 0)]),
      taints("taint of unknown effect", BERTH_BAD_ARGUMENT, [("a", 4, 0)]),
      taints("taint without a key", BERTH_BAD_TEXT, [("", 1, 0)]),
      taints("taint with a null key", BERTH_NULL_POINTER, [(nil, 1, 0)]),
      taints("taint with a reserved field", BERTH_BAD_STRUCT, [("a", 1, 1)]),
      BadCall("unknown path", BERTH_BAD_ARGUMENT) { engine, _ throws(EngineError) in try engine.setPath(5) },
    ])
  }

  @Test func nodesToAdd() {
    func spoiled(_ what: String, _ statuses: Int, _ spoil: @escaping (inout berth_node) -> Void) -> BadCall {
      BadCall(what, statuses) { engine, input throws(EngineError) in
        var bad = input.node
        spoil(&bad)
        try input.add(input.batch([input.node, bad]), engine)
      }
    }
    func quantity(_ what: String, _ statuses: [Int], _ value: Int64, requested: Bool) -> BadCall {
      BadCall(what, statuses[0], statuses.last!) { engine, input throws(EngineError) in
        let batch =
          requested ? input.batch(requested: [0, value]) : input.batch(allocatable: [0, value])
        try input.add(batch, engine)
      }
    }
    BadInput.refuses([
      spoiled("node in an unknown domain", BERTH_UNKNOWN_ID) { $0.domain = 999 },
      spoiled("node with unknown labels", BERTH_UNKNOWN_ID) { $0.labels = 999 },
      spoiled("node with unknown taints", BERTH_UNKNOWN_ID) { $0.taints = 999 },
      spoiled("node with unknown flags", BERTH_BAD_ARGUMENT) { $0.flags = 4 },
      spoiled("node with unknown images", BERTH_UNKNOWN_ID) { $0.images = 999 },
      spoiled("node with a negative price", BERTH_BAD_QUANTITY) { $0.price = -1 },
      spoiled("node with too large a price", BERTH_LIMIT) { $0.price = Int64(BERTH_MAX_PRICE) + 1 },
      BadCall("node in a domain of domains", BERTH_BAD_ARGUMENT) { engine, input throws(EngineError) in
        var bad = input.node
        bad.domain = input.zone
        try input.add(input.batch([input.node, bad]), engine)
      },
      quantity("negative allocatable", [BERTH_BAD_QUANTITY], -1, requested: false),
      quantity("too much allocatable", [BERTH_LIMIT], Int64(BERTH_MAX_QUANTITY) + 1, requested: false),
      quantity("negative requested", [BERTH_BAD_QUANTITY], -1, requested: true),
      BadCall("batch without nodes", BERTH_NULL_POINTER) { engine, input throws(EngineError) in
        var batch = input.batch()
        batch.nodes = nil
        try input.add(batch, engine)
      },
      BadCall("batch without resources", BERTH_NULL_POINTER) { engine, input throws(EngineError) in
        var batch = input.batch()
        batch.resources = nil
        try input.add(batch, engine)
      },
      BadCall("batch without allocatable", BERTH_NULL_POINTER) { engine, input throws(EngineError) in
        var batch = input.batch()
        batch.allocatable = nil
        try input.add(batch, engine)
      },
      BadCall("unknown resource", BERTH_UNKNOWN_ID) { engine, input throws(EngineError) in
        try input.add(input.batch(resources: [999]), engine)
      },
      BadCall("resource twice", BERTH_DUPLICATE) { engine, input throws(EngineError) in
        try input.add(input.batch(resources: [input.resources.cpu, input.resources.cpu]), engine)
      },
      BadCall("seventeen resources", BERTH_LIMIT) { engine, input throws(EngineError) in
        let ids = (0..<17).map { input.twin.resource("r\($0)") }
        try input.add(input.batch(resources: ids), engine)
      },
      BadCall("name twice in the batch", BERTH_DUPLICATE) { engine, input throws(EngineError) in
        try input.add(input.batch(names: ["new", "new"]), engine)
      },
      BadCall("name of another node", BERTH_DUPLICATE) { engine, input throws(EngineError) in
        try input.add(input.batch(names: ["new", "n1"]), engine)
      },
      BadCall("empty name", BERTH_BAD_TEXT) { engine, input throws(EngineError) in
        try input.add(input.batch(names: ["new", ""]), engine)
      },
      BadCall("long name", BERTH_BAD_TEXT) { engine, input throws(EngineError) in
        try input.add(input.batch(names: ["new", input.tooLong]), engine)
      },
      BadCall("name that was refused before is unknown", BERTH_UNKNOWN_ID) { engine, input throws(EngineError) in
        _ = try engine.findNode(name: input.scratch.text("new"))
      },
    ])
  }

  @Test func nodesToChange() {
    func update(
      _ what: String, _ status: Int, _ ids: @escaping (BadInput) -> [UInt64],
      _ spoil: @escaping (inout berth_node_batch, BadInput) -> Void = { _, _ in }
    ) -> BadCall {
      BadCall(what, status) { engine, input throws(EngineError) in
        var batch = input.batch()
        spoil(&batch, input)
        try engine.updateNodes(input.scratch.array(ids(input)), batch)
      }
    }
    func ids(_ what: String, _ status: Int, _ ids: @escaping (BadInput) -> [UInt64]) -> [BadCall] {
      [
        BadCall("remove \(what)", status) { engine, input throws(EngineError) in
          try engine.removeNodes(input.scratch.buffer(ids(input)))
        },
        update("update \(what)", status, ids),
      ]
    }
    func cordon(_ what: String, _ status: Int, _ ids: @escaping (BadInput) -> [UInt64]) -> BadCall {
      BadCall("cordon \(what)", status) { engine, input throws(EngineError) in
        try engine.cordonNodes(input.scratch.buffer(ids(input)), cordoned: true)
      }
    }
    let good: (BadInput) -> [UInt64] = { [$0.nodes[1], $0.nodes[0]] }
    var calls = ids("a node that has gone", BERTH_STALE_ID) { [$0.nodes[0], $0.goneNode] }
    calls += ids("a node that never was", BERTH_UNKNOWN_ID) { [$0.nodes[0], UInt64.max] }
    calls += ids("a node twice", BERTH_DUPLICATE) { [$0.nodes[0], $0.nodes[0]] }
    calls += [
      cordon("a node that has gone", BERTH_STALE_ID) { [$0.nodes[0], $0.goneNode] },
      cordon("a node that never was", BERTH_UNKNOWN_ID) { [$0.nodes[0], UInt64.max] },
      cordon("a node twice", BERTH_DUPLICATE) { [$0.nodes[0], $0.nodes[0]] },
      update("update with names", BERTH_BAD_ARGUMENT, good) { $0.names = $1.scratch.texts(["a", "b"]) },
      update("update of what runs untold", BERTH_BAD_ARGUMENT, good) { batch, input in
        batch.requested = UnsafePointer(input.scratch.array([Int64(1), 1]))
      },
      update("update to a negative allocatable", BERTH_BAD_QUANTITY, good) { batch, input in
        batch.allocatable = UnsafePointer(input.scratch.array([Int64(9), -9]))
      },
      update("update to an unknown domain", BERTH_UNKNOWN_ID, good) { batch, input in
        var bad = input.node
        bad.domain = 999
        batch.nodes = UnsafePointer(input.scratch.array([input.node, bad]))
      },
      BadCall("find nobody", BERTH_UNKNOWN_ID) { engine, input throws(EngineError) in
        _ = try engine.findNode(name: input.scratch.text("nobody"))
      },
      BadCall("read a node that has gone", BERTH_STALE_ID) { engine, input throws(EngineError) in
        try engine.readNodes(
          input.scratch.buffer([input.nodes[0], input.goneNode]), resources: input.scratch.buffer([]), states: nil,
          allocatable: nil, requested: nil)
      },
      BadCall("read an unknown resource", BERTH_UNKNOWN_ID) { engine, input throws(EngineError) in
        try engine.readNodes(
          input.scratch.buffer([input.nodes[0]]), resources: input.scratch.buffer([999]), states: nil,
          allocatable: input.scratch.array([0]), requested: nil)
      },
    ]
    BadInput.refuses(calls)
  }
}
