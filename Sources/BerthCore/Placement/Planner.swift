import CBerth

/// Chooses how a class is searched, and joins the parts: groups of pools with equal raw values of the normalised
/// scores, each searched in the state trees (or scanned), or rows one by one where nodes' names or other pods decide.
final class Planner {
  let cluster: Cluster
  let search: Search
  let deviceScorer: DeviceScorer
  private let rowScan: RowScan
  var path = UInt32(BERTH_PATH_AUTO)
  /// How the last decision was searched; a search that the scan had to finish is still one of the trees.
  private(set) var kind = DecisionKind.tree
  /// What the normalised scores of the last search were scaled by.
  private(set) var scale = SoftScale()
  /// By class: what it asks of other pods and of images, as far as it was asked for; see `prepare`.
  var asked = AskedTable()
  /// Found per group, for the normalised scores; kept from call to call, so that placing allocates nothing.
  private var parts: [(group: Int, found: Found)] = []
  private let zone = ZoneMask()

  init(cluster: Cluster) {
    self.cluster = cluster
    search = Search(forest: cluster.forest, rows: cluster.rows, shapes: cluster.shapes)
    deviceScorer = DeviceScorer(cluster: cluster)
    rowScan = RowScan(cluster: cluster, search: search, deviceScorer: deviceScorer)
    slotIndexes = SlotIndexes(cluster: cluster, search: search, deviceScorer: deviceScorer)
    offerTables = OfferTables(cluster: cluster, deviceScorer: deviceScorer)
  }

  /// What topology spread was weighed by in the last search.
  private(set) var spreadWeights = SpreadWeights()
  let slotIndexes: SlotIndexes
  let offerTables: OfferTables
  private var heads: [SlotHead] = []
  private var hot = HotClasses()
  /// Below so many nodes the state trees are as fast.
  private static let leastForHot = 1024
  /// More candidates than this are searched row by row: opening groups one by one would cost as much.
  private static let mostFromSlots = 64

  /// The best node of a domain for a class, or `.none`.
  @inline(__always)
  func best(
    _ workload: Workload, _ podClass: UInt32, within domain: UInt32 = UInt32(BERTH_ROOT_DOMAIN)
  ) -> Found {
    run(workload, podClass, wanted: 1, within: domain)
    return search.foundCount > 0 ? search.found[0] : .none
  }

  /// Fills `search.found` with the best nodes of a domain, best first. `prepare` came before.
  func run(
    _ workload: Workload, _ podClass: UInt32, wanted: Int, within domain: UInt32 = UInt32(BERTH_ROOT_DOMAIN)
  ) {
    let record = workload.classes.records[Int(podClass)]
    workload.classes.refresh(filter: Int(record.filter), cluster.catalog)
    let filter = workload.classes.filters[Int(record.filter)]
    let profile = workload.profiles[Int(record.profile)]
    var question = Question(
      requests: workload.classes.asks(podClass), profile: Int(record.profile), podClass: podClass,
      pools: mask(filter, filter.all, domain))
    search.begin(wanted: wanted)
    let needsRows = filter.needsRows || path == UInt32(BERTH_PATH_ROWS) || !cluster.catalog.isPooled(domain)
    let isSpecial = asked.isSpecial(podClass)
    let wantsSlots =
      isSpecial || path == UInt32(BERTH_PATH_SLOTS)
      || (path == UInt32(BERTH_PATH_AUTO) && wanted == 1 && profile.isGranular
        && cluster.nodes.count >= Self.leastForHot
        && (profile.isAboutDevices || hot.use(podClass, at: cluster.log.length, nodes: cluster.nodes.count)))
    if !needsRows && wantsSlots
      && searchSlots(workload, question, wanted: wanted, within: domain)
    {
      return
    }
    if needsRows || isSpecial {
      kind = .rows
      scale = rowScan.run(question, askedClass(workload, podClass), within: domain)
      spreadWeights = rowScan.weights
      return
    }
    let scan = path == UInt32(BERTH_PATH_SCAN)
    kind = scan ? .scan : .tree
    scale = SoftScale(profile)
    if !scale.isPooled || filter.groups.count <= 1 {
      if let group = filter.groups.first { scale.include(group.raw) }
      let constant = filter.groups.first.map { scale.total($0.raw, isSpread: false) } ?? 0
      search.searchTrees(question, profile: profile, resources: cluster.resources, constant: constant, scan: scan)
      return
    }
    // One group after the other; which of them have a feasible node decides the scale of all.
    parts.removeAll(keepingCapacity: true)
    for (index, group) in filter.groups.enumerated() {
      question.pools = mask(filter, group, domain)
      search.begin(wanted: wanted)
      search.searchTrees(question, profile: profile, resources: cluster.resources, constant: 0, scan: scan)
      for place in 0..<search.foundCount { parts.append((index, search.found[place])) }
    }
    for part in parts { scale.include(filter.groups[part.group].raw) }
    search.begin(wanted: wanted)
    for part in parts {
      let constant = scale.total(filter.groups[part.group].raw, isSpread: false)
      search.offerRow(Found(score: part.found.score + constant, tie: part.found.tie, slot: part.found.slot))
    }
  }

  /// Searches with the class's slot index; false if it cannot have one.
  private func searchSlots(
    _ workload: Workload, _ question: Question, wanted: Int, within domain: UInt32
  ) -> Bool {
    guard domain == UInt32(BERTH_ROOT_DOMAIN), wanted <= Self.mostFromSlots, !cluster.forest.hasTie else {
      return false
    }
    let podClass = question.podClass
    let found = slotIndexes.index(question, asked.version(podClass)) { askedClass(workload, podClass) }
    guard let index = found else { return false }
    kind = .slots
    search.counters.slotQueries += 1
    scale = index.query(search, wanted: wanted, &heads, &spreadWeights)
    return true
  }

  /// The class was taken back.
  func forget(_ podClass: UInt32) {
    asked.forget(podClass)
    hot.forget(podClass)
    slotIndexes.forget(podClass)
    offerTables.forget(podClass)
  }

  func askedClass(_ workload: Workload, _ podClass: UInt32) -> AskedClass {
    let record = workload.classes.records[Int(podClass)]
    return AskedClass(
      profile: workload.profiles[Int(record.profile)], filter: workload.classes.filters[Int(record.filter)],
      constraints: asked[podClass]?.constraints, imageScores: asked[podClass]?.imageScores ?? [:],
      devices: asked[podClass]?.devices)
  }
}

extension Planner {
  /// The same among the rows that the caller shows, where something is reserved for the pod.
  func run(
    _ workload: Workload, _ podClass: UInt32, wanted: Int, over rows: ((UInt32, Row) -> Void) -> Void
  ) {
    let record = workload.classes.records[Int(podClass)]
    workload.classes.refresh(filter: Int(record.filter), cluster.catalog)
    let filter = workload.classes.filters[Int(record.filter)]
    let question = Question(
      requests: workload.classes.asks(podClass), profile: Int(record.profile), podClass: podClass,
      pools: filter.mask(filter.all, cluster.catalog))
    search.begin(wanted: wanted)
    kind = .reserved
    scale = rowScan.run(question, askedClass(workload, podClass), over: rows)
    spreadWeights = rowScan.weights
  }

  /// What a class's profile says of nodes now, in the order in which they are shown; those that do not fit are left out.
  func scores(
    _ workload: Workload, _ podClass: UInt32, over rows: ((UInt32, Row) -> Void) -> Void
  ) -> [Found] {
    let record = workload.classes.records[Int(podClass)]
    workload.classes.refresh(filter: Int(record.filter), cluster.catalog)
    let filter = workload.classes.filters[Int(record.filter)]
    let question = Question(
      requests: workload.classes.asks(podClass), profile: Int(record.profile), podClass: podClass,
      pools: filter.mask(filter.all, cluster.catalog))
    return rowScan.list(question, askedClass(workload, podClass), over: rows)
  }

  /// The pools of a group that have nodes in a domain. One mask at a time: the next one for another domain than the root
  /// takes its words.
  @inline(__always)
  private func mask(_ filter: Filter, _ group: Filter.Group, _ domain: UInt32) -> PoolMask {
    let mask = filter.mask(group, cluster.catalog)
    return domain == UInt32(BERTH_ROOT_DOMAIN) ? mask : zone.restrict(mask, to: domain, cluster.catalog)
  }
}

/// Pools restricted to a domain.
private final class ZoneMask {
  private var words = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
  private var capacity = 1

  deinit { words.deallocate() }

  func restrict(_ mask: PoolMask, to domain: UInt32, _ catalog: NodeCatalog) -> PoolMask {
    guard let allowed = mask.words, catalog.isPooled(domain) else { return mask }
    let count = catalog.pools.count
    reserve((count + 63) / 64)
    var restricted = PoolMask(words: UnsafePointer(words), hashed: 0, certain: 0, allowsAll: false)
    var others: UInt64 = 0
    for pool in 0..<count {
      let bit: UInt64 = 1 << UInt64(pool & 63)
      if allowed[pool >> 6] & bit != 0 && catalog.topology.contains(domain, catalog.pools.pools[pool].zone) {
        words[pool >> 6] |= bit
        restricted.hashed |= bit
      } else {
        others |= bit
      }
    }
    restricted.certain = restricted.hashed & ~others
    return restricted
  }

  private func reserve(_ wanted: Int) {
    if wanted > capacity {
      words.deallocate()
      capacity = wanted * 2
      words = .allocate(capacity: capacity)
    }
    words.initialize(repeating: 0, count: capacity)
  }
}
