import CBerth
import CKernels

// A plain class in the state trees: nodes that fit stand together there, and summaries exclude all others.

extension FitRule {
  private struct Query {
    let tree: UnsafePointer<TreeState>
    /// Requests by dim in the tree's units, rounded down.
    var narrow: [(dim: Int, value: UInt32)]
    /// The columns say all.
    let columnsDecide: Bool
  }

  /// Calls `body` with every node of a tree that takes a pod, and how many it takes.
  @inline(__always)
  func visit(tree index: Int, _ body: (UInt32, Int) -> Void) {
    guard let query = query(index) else { return }
    walk(query, query.tree.pointee.root, level: query.tree.pointee.height, body)
  }

  private func query(_ index: Int) -> Query? {
    let tree = UnsafePointer(cluster.forest.states[index])
    guard tree.pointee.count > 0, tree.pointee.summary.pointee.pools & pools.hashed != 0 else { return nil }
    var narrow: [(dim: Int, value: UInt32)] = []
    var lost: Int64 = 0
    for request in requests {
      let dim = tree.pointee.dim(of: request.resource)
      if dim < 0 {
        if request.kind == .held { return nil }
        continue
      }
      if request.value > tree.pointee.capacityHigh[dim] { return nil }
      let shift = Int64(tree.pointee.shifts[dim])
      lost |= request.value & ((1 << shift) - 1)
      narrow.append((dim, UInt32(truncatingIfNeeded: request.value >> shift)))
    }
    let decides = tree.pointee.isUniform && tree.pointee.isLossless && lost == 0
    return Query(tree: tree, narrow: narrow, columnsDecide: decides)
  }

  private func walk(_ query: Query, _ block: UInt32, level: Int, _ body: (UInt32, Int) -> Void) {
    if level == 0 { return open(query, query.tree.pointee.leaf(block), body) }
    let inner = query.tree.pointee.inner(block)
    // the next child is on its way while one is walked through
    var next = nextChild(query, inner, from: 0)
    while next < inner.count {
      let child = next
      next = nextChild(query, inner, from: child + 1)
      if next < inner.count && level == 1 { prefetch(query, query.tree.pointee.leaf(inner.children[next])) }
      walk(query, inner.children[child], level: level - 1, body)
    }
  }

  @inline(__always)
  private func nextChild(_ query: Query, _ inner: Inner, from first: Int) -> Int {
    var child = first
    while child < inner.count {
      if inner.pools[child] & pools.hashed != 0
        && !query.narrow.contains(where: { inner.high($0.dim)[child] < $0.value })
      {
        break
      }
      child += 1
    }
    return child
  }

  @inline(__always)
  private func prefetch(_ query: Query, _ leaf: Leaf) {
    for line in 0..<4 {
      bk_prefetch(leaf.slots + 16 * line)
      for need in query.narrow { bk_prefetch(leaf.free(need.dim) + 16 * line) }
    }
  }

  @inline(__always)
  private func open(_ query: Query, _ leaf: Leaf, _ body: (UInt32, Int) -> Void) {
    var lanes = leaf.count >= 64 ? UInt64.max : (1 << UInt64(leaf.count)) - 1
    if !pools.allowsAll { lanes &= pools.lanes(leaf.pools, count: leaf.count) }
    let slots = UnsafePointer(leaf.slots)
    // by lane 0, 1 or 2, which stands for more
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { level in
      let level = level.baseAddress!
      level.update(repeating: 2, count: 64)
      for need in query.narrow {
        let (free, value) = (leaf.free(need.dim), need.value)
        let twice = value > .max / 2 ? .max : 2 * value
        for lane in 0..<64 {
          let own = (free[lane] >= value ? 1 : 0) as UInt8 &+ (free[lane] >= twice ? 1 : 0)
          level[lane] = min(level[lane], own)
        }
      }
      while lanes != 0 {
        let lane = lanes.trailingZeroBitCount
        lanes &= lanes - 1
        if level[lane] == 0 { continue }
        let fit = level[lane] == 1 ? 1 : many(query, leaf, lane)
        if query.columnsDecide { body(slots[lane], fit) } else { openRow(slots[lane], body) }
      }
    }
  }

  /// How many pods a lane takes.
  @inline(never)
  private func many(_ query: Query, _ leaf: Leaf, _ lane: Int) -> Int {
    query.narrow.reduce(Self.most) { $1.value > 0 ? min($0, Int(leaf.free($1.dim)[lane] / $1.value)) : $0 }
  }

  /// Columns that lose bits let in what may not fit.
  @inline(never)
  private func openRow(_ slot: UInt32, _ body: (UInt32, Int) -> Void) {
    let fit = fit(slot, cluster.rows.row(slot))
    if fit > 0 { body(slot, fit) }
  }
}
