import BerthMemory
import CKernels

// Splits, merges, bulk load: whatever changes blocks rather than lanes.

extension StateTree {
  /// Splits on the way down need a parent with room, so a full root gets a parent first.
  func makeRoomAtRoot() {
    let full = height == 0 ? readLeaf(root).count == 64 : readInner(root).count == 64
    guard full else { return }
    let top = newInner(level: height + 1)
    let block = inner(top)
    block.header.pointee.count = 1
    block.children[0] = root
    block.setSeparator(0, .least)
    block.put(0, summary, dims: dims)
    setParent(root, level: height, top)
    root = top
    height += 1
    if height == 1 { splitLeaf(top, 0) } else { splitInner(top, 0, level: height - 1) }
  }

  /// Splits the full leaf at `place` of an inner that has room.
  func splitLeaf(_ parentIndex: UInt32, _ place: Int) {
    blocks.splits += 1
    let right = newLeaf()
    let parent = inner(parentIndex)
    let left = parent.children[place]
    let from = leaf(left)
    let to = leaf(right)
    let order = splitOrder
    // Insertion sort: 64 lanes, and the library's sort would allocate.
    for lane in 0..<64 {
      let key = laneKey(from, lane)
      var position = lane
      while position > 0 && key < order[position - 1].key {
        order[position] = order[position - 1]
        position -= 1
      }
      order[position] = (key, lane)
    }
    let half = 32
    var moved: UInt64 = 0
    for position in half..<64 {
      moved |= 1 << UInt64(order[position].lane)
      to.copyLane(position - half, from: from, order[position].lane)
      rows.mutableRow(to.slots[position - half]).leaf = right
    }
    to.header.pointee.count = 32
    // close the gaps that the right half left
    var hole = 0
    for lane in 0..<64 where moved >> UInt64(lane) & 1 == 0 {
      if lane != hole { from.copyLane(hole, from: from, lane) }
      hole += 1
    }
    from.header.pointee.count = 32
    parent.shift(from: place + 1, by: 1, dims: dims)
    parent.setSeparator(place + 1, order[half].key)
    parent.children[place + 1] = right
    to.header.pointee.parent = parentIndex
    summarizeChildren(parent, place, place + 1, level: 0)
  }

  /// Splits the full inner at `place` (on `level`) of an inner that has room.
  func splitInner(_ parentIndex: UInt32, _ place: Int, level: Int) {
    blocks.splits += 1
    let right = newInner(level: level)
    let parent = inner(parentIndex)
    let from = inner(parent.children[place])
    let to = inner(right)
    moveChildren(from, 32, 64, to, 0, level: level, newParent: right)
    to.header.pointee.count = 32
    from.header.pointee.count = 32
    for lane in 32..<64 { from.pools[lane] = 0 }
    parent.shift(from: place + 1, by: 1, dims: dims)
    parent.setSeparator(place + 1, to.separator(0))
    parent.children[place + 1] = right
    to.header.pointee.parent = parentIndex
    summarizeChildren(parent, place, place + 1, level: level)
  }

  private func moveChildren(
    _ from: Inner, _ first: Int, _ end: Int, _ to: Inner, _ target: Int, level: Int, newParent: UInt32
  ) {
    withUnsafeTemporaryAllocation(of: bk_summary.self, capacity: 1) { summary in
      for lane in first..<end {
        let place = target + lane - first
        from.get(lane, summary.baseAddress!, dims: dims)
        to.put(place, summary.baseAddress!, dims: dims)
        to.children[place] = from.children[lane]
        to.setSeparator(place, from.separator(lane))
        setParent(from.children[lane], level: level - 1, newParent)
      }
    }
  }

  /// Recomputes the summaries of two neighbours in their parent.
  private func summarizeChildren(_ parent: Inner, _ a: Int, _ b: Int, level: Int) {
    withUnsafeTemporaryAllocation(of: bk_summary.self, capacity: 1) { summary in
      for place in a...b {
        summarize(parent.children[place], level: level, summary.baseAddress!)
        parent.put(place, summary.baseAddress!, dims: dims)
      }
    }
  }

  func summarize(_ index: UInt32, level: Int, _ out: UnsafeMutablePointer<bk_summary>) {
    if level == 0 {
      kernels.pointee.summarize_leaf(readLeaf(index).base, layout, out)
    } else {
      kernels.pointee.summarize_inner(readInner(index).base, layout, out)
    }
  }

  /// The left one of two neighbours, one of them at `place`, that fit well into one block; nil if there are none.
  private func mergeable(_ parent: Inner, _ place: Int, _ count: (UInt32) -> Int) -> Int? {
    let own = count(parent.children[place])
    if place + 1 < parent.count, own + count(parent.children[place + 1]) <= Self.bulkFill { return place }
    if place > 0, own + count(parent.children[place - 1]) <= Self.bulkFill { return place - 1 }
    return nil
  }

  /// Merges a small leaf with a neighbour below the same parent if both fit well into one; false if not.
  func mergeLeaves(_ parentIndex: UInt32, _ place: Int) -> Bool {
    guard let left = mergeable(readInner(parentIndex), place, { readLeaf($0).count }) else { return false }
    blocks.merges += 1
    let parent = inner(parentIndex)
    let toIndex = parent.children[left]
    let fromIndex = parent.children[left + 1]
    let to = leaf(toIndex)
    let from = readLeaf(fromIndex)
    let base = to.count
    for lane in 0..<from.count {
      to.copyLane(base + lane, from: from, lane)
      rows.mutableRow(from.slots[lane]).leaf = toIndex
    }
    to.header.pointee.count = UInt32(base + from.count)
    blocks.leaves.release(fromIndex)
    kernels.pointee.summarize_leaf(to.base, layout, mergeScratch)
    parent.put(left, mergeScratch, dims: dims)
    removeChild(parentIndex, left + 1)
    return true
  }

  /// Takes a child (whose block is gone already) out of an inner and sets right what stands above.
  func removeChild(_ index: UInt32, _ place: Int) {
    let block = inner(index)
    block.shift(from: place, by: -1, dims: dims)
    let parentIndex = block.header.pointee.parent
    if parentIndex == UInt32(BK_NONE) {
      shrinkRoot()
      return
    }
    let own = Int(kernels.pointee.find(readInner(parentIndex).children, index))
    if block.count == 0 {
      blocks.inners.release(index)
      removeChild(parentIndex, own)
    } else if block.count < 16 && mergeInners(parentIndex, own) {
      return
    } else {
      kernels.pointee.summarize_inner(block.base, layout, mergeScratch)
      propagate(parentIndex, own, mergeScratch)
    }
  }

  private func mergeInners(_ parentIndex: UInt32, _ place: Int) -> Bool {
    guard let left = mergeable(readInner(parentIndex), place, { readInner($0).count }) else { return false }
    blocks.merges += 1
    let parent = inner(parentIndex)
    let toIndex = parent.children[left]
    let fromIndex = parent.children[left + 1]
    let to = inner(toIndex)
    let from = inner(fromIndex)
    let base = to.count
    let level = Int(to.header.pointee.level)
    // the first separator of an inner may lie below what its parent says; the parent's is the true border
    from.setSeparator(0, parent.separator(left + 1))
    moveChildren(from, 0, from.count, to, base, level: level, newParent: toIndex)
    to.header.pointee.count = UInt32(base + from.count)
    blocks.inners.release(fromIndex)
    kernels.pointee.summarize_inner(to.base, layout, mergeScratch)
    parent.put(left, mergeScratch, dims: dims)
    removeChild(parentIndex, left + 1)
    return true
  }

  /// A root with one child is that child; a root without any is an empty tree.
  private func shrinkRoot() {
    while height > 0 {
      let block = readInner(root)
      if block.count > 1 {
        kernels.pointee.summarize_inner(block.base, layout, summary)
        return
      }
      let old = root
      if block.count == 0 {
        blocks.inners.release(old)
        root = UInt32(BK_NONE)
        height = 0
        return
      }
      root = block.children[0]
      height -= 1
      setParent(root, level: height, UInt32(BK_NONE))
      blocks.inners.release(old)
    }
    summarize(root, level: 0, summary)
  }

  // MARK: Bulk

  /// Frees all blocks and forgets the nodes.
  func clear() {
    if root != UInt32(BK_NONE) { freeBlocks(root, level: height) }
    root = UInt32(BK_NONE)
    height = 0
    count = 0
  }

  private func freeBlocks(_ index: UInt32, level: Int) {
    if level == 0 {
      blocks.leaves.release(index)
      return
    }
    let block = readInner(index)
    for lane in 0..<block.count { freeBlocks(block.children[lane], level: level - 1) }
    blocks.inners.release(index)
  }

  /// Calls `body` with every leaf, in the order of keys.
  func forEachLeaf(_ body: (UInt32, Leaf) -> Void) {
    if root != UInt32(BK_NONE) { visit(root, level: height, body) }
  }

  private func visit(_ index: UInt32, level: Int, _ body: (UInt32, Leaf) -> Void) {
    if level == 0 { return body(index, readLeaf(index)) }
    let block = readInner(index)
    for lane in 0..<block.count { visit(block.children[lane], level: level - 1, body) }
  }

  /// How full a bulk load makes blocks: room to change before the first splits.
  static let bulkFill = 44

  /// Loads an empty tree with nodes; `capacities` gives a row's.
  func build(slots: [UInt32], capacities: (Row) -> UnsafePointer<Int64>) {
    assert(count == 0 && root == UInt32(BK_NONE))
    guard !slots.isEmpty else { return }
    var entries = slots.map { slot -> TreeKey in
      let row = rows.row(slot)
      narrow(row, capacities(row), into: bulkScratch)
      return key(bulkScratch, slot: slot)
    }
    entries.sort()
    var level: [(key: TreeKey, block: UInt32)] = []
    var start = 0
    while start < entries.count {
      let end = min(entries.count, start + Self.bulkFill)
      let index = newLeaf()
      let block = leaf(index)
      for position in start..<end {
        let slot = entries[position].slot
        let row = rows.mutableRow(slot)
        narrow(row.row, capacities(row.row), into: bulkScratch)
        let lane = position - start
        block.slots[lane] = slot
        block.pools[lane] = row.pool
        if let ties = block.ties { ties[lane] = row.tie }
        for dim in 0..<dims { block.free(dim)[lane] = bulkScratch[dim] }
        row.leaf = index
      }
      block.header.pointee.count = UInt32(end - start)
      level.append((entries[start], index))
      start = end
    }
    finishBuild(level, count: entries.count)
  }

  private func finishBuild(_ leaves: [(key: TreeKey, block: UInt32)], count total: Int) {
    var level = leaves
    var depth = 0
    while level.count > 1 {
      var next: [(key: TreeKey, block: UInt32)] = []
      var start = 0
      while start < level.count {
        let end = min(level.count, start + Self.bulkFill)
        let index = newInner(level: depth + 1)
        let block = inner(index)
        for position in start..<end {
          let lane = position - start
          block.children[lane] = level[position].block
          block.setSeparator(lane, level[position].key)
          setParent(level[position].block, level: depth, index)
          summarize(level[position].block, level: depth, mergeScratch)
          block.put(lane, mergeScratch, dims: dims)
        }
        block.header.pointee.count = UInt32(end - start)
        next.append((level[start].key, index))
        start = end
      }
      level = next
      depth += 1
    }
    adopt(root: level[0].block, height: depth, count: total)
    summarize(root, level: height, summary)
  }

  /// Rewrites slots after labels were dealt anew; the order of slots stays, so the tree's order does.
  func relabel(_ map: [UInt32]) {
    guard root != UInt32(BK_NONE) else { return }
    relabel(root, level: height, map)
    summarize(root, level: height, summary)
  }

  private func relabel(_ index: UInt32, level: Int, _ map: [UInt32]) {
    func moved(_ slot: UInt32) -> UInt32 {
      let label = Int(slot >> 6)
      return label < map.count ? map[label] << 6 | slot & 63 : slot
    }
    if level == 0 {
      let old = readLeaf(index)
      guard (0..<old.count).contains(where: { moved(old.slots[$0]) != old.slots[$0] }) else { return }
      let block = leaf(index)
      for lane in 0..<block.count { block.slots[lane] = moved(block.slots[lane]) }
      return
    }
    let block = inner(index)
    for lane in 0..<block.count {
      relabel(block.children[lane], level: level - 1, map)
      let separator = block.separator(lane)
      if separator != .least { block.setSeparator(lane, separator.withSlot(moved(separator.slot))) }
      block.slots[lane] = moved(block.slots[lane])
    }
  }
}
