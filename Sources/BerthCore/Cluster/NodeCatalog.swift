import BerthMemory
import CBerth

/// What is known of nodes besides quantities: labels, taints, images, pools, domains, names.
///
/// A class, since it is handed around a lot: a copy of it would count references to all its tables.
final class NodeCatalog {
  var topology: Topology
  var labels = LabelSets()
  var taintSets = TaintSets()
  var images: Images
  var pools = PoolTable()
  var names: NameTable
  private let levels: [Name: Int]

  init(levelKeys: [Name], arena: Arena) {
    topology = Topology(levelKeys: levelKeys)
    names = NameTable(in: arena)
    images = Images(in: arena)
    var levels: [Name: Int] = [:]
    for (index, key) in levelKeys.enumerated() { levels[key] = index + 1 }
    self.levels = levels
  }

  init(forking other: NodeCatalog) {
    topology = other.topology
    labels = other.labels
    taintSets = other.taintSets
    images = other.images.fork()
    pools = other.pools
    names = other.names.fork()
    levels = other.levels
  }

  func isLevelKey(_ key: Name) -> Bool { levels[key] != nil }

  /// Whether pools tell which nodes are in a domain.
  @inline(__always)
  func isPooled(_ domain: UInt32) -> Bool {
    domain == UInt32(BERTH_ROOT_DOMAIN) || topology.domains[Int(domain)].level <= PoolTable.pooledLevels
  }

  /// Whether nodes of one pool may differ in what a requirement sees.
  func isPerNode(_ requirement: Requirement) -> Bool {
    if requirement.isField || requirement.key == Label.hostname { return true }
    return (levels[requirement.key] ?? 0) > PoolTable.pooledLevels
  }

  func taints(pool: Int) -> [Taint] { taintSets.sets[Int(pools.pools[pool].taints)] }

  /// A domain's ancestor's name on a level; nil where there is none, or where it says that the label lacks.
  private func domainName(_ domain: UInt32, level: Int) -> Name? {
    var id = domain
    while topology.domains[Int(id)].level > level { id = topology.domains[Int(id)].parent }
    let ancestor = topology.domains[Int(id)]
    return ancestor.level == level && !ancestor.name.isEmpty ? ancestor.name : nil
  }

  /// The value of a level's key in a domain.
  func domainName(_ domain: UInt32, of key: Name) -> Name? { levels[key].flatMap { domainName(domain, level: $0) } }

  /// What a requirement sees of a pool (not for requirements that are per node).
  func poolValue(_ pool: Int, _ requirement: Requirement) -> Name? {
    let record = pools.pools[pool]
    if let level = levels[requirement.key] { return domainName(record.zone, level: level) }
    return labels.sets[Int(record.labels)][requirement.key]
  }

  /// What a requirement sees of a node.
  func nodeValue(pool: Int, leaf: UInt32, node: UInt32, _ requirement: Requirement) -> Name? {
    if requirement.isField { return names.name(of: node) }
    if let level = levels[requirement.key] {
      return domainName(topology.leaves[Int(leaf)], level: level)
    }
    if let own = labels.sets[Int(pools.pools[pool].labels)][requirement.key] { return own }
    return requirement.key == Label.hostname && !pools.pools[pool].lacksHostname ? names.name(of: node) : nil
  }

  /// The first of kube-scheduler's static filters that refuses: a BERTH_REASON_*, or nil.
  func refusal(_ wanted: Placeability, pool: Int, _ value: (Requirement) -> Name?) -> UInt32? {
    let record = pools.pools[pool]
    if record.isCordoned && !wanted.toleratesCordon() { return UInt32(BERTH_REASON_UNSCHEDULABLE) }
    if let name = wanted.nodeName, value(.ofName) != name { return UInt32(BERTH_REASON_NODE_NAME) }
    if record.taints != 0 && !wanted.toleratesHard(taintSets.sets[Int(record.taints)]) {
      return UInt32(BERTH_REASON_TAINT)
    }
    return wanted.admits(value) ? nil : UInt32(BERTH_REASON_AFFINITY)
  }
}
