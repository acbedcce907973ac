import CBerth

/// What a class's constraints say of single nodes and of leaf domains that no pool knows: whether the node is out, and
/// what its raw scores get from its own domains. Nodes that are as if no pod were there have the usual one.
final class SlotLocals {
  struct Local: Hashable {
    /// Pods on the node, for each soft spread constraint over hostnames.
    var counts: [Int64]
    /// InterPodAffinity's sum over hostnames and leaf domains.
    var preference: Int64
  }
  static let out = -1

  private var locals: [Local] = []
  private var ids: [Local: Int] = [:]
  /// By count, where one soft spread constraint is all there is.
  private var plain: [Int] = []
  /// The counts by node and by leaf domain that matter.
  let nodeCounts: [Int]
  let leafCounts: [Int]
  let leaves: LeavesByValue
  /// Of nodes without pods that matter.
  private(set) var usual = 0
  /// Every node is as if it had no pods.
  var isTrivial: Bool { nodeCounts.isEmpty && leafCounts.isEmpty }

  private let own: ClassConstraints
  // In plain memory: they are looked at node by node.
  private let hardSpread: UnsafeMutableBufferPointer<ClassConstraints.HardSpread>
  private let minimums: UnsafeMutablePointer<Int64>
  private let affinity: UnsafeMutableBufferPointer<Int>
  private let forbidden: UnsafeMutableBufferPointer<Int>
  private let softSpread: UnsafeMutableBufferPointer<Int>
  private let nodePreferred: UnsafeMutableBufferPointer<ClassConstraints.Preference>
  private let leafPreferred: UnsafeMutableBufferPointer<ClassConstraints.Preference>
  private let isFirst: Bool

  init(_ own: ClassConstraints, _ state: ConstraintState) {
    self.own = own
    func isByNode(_ count: Int) -> Bool { state.counts[count].isByNode }
    func isByLeaf(_ key: Int) -> Bool {
      key != DomainCount.Identity.eachNode && state.topology.keys[key].source == .leaf
    }
    func copy<Value>(_ list: [Value]) -> UnsafeMutableBufferPointer<Value> {
      let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: list.count)
      _ = buffer.initialize(from: list)
      return buffer
    }
    hardSpread = copy(own.hardSpread.filter { isByNode($0.count) })
    affinity = copy(own.affinity.map(\.count).filter(isByNode))
    forbidden = copy((own.ports + own.ownAnti + own.existingAnti).map(\.count).filter(isByNode))
    softSpread = copy(own.softSpread.map(\.count).filter(isByNode))
    nodePreferred = copy(own.preferred.filter { isByNode($0.count) })
    leafPreferred = copy(own.preferred.filter { isByLeaf($0.key) })
    nodeCounts = Set(
      hardSpread.map(\.count) + Array(affinity) + Array(forbidden) + Array(softSpread) + nodePreferred.map(\.count)
    ).sorted()
    leafCounts = Set(leafPreferred.map(\.count)).sorted()
    leaves = LeavesByValue(keys: Set(leafPreferred.map(\.key)), state.topology)
    isFirst = own.isFirst(state)
    minimums = .allocate(capacity: max(1, hardSpread.count))
    for (index, spread) in hardSpread.enumerated() {
      (minimums + index).initialize(to: ClassConstraints.minimum(spread, state.counts[spread.count]))
    }
    usual = id(Local(counts: softSpread.map { _ in 0 }, preference: 0))
    if !affinity.isEmpty && !isFirst { usual = Self.out }
  }

  deinit {
    hardSpread.deallocate()
    minimums.deallocate()
    affinity.deallocate()
    forbidden.deallocate()
    softSpread.deallocate()
    nodePreferred.deallocate()
    leafPreferred.deallocate()
  }

  /// Whether the answers for all nodes stand on what they stood on.
  func isCurrent(_ state: ConstraintState) -> Bool {
    if !affinity.isEmpty && isFirst != own.isFirst(state) { return false }
    for index in hardSpread.indices
    where minimums[index] != ClassConstraints.minimum(hardSpread[index], state.counts[hardSpread[index].count]) {
      return false
    }
    return true
  }

  @inline(__always)
  func preference(_ local: Int) -> Int64 { locals[local].preference }

  @inline(__always)
  func count(_ local: Int, _ constraint: Int) -> Int64 { locals[local].counts[constraint] }

  private func id(_ local: Local) -> Int {
    if let id = ids[local] { return id }
    ids[local] = locals.count
    locals.append(local)
    return locals.count - 1
  }

  /// A node's, `out` if it is not to be had.
  func local(node: UInt32, leaf: UInt32, _ state: ConstraintState) -> Int {
    let counts = state.counts
    for count in forbidden where counts[count].byNode[node] > 0 { return Self.out }
    if !isFirst { for count in affinity where counts[count].byNode[node] == 0 { return Self.out } }
    for index in hardSpread.indices {
      let spread = hardSpread[index]
      if counts[spread.count].byNode[node] + spread.selfMatch - minimums[index] > spread.maxSkew { return Self.out }
    }
    if softSpread.isEmpty && nodePreferred.isEmpty && leafPreferred.isEmpty { return 0 }
    var preference: Int64 = 0
    for term in nodePreferred { preference += term.weight * counts[term.count].byNode[node] }
    for term in leafPreferred {
      let value = state.topology.leafValue(term.key, leaf)
      if value != TopologyKeys.none { preference += term.weight * counts[term.count][value] }
    }
    if softSpread.count == 1 && preference == 0 {
      let count = counts[softSpread[0]].byNode[node]
      if Int(count) < plain.count && plain[Int(count)] >= 0 { return plain[Int(count)] }
      let new = id(Local(counts: [count], preference: 0))
      while plain.count <= Int(count) { plain.append(-1) }
      plain[Int(count)] = new
      return new
    }
    return id(Local(counts: softSpread.map { counts[$0].byNode[node] }, preference: preference))
  }
}

extension TopologyKeys {
  @inline(__always)
  func leafValue(_ key: Int, _ leaf: UInt32) -> Int32 { keys[key].values[Int(leaf)] }
}
