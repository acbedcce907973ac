import CBerth

/// Filters over leaf domains that no pool knows (racks): a bit for each group of slots, applied where the max trees take
/// the largest of 64 groups, so that closing a rack touches no node.
final class SlotEdges {
  private let hardSpread: [ClassConstraints.HardSpread]
  private let affinity: [ClassConstraints.Keyed]
  private let forbidden: [ClassConstraints.Keyed]
  let counts: [Int]
  /// By page of 64 groups.
  private(set) var open: UnsafeMutablePointer<UInt64>
  private let pageCount: Int
  private var minimums: [Int64] = []
  private var isFirst = false
  private let leaves: LeavesByValue

  /// nil: the class has no such filter.
  init?(_ constraints: ClassConstraints, _ state: ConstraintState, groups: Int) {
    func isByLeaf(_ key: Int) -> Bool {
      key != DomainCount.Identity.eachNode && state.topology.keys[key].source == .leaf
    }
    hardSpread = constraints.hardSpread.filter { isByLeaf($0.key) }
    affinity = constraints.affinity.filter { isByLeaf($0.key) }
    forbidden = (constraints.ownAnti + constraints.existingAnti).filter { isByLeaf($0.key) }
    counts = Set(hardSpread.map(\.count) + affinity.map(\.count) + forbidden.map(\.count)).sorted()
    guard !counts.isEmpty else { return nil }
    pageCount = max(1, (groups + 63) / 64)
    open = .allocate(capacity: pageCount)
    open.initialize(repeating: 0, count: pageCount)
    leaves = LeavesByValue(
      keys: Set(hardSpread.map(\.key) + affinity.map(\.key) + forbidden.map(\.key)), state.topology)
  }

  deinit { open.deallocate() }

  var bytes: Int { pageCount * 8 + leaves.bytes }

  @inline(__always)
  func isOpen(_ group: Int) -> Bool { open[group >> 6] >> UInt64(group & 63) & 1 != 0 }

  /// What the answers for all leaf domains stand on.
  private func ground(_ constraints: ClassConstraints, _ state: ConstraintState) -> (Bool, [Int64]) {
    (
      !affinity.isEmpty && constraints.isFirst(state),
      hardSpread.map { ClassConstraints.minimum($0, state.counts[$0.count]) }
    )
  }

  private func admits(_ leaf: UInt32, _ state: ConstraintState) -> Bool {
    for index in hardSpread.indices {
      let spread = hardSpread[index]
      let value = state.topology.leafValue(spread.key, leaf)
      if value == TopologyKeys.none { return false }
      if state.counts[spread.count][value] + spread.selfMatch - minimums[index] > spread.maxSkew { return false }
    }
    for keyed in affinity {
      let value = state.topology.leafValue(keyed.key, leaf)
      if value == TopologyKeys.none || (!isFirst && state.counts[keyed.count][value] == 0) { return false }
    }
    for keyed in forbidden {
      let value = state.topology.leafValue(keyed.key, leaf)
      if value != TopologyKeys.none && state.counts[keyed.count][value] > 0 { return false }
    }
    return true
  }

  /// Looks at all leaf domains.
  func fill(_ constraints: ClassConstraints, _ cluster: Cluster) {
    (isFirst, minimums) = ground(constraints, cluster.constraints)
    open.update(repeating: 0, count: pageCount)
    for leaf in 0..<cluster.rows.ranges.count where admits(UInt32(leaf), cluster.constraints) {
      let range = cluster.rows.ranges[leaf]
      for group in Int(range.first)..<Int(range.first + range.used) { open[group >> 6] |= 1 << UInt64(group & 63) }
    }
  }

  /// Brings the bits up to date; `flip` is told of every group that changed, after its bit has.
  func catchUp(
    _ constraints: ClassConstraints, _ cluster: Cluster, changed: [(count: Int, value: Int32)],
    flip: (_ group: Int, _ opens: Bool) -> Void
  ) {
    let now = ground(constraints, cluster.constraints)
    if now != (isFirst, minimums) {
      (isFirst, minimums) = now
      for leaf in 0..<cluster.rows.ranges.count { look(UInt32(leaf), cluster, flip) }
      return
    }
    for (count, value) in changed {
      let key = cluster.constraints.counts[count].identity.key
      for leaf in leaves.leaves(key, value) { look(leaf, cluster, flip) }
    }
  }

  /// A group that may be a new one of its leaf domain.
  @inline(__always)
  func lookAt(_ group: Int, _ cluster: Cluster, _ flip: (Int, Bool) -> Void) {
    if !isOpen(group) && admits(cluster.rows.domain(of: UInt32(group) << 6), cluster.constraints) {
      open[group >> 6] ^= 1 << UInt64(group & 63)
      flip(group, true)
    }
  }

  private func look(_ leaf: UInt32, _ cluster: Cluster, _ flip: (Int, Bool) -> Void) {
    let admitted = admits(leaf, cluster.constraints)
    let range = cluster.rows.ranges[Int(leaf)]
    for group in Int(range.first)..<Int(range.first + range.used) where isOpen(group) != admitted {
      open[group >> 6] ^= 1 << UInt64(group & 63)
      flip(group, admitted)
    }
  }
}
