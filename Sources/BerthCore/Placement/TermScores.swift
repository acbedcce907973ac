import CBerth

// What each term gave the nodes found last, for `berth_candidates_read`.

extension Planner {
  /// Each term's weighted score of the nodes found last, row by row; `row` gives the rows they were found with.
  func termScores(
    _ workload: Workload, _ podClass: UInt32, _ count: Int, into out: UnsafeMutablePointer<Int64>,
    row rowOf: (UInt32) -> Row
  ) {
    let asked = askedClass(workload, podClass)
    for index in 0..<count {
      let found = search.found[index]
      let row = rowOf(found.slot)
      let tree = cluster.tree(of: row)
      _ = search.spread(workload.classes.asks(podClass), over: tree)
      _ = search.place(row, cluster.capacities(row), search.request, UnsafePointer(tree.state))
      let load = Load(
        capacity: cluster.capacities(row), request: UnsafePointer(search.request), before: UnsafePointer(search.before))
      let raw = raw(asked, found.slot, row)
      let scores = out + index * asked.profile.terms.count
      for (place, term) in asked.profile.terms.enumerated() {
        switch Int(term.kind) {
        case BERTH_TERM_PRICE: scores[place] = -term.weight * cluster.shapes.price(row.shape)
        case BERTH_TERM_NODE_AFFINITY: scores[place] = term.weight * scale.affinity(raw.affinity)
        case BERTH_TERM_TAINT_TOLERATION: scores[place] = term.weight * scale.taints(raw.taints)
        case BERTH_TERM_IMAGE_LOCALITY:
          scores[place] = term.weight * asked.imageScore(cluster.catalog.images.set(of: row.node))
        case BERTH_TERM_POD_TOPOLOGY_SPREAD:
          scores[place] = asked.isSpread ? term.weight * scale.spread(raw.spread) : 0
        case BERTH_TERM_INTER_POD_AFFINITY: scores[place] = term.weight * scale.pods(raw.pods)
        case BERTH_TERM_GPU_LINKS...BERTH_TERM_GPU_BERTH:
          // that term alone, on the node as it is now
          let alone = asked.devices?.only(term)
          let verdict = alone.flatMap { deviceScorer.evaluate($0, node: row.node, cpu: cluster.freeCPU(row)) }
          scores[place] = verdict?.score ?? 0
        default:
          let compiled = CompiledTerm(term, tree: tree, resources: cluster.resources)
          scores[place] = term.weight * compiled.value(load, search.after)
          compiled.deallocate()
        }
      }
    }
  }

  /// A node's scores before normalising.
  private func raw(_ asked: AskedClass, _ slot: UInt32, _ row: Row) -> SoftScale.Raw {
    let wanted = asked.filter.placeability
    let pool = Int(row.pool)
    let place = ConstraintState.Place(pool: pool, leaf: cluster.rows.domain(of: slot), node: row.node)
    return SoftScale.Raw(
      affinity: wanted.preference {
        self.cluster.catalog.nodeValue(pool: pool, leaf: place.leaf, node: row.node, $0)
      },
      taints: wanted.intolerable(cluster.catalog.taints(pool: pool)),
      spread: asked.isSpread ? asked.rawSpread(place, spreadWeights, cluster) : nil,
      pods: asked.rawPreference(place, cluster))
  }
}
