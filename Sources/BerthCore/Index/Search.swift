import CBerth
import CKernels

/// Branch and bound in the state trees, and the scan over all their leaves. Keeps one working set of buffers, so that
/// searching allocates nothing.
final class Search {
  let forest: Forest
  let rows: SlotMap
  let shapes: ShapeTable
  let kernels: bk_table
  var counters = SearchCounters()

  /// The best ones so far, best first; `wanted` at the most.
  private(set) var found: UnsafeMutablePointer<Found>
  private var foundCapacity = 1
  var foundCount = 0
  var wanted = 1
  /// What a node must beat: the last of `found` once there are enough.
  var worst = Found.none

  // The tree that is being searched. References without counting: the forest keeps trees and plans alive.
  var tree: UnsafePointer<TreeState>!
  var plan: UnsafePointer<PlanState>!
  var query: UnsafeMutablePointer<bk_query>
  var request: UnsafeMutablePointer<Int64>
  var load: Load
  var pools: PoolMask
  /// Constant part of every score in this tree (price, normalised terms): bounds are relative to it.
  var offset: Int64 = 0
  var columnsDecide = false
  var mayTighten = false
  var relativeScore: Int32 = BK_NO_FIT

  /// A class in each tree, as `prepare` leaves it, so that a tree is prepared once.
  struct Prepared {
    var plan: UnsafePointer<PlanState>?
    var query = bk_query()
    var offset: Int64 = 0
    var bound: Int32 = BK_NO_FIT
    var columnsDecide = false
    var isOpen = false
  }
  var prepared: UnsafeMutablePointer<Prepared>
  var requests: UnsafeMutablePointer<Int64>  // [trees][BK_DIMS]
  var preparedCapacity = 0

  let before: UnsafeMutablePointer<Int64>
  let after: UnsafeMutablePointer<Int64>
  let afterHigh: UnsafeMutablePointer<Int64>
  let bounds: UnsafeMutablePointer<Int32>
  var leavesLeft = 0

  static let maxHeight = 8

  init(forest: Forest, rows: SlotMap, shapes: ShapeTable) {
    self.forest = forest
    self.rows = rows
    self.shapes = shapes
    kernels = forest.kernels.pointee
    found = .allocate(capacity: 1)
    let dims = Int(BK_DIMS)
    before = .allocate(capacity: dims)
    after = .allocate(capacity: dims)
    afterHigh = .allocate(capacity: dims)
    for cells in [before, after, afterHigh] { cells.initialize(repeating: 0, count: dims) }
    preparedCapacity = 1
    prepared = .allocate(capacity: 1)
    prepared.initialize(to: Prepared())
    requests = .allocate(capacity: dims)
    requests.initialize(repeating: 0, count: dims)
    query = Self.queryCell(prepared)
    request = requests
    let block = UnsafeMutableRawPointer.allocate(byteCount: (Self.maxHeight + 1) * 256, alignment: 64)
    bounds = block.bindMemory(to: Int32.self, capacity: (Self.maxHeight + 1) * 64)
    load = Load(
      capacity: UnsafePointer(after), request: UnsafePointer(requests), before: UnsafePointer(before))
    pools = PoolMask.none
  }

  deinit {
    found.deallocate()
    prepared.deallocate()
    requests.deallocate()
    before.deallocate()
    after.deallocate()
    afterHigh.deallocate()
    UnsafeMutableRawPointer(bounds).deallocate()
  }

  // MARK: Results

  func begin(wanted: Int) {
    if wanted > foundCapacity { growFound(wanted) }
    self.wanted = wanted
    foundCount = 0
    worst = .none
  }

  @inline(never)
  private func growFound(_ capacity: Int) {
    found.deallocate()
    found = .allocate(capacity: capacity)
    foundCapacity = capacity
  }

  @inline(__always)
  func offer(_ candidate: Found) {
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

  func insert(_ candidate: Found) {
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
  func setRelativeScore() {
    guard worst.exists else {
      relativeScore = BK_NO_FIT
      return
    }
    // a bound of 2^30 may stand for more, so the score to beat stays below it
    let relative = worst.score - offset
    relativeScore = relative < Int64(Int32.min) ? BK_NO_FIT : Int32(min(relative, 1 << 30 - 1))
  }

  // MARK: Trees

  static func queryCell(_ cell: UnsafeMutablePointer<Prepared>) -> UnsafeMutablePointer<bk_query> {
    let offset = MemoryLayout<Prepared>.offset(of: \.query)!
    return (UnsafeMutableRawPointer(cell) + offset).assumingMemoryBound(to: bk_query.self)
  }

  func reservePrepared(_ count: Int) {
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

  func scanAll(_ count: Int) {
    for index in 0..<count where prepared[index].bound > BK_NO_FIT {
      select(index)
      scan(tree.pointee.root, level: tree.pointee.height)
    }
  }

  /// Trees in the order of their roots' bounds, so that good nodes come early and close the others.
  func bestFirst(_ count: Int) {
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
  func select(_ index: Int) {
    let cell = prepared + index
    tree = UnsafePointer(forest.states[index])
    plan = cell.pointee.plan.unsafelyUnwrapped
    query = Self.queryCell(cell)
    request = requests + index * Int(BK_DIMS)
    load = Load(
      capacity: UnsafePointer(tree.pointee.capacityHigh), request: UnsafePointer(request),
      before: UnsafePointer(before))
    offset = cell.pointee.offset
    columnsDecide = cell.pointee.columnsDecide
    mayTighten = tree.pointee.isUniform && wanted == 1
    setRelativeScore()
  }
}
