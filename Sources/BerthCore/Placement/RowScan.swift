import CBerth
import CKernels

/// Nodes one after the other in topology order, everything decided on 64-bit rows: the path for selectors on names and
/// deep levels, and the reference for the others.
final class RowScan {
  private let cluster: Cluster
  private let search: Search
  private let deviceScorer: DeviceScorer
  /// Feasible nodes whose scores wait for those of the others; kept from call to call.
  private var feasible: [Feasible] = []

  /// What topology spread was weighed by in the last run.
  private(set) var weights = SpreadWeights()

  private struct Feasible {
    var found: Found
    var raw: SoftScale.Raw
    var place: ConstraintState.Place
  }

  init(cluster: Cluster, search: Search, deviceScorer: DeviceScorer) {
    self.cluster = cluster
    self.search = search
    self.deviceScorer = deviceScorer
  }

  /// Offers every feasible node of a domain to the search; returns what the normalised scores are scaled by.
  func run(_ question: Question, _ asked: AskedClass, within domain: UInt32) -> SoftScale {
    let named = namedSlots(asked.filter)
    return run(question, asked) { visit in
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

  /// The same among the rows that the caller shows.
  func run(_ question: Question, _ asked: AskedClass, over rows: ((UInt32, Row) -> Void) -> Void) -> SoftScale {
    search.counters.rowQueries += 1
    cluster.constraints.refreshPlaces(cluster.catalog)
    var scale = SoftScale(asked.profile)
    let isSpread = asked.isSpread
    if !asked.normalises {
      let drawn = asked.profile.terms.count == 1 ? asked.devices : nil
      rows { slot, row in
        // where chance alone decides, most nodes have lost before anything else is known of them
        if let drawn, drawn.policy == .random, search.foundCount == search.wanted,
          drawn.policyWeight * deviceScorer.random(row.node) < search.worst.score
        {
          return
        }
        evaluate(slot, row, question, asked) { search.offerRow($0.found) }
      }
      return scale
    }
    scale = collect(question, asked, rows)
    for node in feasible {
      let score = node.found.score + scale.total(node.raw, isSpread: isSpread)
      search.offerRow(Found(score: score, tie: node.found.tie, slot: node.found.slot))
    }
    return scale
  }

  /// The feasible ones among the rows that the caller shows, with their scores, in the order shown; normalised scores
  /// are scaled over them.
  func list(_ question: Question, _ asked: AskedClass, over rows: ((UInt32, Row) -> Void) -> Void) -> [Found] {
    cluster.constraints.refreshPlaces(cluster.catalog)
    let scale = collect(question, asked, rows)
    let isSpread = asked.isSpread
    return feasible.map { node in
      let score = node.found.score + (asked.normalises ? scale.total(node.raw, isSpread: isSpread) : 0)
      return Found(score: score, tie: node.found.tie, slot: node.found.slot)
    }
  }

  private func collect(
    _ question: Question, _ asked: AskedClass, _ rows: ((UInt32, Row) -> Void) -> Void
  ) -> SoftScale {
    var scale = SoftScale(asked.profile)
    feasible.removeAll(keepingCapacity: true)
    rows { slot, row in evaluate(slot, row, question, asked) { feasible.append($0) } }
    guard asked.normalises else { return scale }
    let isSpread = asked.isSpread
    weights = spreadWeights(asked)
    for index in feasible.indices {
      let place = feasible[index].place
      if isSpread { feasible[index].raw.spread = asked.rawSpread(place, weights, cluster) }
      feasible[index].raw.pods = asked.rawPreference(place, cluster)
      scale.include(feasible[index].raw)
    }
    return scale
  }

  /// How many domains of each soft spread constraint have feasible nodes.
  private func spreadWeights(_ asked: AskedClass) -> SpreadWeights {
    var weights = SpreadWeights()
    guard asked.isSpread, let constraints = asked.constraints else { return weights }
    var sizes = [Int](repeating: 0, count: constraints.softSpread.count)
    for (index, spread) in constraints.softSpread.enumerated() {
      var values = Set<Int32>()
      for node in feasible where asked.hasPart(node.place, cluster) {
        if spread.isHostname {
          sizes[index] += 1
        } else {
          let value = cluster.constraints.value(ofKey: spread.key, at: node.place, cluster.catalog)
          values.insert(value == TopologyKeys.none ? spread.lacking : value)
        }
      }
      if !spread.isHostname { sizes[index] = values.count }
    }
    weights.set(count: sizes.count) { sizes[$0] }
    return weights
  }

  /// Calls `body` for a feasible node, with its score without the normalised terms.
  private func evaluate(
    _ slot: UInt32, _ row: Row, _ question: Question, _ asked: AskedClass, _ body: (Feasible) -> Void
  ) {
    let tree = cluster.tree(of: row)
    let capacity = cluster.capacities(row)
    guard let mask = search.spread(question.requests, over: tree) else { return }
    guard search.place(row, capacity, search.request, UnsafePointer(tree.state)) else { return }
    let pool = Int(row.pool)
    let place = ConstraintState.Place(pool: pool, leaf: cluster.rows.domain(of: slot), node: row.node)
    let value = { (requirement: Requirement) in
      self.cluster.catalog.nodeValue(pool: pool, leaf: place.leaf, node: row.node, requirement)
    }
    let placeability = asked.filter.placeability
    guard cluster.catalog.refusal(placeability, pool: pool, value) == nil else { return }
    if let constraints = asked.constraints, constraints.hasHard {
      guard !constraints.refusesPorts(place, cluster.constraints),
        constraints.refusal(place, cluster.constraints, cluster.catalog) == 0
      else { return }
    }
    let plan = tree.plan(question, asked.profile, cluster.resources, UnsafePointer(search.request), mask)
    let load = Load(
      capacity: capacity, request: UnsafePointer(search.request), before: UnsafePointer(search.before))
    var score = -asked.profile.priceWeight * cluster.shapes.price(row.shape)
    for term in plan.pointee.terms { score += term.weight * term.value(load, search.after) }
    if let devices = asked.devices {
      guard let verdict = deviceScorer.evaluate(devices, node: row.node, cpu: cluster.freeCPU(row)) else { return }
      score += verdict.score
    }
    score += asked.profile.imageWeight * asked.imageScore(cluster.catalog.images.set(of: row.node))
    let tie = cluster.forest.hasTie ? row.tie : 0
    body(
      Feasible(
        found: Found(score: score, tie: tie, slot: slot),
        raw: SoftScale.Raw(
          affinity: placeability.preference(value),
          taints: placeability.intolerable(cluster.catalog.taints(pool: pool))),
        place: place))
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
    var list = wanted.nodeName.map { [$0] } ?? names(wanted.nodeSelector)
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
