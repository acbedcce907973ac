import CKernels

// The exact terms at the corners of a box: the vector twin of the terms' `extremes`, for 8 children at a time.

/// What stays free after placing at one end of the boxes.
@inline(__always)
private func end(
  _ inner: Block, _ dim: Int, _ eighth: Int, _ request: UInt32, low: Bool
) -> SIMD8<Int32> {
  let offset = Int(BK_INNER_FREE) &+ dim &* 512 &+ (low ? 256 : 0)
  let wanted = SIMD8(repeating: Int32(bitPattern: request))
  return bk_max2_i32x8(quantities8(inner, offset, eighth), wanted) &- wanted
}

/// Most of BalancedAllocation: with - without is the change of the gap t between the two used fractions by the pod's
/// delta, 50 x (|t - delta| - |t|) before each side is rounded down, monotone in t; so its ends decide.
@inline(__always)
private func balanceMost(
  _ inner: Block, _ eighth: Int, _ term: UnsafePointer<bk_exact_term>, _ query: UnsafePointer<bk_query>
) -> SIMD8<Int32> {
  let requests = bk_query_request(query)!
  let dims = bk_exact_term_dim(term)!
  let factors = bk_exact_term_factor(term)!
  let i = Int(dims[0])
  let j = Int(dims[1])
  let mostI = bk_double(end(inner, i, eighth, requests[i], low: false)) * factors[0]
  let leastI = bk_double(end(inner, i, eighth, requests[i], low: true)) * factors[0]
  let mostJ = bk_double(end(inner, j, eighth, requests[j], low: false)) * factors[1]
  let leastJ = bk_double(end(inner, j, eighth, requests[j], low: true)) * factors[1]
  // used fraction of i less that of j = free fraction of j less that of i
  let low = leastJ - mostI
  let high = mostJ - leastI
  let delta = query.pointee.balance_shift
  let atLow = bk_abs64(low - delta) - bk_abs64(low)
  let atHigh = bk_abs64(high - delta) - bk_abs64(high)
  let change = bk_max2_f64(atLow, atHigh) * 50 + 0.000001
  return (bk_truncate(change.rounded(.up)) &+ 50) &>> 1 &+ 50
}

@inline(__always)
func cornerTotal(
  _ inner: Block, _ eighth: Int, _ plan: UnsafePointer<bk_plan>, _ query: UnsafePointer<bk_query>,
  _ sharesByMix: SIMD8<Int32>
) -> SIMD8<Int32> {
  let requests = bk_query_request(query)!
  var sum = SIMD8<Int32>(repeating: 0)
  var balance = SIMD8<Int32>(repeating: 0)
  var index = 0
  while index < Int(plan.pointee.exact_count) {
    let term = bk_plan_exact(plan)! + index
    if term.pointee.kind == UInt32(BK_EXACT_BALANCE) {
      balance = balanceMost(inner, eighth, term, query) &* term.pointee.weight
    } else {
      let ofUsed = term.pointee.kind == UInt32(BK_EXACT_USED)
      let low = ofUsed == (term.pointee.weight > 0)
      let value = shares(term, ofUsed: ofUsed) { dim in end(inner, dim, eighth, requests[dim], low: low) }
      sum = sum &+ value &* term.pointee.weight
    }
    index &+= 1
  }
  // no node has the best of every dim at once; the mix knows the best sum
  return bk_min2_i32x8(sum, sharesByMix) &+ balance
}
