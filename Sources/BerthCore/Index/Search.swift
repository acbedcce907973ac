import CBerth
import CKernels

/// A node that fits, with its total score. Better: higher score, then the tie rule's order.
struct Found {
  var score: Int64
  var tie: UInt32
  var slot: UInt32

  static let none = Found(score: .min, tie: .max, slot: .max)
  var exists: Bool { slot != .max }

  @inline(__always)
  func isBetter(than other: Found) -> Bool {
    score > other.score || (score == other.score && (tie, slot) < (other.tie, other.slot))
  }
}

struct SearchCounters {
  var treeQueries: UInt64 = 0
  var scanQueries: UInt64 = 0
  var rowQueries: UInt64 = 0
  var leavesOpened: UInt64 = 0
  var innersOpened: UInt64 = 0
  var exactScores: UInt64 = 0
  var scanFallbacks: UInt64 = 0
}

/// What is asked of the trees: a class's requests under one profile, among the pools of one mask.
struct Question {
  var requests: UnsafeBufferPointer<Request>
  var profile: Int
  var podClass: UInt32
  var pools: PoolMask
}

struct Request {
  var resource: UInt32
  var value: Int64
}

/// Branch and bound in the state trees, and the scan over all their leaves. Keeps one working set of buffers, so that
/// searching allocates nothing.
final class Search {
  let forest: Forest
  let rows: SlotMap
  let shapes: ShapeTable
  let kernels: bk_table
  var counters = SearchCounters()

  /// The best ones so far, best first; `wanted` at the most.
  let found: UnsafeMutablePointer<Found>
  private(set) var foundCount = 0
  private var wanted = 1
  /// What a node must beat: the last of `found` once there are enough.
  private(set) var worst = Found.none

  // The tree that is being searched. References without counting: the forest keeps trees and plans alive.
  private var tree: UnsafePointer<TreeState>!
  private var plan: UnsafePointer<PlanState>!
  private(set) var query: UnsafeMutablePointer<bk_query>
  private(set) var request: UnsafeMutablePointer<Int64>
  private var load: Load
  private var pools: PoolMask
  /// Constant part of every score in this tree (price, normalised terms): bounds are relative to it.
  private var offset: Int64 = 0
  private var columnsDecide = false
  private var mayTighten = false
  private var relativeScore: Int32 = BK_NO_FIT

  /// A class in each tree, as `prepare` leaves it, so that a tree is prepared once.
  private struct Prepared {
    var plan: UnsafePointer<PlanState>?
    var query = bk_query()
    var offset: Int64 = 0
    var bound: Int32 = BK_NO_FIT
    var columnsDecide = false
    var isOpen = false
  }
  private var prepared: UnsafeMutablePointer<Prepared>
  private var requests: UnsafeMutablePointer<Int64>  // [trees][BK_DIMS]
  private var preparedCapacity = 0

  let after: UnsafeMutablePointer<Int64>
  private let afterHigh: UnsafeMutablePointer<Int64>
  private let bounds: UnsafeMutablePointer<Int32>
  private var leavesLeft = 0

  static let maxHeight = 8

  init(forest: Forest, rows: SlotMap, shapes: ShapeTable) {
    self.forest = forest
    self.rows = rows
    self.shapes = shapes
    kernels = forest.kernels.pointee
    found = .allocate(capacity: Int(BERTH_MAX_CANDIDATES))
    let dims = Int(BK_DIMS)
    after = .allocate(capacity: dims)
    afterHigh = .allocate(capacity: dims)
    for cells in [after, afterHigh] { cells.initialize(repeating: 0, count: dims) }
    preparedCapacity = 1
    prepared = .allocate(capacity: 1)
    prepared.initialize(to: Prepared())
    requests = .allocate(capacity: dims)
    requests.initialize(repeating: 0, count: dims)
    query = Self.queryCell(prepared)
    request = requests
    let block = UnsafeMutableRawPointer.allocate(byteCount: (Self.maxHeight + 1) * 256, alignment: 64)
    bounds = block.bindMemory(to: Int32.self, capacity: (Self.maxHeight + 1) * 64)
    load = Load(capacity: UnsafePointer(after), request: UnsafePointer(requests))
    pools = PoolMask.none
  }

  deinit {
    found.deallocate()
    prepared.deallocate()
    requests.deallocate()
    after.deallocate()
    afterHigh.deallocate()
    UnsafeMutableRawPointer(bounds).deallocate()
  }

  // MARK: Results

  func begin(wanted: Int) {
    self.wanted = wanted
    foundCount = 0
    worst = .none
  }

  @inline(__always)
  private func offer(_ candidate: Found) {
    guard candidate.isBetter(than: worst) else { return }
    if wanted == 1 {
      found[0] = candidate
      foundCount = 1
      worst = candidate
      bk_prefetch(rows.row(candidate.slot).base)  // placing will want it
    } else {
      insert(candidate)
    }
    setRelativeScore()
  }

  /// Takes in a candidate from outside the trees (the scan over rows).
  func offerRow(_ candidate: Found) { offer(candidate) }

  private func insert(_ candidate: Found) {
    var low = 0
    var high = foundCount
    while low < high {
      let middle = (low + high) / 2
      if candidate.isBetter(than: found[middle]) { high = middle } else { low = middle + 1 }
    }
    // a scan that follows a search meets the same nodes again
    if low > 0 && found[low - 1].slot == candidate.slot { return }
    let moved = min(foundCount, wanted - 1) - low
    if moved > 0 { memoryMove(found + low + 1, found + low, moved) }
    found[low] = candidate
    foundCount = min(foundCount + 1, wanted)
    if foundCount == wanted { worst = found[wanted - 1] }
  }

  @inline(__always)
  private func setRelativeScore() {
    guard worst.exists else {
      relativeScore = BK_NO_FIT
      return
    }
    // a bound of 2^30 may stand for more, so the score to beat stays below it
    let relative = worst.score - offset
    relativeScore = relative < Int64(Int32.min) ? BK_NO_FIT : Int32(min(relative, 1 << 30 - 1))
  }

  // MARK: Trees

  private static func queryCell(_ cell: UnsafeMutablePointer<Prepared>) -> UnsafeMutablePointer<bk_query> {
    let offset = MemoryLayout<Prepared>.offset(of: \.query)!
    return (UnsafeMutableRawPointer(cell) + offset).assumingMemoryBound(to: bk_query.self)
  }

  private func reservePrepared(_ count: Int) {
    guard count > preparedCapacity else { return }
    prepared.deallocate()
    requests.deallocate()
    preparedCapacity = count * 2
    prepared = .allocate(capacity: preparedCapacity)
    prepared.initialize(repeating: Prepared(), count: preparedCapacity)
    requests = .allocate(capacity: preparedCapacity * Int(BK_DIMS))
    requests.initialize(repeating: 0, count: preparedCapacity * Int(BK_DIMS))
    query = Self.queryCell(prepared)
    request = requests
  }

  /// The best nodes among all trees; `constant` is added to every score.
  func searchTrees(_ question: Question, profile: Profile, resources: ResourceTable, constant: Int64, scan: Bool) {
    if scan { counters.scanQueries += 1 } else { counters.treeQueries += 1 }
    leavesLeft = scan ? .max : max(512, forest.nodeCount / 512)
    let count = forest.count
    reservePrepared(count)
    pools = question.pools
    for index in 0..<count { prepare(index, question, profile, resources, constant) }
    if scan {
      scanAll(count)
      return
    }
    bestFirst(count)
    if leavesLeft < 0 {
      // more leaves than a search is worth: the scan bounds the worst case, starting from what was found
      counters.scanFallbacks += 1
      scanAll(count)
    }
  }

  private func scanAll(_ count: Int) {
    for index in 0..<count where prepared[index].bound > BK_NO_FIT {
      select(index)
      scan(tree.pointee.root, level: tree.pointee.height)
    }
  }

  /// Trees in the order of their roots' bounds, so that good nodes come early and close the others.
  private func bestFirst(_ count: Int) {
    while true {
      var best = -1
      var bestBound = Int64.min
      for index in 0..<count where prepared[index].isOpen {
        // clamped bounds may stand for more
        let bound = prepared[index].bound >= 1 << 30 ? Int64.max : Int64(prepared[index].bound) + prepared[index].offset
        if best < 0 || bound > bestBound { (best, bestBound) = (index, bound) }
      }
      guard best >= 0 else { return }
      prepared[best].isOpen = false
      if worst.exists && bestBound < worst.score { return }
      select(best)
      descend()
      if leavesLeft < 0 { return }
    }
  }

  /// Makes a prepared tree the one that is searched.
  @inline(__always)
  private func select(_ index: Int) {
    let cell = prepared + index
    tree = UnsafePointer(forest.states[index])
    plan = cell.pointee.plan.unsafelyUnwrapped
    query = Self.queryCell(cell)
    request = requests + index * Int(BK_DIMS)
    load = Load(capacity: UnsafePointer(tree.pointee.capacityHigh), request: UnsafePointer(request))
    offset = cell.pointee.offset
    columnsDecide = cell.pointee.columnsDecide
    mayTighten = tree.pointee.isUniform && wanted == 1
    setRelativeScore()
  }

  /// Sets up a class in one tree; its bound is BK_NO_FIT if no node of it can fit.
  @inline(__always)
  private func prepare(
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
    for wanted in question.requests {
      let dim = tree.pointee.dim(of: wanted.resource)
      if dim < 0 || wanted.value > tree.pointee.capacityHigh[dim] { return }
      let shift = Int64(tree.pointee.shifts[dim])
      request[dim] = wanted.value
      narrow[dim] = UInt32(truncatingIfNeeded: wanted.value >> shift)
      lost |= wanted.value & ((1 << shift) - 1)
      fits[fitCount] = UInt32(dim)
      fitCount += 1
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

  @inline(__always)
  private func setClassParameters(
    _ tree: UnsafePointer<TreeState>, _ plan: UnsafePointer<PlanState>, isLossy: Bool
  ) {
    let kernel = plan.pointee.kernel
    let requests = bk_query_request(query)!
    query.pointee.addend = 0
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
      query.pointee.balance_delta =
        Float(requests[Int(kernel.pointee.balance_i)]) * kernel.pointee.balance_inverse_i
        - Float(requests[Int(kernel.pointee.balance_j)]) * kernel.pointee.balance_inverse_j
    }
  }

  /// The bound of the whole tree: a box like any other.
  @inline(__always)
  private func rootBound(_ tree: UnsafePointer<TreeState>, _ plan: UnsafePointer<PlanState>) -> Int32 {
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
    if kernel.pointee.balance != 0 { bound += kernel.pointee.balance_weight * abs(query.pointee.balance_delta) }
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

  // MARK: Branch and bound

  private func descend() {
    if tree.pointee.height == 0 {
      openLeaf(tree.pointee.root)
    } else {
      searchInner(tree.pointee.root, level: tree.pointee.height)
    }
  }

  private func searchInner(_ index: UInt32, level: Int) {
    counters.innersOpened += 1
    let inner = tree.pointee.inner(index)
    let bounds = bounds + level * 64
    kernels.inner_bounds(inner.base, UnsafePointer(query), relativeScore, bounds)
    var lanes = inner.count >= 64 ? UInt64.max : (1 << UInt64(inner.count)) - 1
    if !pools.allowsAll { lanes &= kernels.pool_lanes(inner.pools, pools.hashed) }
    let ties = forest.hasTie ? UnsafePointer(inner.ties) : nil
    var exact: UInt64 = 0
    var next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
    while next >= 0 {
      let lane = Int(next)
      let bit: UInt64 = 1 << UInt64(lane)
      // the score may have risen since the lane was picked; no lane left has a higher bound
      guard canWin(bounds[lane], inner, lane) else { return }
      if mayTighten && exact & bit == 0
        && Int64(bounds[lane]) - Int64(relativeScore) < plan.pointee.window && deservesSecondLook(inner, lane)
      {
        exact |= bit
        counters.exactScores += 1
        let (low, high) = extremes(inner, lane)
        if low == high && settles(inner, lane) {
          lanes &= ~bit
          offer(Found(score: high + offset, tie: forest.hasTie ? inner.ties[lane] : 0, slot: inner.slots[lane]))
          next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
          continue
        }
        if high < Int64(bounds[lane]) {
          bounds[lane] = Int32(max(high, -(1 << 30)))  // back into the queue with its true bound
          next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
          continue
        }
      }
      lanes &= ~bit
      // look for the next child now, so that its block is on the way while this one is searched
      next = kernels.pick(bounds, inner.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
      if next >= 0 { prefetch(inner.children[Int(next)], level: level - 1) }
      if level == 1 { openLeaf(inner.children[lane]) } else { searchInner(inner.children[lane], level: level - 1) }
      if leavesLeft < 0 { return }
    }
  }

  /// The kernels' bounds of exact plans are off by less than a unit a term. That matters where many nodes share one
  /// state (an empty cluster): all would seem better than the best. For such a box the exact score is one number.
  @inline(__always)
  private func deservesSecondLook(_ inner: Inner, _ lane: Int) -> Bool {
    guard plan.pointee.isExact else { return true }
    let kernel = plan.pointee.kernel
    for index in 0..<Int(kernel.pointee.linear_count) {
      let dim = Int(bk_plan_linear_dim(kernel)![index])
      if inner.low(dim)[lane] != inner.high(dim)[lane] { return false }
    }
    return true
  }

  @inline(__always)
  private func canWin(_ bound: Int32, _ inner: Inner, _ lane: Int) -> Bool {
    if bound != relativeScore { return bound > relativeScore }
    if forest.hasTie && inner.ties[lane] != worst.tie { return inner.ties[lane] < worst.tie }
    return inner.slots[lane] < worst.slot
  }

  @inline(__always)
  private func prefetch(_ index: UInt32, level: Int) {
    if level == 0 {
      bk_prefetch_block(tree.pointee.leaves.pointee[index], Int32(BK_LEAF_POOL))
      bk_prefetch_block(
        tree.pointee.leaves.pointee[index] + Int(tree.pointee.layout.pointee.free_offset),
        Int32(tree.pointee.dims * Int(BK_COLUMN)))
    } else {
      bk_prefetch_block(
        tree.pointee.inners.pointee[index] + Int(BK_INNER_FREE), Int32(tree.pointee.dims * 2 * Int(BK_COLUMN)))
    }
  }

  /// Exact least and most of the score (less `offset`) over the states that a child's summary allows and that fit.
  private func extremes(_ inner: Inner, _ lane: Int) -> (low: Int64, high: Int64) {
    for dim in 0..<tree.pointee.dims {
      let shift = Int64(tree.pointee.shifts[dim])
      after[dim] = max(0, Int64(inner.low(dim)[lane]) << shift - request[dim])
      let most = Int64(inner.high(dim)[lane]) << shift | (tree.pointee.isLossless ? 0 : (1 << shift) - 1)
      afterHigh[dim] = max(0, min(most, tree.pointee.capacityHigh[dim]) - request[dim])
    }
    let box = Box(low: UnsafePointer(after), high: UnsafePointer(afterHigh))
    var low: Int64 = 0
    var high: Int64 = 0
    for term in plan.pointee.terms {
      let (least, most) = term.extremes(load, box)
      low += term.weight * least
      high += term.weight * most
    }
    return (low, high)
  }

  /// Whether every node below a child fits: then, its score being one number, its first node is its best.
  private func settles(_ inner: Inner, _ lane: Int) -> Bool {
    guard columnsDecide, inner.pools[lane] & ~pools.certain == 0 else { return false }
    let requests = bk_query_request(query)!
    for index in 0..<Int(query.pointee.fit_count) {
      let dim = Int(bk_query_fit_dim(query)![index])
      if inner.low(dim)[lane] < requests[dim] { return false }
    }
    return true
  }

  // MARK: Leaves

  private func openLeaf(_ index: UInt32) {
    counters.leavesOpened += 1
    leavesLeft -= 1
    let leaf = tree.pointee.leaf(index)
    var lanes = leaf.count >= 64 ? UInt64.max : (1 << UInt64(leaf.count)) - 1
    if !pools.allowsAll { lanes &= pools.lanes(leaf.pools, count: leaf.count) }
    if lanes == 0 { return }
    if plan.pointee.isExact && columnsDecide && wanted == 1 {
      // with tie keys the slot alone decides nothing
      let slot = forest.hasTie ? UInt32.max : worst.slot
      let best = kernels.leaf_exact(leaf.base, UnsafePointer(query), lanes, relativeScore, slot)
      if best.lane >= 0 {
        let lane = Int(best.lane)
        offer(
          Found(
            score: Int64(best.score) + offset, tie: leaf.ties?[lane] ?? 0, slot: leaf.slots[lane]))
      }
      return
    }
    let ties = leaf.ties.map { UnsafePointer($0) }
    kernels.leaf_bounds(leaf.base, UnsafePointer(query), bounds)
    while true {
      let picked = kernels.pick(bounds, leaf.slots, ties, lanes, relativeScore, worst.tie, worst.slot)
      if picked < 0 { return }
      let lane = Int(picked)
      lanes &= ~(1 << UInt64(lane))
      scoreLane(leaf, lane)
    }
  }

  /// Scores one node exactly: from the columns where they say all, else from its row.
  private func scoreLane(_ leaf: Leaf, _ lane: Int) {
    counters.exactScores += 1
    let slot = leaf.slots[lane]
    var capacity = load.capacity
    var price: Int64 = 0
    if columnsDecide {
      for dim in 0..<tree.pointee.dims {
        after[dim] = Int64(leaf.free(dim)[lane]) << Int64(tree.pointee.shifts[dim]) - request[dim]
      }
      for dim in 0..<tree.pointee.dims where after[dim] < 0 { after[dim] = 0 }
    } else {
      let row = rows.row(slot)
      capacity = UnsafePointer(shapes.capacities(row.shape))
      price = shapes.price(row.shape) - tree.pointee.priceLow
      guard Self.place(row, capacity, request, tree.pointee.dims, into: after) else { return }
    }
    var score = offset - price * plan.pointee.priceWeight
    let exactLoad = Load(capacity: capacity, request: UnsafePointer(request))
    for term in plan.pointee.terms { score += term.weight * term.value(exactLoad, after) }
    offer(Found(score: score, tie: leaf.ties?[lane] ?? 0, slot: slot))
  }

  /// What stays free on a node after placing; false if the request does not fit.
  @inline(__always)
  static func place(
    _ row: Row, _ capacity: UnsafePointer<Int64>, _ request: UnsafePointer<Int64>, _ dims: Int,
    into after: UnsafeMutablePointer<Int64>
  ) -> Bool {
    let used = row.used
    for dim in 0..<dims {
      let left = capacity[dim] - used[dim] - request[dim]
      if left < 0 && request[dim] > 0 { return false }
      after[dim] = max(0, left)
    }
    return true
  }

  // MARK: Scan

  /// All leaves one after the other, without looking at summaries.
  private func scan(_ index: UInt32, level: Int) {
    if level == 0 { return openLeaf(index) }
    let inner = tree.pointee.inner(index)
    for lane in 0..<inner.count { scan(inner.children[lane], level: level - 1) }
  }
}
