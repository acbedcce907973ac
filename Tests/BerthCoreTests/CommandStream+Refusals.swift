import BerthCore
import BerthOracle
import CBerth

/// Calls in the middle of a stream that must be refused: whatever follows shows that nothing changed.
extension CommandStream {
  mutating func refuseSomething() throws {
    let scratch = Scratch()
    let nodes = someNodes().map { twin.nodeIds[$0]! }
    let pods = placedPods { _ in true }.map { twin.podIds[$0]! }
    switch swarm.random.int(0...9) {
    case 0:
      guard let gone = twin.goneNodes.last else { return }
      let ids = scratch.buffer(nodes + [gone])
      try twin.refused("remove nodes, the last one gone", BERTH_STALE_ID) { engine throws(EngineError) in
        try engine.removeNodes(ids)
      }
    case 1:
      guard let gone = twin.gonePods.last else { return }
      let ids = scratch.buffer(pods + [gone])
      try twin.refused("release pods, the last one gone", BERTH_STALE_ID) { engine throws(EngineError) in
        try engine.release(ids)
      }
    case 2:
      guard let twice = nodes.first else { return }
      let ids = scratch.buffer(nodes + [twice])
      try twin.refused("remove a node twice", BERTH_DUPLICATE) { engine throws(EngineError) in
        try engine.removeNodes(ids)
      }
    case 3:
      guard let twice = pods.first else { return }
      let ids = scratch.buffer(pods + [twice])
      try twin.refused("release a pod twice", BERTH_DUPLICATE) { engine throws(EngineError) in try engine.release(ids) }
    case 4:
      let bound = placedPods { $0.bound }.map { twin.podIds[$0]! }
      let assumed = placedPods { !$0.bound }.map { twin.podIds[$0]! }
      guard !bound.isEmpty else { return }
      let ids = scratch.buffer(assumed + bound)
      try twin.refused("confirm, the last one bound", BERTH_WRONG_STATE) { engine throws(EngineError) in
        try engine.confirm(ids)
      }
      try twin.refused("forget, the last one bound", BERTH_WRONG_STATE) { engine throws(EngineError) in
        try engine.forget(ids)
      }
    case 5:
      let classes = scratch.buffer(Array(twin.classIds.values.prefix(3)) + [UInt32(twin.classIds.count + 100_000)])
      let placements = scratch.array([berth_placement](repeating: berth_placement(), count: classes.count))
      try twin.refused("place, the last class unknown", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
        try engine.place(classes, flags: 0, into: placements)
      }
    case 6: try refuseNodes(scratch)
    case 8: try refuseTheNextIds(scratch)
    case 7: try refuseUpdate(scratch)
    default:
      let labels = scratch.labels([("a", "1"), ("b", "2"), ("a", "3")])
      try twin.refused("labels with a key twice", BERTH_DUPLICATE, BERTH_BAD_ARGUMENT) { engine throws(EngineError) in
        _ = try engine.internLabelSet(labels)
      }
    }
  }

  /// Good nodes with a bad one at the end.
  private mutating func refuseNodes(_ scratch: Scratch) throws {
    let leaf = twin.oracle.domains.indices.last { twin.oracle.domains[$0].depth == swarm.levels }!
    let good = berth_node(
      domain: twin.domainIds[leaf]!, labels: 0, taints: 0, flags: 0, tie_key: 0, images: 0, price: 0)
    var bad = good
    var quantities: [Int64] = [5, 5]
    var status = BERTH_BAD_QUANTITY
    switch swarm.random.int(0...4) {
    case 0: quantities[1] = -1
    case 1: (quantities[1], status) = (Swarm.largest + 1, BERTH_LIMIT)
    case 2: (bad.domain, status) = (1_000_000, BERTH_UNKNOWN_ID)
    case 3: (bad.labels, status) = (1_000_000, BERTH_UNKNOWN_ID)
    default: (bad.taints, status) = (1_000_000, BERTH_UNKNOWN_ID)
    }
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = 2
    batch.resource_count = 1
    batch.resources = UnsafePointer(scratch.array([twin.resource(twin.oracle.resources[0])]))
    batch.nodes = UnsafePointer(scratch.array([good, bad]))
    batch.allocatable = UnsafePointer(scratch.array(quantities))
    let ids = scratch.array([UInt64](repeating: 0, count: 2))
    try twin.refused("add nodes, the last one bad (\(bad), \(quantities))", status, BERTH_BAD_QUANTITY) {
      engine throws(EngineError) in try engine.addNodes(batch, ids: ids)
    }
  }

  private mutating func refuseUpdate(_ scratch: Scratch) throws {
    let nodes = someNodes()
    guard let last = nodes.last, let gone = twin.goneNodes.first else { return }
    let spec = twin.oracle.nodes[last]!.spec
    let record = berth_node(
      domain: twin.domainIds[spec.domain]!, labels: 0, taints: 0, flags: 1, tie_key: 9, images: 0, price: 9)
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = nodes.count + 1
    batch.nodes = UnsafePointer(scratch.array([berth_node](repeating: record, count: batch.count)))
    let ids = scratch.array(nodes.map { twin.nodeIds[$0]! } + [gone])
    try twin.refused("update nodes, the last one gone", BERTH_STALE_ID) { engine throws(EngineError) in
      try engine.updateNodes(ids, batch)
    }
  }

  /// Ids that nobody has been given yet, or that have been taken back.
  private mutating func refuseTheNextIds(_ scratch: Scratch) throws {
    let known = twin.book
    let text = scratch.text("next")
    let term = [Term(.leastAllocated, resources: [TermResource("next")])]
    let terms = scratch.terms(term) { _ in UInt32(known.resourceIds.count) }
    try twin.refused("a profile of the next resource", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      _ = try engine.addProfile(name: text, terms: terms)
    }
    try twin.refused("a domain below the next one", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      _ = try engine.addDomain(parent: UInt32(known.domainIds.count), name: text)
    }
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.profile = UInt32(known.profileIds.count)
    try twin.refused("a class of the next profile", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      _ = try engine.internClass(spec)
    }
    var wish = berth_pod_affinity_term()
    wish.topology_key = text
    wish.kind = UInt32(BERTH_POD_AFFINITY_REQUIRED)
    (wish.selector, wish.namespace_selector) = (UInt32(Set(known.selectorIds.values).count), UInt32(BERTH_NO_SELECTOR))
    spec.profile = 0
    spec.affinity_terms = UnsafePointer(scratch.array([wish]))
    spec.affinity_term_count = 1
    let filled = spec
    try twin.refused("a class with the next selector", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      _ = try engine.internClass(filled)
    }
    let leaf = known.oracle.domains.indices.last { known.oracle.domains[$0].depth == swarm.levels }!
    let good = berth_node(
      domain: known.domainIds[leaf]!, labels: 0, taints: 0, flags: 0, tie_key: 0, images: 0, price: 0)
    var labelled = good
    labelled.labels = UInt32(known.labelSetIds.count)
    var tainted = good
    tainted.taints = UInt32(known.taintSetIds.count)
    var pictured = good
    pictured.images = UInt32(known.imageSetIds.count)
    var placed = good
    placed.domain = UInt32(known.domainIds.count)
    for record in [labelled, tainted, pictured, placed] {
      var batch = berth_node_batch()
      batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
      batch.count = 2
      batch.nodes = UnsafePointer(scratch.array([good, record]))
      let ids = scratch.array([UInt64](repeating: 0, count: 2))
      try twin.refused("a node of the next set or domain", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
        try engine.addNodes(batch, ids: ids)
      }
    }
  }
}
