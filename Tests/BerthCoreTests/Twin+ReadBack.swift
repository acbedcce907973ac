import BerthCore
import BerthOracle
import CBerth

/// Reads the whole state back and compares it with the oracle's.
extension Twin {
  func readBack() throws {
    note("read back")
    try validate()
    let order = book.oracle.topologyOrder()
    try compareOrder(order)
    try compareNodes(order)
    try comparePods()
    try compareDevices(order)
    try compareNames()
    try compareReservations()
    try compareLoad(order)
    try compareControl()
    for reader in eventCursors.indices { try compareEvents(reader) }
    let info = try all("info") { engine throws(EngineError) in
      let info = engine.info()
      return [info.nodes, info.pods, UInt64(info.pools), UInt64(engine.now)]
    }
    let oracle = book.oracle
    let expected = [order.count, oracle.pods.count, oracle.pools.count, Int(oracle.now)].map(UInt64.init)
    try check(info == expected, "info (nodes, pods, pools, time): engine \(info), oracle \(expected)")
  }

  private func list(offset: Int, capacity: Int) throws -> [UInt64] {
    try all("list nodes") { engine throws(EngineError) in
      let scratch = Scratch()
      let ids = scratch.array([UInt64](repeating: 0, count: capacity))
      let count = engine.listNodes(offset: offset, into: UnsafeMutableBufferPointer(start: ids, count: capacity))
      return (0..<count).map { ids[$0] }
    }
  }

  private func compareOrder(_ order: [Int]) throws {
    let expected = order.map { book.nodeIds[$0]! }
    let listed = try list(offset: 0, capacity: order.count + 1)
    if let index = zip(listed, expected).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
      throw Mismatch(
        "topology order at \(index): the engine has node \(book.nodesById[listed[index]] ?? -1), the oracle \(order[index])"
      )
    }
    try check(listed.count == expected.count, "\(listed.count) nodes listed, the oracle has \(expected.count)")
    let offset = random.int(0...(order.count + 1))
    let capacity = random.int(0...10)
    let part = try list(offset: offset, capacity: capacity)
    try check(part == Array(expected.dropFirst(offset).prefix(capacity)), "\(capacity) nodes from \(offset): \(part)")
  }

  private func compareNodes(_ order: [Int]) throws {
    let names = random.shuffled(book.oracle.resources)
    let rows = try all("read nodes") { engine throws(EngineError) in
      let scratch = Scratch()
      let states = scratch.array([berth_node_state](repeating: berth_node_state(), count: order.count))
      let allocatable = scratch.array([Int64](repeating: -1, count: order.count * names.count))
      let requested = scratch.array([Int64](repeating: -1, count: order.count * names.count))
      try engine.readNodes(
        scratch.buffer(order.map { book.nodeIds[$0]! }), resources: scratch.buffer(names.map(resource)), states: states,
        allocatable: allocatable, requested: requested)
      return order.indices.map { index in
        let state = states[index]
        let cells = index * names.count..<(index + 1) * names.count
        return [
          Int64(bitPattern: state.node), Int64(state.domain), Int64(state.labels), Int64(state.taints),
          Int64(state.flags), Int64(state.tie_key), state.price, Int64(state.slot), Int64(state.images),
        ] + cells.map { allocatable[$0] } + cells.map { requested[$0] }
      }
    }
    var lastSlot: Int64 = -1
    for (index, node) in order.enumerated() {
      let ours = book.oracle.node(node)
      let expected: [Int64] =
        [
          Int64(bitPattern: book.nodeIds[node]!), Int64(book.domainIds[ours.spec.domain]!),
          Int64(book.labelSetIds[ours.spec.labels]!),
          Int64(book.taintSetIds[ours.spec.taints]!), Int64(ours.spec.flags), Int64(ours.spec.tieKey),
          ours.spec.price, rows[index][7], Int64(book.imageSetIds[ours.spec.images]!),
        ] + names.map { ours.spec.allocatable[$0] ?? 0 } + names.map { ours.used[$0] ?? 0 }
      try check(
        rows[index] == expected,
        "node \(node) (id domain labels taints flags tie price slot images allocatable… requested… of \(names)):\n"
          + "  engine \(rows[index])\n  oracle \(expected)")
      try check(rows[index][7] > lastSlot, "slot \(rows[index][7]) of node \(node) comes after slot \(lastSlot)")
      lastSlot = rows[index][7]
    }
  }

  private func comparePods() throws {
    let pods = book.oracle.pods.keys.sorted()
    let rows = try all("read pods") { engine throws(EngineError) in
      let scratch = Scratch()
      let states = scratch.array([berth_pod_state](repeating: berth_pod_state(), count: pods.count))
      try engine.readPods(scratch.buffer(pods.map { book.podIds[$0]! }), states: states)
      return pods.indices.map {
        [
          states[$0].pod, states[$0].node, UInt64(states[$0].pod_class), UInt64(states[$0].state),
          UInt64(states[$0].flags),
        ]
      }
    }
    for (index, pod) in pods.enumerated() {
      let ours = book.oracle.pods[pod]!
      let expected = [
        book.podIds[pod]!, ours.node.map { book.nodeIds[$0]! } ?? UInt64.max, UInt64(book.classIds[ours.spec]!),
        UInt64(ours.bound ? BERTH_POD_BOUND : BERTH_POD_ASSUMED), UInt64(ours.terminating ? BERTH_POD_TERMINATING : 0),
      ]
      try check(
        rows[index] == expected, "pod \(pod) (id node class state flags): engine \(rows[index]), oracle \(expected)")
    }
  }

  private func compareNames() throws {
    let scratch = Scratch()
    for (node, ours) in book.oracle.nodes.filter({ $0.value.name != nil }).sorted(by: { $0.key < $1.key }).prefix(20) {
      let id = try all("find \(ours.name!)") { engine throws(EngineError) in
        try engine.findNode(name: scratch.text(ours.name!))
      }
      try check(id == book.nodeIds[node]!, "\(ours.name!) is found as \(id), not \(book.nodeIds[node]!)")
    }
  }
}
