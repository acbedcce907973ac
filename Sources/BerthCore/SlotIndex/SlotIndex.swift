import CBerth
import CKernels

/// A class's own index in topology order: for every plane, which is the nodes that share all that is normalised and all
/// that other pods say of them one by one, a max tree over groups of 64 slots. Where whole domains decide, parts and
/// edges are looked up when a pod is placed. See docs/architecture.md, "Slot indexes".
///
/// What a query reads is in plain memory: arrays would count references for every pod.
final class SlotIndex {
  struct Plane {
    var tree: MaxTree
    let part: Int
    let local: Int
    /// Where single scores are dear.
    var kept: KeptScores?
  }
  /// A count that is followed, and how far its changes were read.
  struct Watch {
    let count: Int
    let isByNode: Bool
    var position: Int
  }

  /// With more planes a look at every node is as good.
  private static let mostPlanes = 4096

  let cluster: Cluster
  let constraints: ConstraintState
  let columns: SlotColumns
  let scorer: SlotScorer
  private let memory: SlotMemory
  let asked: AskedClass
  let parts: SlotParts
  let locals: SlotLocals?
  let edges: SlotEdges?
  let domains: SlotDomains
  private(set) var planes: UnsafeMutablePointer<Plane>
  private(set) var planeCount = 0
  private var planeCapacity = 4
  /// [local][part], `partCapacity` to a row: the plane and one more; 0: none yet.
  private var planeTable: UnsafeMutablePointer<UInt32>
  private var localCapacity = 4
  private var partCapacity = 8
  /// By group: nodes whose local is not the usual one.
  let exceptions: UnsafeMutablePointer<UInt64>?
  /// By group: nodes that fit, where their number matters; and by part how many of them are in open groups.
  let fits: UnsafeMutablePointer<UInt64>?
  var fitCount: [Int64] = []
  var watches: [Watch] = []
  let groupCount: Int
  let leafCount: Int
  let topologyVersion: Int
  let generation: UInt64
  let epoch: UInt64
  var cursor: UInt64
  var lastUse: UInt64 = 0
  /// Of what the class asks, see `AskedTable`.
  var version: UInt64 = 0
  var groupsScored: UInt64 = 0
  var entriesRead: UInt64 = 0
  /// Too many parts: only a new index helps, if any.
  var isBroken = false

  @inline(__always) var open: UnsafePointer<UInt64>? { edges.map { UnsafePointer($0.open) } }

  /// nil: this class cannot have one.
  init?(
    _ asked: AskedClass, _ scorer: SlotScorer, _ columns: SlotColumns, _ cluster: Cluster, in memory: SlotMemory
  ) {
    self.memory = memory
    self.asked = asked
    self.scorer = scorer
    self.columns = columns
    self.cluster = cluster
    constraints = cluster.constraints
    constraints.refreshPlaces(cluster.catalog)
    generation = cluster.log.generation
    epoch = constraints.epoch
    cursor = cluster.log.length
    let groups = cluster.rows.labelCount
    groupCount = groups
    leafCount = cluster.catalog.topology.leaves.count
    topologyVersion = cluster.catalog.topology.version
    let own = asked.constraints
    let topology = constraints.topology
    let keys = (own?.allKeys ?? []).filter { $0 != DomainCount.Identity.eachNode }
    let sources = keys.map { topology.keys[$0].source }
    parts = SlotParts(
      keys: zip(keys, sources).filter { $0.1 == .pool }.map(\.0), usesHostname: sources.contains(.node),
      filter: asked.filter, imageScores: asked.imageScores, in: memory)
    let wanted = own.map { SlotLocals($0, cluster.constraints) }
    locals = wanted.flatMap { $0.isTrivial ? nil : $0 }
    edges = own.flatMap { SlotEdges($0, cluster.constraints, groups: groups) }
    domains = SlotDomains(own, parts, constraints)
    planes = .allocate(capacity: planeCapacity)
    planeTable = .allocate(capacity: localCapacity * partCapacity)
    planeTable.initialize(repeating: 0, count: localCapacity * partCapacity)
    func words(_ wanted: Bool) -> UnsafeMutablePointer<UInt64>? {
      guard wanted else { return nil }
      let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, groups))
      words.initialize(repeating: 0, count: max(1, groups))
      return words
    }
    exceptions = words(locals != nil)
    fits = words(own?.softSpread.contains { $0.isHostname } ?? false)
    // what scores over leaf domains are scaled by would have to be counted rack by rack
    let isScaledByLeaves =
      own?.softSpread.contains { !$0.isHostname && topology.keys[$0.key].source == .leaf } ?? false
    if sources.contains(.hostname) || isScaledByLeaves || !parts.refresh(cluster) { return nil }
    for count in (locals.map { $0.nodeCounts + $0.leafCounts } ?? []) + (edges?.counts ?? []) {
      constraints.watch(count)
      let watched = constraints.counts[count]
      watches.append(Watch(count: count, isByNode: watched.isByNode, position: watched.position))
    }
    if let own { edges?.fill(own, cluster) }
    markExceptions()
    build()
    if isBroken { return nil }
  }

  deinit {
    for index in 0..<planeCount {
      planes[index].tree.free()
      planes[index].kept?.free()
    }
    planes.deallocate()
    planeTable.deallocate()
    exceptions?.deallocate()
    fits?.deallocate()
  }

  var bytes: Int {
    var sum = groupCount * ((exceptions == nil ? 0 : 8) + (fits == nil ? 0 : 8)) + 1024 + (edges?.bytes ?? 0)
    sum += localCapacity * partCapacity * 4 + cluster.catalog.pools.count * 2 + parts.parts.count * 128
    for index in 0..<planeCount { sum += planes[index].tree.bytes + (planes[index].kept?.bytes ?? 0) }
    return sum
  }

  // MARK: Building

  private func markExceptions() {
    guard let exceptions, let locals else { return }
    for count in locals.nodeCounts {
      constraints.counts[count].byNode.visit { node, _ in
        let slot = cluster.nodes.slots[Int(node)]
        if cluster.nodes.isLive(node) { exceptions[Int(slot >> 6)] |= 1 << UInt64(slot & 63) }
      }
    }
    guard !locals.leafCounts.isEmpty else { return }
    for group in 0..<groupCount { exceptions[group] = .max }
  }

  private func build() {
    var best: [(plane: Int, key: UInt32)] = []
    for label in 0..<min(groupCount, columns.count) {
      let live = columns.groups[label].live
      guard live != 0 else { continue }
      scorer.score(label, live)
      groupsScored += 1
      if columns.groups[label].isUniform && !parts.hasImages && (exceptions?[label] ?? 0) == 0 {
        fillUniform(label, live)
        continue
      }
      best.removeAll(keepingCapacity: true)
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
        planes[plane].kept?.set(label, lane, scorer.scores[lane])
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

  /// A group of one part, none of whose nodes is an exception.
  private func fillUniform(_ label: Int, _ live: UInt64) {
    let part = part(label, live.trailingZeroBitCount)
    let local = locals?.usual ?? 0
    guard part >= 0, local >= 0 else { return }
    let score = bk_max64(scorer.scores)
    guard score > 0 else { return }
    if fits != nil { noteFits(label, part, bk_nonzero64(scorer.scores)) }
    let lane = bk_find64(scorer.scores, score).trailingZeroBitCount
    let index = plane(part, local)
    planes[index].kept?.keep(scorer.scores, of: label, live: live)
    planes[index].tree.fill(label, score << 6 | UInt32(63 - lane))
  }

  private func noteFits(_ label: Int, _ part: Int, _ lanes: UInt64) {
    fits.unsafelyUnwrapped[label] |= lanes
    if edges?.isOpen(label) ?? true { countFits(part, Int64(lanes.nonzeroBitCount)) }
  }

  func countFits(_ part: Int, _ change: Int64) {
    while fitCount.count <= part { fitCount.append(0) }
    fitCount[part] += change
  }

  // MARK: Nodes

  /// A node's part; -1: the class may not go there.
  @inline(__always)
  func part(_ label: Int, _ lane: Int) -> Int {
    let pools = columns.groups[label].block.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
    return part(pool: Int(pools[lane]), UInt32(label) << 6 | UInt32(lane))
  }

  @inline(__always)
  func part(pool: Int, _ slot: UInt32) -> Int {
    let part = parts.hasImages ? imagePart(pool: pool, slot) : parts.byPool[pool]
    return part == SlotParts.none ? -1 : Int(part)
  }

  private func imagePart(pool: Int, _ slot: UInt32) -> UInt16 {
    let set = cluster.catalog.images.set(of: cluster.rows.row(slot).node)
    if let part = parts.part(pool: pool, set: set, cluster) { return part }
    isBroken = true
    return SlotParts.none
  }

  /// A node's local; negative: out.
  @inline(__always)
  func local(_ label: Int, _ lane: Int) -> Int {
    guard let exceptions else { return 0 }
    if exceptions[label] >> UInt64(lane) & 1 == 0 { return locals.unsafelyUnwrapped.usual }
    return exceptionalLocal(UInt32(label) << 6 | UInt32(lane))
  }

  func exceptionalLocal(_ slot: UInt32) -> Int {
    locals.unsafelyUnwrapped.local(
      node: cluster.rows.row(slot).node, leaf: cluster.rows.domain(of: slot), constraints)
  }

  /// The plane of a part and local, if there is one; -1.
  @inline(__always)
  func existingPlane(_ part: Int, _ local: Int) -> Int {
    local < localCapacity && part < partCapacity ? Int(planeTable[local * partCapacity + part]) - 1 : -1
  }

  @inline(__always)
  func plane(_ part: Int, _ local: Int) -> Int {
    let existing = existingPlane(part, local)
    return existing >= 0 ? existing : makePlane(part, local)
  }

  @inline(never)
  private func makePlane(_ part: Int, _ local: Int) -> Int {
    if planeCount >= Self.mostPlanes { isBroken = true }
    if local >= localCapacity || part >= partCapacity {
      growTable(max(local + 1, localCapacity), max(part + 1, partCapacity))
    }
    if planeCount == planeCapacity {
      let larger = UnsafeMutablePointer<Plane>.allocate(capacity: planeCapacity * 2)
      larger.moveInitialize(from: planes, count: planeCount)
      planes.deallocate()
      planes = larger
      planeCapacity *= 2
    }
    (planes + planeCount).initialize(
      to: Plane(
        tree: MaxTree(groups: groupCount, in: memory), part: part, local: local,
        kept: scorer.isDear ? KeptScores(groups: groupCount, in: memory) : nil))
    planeCount += 1
    planeTable[local * partCapacity + part] = UInt32(planeCount)
    return planeCount - 1
  }

  private func growTable(_ locals: Int, _ parts: Int) {
    let (localsNow, partsNow) = (locals + locals / 2, parts + parts / 2)
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: localsNow * partsNow)
    larger.initialize(repeating: 0, count: localsNow * partsNow)
    for local in 0..<localCapacity {
      (larger + local * partsNow).update(from: planeTable + local * partCapacity, count: partCapacity)
    }
    planeTable.deallocate()
    (planeTable, localCapacity, partCapacity) = (larger, localsNow, partsNow)
  }

  /// The nodes of a group that are in a plane.
  func lanes(_ label: Int, part: Int, local: Int) -> UInt64 {
    let group = columns.groups[label]
    var lanes = group.live
    if group.isUniform && !parts.hasImages {
      if lanes == 0 || self.part(label, lanes.trailingZeroBitCount) != part { return 0 }
    } else {
      var rest = lanes
      while rest != 0 {
        let lane = rest.trailingZeroBitCount
        rest &= rest - 1
        if self.part(label, lane) != part { lanes &= ~(1 << UInt64(lane)) }
      }
    }
    guard let exceptions else { return lanes }
    var rest = lanes & exceptions[label]
    if locals.unsafelyUnwrapped.usual != local { lanes = 0 } else { lanes &= ~exceptions[label] }
    while rest != 0 {
      let lane = rest.trailingZeroBitCount
      rest &= rest - 1
      if exceptionalLocal(UInt32(label) << 6 | UInt32(lane)) == local { lanes |= 1 << UInt64(lane) }
    }
    return lanes
  }

  /// Makes sure that the best node of a plane is what its tree says.
  @inline(__always)
  func settle(_ index: Int) {
    while planes[index].tree.root > 0 {
      let group = planes[index].tree.first(open: open)
      if !planes[index].tree.isStale(group) { return }
      rescore(group, index)
    }
  }

  @inline(never)
  private func rescore(_ group: Int, _ index: Int) {
    let lanes = lanes(group, part: planes[index].part, local: planes[index].local)
    var key: UInt32 = 0
    if lanes != 0 {
      scorer.score(group, lanes)
      groupsScored += 1
      let score = bk_max64(scorer.scores)
      if score > 0 { key = score << 6 | UInt32(63 - bk_find64(scorer.scores, score).trailingZeroBitCount) }
      planes[index].kept?.keep(scorer.scores, of: group, live: lanes)
    }
    planes[index].tree.set(group, key, open: open)
  }
}
