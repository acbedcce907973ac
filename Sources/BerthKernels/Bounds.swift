import CKernels

// Upper bounds of scores, 16 lanes at a time, in float32. A bound may be too high, never too low: the plan's constant
// holds the slack for every rounding, so results do not depend on how a CPU level rounds.

/// What stays free after placing, from one end of the box: max(column, request) - request, as a float.
@inline(__always)
private func after(_ block: Block, _ offset: Int, _ quarter: Int, _ request: UInt32) -> SIMD16<Float> {
  let wanted = SIMD16<UInt32>(repeating: request)
  let left = bk_max2_u32(lanes16(block, offset, quarter), wanted) &- wanted
  return bk_float(unsafeBitCast(left, to: SIMD16<Int32>.self))
}

/// |t - delta| - |t|
@inline(__always)
private func change(_ gap: SIMD16<Float>, _ delta: Float) -> SIMD16<Float> { bk_abs(gap - delta) - bk_abs(gap) }

/// The linear form and BalancedAllocation's part of 16 lanes.
@inline(__always)
private func linear(
  _ block: Block, _ query: UnsafePointer<bk_query>, high: Int, step: Int, lowGap: Int, _ quarter: Int
) -> SIMD16<Float> {
  let plan = query.pointee.plan!
  let requests = bk_query_request(query)!
  let dims = bk_plan_linear_dim(plan)!
  let fromLow = bk_plan_linear_from_low(plan)!
  let coefficients = bk_plan_linear_coefficient(plan)!
  var bound = SIMD16<Float>(repeating: plan.pointee.constant)
  var index = 0
  while index < Int(plan.pointee.linear_count) {
    let dim = Int(dims[index])
    let offset = high &+ dim &* step &+ Int(fromLow[index]) &* lowGap
    bound += after(block, offset, quarter, requests[dim]) * SIMD16(repeating: coefficients[index])
    index &+= 1
  }
  if plan.pointee.balance == 1 {
    let i = Int(plan.pointee.balance_i)
    let j = Int(plan.pointee.balance_j)
    let freeI = after(block, high &+ i &* step, quarter, requests[i]) * plan.pointee.balance_least_i
    let freeJ = after(block, high &+ j &* step, quarter, requests[j]) * plan.pointee.balance_least_j
    bound += change(freeJ - freeI, query.pointee.balance_delta) * plan.pointee.balance_weight
  } else if plan.pointee.balance == 2 {
    let i = high &+ Int(plan.pointee.balance_i) &* step
    let j = high &+ Int(plan.pointee.balance_j) &* step
    let requestI = requests[Int(plan.pointee.balance_i)]
    let requestJ = requests[Int(plan.pointee.balance_j)]
    let leastI = after(block, i &+ lowGap, quarter, requestI) * plan.pointee.balance_least_i
    let mostI = after(block, i, quarter, requestI) * plan.pointee.balance_most_i
    let leastJ = after(block, j &+ lowGap, quarter, requestJ) * plan.pointee.balance_least_j
    let mostJ = after(block, j, quarter, requestJ) * plan.pointee.balance_most_j
    // monotone in the gap, convex in delta: the most is at an end of both
    let low = query.pointee.balance_delta
    let high = query.pointee.balance_delta_high
    var most = bk_max2_f32(change(leastJ - mostI, low), change(mostJ - leastI, low))
    most = bk_max2_f32(most, bk_max2_f32(change(leastJ - mostI, high), change(mostJ - leastI, high)))
    bound += most * plan.pointee.balance_weight
  }
  return bound
}

/// `high` and `step` place the columns: dim d's high end at high + d * step, its low end `lowGap` further.
@inline(__always)
private func bounds(
  _ block: Block, _ query: UnsafePointer<bk_query>, high: Int, step: Int, lowGap: Int, mixes: Bool,
  _ score: Int32, _ out: UnsafeMutablePointer<Int32>
) {
  let plan = query.pointee.plan!
  let fitCount = Int(query.pointee.fit_count)
  let fitDims = bk_query_fit_dim(query)!
  let requests = bk_query_request(query)!
  let mixCoefficient = plan.pointee.mix_coefficient
  let fixCount = Int(plan.pointee.fix_count)
  let quarters = usedQuarters(block)
  var quarter = 0
  while quarter < quarters {
    var fits = SIMD16<Int32>(repeating: -1)
    var index = 0
    while index < fitCount {
      let dim = Int(fitDims[index])
      fits = fits & bk_at_least(lanes16(block, high &+ dim &* step, quarter), SIMD16(repeating: requests[dim]))
      index &+= 1
    }
    var bound = linear(block, query, high: high, step: step, lowGap: lowGap, quarter)
    // without BalancedAllocation: the corner adds its own bound of that
    var shares = SIMD16<Int32>(repeating: .max)
    if mixes && mixCoefficient != 0 {
      let ends = lanes16(block, mixCoefficient > 0 ? Int(BK_INNER_MIX_HIGH) : Int(BK_INNER_MIX_LOW), quarter)
      let mix = bk_float(unsafeBitCast(ends, to: SIMD16<Int32>.self))
      var other = (mix - SIMD16(repeating: query.pointee.request_mix)) * mixCoefficient
      other += SIMD16(repeating: plan.pointee.mix_constant)
      index = 0
      while index < fixCount {
        let dim = Int(bk_plan_fix_dim(plan)![index])
        let offset = high &+ dim &* step &+ Int(bk_plan_fix_from_low(plan)![index]) &* lowGap
        other += after(block, offset, quarter, requests[dim]) * bk_plan_fix_coefficient(plan)![index]
        index &+= 1
      }
      if plan.pointee.balance == 0 { bound = bk_min2_f32(bound, other) } else { shares = bk_bound(other) }
    }
    let cells = UnsafeMutableRawPointer(out + quarter &* 16).assumingMemoryBound(to: SIMD16<Int32>.self)
    var whole = bk_bound(bound)
    if mixes && query.pointee.tight != 0 && bk_bits16(fits & bk_reaches(whole, score)) != 0 {
      let corner = SIMD16(
        lowHalf: cornerTotal(block, quarter &* 2, plan, query, shares.lowHalf),
        highHalf: cornerTotal(block, quarter &* 2 &+ 1, plan, query, shares.highHalf))
      whole = bk_min2_i32(whole, corner)
    }
    cells.pointee = bk_select_i32(fits, whole, SIMD16(repeating: BK_NO_FIT))
    quarter &+= 1
  }
}

func innerBounds(
  _ inner: Block, _ query: UnsafePointer<bk_query>, _ score: Int32, _ out: UnsafeMutablePointer<Int32>
) {
  bounds(
    inner, query, high: Int(BK_INNER_FREE), step: 2 * Int(BK_COLUMN), lowGap: Int(BK_COLUMN), mixes: true, score, out)
}

/// The plan's linear bound of 16 nodes of a leaf, whether they fit or not.
@inline(__always)
func leafBounds16(_ leaf: Block, _ query: UnsafePointer<bk_query>, _ quarter: Int) -> SIMD16<Int32> {
  let free = Int(query.pointee.layout.pointee.free_offset)
  return bk_bound(linear(leaf, query, high: free, step: Int(BK_COLUMN), lowGap: 0, quarter))
}

func leafBounds(_ leaf: Block, _ query: UnsafePointer<bk_query>, _ out: UnsafeMutablePointer<Int32>) {
  bounds(
    leaf, query, high: Int(query.pointee.layout.pointee.free_offset), step: Int(BK_COLUMN), lowGap: 0, mixes: false,
    BK_NO_FIT, out)
}
