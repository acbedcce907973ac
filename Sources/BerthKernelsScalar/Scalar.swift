import CKernels

// The reference: every kernel as a plain loop over lanes, with the same steps as its vector twin in BerthKernels.

private typealias Block = UnsafeRawPointer

private func header(_ block: Block) -> bk_header { block.assumingMemoryBound(to: bk_header.self).pointee }

private func column(_ block: Block, _ offset: Int) -> UnsafePointer<UInt32> {
  (block + offset).assumingMemoryBound(to: UInt32.self)
}

private func after(_ free: UInt32, _ request: UInt32) -> Float {
  Float(Int32(bitPattern: max(free, request) - request))
}

private func bounds(
  _ block: Block, _ query: bk_query, high: Int, step: Int, lowGap: Int, mixes: Bool, _ out: UnsafeMutablePointer<Int32>
) {
  let plan = query.plan!
  withUnsafePointer(to: query) { query in
    let requests = bk_query_request(query)!
    for lane in 0..<64 {
      func free(_ dim: UInt32, _ fromLow: UInt32) -> Float {
        after(column(block, high + Int(dim) * step + Int(fromLow) * lowGap)[lane], requests[Int(dim)])
      }
      out[lane] = BK_NO_FIT
      let fits = (0..<Int(query.pointee.fit_count)).allSatisfy { index in
        let dim = Int(bk_query_fit_dim(query)![index])
        return column(block, high + dim * step)[lane] >= requests[dim]
      }
      guard fits else { continue }
      let constant = plan.pointee.constant
      var bound = constant
      for index in 0..<Int(plan.pointee.linear_count) {
        let x = free(bk_plan_linear_dim(plan)![index], bk_plan_linear_from_low(plan)![index])
        bound += x * bk_plan_linear_coefficient(plan)![index]
      }
      func change(_ gap: Float, _ delta: Float) -> Float { abs(gap - delta) - abs(gap) }
      let (i, j) = (plan.pointee.balance_i, plan.pointee.balance_j)
      if plan.pointee.balance == 1 {
        let gap = free(j, 0) * plan.pointee.balance_least_j - free(i, 0) * plan.pointee.balance_least_i
        bound += change(gap, query.pointee.balance_delta) * plan.pointee.balance_weight
      } else if plan.pointee.balance == 2 {
        let low = free(j, 1) * plan.pointee.balance_least_j - free(i, 0) * plan.pointee.balance_most_i
        let high = free(j, 0) * plan.pointee.balance_most_j - free(i, 1) * plan.pointee.balance_least_i
        let most = [query.pointee.balance_delta, query.pointee.balance_delta_high].map { delta in
          max(change(low, delta), change(high, delta))
        }
        bound += max(most[0], most[1]) * plan.pointee.balance_weight
      }
      var shares = Int32.max
      if mixes && plan.pointee.mix_coefficient != 0 {
        let offset = Int(plan.pointee.mix_coefficient > 0 ? BK_INNER_MIX_HIGH : BK_INNER_MIX_LOW)
        let mix = Float(column(block, offset)[lane])
        var other = (mix - query.pointee.request_mix) * plan.pointee.mix_coefficient
        other += plan.pointee.mix_constant
        for index in 0..<Int(plan.pointee.fix_count) {
          let x = free(bk_plan_fix_dim(plan)![index], bk_plan_fix_from_low(plan)![index])
          other += x * bk_plan_fix_coefficient(plan)![index]
        }
        if plan.pointee.balance == 0 { bound = min(bound, other) } else { shares = bounded(other) }
      }
      out[lane] = bounded(bound)
      if mixes && query.pointee.tight != 0 { out[lane] = min(out[lane], cornerTotal(block, lane, query, shares)) }
    }
  }
}

/// A bound as a whole number, clamped.
private func bounded(_ bound: Float) -> Int32 {
  Int32(max(-BK_BOUND_LIMIT, min(BK_BOUND_LIMIT, bound)).rounded(.down))
}

/// The exact terms at the corners of a child's box.
private func cornerTotal(
  _ inner: Block, _ lane: Int, _ query: UnsafePointer<bk_query>, _ sharesByMix: Int32
) -> Int32 {
  let requests = bk_query_request(query)!
  func end(_ dim: UInt32, low: Bool) -> Int32 {
    let free = column(inner, Int(BK_INNER_FREE) + Int(dim) * 512 + (low ? 256 : 0))[lane]
    return Int32(max(free, requests[Int(dim)]) - requests[Int(dim)])
  }
  let plan = query.pointee.plan!
  var shares: Int32 = 0
  var balance: Int32 = 0
  for index in 0..<Int(plan.pointee.exact_count) {
    let term = bk_plan_exact(plan)! + index
    guard term.pointee.kind == UInt32(BK_EXACT_BALANCE) else {
      let low = (term.pointee.kind == UInt32(BK_EXACT_USED)) == (term.pointee.weight > 0)
      shares += term.pointee.weight * value(term) { (UInt32(end($0, low: low)), 0) }
      continue
    }
    let (i, j) = (bk_exact_term_dim(term)![0], bk_exact_term_dim(term)![1])
    let (fi, fj) = (bk_exact_term_factor(term)![0], bk_exact_term_factor(term)![1])
    let low = Double(end(j, low: true)) * fj - Double(end(i, low: false)) * fi
    let high = Double(end(j, low: false)) * fj - Double(end(i, low: true)) * fi
    let delta = query.pointee.balance_shift
    let change = max(abs(low - delta) - abs(low), abs(high - delta) - abs(high)) * 50 + 0.000001
    balance = term.pointee.weight * ((Int32(change.rounded(.up)) + 50) >> 1 + 50)
  }
  return min(shares, sharesByMix) + balance
}

private func firstInOrder(
  _ slots: UnsafePointer<UInt32>, _ ties: UnsafePointer<UInt32>?, _ isMember: (Int) -> Bool
) -> Int {
  var best = -1
  for lane in 0..<64 where isMember(lane) {
    if best < 0 || (ties?[lane] ?? 0, slots[lane]) < (ties?[best] ?? 0, slots[best]) { best = lane }
  }
  return best
}

private func pick(
  _ bounds: UnsafePointer<Int32>, _ slots: UnsafePointer<UInt32>, _ ties: UnsafePointer<UInt32>?, _ lanes: UInt64,
  _ score: Int32, _ tie: UInt32, _ slot: UInt32
) -> Int32 {
  var top = Int32(BK_NO_FIT)
  for lane in 0..<64 where lanes >> UInt64(lane) & 1 == 1 { top = max(top, bounds[lane]) }
  if top == BK_NO_FIT || top < score { return -1 }
  let lane = firstInOrder(slots, ties) { lanes >> UInt64($0) & 1 == 1 && bounds[$0] == top }
  if top == score && (ties?[lane] ?? tie, slots[lane]) >= (tie, slot) { return -1 }
  return Int32(lane)
}

/// One exact term of one node; `node` gives free and requested quantity of a dim.
private func value(_ term: UnsafePointer<bk_exact_term>, _ node: (UInt32) -> (UInt32, UInt32)) -> Int32 {
  let capacities = bk_exact_term_capacity(term)!
  func used(_ index: Int, withPod: Bool) -> Int64 {
    let (free, request) = node(bk_exact_term_dim(term)![index])
    return Int64(capacities[index]) - Int64(free) + (withPod ? Int64(request) : 0)
  }
  if term.pointee.kind == UInt32(BK_EXACT_BALANCE) {
    func percent(_ withPod: Bool) -> Int32 {
      let a = Double(used(0, withPod: withPod)) / Double(capacities[0])
      let b = Double(used(1, withPod: withPod)) / Double(capacities[1])
      return Int32((1 - abs((a - b) / 2)) * 100)
    }
    return (percent(true) - percent(false) + 50) / 2 + 50
  }
  var sum: Int64 = 0
  for index in 0..<Int(term.pointee.count) {
    let quantity = used(index, withPod: true)
    let share = term.pointee.kind == UInt32(BK_EXACT_USED) ? quantity : Int64(capacities[index]) - quantity
    // the factor is scale / capacity; the scale is whole
    let scale = Int64((bk_exact_term_factor(term)![index] * Double(capacities[index])).rounded())
    sum += share * scale / Int64(capacities[index]) * Int64(bk_exact_term_dim_weight(term)![index])
  }
  return Int32(sum / Int64(term.pointee.divisor))
}

private func leafExact(_ leaf: Block, _ query: bk_query, _ lanes: UInt64) -> bk_winner {
  let plan = query.plan!
  let layout = query.layout.pointee
  var scores = [Int32](repeating: .min, count: 64)
  withUnsafePointer(to: query) { query in
    let requests = bk_query_request(query)!
    for lane in 0..<64 where lanes >> UInt64(lane) & 1 == 1 {
      func free(_ dim: UInt32) -> UInt32 { column(leaf, Int(layout.free_offset) + Int(dim) * 256)[lane] }
      let fits = (0..<Int(query.pointee.fit_count)).allSatisfy { index in
        let dim = bk_query_fit_dim(query)![index]
        return free(dim) >= requests[Int(dim)]
      }
      guard fits else { continue }
      var sum: Int32 = 0
      for index in 0..<Int(plan.pointee.exact_count) {
        let term = bk_plan_exact(plan)! + index
        sum += term.pointee.weight * value(term) { (max(free($0), requests[Int($0)]), requests[Int($0)]) }
      }
      scores[lane] = sum
    }
  }
  let top = scores.max()!
  if top == .min { return bk_winner(score: 0, lane: -1) }
  let ties = layout.has_tie != 0 ? column(leaf, Int(BK_LEAF_TIE)) : nil
  let lane = firstInOrder(column(leaf, Int(BK_LEAF_SLOT)), ties) { scores[$0] == top }
  return bk_winner(score: top, lane: Int32(lane))
}

private func summarizeLeaf(_ leaf: Block, _ layout: UnsafePointer<bk_layout>, _ out: UnsafeMutablePointer<bk_summary>) {
  let count = Int(header(leaf).count)
  let free = Int(layout.pointee.free_offset)
  for dim in 0..<Int(layout.pointee.dims) {
    let cells = UnsafeBufferPointer(start: column(leaf, free + dim * 256), count: count)
    bk_summary_high(out)![dim] = cells.max()!
    bk_summary_low(out)![dim] = cells.min()!
  }
  (out.pointee.mix_low, out.pointee.mix_high) = (.max, 0)
  out.pointee.pools = 0
  let pools = (leaf + Int(BK_LEAF_POOL)).assumingMemoryBound(to: UInt16.self)
  for lane in 0..<count {
    var mix: UInt32 = 0
    for index in 0..<Int(layout.pointee.mix_count) {
      let dim = Int(bk_layout_mix_dim(layout)![index])
      let capacity = UInt64(bk_layout_mix_capacity(layout)![index])
      mix += UInt32((UInt64(column(leaf, free + dim * 256)[lane]) << 20 + capacity - 1) / capacity)
    }
    out.pointee.mix_low = min(out.pointee.mix_low, mix)
    out.pointee.mix_high = max(out.pointee.mix_high, mix)
    out.pointee.pools |= layout.pointee.one_pool != 0 ? 1 : 1 << UInt64(pools[lane] & 63)
  }
  let slots = column(leaf, Int(BK_LEAF_SLOT))
  let ties = layout.pointee.has_tie != 0 ? column(leaf, Int(BK_LEAF_TIE)) : nil
  let first = firstInOrder(slots, ties) { $0 < count }
  out.pointee.slot = slots[first]
  out.pointee.tie = ties?[first] ?? 0
}

private func summarizeInner(
  _ inner: Block, _ layout: UnsafePointer<bk_layout>, _ out: UnsafeMutablePointer<bk_summary>
) {
  let count = Int(header(inner).count)
  for dim in 0..<Int(layout.pointee.dims) {
    let high = column(inner, Int(BK_INNER_FREE) + dim * 512)
    bk_summary_high(out)![dim] = UnsafeBufferPointer(start: high, count: count).max()!
    bk_summary_low(out)![dim] = UnsafeBufferPointer(start: high + 64, count: count).min()!
  }
  out.pointee.mix_low = UnsafeBufferPointer(start: column(inner, Int(BK_INNER_MIX_LOW)), count: count).min()!
  out.pointee.mix_high = UnsafeBufferPointer(start: column(inner, Int(BK_INNER_MIX_HIGH)), count: count).max()!
  let slots = column(inner, Int(BK_INNER_SLOT))
  let ties = layout.pointee.has_tie != 0 ? column(inner, Int(BK_INNER_TIE)) : nil
  let first = firstInOrder(slots, ties) { $0 < count }
  out.pointee.slot = slots[first]
  out.pointee.tie = ties?[first] ?? 0
  let pools = (inner + Int(BK_INNER_POOLS)).assumingMemoryBound(to: UInt64.self)
  out.pointee.pools = (0..<count).reduce(0) { $0 | pools[$1] }
}

private func rank(_ inner: Block, _ high: UInt64, _ low: UInt64) -> UInt32 {
  let highs = (inner + Int(BK_INNER_SEPARATOR_HIGH)).assumingMemoryBound(to: UInt64.self)
  let lows = (inner + Int(BK_INNER_SEPARATOR_LOW)).assumingMemoryBound(to: UInt64.self)
  return UInt32((0..<Int(header(inner).count)).count { (highs[$0], lows[$0]) <= (high, low) })
}

@_cdecl("bk_fill_table_scalar")
public func fillTable(_ table: UnsafeMutablePointer<bk_table>) {
  table.pointee.inner_bounds = { inner, query, _, out in
    bounds(
      inner!, query!.pointee, high: Int(BK_INNER_FREE), step: 512, lowGap: 256, mixes: true, out!)
  }
  table.pointee.leaf_bounds = { leaf, query, out in
    bounds(
      leaf!, query!.pointee, high: Int(query!.pointee.layout.pointee.free_offset), step: 256, lowGap: 0, mixes: false,
      out!)
  }
  table.pointee.pick = { pick($0!, $1!, $2, $3, $4, $5, $6) }
  table.pointee.leaf_exact = { leaf, query, lanes, _, _ in leafExact(leaf!, query!.pointee, lanes) }
  table.pointee.summarize_leaf = { summarizeLeaf($0!, $1!, $2!) }
  table.pointee.summarize_inner = { summarizeInner($0!, $1!, $2!) }
  table.pointee.pool_lanes = { pools, mask in
    (0..<64).reduce(0) { $0 | (pools![$1] & mask != 0 ? 1 << UInt64($1) : 0) }
  }
  table.pointee.find = { column, value in
    Int32((0..<64).first { column![$0] == value } ?? -1)
  }
  table.pointee.rank = { rank($0!, $1, $2) }
  table.pointee.slot_scores = { slotScores($0!, $1!, $2, $3!) }
}
