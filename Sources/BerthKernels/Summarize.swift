import CKernels

// Summaries: what a parent must know of a block.

@inline(__always)
private func highest(_ block: Block, _ offset: Int, _ live: UInt64) -> UInt32 {
  var most = SIMD16<UInt32>(repeating: 0)
  var quarter = 0
  while quarter < 4 {
    let mask = bk_mask16(live &>> UInt64(quarter &* 16))
    most = bk_max2_u32(most, lanes16(block, offset, quarter) & unsafeBitCast(mask, to: SIMD16<UInt32>.self))
    quarter &+= 1
  }
  return bk_max_u32(most)
}

@inline(__always)
private func lowest(_ block: Block, _ offset: Int, _ live: UInt64) -> UInt32 {
  let none = SIMD16<UInt32>(repeating: .max)
  var least = none
  var quarter = 0
  while quarter < 4 {
    let mask = bk_mask16(live &>> UInt64(quarter &* 16))
    least = bk_min2_u32(least, bk_select_u32(mask, lanes16(block, offset, quarter), none))
    quarter &+= 1
  }
  return bk_min_u32(least)
}

func summarizeLeaf(
  _ leaf: Block, _ layout: UnsafePointer<bk_layout>, _ summary: UnsafeMutablePointer<bk_summary>
) {
  let count = header(leaf).pointee.count
  let live = liveLanes(count)
  let free = Int(layout.pointee.free_offset)
  let dims = Int(layout.pointee.dims)
  let highs = bk_summary_high(summary)!
  let lows = bk_summary_low(summary)!
  var dim = 0
  while dim < dims {
    highs[dim] = highest(leaf, free &+ dim &* 256, live)
    lows[dim] = lowest(leaf, free &+ dim &* 256, live)
    dim &+= 1
  }
  let none = SIMD16<UInt32>(repeating: .max)
  var least = none
  var most = SIMD16<UInt32>(repeating: 0)
  var quarter = 0
  while quarter < 4 {
    let mask = bk_mask16(live &>> UInt64(quarter &* 16))
    let mix = mixOf(leaf, layout, quarter)
    least = bk_min2_u32(least, bk_select_u32(mask, mix, none))
    most = bk_max2_u32(most, mix & unsafeBitCast(mask, to: SIMD16<UInt32>.self))
    quarter &+= 1
  }
  summary.pointee.mix_low = bk_min_u32(least)
  summary.pointee.mix_high = bk_max_u32(most)
  let slots = (leaf + Int(BK_LEAF_SLOT)).assumingMemoryBound(to: UInt32.self)
  if layout.pointee.has_tie != 0 {
    let ties = (leaf + Int(BK_LEAF_TIE)).assumingMemoryBound(to: UInt32.self)
    let lane = Int(firstInOrder(slots: slots, ties: ties, among: live))
    summary.pointee.slot = slots[lane]
    summary.pointee.tie = ties[lane]
  } else {
    summary.pointee.slot = lowest(leaf, Int(BK_LEAF_SLOT), live)
    summary.pointee.tie = 0
  }
  if layout.pointee.one_pool != 0 {
    summary.pointee.pools = 1
  } else {
    let pools = (leaf + Int(BK_LEAF_POOL)).assumingMemoryBound(to: UInt16.self)
    var bits: UInt64 = 0
    var lane = 0
    while lane < Int(count) {
      bits |= 1 &<< (UInt64(pools[lane]) & 63)
      lane &+= 1
    }
    summary.pointee.pools = bits
  }
}

/// The mix of 16 nodes; exact like `leafExact`.
@inline(__always)
private func mixOf(_ leaf: Block, _ layout: UnsafePointer<bk_layout>, _ quarter: Int) -> SIMD16<UInt32> {
  let free = Int(layout.pointee.free_offset)
  let dims = bk_layout_mix_dim(layout)!
  let factors = bk_layout_mix_factor(layout)!
  let nudges = bk_layout_mix_nudge(layout)!
  var low = SIMD8<Int32>(repeating: 0)
  var high = SIMD8<Int32>(repeating: 0)
  var index = 0
  while index < Int(layout.pointee.mix_count) {
    let column = unsafeBitCast(lanes16(leaf, free &+ Int(dims[index]) &* 256, quarter), to: SIMD16<Int32>.self)
    let factor = SIMD8<Double>(repeating: factors[index])
    let nudge = SIMD8<Double>(repeating: nudges[index])
    low = low &+ bk_truncate(bk_double(column.lowHalf) * factor + nudge)
    high = high &+ bk_truncate(bk_double(column.highHalf) * factor + nudge)
    index &+= 1
  }
  return unsafeBitCast(SIMD16<Int32>(lowHalf: low, highHalf: high), to: SIMD16<UInt32>.self)
}

func summarizeInner(
  _ inner: Block, _ layout: UnsafePointer<bk_layout>, _ summary: UnsafeMutablePointer<bk_summary>
) {
  let live = liveLanes(header(inner).pointee.count)
  let dims = Int(layout.pointee.dims)
  let highs = bk_summary_high(summary)!
  let lows = bk_summary_low(summary)!
  var dim = 0
  while dim < dims {
    let column = Int(BK_INNER_FREE) &+ dim &* 512
    highs[dim] = highest(inner, column, live)
    lows[dim] = lowest(inner, column &+ 256, live)
    dim &+= 1
  }
  summary.pointee.mix_low = lowest(inner, Int(BK_INNER_MIX_LOW), live)
  summary.pointee.mix_high = highest(inner, Int(BK_INNER_MIX_HIGH), live)
  let slots = (inner + Int(BK_INNER_SLOT)).assumingMemoryBound(to: UInt32.self)
  if layout.pointee.has_tie != 0 {
    let ties = (inner + Int(BK_INNER_TIE)).assumingMemoryBound(to: UInt32.self)
    let lane = Int(firstInOrder(slots: slots, ties: ties, among: live))
    summary.pointee.slot = slots[lane]
    summary.pointee.tie = ties[lane]
  } else {
    summary.pointee.slot = lowest(inner, Int(BK_INNER_SLOT), live)
    summary.pointee.tie = 0
  }
  var bits = SIMD8<UInt64>(repeating: 0)
  var eighth = 0
  while eighth < 8 {
    bits = bits | words8(inner, Int(BK_INNER_POOLS), eighth)  // lanes beyond count are zero
    eighth &+= 1
  }
  summary.pointee.pools = bk_or_u64(bits)
}
