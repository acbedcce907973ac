import CBerth

// What each term gave the nodes found last, for `berth_candidates_read`.

extension Planner {
  /// Each term's weighted score of the nodes found last, row by row; `row` gives the rows they were found with.
  func termScores(
    _ workload: Workload, _ podClass: UInt32, _ count: Int, into out: UnsafeMutablePointer<Int64>,
    row rowOf: (UInt32) -> Row
  ) {
    let record = workload.classes.records[Int(podClass)]
    let profile = workload.profiles[Int(record.profile)]
    for index in 0..<count {
      let found = search.found[index]
      let row = rowOf(found.slot)
      let tree = cluster.tree(of: row)
      _ = search.spread(workload.classes.asks(podClass), over: tree)
      _ = Search.place(row, cluster.capacities(row), search.request, UnsafePointer(tree.state), into: search.after)
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
