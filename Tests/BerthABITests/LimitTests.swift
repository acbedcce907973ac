import CBerth
import Testing

@testable import Berth

/// What happens at the limits that a test can reach.
@Suite struct LimitTests {
  /// With as many pools as there can be, nodes may still come with new labels where others have left: each keeps its own,
  /// also when several such come in one batch.
  @Test func poolsThatNodesLeftAreUsedAgain() {
    var engine: OpaquePointer?
    #expect(berth_engine_create(nil, &engine) == ok)
    defer { _ = berth_engine_destroy(engine) }
    let count = Int(BERTH_MAX_POOLS)
    let key = c("serial")
    let sets = (0..<count + 3).map { i in
      var id: berth_label_set_id = 0
      #expect("\(i)".withCString { berth_label_set_intern(engine, [berth_label(key: key, value: $0)], 1, &id) } == ok)
      return id
    }
    var nodes = [berth_node_id](repeating: 0, count: count)
    #expect(add(engine, sets.prefix(count), &nodes) == ok)

    var one: berth_node_id = 7
    #expect(add(engine, sets.suffix(1), &one) == berth_status(BERTH_LIMIT))
    #expect(lastError(engine).contains("\(count)"))
    #expect(one == 7)

    #expect(berth_nodes_remove(engine, nodes, 2) == ok)
    #expect(add(engine, sets.suffix(3), &nodes) == berth_status(BERTH_LIMIT), "two are free, not three")
    #expect(add(engine, sets.suffix(2), &nodes) == ok)
    var states = [berth_node_state](repeating: berth_node_state(), count: 3)
    #expect(berth_nodes_read(engine, nodes, 3, nil, 0, &states, nil, nil) == ok)
    #expect(states.map(\.labels) == [sets[count + 1], sets[count + 2], sets[2]])
    #expect(berth_engine_validate(engine) == ok)
  }

  private func add(
    _ engine: OpaquePointer?, _ labels: ArraySlice<berth_label_set_id>, _ ids: UnsafeMutablePointer<berth_node_id>
  ) -> berth_status {
    let rows = labels.map {
      berth_node(domain: 0, labels: $0, taints: 0, flags: 0, tie_key: 0, images: 0, price: 0)
    }
    return rows.withUnsafeBufferPointer { rows in
      var batch = berth_node_batch()
      berth_node_batch_init(&batch)
      batch.count = rows.count
      batch.nodes = rows.baseAddress
      return berth_nodes_add(engine, &batch, ids)
    }
  }

  /// The last resource name that fits is taken, the next one refused.
  @Test func resourcesOfAnEngineAreLimited() {
    let host = Host()
    let before = host.state()
    var id: berth_resource_id = 0
    for i in 3..<Int(BERTH_MAX_RESOURCES) { host.must(berth_resource_add(host.engine, "resource-\(i)", 0, &id)) }
    #expect(berth_resource_add(host.engine, "too much", 0, &id) == berth_status(BERTH_LIMIT))
    #expect(lastError(host.engine).contains("4096"))
    #expect(host.state() == before)
  }
}
