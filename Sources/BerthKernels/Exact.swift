import CKernels

// Native sums, exact. For 0 <= used <= capacity < 2^30 the true value v = used * 2^20 / capacity is n + j / capacity.
// used * factor in float64 is off by at most 2^20 * 2^-52 = 2^-32; adding 1 / (2 * capacity) >= 2^-31 puts it safely
// above n when j is 0 and safely below n + 1 when j is capacity - 1, so truncation gives floor(v) on every CPU,
// with or without a fused multiply-add.

func leafExact(_ leaf: Block, _ query: UnsafePointer<bk_query>, _ lanes: UInt64) -> bk_winner {
  let plan = query.pointee.plan!
  let layout = query.pointee.layout!
  let free = Int(layout.pointee.free_offset)
  let fitCount = Int(query.pointee.fit_count)
  let fitDims = bk_query_fit_dim(query)!
  let requests = bk_query_request(query)!
  let exactCount = Int(plan.pointee.exact_count)
  let exactDims = bk_plan_exact_dim(plan)!
  let capacities = bk_plan_exact_capacity(plan)!
  let factors = bk_plan_exact_factor(plan)!
  let nudges = bk_plan_exact_nudge(plan)!
  let negative = plan.pointee.exact_sign < 0
  let none = SIMD16<Int32>(repeating: .min)
  var best = none
  var s0 = none
  var s1 = none
  var s2 = none
  var s3 = none
  let quarters = usedQuarters(leaf)
  var quarter = 0
  while quarter < quarters {
    var fits = bk_mask16(lanes &>> UInt64(quarter &* 16))
    var index = 0
    while index < fitCount {
      let dim = Int(fitDims[index])
      fits = fits & bk_at_least(lanes16(leaf, free &+ dim &* 256, quarter), SIMD16(repeating: requests[dim]))
      index &+= 1
    }
    var low = SIMD8<Int32>(repeating: 0)
    var high = SIMD8<Int32>(repeating: 0)
    index = 0
    while index < exactCount {
      let dim = Int(exactDims[index])
      // used after placing = capacity - (free - request); lanes that do not fit may be off, they are masked
      let usedUp = SIMD16<Int32>(repeating: capacities[index] &+ Int32(bitPattern: requests[dim]))
      let used = usedUp &- unsafeBitCast(lanes16(leaf, free &+ dim &* 256, quarter), to: SIMD16<Int32>.self)
      let factor = SIMD8<Double>(repeating: factors[index])
      let nudge = SIMD8<Double>(repeating: nudges[index])
      low = low &+ bk_truncate(bk_double(used.lowHalf) * factor + nudge)
      high = high &+ bk_truncate(bk_double(used.highHalf) * factor + nudge)
      index &+= 1
    }
    var score = SIMD16<Int32>(lowHalf: low, highHalf: high)
    if negative { score = 0 &- score }
    score = bk_select_i32(fits, score, none)
    switch quarter {
    case 0: s0 = score
    case 1: s1 = score
    case 2: s2 = score
    default: s3 = score
    }
    best = bk_max2_i32(best, score)
    quarter &+= 1
  }
  let top = bk_max_i32(best)
  if top == .min { return bk_winner(score: 0, lane: -1) }
  let wanted = SIMD16<Int32>(repeating: top)
  let equal =
    bk_bits16(bk_equal_i32(s0, wanted)) | bk_bits16(bk_equal_i32(s1, wanted)) &<< 16
    | bk_bits16(bk_equal_i32(s2, wanted)) &<< 32 | bk_bits16(bk_equal_i32(s3, wanted)) &<< 48
  let lane = firstInOrder(
    slots: (leaf + Int(BK_LEAF_SLOT)).assumingMemoryBound(to: UInt32.self),
    ties: layout.pointee.has_tie != 0 ? (leaf + Int(BK_LEAF_TIE)).assumingMemoryBound(to: UInt32.self) : nil,
    among: equal)
  return bk_winner(score: top, lane: lane)
}
