import CBerth

/// What a class's constraints say of single nodes and of leaf domains that no pool knows: whether the node is out, and
/// what its raw scores get from its own domains. Nodes that are as if no pod were there have the usual one.
struct SlotLocals {
  struct Local: Hashable {
    /// Pods on the node, for each soft spread constraint over hostnames.
    var counts: [Int64]
    /// InterPodAffinity's sum over hostnames and leaf domains.
    var preference: Int64
  }
  static let out = -1

  private(set) var locals: [Local] = []
  private var ids: [Local: Int] = [:]
  /// The counts by node and by leaf domain that matter.
  let nodeCounts: [Int]
  let leafCounts: [Int]
  /// Every node is as if it had no pods.
  var isTrivial: Bool { nodeCounts.isEmpty && leafCounts.isEmpty }

  private let hardSpread: [ClassConstraints.HardSpread]
  private let affinity: [ClassConstraints.Keyed]
  private let forbidden: [ClassConstraints.Keyed]
  private let softSpread: [Int]
  private let nodePreferred: [ClassConstraints.Preference]
  private let leafPreferred: [ClassConstraints.Preference]

  init(_ constraints: ClassConstraints, _ state: ConstraintState) {
    func isByNode(_ count: Int) -> Bool { state.counts[count].isByNode }
    func isByLeaf(_ key: Int) -> Bool {
      key != DomainCount.Identity.eachNode && state.topology.keys[key].source == .leaf
    }
    hardSpread = constraints.hardSpread.filter { isByNode($0.count) }
    affinity = constraints.affinity.filter { isByNode($0.count) }
    forbidden = (constraints.ports + constraints.ownAnti + constraints.existingAnti).filter { isByNode($0.count) }
    softSpread = constraints.softSpread.filter { isByNode($0.count) }.map(\.count)
    nodePreferred = constraints.preferred.filter { isByNode($0.count) }
    leafPreferred = constraints.preferred.filter { isByLeaf($0.key) }
    nodeCounts = Set(
      hardSpread.map(\.count) + affinity.map(\.count) + forbidden.map(\.count) + softSpread
        + nodePreferred.map(\.count)
    ).sorted()
    leafCounts = Set(leafPreferred.map(\.count)).sorted()
    isFirst = constraints.isFirst(state)
    minimums = hardSpread.map { ClassConstraints.minimum($0, state.counts[$0.count]) }
    usual = id(Local(counts: softSpread.map { _ in 0 }, preference: 0))
    if !affinity.isEmpty && !isFirst { usual = Self.out }
  }

  /// Of nodes without pods that matter.
  private(set) var usual = 0
  /// What the answers for all nodes stand on; when that changes, they are void.
  private let isFirst: Bool
  private let minimums: [Int64]

  func isCurrent(_ constraints: ClassConstraints, _ state: ConstraintState) -> Bool {
    if !affinity.isEmpty && isFirst != constraints.isFirst(state) { return false }
    for index in hardSpread.indices
    where minimums[index] != ClassConstraints.minimum(hardSpread[index], state.counts[hardSpread[index].count]) {
      return false
    }
    return true
  }

  private mutating func id(_ local: Local) -> Int {
    if let id = ids[local] { return id }
    ids[local] = locals.count
    locals.append(local)
    return locals.count - 1
  }

  /// A node's, `out` if it is not to be had.
  mutating func local(node: UInt32, leaf: UInt32, _ state: ConstraintState) -> Int {
    for keyed in forbidden where state.counts[keyed.count].byNode[node] > 0 { return Self.out }
    if !isFirst { for keyed in affinity where state.counts[keyed.count].byNode[node] == 0 { return Self.out } }
    for index in hardSpread.indices {
      let spread = hardSpread[index]
      if state.counts[spread.count].byNode[node] + spread.selfMatch - minimums[index] > spread.maxSkew {
        return Self.out
      }
    }
    var preference: Int64 = 0
    for term in nodePreferred { preference += term.weight * state.counts[term.count].byNode[node] }
    for term in leafPreferred {
      let value = state.topology.leafValue(term.key, leaf)
      if value != TopologyKeys.none { preference += term.weight * state.counts[term.count][value] }
    }
    if softSpread.count == 1 && preference == 0 {
      let count = state.counts[softSpread[0]].byNode[node]
      if Int(count) < plain.count && plain[Int(count)] >= 0 { return plain[Int(count)] }
      let new = id(Local(counts: [count], preference: 0))
      while plain.count <= Int(count) { plain.append(-1) }
      plain[Int(count)] = new
      return new
    }
    return id(Local(counts: softSpread.map { state.counts[$0].byNode[node] }, preference: preference))
  }

  /// By count, where one soft spread constraint is all there is.
  private var plain: [Int] = []
}

extension TopologyKeys {
  @inline(__always)
  func leafValue(_ key: Int, _ leaf: UInt32) -> Int32 { keys[key].values[Int(leaf)] }
}
