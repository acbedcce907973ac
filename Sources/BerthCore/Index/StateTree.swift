import BerthMemory
import CBerth
import CKernels

/// A B+-tree of nodes ordered by state (free GPUs, free cpu and memory interleaved, slot), with summaries, shared by
/// all classes and profiles: it knows nothing of either. A change of a node is one delete and one insert.
final class StateTree {
  let shape: TreeShape
  let blocks: TreeBlocks
  let kernels: UnsafePointer<bk_table>
  var layout: UnsafeMutablePointer<bk_layout> { state.pointee.layout }
  let rows: SlotMap
  var shifts: UnsafeMutablePointer<UInt32> { state.pointee.shifts }
  let id: UInt32
  let dims: Int

  /// What searching reads, in a place of its own.
  let state: UnsafeMutablePointer<TreeState>
  var root: UInt32 {
    get { state.pointee.root }
    set { state.pointee.root = newValue }
  }
  var height: Int {
    get { state.pointee.height }
    set { state.pointee.height = newValue }
  }
  var count: Int {
    get { state.pointee.count }
    set { state.pointee.count = newValue }
  }
  var isLossless: Bool {
    get { state.pointee.isLossless }
    set { state.pointee.isLossless = newValue }
  }
  var isUniform: Bool { state.pointee.isUniform }
  var summary: UnsafeMutablePointer<bk_summary> { state.pointee.summary }
  var capacityLow: UnsafeMutablePointer<Int64> { state.pointee.capacityLow }
  var capacityHigh: UnsafeMutablePointer<Int64> { state.pointee.capacityHigh }
  var priceLow: Int64 { state.pointee.priceLow }
  private var priceHigh: Int64
  var shapeCount = 0
  var plans = PlanCache()

  private let alignCPU: UInt32
  private let alignMemory: UInt32
  private let buffers: TreeScratch
  // what is in them, without a reference to count
  private let fresh: UnsafeMutablePointer<UInt32>
  private let scratch: UnsafeMutablePointer<bk_summary>
  var mergeScratch: UnsafeMutablePointer<bk_summary> { scratch + 1 }
  private let laneScratch: UnsafeMutablePointer<UInt32>
  var bulkScratch: UnsafeMutablePointer<UInt32> { laneScratch }
  var splitOrder: UnsafeMutablePointer<(key: TreeKey, lane: Int)> { buffers.splitOrder }

  init(
    id: UInt32, shape: TreeShape, largest: [Int64], capacities: UnsafePointer<Int64>, price: Int64,
    blocks: TreeBlocks, kernels: UnsafePointer<bk_table>, rows: SlotMap, hasTie: Bool, onePool: Bool,
    scratch buffers: TreeScratch
  ) {
    self.id = id
    self.shape = shape
    self.blocks = blocks
    self.kernels = kernels
    self.rows = rows
    dims = shape.dims
    state = TreeState.make(blocks: blocks, dims: dims, dimCount: Int(shape.resources.max() ?? 0) + 1)
    priceHigh = price
    state.pointee.priceLow = price
    state.pointee.scored = shape.scored
    let layout = state.pointee.layout
    layout.pointee.dims = UInt32(dims)
    layout.pointee.has_tie = hasTie ? 1 : 0
    layout.pointee.one_pool = onePool ? 1 : 0
    layout.pointee.free_offset = UInt32(BK_LEAF_TIE) + (hasTie ? UInt32(BK_COLUMN) : 0)
    state.pointee.dimOf.update(repeating: -1, count: state.pointee.dimCount)
    for dim in 0..<dims {
      state.pointee.capacityLow[dim] = capacities[dim]
      state.pointee.capacityHigh[dim] = capacities[dim]
      state.pointee.dimOf[Int(shape.resources[dim])] = Int8(dim)
      state.pointee.shifts[dim] = shape.shifts[dim]
    }
    // the mix counts in the first shape's capacities; it is read while there is no other
    for dim in [shape.cpu, shape.memory, shape.gpu] where dim >= 0 {
      bk_layout_add_mix(layout, UInt32(dim), Int32(max(1, capacities[dim] >> Int64(shape.shifts[dim]))))
    }
    // wide enough for every shape that may join
    func align(_ dim: Int) -> UInt32 {
      dim < 0 ? 0 : UInt32(30 - (64 - (largest[dim] >> Int64(shape.shifts[dim])).leadingZeroBitCount))
    }
    alignCPU = align(shape.cpu)
    alignMemory = align(shape.memory)
    self.buffers = buffers
    (fresh, laneScratch, scratch) = (buffers.fresh, buffers.lane, buffers.summaries)
  }

  /// The same tree over the fork's blocks and rows.
  init(
    forking other: StateTree, blocks: TreeBlocks, kernels: UnsafePointer<bk_table>, rows: SlotMap,
    scratch buffers: TreeScratch
  ) {
    id = other.id
    shape = other.shape
    self.blocks = blocks
    self.kernels = kernels
    self.rows = rows
    dims = other.dims
    state = TreeState.copy(UnsafePointer(other.state), blocks: blocks)
    priceHigh = other.priceHigh
    shapeCount = other.shapeCount
    plans = other.plans
    alignCPU = other.alignCPU
    alignMemory = other.alignMemory
    self.buffers = buffers
    (fresh, laneScratch, scratch) = (buffers.fresh, buffers.lane, buffers.summaries)
  }

  deinit { TreeState.free(state) }

  @inline(__always)
  func dim(of resource: UInt32) -> Int { state.pointee.dim(of: resource) }

  /// From now on columns say less than rows; plans counted on them.
  private func loseColumns() {
    isLossless = false
    forgetPlans()
  }

  /// Takes in one more shape.
  func admit(_ capacities: UnsafePointer<Int64>, price: Int64) {
    shapeCount += 1
    for dim in 0..<dims {
      if capacities[dim] & ((1 << Int64(shifts[dim])) - 1) != 0 { loseColumns() }
      if capacities[dim] < capacityLow[dim] || capacities[dim] > capacityHigh[dim] { state.pointee.isUniform = false }
      capacityLow[dim] = min(capacityLow[dim], capacities[dim])
      capacityHigh[dim] = max(capacityHigh[dim], capacities[dim])
    }
    if price < priceLow || price > priceHigh { state.pointee.isUniform = false }
    state.pointee.priceLow = min(priceLow, price)
    priceHigh = max(priceHigh, price)
    if !isUniform { forgetPlans() }
  }

  // MARK: Blocks

  // A block for reading is void once a block of the same page is taken for writing: what is to be written is taken
  // first. Blocks for writing stay where they are until the engine is forked.

  @inline(__always) func readLeaf(_ index: UInt32) -> Leaf { state.pointee.leaf(index) }
  @inline(__always) func readInner(_ index: UInt32) -> Inner { state.pointee.inner(index) }

  /// A leaf for writing.
  @inline(__always) func leaf(_ index: UInt32) -> Leaf {
    if !state.pointee.leaves.pointee.owns(index) { blocks.leaves.own(index) }
    return state.pointee.leaf(index)
  }

  /// An inner for writing.
  @inline(__always) func inner(_ index: UInt32) -> Inner {
    if !state.pointee.inners.pointee.owns(index) { blocks.inners.own(index) }
    return state.pointee.inner(index)
  }

  func newLeaf() -> UInt32 {
    let index = blocks.leaves.allocate()
    leaf(index).header.pointee = bk_header(count: 0, parent: UInt32(BK_NONE), tree: id, level: 0)
    return index
  }

  func newInner(level: Int) -> UInt32 {
    let index = blocks.inners.allocate()
    let block = inner(index)
    block.header.pointee = bk_header(count: 0, parent: UInt32(BK_NONE), tree: id, level: UInt32(level))
    block.pools.update(repeating: 0, count: Int(BK_LANES))
    return index
  }

  func setParent(_ child: UInt32, level: Int, _ parent: UInt32) {
    if level == 0 { leaf(child).header.pointee.parent = parent } else { inner(child).header.pointee.parent = parent }
  }

  // MARK: States

  /// Free quantities of a node in the tree's units.
  @inline(__always)
  func narrow(_ row: Row, _ capacities: UnsafePointer<Int64>, into out: UnsafeMutablePointer<UInt32>) {
    let used = row.used
    var low: Int64 = 0
    for dim in 0..<dims {
      low |= used[dim] & ((1 << Int64(shifts[dim])) - 1)
      out[dim] = UInt32(truncatingIfNeeded: max(0, capacities[dim] &- used[dim]) >> Int64(shifts[dim]))
    }
    if low != 0 && isLossless { loseColumns() }
  }

  @inline(__always)
  func key(_ free: UnsafePointer<UInt32>, slot: UInt32) -> TreeKey {
    TreeKey(
      gpu: shape.gpu < 0 ? 0 : free[shape.gpu], cpu: shape.cpu < 0 ? 0 : free[shape.cpu] << alignCPU,
      memory: shape.memory < 0 ? 0 : free[shape.memory] << alignMemory, slot: slot)
  }

  func adopt(root: UInt32, height: Int, count: Int) {
    self.root = root
    self.height = height
    self.count = count
  }

  /// The key of a node in a leaf.
  func laneKey(_ leaf: Leaf, _ lane: Int) -> TreeKey {
    for dim in 0..<dims { laneScratch[dim] = leaf.free(dim)[lane] }
    return key(laneScratch, slot: leaf.slots[lane])
  }

  @inline(__always)
  private func mix(_ free: UnsafePointer<UInt32>) -> UInt32 {
    var mix: UInt32 = 0
    for index in 0..<Int(layout.pointee.mix_count) {
      let dim = Int(bk_layout_mix_dim(layout)![index])
      let capacity = UInt64(bk_layout_mix_capacity(layout)![index])
      mix += UInt32(truncatingIfNeeded: (UInt64(free[dim]) << 20 + capacity - 1) / capacity)
    }
    return mix
  }

  // MARK: Changes

  /// Adds a node whose row is complete but for its leaf.
  func insert(_ slot: UInt32, _ row: MutableRow, _ capacities: UnsafePointer<Int64>) {
    narrow(row.row, capacities, into: fresh)
    insert(slot, row, key(fresh, slot: slot))
  }

  func remove(_ slot: UInt32, _ row: Row) {
    let index = row.leaf
    let block = leaf(index)
    let lane = Int(kernels.pointee.find(block.slots, slot))
    assert(lane >= 0 && lane < block.count)
    remove(index, block, lane)
  }

  /// Brings a node up to date after its used quantities, pool or tie key changed.
  @inline(__always)
  func update(_ slot: UInt32, _ row: MutableRow, _ capacities: UnsafePointer<Int64>) {
    narrow(row.row, capacities, into: fresh)
    let wanted = key(fresh, slot: slot)
    let index = row.leaf
    let block = leaf(index)
    let lane = Int(kernels.pointee.find(block.slots, slot))
    assert(lane >= 0 && lane < block.count)
    if stays(index, block, wanted) {
      for dim in 0..<dims { block.free(dim)[lane] = fresh[dim] }
      block.pools[lane] = row.pool
      if let ties = block.ties { ties[lane] = row.tie }
      refresh(index, block)
    } else {
      remove(index, block, lane)
      insert(slot, row, wanted)
    }
  }

  /// Whether a key belongs to the leaf it is in; false when that is not seen from the leaf's parent.
  @inline(__always)
  private func stays(_ index: UInt32, _ block: Leaf, _ key: TreeKey) -> Bool {
    let parentIndex = block.header.pointee.parent
    if parentIndex == UInt32(BK_NONE) { return true }
    let parent = readInner(parentIndex)
    let place = Int(kernels.pointee.find(parent.children, index))
    return place + 1 < parent.count && !(key < parent.separator(place)) && key < parent.separator(place + 1)
  }

  private func insert(_ slot: UInt32, _ row: MutableRow, _ key: TreeKey) {
    count += 1
    if root == UInt32(BK_NONE) {
      root = newLeaf()
      height = 0
    }
    makeRoomAtRoot()
    var index = root
    var level = height
    while level > 0 {
      var parent = readInner(index)
      let below = Int(kernels.pointee.rank(parent.base, key.high, key.low))
      // A key below the first separator goes to the first child all the same; the separator follows, so that a split
      // of that child cannot set one below it.
      if below == 0 {
        parent = inner(index)
        parent.setSeparator(0, key)
      }
      var place = max(0, below - 1)
      var child = parent.children[place]
      let full = level == 1 ? readLeaf(child).count == 64 : readInner(child).count == 64
      if full {
        if level == 1 { splitLeaf(index, place) } else { splitInner(index, place, level: level - 1) }
        parent = readInner(index)
        if !(key < parent.separator(place + 1)) { place += 1 }
        child = parent.children[place]
      }
      if level == 1 {
        append(child, slot, row)
        grow(scratch, slot, row.row, from: readInner(index), place)
        propagate(index, place, scratch)
        return
      }
      index = child
      level -= 1
    }
    append(root, slot, row)
    kernels.pointee.summarize_leaf(readLeaf(root).base, layout, summary)
  }

  @inline(__always)
  private func append(_ index: UInt32, _ slot: UInt32, _ row: MutableRow) {
    let block = leaf(index)
    let lane = block.count
    block.slots[lane] = slot
    block.pools[lane] = row.pool
    if let ties = block.ties { ties[lane] = row.tie }
    for dim in 0..<dims { block.free(dim)[lane] = fresh[dim] }
    block.header.pointee.count = UInt32(lane + 1)
    row.leaf = index
  }

  /// A child's summary with one more node below it.
  @inline(__always)
  private func grow(
    _ out: UnsafeMutablePointer<bk_summary>, _ slot: UInt32, _ row: Row, from parent: Inner, _ place: Int
  ) {
    parent.get(place, out, dims: dims)
    let highs = bk_summary_high(out)!
    let lows = bk_summary_low(out)!
    for dim in 0..<dims {
      highs[dim] = max(highs[dim], fresh[dim])
      lows[dim] = min(lows[dim], fresh[dim])
    }
    let own = mix(fresh)
    out.pointee.mix_low = min(out.pointee.mix_low, own)
    out.pointee.mix_high = max(out.pointee.mix_high, own)
    let tie = layout.pointee.has_tie == 0 ? 0 : row.tie
    if (tie, slot) < (out.pointee.tie, out.pointee.slot) {
      out.pointee.tie = tie
      out.pointee.slot = slot
    }
    out.pointee.pools |= 1 << UInt64(row.pool & 63)
  }

  private func remove(_ index: UInt32, _ block: Leaf, _ lane: Int) {
    count -= 1
    let last = block.count - 1
    if lane != last { block.copyLane(lane, from: block, last) }
    block.header.pointee.count = UInt32(last)
    let parentIndex = block.header.pointee.parent
    if parentIndex == UInt32(BK_NONE) {
      if last == 0 {
        blocks.leaves.release(index)
        root = UInt32(BK_NONE)
      } else {
        kernels.pointee.summarize_leaf(block.base, layout, summary)
      }
      return
    }
    let place = Int(kernels.pointee.find(readInner(parentIndex).children, index))
    if last == 0 {
      blocks.leaves.release(index)
      removeChild(parentIndex, place)
    } else if last < 20 && mergeLeaves(parentIndex, place) {
      return
    } else {
      kernels.pointee.summarize_leaf(block.base, layout, scratch)
      propagate(parentIndex, place, scratch)
    }
  }

  /// Recomputes a leaf's summary and takes it up.
  private func refresh(_ index: UInt32, _ block: Leaf) {
    let parentIndex = block.header.pointee.parent
    if parentIndex == UInt32(BK_NONE) {
      kernels.pointee.summarize_leaf(block.base, layout, summary)
      return
    }
    let place = Int(kernels.pointee.find(readInner(parentIndex).children, index))
    kernels.pointee.summarize_leaf(block.base, layout, scratch)
    propagate(parentIndex, place, scratch)
  }

  /// Writes a child's new summary and takes it up until nothing changes.
  func propagate(_ start: UInt32, _ startPlace: Int, _ new: UnsafeMutablePointer<bk_summary>) {
    var index = start
    var place = startPlace
    var block = readInner(index)
    while true {
      if isSame(block, place, UnsafePointer(new)) { return }
      block = inner(index)
      block.put(place, new, dims: dims)
      let parentIndex = block.header.pointee.parent
      if parentIndex == UInt32(BK_NONE) {
        kernels.pointee.summarize_inner(block.base, layout, summary)
        return
      }
      kernels.pointee.summarize_inner(block.base, layout, new)
      block = readInner(parentIndex)
      place = Int(kernels.pointee.find(block.children, index))
      index = parentIndex
    }
  }

  /// Whether a child has this summary already.
  @inline(__always)
  private func isSame(_ block: Inner, _ place: Int, _ new: UnsafePointer<bk_summary>) -> Bool {
    guard block.mixLow[place] == new.pointee.mix_low, block.mixHigh[place] == new.pointee.mix_high,
      block.slots[place] == new.pointee.slot, block.ties[place] == new.pointee.tie,
      block.pools[place] == new.pointee.pools
    else { return false }
    let (highs, lows) = (summaryHigh(new), summaryLow(new))
    for dim in 0..<dims {
      if block.high(dim)[place] != highs[dim] || block.low(dim)[place] != lows[dim] { return false }
    }
    return true
  }
}
