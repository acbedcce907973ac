import BerthMemory
import CBerth

// Nodes come, change and go. Everything was checked before.

extension Cluster {
  /// From this share of new nodes on, trees are built anew rather than grown node by node.
  private static let bulkShare = 4
  private static let bulkLeast = 1024

  func add(_ reader: NodeBatchReader, ids: UnsafeMutablePointer<berth_node_id>) {
    let count = reader.batch.count
    guard count > 0 else { return }
    nodes.reserve(count)
    let isBulk = count >= Self.bulkLeast && count >= nodes.count / Self.bulkShare
    if isBulk { makeRoom(for: reader.leaves) }
    var fresh: [[UInt32]] = []
    var list = ResourceList()
    for index in 0..<count {
      reader.read(index, into: &list)
      let slot = takeSlot(leaf: reader.leaves[index], dims: list.count)
      let row = rows.mutableRow(slot)
      setShape(row, list, price: reader.batch.nodes[index].price)
      for dim in 0..<list.count { row.used[dim] = list.used[dim] }
      row.tie = reader.batch.nodes[index].tie_key
      row.pool = reader.pools[index]
      catalog.pools.join(row.pool)
      let node = nodes.add(slot: slot)
      catalog.images.join(node, reader.batch.nodes[index].images)
      row.node = node
      row.generation = nodes.generation(node)
      ids[index] = row.id
      if undoLog.isRecording { undoLog.note { $0.cluster.withdraw(node) } }
      log.append(slot)
      let tree = Int(shapes.trees[Int(row.shape)])
      if isBulk {
        while fresh.count <= tree { fresh.append([]) }
        fresh[tree].append(node)
      } else {
        forest.trees[tree].insert(slot, row, capacities(row.row))
      }
    }
    // by node, since a relabelling on the way may have moved slots
    for (tree, list) in fresh.enumerated() where !list.isEmpty {
      rebuild(forest.trees[tree], adding: list.map { nodes.slots[Int($0)] })
    }
  }

  /// One relabelling for the whole batch instead of one every so often.
  private func makeRoom(for leaves: [UInt32]) {
    var coming = [UInt32: Int]()
    for leaf in leaves { coming[leaf, default: 0] += 1 }
    let short = coming.contains { leaf, count in
      let range = rows.ranges[Int(leaf)]
      return Int(range.reserved - range.used) * 64 < count
    }
    if short { relabel { coming[$0] ?? 0 } }
  }

  private func rebuild(_ tree: StateTree, adding slots: [UInt32]) {
    guard tree.count < 3 * slots.count else {
      for slot in slots {
        let row = rows.mutableRow(slot)
        tree.insert(slot, row, capacities(row.row))
      }
      return
    }
    var all: [UInt32] = []
    all.reserveCapacity(tree.count + slots.count)
    tree.forEachLeaf { _, leaf in
      for lane in 0..<leaf.count { all.append(leaf.slots[lane]) }
    }
    all += slots
    bulkBuilds += 1
    tree.clear()
    tree.build(slots: all) { capacities($0) }
  }

  func name(_ ids: UnsafeMutablePointer<berth_node_id>, _ list: [Name?]) {
    for (index, name) in list.enumerated() {
      guard let name else { continue }
      name.bytes.withUnsafeBufferPointer { catalog.names.add(UInt32(truncatingIfNeeded: ids[index]), $0) }
    }
  }

  /// New nodes have got their names: counts by domain know of them from now on.
  func enterDomains(_ ids: UnsafeBufferPointer<berth_node_id>) {
    guard constraints.isOn else { return }
    for id in ids { constraints.nodeComes(place(nodes.slots[Int(UInt32(truncatingIfNeeded: id))]), catalog) }
  }

  /// All that is known of a node, apart from its id and name: what it is changed to, or changed back to.
  struct NodeRecord {
    var list: ResourceList
    var price: Int64
    var tie: UInt32
    var pool: UInt16
    var images: UInt32
    var place: Place

    enum Place {
      /// The lowest free slot of a leaf domain.
      case lowestFree(leaf: UInt32)
      /// Where it was.
      case exactly(SlotMap.Place)
    }
  }

  func record(of slot: UInt32) -> NodeRecord {
    let row = rows.row(slot)
    return NodeRecord(
      list: list(of: row), price: shapes.price(row.shape), tie: row.tie, pool: row.pool,
      images: catalog.images.set(of: row.node), place: .exactly(rows.place(of: slot)))
  }

  func update(_ node: UInt32, to record: NodeRecord) {
    let slot = nodes.slots[Int(node)]
    if undoLog.isRecording {
      let before = self.record(of: slot)
      undoLog.note { $0.cluster.update(node, to: before) }
    }
    takeOut(slot)
    nodes.move(node, to: putIn(node, record))
  }

  func remove(_ node: UInt32) {
    let slot = nodes.slots[Int(node)]
    if undoLog.isRecording {
      let before = self.record(of: slot)
      let name = catalog.names.name(of: node)
      let orphans = constraints.orphans(of: node)
      let devices = devices.of(node)?.pointee
      undoLog.note { engine in
        engine.cluster.nodes.reinstate(node, slot: 0)
        engine.cluster.devices.set(node, devices)
        if let name { name.bytes.withUnsafeBufferPointer { engine.cluster.catalog.names.add(node, $0) } }
        engine.cluster.constraints.adopt(orphans, by: node)
        engine.cluster.nodes.move(node, to: engine.cluster.putIn(node, before))
      }
    }
    takeOut(slot)
    catalog.names.remove(node)
    constraints.orphan(node)
    devices.set(node, nil)
    nodes.remove(node)
  }

  /// Takes back the last `add`.
  func withdraw(_ node: UInt32) {
    takeOut(nodes.slots[Int(node)])
    catalog.names.remove(node)
    nodes.withdraw(node)
  }

  /// Takes a node out of its tree, pool, shape and slot.
  private func takeOut(_ slot: UInt32) {
    let row = rows.mutableRow(slot).row
    tree(of: row).remove(slot, row)
    if constraints.isOn { constraints.nodeGoes(place(slot), catalog) }
    catalog.images.leave(row.node)
    log.append(slot, leaving: row.pool)
    catalog.pools.leave(row.pool)
    leaveShape(row)
    rows.give(slot)
  }

  /// Gives a node a slot, and puts it into the tree of its shape.
  private func putIn(_ node: UInt32, _ record: NodeRecord) -> UInt32 {
    let slot =
      switch record.place {
      case .lowestFree(let leaf): takeSlot(leaf: leaf, dims: record.list.count)
      case .exactly(let place): rows.retake(place, dims: record.list.count)
      }
    let row = rows.mutableRow(slot)
    setShape(row, record.list, price: record.price)
    for dim in 0..<record.list.count { row.used[dim] = record.list.used[dim] }
    row.node = node
    row.generation = nodes.generation(node)
    row.tie = record.tie
    row.pool = record.pool
    catalog.pools.join(row.pool)
    catalog.images.join(node, record.images)
    if constraints.isOn { constraints.nodeComes(place(slot), catalog) }
    tree(of: row.row).insert(slot, row, capacities(row.row))
    log.append(slot)
    return slot
  }

  func setPool(_ slot: UInt32, _ pool: UInt16) {
    let row = rows.mutableRow(slot)
    let (node, before) = (row.node, row.pool)
    if undoLog.isRecording {
      undoLog.note { engine in engine.cluster.setPool(engine.cluster.nodes.slots[Int(node)], before) }
    }
    if constraints.isOn { constraints.nodeGoes(place(slot), catalog) }
    catalog.pools.leave(row.pool)
    log.append(slot, leaving: row.pool)
    row.pool = pool
    catalog.pools.join(pool)
    if constraints.isOn { constraints.nodeComes(place(slot), catalog) }
    tree(of: row.row).update(slot, row, capacities(row.row))
    log.append(slot)
  }

  func poolID(_ pool: PoolTable.Pool) throws(EngineError) -> UInt16 {
    guard let (id, made) = catalog.pools.intern(pool) else {
      throw refuse(
        BERTH_LIMIT, "more than \(BERTH_MAX_POOLS) distinct (labels, taints, cordon, zone): leave unique labels out")
    }
    if let made { undoLog.note { $0.cluster.catalog.pools.unmake(made) } }
    if id > 0 { forest.becomeManyPools() }
    return id
  }

  func state(_ slot: UInt32, _ row: Row, _ id: berth_node_id) -> berth_node_state {
    let pool = catalog.pools.pools[Int(row.pool)]
    return berth_node_state(
      node: id, domain: catalog.topology.leaves[Int(rows.domain(of: slot))], labels: pool.labels, taints: pool.taints,
      flags: (pool.isCordoned ? UInt32(BERTH_NODE_CORDONED) : 0)
        | (pool.hostname == .missing ? UInt32(BERTH_NODE_NO_HOSTNAME) : 0),
      tie_key: row.tie, slot: slot, price: shapes.price(row.shape), images: catalog.images.set(of: row.node),
      reserved: 0)
  }
}
