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
      row.node = node
      row.generation = nodes.generation(node)
      ids[index] = row.id
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
    tree.clear()
    tree.build(slots: all) { capacities($0) }
  }

  func name(_ ids: UnsafeMutablePointer<berth_node_id>, _ list: [Name?]) {
    for (index, name) in list.enumerated() {
      guard let name else { continue }
      name.bytes.withUnsafeBufferPointer { catalog.names.add(UInt32(truncatingIfNeeded: ids[index]), $0) }
    }
  }

  func update(_ node: UInt32, _ reader: NodeBatchReader, _ index: Int, _ list: ResourceList) {
    var slot = nodes.slots[Int(node)]
    var row = rows.mutableRow(slot)
    tree(of: row.row).remove(slot, row.row)
    catalog.pools.leave(row.pool)
    if rows.domain(of: slot) != reader.leaves[index] {
      leaveShape(row.row)
      rows.give(slot)
      slot = takeSlot(leaf: reader.leaves[index], dims: list.count)
      nodes.move(node, to: slot)
      row = rows.mutableRow(slot)
      row.node = node
      row.generation = nodes.generation(node)
      setShape(row, list, price: reader.batch.nodes[index].price)
      for dim in 0..<list.count { row.used[dim] = list.used[dim] }
    } else {
      row = reshape(slot: slot, to: list, price: reader.batch.nodes[index].price)
    }
    row.tie = reader.batch.nodes[index].tie_key
    row.pool = reader.pools[index]
    catalog.pools.join(row.pool)
    tree(of: row.row).insert(slot, row, capacities(row.row))
    log.append(slot)
  }

  func remove(_ node: UInt32) {
    let slot = nodes.slots[Int(node)]
    let row = rows.mutableRow(slot).row
    tree(of: row).remove(slot, row)
    leaveShape(row)
    catalog.pools.leave(row.pool)
    catalog.names.remove(node)
    rows.give(slot)
    nodes.remove(node)
    log.append(slot)
  }

  func setPool(_ slot: UInt32, _ pool: UInt16) {
    let row = rows.mutableRow(slot)
    catalog.pools.leave(row.pool)
    row.pool = pool
    catalog.pools.join(pool)
    tree(of: row.row).update(slot, row, capacities(row.row))
    log.append(slot)
  }

  func poolID(_ pool: PoolTable.Pool) throws(EngineError) -> UInt16 {
    guard let id = catalog.pools.intern(pool) else {
      throw refuse(
        BERTH_LIMIT, "more than \(BERTH_MAX_POOLS) distinct (labels, taints, cordon, zone): leave unique labels out")
    }
    if id > 0 { forest.becomeManyPools() }
    return id
  }

  func state(_ slot: UInt32, _ row: Row, _ id: berth_node_id) -> berth_node_state {
    let pool = catalog.pools.pools[Int(row.pool)]
    return berth_node_state(
      node: id, domain: catalog.topology.leaves[Int(rows.domain(of: slot))], labels: pool.labels, taints: pool.taints,
      flags: pool.isCordoned ? UInt32(BERTH_NODE_CORDONED) : 0, tie_key: row.tie, slot: slot,
      price: shapes.price(row.shape))
  }
}
