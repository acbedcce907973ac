import CKernels

/// The lane among `lanes` (not empty) that is first in the tie rule's order: smallest tie key, then smallest slot.
@inline(__always)
func firstInOrder(slots: UnsafePointer<UInt32>, ties: UnsafePointer<UInt32>?, among lanes: UInt64) -> Int32 {
  if lanes & (lanes &- 1) == 0 { return Int32(truncatingIfNeeded: lanes.trailingZeroBitCount) }
  var left = lanes
  if let ties { left = smallest(ties, among: left) }
  if left & (left &- 1) != 0 { left = smallest(slots, among: left) }
  return Int32(truncatingIfNeeded: left.trailingZeroBitCount)
}

/// The lanes that hold the smallest value among `lanes`.
@inline(__always)
private func smallest(_ column: UnsafePointer<UInt32>, among lanes: UInt64) -> UInt64 {
  let block = Block(column)
  let none = SIMD16<UInt32>(repeating: .max)
  var least = none
  var quarter = 0
  while quarter < 4 {
    let mask = bk_mask16(lanes &>> UInt64(quarter &* 16))
    least = bk_min2_u32(least, bk_select_u32(mask, lanes16(block, 0, quarter), none))
    quarter &+= 1
  }
  let value = SIMD16<UInt32>(repeating: bk_min_u32(least))
  var found: UInt64 = 0
  quarter = 0
  while quarter < 4 {
    found |= bk_bits16(bk_equal_u32(lanes16(block, 0, quarter), value)) &<< UInt64(quarter &* 16)
    quarter &+= 1
  }
  return found & lanes
}

func pick(
  _ bounds: UnsafePointer<Int32>, _ slots: UnsafePointer<UInt32>, _ ties: UnsafePointer<UInt32>?, _ lanes: UInt64,
  _ score: Int32, _ tie: UInt32, _ slot: UInt32
) -> Int32 {
  let block = Block(bounds)
  let none = SIMD16<Int32>(repeating: BK_NO_FIT)
  let b0 = bk_select_i32(bk_mask16(lanes), signed16(block, 0), none)
  let b1 = bk_select_i32(bk_mask16(lanes &>> 16), signed16(block, 1), none)
  let b2 = bk_select_i32(bk_mask16(lanes &>> 32), signed16(block, 2), none)
  let b3 = bk_select_i32(bk_mask16(lanes &>> 48), signed16(block, 3), none)
  let top = bk_max_i32(bk_max2_i32(bk_max2_i32(b0, b1), bk_max2_i32(b2, b3)))
  if top == BK_NO_FIT || top < score { return -1 }
  let wanted = SIMD16<Int32>(repeating: top)
  let equal =
    bk_bits16(bk_equal_i32(b0, wanted)) | bk_bits16(bk_equal_i32(b1, wanted)) &<< 16
    | bk_bits16(bk_equal_i32(b2, wanted)) &<< 32 | bk_bits16(bk_equal_i32(b3, wanted)) &<< 48
  let lane = firstInOrder(slots: slots, ties: ties, among: equal)
  if top == score {
    // only a node that comes earlier in the order could replace the best one
    let index = Int(lane)
    if let ties {
      if ties[index] > tie || (ties[index] == tie && slots[index] >= slot) { return -1 }
    } else if slots[index] >= slot {
      return -1
    }
  }
  return lane
}

func find(_ column: UnsafePointer<UInt32>, _ value: UInt32) -> Int32 {
  let block = Block(column)
  let wanted = SIMD16<UInt32>(repeating: value)
  var quarter = 0
  while quarter < 4 {
    let bits = bk_bits16(bk_equal_u32(lanes16(block, 0, quarter), wanted))
    if bits != 0 { return Int32(truncatingIfNeeded: quarter &* 16 &+ bits.trailingZeroBitCount) }
    quarter &+= 1
  }
  return -1
}

func rank(_ inner: Block, _ high: UInt64, _ low: UInt64) -> UInt32 {
  let live = liveLanes(header(inner).pointee.count)
  var below: UInt64 = 0
  var eighth = 0
  while eighth < 8 {
    let atMost = bk_at_most_pair(
      words8(inner, Int(BK_INNER_SEPARATOR_HIGH), eighth), words8(inner, Int(BK_INNER_SEPARATOR_LOW), eighth), high, low
    )
    below |= bk_bits8(atMost) &<< UInt64(eighth &* 8)
    eighth &+= 1
  }
  return UInt32(truncatingIfNeeded: (below & live).nonzeroBitCount)
}

func poolLanes(_ pools: UnsafePointer<UInt64>, _ mask: UInt64) -> UInt64 {
  var result: UInt64 = 0
  var eighth = 0
  while eighth < 8 {
    result |= bk_bits8(bk_meets(words8(Block(pools), 0, eighth), mask)) &<< UInt64(eighth &* 8)
    eighth &+= 1
  }
  return result
}
