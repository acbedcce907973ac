import BerthMemory
import CBerth

/// What pods' constraints on each other stand on: interned traits, and for every (kind of pods, topology key) that some
/// class asks about the number of pods in each domain. Counts follow pods and nodes as they come and go.
///
/// Everything but the vocabulary is derived: it is made when a class is first decided, and can be dropped at any time.
final class ConstraintState {
  // Vocabulary
  var selectors = PodSelectors()
  var namespaces = Namespaces()
  private(set) var traits: [PodTraits] = [PodTraits()]
  private var traitIDs: [PodTraits: UInt32] = [PodTraits(): 0]
  private(set) var terms = Registry<CarriedTerm>()
  private(set) var ports = Registry<HostPort>()
  /// By traits: the terms that pods carry, each as often as they do.
  private var carried: [[Int]] = [[]]

  // Counts
  var topology = TopologyKeys()
  var inclusions = Inclusions()
  /// In plain memory: reading a count must not count references.
  private(set) var counts: UnsafeMutablePointer<DomainCount>
  private(set) var countCount = 0
  private var countCapacity = 8
  private var countIDs: [DomainCount.Identity: Int] = [:]
  /// By traits: the counts that a pod enters.
  private var contributions: [[Int32]] = [[]]
  private(set) var pods: NodePods
  /// Counts from here on are not filled yet.
  private var filled = 0
  private(set) var countsBuilt: UInt64 = 0
  /// Rises when counts are dropped: what classes know of them is void.
  private(set) var epoch: UInt64 = 1
  private var namespaceEpoch: UInt64 = 0

  init(in arena: Arena) {
    pods = NodePods(in: arena)
    counts = .allocate(capacity: countCapacity)
  }

  init(forking other: ConstraintState) {
    selectors = other.selectors
    namespaces = other.namespaces
    traits = other.traits
    traitIDs = other.traitIDs
    terms = other.terms
    ports = other.ports
    carried = other.carried
    topology = other.topology
    inclusions = other.inclusions
    countCount = other.countCount
    countCapacity = max(8, other.countCount)
    counts = .allocate(capacity: countCapacity)
    counts.initialize(from: other.counts, count: countCount)
    countIDs = other.countIDs
    contributions = other.contributions
    pods = other.pods.fork()
    filled = other.filled
    epoch = other.epoch
    namespaceEpoch = other.namespaceEpoch
  }

  deinit {
    counts.deinitialize(count: countCount)
    counts.deallocate()
  }

  var storage: [any SharedStorage] { pods.storage }
  var bytes: Int { pods.bytes + (0..<countCount).reduce(0) { $0 + counts[$1].bytes } }
  /// Whether anything follows pods and nodes.
  @inline(__always) var isOn: Bool { countCount != 0 }

  // MARK: Traits

  /// The traits' id, and whether they are new.
  func intern(_ new: PodTraits) -> (id: UInt32, isNew: Bool) {
    if let id = traitIDs[new] { return (id, false) }
    let id = UInt32(traits.count)
    traits.append(new)
    traitIDs[new] = id
    for port in new.hostPorts { ports.intern(port) }
    carried.append(new.affinity.map { terms.intern(carriedTerm($0, new)) })
    contributions.append((0..<countCount).flatMap { repeatElement(Int32($0), count: multiplicity($0, id)) })
    return (id, true)
  }

  func removeLastTraits() {
    traitIDs[traits.removeLast()] = nil
    carried.removeLast()
    contributions.removeLast()
  }

  private func carriedTerm(_ term: PodAffinityTerm, _ pod: PodTraits) -> CarriedTerm {
    CarriedTerm(
      kind: term.kind, weight: term.weight, topologyKey: term.topologyKey,
      requirements: term.selector.requirements(selectors, pod.labels), namespaces: term.namespaces,
      namespaceSelector: selector(term.namespaceSelector))
  }

  func selector(_ id: UInt32) -> [Requirement]? {
    id == UInt32(BERTH_NO_SELECTOR) ? nil : selectors.selectors[Int(id)]
  }

  /// How often a pod enters a count.
  func multiplicity(_ count: Int, _ traits: UInt32) -> Int {
    let pod = self.traits[Int(traits)]
    switch counts[count].identity.pods {
    case .matching(let matchers): return matchers.allSatisfy { $0.matches(pod) } ? 1 : 0
    case .carrying(let term):
      guard let id = terms.id(of: term) else { return 0 }
      return carried[Int(traits)].count { $0 == id }
    case .holding(let port): return pod.hostPorts.contains(port) ? 1 : 0
    }
  }

  // MARK: Counts

  /// The number of a count, which is filled by `fill` if it is a new one.
  func count(_ identity: DomainCount.Identity) -> Int {
    if let id = countIDs[identity] { return id }
    let id = countCount
    let isByNode = identity.key == DomainCount.Identity.eachNode || topology.keys[identity.key].source == .node
    if countCount == countCapacity { growCounts() }
    (counts + id).initialize(to: DomainCount(identity, isByNode: isByNode))
    countCount += 1
    countIDs[identity] = id
    for index in traits.indices {
      contributions[index] += repeatElement(Int32(id), count: multiplicity(id, UInt32(index)))
    }
    return id
  }

  private func growCounts() {
    let larger = UnsafeMutablePointer<DomainCount>.allocate(capacity: countCapacity * 2)
    larger.moveInitialize(from: counts, count: countCount)
    counts.deallocate()
    counts = larger
    countCapacity *= 2
  }

  /// Keeps the changes of a count from now on.
  func watch(_ count: Int) { counts[count].watch() }

  /// Drops all that is derived where what it stands on was changed: hostnames, namespaces' labels.
  func refresh(_ catalog: NodeCatalog) {
    if namespaceEpoch != namespaces.epoch || topology.isVoid(catalog) {
      namespaceEpoch = namespaces.epoch
      drop()
    }
    topology.refresh(catalog)
    inclusions.refresh(catalog, &topology)
  }

  func drop() {
    epoch += 1
    counts.deinitialize(count: countCount)
    countCount = 0
    countIDs = [:]
    contributions = [[Int32]](repeating: [], count: traits.count)
    topology.clear()
    inclusions = Inclusions()
    pods.clear()
    filled = 0
  }

  var needsFilling: Bool { filled < countCount }

  /// Fills the counts that came since the last call, in one look at all pods.
  func fill(_ cluster: Cluster, _ table: PodTable, _ classes: PodClasses) {
    let isFirst = filled == 0
    countsBuilt += UInt64(countCount - filled)
    pods.reserve(nodes: cluster.nodes.indexCount, pods: table.capacity)
    for count in filled..<countCount where counts[count].isOfSpread { countMembers(count, cluster) }
    let first = Int32(filled)
    let fresh = contributions.map { $0.filter { $0 >= first } }
    table.visitWithIDs { id, pod in
      guard let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) else { return }
      let traits = classes.records[Int(pod.podClass)].traits
      if isFirst {
        pods.link(
          UInt32(truncatingIfNeeded: id), traits: traits, isTerminating: pod.isTerminating, to: pod.node)
      }
      guard !fresh[Int(traits)].isEmpty else { return }
      let row = cluster.rows.row(slot)
      let place = Place(pool: Int(row.pool), leaf: cluster.rows.domain(of: slot), node: row.node)
      for count in fresh[Int(traits)] {
        add(Int(count), 1, isTerminating: pod.isTerminating, at: place, cluster.catalog)
      }
    }
    filled = countCount
  }

  /// Where a node is, as far as counts care.
  struct Place {
    var pool: Int
    var leaf: UInt32
    var node: UInt32
  }

  private func countMembers(_ count: Int, _ cluster: Cluster) {
    cluster.rows.visit { slot, row in
      let place = Place(pool: Int(row.pool), leaf: cluster.rows.domain(of: slot), node: row.node)
      addMember(count, 1, at: place, cluster.catalog)
    }
  }

  /// The domain in which a node's pods count, `TopologyKeys.none` where they do not.
  @inline(__always)
  func value(_ count: Int, at place: Place, _ catalog: NodeCatalog) -> Int32 {
    let identity = counts[count].identity
    if identity.inclusion != DomainCount.Identity.allPods
      && !inclusions.includes(
        identity.inclusion, pool: place.pool, leaf: place.leaf, node: place.node, catalog, &topology)
    {
      return TopologyKeys.none
    }
    let value = value(ofKey: identity.key, at: place, catalog)
    return value == TopologyKeys.none ? identity.lacking : value
  }

  /// The value of a key at a node.
  @inline(__always)
  func value(ofKey key: Int, at place: Place, _ catalog: NodeCatalog) -> Int32 {
    if key == DomainCount.Identity.eachNode { return Int32(bitPattern: place.node) }
    return topology.value(key, pool: place.pool, leaf: place.leaf, node: place.node, catalog)
  }

  private func addMember(_ count: Int, _ change: Int32, at place: Place, _ catalog: NodeCatalog) {
    let value = value(count, at: place, catalog)
    if value != TopologyKeys.none { counts[count].addMember(value, change) }
  }

  @inline(__always)
  private func add(
    _ count: Int, _ change: Int64, isTerminating: Bool, at place: Place, _ catalog: NodeCatalog
  ) {
    if isTerminating && counts[count].isOfSpread { return }
    let value = value(count, at: place, catalog)
    if value != TopologyKeys.none { counts[count].add(value, change) }
  }

  /// Room for more pods.
  func reservePods(_ count: Int) { pods.reserve(nodes: 0, pods: count) }

  // MARK: What comes and goes; nothing of it is called while `isOn` is false

  @inline(__always)
  func podComes(
    _ pod: UInt32, _ traits: UInt32, isTerminating: Bool = false, at place: Place, _ catalog: NodeCatalog
  ) {
    refreshPlaces(catalog)
    pods.reserve(nodes: Int(place.node) + 1, pods: Int(pod) + 1)
    pods.link(pod, traits: traits, isTerminating: isTerminating, to: place.node)
    for index in contributions[Int(traits)].indices {
      add(Int(contributions[Int(traits)][index]), 1, isTerminating: isTerminating, at: place, catalog)
    }
  }

  @inline(__always)
  func podGoes(
    _ pod: UInt32, _ traits: UInt32, isTerminating: Bool, at place: Place, _ catalog: NodeCatalog
  ) {
    refreshPlaces(catalog)
    pods.unlink(pod, from: place.node)
    for index in contributions[Int(traits)].indices {
      add(Int(contributions[Int(traits)][index]), -1, isTerminating: isTerminating, at: place, catalog)
    }
  }

  /// A pod on its node is being deleted from now on, or not any more.
  func setTerminating(
    _ pod: UInt32, _ traits: UInt32, _ isTerminating: Bool, at place: Place, _ catalog: NodeCatalog
  ) {
    refreshPlaces(catalog)
    pods.setTerminating(pod, isTerminating)
    for count in contributions[Int(traits)] where counts[Int(count)].isOfSpread {
      add(Int(count), isTerminating ? -1 : 1, isTerminating: false, at: place, catalog)
    }
  }

  /// A node comes, with the pods of its chain.
  func nodeComes(_ place: Place, _ catalog: NodeCatalog) {
    refreshPlaces(catalog)
    pods.reserve(nodes: Int(place.node) + 1, pods: 0)
    for count in 0..<countCount where counts[count].isOfSpread { addMember(count, 1, at: place, catalog) }
    addPods(1, at: place, catalog)
  }

  /// A node goes; its pods stay in its chain.
  func nodeGoes(_ place: Place, _ catalog: NodeCatalog) {
    refreshPlaces(catalog)
    addPods(-1, at: place, catalog)
    for count in 0..<countCount where counts[count].isOfSpread { addMember(count, -1, at: place, catalog) }
  }

  /// The pods of a node that has gone for good, to be adopted if it comes back after all.
  struct Orphans {
    fileprivate let epoch: UInt64
    fileprivate let pods: [(pod: UInt32, traits: UInt32, isTerminating: Bool)]
  }

  func orphans(of node: UInt32) -> Orphans {
    var list: [(pod: UInt32, traits: UInt32, isTerminating: Bool)] = []
    if isOn && Int(node) < pods.nodeCount { pods.visit(node) { list.append(($0, $1, $2)) } }
    return Orphans(epoch: isOn ? epoch : 0, pods: list)
  }

  /// The node has gone for good.
  func orphan(_ node: UInt32) {
    if isOn && Int(node) < pods.nodeCount { pods.clearChain(of: node) }
  }

  /// Before `nodeComes`. Counts that were made while the node was gone know nothing of its pods.
  func adopt(_ orphans: Orphans, by node: UInt32) {
    guard isOn else { return }
    guard orphans.epoch == epoch else { return drop() }
    pods.reserve(nodes: Int(node) + 1, pods: 0)
    for entry in orphans.pods {
      pods.link(entry.pod, traits: entry.traits, isTerminating: entry.isTerminating, to: node)
    }
  }

  private func addPods(_ change: Int64, at place: Place, _ catalog: NodeCatalog) {
    var list: [(UInt32, Bool)] = []
    pods.visit(place.node) { _, traits, isTerminating in list.append((traits, isTerminating)) }
    for (traits, isTerminating) in list {
      for count in contributions[Int(traits)] {
        add(Int(count), change, isTerminating: isTerminating, at: place, catalog)
      }
    }
  }

  /// Looks at pools and leaf domains that came.
  @inline(__always)
  func refreshPlaces(_ catalog: NodeCatalog) {
    topology.refresh(catalog)
    inclusions.refresh(catalog, &topology)
  }
}

/// Values that are given numbers in the order in which they are first seen.
struct Registry<Value: Hashable> {
  private(set) var values: [Value] = []
  private var ids: [Value: Int] = [:]

  init(_ values: [Value] = []) { for value in values { intern(value) } }

  var count: Int { values.count }

  func id(of value: Value) -> Int? { ids[value] }

  @discardableResult
  mutating func intern(_ value: Value) -> Int {
    if let id = ids[value] { return id }
    ids[value] = values.count
    values.append(value)
    return values.count - 1
  }

  mutating func removeLast(_ count: Int) {
    for _ in 0..<count { ids[values.removeLast()] = nil }
  }
}
