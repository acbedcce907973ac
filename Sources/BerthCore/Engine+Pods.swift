import BerthMemory
import CBerth

extension Engine {
  public func place(
    _ classes: UnsafeBufferPointer<berth_class_id>, flags: UInt32,
    into placements: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    guard flags <= UInt32(BERTH_PLACE_DRY_RUN) else {
      throw refuse(BERTH_BAD_ARGUMENT, "flags \(flags): only BERTH_PLACE_DRY_RUN is known")
    }
    try checkClasses(classes)
    let isDry = flags & UInt32(BERTH_PLACE_DRY_RUN) != 0
    if !isDry { try checkPodLimit(classes.count) }
    // whatever placing could need is made ready here: the loop below asks the arena for nothing
    if !isDry { pods.reserve(classes.count) }
    for index in 0..<classes.count {
      if index & 15 == 0 { cluster.forest.reserveBlocks() }
      placements[index] = placeOne(classes[index], isDry: isDry)
    }
    if isDry {
      for index in stride(from: classes.count - 1, through: 0, by: -1)
      where Int(placements[index].outcome) == BERTH_PLACED {
        let slot = cluster.nodes.slots[Int(UInt32(truncatingIfNeeded: placements[index].node))]
        cluster.charge(slot, workload.classes.requests(classes[index]), sign: -1)
      }
    }
  }

  @inline(__always)
  private func placeOne(_ podClass: UInt32, isDry: Bool) -> berth_placement {
    decisions += 1
    let best = planner.best(workload, podClass)
    guard best.exists else {
      return berth_placement(
        pod: UInt64.max, node: UInt64.max, score: 0, pod_class: podClass, outcome: UInt32(BERTH_NO_FIT))
    }
    let row = cluster.rows.row(best.slot)
    cluster.charge(best.slot, workload.classes.requests(podClass), sign: 1)
    let pod =
      isDry
      ? UInt64.max
      : pods.add(
        podClass: podClass, node: row.node, nodeGeneration: row.generation, state: BERTH_POD_ASSUMED)
    return berth_placement(
      pod: pod, node: row.id, score: best.score, pod_class: podClass, outcome: UInt32(BERTH_PLACED))
  }

  private func checkClasses(_ classes: UnsafeBufferPointer<berth_class_id>) throws(EngineError) {
    let known = UInt32(workload.classes.count)
    for index in 0..<classes.count where classes[index] >= known {
      throw refuse(BERTH_UNKNOWN_ID, "entry \(index): class \(classes[index]) is unknown")
    }
  }

  private func checkPodLimit(_ additional: Int) throws(EngineError) {
    guard additional <= Int(BERTH_MAX_PODS) - pods.count else {
      throw refuse(BERTH_LIMIT, "\(pods.count) pods and \(additional) more: at most \(BERTH_MAX_PODS)")
    }
  }

  public func bind(
    _ classes: UnsafeBufferPointer<berth_class_id>, nodes ids: UnsafePointer<berth_node_id>,
    pods out: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) {
    try checkClasses(classes)
    try checkPodLimit(classes.count)
    for index in 0..<classes.count { _ = try cluster.nodes.index(ids[index], "entry \(index): ") }
    pods.reserve(classes.count)
    var done = 0
    do throws(EngineError) {
      while done < classes.count {
        let requests = workload.classes.requests(classes[done])
        let node = try cluster.nodes.index(ids[done])
        let slot = cluster.nodes.slots[Int(node)]
        try checkCharge(slot, requests, "entry \(done)")
        cluster.admitResources(slot, requests)
        cluster.charge(slot, requests, sign: 1)
        done += 1
      }
    } catch {
      for index in stride(from: done - 1, through: 0, by: -1) {
        let slot = cluster.nodes.slots[Int(UInt32(truncatingIfNeeded: ids[index]))]
        cluster.charge(slot, workload.classes.requests(classes[index]), sign: -1)
      }
      throw error
    }
    for index in 0..<classes.count {
      let node = UInt32(truncatingIfNeeded: ids[index])
      out[index] = pods.add(
        podClass: classes[index], node: node, nodeGeneration: cluster.nodes.generation(node), state: BERTH_POD_BOUND)
    }
  }

  /// Binding may over-commit, but not leave what 64 bits hold, nor give a node more resources than it can list.
  private func checkCharge(
    _ slot: UInt32, _ requests: UnsafeBufferPointer<Request>, _ what: String
  ) throws(EngineError) {
    let row = cluster.rows.row(slot)
    var dims = 0
    for dim in 0..<Int(cluster.shapes.dims[Int(row.shape)]) {
      let isIdle = cluster.shapes.capacities(row.shape)[dim] == 0 && row.used[dim] == 0
      let isWanted = requests.contains { $0.resource == cluster.shapes.resources(row.shape)[dim] }
      if !isIdle || isWanted { dims += 1 }
    }
    for request in requests {
      let dim = cluster.shapes.dim(of: request.resource, in: row.shape)
      if dim < 0 {
        dims += 1
      } else if row.used[dim] + request.value > 1 << 62 {
        throw refuse(BERTH_BAD_QUANTITY, "\(what): the node would use more than 2^62 of resource \(request.resource)")
      }
    }
    guard dims <= ShapeTable.maxDims else {
      throw refuse(BERTH_LIMIT, "\(what): the node would use more than \(ShapeTable.maxDims) resources")
    }
  }

  public func confirm(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: BERTH_POD_ASSUMED, "confirmed")
    for id in ids { pods.change(id).pointee.setState(BERTH_POD_BOUND) }
  }

  public func forget(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: BERTH_POD_ASSUMED, "forgotten")
    for id in ids { try leave(id) }
  }

  public func release(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: nil, "released")
    for id in ids { try leave(id) }
  }

  /// All ids are live, in the wanted state, and occur once.
  private func check(
    _ ids: UnsafeBufferPointer<berth_pod_id>, wanted: Int?, _ verb: String
  ) throws(EngineError) {
    // A pod that was seen is marked by the state that no pod has; the marks go again before anything else happens.
    var seen = 0
    var failure: EngineError?
    while seen < ids.count && failure == nil {
      do throws(EngineError) {
        let pod = try pods.get(ids[seen], "entry \(seen): ")
        if pod.isMarked {
          failure = refuse(BERTH_DUPLICATE, "entry \(seen): pod \(ids[seen]) occurs twice")
        } else if let wanted, pod.state != wanted {
          failure = refuse(
            BERTH_WRONG_STATE, "entry \(seen): pod \(ids[seen]) is bound: only assumed pods are \(verb)")
        } else {
          pods.change(ids[seen]).pointee.isMarked = true
          seen += 1
        }
      } catch {
        failure = error
      }
    }
    for index in 0..<seen { pods.change(ids[index]).pointee.isMarked = false }
    if let failure { throw failure }
  }

  private func leave(_ id: berth_pod_id) throws(EngineError) {
    let pod = try pods.get(id)
    if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
      cluster.charge(slot, workload.classes.requests(pod.podClass), sign: -1)
    }
    pods.remove(id)
  }

  public func readPods(
    _ ids: UnsafeBufferPointer<berth_pod_id>, states: UnsafeMutablePointer<berth_pod_state>
  ) throws(EngineError) {
    for index in 0..<ids.count { _ = try pods.get(ids[index], "entry \(index): ") }
    for index in 0..<ids.count {
      let pod = try pods.get(ids[index])
      let lives = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      states[index] = berth_pod_state(
        pod: ids[index], node: lives ? cluster.nodes.id(pod.node) : UInt64.max, pod_class: pod.podClass,
        state: UInt32(pod.state))
    }
  }
}
