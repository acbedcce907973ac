import CBerth
import CKernels

/// What the cluster offers to a class: how many of its pods every node holds now, and the sums over all domains. Made by
/// one walk over the state trees, kept current by the change log: the sum index.
final class Offers {
  let rule: FitRule
  let order: DomainOrder
  /// By lane.
  let fits: UnsafeMutablePointer<UInt16>
  /// By level, 0 being the cluster, and place: sums over the domain's nodes.
  let sums: [UnsafeMutablePointer<UInt32>]
  /// By level, the node's last: how many domains offer so many, up to `counted`; the last cell has all that offer more.
  private let histograms: UnsafeMutablePointer<Int32>
  /// The same as bits: which cells of a histogram are not 0.
  private let present: UnsafeMutablePointer<UInt64>
  /// By level above the last and place: a bit for each offer (by its low bits) that some child has, and maybe some more.
  private let signatures: [UnsafeMutablePointer<UInt64>]
  /// Lanes that take more than one pod.
  private(set) var manyLanes = 0
  private(set) var position: UInt64
  private let generation: UInt64
  private let orderVersion: UInt64
  /// What the rule's pools stand on.
  private let poolCount: Int
  private let poolsReused: Int
  private let poolEpoch: UInt64
  var version: UInt64 = 0
  var lastUse: UInt64 = 0
  static let counted = 4096
  private static let words = (counted + 1) / 64 + 1

  /// By place on the level above the last: how many children offer so much, by value; empty until it is asked for, and
  /// where some offer too much.
  private var childCounts: [[UInt16]]
  static let largestChild = 128
  /// Whose fits are used; the table may have made others by now.
  private var base: Offers?

  private let cluster: Cluster
  private let pool: OfferMemoryPool
  private let memory: OfferMemory

  private init(_ rule: FitRule, _ order: DomainOrder, _ pool: OfferMemoryPool, fits: UnsafeMutablePointer<UInt16>?) {
    self.rule = rule
    self.order = order
    cluster = rule.cluster
    generation = cluster.log.generation
    position = cluster.log.length
    orderVersion = order.version
    let pools = cluster.catalog.pools
    (poolCount, poolsReused, poolEpoch) = (pools.count, pools.reused.count, pools.epoch)
    let levels = order.depth + 2
    let domains = order.ids.reduce(0) { $0 + $1.count }
    self.pool = pool
    let memory = pool.take(
      bytes: domains * 12 + levels * (4 * (Self.counted + 1) + 8 * Self.words)
        + (fits == nil ? 2 * order.laneCount : 0),
      parts: 2 * levels + 3)
    self.fits = fits ?? memory.take(UInt16.self, order.laneCount)
    sums = order.ids.map { memory.take(UInt32.self, $0.count) }
    histograms = memory.take(Int32.self, levels * (Self.counted + 1))
    present = memory.take(UInt64.self, levels * Self.words)
    signatures = order.firstChild.map { memory.take(UInt64.self, $0.count) }
    self.memory = memory
    childCounts = [[UInt16]](repeating: [], count: order.depth > 0 ? order.ids[order.depth - 1].count : 0)
  }

  convenience init(_ rule: FitRule, _ order: DomainOrder, _ pool: OfferMemoryPool) {
    self.init(rule, order, pool, fits: nil)
    rule.refresh()
    build()
  }

  /// The same as far as a gang may use it; it is not kept current.
  convenience init(_ base: Offers, _ limits: OfferLimits) {
    self.init(base.rule, base.order, base.pool, fits: limits.changesNodes ? nil : base.fits)
    self.base = base
    if limits.changesNodes {
      for lane in 0..<order.laneCount {
        let fit = Int(base.fits[lane])
        fits[lane] = fit == 0 ? 0 : UInt16(limits.limit(fit, level: order.depth + 1, lane, order))
      }
    }
    sumUp(limits)
  }

  /// What nodes are said to offer, by slot; it is not kept current.
  convenience init(_ rule: FitRule, _ order: DomainOrder, _ pool: OfferMemoryPool, offering fits: [UInt32: Int]) {
    self.init(rule, order, pool, fits: nil)
    for (slot, fit) in fits { self.fits[order.lane(slot)] = UInt16(min(fit, FitRule.most)) }
    sumUp()
  }

  deinit { pool.give(memory) }

  var bytes: Int { memory.bytes + childCounts.count * 48 }

  @inline(__always) func offer(_ level: Int, _ place: Int) -> Int { Int(sums[level][place]) }
  var total: Int { Int(sums[0][0]) }

  // MARK: Building

  private func build() {
    if rule.isPlain {
      let (fits, lanes) = (fits, order.lanes)
      for tree in 0..<cluster.forest.count {
        rule.visit(tree: tree) { slot, fit in
          fits[Int(lanes[Int(slot >> 6)]) + Int(slot & 63)] = UInt16(truncatingIfNeeded: fit)
        }
      }
    } else {
      cluster.rows.visit { slot, row in
        fits[order.lane(slot)] = UInt16(truncatingIfNeeded: rule.fit(slot, row))
      }
    }
    sumUp()
  }

  /// All but `fits` from these.
  private func sumUp(_ limits: OfferLimits? = nil) {
    let depth = order.depth
    let bottom = sums[depth]
    let nodes = histograms + (depth + 1) * (Self.counted + 1)
    let leafCount = order.ids[depth].count
    // nodes that take one pod, as most do, are those that the others leave
    var ones = 0
    order.firstLane.withUnsafeBufferPointer { first in
      for place in 0..<leafCount {
        // groups have 8, 16, 32 or 64 lanes
        var sum = SIMD8<UInt32>.zero
        for lane in stride(from: Int(first[place]), to: Int(first[place + 1]), by: 8) {
          let eight = UnsafeRawPointer(fits + lane).loadUnaligned(as: SIMD8<UInt16>.self)
          sum &+= SIMD8<UInt32>(truncatingIfNeeded: eight)
          let many = unsafeBitCast(eight & SIMD8(repeating: ~1), to: SIMD2<UInt64>.self)
          if many[0] | many[1] != 0 { ones -= countMany(eight, nodes) }
        }
        bottom[place] = sum.wrappedSum()
        ones += Int(bottom[place])
      }
    }
    for level in stride(from: depth, through: 0, by: -1) {
      let cells = sums[level]
      if let limits {
        for place in 0..<order.ids[level].count {
          cells[place] = UInt32(limits.limit(Int(cells[place]), level: level, place, order))
        }
      }
      count(level)
      guard level > 0 else { break }
      order.parents[level].withUnsafeBufferPointer { parents in
        for place in 0..<parents.count {
          sums[level - 1][Int(parents[place])] &+= cells[place]
          signatures[level - 1][Int(parents[place])] |= 1 << UInt64(cells[place] & 63)
        }
      }
    }
    nodes[1] = Int32(truncatingIfNeeded: ones)
    markPresent(depth + 1)
  }

  /// Counts the nodes that take more than one pod; returns how many these take.
  @inline(never)
  private func countMany(_ eight: SIMD8<UInt16>, _ nodes: UnsafeMutablePointer<Int32>) -> Int {
    var sum = 0
    for index in 0..<8 where eight[index] > 1 {
      nodes[min(Int(eight[index]), Self.counted)] += 1
      manyLanes += 1
      sum += Int(eight[index])
    }
    return sum
  }

  private func count(_ level: Int) {
    let cells = histograms + level * (Self.counted + 1)
    for place in 0..<order.ids[level].count { cells[min(Int(sums[level][place]), Self.counted)] += 1 }
    markPresent(level)
  }

  private func markPresent(_ level: Int) {
    let cells = histograms + level * (Self.counted + 1)
    for value in 1...Self.counted where cells[value] != 0 {
      present[level * Self.words + value >> 6] |= 1 << UInt64(value & 63)
    }
  }

  // MARK: Catching up

  /// Brings it up to date with the change log; false if it has to be made anew.
  func catchUp() -> Bool {
    let pools = cluster.catalog.pools
    guard poolCount == pools.count, poolsReused == pools.reused.count, poolEpoch == pools.epoch,
      orderVersion == order.version, generation == cluster.log.generation, rule.isStable,
      cluster.log.lastLeaving <= position, cluster.log.holds(from: position),
      // a walk over the trees looks at what fits, in a thirtieth of the time that a change takes
      cluster.log.length - position <= UInt64(4096 + cluster.nodes.count / (rule.isPlain ? 32 : 8))
    else { return false }
    rule.refresh()
    let rows = cluster.rows
    cluster.log.visitAhead(
      from: position, by: 8, far: { bk_prefetch(self.fits + self.order.lane($0.slot)) },
      near: { if rows.isLive($0.slot) { bk_prefetch(rows.row($0.slot).base) } },
      body: { entry in
        let fit = rows.isLive(entry.slot) ? self.rule.fit(entry.slot, rows.row(entry.slot)) : 0
        self.update(entry.slot, fit)
      })
    position = cluster.log.length
    return true
  }

  @inline(__always)
  private func update(_ slot: UInt32, _ fit: Int) {
    let lane = order.lane(slot)
    let before = Int(fits[lane])
    if fit == before { return }
    fits[lane] = UInt16(truncatingIfNeeded: fit)
    manyLanes += (fit > 1 ? 1 : 0) - (before > 1 ? 1 : 0)
    var level = order.depth
    move(level + 1, before, fit)
    var place = order.leaf(slot)
    let change = fit - before
    recount(place, change)
    while true {
      let old = Int(sums[level][place])
      sums[level][place] = UInt32(truncatingIfNeeded: old + change)
      move(level, old, old + change)
      if level == 0 { return }
      place = Int(order.parents[level][place])
      level -= 1
      signatures[level][place] |= 1 << UInt64((old + change) & 63)
    }
  }

  /// A leaf domain offers so much more than it did.
  @inline(__always)
  private func recount(_ leaf: Int, _ change: Int) {
    guard order.depth > 0 else { return }
    let parent = Int(order.parents[order.depth][leaf])
    if childCounts[parent].isEmpty { return }
    let before = Int(sums[order.depth][leaf])
    if before + change < childCounts[parent].count {
      childCounts[parent][before] -= 1
      childCounts[parent][before + change] += 1
    } else {
      childCounts[parent] = []
    }
  }

  @inline(__always)
  private func move(_ level: Int, _ before: Int, _ after: Int) {
    let (from, to) = (min(before, Self.counted), min(after, Self.counted))
    if from == to { return }
    let cells = histograms + level * (Self.counted + 1)
    let bits = present + level * Self.words
    // of what offers nothing nobody asks
    if from > 0 {
      cells[from] -= 1
      if cells[from] == 0 { bits[from >> 6] &= ~(1 << UInt64(from & 63)) }
    }
    if to > 0 {
      cells[to] += 1
      bits[to >> 6] |= 1 << UInt64(to & 63)
    }
  }

  // MARK: Asking

  /// The largest offer of a domain on a level; the level behind the last are the nodes.
  func largest(_ level: Int) -> Int {
    let bits = present + level * Self.words
    for word in stride(from: Self.words - 1, through: 0, by: -1) where bits[word] != 0 {
      let value = word * 64 + 63 - bits[word].leadingZeroBitCount
      return value < Self.counted ? value : largestCounted(level)
    }
    return 0
  }

  private func largestCounted(_ level: Int) -> Int {
    if level > order.depth { return (0..<order.laneCount).reduce(0) { max($0, Int(fits[$1])) } }
    return (0..<order.ids[level].count).reduce(0) { max($0, Int(sums[level][$1])) }
  }

  /// The fewest domains of a level that offer so many together, 0 where all do not; nil where some offer more than is
  /// counted.
  func enough(_ count: Int, level: Int) -> Int? {
    let cells = histograms + level * (Self.counted + 1)
    guard cells[Self.counted] == 0 else { return nil }
    var (left, used, value) = (count, 0, largest(level))
    while left > 0 && value > 0 {
      let taken = min(Int(cells[value]), (left + value - 1) / value)
      left -= taken * value
      used += taken
      value -= 1
    }
    return left > 0 ? 0 : used
  }

  /// The smallest offer of at least `least` on a level; nil where there is none, or where it is beyond what is counted.
  func smallest(_ level: Int, atLeast least: Int) -> Int? {
    guard least < Self.counted else { return nil }
    let bits = present + level * Self.words
    var word = least >> 6
    var cell = bits[word] & (.max << UInt64(least & 63))
    while cell == 0 {
      word += 1
      if word == Self.words { return nil }
      cell = bits[word]
    }
    let value = word * 64 + cell.trailingZeroBitCount
    return value < Self.counted ? value : nil
  }

  /// How many children of a domain of the level above the last offer so much, by value; nil where some offer too much to
  /// be counted.
  func countsOfChildren(_ place: Int) -> [UInt16]? {
    if childCounts[place].isEmpty {
      let cells = sums[order.depth]
      let range = order.children(order.depth - 1, place)
      childCounts[place] = Self.counts(of: range) { Int(cells[$0]) } ?? []
    }
    return childCounts[place].isEmpty ? nil : childCounts[place]
  }

  /// The same of the nodes of a leaf domain.
  func countsOfNodes(_ leaf: Int) -> [UInt16]? {
    Self.counts(of: Int(order.firstLane[leaf])..<Int(order.firstLane[leaf + 1])) { Int(fits[$0]) }
  }

  /// How many of a range have each value.
  @inline(__always)
  private static func counts(of range: Range<Int>, _ value: (Int) -> Int) -> [UInt16]? {
    var largest = 0
    for index in range { largest = max(largest, value(index)) }
    guard largest <= largestChild, range.count <= Int(UInt16.max) else { return nil }
    var counts = [UInt16](repeating: 0, count: largest + 1)
    for index in range { counts[value(index)] += 1 }
    return counts
  }

  /// Calls `body` for the children of a domain that offer exactly `wanted`.
  @inline(__always)
  func children(_ level: Int, _ place: Int, offering wanted: Int, _ body: (Int) -> Void) {
    guard signatures[level][place] >> UInt64(wanted & 63) & 1 != 0 else { return }
    let range = order.children(level, place)
    let cells = sums[level + 1]
    var found = false
    var signature: UInt64 = 0
    for child in range {
      signature |= 1 << UInt64(cells[child] & 63)
      if Int(cells[child]) == wanted {
        found = true
        body(child)
      }
    }
    if !found { signatures[level][place] = signature }
  }
}
