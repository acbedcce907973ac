import CBerth

/// Why a class fits where it does not: every node counts under the first of kube-scheduler's filters that refuses it,
/// and there once for each resource that lacks.
struct Explainer {
  /// In the order of kube-scheduler's filters.
  private static let order = [
    BERTH_REASON_UNSCHEDULABLE, BERTH_REASON_NODE_NAME, BERTH_REASON_TAINT, BERTH_REASON_AFFINITY,
    BERTH_REASON_HOST_PORTS, BERTH_REASON_INSUFFICIENT_RESOURCE, BERTH_REASON_SPREAD_LABEL, BERTH_REASON_SPREAD,
    BERTH_REASON_POD_AFFINITY, BERTH_REASON_POD_ANTI_AFFINITY, BERTH_REASON_EXISTING_ANTI_AFFINITY,
    BERTH_REASON_NO_SUCH_DEVICES, BERTH_REASON_DEVICES_TAKEN,
  ]

  private let cluster: Cluster
  private var inspector: Inspector
  /// By BERTH_REASON_*.
  private var refused = [UInt64](repeating: 0, count: order.count + 1)
  private var lacking: [UInt64]
  private var feasible: UInt64 = 0
  private var nearest: (slot: UInt32, resource: UInt32, shortfall: Int64, capacity: Int64)?

  init(cluster: Cluster, inspector: Inspector) {
    self.cluster = cluster
    self.inspector = inspector
    lacking = [UInt64](repeating: 0, count: inspector.requests.count)
  }

  mutating func run() {
    cluster.rows.visit { slot, row in look(slot, row) }
  }

  private mutating func look(_ slot: UInt32, _ row: Row) {
    let verdict = inspector.look(slot, row)
    guard verdict.reason != 0 else {
      feasible += 1
      return
    }
    refused[verdict.reason] += 1
    for index in inspector.lacking { lacking[index] += 1 }
    guard let worst = verdict.worst else { return }
    let isNearest =
      nearest.map { Inspector.isSmaller((worst.shortfall, worst.capacity), ($0.shortfall, $0.capacity)) } ?? true
    if isNearest && inspector.isRefusedForResourcesOnly(slot, row) {
      nearest = (slot, worst.resource, worst.shortfall, worst.capacity)
    }
  }

  /// The reasons, most nodes first; among equals in the order of the filters, then of resources.
  private var reasons: [berth_reason] {
    var list: [(place: Int, reason: berth_reason)] = []
    for (place, kind) in Self.order.enumerated() {
      if kind == BERTH_REASON_INSUFFICIENT_RESOURCE {
        for (index, request) in inspector.requests.enumerated() where lacking[index] > 0 {
          list.append(
            (place, berth_reason(kind: UInt32(kind), resource: request.resource, nodes: lacking[index])))
        }
      } else if refused[kind] > 0 {
        list.append((place, berth_reason(kind: UInt32(kind), resource: .max, nodes: refused[kind])))
      }
    }
    list.sort { ($1.reason.nodes, $0.place, $0.reason.resource) < ($0.reason.nodes, $1.place, $1.reason.resource) }
    return list.map(\.reason)
  }

  func answer(_ out: UnsafeMutableBufferPointer<berth_reason>) -> berth_explanation {
    let reasons = reasons
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

  /// What kube-scheduler says of a pod that fits nowhere (its FitError).
  var message: String {
    let parts = reasons.map { "\($0.nodes) \(Self.text($0, cluster.resources))" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let head = "\(feasible)/\(cluster.nodes.count) nodes are available"
    return parts.isEmpty ? head + "." : head + ": " + parts.joined(separator: ", ") + "."
  }

  private static func text(_ reason: berth_reason, _ resources: ResourceTable) -> String {
    let words = ReasonWords.of(reason.kind).description
    if Int(reason.kind) != BERTH_REASON_INSUFFICIENT_RESOURCE { return words }
    if resources.pods == reason.resource { return "Too many pods" }
    return "\(words) \(resources.resources[Int(reason.resource)].name)"
  }
}
