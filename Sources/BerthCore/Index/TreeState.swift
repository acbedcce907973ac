import BerthMemory
import CKernels

/// The blocks of all trees with the same number of dims.
final class TreeBlocks {
  var leaves: BlockPool
  var inners: BlockPool
  var splits: UInt64 = 0
  var merges: UInt64 = 0

  init(arena: Arena, dims: Int, hasTie: Bool) {
    leaves = BlockPool(blockBytes: Leaf.bytes(dims: dims, hasTie: hasTie), in: arena)
    inners = BlockPool(blockBytes: Inner.bytes(dims: dims), in: arena)
  }

  init(forking other: TreeBlocks) {
    leaves = other.leaves.fork()
    inners = other.inners.fork()
  }

  var bytes: Int { leaves.bytes + inners.bytes }
}

/// What all nodes of a tree have in common: which resources, and capacities and prices within a range.
struct TreeShape {
  var resources: [UInt32]
  /// Per dim: columns hold quantities >> shift, below 2^30.
  var shifts: [UInt32]
  /// The dims that order the tree; -1: the nodes lack the resource.
  var cpu = -1
  var memory = -1
  var gpu = -1
  /// The dims that count in scores only, as bits: no node is refused for them.
  var scored: UInt32 = 0
  var dims: Int { resources.count }
}

/// The part of a tree that a search reads: plain memory, since references would be counted on the hot path.
struct TreeState {
  let leaves: UnsafePointer<BlockView>
  let inners: UnsafePointer<BlockView>
  let dims: Int
  let layout: UnsafeMutablePointer<bk_layout>
  /// Of all nodes; meaningless while the tree is empty.
  let summary: UnsafeMutablePointer<bk_summary>
  let shifts: UnsafeMutablePointer<UInt32>
  /// Ranges over all shapes that ever joined; `isUniform` while they are single values.
  let capacityLow: UnsafeMutablePointer<Int64>
  let capacityHigh: UnsafeMutablePointer<Int64>
  /// Dim by resource id, -1 where the nodes lack it.
  let dimOf: UnsafeMutablePointer<Int8>
  let dimCount: Int
  /// By profile id: plans that are the same for all pods, once compiled.
  private var plans: UnsafeMutablePointer<UnsafePointer<PlanState>?>?
  private var planCount = 0
  var priceLow: Int64 = 0
  var root: UInt32 = UInt32(BK_NONE)
  /// Levels of inners above the leaves.
  var height = 0
  var count = 0
  var isUniform = true
  /// Columns say all: no quantity of a node has bits below its shift. Once lost, it stays so.
  var isLossless = true
  /// The dims that count in scores only, as bits.
  var scored: UInt32 = 0

  /// A tree's plain memory in one piece, a state at its beginning; `dimCount` is that of `dimOf`.
  static func make(blocks: TreeBlocks, dims: Int, dimCount: Int) -> UnsafeMutablePointer<TreeState> {
    var end = 0
    func place<Value>(_: Value.Type, _ count: Int) -> Int {
      defer { end += (count * MemoryLayout<Value>.stride + 63) & ~63 }
      return end
    }
    let own = place(TreeState.self, 1)
    let layout = place(bk_layout.self, 1)
    let summary = place(bk_summary.self, 1)
    let shifts = place(UInt32.self, Int(BK_DIMS))
    let low = place(Int64.self, Int(BK_DIMS))
    let high = place(Int64.self, Int(BK_DIMS))
    let dimOf = place(Int8.self, dimCount)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: end, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: end)
    let state = (memory + own).bindMemory(to: TreeState.self, capacity: 1)
    state.initialize(
      to: TreeState(
        leaves: UnsafePointer(blocks.leaves.view), inners: UnsafePointer(blocks.inners.view), dims: dims,
        layout: (memory + layout).bindMemory(to: bk_layout.self, capacity: 1),
        summary: (memory + summary).bindMemory(to: bk_summary.self, capacity: 1),
        shifts: (memory + shifts).bindMemory(to: UInt32.self, capacity: Int(BK_DIMS)),
        capacityLow: (memory + low).bindMemory(to: Int64.self, capacity: Int(BK_DIMS)),
        capacityHigh: (memory + high).bindMemory(to: Int64.self, capacity: Int(BK_DIMS)),
        dimOf: (memory + dimOf).bindMemory(to: Int8.self, capacity: dimCount), dimCount: dimCount))
    return state
  }

  /// A copy over other blocks. Plans are immutable: the copy points to the same ones.
  static func copy(_ old: UnsafePointer<TreeState>, blocks: TreeBlocks) -> UnsafeMutablePointer<TreeState> {
    let from = old.pointee
    let state = make(blocks: blocks, dims: from.dims, dimCount: from.dimCount)
    state.pointee.layout.pointee = from.layout.pointee
    state.pointee.summary.pointee = from.summary.pointee
    state.pointee.shifts.update(from: from.shifts, count: Int(BK_DIMS))
    state.pointee.capacityLow.update(from: from.capacityLow, count: Int(BK_DIMS))
    state.pointee.capacityHigh.update(from: from.capacityHigh, count: Int(BK_DIMS))
    state.pointee.dimOf.update(from: from.dimOf, count: from.dimCount)
    state.pointee.priceLow = from.priceLow
    state.pointee.root = from.root
    state.pointee.height = from.height
    state.pointee.count = from.count
    state.pointee.isUniform = from.isUniform
    state.pointee.isLossless = from.isLossless
    state.pointee.scored = from.scored
    state.pointee.reservePlans(from.planCount)
    for profile in 0..<from.planCount { state.pointee.plans.unsafelyUnwrapped[profile] = from.plan(of: profile) }
    return state
  }

  static func free(_ state: UnsafeMutablePointer<TreeState>) {
    state.pointee.plans?.deallocate()
    UnsafeMutableRawPointer(state).deallocate()
  }

  private init(
    leaves: UnsafePointer<BlockView>, inners: UnsafePointer<BlockView>, dims: Int,
    layout: UnsafeMutablePointer<bk_layout>, summary: UnsafeMutablePointer<bk_summary>,
    shifts: UnsafeMutablePointer<UInt32>, capacityLow: UnsafeMutablePointer<Int64>,
    capacityHigh: UnsafeMutablePointer<Int64>, dimOf: UnsafeMutablePointer<Int8>, dimCount: Int
  ) {
    self.leaves = leaves
    self.inners = inners
    self.dims = dims
    self.layout = layout
    self.summary = summary
    self.shifts = shifts
    self.capacityLow = capacityLow
    self.capacityHigh = capacityHigh
    self.dimOf = dimOf
    self.dimCount = dimCount
  }

  // MARK: Reading

  @inline(__always) func dim(of resource: UInt32) -> Int {
    Int(resource) < dimCount ? Int(dimOf[Int(resource)]) : -1
  }
  @inline(__always) func leaf(_ index: UInt32) -> Leaf {
    Leaf(base: leaves.pointee[index], layout: UnsafePointer(layout))
  }
  @inline(__always) func inner(_ index: UInt32) -> Inner { Inner(base: inners.pointee[index]) }

  // MARK: Plans

  @inline(__always) func plan(of profile: Int) -> UnsafePointer<PlanState>? {
    profile < planCount ? plans.unsafelyUnwrapped[profile] : nil
  }

  mutating func setPlan(_ plan: UnsafePointer<PlanState>, of profile: Int) {
    if profile >= planCount { reservePlans(profile + 1) }
    plans.unsafelyUnwrapped[profile] = plan
  }

  mutating func forgetPlans() { plans?.update(repeating: nil, count: planCount) }

  private mutating func reservePlans(_ wanted: Int) {
    guard wanted > planCount else { return }
    let fresh = UnsafeMutablePointer<UnsafePointer<PlanState>?>.allocate(capacity: wanted)
    fresh.initialize(repeating: nil, count: wanted)
    if let plans {
      fresh.update(from: plans, count: planCount)
      plans.deallocate()
    }
    plans = fresh
    planCount = wanted
  }
}

/// Buffers for one change at a time, whichever tree it is in.
final class TreeScratch {
  /// 0: the summary on its way up, 1: for merges and bulk loads.
  let summaries: UnsafeMutablePointer<bk_summary>
  /// Free quantities of the node that changes, and of others.
  let fresh: UnsafeMutablePointer<UInt32>
  let lane: UnsafeMutablePointer<UInt32>
  /// The order of the lanes of a leaf that splits.
  let splitOrder: UnsafeMutablePointer<(key: TreeKey, lane: Int)>

  init() {
    summaries = .allocate(capacity: 2)
    summaries.initialize(repeating: bk_summary(), count: 2)
    fresh = .allocate(capacity: Int(BK_DIMS))
    fresh.initialize(repeating: 0, count: Int(BK_DIMS))
    lane = .allocate(capacity: Int(BK_DIMS))
    lane.initialize(repeating: 0, count: Int(BK_DIMS))
    splitOrder = .allocate(capacity: Int(BK_LANES))
    splitOrder.initialize(repeating: (.least, 0), count: Int(BK_LANES))
  }

  deinit {
    summaries.deallocate()
    fresh.deallocate()
    lane.deallocate()
    splitOrder.deallocate()
  }
}
