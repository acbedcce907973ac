import CBerth
import CKernels

// A class in each tree: its requests in the tree's units, the plan, the bound of the root.

extension Search {
  /// Sets up a class in one tree; its bound is BK_NO_FIT if no node of it can fit.
  @inline(__always)
  func prepare(
    _ index: Int, _ question: Question, _ profile: Profile, _ resources: ResourceTable, _ constant: Int64
  ) {
    let cell = prepared + index
    cell.pointee.isOpen = false
    cell.pointee.bound = BK_NO_FIT
    let tree = forest.states[index]
    guard tree.pointee.count > 0 else { return }
    query = Self.queryCell(cell)
    request = requests + index * Int(BK_DIMS)
    let narrow = bk_query_requests(query)!
    UnsafeMutableRawPointer(narrow).initializeMemory(as: UInt8.self, repeating: 0, count: 4 * Int(BK_DIMS))
    UnsafeMutableRawPointer(request).initializeMemory(as: UInt8.self, repeating: 0, count: 8 * Int(BK_DIMS))
    let fits = bk_query_fits(query)!
    var fitCount = 0
    var mask: UInt32 = 0
    var lost: Int64 = 0
    for wanted in question.requests where wanted.kind != .charged {
      let dim = tree.pointee.dim(of: wanted.resource)
      if dim < 0 {
        if wanted.kind == .held { return }
        continue
      }
      var value = wanted.value
      if !wanted.kind.isChecked {
        // all of a node, or more: what stays free is the same
        value = min(value, tree.pointee.capacityHigh[dim])
      } else {
        if value > tree.pointee.capacityHigh[dim] { return }
        fits[fitCount] = UInt32(dim)
        fitCount += 1
      }
      let shift = Int64(tree.pointee.shifts[dim])
      request[dim] = wanted.value
      narrow[dim] = UInt32(truncatingIfNeeded: value >> shift)
      lost |= value & ((1 << shift) - 1)
      mask |= 1 << UInt32(dim)
    }
    query.pointee.fit_count = UInt32(fitCount)
    query.pointee.layout = UnsafePointer(tree.pointee.layout)
    let plan = forest.plan(index, question, profile, resources, UnsafePointer(request), mask)
    query.pointee.plan = plan.pointee.kernel
    cell.pointee.plan = plan
    cell.pointee.offset = constant - profile.priceWeight * tree.pointee.priceLow
    cell.pointee.columnsDecide = tree.pointee.isUniform && tree.pointee.isLossless && lost == 0
    query.pointee.tight = plan.pointee.isTight && cell.pointee.columnsDecide ? 1 : 0
    setClassParameters(UnsafePointer(tree), plan, isLossy: lost != 0)
    cell.pointee.bound = rootBound(UnsafePointer(tree), plan)
    cell.pointee.isOpen = cell.pointee.bound > BK_NO_FIT
  }

  /// Requests by dim, in `request`, for nodes that are looked at one by one. Which dims they are; nil where the nodes
  /// lack one.
  @inline(__always)
  func spread(_ requests: UnsafeBufferPointer<Request>, over tree: StateTree) -> UInt32? {
    request.update(repeating: 0, count: Int(BK_DIMS))
    var mask: UInt32 = 0
    for wanted in requests where wanted.kind != .charged {
      let dim = tree.dim(of: wanted.resource)
      if dim < 0 {
        if wanted.kind == .held { return nil }
        continue
      }
      request[dim] = wanted.value
      mask |= 1 << UInt32(dim)
    }
    return mask
  }

  @inline(__always)
  func setClassParameters(
    _ tree: UnsafePointer<TreeState>, _ plan: UnsafePointer<PlanState>, isLossy: Bool
  ) {
    let kernel = plan.pointee.kernel
    let requests = bk_query_request(query)!
    query.pointee.request_mix = 0
    query.pointee.balance_delta = 0
    if kernel.pointee.mix_coefficient != 0 {
      // ceil(a - b) <= ceil(a) - floor(b), and >= ceil(a) - ceil(b)
      let up = kernel.pointee.mix_coefficient < 0
      let layout = UnsafePointer(tree.pointee.layout)
      var mix: Int64 = 0
      for index in 0..<Int(layout.pointee.mix_count) {
        // a request that lost bits is up to one unit more
        let units = requests[Int(bk_layout_mix_dim(layout)![index])] + (up && isLossy ? 1 : 0)
        let exact = Double(units) * bk_layout_mix_factor(layout)![index]
        let nudge = bk_layout_mix_nudge(layout)![index]
        mix += Int64(exact + (up ? nudge : 1 - nudge))
      }
      query.pointee.request_mix = Float(mix)
    }
    for index in 0..<Int(kernel.pointee.exact_count) {
      let term = bk_plan_exact(kernel)! + index
      guard term.pointee.kind == UInt32(BK_EXACT_BALANCE) else { continue }
      let dims = bk_exact_term_dim(term)!
      let factors = bk_exact_term_factor(term)!
      query.pointee.balance_shift =
        Double(requests[Int(dims[0])]) * factors[0] - Double(requests[Int(dims[1])]) * factors[1]
    }
    if kernel.pointee.balance != 0 {
      let i = Float(requests[Int(kernel.pointee.balance_i)])
      let j = Float(requests[Int(kernel.pointee.balance_j)])
      query.pointee.balance_delta = i * kernel.pointee.balance_least_i - j * kernel.pointee.balance_most_j
      query.pointee.balance_delta_high = i * kernel.pointee.balance_most_i - j * kernel.pointee.balance_least_j
    }
  }

  /// The bound of the whole tree: a box like any other.
  @inline(__always)
  func rootBound(_ tree: UnsafePointer<TreeState>, _ plan: UnsafePointer<PlanState>) -> Int32 {
    let summary = tree.pointee.summary
    let highs = summaryHigh(summary)
    let lows = summaryLow(summary)
    let requests = bk_query_request(query)!
    if summary.pointee.pools & pools.hashed == 0 { return BK_NO_FIT }
    for index in 0..<Int(query.pointee.fit_count) {
      let dim = Int(bk_query_fit_dim(query)![index])
      if highs[dim] < requests[dim] { return BK_NO_FIT }
    }
    let kernel = plan.pointee.kernel
    var bound = kernel.pointee.constant
    for index in 0..<Int(kernel.pointee.linear_count) {
      let dim = Int(bk_plan_linear_dim(kernel)![index])
      let end = bk_plan_linear_from_low(kernel)![index] != 0 ? lows[dim] : highs[dim]
      bound += Float(max(end, requests[dim]) - requests[dim]) * bk_plan_linear_coefficient(kernel)![index]
    }
    if kernel.pointee.balance != 0 {
      bound +=
        kernel.pointee.balance_weight * max(abs(query.pointee.balance_delta), abs(query.pointee.balance_delta_high))
    }
    if kernel.pointee.mix_coefficient != 0 && kernel.pointee.balance == 0 {
      let end = kernel.pointee.mix_coefficient > 0 ? summary.pointee.mix_high : summary.pointee.mix_low
      var other = (Float(end) - query.pointee.request_mix) * kernel.pointee.mix_coefficient
      other += kernel.pointee.mix_constant
      for index in 0..<Int(kernel.pointee.fix_count) {
        let dim = Int(bk_plan_fix_dim(kernel)![index])
        let free = bk_plan_fix_from_low(kernel)![index] != 0 ? lows[dim] : highs[dim]
        other += Float(max(free, requests[dim]) - requests[dim]) * bk_plan_fix_coefficient(kernel)![index]
      }
      bound = min(bound, other)
    }
    return Int32(max(-BK_BOUND_LIMIT, min(BK_BOUND_LIMIT, bound)).rounded(.down))
  }
}
