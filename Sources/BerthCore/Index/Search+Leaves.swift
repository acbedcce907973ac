import CBerth
import CKernels

// Leaves, one by one: opened by the search that found them promising, or all of them by the scan.

extension Search {
  func openLeaf(_ index: UInt32) {
    counters.leavesOpened += 1
    leavesLeft -= 1
    let leaf = tree.pointee.leaf(index)
    var lanes = leaf.count >= 64 ? UInt64.max : (1 << UInt64(leaf.count)) - 1
    if !pools.allowsAll { lanes &= pools.lanes(leaf.pools, count: leaf.count) }
    if lanes == 0 { return }
    if plan.pointee.isExact && columnsDecide && wanted == 1 {
      // with tie keys the slot alone decides nothing
      let slot = forest.hasTie ? UInt32.max : worst.slot
      let best = kernels.leaf_exact(leaf.base, UnsafePointer(query), lanes, relativeScore, slot)
      if best.lane >= 0 {
        let lane = Int(best.lane)
        offer(
          Found(
            score: Int64(best.score) + offset, tie: leaf.ties?[lane] ?? 0, slot: leaf.slots[lane]))
      }
      return
    }
    let ties = leaf.ties.map { UnsafePointer($0) }
    kernels.leaf_bounds(leaf.base, UnsafePointer(query), bounds)
    while true {
      let picked = kernels.pick(bounds, leaf.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
      if picked < 0 { return }
      let lane = Int(picked)
      lanes &= ~(1 << UInt64(lane))
      scoreLane(leaf, lane)
    }
  }

  /// Scores one node exactly: from the columns where they say all, else from its row.
  private func scoreLane(_ leaf: Leaf, _ lane: Int) {
    counters.exactScores += 1
    let slot = leaf.slots[lane]
    var capacity = load.capacity
    var price: Int64 = 0
    if columnsDecide {
      for dim in 0..<tree.pointee.dims {
        before[dim] = Int64(leaf.free(dim)[lane]) << Int64(tree.pointee.shifts[dim])
        after[dim] = before[dim] - request[dim]
      }
      for dim in 0..<tree.pointee.dims where after[dim] < 0 { after[dim] = 0 }
    } else {
      let row = rows.row(slot)
      capacity = shapes.capacities(row.shape)
      price = shapes.price(row.shape) - tree.pointee.priceLow
      guard place(row, capacity, request, tree) else { return }
    }
    var score = offset - price * plan.pointee.priceWeight
    let exactLoad = Load(
      capacity: capacity, request: UnsafePointer(request), before: UnsafePointer(before))
    for term in plan.pointee.terms { score += term.weight * term.value(exactLoad, after) }
    offer(Found(score: score, tie: leaf.ties?[lane] ?? 0, slot: slot))
  }

  /// What is free on a node before placing and after it; false if the request does not fit.
  @inline(__always)
  func place(
    _ row: Row, _ capacity: UnsafePointer<Int64>, _ request: UnsafePointer<Int64>, _ tree: UnsafePointer<TreeState>
  ) -> Bool {
    let used = row.used
    for dim in 0..<tree.pointee.dims {
      let free = capacity[dim] - used[dim]
      let left = free - request[dim]
      if left < 0 && request[dim] > 0 && tree.pointee.scored >> UInt32(dim) & 1 == 0 { return false }
      before[dim] = max(0, free)
      after[dim] = max(0, left)
    }
    return true
  }

  /// All leaves one after the other, without looking at summaries.
  func scan(_ index: UInt32, level: Int) {
    if level == 0 { return openLeaf(index) }
    let inner = tree.pointee.inner(index)
    for lane in 0..<inner.count { scan(inner.children[lane], level: level - 1) }
  }
}
