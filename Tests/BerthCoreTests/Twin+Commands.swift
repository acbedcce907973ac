import BerthCore
import BerthOracle
import CBerth

/// Commands that change nodes, pods and the time.
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
    let plain = book.oracle.resources.filter { book.oracle.load.spec($0) == nil }
    if random.chance(0.2) { columns.formUnion(random.sample(plain, 2)) }
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
            domain: book.domainIds[spec.domain]!, labels: try labelSet(spec.labels), taints: try taintSet(spec.taints),
            flags: spec.flags, tie_key: spec.tieKey, images: try imageSet(spec.images), price: spec.price)
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
    let count = nodes.count
    let ids = try change("add nodes", keeping: scratch) { engine throws(EngineError) in
      var ids = [UInt64](repeating: 0, count: count + 1)
      try engine.addNodes(batch, ids: &ids)
      return ids
    }
    let added = nodes.map { book.oracle.addNode($0.spec, name: $0.name, untold: $0.untold) }
    for (node, id) in zip(added, ids) {
      try book.record(node: node, id: id)
      happened(BERTH_EVENT_NODE_ADDED, node: node)
    }
    return added
  }

  /// Whether a node would have, or use, more resources than it can list.
  func isTooWide(_ allocatable: [String: Int64], _ used: [String: Int64]) -> Bool {
    var present = Set(book.oracle.withLoad(allocatable).filter { $0.value > 0 }.keys)
    present.formUnion(used.filter { $0.value > 0 }.keys)
    // which every node lists
    present.formUnion(book.oracle.resources.filter { book.oracle.kinds[$0]!.refusesNobody })
    return present.count > Int(BERTH_MAX_RESOURCES_PER_NODE)
  }

  func updateNodes(_ nodes: [Int], _ specs: [NodeSpec]) throws {
    note("update nodes \(nodes.prefix(8)) \(nodes.count < 4 ? "\(specs)" : "")")
    let scratch = Scratch()
    let ids = scratch.array(nodes.map { book.nodeIds[$0]! })
    let batch = try batch(specs, untold: nil, names: nil, scratch)
    if zip(nodes, specs).contains(where: { isTooWide($1.allocatable, book.oracle.nodes[$0]!.used) }) {
      return try refused("update to too many resources", BERTH_LIMIT) { engine throws(EngineError) in
        try engine.updateNodes(ids, batch)
      }
    }
    try perform("update nodes", keeping: scratch) { engine throws(EngineError) in try engine.updateNodes(ids, batch) }
    for (index, node) in nodes.enumerated() {
      book.oracle.updateNode(node, specs[index])
      happened(BERTH_EVENT_NODE_RESIZED, node: node)
    }
  }

  func removeNodes(_ nodes: [Int]) throws {
    note("remove nodes \(nodes.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(nodes.map { book.nodeIds[$0]! })
    try perform("remove nodes", keeping: scratch) { engine throws(EngineError) in try engine.removeNodes(ids) }
    for node in nodes {
      endedReservations(book.oracle.reservations.filter { $0.value.node == node }.keys.sorted())
      happened(BERTH_EVENT_NODE_LOST, node: node)
      let evicted = book.oracle.pods.filter { $0.value.node == node }.keys
      for pod in evicted.sorted(by: {
        UInt32(truncatingIfNeeded: book.podIds[$0]!) < UInt32(truncatingIfNeeded: book.podIds[$1]!)
      }) {
        happened(BERTH_EVENT_POD_EVICTED, pod: pod)
      }
      book.oracle.removeNode(node)
      book.forget(node: node)
    }
    book.forgetEndedReservations()
  }

  func cordonNodes(_ nodes: [Int], _ cordoned: Bool) throws {
    note("\(cordoned ? "cordon" : "uncordon") nodes \(nodes.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(nodes.map { book.nodeIds[$0]! })
    try perform("cordon", keeping: scratch) { engine throws(EngineError) in
      try engine.cordonNodes(ids, cordoned: cordoned)
    }
    for node in nodes where book.oracle.nodes[node]!.spec.cordoned != cordoned {
      book.oracle.cordonNode(node, cordoned)
      happened(cordoned ? BERTH_EVENT_NODE_CORDONED : BERTH_EVENT_NODE_UNCORDONED, node: node)
    }
  }

  func bind(_ pods: [(spec: PodSpec, node: Int)], as identities: [Oracle.Identity]? = nil) throws {
    let classes = try pods.map { try podClass($0.spec) }
    note(
      "bind classes \(classes.prefix(8)) on nodes \(pods.map(\.node).prefix(8)) \(identities.map { "as \($0)" } ?? "")")
    let scratch = Scratch()
    let list = scratch.buffer(classes)
    let presented = scratch.identities(identities)
    let nodes = scratch.array(pods.map { book.nodeIds[$0.node]! })
    try foretell(pods.map(\.spec))
    let (isTooWide, findsDevices) = (wouldBeTooWide(pods), findDevices(pods, identities))
    if isTooWide || !findsDevices {
      let statuses = [isTooWide ? [BERTH_LIMIT] : [], findsDevices ? [] : [BERTH_NO_ROOM]].flatMap { $0 }
      return try refused("bind what nodes have no room for", anyOf: statuses) { engine throws(EngineError) in
        try Twin.bind(
          list, as: presented, nodes: nodes, pods: scratch.array([UInt64](repeating: 0, count: classes.count)), engine)
      }
    }
    let count = pods.count
    let ids = try change("bind", keeping: scratch) { engine throws(EngineError) in
      var ids = [UInt64](repeating: 0, count: count + 1)
      try Twin.bind(list, as: presented, nodes: nodes, pods: &ids, engine)
      return ids
    }
    for (index, pod) in pods.enumerated() {
      let identity = identities?[index] ?? Oracle.Identity()
      let number = book.oracle.addPod(pod.spec, as: identity, on: pod.node, bound: true)
      try record(number, ids[index], BERTH_EVENT_POD_BOUND)
      if pod.spec.devices != nil { try compareClaims([number]) }
    }
  }

  /// Whether pods find devices on nodes, one after the other.
  private func findDevices(_ pods: [(spec: PodSpec, node: Int)], _ identities: [Oracle.Identity]?) -> Bool {
    if pods.allSatisfy({ $0.spec.devices == nil }) { return true }
    var trial = book.oracle
    for (index, pod) in pods.enumerated() {
      guard trial.hasDevices(for: pod.spec, on: pod.node) else { return false }
      _ = trial.addPod(pod.spec, as: identities?[index] ?? Oracle.Identity(), on: pod.node, bound: true)
    }
    return true
  }

  private static func bind(
    _ classes: UnsafeBufferPointer<UInt32>, as identities: UnsafePointer<berth_pod_identity>?,
    nodes: UnsafePointer<UInt64>, pods: UnsafeMutablePointer<UInt64>, _ engine: Engine
  ) throws(EngineError) {
    if let identities {
      try engine.bind(classes, as: identities, nodes: nodes, pods: pods)
    } else {
      try engine.bind(classes, nodes: nodes, pods: pods)
    }
  }

  func confirm(_ pods: [Int]) throws {
    note("confirm pods \(pods.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(pods.map { book.podIds[$0]! })
    try perform("confirm", keeping: scratch) { engine throws(EngineError) in try engine.confirm(ids) }
    for pod in pods {
      book.oracle.confirmPod(pod)
      happened(BERTH_EVENT_POD_BOUND, pod: pod, other: 1)
    }
  }

  /// Pods are being deleted from now on.
  func terminate(_ pods: [Int]) throws {
    note("pods \(pods.prefix(20)) are being deleted")
    let scratch = Scratch()
    let ids = scratch.buffer(pods.map { book.podIds[$0]! })
    try perform("terminate", keeping: scratch) { engine throws(EngineError) in try engine.terminate(ids) }
    for pod in pods where !book.oracle.pods[pod]!.terminating {
      book.oracle.terminatePod(pod)
      happened(BERTH_EVENT_POD_TERMINATING, pod: pod)
    }
  }

  /// Takes assumed pods back, or releases any.
  func remove(_ pods: [Int], forgetting: Bool) throws {
    note("\(forgetting ? "forget" : "release") pods \(pods.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(pods.map { book.podIds[$0]! })
    try perform(forgetting ? "forget" : "release", keeping: scratch) { engine throws(EngineError) in
      if forgetting { try engine.forget(ids) } else { try engine.release(ids) }
    }
    for pod in pods {
      happened(forgetting ? BERTH_EVENT_POD_FORGOTTEN : BERTH_EVENT_POD_RELEASED, pod: pod)
      book.oracle.removePod(pod)
      book.forget(pod: pod)
    }
  }

  func setTime(_ time: Int64) throws {
    note("it is \(time) ms")
    try perform("set time", keeping: Scratch()) { engine throws(EngineError) in try engine.setTime(time) }
    let due = book.oracle.reservations.filter { ($0.value.expiry ?? .max) <= time }
    let nodes = due.mapValues(\.node)
    book.oracle.setTime(time)
    endedReservations(due.sorted { ($0.value.expiry!, $0.key) < ($1.value.expiry!, $1.key) }.map(\.key), on: nodes)
    book.forgetEndedReservations()
  }
}

extension NodeSpec {
  var flags: UInt32 {
    UInt32((cordoned ? BERTH_NODE_CORDONED : 0) | (lacksHostname ? BERTH_NODE_NO_HOSTNAME : 0))
  }
}
