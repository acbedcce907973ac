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
    prepare(podClass)
    planner.deviceScorer.nextPod = pods.nextID
    planner.run(workload, podClass, wanted: count)
    let search = planner.search
    for index in 0..<search.foundCount {
      let found = search.found[index]
      candidates[index] = berth_candidate(
        node: cluster.nodes.id(cluster.rows.row(found.slot).node), score: found.score)
    }
    if let termScores {
      planner.termScores(workload, podClass, search.foundCount, into: termScores) { cluster.rows.row($0) }
    }
    return search.foundCount
  }

  public func explain(
    _ podClass: berth_class_id, reasons: UnsafeMutableBufferPointer<berth_reason>
  ) throws(EngineError) -> berth_explanation {
    try check(podClass)
    return explainer(podClass).answer(reasons)
  }

  /// What kube-scheduler says of a pod of the class.
  public func message(_ podClass: berth_class_id) throws(EngineError) -> String {
    try check(podClass)
    return explainer(podClass).message
  }

  private func explainer(_ podClass: berth_class_id) -> Explainer {
    var explainer = Explainer(cluster: cluster, inspector: inspector(podClass))
    explainer.run()
    return explainer
  }

  func inspector(_ podClass: berth_class_id) -> Inspector {
    prepare(podClass)
    return Inspector(
      cluster: cluster, asked: planner.askedClass(workload, podClass), asks: workload.classes.asks(podClass),
      deviceScorer: planner.deviceScorer)
  }

  /// Checks single nodes; `lacking`, if given, is [nodes][BERTH_MAX_RESOURCES_PER_POD].
  public func check(
    _ podClass: berth_class_id, nodes: UnsafeBufferPointer<berth_node_id>,
    verdicts: UnsafeMutablePointer<berth_verdict>, lacking: UnsafeMutablePointer<berth_resource_id>?
  ) throws(EngineError) {
    try check(podClass)
    for index in 0..<nodes.count { _ = try cluster.nodes.index(nodes[index], "entry \(index): ") }
    var inspector = inspector(podClass)
    for (index, id) in nodes.enumerated() {
      let slot = cluster.nodes.slots[Int(try cluster.nodes.index(id))]
      let verdict = inspector.look(slot, cluster.rows.row(slot))
      verdicts[index] = berth_verdict(
        reason: UInt32(verdict.reason), flags: verdict.isUnresolvable ? UInt32(BERTH_VERDICT_UNRESOLVABLE) : 0,
        lacking_count: UInt32(inspector.lacking.count), reserved: 0)
      if let lacking {
        for (place, request) in inspector.lacking.prefix(Int(BERTH_MAX_RESOURCES_PER_POD)).enumerated() {
          lacking[index * Int(BERTH_MAX_RESOURCES_PER_POD) + place] = inspector.requests[request].resource
        }
      }
    }
  }
}
