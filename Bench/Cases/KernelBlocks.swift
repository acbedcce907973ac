import BerthSimulation
import CBerth
import CKernels
import CPlatform

/// Leaves and inners with random nodes of one shape, and a query of a binpack class over them.
final class KernelBlocks {
  private static let lanes = Int(BK_LANES)
  private static let capacity: [UInt32] = [96_000, 393_216, 8]
  private static let request: [UInt32] = [4000, 16_384, 1]
  private static let freeOffset = Int(BK_LEAF_POOL) + 2 * lanes
  private static let leafBytes = freeOffset + capacity.count * Int(BK_COLUMN)
  private static let innerBytes = Int(BK_INNER_FREE) + capacity.count * 2 * Int(BK_COLUMN)

  let count: Int
  let cpuLevel: UInt32
  private let table: UnsafeMutablePointer<bk_table>
  private let plan: UnsafeMutablePointer<bk_plan>
  private let layout: UnsafeMutablePointer<bk_layout>
  private let query: UnsafeMutablePointer<bk_query>
  private let summary: UnsafeMutablePointer<bk_summary>
  private let leaves: UnsafeMutableRawPointer
  private let inners: UnsafeMutableRawPointer
  private let bounds: UnsafeMutablePointer<Int32>
  /// What each call gave, folded into one number per block.
  private var results: [Int32]

  init(blocks: Int, cpuLevel wanted: CPULevel) throws {
    count = blocks
    (table, cpuLevel) = try Self.makeTable(wanted)
    plan = Self.zeroed(bk_plan.self)
    layout = Self.zeroed(bk_layout.self)
    query = Self.zeroed(bk_query.self)
    summary = Self.zeroed(bk_summary.self)
    leaves = .allocate(byteCount: blocks * Self.leafBytes, alignment: 64)
    inners = .allocate(byteCount: blocks * Self.innerBytes, alignment: 64)
    bounds = UnsafeMutableRawPointer.allocate(byteCount: Self.lanes * 4, alignment: 64)
      .bindMemory(to: Int32.self, capacity: Self.lanes)
    results = Array(repeating: 0, count: blocks)
    ask()
    fill()
    // `pick` alone needs bounds before its first call.
    table.pointee.leaf_bounds(leaves, query, bounds)
  }

  deinit {
    table.deallocate()
    plan.deallocate()
    layout.deallocate()
    query.deallocate()
    summary.deallocate()
    leaves.deallocate()
    inners.deallocate()
    bounds.deallocate()
  }

  private static func makeTable(_ wanted: CPULevel) throws -> (UnsafeMutablePointer<bk_table>, UInt32) {
    let most = UInt32(bp_cpu_level())
    let level = wanted == .auto ? most : wanted.code
    guard level <= most else { throw BoundaryError(description: "this CPU has no level \(wanted.rawValue)") }
    let table = zeroed(bk_table.self)
    switch level {
    case CPULevel.scalar.code: bk_fill_table_scalar(table)
    case CPULevel.v4.code: bk_fill_table_v4(table)
    case CPULevel.v3.code: bk_fill_table_v3(table)
    default: bk_fill_table_baseline(table)
    }
    return (table, level)
  }

  private static func zeroed<Record: BitwiseCopyable>(_: Record.Type) -> UnsafeMutablePointer<Record> {
    let record = UnsafeMutablePointer<Record>.allocate(capacity: 1)
    UnsafeMutableRawPointer(record).initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<Record>.size)
    return record
  }

  /// The query: cpu, memory and GPU must fit, and the fullest node wins.
  private func ask() {
    layout.pointee.dims = UInt32(Self.capacity.count)
    layout.pointee.free_offset = UInt32(Self.freeOffset)
    layout.pointee.one_pool = 1
    bk_plan_add_exact(plan, UInt32(BK_EXACT_USED), 1)
    plan.pointee.constant = 3 * 1_048_576 + 64
    query.pointee.plan = UnsafePointer(plan)
    query.pointee.layout = UnsafePointer(layout)
    for (dim, capacity) in Self.capacity.enumerated() {
      let dim = UInt32(dim)
      bk_layout_add_mix(layout, dim, Int32(capacity))
      bk_plan_add_linear(plan, dim, -1_048_576 / Float(capacity))
      bk_plan_add_exact_dim(plan, dim, 1, Int32(capacity), 1_048_576)
      bk_query_fits(query)[Int(dim)] = dim
      bk_query_requests(query)[Int(dim)] = Self.request[Int(dim)]
    }
    query.pointee.fit_count = UInt32(Self.capacity.count)
  }

  private func fill() {
    UnsafeMutableRawPointer(leaves).initializeMemory(as: UInt8.self, repeating: 0, count: count * Self.leafBytes)
    UnsafeMutableRawPointer(inners).initializeMemory(as: UInt8.self, repeating: 0, count: count * Self.innerBytes)
    var random = SeededRandom(seed: 4)
    for block in 0..<count {
      fillLeaf(leaves + block * Self.leafBytes, &random)
      fillInner(inners + block * Self.innerBytes, &random)
    }
  }

  private func fillLeaf(_ leaf: UnsafeMutableRawPointer, _ random: inout SeededRandom) {
    leaf.assumingMemoryBound(to: bk_header.self).pointee.count = UInt32(Self.lanes)
    let slots = (leaf + Int(BK_LEAF_SLOT)).assumingMemoryBound(to: UInt32.self)
    for lane in 0..<Self.lanes {
      slots[lane] = UInt32(truncatingIfNeeded: random.next() >> 40)
      for (dim, capacity) in Self.capacity.enumerated() {
        let free = (leaf + Self.freeOffset + dim * Int(BK_COLUMN)).assumingMemoryBound(to: UInt32.self)
        free[lane] = UInt32(random.below(Int(capacity) + 1))
      }
    }
  }

  private func fillInner(_ inner: UnsafeMutableRawPointer, _ random: inout SeededRandom) {
    let header = inner.assumingMemoryBound(to: bk_header.self)
    header.pointee.count = UInt32(Self.lanes)
    header.pointee.level = 1
    let separators = (inner + Int(BK_INNER_SEPARATOR_HIGH)).assumingMemoryBound(to: UInt64.self)
    let pools = (inner + Int(BK_INNER_POOLS)).assumingMemoryBound(to: UInt64.self)
    let slots = (inner + Int(BK_INNER_SLOT)).assumingMemoryBound(to: UInt32.self)
    let mixLow = (inner + Int(BK_INNER_MIX_LOW)).assumingMemoryBound(to: UInt32.self)
    let mixHigh = (inner + Int(BK_INNER_MIX_HIGH)).assumingMemoryBound(to: UInt32.self)
    for lane in 0..<Self.lanes {
      separators[lane] = UInt64(lane) << 32
      pools[lane] = 1
      slots[lane] = UInt32(truncatingIfNeeded: random.next() >> 40)
      mixLow[lane] = UInt32(random.fraction() * 1_048_576)
      mixHigh[lane] = mixLow[lane] + UInt32(random.fraction() * 1_048_576)
      for (dim, capacity) in Self.capacity.enumerated() {
        let ends = (inner + Int(BK_INNER_FREE) + dim * 2 * Int(BK_COLUMN)).assumingMemoryBound(to: UInt32.self)
        let high = UInt32(random.below(Int(capacity) + 1))
        ends[lane] = high
        ends[lane + Self.lanes] = UInt32(random.below(Int(high) + 1))
      }
    }
  }

  // MARK: The kernels, each on one block

  func innerBounds(_ block: Int) {
    table.pointee.inner_bounds(inners + block * Self.innerBytes, query, BK_NO_FIT, bounds)
    results[block] = bounds[block % Self.lanes]
  }

  func leafBounds(_ block: Int) {
    table.pointee.leaf_bounds(leaves + block * Self.leafBytes, query, bounds)
    results[block] = bounds[block % Self.lanes]
  }

  func pick(_ block: Int) {
    let slots = (leaves + block * Self.leafBytes + Int(BK_LEAF_SLOT)).assumingMemoryBound(to: UInt32.self)
    results[block] = table.pointee.pick(bounds, slots, nil, ~0 >> UInt64(block % Self.lanes), BK_NO_FIT, 0, 0)
  }

  func leafExact(_ block: Int) {
    let winner = table.pointee.leaf_exact(leaves + block * Self.leafBytes, query, ~0, BK_NO_FIT, .max)
    results[block] = winner.score ^ winner.lane
  }

  func summarizeLeaf(_ block: Int) {
    table.pointee.summarize_leaf(leaves + block * Self.leafBytes, layout, summary)
    results[block] = foldedSummary
  }

  func summarizeInner(_ block: Int) {
    table.pointee.summarize_inner(inners + block * Self.innerBytes, layout, summary)
    results[block] = foldedSummary
  }

  func rank(_ block: Int) {
    let high = UInt64(block % (Self.lanes + 1)) << 32
    results[block] = Int32(bitPattern: table.pointee.rank(inners + block * Self.innerBytes, high, ~0))
  }

  private var foldedSummary: Int32 {
    let highs = bk_summary_high(summary)!
    let lows = bk_summary_low(summary)!
    var folded = summary.pointee.slot ^ summary.pointee.mix_low ^ summary.pointee.mix_high
    for dim in Self.capacity.indices { folded = (folded &* 31) ^ highs[dim] ^ (lows[dim] << 1) }
    return Int32(bitPattern: folded)
  }

  var checksum: Checksum {
    var sum = Checksum()
    for result in results { sum.add(result) }
    return sum
  }
}
