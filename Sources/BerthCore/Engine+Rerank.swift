import CBerth

// Placing with a say of the host: see `berth_engine_set_rerank`.

extension Engine {
  public func setRerank(_ options: berth_rerank_options?) throws(EngineError) {
    guard let options else {
      reranker = nil
      return
    }
    guard let callback = options.callback else { throw refuse(BERTH_NULL_POINTER, "callback is null") }
    guard options.candidate_limit >= 1, options.batch_limit >= 1 else {
      throw refuse(BERTH_BAD_ARGUMENT, "candidate_limit and batch_limit are at least 1")
    }
    guard UInt64(options.candidate_limit) * UInt64(options.batch_limit) <= UInt64(BERTH_MAX_CANDIDATES) else {
      throw refuse(
        BERTH_LIMIT,
        "\(options.batch_limit) pods with \(options.candidate_limit) candidates each: at most "
          + "\(BERTH_MAX_CANDIDATES) candidates together")
    }
    guard options.feature_count <= BERTH_MAX_FEATURES else {
      throw refuse(BERTH_LIMIT, "\(options.feature_count) features: at most \(BERTH_MAX_FEATURES)")
    }
    guard options.feature_count == 0 || options.features != nil else {
      throw refuse(BERTH_NULL_POINTER, "features is null")
    }
    var features: [berth_feature] = []
    for index in 0..<Int(options.feature_count) {
      try check(options.features[index], "feature \(index)")
      features.append(options.features[index])
    }
    reranker = Reranker(
      limit: Int(options.candidate_limit), batchLimit: Int(options.batch_limit), features: features,
      callback: callback, context: options.context)
  }

  private func check(_ feature: berth_feature, _ what: String) throws(EngineError) {
    switch Int(feature.kind) {
    case BERTH_FEATURE_TERM:
      guard feature.argument < UInt32(BERTH_MAX_TERMS) else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): term \(feature.argument): a profile has at most \(BERTH_MAX_TERMS)")
      }
    case BERTH_FEATURE_FREE, BERTH_FEATURE_ALLOCATABLE, BERTH_FEATURE_REQUEST:
      try cluster.resources.check(feature.argument, what)
    case BERTH_FEATURE_DOMAIN:
      let levels = cluster.catalog.topology.levelKeys.count
      guard feature.argument >= 1, feature.argument <= UInt32(levels) else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): level \(feature.argument): the engine has levels 1...\(levels)")
      }
    case BERTH_FEATURE_PRICE, BERTH_FEATURE_SLOT, BERTH_FEATURE_LABELS, BERTH_FEATURE_PRIORITY:
      guard feature.argument == 0 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): argument \(feature.argument): this kind takes none, use 0")
      }
    default: throw refuse(BERTH_BAD_ARGUMENT, "\(what): kind \(feature.kind) is unknown: use BERTH_FEATURE_*")
    }
  }

  /// Places pods in batches that the host orders. Works on copies: the host's callback may write to the caller's
  /// arrays, and nothing is to be written there if it fails.
  func placeReranked(
    _ asked: AskedPods, _ reranker: Reranker, isDry: Bool, into out: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    let asked = (0..<asked.count).map { asked.owners($0) }
    var placements = [berth_placement](repeating: berth_placement(), count: asked.count)
    reservePods(asked.count)
    reranker.turns.removeAll(keepingCapacity: true)
    var stopwatch = latencies.stopwatch(for: asked.count)
    try atomically { () throws(EngineError) in
      let mark = mark
      try placeBatches(asked, reranker, &stopwatch, into: &placements)
      if isDry { undoLog.rollBack(to: mark, in: self) }
    }
    for index in 0..<asked.count { out[index] = placements[index] }
  }

  private func placeBatches(
    _ asked: [PodOwners], _ reranker: Reranker, _ stopwatch: inout DecisionLatencies.Stopwatch,
    into placements: inout [berth_placement]
  ) throws(EngineError) {
    var first = 0
    while first < asked.count {
      let end = min(asked.count, first + reranker.batchLimit)
      var pending = Array(first..<end)
      var round = 0
      while !pending.isEmpty {
        pending = list(pending, asked, reranker, &stopwatch, into: &placements)
        if pending.isEmpty { break }
        try reranker.ask(round: round)
        pending = takeFirstFitting(pending, asked, reranker, &stopwatch, into: &placements)
        round += 1
      }
      first = end
    }
  }

  /// Lists the candidates of pods; pods without any are decided by that and drop out.
  private func list(
    _ pending: [Int], _ asked: [PodOwners], _ reranker: Reranker,
    _ stopwatch: inout DecisionLatencies.Stopwatch, into placements: inout [berth_placement]
  ) -> [Int] {
    reranker.clear()
    var listed: [Int] = []
    for pod in pending {
      if workload.classes.hasSpecial { planner.deviceScorer.nextPod = pods.nextID }
      if reservations.isEmpty || !findOwn(asked[pod], wanted: reranker.limit) {
        planner.run(workload, asked[pod].podClass, wanted: reranker.limit)
      }
      let count = planner.search.foundCount
      guard count > 0 else {
        placements[pod] = unplaced(asked[pod].podClass, BERTH_NO_FIT)
        countDecision(.reranked, placements[pod], &stopwatch)
        continue
      }
      let row = reranker.listed * reranker.limit
      for place in 0..<count {
        let found = planner.search.found[place]
        reranker.candidates[row + place] = berth_candidate(
          node: cluster.rows.row(found.slot).id, score: found.score)
      }
      describe(asked[pod], count, reranker)
      reranker.add(asked[pod].podClass, count: count)
      listed.append(pod)
    }
    return listed
  }

  /// Writes the features of the nodes found last.
  private func describe(_ owners: PodOwners, _ count: Int, _ reranker: Reranker) {
    guard !reranker.features.isEmpty else { return }
    let podClass = owners.podClass
    let record = workload.classes.records[Int(podClass)]
    let terms = workload.profiles[Int(record.profile)].terms.count
    var termScores: [Int64] = []
    if reranker.features.contains(where: { Int($0.kind) == BERTH_FEATURE_TERM }) {
      termScores = [Int64](unsafeUninitializedCapacity: count * terms) { cells, filled in
        planner.termScores(workload, podClass, count, into: cells.baseAddress!) { ownRow($0, owners) }
        filled = count * terms
      }
    }
    for place in 0..<count {
      let slot = planner.search.found[place].slot
      let row = ownRow(slot, owners)
      let cells = reranker.cells + (reranker.listed * reranker.limit + place) * reranker.features.count
      for (column, feature) in reranker.features.enumerated() {
        let argument = Int(feature.argument)
        cells[column] =
          switch Int(feature.kind) {
          case BERTH_FEATURE_TERM: argument < terms ? termScores[place * terms + argument] : 0
          case BERTH_FEATURE_PRIORITY: Int64(record.priority)
          case BERTH_FEATURE_REQUEST:
            workload.classes.asks(podClass).last { $0.resource == feature.argument }?.value ?? 0
          default: nodeFeature(feature, slot, row)
          }
      }
    }
  }

  private func nodeFeature(_ feature: berth_feature, _ slot: UInt32, _ row: Row) -> Int64 {
    let pool = cluster.catalog.pools.pools[Int(row.pool)]
    switch Int(feature.kind) {
    case BERTH_FEATURE_PRICE: return cluster.shapes.price(row.shape)
    case BERTH_FEATURE_SLOT: return Int64(slot)
    case BERTH_FEATURE_LABELS: return Int64(pool.labels)
    case BERTH_FEATURE_DOMAIN:
      return Int64(
        cluster.catalog.topology.ancestor(ofLeaf: cluster.rows.domain(of: slot), level: Int(feature.argument)))
    default:
      let dim = cluster.shapes.dim(of: feature.argument, in: row.shape)
      let capacity = dim < 0 ? 0 : cluster.shapes.capacities(row.shape)[dim]
      if Int(feature.kind) == BERTH_FEATURE_ALLOCATABLE { return capacity }
      return dim < 0 ? 0 : capacity - row.used[dim]
    }
  }

  /// Places listed pods in their order; the ones whose candidates are taken are left over.
  private func takeFirstFitting(
    _ listed: [Int], _ asked: [PodOwners], _ reranker: Reranker,
    _ stopwatch: inout DecisionLatencies.Stopwatch, into placements: inout [berth_placement]
  ) -> [Int] {
    var left: [Int] = []
    for (index, pod) in listed.enumerated() {
      if reranker.wish(index, 0) == nil {
        placements[pod] = unplaced(asked[pod].podClass, BERTH_REFUSED)
        countDecision(.reranked, placements[pod], &stopwatch)
        continue
      }
      var place = 0
      var isPlaced = false
      while !isPlaced, let candidate = reranker.wish(index, place) {
        let node = UInt32(truncatingIfNeeded: reranker.candidates[candidate].node)
        let slot = cluster.nodes.slots[Int(node)]
        if fits(slot, asked[pod]) {
          if pod & 15 == 0 { cluster.forest.reserveBlocks() }
          placements[pod] = assume(asked[pod], slot, score: reranker.candidates[candidate].score)
          reranker.turns.append(UInt32(pod))
          countDecision(.reranked, placements[pod], &stopwatch)
          isPlaced = true
        }
        place += 1
      }
      if !isPlaced { left.append(pod) }
    }
    return left
  }

  /// Places pods as a host decided before. Its callback is not asked again: what it said is what counts.
  func applyDecided(
    _ asked: AskedPods, _ decided: UnsafePointer<berth_placement>, turns: [UInt32],
    into placements: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    try checkPlacing(asked.classes)
    prepare(asked.classes)
    reservePods(asked.count)
    try atomically { () throws(EngineError) in
      for index in 0..<asked.count where Int(decided[index].outcome) != BERTH_PLACED {
        placements[index] = unplaced(asked.owners(index).podClass, Int(decided[index].outcome))
      }
      for (place, index) in turns.lazy.map({ Int($0) }).enumerated() {
        let owners = asked.owners(index)
        let slot = cluster.nodes.slots[Int(try cluster.nodes.index(decided[index].node, "entry \(index): "))]
        guard fits(slot, owners) else {
          throw refuse(BERTH_NO_ROOM, "entry \(index): node \(decided[index].node) has no room for the pod")
        }
        if place & 15 == 0 { cluster.forest.reserveBlocks() }
        placements[index] = assume(owners, slot, score: decided[index].score)
      }
    }
  }

  /// Whether what a pod requests is free for it on a node.
  private func fits(_ slot: UInt32, _ owners: PodOwners) -> Bool {
    let row = ownRow(slot, owners)
    for request in workload.classes.asks(owners.podClass) {
      let dim = cluster.shapes.dim(of: request.resource, in: row.shape)
      if !request.kind.isChecked || (request.kind == .limited && dim < 0) { continue }
      guard dim >= 0, row.used[dim] + request.value <= cluster.shapes.capacities(row.shape)[dim] else { return false }
    }
    guard cluster.canCount(slot, workload.classes.requests(owners.podClass)) else { return false }
    guard devices(for: owners.podClass, seeing: row) != nil else { return false }
    guard let constraints = planner.asked[owners.podClass]?.constraints else { return true }
    let place = cluster.place(slot)
    return !constraints.refusesPorts(place, cluster.constraints)
      && constraints.refusal(place, cluster.constraints, cluster.catalog) == 0
  }
}
