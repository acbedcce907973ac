import BerthCore
import BerthOracle
import CBerth

/// Commands that change nodes and pods.
extension Twin {
  struct NewNode {
    var spec: NodeSpec
    var name: String?
    var untold: [String: Int64] = [:]
  }

  /// `untold` nil: the batch says nothing about what runs there already.
  private func batch(
    _ specs: [NodeSpec], untold: [[String: Int64]]?, names: [String?]?, _ scratch: Scratch
  ) throws -> berth_node_batch {
    var columns: Set<String> = []
    for spec in specs { columns.formUnion(spec.allocatable.keys) }
    for values in untold ?? [] { columns.formUnion(values.keys) }
    // Columns that nobody needs say 0 for everyone.
    if random.chance(0.2) { columns.formUnion(random.sample(oracle.resources, 2)) }
    let order = random.shuffled(columns.sorted())
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.resource_count = UInt32(order.count)
    batch.count = specs.count
    batch.resources = UnsafePointer(scratch.array(order.map(resource)))
    batch.allocatable = UnsafePointer(scratch.array(specs.flatMap { spec in order.map { spec.allocatable[$0] ?? 0 } }))
    if let untold {
      batch.requested = UnsafePointer(scratch.array(untold.flatMap { values in order.map { values[$0] ?? 0 } }))
    }
    if let names { batch.names = scratch.texts(names) }
    batch.nodes = UnsafePointer(
      scratch.array(
        try specs.map { spec in
          berth_node(
            domain: domainIds[spec.domain]!, labels: try labelSet(spec.labels), taints: try taintSet(spec.taints),
            flags: spec.cordoned ? UInt32(BERTH_NODE_CORDONED) : 0, tie_key: spec.tieKey, reserved: 0,
            price: spec.price)
        }))
    return batch
  }

  @discardableResult func addNodes(_ nodes: [NewNode]) throws -> [Int] {
    note("add \(nodes.count) nodes \(nodes.count < 4 ? "\(nodes)" : "")")
    let scratch = Scratch()
    let silent = nodes.allSatisfy { $0.untold.isEmpty }
    let nameless = nodes.allSatisfy { $0.name == nil }
    let batch = try batch(
      nodes.map(\.spec), untold: silent ? nil : nodes.map(\.untold), names: nameless ? nil : nodes.map(\.name), scratch)
    if nodes.contains(where: { isTooWide($0.spec.allocatable, $0.untold) }) {
      try refused("add nodes with too many resources", BERTH_LIMIT) { engine throws(EngineError) in
        try engine.addNodes(batch, ids: scratch.array([UInt64](repeating: 0, count: nodes.count)))
      }
      return []
    }
    let ids = try all("add nodes") { engine throws(EngineError) in
      var ids = [UInt64](repeating: 0, count: nodes.count + 1)
      try engine.addNodes(batch, ids: &ids)
      return ids
    }
    let added = nodes.map { oracle.addNode($0.spec, name: $0.name, untold: $0.untold) }
    for (node, id) in zip(added, ids) {
      try record(node: node, id: id)
      events.happened(.init(BERTH_EVENT_NODE_ADDED, node: id))
    }
    return added
  }

  /// Whether a node would have, or use, more resources than it can list.
  private func isTooWide(_ resources: [String: Int64]...) -> Bool {
    Set(resources.flatMap { $0.filter { $0.value > 0 }.keys }).count > Int(BERTH_MAX_RESOURCES_PER_NODE)
  }

  func updateNodes(_ nodes: [Int], _ specs: [NodeSpec]) throws {
    note("update nodes \(nodes.prefix(8)) \(nodes.count < 4 ? "\(specs)" : "")")
    let scratch = Scratch()
    let ids = scratch.array(nodes.map { nodeIds[$0]! })
    let batch = try batch(specs, untold: nil, names: nil, scratch)
    if zip(nodes, specs).contains(where: { isTooWide($1.allocatable, oracle.nodes[$0]!.used) }) {
      return try refused("update to too many resources", BERTH_LIMIT) { engine throws(EngineError) in
        try engine.updateNodes(ids, batch)
      }
    }
    try onAll("update nodes") { engine throws(EngineError) in try engine.updateNodes(ids, batch) }
    for (index, node) in nodes.enumerated() {
      oracle.updateNode(node, specs[index])
      events.happened(.init(BERTH_EVENT_NODE_RESIZED, node: nodeIds[node]!))
    }
  }

  func removeNodes(_ nodes: [Int]) throws {
    note("remove nodes \(nodes.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(nodes.map { nodeIds[$0]! })
    try onAll("remove nodes") { engine throws(EngineError) in try engine.removeNodes(ids) }
    for node in nodes {
      oracle.removeNode(node)
      events.happened(.init(BERTH_EVENT_NODE_LOST, node: nodeIds[node]!))
      forget(node: node)
    }
  }

  func cordonNodes(_ nodes: [Int], _ cordoned: Bool) throws {
    note("\(cordoned ? "cordon" : "uncordon") nodes \(nodes.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(nodes.map { nodeIds[$0]! })
    try onAll("cordon") { engine throws(EngineError) in try engine.cordonNodes(ids, cordoned: cordoned) }
    for node in nodes where oracle.nodes[node]!.spec.cordoned != cordoned {
      oracle.cordonNode(node, cordoned)
      events.happened(
        .init(cordoned ? BERTH_EVENT_NODE_CORDONED : BERTH_EVENT_NODE_UNCORDONED, node: nodeIds[node]!))
    }
  }

  func bind(_ pods: [(spec: PodSpec, node: Int)]) throws {
    let classes = try pods.map { try podClass($0.spec) }
    note("bind classes \(classes.prefix(8)) on nodes \(pods.map(\.node).prefix(8))")
    let scratch = Scratch()
    let list = scratch.buffer(classes)
    let nodes = scratch.array(pods.map { nodeIds[$0.node]! })
    var used: [Int: [String: Int64]] = [:]
    for (spec, node) in pods { used[node, default: oracle.nodes[node]!.used].merge(spec.requests, uniquingKeysWith: +) }
    if used.contains(where: { isTooWide(oracle.nodes[$0]!.spec.allocatable, $1) }) {
      return try refused("bind too many resources", BERTH_LIMIT) { engine throws(EngineError) in
        try engine.bind(list, nodes: nodes, pods: scratch.array([UInt64](repeating: 0, count: classes.count)))
      }
    }
    let ids = try all("bind") { engine throws(EngineError) in
      var ids = [UInt64](repeating: 0, count: pods.count + 1)
      try engine.bind(list, nodes: nodes, pods: &ids)
      return ids
    }
    for (pod, id) in zip(pods, ids) {
      try record(pod: oracle.addPod(pod.spec, on: pod.node, bound: true), id: id)
      events.happened(.init(BERTH_EVENT_POD_BOUND, pod: id, node: nodeIds[pod.node]!, podClass: classIds[pod.spec]!))
    }
  }

  func confirm(_ pods: [Int]) throws {
    note("confirm pods \(pods.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(pods.map { podIds[$0]! })
    try onAll("confirm") { engine throws(EngineError) in try engine.confirm(ids) }
    for pod in pods {
      oracle.confirmPod(pod)
      podHappened(BERTH_EVENT_POD_BOUND, pod, other: 1)
    }
  }

  /// Takes assumed pods back, or releases any.
  func remove(_ pods: [Int], forgetting: Bool) throws {
    note("\(forgetting ? "forget" : "release") pods \(pods.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(pods.map { podIds[$0]! })
    try onAll(forgetting ? "forget" : "release") { engine throws(EngineError) in
      if forgetting { try engine.forget(ids) } else { try engine.release(ids) }
    }
    for pod in pods {
      podHappened(forgetting ? BERTH_EVENT_POD_FORGOTTEN : BERTH_EVENT_POD_RELEASED, pod)
      oracle.removePod(pod)
      forget(pod: pod)
    }
  }
}
