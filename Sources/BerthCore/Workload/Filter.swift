import CBerth

/// A placeability evaluated over the pools: which are allowed, and with which raw values of the two scores that are
/// normalised over the feasible nodes. Pools of equal raw values form a group; within a group these scores are one
/// constant, so the best node of a group is the state tree's answer, and the groups are compared afterwards.
final class Filter {
  struct Group {
    var affinity: Int64
    var taints: Int64
    var raw: SoftScale.Raw { SoftScale.Raw(affinity: affinity, taints: taints) }
    var words: UnsafeMutablePointer<UInt64>
    var hashed: UInt64 = 0
    var members = 0
    /// Hashed pools that are not members.
    var others: UInt64 = 0
  }

  let placeability: Placeability
  /// Depends on names or deep levels: nodes must be looked at one by one.
  private(set) var needsRows = false
  private(set) var groups: [Group] = []
  /// All allowed pools.
  private(set) var all: Group
  private var seen = 0
  private var seenReused = 0
  private var epoch: UInt64 = 0
  private var words = 0

  init(_ placeability: Placeability) {
    self.placeability = placeability
    all = Group(affinity: 0, taints: 0, words: .allocate(capacity: 1))
    all.words.initialize(to: 0)
    words = 1
  }

  init(copying other: Filter) {
    placeability = other.placeability
    needsRows = other.needsRows
    groups = other.groups
    all = other.all
    seen = other.seen
    seenReused = other.seenReused
    epoch = other.epoch
    words = other.words
    func copy(_ old: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
      let fresh = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
      fresh.initialize(from: old, count: words)
      return fresh
    }
    all.words = copy(all.words)
    for index in groups.indices { groups[index].words = copy(groups[index].words) }
  }

  deinit {
    for group in groups { group.words.deallocate() }
    all.words.deallocate()
  }

  var bytes: Int { (groups.count + 1) * words * 8 + 256 }

  /// Whether no pool has come or changed since it was extended last.
  @inline(__always)
  func isCurrent(_ catalog: NodeCatalog) -> Bool {
    seen == catalog.pools.count && seenReused == catalog.pools.reused.count && epoch == catalog.pools.epoch
  }

  /// Evaluates pools that came since the last call. Engines of a family share filters: only for one that no other has.
  func extend(_ catalog: NodeCatalog) {
    if epoch != catalog.pools.epoch {
      epoch = catalog.pools.epoch
      for group in groups { group.words.deallocate() }
      groups = []
      all.words.update(repeating: 0, count: words)
      (all.hashed, all.members, all.others) = (0, 0, 0)
      seen = 0
      seenReused = catalog.pools.reused.count
    }
    needsRows = placeability.allRequirements.contains { catalog.isPerNode($0) }
    grow(to: (catalog.pools.count + 63) / 64)
    if needsRows {
      seen = catalog.pools.count
      seenReused = catalog.pools.reused.count
      return
    }
    for pool in catalog.pools.reused[seenReused...] where Int(pool) < seen {
      forget(Int(pool))
      add(Int(pool), catalog)
    }
    seenReused = catalog.pools.reused.count
    for pool in seen..<catalog.pools.count { add(pool, catalog) }
    seen = catalog.pools.count
  }

  private func grow(to wanted: Int) {
    guard wanted > words else { return }
    let size = max(wanted, words * 2)
    func larger(_ old: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
      let fresh = UnsafeMutablePointer<UInt64>.allocate(capacity: size)
      fresh.initialize(repeating: 0, count: size)
      fresh.update(from: old, count: words)
      old.deallocate()
      return fresh
    }
    all.words = larger(all.words)
    for index in groups.indices { groups[index].words = larger(groups[index].words) }
    words = size
  }

  /// Takes out a pool whose id gets another meaning; hashed bits may stay, they are supersets.
  private func forget(_ pool: Int) {
    let bit: UInt64 = 1 << UInt64(pool & 63)
    func leave(_ group: inout Group) {
      guard group.words[pool >> 6] & bit != 0 else { return }
      group.words[pool >> 6] &= ~bit
      group.members -= 1
      group.others |= bit
    }
    leave(&all)
    for index in groups.indices { leave(&groups[index]) }
  }

  private func add(_ pool: Int, _ catalog: NodeCatalog) {
    let bit: UInt64 = 1 << UInt64(pool & 63)
    let value = { (requirement: Requirement) in catalog.poolValue(pool, requirement) }
    var member = -1
    if catalog.refusal(placeability, pool: pool, value) == nil {
      let taints = catalog.taints(pool: pool)
      let affinity = placeability.preference(value)
      let intolerable = placeability.intolerable(taints)
      member = groups.firstIndex { $0.affinity == affinity && $0.taints == intolerable } ?? -1
      if member < 0 {
        member = groups.count
        let fresh = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
        fresh.initialize(repeating: 0, count: words)
        // pools seen before are outside of the new group
        groups.append(
          Group(affinity: affinity, taints: intolerable, words: fresh, others: Self.hashedPools(max(pool, seen))))
      }
      groups[member].words[pool >> 6] |= bit
      groups[member].hashed |= bit
      groups[member].members += 1
      all.words[pool >> 6] |= bit
      all.hashed |= bit
      all.members += 1
    } else {
      all.others |= bit
    }
    for index in groups.indices where index != member { groups[index].others |= bit }
  }

  /// The hashed bits of pools 0..<count.
  private static func hashedPools(_ count: Int) -> UInt64 { count >= 64 ? .max : (1 << UInt64(count)) - 1 }

  func mask(_ group: Group, _ catalog: NodeCatalog) -> PoolMask {
    PoolMask(
      words: UnsafePointer(group.words), hashed: group.hashed, certain: group.hashed & ~group.others,
      allowsAll: group.members == catalog.pools.count)
  }
}
