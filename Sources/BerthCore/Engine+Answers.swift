import BerthMemory
import CBerth

extension Engine {
  private func check(_ podClass: berth_class_id) throws(EngineError) {
    guard podClass < UInt32(workload.classes.count) else {
      throw refuse(BERTH_UNKNOWN_ID, "class \(podClass) is unknown")
    }
  }

  /// The k best nodes; `termScores`, if given, is [k][terms]. Returns how many there are.
  public func readCandidates(
    of podClass: berth_class_id, count: Int, into candidates: UnsafeMutablePointer<berth_candidate>,
    termScores: UnsafeMutablePointer<Int64>?
  ) throws(EngineError) -> Int {
    try check(podClass)
    guard count <= Int(BERTH_MAX_CANDIDATES) else {
      throw refuse(BERTH_LIMIT, "\(count) candidates: at most \(BERTH_MAX_CANDIDATES)")
    }
    guard count > 0 else { return 0 }
    planner.run(workload, podClass, wanted: count)
    let search = planner.search
    for index in 0..<search.foundCount {
      let found = search.found[index]
      candidates[index] = berth_candidate(
        node: cluster.nodes.id(cluster.rows.row(found.slot).node), score: found.score)
    }
    if let termScores {
      planner.termScores(workload, podClass, search.foundCount, into: termScores)
    }
    return search.foundCount
  }

  public func explain(
    _ podClass: berth_class_id, reasons: UnsafeMutableBufferPointer<berth_reason>
  ) throws(EngineError) -> berth_explanation {
    try check(podClass)
    let record = workload.classes.records[Int(podClass)]
    var explainer = Explainer(
      cluster: cluster, placeability: workload.classes.filters[Int(record.filter)].placeability,
      requests: Array(workload.classes.requests(podClass)))
    explainer.run()
    return explainer.answer(reasons)
  }
}

extension Planner {
  /// Each term's weighted score of the nodes found last, row by row.
  func termScores(
    _ workload: Workload, _ podClass: UInt32, _ count: Int, into out: UnsafeMutablePointer<Int64>
  ) {
    let record = workload.classes.records[Int(podClass)]
    let profile = workload.profiles[Int(record.profile)]
    for index in 0..<count {
      let found = search.found[index]
      let row = cluster.rows.row(found.slot)
      let tree = cluster.tree(of: row)
      search.request.update(repeating: 0, count: ShapeTable.maxDims)
      for wanted in workload.classes.requests(podClass) {
        search.request[tree.dim(of: wanted.resource)] = wanted.value
      }
      _ = Search.place(row, cluster.capacities(row), search.request, tree.dims, into: search.after)
      let load = Load(capacity: cluster.capacities(row), request: UnsafePointer(search.request))
      let scores = out + index * profile.terms.count
      var rest = found.score
      for (place, term) in profile.terms.enumerated() {
        if term.isKind(BERTH_TERM_PRICE) {
          scores[place] = -term.weight * cluster.shapes.price(row.shape)
        } else {
          let compiled = CompiledTerm(term, tree: tree, resources: cluster.resources)
          scores[place] = term.weight * compiled.value(load, search.after)
          compiled.deallocate()
        }
        rest -= scores[place]
      }
      splitNormalised(profile, workload, record, found, row, rest, scores)
    }
  }

  /// What is left of the total belongs to the two normalised terms; with one of them it is that one's, with both the
  /// node's own raw values tell how much of it is the affinity's.
  private func splitNormalised(
    _ profile: Profile, _ workload: Workload, _ record: PodClasses.PodClass, _ found: Found, _ row: Row, _ rest: Int64,
    _ scores: UnsafeMutablePointer<Int64>
  ) {
    let affinity = profile.terms.firstIndex { $0.isKind(BERTH_TERM_NODE_AFFINITY) }
    let taints = profile.terms.firstIndex { $0.isKind(BERTH_TERM_TAINT_TOLERATION) }
    if let affinity, let taints {
      let own = normalisedScales(workload, record, found, row)
      scores[affinity] = profile.nodeAffinityWeight * Normalised.affinity(own.affinity, max: scale.affinity)
      scores[taints] = rest - scores[affinity]
    } else if let affinity {
      scores[affinity] = rest
    } else if let taints {
      scores[taints] = rest
    }
  }

  private func normalisedScales(
    _ workload: Workload, _ record: PodClasses.PodClass, _ found: Found, _ row: Row
  ) -> (affinity: Int64, taints: Int64) {
    let wanted = workload.classes.filters[Int(record.filter)].placeability
    let pool = Int(row.pool)
    let leaf = cluster.rows.domain(of: found.slot)
    return (
      wanted.preference { self.cluster.catalog.nodeValue(pool: pool, leaf: leaf, node: row.node, $0) },
      wanted.intolerable(cluster.catalog.taints(pool: pool))
    )
  }
}
