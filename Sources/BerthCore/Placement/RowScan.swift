import CBerth
import CKernels

/// Nodes one after the other in topology order, everything decided on 64-bit rows: the path for selectors on names and
/// deep levels, and the reference for the others.
struct RowScan {
  let cluster: Cluster
  let search: Search

  /// Offers every feasible node of a domain to the search; returns the largest raw values of the normalised scores.
  func run(
    _ question: Question, _ profile: Profile, _ filter: Filter, within domain: UInt32
  ) -> (affinity: Int64, taints: Int64) {
    let named = namedSlots(filter)
    return run(question, profile, filter) { visit in
      if let named {
        for slot in named where contains(domain, slot) { visit(slot, cluster.rows.row(slot)) }
      } else if domain == UInt32(BERTH_ROOT_DOMAIN) {
        cluster.rows.visit(visit)
      } else {
        for leaf in cluster.catalog.topology.leafOrdinals(of: domain) { cluster.rows.visit(domain: leaf, visit) }
      }
    }
  }

  private func contains(_ domain: UInt32, _ slot: UInt32) -> Bool {
    let topology = cluster.catalog.topology
    return topology.contains(domain, topology.leaves[Int(cluster.rows.domain(of: slot))])
  }

  /// The same among the rows that the caller shows, perhaps twice over.
  func run(
    _ question: Question, _ profile: Profile, _ filter: Filter, over rows: ((UInt32, Row) -> Void) -> Void
  ) -> (affinity: Int64, taints: Int64) {
    search.counters.rowQueries += 1
    let normalises = profile.nodeAffinityWeight != 0 || profile.taintTolerationWeight != 0
    var maxAffinity: Int64 = 0
    var maxTaints: Int64 = 0
    if normalises {
      rows { slot, row in
        evaluate(slot, row, question, profile, filter) { _, _, _, affinity, taints in
          maxAffinity = max(maxAffinity, affinity)
          maxTaints = max(maxTaints, taints)
        }
      }
    }
    let constants = Normalised(profile)
    rows { slot, row in
      evaluate(slot, row, question, profile, filter) { slot, row, score, affinity, taints in
        let constant =
          normalises
          ? constants.constant(affinity: affinity, taints: taints, maxAffinity: maxAffinity, maxTaints: maxTaints) : 0
        let tie = cluster.forest.hasTie ? row.tie : 0
        search.offerRow(Found(score: score + constant, tie: tie, slot: slot))
      }
    }
    return (maxAffinity, maxTaints)
  }

  /// Calls `body` for a feasible node: slot, row, score without normalised terms, and the raw values of these.
  private func evaluate(
    _ slot: UInt32, _ row: Row, _ question: Question, _ profile: Profile, _ filter: Filter,
    _ body: (UInt32, Row, Int64, Int64, Int64) -> Void
  ) {
    let tree = cluster.tree(of: row)
    let capacity = cluster.capacities(row)
    guard let mask = search.spread(question.requests, over: tree) else { return }
    guard Search.place(row, capacity, search.request, UnsafePointer(tree.state), into: search.after) else { return }
    let pool = Int(row.pool)
    let leaf = cluster.rows.domain(of: slot)
    let value = { (requirement: Requirement) in
      cluster.catalog.nodeValue(pool: pool, leaf: leaf, node: row.node, requirement)
    }
    guard cluster.catalog.refusal(filter.placeability, pool: pool, value) == nil else { return }
    let plan = tree.plan(question, profile, cluster.resources, UnsafePointer(search.request), mask)
    let load = Load(capacity: capacity, request: UnsafePointer(search.request))
    var score = -profile.priceWeight * cluster.shapes.price(row.shape)
    for term in plan.pointee.terms { score += term.weight * term.value(load, search.after) }
    let affinity = filter.placeability.preference(value)
    body(slot, row, score, affinity, filter.placeability.intolerable(cluster.catalog.taints(pool: pool)))
  }

  /// The nodes that a required metadata.name (or hostname) leaves over; nil when all must be looked at.
  private func namedSlots(_ filter: Filter) -> [UInt32]? {
    let wanted = filter.placeability
    let byHostname = !cluster.catalog.labels.mentionHostname
    func names(_ requirements: [Requirement]) -> [Name]? {
      requirements.first {
        Int($0.op) == BERTH_OP_IN && ($0.isField || ($0.key == Label.hostname && byHostname))
      }?.values
    }
    var list = names(wanted.nodeSelector)
    if list == nil {
      guard !wanted.required.isEmpty else { return nil }
      var union: [Name] = []
      for term in wanted.required where !term.requirements.isEmpty {
        guard let own = names(term.requirements) else { return nil }
        union += own
      }
      list = union
    }
    return Set(list!).compactMap { name in
      cluster.catalog.names.find(name).map { cluster.nodes.slots[Int($0)] }
    }.sorted()
  }
}
