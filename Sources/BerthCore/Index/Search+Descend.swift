import CBerth
import CKernels

// Branch and bound below one root.

extension Search {
  func descend() {
    if tree.pointee.height == 0 {
      openLeaf(tree.pointee.root)
    } else {
      searchInner(tree.pointee.root, level: tree.pointee.height)
    }
  }

  private func searchInner(_ index: UInt32, level: Int) {
    counters.innersOpened += 1
    let inner = tree.pointee.inner(index)
    let bounds = bounds + level * 64
    kernels.inner_bounds(inner.base, UnsafePointer(query), relativeScore, bounds)
    var lanes = inner.count >= 64 ? UInt64.max : (1 << UInt64(inner.count)) - 1
    if !pools.allowsAll { lanes &= kernels.pool_lanes(inner.pools, pools.hashed) }
    let ties = forest.hasTie ? UnsafePointer(inner.ties) : nil
    var exact: UInt64 = 0
    var next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
    while next >= 0 {
      let lane = Int(next)
      let bit: UInt64 = 1 << UInt64(lane)
      // the score may have risen since the lane was picked; no lane left has a higher bound
      guard canWin(bounds[lane], inner, lane) else { return }
      if mayTighten && exact & bit == 0
        && Int64(bounds[lane]) - Int64(relativeScore) < plan.pointee.window && deservesSecondLook(inner, lane)
      {
        exact |= bit
        counters.exactScores += 1
        let (low, high) = extremes(inner, lane)
        if low == high && settles(inner, lane) {
          lanes &= ~bit
          offer(Found(score: high + offset, tie: forest.hasTie ? inner.ties[lane] : 0, slot: inner.slots[lane]))
          next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
          continue
        }
        if high < Int64(bounds[lane]) {
          bounds[lane] = Int32(max(high, -(1 << 30)))  // back into the queue with its true bound
          next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
          continue
        }
      }
      lanes &= ~bit
      // look for the next child now, so that its block is on the way while this one is searched
      next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
      if next >= 0 { prefetch(inner.children[Int(next)], level: level - 1) }
      if level == 1 { openLeaf(inner.children[lane]) } else { searchInner(inner.children[lane], level: level - 1) }
      if leavesLeft < 0 { return }
    }
  }

  /// The kernels' bounds of exact plans are off by less than a unit a term. That matters where many nodes share one
  /// state (an empty cluster): all would seem better than the best. For such a box the exact score is one number.
  @inline(__always)
  private func deservesSecondLook(_ inner: Inner, _ lane: Int) -> Bool {
    guard plan.pointee.isExact else { return true }
    let kernel = plan.pointee.kernel
    for index in 0..<Int(kernel.pointee.linear_count) {
      let dim = Int(bk_plan_linear_dim(kernel)![index])
      if inner.low(dim)[lane] != inner.high(dim)[lane] { return false }
    }
    return true
  }

  @inline(__always)
  private func canWin(_ bound: Int32, _ inner: Inner, _ lane: Int) -> Bool {
    if bound != relativeScore { return bound > relativeScore }
    if forest.hasTie && inner.ties[lane] != worst.tie { return inner.ties[lane] < worst.tie }
    return inner.slots[lane] < worst.slot
  }

  @inline(__always)
  private func prefetch(_ index: UInt32, level: Int) {
    if level == 0 {
      bk_prefetch_block(tree.pointee.leaves.pointee[index], Int32(BK_LEAF_POOL))
      bk_prefetch_block(
        tree.pointee.leaves.pointee[index] + Int(tree.pointee.layout.pointee.free_offset),
        Int32(tree.pointee.dims * Int(BK_COLUMN)))
    } else {
      bk_prefetch_block(
        tree.pointee.inners.pointee[index] + Int(BK_INNER_FREE), Int32(tree.pointee.dims * 2 * Int(BK_COLUMN)))
    }
  }

  /// Exact least and most of the score (less `offset`) over the states that a child's summary allows and that fit.
  private func extremes(_ inner: Inner, _ lane: Int) -> (low: Int64, high: Int64) {
    for dim in 0..<tree.pointee.dims {
      let shift = Int64(tree.pointee.shifts[dim])
      after[dim] = max(0, Int64(inner.low(dim)[lane]) << shift - request[dim])
      let most = Int64(inner.high(dim)[lane]) << shift | (tree.pointee.isLossless ? 0 : (1 << shift) - 1)
      afterHigh[dim] = max(0, min(most, tree.pointee.capacityHigh[dim]) - request[dim])
    }
    let box = Box(low: UnsafePointer(after), high: UnsafePointer(afterHigh))
    var low: Int64 = 0
    var high: Int64 = 0
    for term in plan.pointee.terms {
      let (least, most) = term.extremes(load, box)
      low += term.weight * least
      high += term.weight * most
    }
    return (low, high)
  }

  /// Whether every node below a child fits: then, its score being one number, its first node is its best.
  private func settles(_ inner: Inner, _ lane: Int) -> Bool {
    guard columnsDecide, inner.pools[lane] & ~pools.certain == 0 else { return false }
    let requests = bk_query_request(query)!
    for index in 0..<Int(query.pointee.fit_count) {
      let dim = Int(bk_query_fit_dim(query)![index])
      if inner.low(dim)[lane] < requests[dim] { return false }
    }
    return true
  }
}
