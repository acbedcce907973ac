import CBerth

/// Looks at single nodes for one class: which of kube-scheduler's filters refuses first, and what lacks.
struct Inspector {
  /// What is to be said of a node.
  struct Verdict {
    /// A BERTH_REASON_*; 0: the pod fits.
    var reason: Int
    /// Evicting pods cannot help.
    var isUnresolvable = false
    /// The resource that lacks most, as a share of what the node has.
    var worst: (resource: UInt32, shortfall: Int64, capacity: Int64)?
  }

  private let cluster: Cluster
  private let asked: AskedClass
  private let deviceScorer: DeviceScorer
  /// Ascending by resource, only what can refuse.
  let requests: [Request]
  private let isPerNode: Bool
  /// Static answers by pool, where the pool decides; `unknown` until they are asked for.
  private var poolAnswers: [UInt32]
  private static let unknown = UInt32.max
  /// The places in `requests` of what lacks on the node looked at last.
  private(set) var lacking: [Int] = []

  init(cluster: Cluster, asked: AskedClass, asks: UnsafeBufferPointer<Request>, deviceScorer: DeviceScorer) {
    self.cluster = cluster
    self.asked = asked
    self.deviceScorer = deviceScorer
    cluster.constraints.refreshPlaces(cluster.catalog)
    requests = asks.filter(\.kind.isChecked).sorted { $0.resource < $1.resource }
    isPerNode = asked.filter.placeability.allRequirements.contains { cluster.catalog.isPerNode($0) }
    poolAnswers = isPerNode ? [] : [UInt32](repeating: Self.unknown, count: cluster.catalog.pools.count)
  }

  mutating func look(_ slot: UInt32, _ row: Row) -> Verdict {
    lacking.removeAll(keepingCapacity: true)
    if let reason = staticRefusal(slot, row) { return Verdict(reason: Int(reason), isUnresolvable: true) }
    let place = ConstraintState.Place(pool: Int(row.pool), leaf: cluster.rows.domain(of: slot), node: row.node)
    if let constraints = asked.constraints, constraints.refusesPorts(place, cluster.constraints) {
      return Verdict(reason: BERTH_REASON_HOST_PORTS)
    }
    let resources = lookAtResources(row)
    if resources.reason != 0 { return resources }
    let reason = refusalByPods(place)
    if reason == 0, let refusal = refusalByDevices(row) {
      return Verdict(reason: refusal, isUnresolvable: refusal == BERTH_REASON_NO_SUCH_DEVICES)
    }
    return Verdict(
      reason: reason, isUnresolvable: reason == BERTH_REASON_SPREAD_LABEL || reason == BERTH_REASON_POD_AFFINITY)
  }

  /// Whether only resources lacked on the node looked at last.
  mutating func isRefusedForResourcesOnly(_ slot: UInt32, _ row: Row) -> Bool {
    refusalByPods(
      ConstraintState.Place(pool: Int(row.pool), leaf: cluster.rows.domain(of: slot), node: row.node)) == 0
      && refusalByDevices(row) == nil
  }

  private func refusalByDevices(_ row: Row) -> Int? {
    guard let devices = asked.devices, devices.demand.kind != .none,
      deviceScorer.evaluate(devices, node: row.node, cpu: cluster.freeCPU(row)) == nil
    else { return nil }
    guard let state = cluster.devices.of(row.node), let machine = cluster.devices.machine(state.pointee.machine),
      deviceScorer.isPossible(devices, on: machine)
    else { return BERTH_REASON_NO_SUCH_DEVICES }
    return BERTH_REASON_DEVICES_TAKEN
  }

  private func refusalByPods(_ place: ConstraintState.Place) -> Int {
    asked.constraints?.refusal(place, cluster.constraints, cluster.catalog) ?? 0
  }

  private mutating func lookAtResources(_ row: Row) -> Verdict {
    let shape = row.shape
    var verdict = Verdict(reason: 0)
    for (index, request) in requests.enumerated() {
      let dim = cluster.shapes.dim(of: request.resource, in: shape)
      if request.kind == .limited && dim < 0 { continue }
      let capacity = dim < 0 ? 0 : cluster.shapes.capacities(shape)[dim]
      let shortfall = request.value - (dim < 0 ? 0 : capacity - row.used[dim])
      guard shortfall > 0 else { continue }
      lacking.append(index)
      verdict.reason = BERTH_REASON_INSUFFICIENT_RESOURCE
      if request.value > capacity && cluster.resources.pods != request.resource { verdict.isUnresolvable = true }
      if verdict.worst.map({ Self.isSmaller(($0.shortfall, $0.capacity), (shortfall, capacity)) }) ?? true {
        verdict.worst = (request.resource, shortfall, capacity)
      }
    }
    return verdict
  }

  private mutating func staticRefusal(_ slot: UInt32, _ row: Row) -> UInt32? {
    let pool = Int(row.pool)
    let placeability = asked.filter.placeability
    if isPerNode {
      let leaf = cluster.rows.domain(of: slot)
      return cluster.catalog.refusal(placeability, pool: pool) {
        self.cluster.catalog.nodeValue(pool: pool, leaf: leaf, node: row.node, $0)
      }
    }
    if poolAnswers[pool] == Self.unknown {
      poolAnswers[pool] =
        cluster.catalog.refusal(placeability, pool: pool) { self.cluster.catalog.poolValue(pool, $0) } ?? 0
    }
    return poolAnswers[pool] == 0 ? nil : poolAnswers[pool]
  }

  /// a.0 / a.1 < b.0 / b.1, exactly; a denominator of 0 is infinite.
  static func isSmaller(_ a: (Int64, Int64), _ b: (Int64, Int64)) -> Bool {
    if a.1 == 0 { return false }
    if b.1 == 0 { return true }
    let left = a.0.multipliedFullWidth(by: b.1)
    let right = b.0.multipliedFullWidth(by: a.1)
    return left.high != right.high ? left.high < right.high : left.low < right.low
  }
}
