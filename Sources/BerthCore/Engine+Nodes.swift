import BerthMemory
import CBerth

extension Engine {
  func applyAddNodes(
    _ batch: berth_node_batch, ids: UnsafeMutablePointer<berth_node_id>
  ) throws(EngineError) {
    guard batch.count <= Int(BERTH_MAX_NODES) - cluster.nodes.count else {
      throw refuse(
        BERTH_LIMIT, "\(cluster.nodes.count) nodes and \(batch.count) more: at most \(BERTH_MAX_NODES)")
    }
    let reader = try NodeBatchReader(batch, cluster: cluster) { batch.names?[$0] != nil }
    try reader.check()
    let names = try readNames(batch)
    try undoLog.check(batch.count)
    cluster.add(reader, ids: ids)
    if cluster.load.isOn { startLoad(ids, count: batch.count) }
    if let names { cluster.name(ids, names) }
    cluster.enterDomains(UnsafeBufferPointer(start: ids, count: batch.count))
    if events.isOn {
      for index in 0..<batch.count { emit(BERTH_EVENT_NODE_ADDED, node: ids[index]) }
    }
  }

  private func readNames(_ batch: berth_node_batch) throws(EngineError) -> [Name?]? {
    guard let pointers = batch.names else { return nil }
    var names: [Name?] = []
    names.reserveCapacity(batch.count)
    var seen = Set<Name>()
    var bytes = cluster.catalog.names.textBytes
    for index in 0..<batch.count {
      guard let pointer = pointers[index] else {
        names.append(nil)
        continue
      }
      let name = try Text.read(pointer, "name of node \(index)")
      guard cluster.catalog.names.find(name) == nil, seen.insert(name).inserted else {
        throw refuse(BERTH_DUPLICATE, "entry \(index): node name \"\(name)\" exists already")
      }
      names.append(name)
      bytes = NameTable.textBytes(bytes, adding: name)
      guard bytes < Int(UInt32.max) else {
        throw refuse(BERTH_LIMIT, "entry \(index): the names of all nodes together have at most 4 GiB")
      }
    }
    return names
  }

  func applyUpdateNodes(
    _ ids: UnsafePointer<berth_node_id>, _ batch: berth_node_batch
  ) throws(EngineError) {
    guard batch.names == nil, batch.requested == nil else {
      throw refuse(BERTH_BAD_ARGUMENT, "an update keeps names and what runs untold: names and requested must be null")
    }
    try checkNodes(UnsafeBufferPointer(start: ids, count: batch.count))
    let reader = try NodeBatchReader(batch, cluster: cluster) {
      cluster.catalog.names.name(of: UInt32(truncatingIfNeeded: ids[$0])) != nil
    }
    try reader.check()
    var lists: [ResourceList] = []
    lists.reserveCapacity(batch.count)
    for index in 0..<batch.count {
      let node = try cluster.nodes.index(ids[index])
      var list = reader.list(index)
      keepUsed(&list, of: node, cluster.list(of: cluster.rows.row(cluster.nodes.slots[Int(node)])))
      guard list.count <= ShapeTable.maxDims else {
        throw refuse(BERTH_LIMIT, "node \(index): more than \(ShapeTable.maxDims) resources with what is used")
      }
      lists.append(list)
    }
    try undoLog.check(batch.count)
    for index in 0..<batch.count {
      let node = try cluster.nodes.index(ids[index])
      let leaf = reader.leaves[index]
      let slot = cluster.nodes.slots[Int(node)]
      cluster.update(
        node,
        to: Cluster.NodeRecord(
          list: lists[index], price: batch.nodes[index].price, tie: batch.nodes[index].tie_key,
          pool: reader.pools[index], images: batch.nodes[index].images,
          place: cluster.rows.domain(of: slot) == leaf
            ? .exactly(cluster.rows.place(of: slot)) : .lowestFree(leaf: leaf)))
      if cluster.load.isOn { updateLoad(node, lists[index]) }
      emit(BERTH_EVENT_NODE_RESIZED, node: ids[index])
    }
  }

  func applyRemoveNodes(_ ids: UnsafeBufferPointer<berth_node_id>) throws(EngineError) {
    try checkNodes(ids)
    try undoLog.check(ids.count + reservations.count)
    let evicted = events.isOn ? podsByNode(of: ids) : [:]
    for id in ids {
      let node = try cluster.nodes.index(id)
      endReservations(on: node)
      if cluster.load.isOn { endLoad(node) }
      cluster.remove(node)
      emit(BERTH_EVENT_NODE_LOST, node: id)
      for pod in evicted[id] ?? [] {
        emit(BERTH_EVENT_POD_EVICTED, pod: pod.id, node: id, podClass: pod.podClass)
      }
    }
  }

  /// The pods of some nodes, in the order of their places: a look at every pod, for readers of events alone.
  private func podsByNode(
    of ids: UnsafeBufferPointer<berth_node_id>
  ) -> [berth_node_id: [(id: berth_pod_id, podClass: berth_class_id)]] {
    var lists: [berth_node_id: [(id: berth_pod_id, podClass: berth_class_id)]] = [:]
    for id in ids { lists[id] = [] }
    pods.visitWithIDs { id, pod in
      lists[UInt64(pod.nodeGeneration) << 32 | UInt64(pod.node)]?.append((id, pod.podClass))
    }
    return lists
  }

  func applyCordonNodes(
    _ ids: UnsafeBufferPointer<berth_node_id>, cordoned: Bool
  ) throws(EngineError) {
    try checkNodes(ids)
    cluster.catalog.pools.beginBatch()
    var pools: [UInt16] = []
    pools.reserveCapacity(ids.count)
    for id in ids {
      let slot = cluster.nodes.slots[Int(try cluster.nodes.index(id))]
      var pool = cluster.catalog.pools.pools[Int(cluster.rows.row(slot).pool)]
      pool.isCordoned = cordoned
      pools.append(try cluster.poolID(pool))
    }
    try undoLog.check(ids.count)
    for (index, id) in ids.enumerated() {
      let slot = cluster.nodes.slots[Int(try cluster.nodes.index(id))]
      let was = cluster.catalog.pools.pools[Int(cluster.rows.row(slot).pool)].isCordoned
      cluster.setPool(slot, pools[index])
      if was != cordoned { emit(cordoned ? BERTH_EVENT_NODE_CORDONED : BERTH_EVENT_NODE_UNCORDONED, node: id) }
    }
  }

  /// All ids are live and occur once.
  func checkNodes(_ ids: UnsafeBufferPointer<berth_node_id>) throws(EngineError) {
    var seen = Set<UInt64>(minimumCapacity: ids.count)
    for index in 0..<ids.count {
      _ = try cluster.nodes.index(ids[index], "entry \(index): ")
      guard seen.insert(ids[index]).inserted else {
        throw refuse(BERTH_DUPLICATE, "entry \(index): node \(ids[index]) occurs twice")
      }
    }
  }

  public func findNode(name: UnsafePointer<CChar>) throws(EngineError) -> berth_node_id {
    let wanted = try Text.read(name, "node name")
    guard let node = cluster.catalog.names.find(wanted) else {
      throw refuse(BERTH_UNKNOWN_ID, "there is no node \"\(wanted)\"")
    }
    return cluster.nodes.id(node)
  }

  public func readNodes(
    _ ids: UnsafeBufferPointer<berth_node_id>, resources: UnsafeBufferPointer<berth_resource_id>,
    states: UnsafeMutablePointer<berth_node_state>?, allocatable: UnsafeMutablePointer<Int64>?,
    requested: UnsafeMutablePointer<Int64>?
  ) throws(EngineError) {
    for index in 0..<resources.count { try cluster.resources.check(resources[index], "column \(index)") }
    for index in 0..<ids.count { _ = try cluster.nodes.index(ids[index], "entry \(index): ") }
    for (index, id) in ids.enumerated() {
      let slot = cluster.nodes.slots[Int(try cluster.nodes.index(id))]
      let row = cluster.rows.row(slot)
      if let states { states[index] = cluster.state(slot, row, id) }
      for (column, resource) in resources.enumerated() {
        let dim = cluster.shapes.dim(of: resource, in: row.shape)
        let cell = index * resources.count + column
        allocatable?[cell] = dim < 0 ? 0 : cluster.shapes.capacities(row.shape)[dim]
        requested?[cell] = dim < 0 ? 0 : row.used[dim]
      }
    }
  }

  public func listNodes(offset: Int, into ids: UnsafeMutableBufferPointer<berth_node_id>) -> Int {
    var skipped = 0
    var count = 0
    for label in 0..<cluster.rows.labelCount where count < ids.count {
      var live = cluster.rows.groups[label].live
      if skipped + live.nonzeroBitCount <= offset {
        skipped += live.nonzeroBitCount
        continue
      }
      while live != 0 && count < ids.count {
        let slot = UInt32(label) << 6 | UInt32(live.trailingZeroBitCount)
        live &= live - 1
        if skipped < offset {
          skipped += 1
          continue
        }
        ids[count] = cluster.nodes.id(cluster.rows.row(slot).node)
        count += 1
      }
    }
    return count
  }
}
