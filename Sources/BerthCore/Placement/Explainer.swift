import CBerth

/// Why a class fits where it does not: every node counts under the first of kube-scheduler's filters that refuses it,
/// and there once for each resource that lacks.
struct Explainer {
  private let cluster: Cluster
  private let placeability: Placeability
  private let requests: [Request]
  private var staticReasons = [UInt64](repeating: 0, count: 4)
  private var lacking: [UInt64]
  private var feasible: UInt64 = 0
  private var nearest: (slot: UInt32, resource: UInt32, shortfall: Int64, capacity: Int64)?
  /// Static answers by pool, where the pool decides.
  private var poolAnswers: [UInt32?] = []
  private let isPerNode: Bool

  init(cluster: Cluster, placeability: Placeability, requests: [Request]) {
    self.cluster = cluster
    self.placeability = placeability
    self.requests = requests
    lacking = [UInt64](repeating: 0, count: requests.count)
    isPerNode = placeability.allRequirements.contains { cluster.catalog.isPerNode($0) }
    if !isPerNode {
      poolAnswers = (0..<cluster.catalog.pools.count).map { pool in
        cluster.catalog.refusal(placeability, pool: pool) { cluster.catalog.poolValue(pool, $0) }
      }
    }
  }

  mutating func run() {
    cluster.rows.visit { slot, row in look(slot, row) }
  }

  private mutating func look(_ slot: UInt32, _ row: Row) {
    if let reason = refusal(slot, row) {
      staticReasons[Int(reason)] += 1
      return
    }
    let shape = row.shape
    var worst: (resource: UInt32, shortfall: Int64, capacity: Int64)?
    for (index, request) in requests.enumerated() {
      let dim = cluster.shapes.dim(of: request.resource, in: shape)
      if request.kind == .scored || (request.kind == .limited && dim < 0) { continue }
      let capacity = dim < 0 ? 0 : cluster.shapes.capacities(shape)[dim]
      let shortfall = request.value - (dim < 0 ? 0 : capacity - row.used[dim])
      guard shortfall > 0 else { continue }
      lacking[index] += 1
      if worst == nil || Self.isSmaller((worst!.shortfall, worst!.capacity), (shortfall, capacity)) {
        worst = (request.resource, shortfall, capacity)
      }
    }
    guard let worst else {
      feasible += 1
      return
    }
    if nearest == nil
      || Self.isSmaller((worst.shortfall, worst.capacity), (nearest!.shortfall, nearest!.capacity))
    {
      nearest = (slot, worst.resource, worst.shortfall, worst.capacity)
    }
  }

  private func refusal(_ slot: UInt32, _ row: Row) -> UInt32? {
    let pool = Int(row.pool)
    if !isPerNode { return poolAnswers[pool] }
    let leaf = cluster.rows.domain(of: slot)
    return cluster.catalog.refusal(placeability, pool: pool) {
      cluster.catalog.nodeValue(pool: pool, leaf: leaf, node: row.node, $0)
    }
  }

  /// a.0 / a.1 < b.0 / b.1, exactly; a denominator of 0 is infinite.
  private static func isSmaller(_ a: (Int64, Int64), _ b: (Int64, Int64)) -> Bool {
    if a.1 == 0 { return false }
    if b.1 == 0 { return true }
    let left = a.0.multipliedFullWidth(by: b.1)
    let right = b.0.multipliedFullWidth(by: a.1)
    return left.high != right.high ? left.high < right.high : left.low < right.low
  }

  func answer(_ out: UnsafeMutableBufferPointer<berth_reason>) -> berth_explanation {
    var reasons: [berth_reason] = []
    for kind in 1...3 where staticReasons[kind] > 0 {
      reasons.append(berth_reason(kind: UInt32(kind), resource: .max, nodes: staticReasons[kind]))
    }
    for (index, request) in requests.enumerated() where lacking[index] > 0 {
      reasons.append(
        berth_reason(
          kind: UInt32(BERTH_REASON_INSUFFICIENT_RESOURCE), resource: request.resource, nodes: lacking[index]))
    }
    reasons.sort { ($1.nodes, $0.kind, $0.resource) < ($0.nodes, $1.kind, $1.resource) }
    for index in 0..<min(out.count, reasons.count) { out[index] = reasons[index] }
    var result = berth_explanation()
    result.struct_size = UInt32(MemoryLayout<berth_explanation>.size)
    result.reason_count = UInt32(reasons.count)
    result.nodes = UInt64(cluster.nodes.count)
    result.feasible = feasible
    result.nearest_node = UInt64.max
    result.nearest_resource = .max
    if let nearest {
      result.nearest_node = cluster.nodes.id(cluster.rows.row(nearest.slot).node)
      result.nearest_resource = nearest.resource
      result.nearest_shortfall = nearest.shortfall
    }
    return result
  }
}
