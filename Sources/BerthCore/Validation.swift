import BerthMemory
import CBerth
import CKernels

// `berth_engine_validate`: every invariant, recomputed the slow way.

extension Engine {
  public func validate() throws(EngineError) {
    try checkOwnership()
    try checkRows()
    try checkUsed()
    try checkReservations()
    if cluster.load.isOn { try checkLoad() }
    try checkConstraints()
    try checkDevices()
    if let broken = planner.slotIndexes.difference() { throw refuse(BERTH_CORRUPT, broken) }
    for tree in cluster.forest.trees {
      var check = TreeCheck(tree, cluster)
      try check.run()
    }
    if let complaint = events.complaint() { throw corrupt(complaint) }
  }

  func corrupt(_ message: String) -> EngineError { refuse(BERTH_CORRUPT, message) }

  /// Rows, slots, ids, names, pools and shapes agree.
  private func checkRows() throws(EngineError) {
    let rows = cluster.rows
    var count = 0
    var shapes = [UInt32: UInt32]()
    var pools = [UInt16: UInt32]()
    var failure: String?
    rows.visit { slot, row in
      count += 1
      shapes[row.shape, default: 0] += 1
      pools[row.pool, default: 0] += 1
      if Int(row.node) >= cluster.nodes.slots.count || cluster.nodes.slots[Int(row.node)] != slot {
        failure = "slot \(slot) holds node \(row.node), which is not there"
      } else if row.id != cluster.nodes.id(row.node) {
        failure = "slot \(slot) holds another generation of node \(row.node)"
      }
    }
    if let failure { throw corrupt(failure) }
    guard count == cluster.nodes.count, count == cluster.forest.nodeCount else {
      throw corrupt("\(count) rows, \(cluster.nodes.count) nodes, \(cluster.forest.nodeCount) in trees")
    }
    for shape in 0..<cluster.shapes.count where cluster.shapes.population[shape] != shapes[UInt32(shape)] ?? 0 {
      throw corrupt("shape \(shape) counts \(cluster.shapes.population[shape]) nodes")
    }
    for pool in 0..<cluster.catalog.pools.count
    where cluster.catalog.pools.population[pool] != pools[UInt16(pool)] ?? 0 {
      throw corrupt("pool \(pool) counts \(cluster.catalog.pools.population[pool]) nodes")
    }
    try checkRanges()
  }

  /// Leaf domains are ranges of labels in topology order.
  private func checkRanges() throws(EngineError) {
    var next: UInt32 = 0
    for leaf in cluster.catalog.topology.order() {
      let range = cluster.rows.ranges[Int(leaf)]
      if range.reserved == 0 { continue }
      guard range.first >= next, range.used <= range.reserved else {
        throw corrupt("labels of leaf domain \(leaf) are out of order")
      }
      for offset in 0..<range.used where cluster.rows.groups[Int(range.first + offset)].domain != leaf {
        throw corrupt("label \(range.first + offset) is not of leaf domain \(leaf)")
      }
      next = range.first + range.reserved
    }
  }

  /// No node uses less than its pods request and is left of its reservations.
  private func checkUsed() throws(EngineError) {
    var sums = [UInt64: Int64]()
    pods.visit { pod in
      guard let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) else { return }
      for request in workload.classes.requests(pod.podClass) {
        sums[UInt64(slot) << 32 | UInt64(request.resource), default: 0] += request.value
      }
    }
    reservations.visit { _, record in
      let slot = cluster.nodes.slots[Int(record.node)]
      for holding in reservations.holdings.values(record.holdings) {
        sums[UInt64(slot) << 32 | UInt64(holding.resource), default: 0] += holding.left
      }
    }
    for (key, sum) in sums {
      let slot = UInt32(key >> 32)
      let row = cluster.rows.row(slot)
      let dim = cluster.shapes.dim(of: UInt32(truncatingIfNeeded: key), in: row.shape)
      guard dim >= 0, row.used[dim] >= sum else {
        throw corrupt("slot \(slot) uses less than its pods request and is left of its reservations")
      }
    }
  }
}

/// One tree, block by block.
private struct TreeCheck {
  let tree: StateTree
  let cluster: Cluster
  private var nodes = 0

  init(_ tree: StateTree, _ cluster: Cluster) {
    self.tree = tree
    self.cluster = cluster
  }

  private func corrupt(_ message: String) -> EngineError { refuse(BERTH_CORRUPT, "tree \(tree.id): \(message)") }

  mutating func run() throws(EngineError) {
    guard tree.root != BK_NONE else {
      guard tree.count == 0 else { throw corrupt("no root, but \(tree.count) nodes") }
      return
    }
    try check(tree.root, level: tree.height, parent: BK_NONE, from: .least, to: nil)
    guard nodes == tree.count else { throw corrupt("\(nodes) nodes in leaves, \(tree.count) counted") }
    var summary = bk_summary()
    tree.summarize(tree.root, level: tree.height, &summary)
    try compare(&summary, tree.summary, "root")
  }

  private mutating func check(
    _ index: UInt32, level: Int, parent: UInt32, from: TreeKey, to: TreeKey?
  ) throws(EngineError) {
    if level == 0 { return try checkLeaf(index, parent: parent, from: from, to: to) }
    let inner = tree.readInner(index)
    let header = inner.header.pointee
    guard header.parent == parent, Int(header.level) == level, header.tree == tree.id else {
      throw corrupt("inner \(index) has a wrong header")
    }
    guard inner.count >= 1, inner.count <= 64 else { throw corrupt("inner \(index) has \(inner.count) children") }
    for lane in 0..<inner.count {
      let low = lane == 0 ? from : inner.separator(lane)
      let high = lane + 1 < inner.count ? inner.separator(lane + 1) : to
      if let high, high < low { throw corrupt("separators of inner \(index) fall at \(lane)") }
      try check(inner.children[lane], level: level - 1, parent: index, from: low, to: high)
      var stored = bk_summary()
      inner.get(lane, &stored, dims: tree.dims)
      var summary = bk_summary()
      tree.summarize(inner.children[lane], level: level - 1, &summary)
      try compare(&summary, &stored, "child \(lane) of inner \(index)")
    }
    for lane in inner.count..<64 where inner.pools[lane] != 0 {
      throw corrupt("inner \(index) has pools beyond its children")
    }
  }

  private mutating func checkLeaf(
    _ index: UInt32, parent: UInt32, from: TreeKey, to: TreeKey?
  ) throws(EngineError) {
    let leaf = tree.readLeaf(index)
    guard leaf.header.pointee.parent == parent, leaf.count >= 1, leaf.count <= 64 else {
      throw corrupt("leaf \(index) has a wrong header")
    }
    nodes += leaf.count
    let free = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(BK_DIMS))
    defer { free.deallocate() }
    for lane in 0..<leaf.count {
      let slot = leaf.slots[lane]
      let row = cluster.rows.row(slot)
      guard row.leaf == index, cluster.tree(of: row) === tree else { throw corrupt("slot \(slot) is in another leaf") }
      tree.narrow(row, cluster.capacities(row), into: free)
      for dim in 0..<tree.dims where leaf.free(dim)[lane] != free[dim] {
        throw corrupt("slot \(slot) has \(free[dim]) free of dim \(dim), its leaf says \(leaf.free(dim)[lane])")
      }
      guard leaf.pools[lane] == row.pool, leaf.ties.map({ $0[lane] == row.tie }) ?? true else {
        throw corrupt("slot \(slot): pool or tie key differ in its leaf")
      }
      let key = tree.key(free, slot: slot)
      if key < from || (to.map { !(key < $0) } ?? false) { throw corrupt("slot \(slot) is in the wrong leaf") }
    }
  }

  /// Summaries must be exact; hashed pools may be a superset.
  private func compare(
    _ wanted: UnsafeMutablePointer<bk_summary>, _ stored: UnsafeMutablePointer<bk_summary>, _ what: String
  ) throws(EngineError) {
    for dim in 0..<tree.dims
    where summaryHigh(wanted)[dim] != summaryHigh(stored)[dim] || summaryLow(wanted)[dim] != summaryLow(stored)[dim] {
      throw corrupt("\(what): range of dim \(dim)")
    }
    let a = wanted.pointee
    let b = stored.pointee
    guard a.mix_low == b.mix_low, a.mix_high == b.mix_high, a.slot == b.slot, a.tie == b.tie else {
      throw corrupt("\(what): mix or first node")
    }
    guard a.pools & ~b.pools == 0 else { throw corrupt("\(what): pools are missing") }
  }
}
