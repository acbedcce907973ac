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
      planner.termScores(workload, podClass, search.foundCount, into: termScores) { cluster.rows.row($0) }
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
      requests: workload.classes.asks(podClass).sorted { $0.resource < $1.resource })
    explainer.run()
    return explainer.answer(reasons)
  }
}
