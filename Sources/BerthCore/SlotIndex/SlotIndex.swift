import CBerth
import CKernels

/// A class's own index in topology order: for every plane, which is the nodes that share all that is normalised and all
/// that other pods say of them one by one, a max tree over groups of 64 slots. Where whole domains decide, parts and
/// edges are looked up when a pod is placed. See docs/architecture.md, "Slot indexes".
final class SlotIndex {
  struct Plane {
    var tree: MaxTree
    let part: Int
    let local: Int
  }

  let cluster: Cluster
  let columns: SlotColumns
  let scorer: SlotScorer
  let asked: AskedClass
  var parts: SlotParts
  var locals: SlotLocals?
  let edges: SlotEdges?
  private(set) var planes: UnsafeMutablePointer<Plane>
  private(set) var planeCount = 0
  private var planeCapacity = 4
  /// [local][part]: the plane and one more; 0: none yet.
  private var planeTable: [[UInt32]] = []
  /// By group: nodes whose local is not the usual one.
  private let exceptions: UnsafeMutablePointer<UInt64>?
  /// By group: nodes that fit, where their number matters; and by part how many of them are in open groups.
  private let fits: UnsafeMutablePointer<UInt64>?
  private(set) var fitCount: [Int64] = []
  let groupCount: Int
  private let leafCount: Int
  private let generation: UInt64
  private let epoch: UInt64
  private var cursor: UInt64
  private var changesRead: [Int: Int] = [:]
  var lastUse: UInt64 = 0
  /// Of what the class asks, see `AskedTable`.
  var version: UInt64 = 0
  var groupsScored: UInt64 = 0
  private(set) var entriesRead: UInt64 = 0
  /// Too many parts, or a pool with another meaning: only a new index helps.
  private var isBroken = false

  var open: UnsafePointer<UInt64>? { edges.map { UnsafePointer($0.open) } }

  /// nil: this class cannot have one.
  init?(_ asked: AskedClass, _ scorer: SlotScorer, _ columns: SlotColumns, _ cluster: Cluster) {
    self.asked = asked
    self.scorer = scorer
    self.columns = columns
    self.cluster = cluster
    generation = cluster.log.generation
    epoch = cluster.constraints.epoch
    cursor = cluster.log.length
    groupCount = cluster.rows.labelCount
    leafCount = cluster.catalog.topology.leaves.count
    let constraints = asked.constraints
    let topology = cluster.constraints.topology
    let keys = (constraints?.allKeys ?? []).filter { $0 != DomainCount.Identity.eachNode }
    let sources = keys.map { topology.keys[$0].source }
    parts = SlotParts(
      keys: zip(keys, sources).filter { $0.1 == .pool }.map(\.0), usesHostname: sources.contains(.node),
      filter: asked.filter, imageScores: asked.imageScores)
    locals = constraints.map { SlotLocals($0, cluster.constraints) }.flatMap { $0.isTrivial ? nil : $0 }
    edges = constraints.flatMap { SlotEdges($0, cluster.constraints, groups: cluster.rows.labelCount) }
    planes = .allocate(capacity: planeCapacity)
    func words(_ wanted: Bool) -> UnsafeMutablePointer<UInt64>? {
      guard wanted else { return nil }
      let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, cluster.rows.labelCount))
      words.initialize(repeating: 0, count: max(1, cluster.rows.labelCount))
      return words
    }
    exceptions = words(locals != nil)
    fits = words(constraints?.softSpread.contains { $0.isHostname } ?? false)
    // what the values of leaf domains scale by would have to be counted rack by rack
    let isScaledByLeaves = constraints?.softSpread.contains { !$0.isHostname && topology.keys[$0.key].source == .leaf }
    if sources.contains(.hostname) || isScaledByLeaves ?? false || !parts.refresh(cluster) { return nil }
    for count in watched { cluster.constraints.watch(count) }
    for count in watched { changesRead[count] = cluster.constraints.counts[count].position }
    if let constraints { edges?.fill(constraints, cluster) }
    markExceptions()
    build()
    if isBroken { return nil }
  }

  deinit {
    for index in 0..<planeCount { planes[index].tree.free() }
    planes.deallocate()
    exceptions?.deallocate()
    fits?.deallocate()
  }

  var bytes: Int {
    var sum = groupCount * ((exceptions == nil ? 0 : 8) + (fits == nil ? 0 : 8)) + 1024 + (edges?.bytes ?? 0)
    for index in 0..<planeCount { sum += planes[index].tree.bytes }
    return sum
  }

  /// The counts whose changes it follows.
  private var watched: [Int] { (locals.map { $0.nodeCounts + $0.leafCounts } ?? []) + (edges?.counts ?? []) }

  // MARK: Building

  private func markExceptions() {
    guard let exceptions, let locals else { return }
    for count in locals.nodeCounts {
      cluster.constraints.counts[count].byNode.visit { node, _ in
        let slot = cluster.nodes.slots[Int(node)]
        if cluster.nodes.isLive(node) { exceptions[Int(slot >> 6)] |= 1 << UInt64(slot & 63) }
      }
    }
    guard !locals.leafCounts.isEmpty else { return }
    for leaf in 0..<cluster.rows.ranges.count { forEachGroup(ofLeaf: UInt32(leaf)) { exceptions[$0] = .max } }
  }

  func forEachGroup(ofLeaf leaf: UInt32, _ body: (Int) -> Void) {
    let range = cluster.rows.ranges[Int(leaf)]
    for group in Int(range.first)..<Int(range.first + range.used) { body(group) }
  }

  private func build() {
    var best: [(plane: Int, key: UInt32)] = []
    for label in 0..<min(groupCount, columns.count) {
      let live = columns.groups[label].live
      guard live != 0 else { continue }
      best.removeAll(keepingCapacity: true)
      scorer.score(label, live)
      groupsScored += 1
      if columns.groups[label].isUniform && !parts.hasImages && (exceptions?[label] ?? 0) == 0 {
        let part = part(label, live.trailingZeroBitCount)
        let local = locals?.usual ?? 0
        guard part >= 0, local >= 0 else { continue }
        let score = bk_max64(scorer.scores)
        guard score > 0 else { continue }
        if fits != nil { noteFits(label, part, bk_nonzero64(scorer.scores)) }
        let lane = bk_find64(scorer.scores, score).trailingZeroBitCount
        let index = plane(part, local)
        planes[index].tree.fill(label, score << 6 | UInt32(63 - lane))
        continue
      }
      var rest = live
      while rest != 0 {
        let lane = rest.trailingZeroBitCount
        rest &= rest - 1
        guard scorer.scores[lane] > 0 else { continue }
        let part = part(label, lane)
        guard part >= 0 else { continue }
        let local = local(label, lane)
        guard local >= 0 else { continue }
        if fits != nil { noteFits(label, part, 1 << UInt64(lane)) }
        let plane = plane(part, local)
        let key = scorer.scores[lane] << 6 | UInt32(63 - lane)
        if let known = best.firstIndex(where: { $0.plane == plane }) {
          best[known].key = max(best[known].key, key)
        } else {
          best.append((plane, key))
        }
      }
      for (plane, key) in best { planes[plane].tree.fill(label, key) }
    }
    for index in 0..<planeCount { planes[index].tree.rebuild(open: open) }
  }

  private func noteFits(_ label: Int, _ part: Int, _ lanes: UInt64) {
    guard let fits else { return }
    fits[label] |= lanes
    while fitCount.count <= part { fitCount.append(0) }
    if edges?.isOpen(label) ?? true { fitCount[part] += Int64(lanes.nonzeroBitCount) }
  }

  // MARK: Nodes

  /// A node's part; -1: the class may not go there.
  @inline(__always)
  func part(_ label: Int, _ lane: Int) -> Int {
    let pools = columns.groups[label].block.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
    return part(pool: Int(pools[lane]), UInt32(label) << 6 | UInt32(lane))
  }

  @inline(__always)
  private func part(pool: Int, _ slot: UInt32) -> Int {
    guard let part = parts.part(pool: pool, node: { cluster.rows.row(slot).node }, cluster) else {
      isBroken = true
      return -1
    }
    return part == SlotParts.none ? -1 : Int(part)
  }

  /// A node's local; negative: out.
  @inline(__always)
  func local(_ label: Int, _ lane: Int) -> Int {
    guard let exceptions else { return 0 }
    if exceptions[label] >> UInt64(lane) & 1 == 0 { return locals.unsafelyUnwrapped.usual }
    return exceptionalLocal(UInt32(label) << 6 | UInt32(lane))
  }

  private func exceptionalLocal(_ slot: UInt32) -> Int {
    let row = cluster.rows.row(slot)
    return locals!.local(node: row.node, leaf: cluster.rows.domain(of: slot), cluster.constraints)
  }

  @inline(__always)
  func plane(_ part: Int, _ local: Int) -> Int {
    if local < planeTable.count && part < planeTable[local].count && planeTable[local][part] != 0 {
      return Int(planeTable[local][part]) - 1
    }
    return makePlane(part, local)
  }

  private func makePlane(_ part: Int, _ local: Int) -> Int {
    while planeTable.count <= local { planeTable.append([]) }
    while planeTable[local].count <= part { planeTable[local].append(0) }
    if planeCount == planeCapacity {
      let larger = UnsafeMutablePointer<Plane>.allocate(capacity: planeCapacity * 2)
      larger.moveInitialize(from: planes, count: planeCount)
      planes.deallocate()
      planes = larger
      planeCapacity *= 2
    }
    (planes + planeCount).initialize(to: Plane(tree: MaxTree(groups: groupCount), part: part, local: local))
    planeCount += 1
    planeTable[local][part] = UInt32(planeCount)
    return planeCount - 1
  }

  /// The nodes of a group that are in a plane.
  func lanes(_ label: Int, of plane: Plane) -> UInt64 {
    let group = columns.groups[label]
    var lanes = group.live
    if group.isUniform && !parts.hasImages {
      if lanes == 0 || part(label, lanes.trailingZeroBitCount) != plane.part { return 0 }
    } else {
      var rest = lanes
      while rest != 0 {
        let lane = rest.trailingZeroBitCount
        rest &= rest - 1
        if part(label, lane) != plane.part { lanes &= ~(1 << UInt64(lane)) }
      }
    }
    guard let exceptions else { return lanes }
    var rest = lanes & exceptions[label]
    if locals.unsafelyUnwrapped.usual != plane.local { lanes = 0 } else { lanes &= ~exceptions[label] }
    while rest != 0 {
      let lane = rest.trailingZeroBitCount
      rest &= rest - 1
      if exceptionalLocal(UInt32(label) << 6 | UInt32(lane)) == plane.local { lanes |= 1 << UInt64(lane) }
    }
    return lanes
  }

  /// Makes sure that the best node of a plane is what its tree says.
  @inline(__always)
  func settle(_ index: Int) {
    while planes[index].tree.root > 0 {
      let group = planes[index].tree.first(open: open)
      if !planes[index].tree.isStale(group) { return }
      let lanes = lanes(group, of: planes[index])
      var key: UInt32 = 0
      if lanes != 0 {
        scorer.score(group, lanes)
        groupsScored += 1
        let score = bk_max64(scorer.scores)
        if score > 0 { key = score << 6 | UInt32(63 - bk_find64(scorer.scores, score).trailingZeroBitCount) }
      }
      planes[index].tree.set(group, key, open: open)
    }
  }
}

// MARK: Catching up

extension SlotIndex {
  /// Brings the index up to date; false: it is to be built anew.
  func catchUp() -> Bool {
    guard isUsable else { return false }
    columns.catchUp(cluster)
    guard parts.refresh(cluster) else { return false }
    leaveOldPools()
    guard followCounts() else { return false }
    if cursor < cluster.log.length {
      entriesRead += cluster.log.length - cursor
      cluster.log.visit(from: cursor) { read($0.slot) }
      cursor = cluster.log.length
    }
    return !isBroken
  }

  /// Takes nodes that left their slots or pools out of what they counted in. From then on pools are what they are now.
  private func leaveOldPools() {
    var left: [UInt32: UInt16] = [:]
    cluster.log.visit(from: cursor) { entry in
      // the first of them tells the pool that this index knows of
      if let pool = entry.pool, left[entry.slot] == nil { left[entry.slot] = pool }
    }
    for (slot, pool) in left { leave(slot, pool) }
  }

  /// Whether what it was built on is still there.
  private var isUsable: Bool {
    guard !isBroken, generation == cluster.log.generation, epoch == cluster.constraints.epoch,
      cluster.log.holds(from: cursor), cluster.rows.labelCount <= groupCount,
      cluster.catalog.topology.leaves.count == leafCount
    else { return false }
    // many changes cost more than a look at all nodes
    guard cluster.log.length - cursor <= UInt64(4096 + cluster.nodes.count / 8) else { return false }
    if let constraints = asked.constraints, let locals {
      return locals.isCurrent(constraints, cluster.constraints)
    }
    return true
  }

  /// Reads what changed of the counts that it follows; false if some of it is gone.
  private func followCounts() -> Bool {
    var domains: [(count: Int, value: Int32)] = []
    for count in watched {
      let position = changesRead[count]!
      let end = cluster.constraints.counts[count].position
      if position == end { continue }
      let dropped = cluster.constraints.counts[count].dropped
      guard position >= dropped else { return false }
      changesRead[count] = end
      for index in position - dropped..<end - dropped {
        let value = cluster.constraints.counts[count].changed[index]
        if cluster.constraints.counts[count].isByNode {
          lookAgain(UInt32(bitPattern: value))
        } else {
          domains.append((count, value))
        }
      }
    }
    guard !domains.isEmpty || edges != nil else { return true }
    if let locals, domains.contains(where: { locals.leafCounts.contains($0.count) }) { return false }
    if let edges, let constraints = asked.constraints {
      edges.catchUp(constraints, cluster, changed: domains) { flip($0, opens: $1) }
    }
    return true
  }

  /// A node's own pods have changed.
  private func lookAgain(_ node: UInt32) {
    guard let exceptions, cluster.nodes.isLive(node) else { return }
    let slot = cluster.nodes.slots[Int(node)]
    let (label, bit) = (Int(slot >> 6), UInt64(1) << UInt64(slot & 63))
    if exceptionalLocal(slot) == locals.unsafelyUnwrapped.usual {
      exceptions[label] &= ~bit
    } else {
      exceptions[label] |= bit
    }
    forgetLane(slot)
    read(slot)
  }

  /// A node may have left any plane: where it was the best, somebody is to look.
  private func forgetLane(_ slot: UInt32) {
    let (label, lane) = (Int(slot >> 6), 63 - slot & 63)
    for index in 0..<planeCount {
      let key = planes[index].tree.key(label)
      if key != 0 && key & 63 == lane { planes[index].tree.markStale(label) }
    }
  }

  /// A group begins or ceases to count.
  private func flip(_ group: Int, opens: Bool) {
    let open = open.unsafelyUnwrapped
    for index in 0..<planeCount { planes[index].tree.toggled(group, opens: opens, open: open) }
    guard let fits else { return }
    var rest = fits[group]
    while rest != 0 {
      let lane = rest.trailingZeroBitCount
      rest &= rest - 1
      let part = part(group, lane)
      if part >= 0 { countFit(part, opens ? 1 : -1) }
    }
  }

  private func countFit(_ part: Int, _ change: Int64) {
    while fitCount.count <= part { fitCount.append(0) }
    fitCount[part] += change
  }

  /// Looks at a slot whose node has changed: what counts is what is there now.
  @inline(__always)
  private func read(_ slot: UInt32) {
    let (label, lane) = (Int(slot >> 6), Int(slot & 63))
    let bit: UInt64 = 1 << UInt64(lane)
    let isLive = label < columns.count && columns.groups[label].live & bit != 0
    guard isLive else { return }
    edges?.lookAt(label, cluster) { flip($0, opens: $1) }
    let part = part(label, lane)
    let local = part < 0 ? SlotLocals.out : local(label, lane)
    var score: UInt32 = 0
    if local >= 0 {
      scorer.score(label, bit)
      score = scorer.scores[lane]
    }
    if fits != nil { noteFit(label, bit, part, fits: score > 0) }
    guard local >= 0 else { return }
    let key = score == 0 ? 0 : score << 6 | UInt32(63 - lane)
    if key == 0 && !hasPlane(part, local) { return }
    let index = plane(part, local)
    let old = planes[index].tree.key(label)
    if key > old {
      planes[index].tree.set(label, key, open: open)
    } else if old != 0 && Int(old & 63) == 63 - lane && key != old {
      planes[index].tree.markStale(label)
    }
  }

  private func hasPlane(_ part: Int, _ local: Int) -> Bool {
    local < planeTable.count && part < planeTable[local].count && planeTable[local][part] != 0
  }

  /// A node has left its slot, or is in another pool now.
  private func leave(_ slot: UInt32, _ pool: UInt16) {
    let (label, bit) = (Int(slot >> 6), UInt64(1) << UInt64(slot & 63))
    if let fits, fits[label] & bit != 0 {
      let before = part(pool: Int(pool), slot)
      fits[label] &= ~bit
      if before >= 0 && (edges?.isOpen(label) ?? true) { countFit(before, -1) }
    }
    forgetLane(slot)
    if let exceptions {
      exceptions[label] &= ~bit
      if columns.groups[label].live & bit != 0 && exceptionalLocal(slot) != locals.unsafelyUnwrapped.usual {
        exceptions[label] |= bit
      }
    }
  }

  private func noteFit(_ label: Int, _ bit: UInt64, _ part: Int, fits now: Bool) {
    guard let fits, (fits[label] & bit != 0) != now else { return }
    fits[label] ^= bit
    if part >= 0 && (edges?.isOpen(label) ?? true) { countFit(part, now ? 1 : -1) }
  }
}
