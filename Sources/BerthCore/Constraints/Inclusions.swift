import CBerth

/// Which nodes topology spread looks at: nodeAffinityPolicy, nodeTaintsPolicy, and the topology keys that must be there.
struct Inclusion: Hashable {
  /// nodeSelector and required node affinity, where they are honoured.
  var nodeSelector: [Requirement] = []
  var required: [SelectorTerm] = []
  /// nil: taints are ignored.
  var tolerations: [Toleration]?
  /// Sorted.
  var keys: [Int] = []

  private var placeability: Placeability {
    Placeability(nodeSelector: nodeSelector, required: required, preferred: [], tolerations: tolerations ?? [])
  }

  init() {}

  init(_ placeability: Placeability, honorsAffinity: Bool, honorsTaints: Bool, keys: [Int]) {
    if honorsAffinity { (nodeSelector, required) = (placeability.nodeSelector, placeability.required) }
    if honorsTaints { tolerations = placeability.tolerations }
    self.keys = Set(keys).sorted()
  }

  /// Nodes of one pool may differ.
  func isPerNode(_ catalog: NodeCatalog, _ topology: TopologyKeys) -> Bool {
    placeability.allRequirements.contains { catalog.isPerNode($0) }
      || keys.contains { topology.keys[$0].source == .leaf || topology.keys[$0].source == .hostname }
  }

  fileprivate func admits(_ taints: [Taint], _ value: (Requirement) -> Name?) -> Bool {
    let wanted = placeability
    return (tolerations == nil || wanted.toleratesHard(taints)) && wanted.admits(value)
  }
}

/// Interned inclusions, and what is known of each by pool.
struct Inclusions {
  private struct Entry {
    let inclusion: Inclusion
    let isPerNode: Bool
    /// By pool, where pools decide.
    var answers: [Bool] = []
  }
  private var entries: [Entry] = []
  private var ids: [Inclusion: Int] = [:]
  private var pools = PoolWatch()

  mutating func intern(_ inclusion: Inclusion, _ catalog: NodeCatalog, _ topology: inout TopologyKeys) -> Int {
    if let id = ids[inclusion] { return id }
    ids[inclusion] = entries.count
    entries.append(Entry(inclusion: inclusion, isPerNode: inclusion.isPerNode(catalog, topology)))
    extend(entries.count - 1, catalog, &topology)
    return entries.count - 1
  }

  mutating func refresh(_ catalog: NodeCatalog, _ topology: inout TopologyKeys) {
    guard !entries.isEmpty, !pools.isCurrent(catalog) else { return }
    for pool in pools.catchUp(catalog) {
      for id in entries.indices where pool < entries[id].answers.count {
        entries[id].answers[pool] = answer(id, pool: pool, catalog, &topology)
      }
    }
    for id in entries.indices {
      // pools that were taken back: their ids mean others when they come again
      let surplus = entries[id].answers.count - catalog.pools.count
      if surplus > 0 { entries[id].answers.removeLast(surplus) }
      extend(id, catalog, &topology)
    }
  }

  private mutating func extend(_ id: Int, _ catalog: NodeCatalog, _ topology: inout TopologyKeys) {
    guard !entries[id].isPerNode else { return }
    while entries[id].answers.count < catalog.pools.count {
      entries[id].answers.append(answer(id, pool: entries[id].answers.count, catalog, &topology))
    }
  }

  private func answer(_ id: Int, pool: Int, _ catalog: NodeCatalog, _ topology: inout TopologyKeys) -> Bool {
    let inclusion = entries[id].inclusion
    guard !entries[id].isPerNode else { return false }
    return inclusion.keys.allSatisfy { topology.value($0, pool: pool, leaf: 0, node: 0, catalog) != TopologyKeys.none }
      && inclusion.admits(catalog.taints(pool: pool)) { catalog.poolValue(pool, $0) }
  }

  /// Whether a node is looked at. `refresh` came before.
  @inline(__always)
  func includes(
    _ id: Int, pool: Int, leaf: UInt32, node: UInt32, _ catalog: NodeCatalog, _ topology: inout TopologyKeys
  ) -> Bool {
    if !entries[id].isPerNode { return entries[id].answers[pool] }
    return entries[id].inclusion.keys.allSatisfy {
      topology.value($0, pool: pool, leaf: leaf, node: node, catalog) != TopologyKeys.none
    }
      && entries[id].inclusion.admits(catalog.taints(pool: pool)) {
        catalog.nodeValue(pool: pool, leaf: leaf, node: node, $0)
      }
  }
}
