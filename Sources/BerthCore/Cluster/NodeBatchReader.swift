import CBerth

/// A batch of nodes as it came over the boundary, checked before anything is changed.
struct NodeBatchReader {
  let batch: berth_node_batch
  private let cluster: Cluster
  private(set) var leaves: [UInt32] = []
  private(set) var pools: [UInt16] = []
  /// By column: how many load resources a node gets by having the resource.
  private var loadDims: [Int] = []

  /// `isNamed`: whether a node of the batch has a name.
  init(_ batch: berth_node_batch, cluster: Cluster, isNamed: (Int) -> Bool) throws(EngineError) {
    self.batch = batch
    self.cluster = cluster
    guard batch.resource_count <= BERTH_MAX_RESOURCES else {
      throw refuse(BERTH_LIMIT, "\(batch.resource_count) resource columns: more than there can be resources")
    }
    guard batch.count == 0 || batch.nodes != nil else { throw refuse(BERTH_NULL_POINTER, "nodes is null") }
    guard batch.resource_count == 0 || (batch.resources != nil && (batch.count == 0 || batch.allocatable != nil)) else {
      throw refuse(BERTH_NULL_POINTER, "resources or allocatable is null")
    }
    for index in 0..<Int(batch.resource_count) {
      try cluster.resources.check(batch.resources[index], "resource column \(index)")
      guard !cluster.load.specs.isLoad(batch.resources[index]) else {
        throw refuse(
          BERTH_BAD_ARGUMENT,
          "resource column \(index): load resource \(batch.resources[index]) follows from what is measured: leave it out"
        )
      }
      for other in 0..<index where batch.resources[other] == batch.resources[index] {
        throw refuse(BERTH_DUPLICATE, "resource column \(index) repeats resource \(batch.resources[index])")
      }
      loadDims.append(cluster.load.specs.count(on: batch.resources[index]))
    }
    leaves.reserveCapacity(batch.count)
    pools.reserveCapacity(batch.count)
    cluster.catalog.pools.beginBatch()
    for index in 0..<batch.count { try readNode(index, isNamed) }
  }

  private mutating func readNode(_ index: Int, _ isNamed: (Int) -> Bool) throws(EngineError) {
    let node = batch.nodes[index]
    guard node.flags & ~UInt32(BERTH_NODE_CORDONED | BERTH_NODE_NO_HOSTNAME) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "node \(index): flags \(node.flags): use BERTH_NODE_*")
    }
    guard Int(node.images) < cluster.catalog.images.sets.count else {
      throw refuse(BERTH_UNKNOWN_ID, "node \(index): image set \(node.images) is unknown")
    }
    try Quantity.check(node.price, atMost: Int64(BERTH_MAX_PRICE), "node \(index): price")
    guard Int(node.labels) < cluster.catalog.labels.sets.count else {
      throw refuse(BERTH_UNKNOWN_ID, "node \(index): label set \(node.labels) is unknown")
    }
    guard Int(node.taints) < cluster.catalog.taintSets.sets.count else {
      throw refuse(BERTH_UNKNOWN_ID, "node \(index): taint set \(node.taints) is unknown")
    }
    let leaf: UInt32
    do {
      leaf = try cluster.catalog.topology.leafOrdinal(node.domain)
    } catch {
      throw EngineError(error.status, "node \(index): \(error.message)")
    }
    leaves.append(leaf)
    let zone = cluster.catalog.topology.ancestor(ofLeaf: leaf, level: PoolTable.pooledLevels)
    pools.append(
      try cluster.poolID(
        PoolTable.Pool(
          labels: node.labels, taints: node.taints, isCordoned: node.flags & UInt32(BERTH_NODE_CORDONED) != 0,
          hostname: node.flags & UInt32(BERTH_NODE_NO_HOSTNAME) != 0 ? .missing : isNamed(index) ? .name : .nameless,
          zone: zone)))
  }

  func check() throws(EngineError) {
    // cheap for the usual case: only a table that is large already is counted exactly
    if cluster.rows.labelCount + batch.count > SlotMap.maxLabels / 4 {
      guard cluster.rows.labels(after: batch.count, domains: Set(leaves).count) <= SlotMap.maxLabels else {
        throw refuse(
          BERTH_LIMIT, "more than \(SlotMap.maxLabels) groups of nodes: leaf domains are too many or too empty")
      }
    }
    let columns = Int(batch.resource_count)
    let named = UnsafeBufferPointer(start: batch.resources, count: columns)
    let countedElsewhere = cluster.resources.counted.count { !named.contains($0) }
    for index in 0..<batch.count {
      var dims = countedElsewhere
      for column in 0..<columns {
        let cell = index * columns + column
        let capacity = batch.allocatable[cell]
        let used = batch.requested?[cell] ?? 0
        try Quantity.check(capacity, "node \(index), column \(column): allocatable")
        try Quantity.check(used, "node \(index), column \(column): requested")
        if capacity > 0 || used > 0 || cluster.resources.isCounted(batch.resources[column]) { dims += 1 }
        if capacity > 0 { dims += loadDims[column] }
      }
      guard dims <= ShapeTable.maxDims else {
        throw refuse(BERTH_LIMIT, "node \(index) has \(dims) resources: at most \(ShapeTable.maxDims)")
      }
    }
  }

  /// A node's resources; reads into `list` to spare allocations in long batches.
  func read(_ index: Int, into list: inout ResourceList) {
    list.clear()
    let columns = Int(batch.resource_count)
    for column in 0..<columns {
      let cell = index * columns + column
      let capacity = batch.allocatable[cell]
      let used = batch.requested?[cell] ?? 0
      if capacity > 0 || used > 0 { list.add(batch.resources[column], capacity: capacity, used: used) }
    }
    for resource in cluster.resources.counted where !list.resources.contains(resource) {
      list.add(resource, capacity: 0, used: 0)
    }
    if cluster.load.isOn { cluster.load.specs.extend(&list) }
  }

  func list(_ index: Int) -> ResourceList {
    var list = ResourceList()
    read(index, into: &list)
    return list
  }
}

extension ResourceList {
  /// Takes over what is used on a node that changes its capacities, of the resources that are `wanted`.
  mutating func keepUsed(of old: ResourceList, _ wanted: (UInt32) -> Bool) {
    for dim in 0..<old.count where old.used[dim] != 0 && wanted(old.resources[dim]) {
      addUsed(old.resources[dim], old.used[dim])
    }
  }
}
