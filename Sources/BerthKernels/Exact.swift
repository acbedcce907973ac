import CKernels

// Scores to the last bit. Quantities are columns that lose nothing, so all numbers are whole and below 2^30.
//
// Shares: for 0 <= x <= capacity < 2^30 and a scale of at most 2^20, the true value v = x * scale / capacity is
// n + j / capacity. x * factor in float64 is off by at most 2^20 * 2^-52 = 2^-32; adding 1 / (2 * capacity) >= 2^-31
// puts it safely above n when j is 0 and safely below n + 1 when j is capacity - 1, so truncation gives floor(v) on
// every CPU, with or without a fused multiply-add.
//
// BalancedAllocation is defined by its float64 steps; the same steps are taken here, lane by lane.

/// 8 lanes of a column of quantities.
@inline(__always)
func quantities8(_ block: Block, _ offset: Int, _ eighth: Int) -> SIMD8<Int32> {
  (block + offset + eighth &* 32).assumingMemoryBound(to: SIMD8<Int32>.self).pointee
}

/// Sum of weighted shares of what stays free after placing, or of what is used then; `after` gives it by dim.
@inline(__always)
func shares(
  _ term: UnsafePointer<bk_exact_term>, ofUsed: Bool, _ after: (Int) -> SIMD8<Int32>
) -> SIMD8<Int32> {
  let dims = bk_exact_term_dim(term)!
  let weights = bk_exact_term_dim_weight(term)!
  let capacities = bk_exact_term_capacity(term)!
  let factors = bk_exact_term_factor(term)!
  let nudges = bk_exact_term_nudge(term)!
  var sum = SIMD8<Int32>(repeating: 0)
  var index = 0
  while index < Int(term.pointee.count) {
    let left = after(Int(dims[index]))
    let quantity = ofUsed ? SIMD8(repeating: capacities[index]) &- left : left
    let share = bk_truncate(bk_double(quantity) * factors[index] + nudges[index])
    sum = sum &+ share &* weights[index]
    index &+= 1
  }
  if term.pointee.divisor != 1 {
    sum = bk_truncate(bk_double(sum) * term.pointee.divisor_factor + term.pointee.divisor_nudge)
  }
  return sum
}

/// (1 - |a - b| / 2) x 100, before it is rounded down.
@inline(__always)
private func percent(_ a: SIMD8<Double>, _ b: SIMD8<Double>) -> SIMD8<Double> {
  (SIMD8(repeating: 1.0) - bk_abs64((a - b) / 2)) * 100
}

/// Fractions by multiplication are off by less than 1e-12 of a percent from those by division. Where both sides of
/// 1e-9 round down to the same number, it is the right one; `isSure` is false if a lane is closer to a whole number.
@inline(__always)
private func percentFast(_ a: SIMD8<Double>, _ b: SIMD8<Double>, _ isSure: inout Bool) -> SIMD8<Int32> {
  let value = percent(a, b)
  let low = bk_truncate(value - 1e-9)
  let high = bk_truncate(value + 1e-9)
  isSure = isSure && bk_all_equal(low, high) != 0
  return low
}

@inline(__always)
private func balance(
  _ leaf: Block, _ free: Int, _ eighth: Int, _ term: UnsafePointer<bk_exact_term>, _ requests: UnsafePointer<UInt32>
) -> SIMD8<Int32> {
  let dims = bk_exact_term_dim(term)!
  let capacities = bk_exact_term_capacity(term)!
  let factors = bk_exact_term_factor(term)!
  let i = Int(dims[0])
  let j = Int(dims[1])
  let beforeI = SIMD8(repeating: capacities[0]) &- quantities8(leaf, free &+ i &* 256, eighth)
  let beforeJ = SIMD8(repeating: capacities[1]) &- quantities8(leaf, free &+ j &* 256, eighth)
  let usedI = bk_double(beforeI)
  let usedJ = bk_double(beforeJ)
  let afterI = bk_double(beforeI &+ Int32(bitPattern: requests[i]))
  let afterJ = bk_double(beforeJ &+ Int32(bitPattern: requests[j]))
  var isSure = true
  var without = percentFast(usedI * factors[0], usedJ * factors[1], &isSure)
  var with = percentFast(afterI * factors[0], afterJ * factors[1], &isSure)
  if !isSure {
    let capacityI = Double(capacities[0])
    let capacityJ = Double(capacities[1])
    without = bk_truncate(percent(usedI / capacityI, usedJ / capacityJ))
    with = bk_truncate(percent(afterI / capacityI, afterJ / capacityJ))
  }
  return (with &- without &+ 50) &>> 1 &+ 50
}

@inline(__always)
private func total(
  _ leaf: Block, _ free: Int, _ eighth: Int, _ plan: UnsafePointer<bk_plan>, _ requests: UnsafePointer<UInt32>
) -> SIMD8<Int32> {
  var sum = SIMD8<Int32>(repeating: 0)
  var index = 0
  while index < Int(plan.pointee.exact_count) {
    let term = bk_plan_exact(plan)! + index
    let value: SIMD8<Int32>
    if term.pointee.kind == UInt32(BK_EXACT_BALANCE) {
      value = balance(leaf, free, eighth, term, requests)
    } else {
      value = shares(term, ofUsed: term.pointee.kind == UInt32(BK_EXACT_USED)) { dim in
        // never below 0: a dim that only scores need not fit
        let wanted = SIMD8(repeating: Int32(bitPattern: requests[dim]))
        return bk_max2_i32x8(quantities8(leaf, free &+ dim &* 256, eighth), wanted) &- wanted
      }
    }
    sum = sum &+ value &* term.pointee.weight
    index &+= 1
  }
  return sum
}

func leafExact(
  _ leaf: Block, _ query: UnsafePointer<bk_query>, _ lanes: UInt64, _ score: Int32, _ slot: UInt32
) -> bk_winner {
  let layout = query.pointee.layout!
  let free = Int(layout.pointee.free_offset)
  let fitCount = Int(query.pointee.fit_count)
  let fitDims = bk_query_fit_dim(query)!
  let requests = bk_query_request(query)!
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
    // float64 and its divisions only where a cheap bound says that they may be worth it
    if query.pointee.tight != 0 {
      let slots = lanes16(leaf, Int(BK_LEAF_SLOT), quarter)
      fits = fits & bk_can_win(leafBounds16(leaf, query, quarter), score, slots, slot)
    }
    let open = bk_bits16(fits)
    if open != 0 {
      var low = SIMD8<Int32>(repeating: 0)
      var high = low
      if open & 0xFF != 0 { low = total(leaf, free, quarter &* 2, query.pointee.plan, requests) }
      if open & 0xFF00 != 0 { high = total(leaf, free, quarter &* 2 &+ 1, query.pointee.plan, requests) }
      let scores = bk_select_i32(fits, SIMD16(lowHalf: low, highHalf: high), none)
      switch quarter {
      case 0: s0 = scores
      case 1: s1 = scores
      case 2: s2 = scores
      default: s3 = scores
      }
      best = bk_max2_i32(best, scores)
    }
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
