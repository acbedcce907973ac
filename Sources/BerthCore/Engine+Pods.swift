import BerthMemory
import CBerth

extension Engine {
  func applyPlace(
    _ asked: AskedPods, flags: UInt32, into placements: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    guard flags <= UInt32(BERTH_PLACE_DRY_RUN) else {
      throw refuse(BERTH_BAD_ARGUMENT, "flags \(flags): only BERTH_PLACE_DRY_RUN is known")
    }
    try checkPlacing(asked.classes)
    prepare(asked.classes)
    let isDry = flags & UInt32(BERTH_PLACE_DRY_RUN) != 0
    if let reranker {
      try placeReranked(asked, reranker, isDry: isDry, into: placements)
    } else if isDry {
      takingBack { placeAll(asked, into: placements) }
    } else {
      placeAll(asked, into: placements)
    }
    if isDry {
      for index in 0..<asked.count { placements[index].pod = UInt64.max }
    }
  }

  func checkPlacing(_ classes: UnsafeBufferPointer<berth_class_id>) throws(EngineError) {
    try checkClasses(classes)
    try checkPodLimit(classes.count)
    try undoLog.check(classes.count)
  }

  private func placeAll(_ asked: AskedPods, into placements: UnsafeMutablePointer<berth_placement>) {
    // whatever placing could need is made ready here: but for claims, the loop below asks the arena for nothing
    reservePods(asked.count)
    if events.isOn { events.reserve(asked.count, tentatively: undoLog.isRecording) }
    var stopwatch = latencies.stopwatch(for: asked.count)
    for index in 0..<asked.count {
      if index & 15 == 0 { cluster.forest.reserveBlocks() }
      placements[index] = placeOne(asked.owners(index))
      countDecision(planner.kind, placements[index], &stopwatch)
    }
  }

  /// Room for more pods, and for their load.
  func reservePods(_ additional: Int) {
    pods.reserve(additional)
    if cluster.load.isOn { cluster.load.reservePods(pods.capacity) }
    if cluster.constraints.isOn { cluster.constraints.reservePods(pods.capacity) }
  }

  @inline(__always)
  private func placeOne(_ owners: PodOwners) -> berth_placement {
    if workload.classes.hasSpecial { planner.deviceScorer.nextPod = pods.nextID }
    if !reservations.isEmpty && findOwn(owners, wanted: 1) {
      return assume(owners, planner.search.found[0].slot, score: planner.search.found[0].score)
    }
    let best = planner.best(workload, owners.podClass)
    guard best.exists, cluster.canCount(best.slot, workload.classes.requests(owners.podClass)) else {
      return unplaced(owners.podClass, BERTH_NO_FIT)
    }
    return assume(owners, best.slot, score: best.score)
  }

  @inline(__always)
  func unplaced(_ podClass: UInt32, _ outcome: Int) -> berth_placement {
    berth_placement(pod: UInt64.max, node: UInt64.max, score: 0, pod_class: podClass, outcome: UInt32(outcome))
  }

  /// Puts a pod on a node where it fits.
  @inline(__always)
  func assume(_ owners: PodOwners, _ slot: UInt32, score: Int64) -> berth_placement {
    let node = cluster.rows.row(slot).id
    // it fits, so there are devices for it
    let claim = devices(for: owners.podClass, seeing: ownRow(slot, owners)) ?? DeviceClaim()
    let pod = addPod(owners, node, slot, claim, state: BERTH_POD_ASSUMED)
    emit(BERTH_EVENT_POD_ASSUMED, pod: pod, node: node, podClass: owners.podClass)
    return berth_placement(
      pod: pod, node: node, score: score, pod_class: owners.podClass, outcome: UInt32(BERTH_PLACED))
  }

  /// Adds a pod, which takes what is its own and is charged for all it requests.
  @inline(__always)
  func addPod(
    _ owners: PodOwners, _ node: berth_node_id, _ slot: UInt32, _ claim: DeviceClaim, state: Int
  ) -> berth_pod_id {
    let pod = pods.add(
      podClass: owners.podClass, node: UInt32(truncatingIfNeeded: node),
      nodeGeneration: UInt32(truncatingIfNeeded: node >> 32), state: state)
    let index = UInt32(truncatingIfNeeded: pod)
    undoLog.note(.podAdded(index))
    if claim.exists { cluster.devices.take(index, claim, on: UInt32(truncatingIfNeeded: node)) }
    if cluster.constraints.isOn { joinDomains(index, owners.podClass, slot) }
    if cluster.load.isOn { joinLoad(index, owners.podClass, slot) }
    if !reservations.isEmpty { takeOwn(index, owners, slot) }
    cluster.charge(slot, workload.classes.requests(owners.podClass), sign: 1)
    return pod
  }

  private func checkClasses(_ classes: UnsafeBufferPointer<berth_class_id>) throws(EngineError) {
    let known = UInt32(workload.classes.count)
    for index in 0..<classes.count where classes[index] >= known {
      throw refuse(BERTH_UNKNOWN_ID, "entry \(index): class \(classes[index]) is unknown")
    }
  }

  func checkPodLimit(_ additional: Int) throws(EngineError) {
    guard additional <= Int(BERTH_MAX_PODS) - pods.count else {
      throw refuse(BERTH_LIMIT, "\(pods.count) pods and \(additional) more: at most \(BERTH_MAX_PODS)")
    }
  }

  func applyBind(
    _ asked: AskedPods, nodes ids: UnsafePointer<berth_node_id>, claims: UnsafePointer<berth_claim>? = nil,
    pods out: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) {
    let classes = asked.classes
    try checkClasses(classes)
    try checkPodLimit(classes.count)
    prepare(classes)
    for index in 0..<classes.count { _ = try cluster.nodes.index(ids[index], "entry \(index): ") }
    try undoLog.check(classes.count)
    reservePods(classes.count)
    var bound: [berth_pod_id] = []
    bound.reserveCapacity(classes.count)
    try atomically { () throws(EngineError) in
      for index in 0..<classes.count {
        let slot = cluster.nodes.slots[Int(try cluster.nodes.index(ids[index]))]
        let requests = workload.classes.requests(classes[index])
        try checkCharge(slot, requests, "entry \(index)")
        let owners = asked.owners(index)
        let claim = try claim(
          claims?[index], for: classes[index], on: slot, seeing: ownRow(slot, owners), "entry \(index): ")
        cluster.admitResources(slot, requests)
        bound.append(addPod(owners, ids[index], slot, claim, state: BERTH_POD_BOUND))
      }
    }
    for index in 0..<bound.count {
      out[index] = bound[index]
      emit(BERTH_EVENT_POD_BOUND, pod: bound[index], node: ids[index], podClass: classes[index])
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
      let resource = cluster.shapes.resources(row.shape)[dim]
      let isListed = cluster.resources.isCounted(resource) || requests.contains { $0.resource == resource }
      if !isIdle || isListed { dims += 1 }
    }
    for request in requests {
      let dim = cluster.shapes.dim(of: request.resource, in: row.shape)
      if dim < 0 {
        dims += 1
      } else if row.used[dim] + request.value > Cluster.mostUsed {
        throw refuse(BERTH_BAD_QUANTITY, "\(what): the node would use more than 2^62 of resource \(request.resource)")
      }
    }
    guard dims <= ShapeTable.maxDims else {
      throw refuse(BERTH_LIMIT, "\(what): the node would use more than \(ShapeTable.maxDims) resources")
    }
  }

  func applyConfirm(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: BERTH_POD_ASSUMED, "confirmed")
    try undoLog.check(ids.count)
    for id in ids {
      let pod = pods.change(id)
      pod.pointee.setState(BERTH_POD_BOUND)
      undoLog.note(.podConfirmed(UInt32(truncatingIfNeeded: id)))
      emit(
        BERTH_EVENT_POD_BOUND, pod: id, node: nodeID(of: pod.pointee), podClass: pod.pointee.podClass, other: 1)
    }
  }

  func applyForget(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: BERTH_POD_ASSUMED, "forgotten")
    try undoLog.check(ids.count)
    for id in ids { try leave(id, BERTH_EVENT_POD_FORGOTTEN) }
  }

  func applyRelease(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: nil, "released")
    try undoLog.check(ids.count)
    for id in ids { try leave(id, BERTH_EVENT_POD_RELEASED) }
  }

  /// All ids are live, in the wanted state, and occur once.
  func check(
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

  private func leave(_ id: berth_pod_id, _ event: Int) throws(EngineError) {
    let index = UInt32(truncatingIfNeeded: id)
    let pod = try pods.get(id)
    let claims = reservations.claims.exist(index) ? giveBack(index) : nil
    if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
      if cluster.constraints.isOn { leaveDomains(index, pod.podClass, slot, isTerminating: pod.isTerminating) }
      if cluster.load.isOn { leaveLoad(UInt32(truncatingIfNeeded: id), pod.podClass, slot) }
      giveDevices(index, pod.node)
      cluster.charge(slot, workload.classes.requests(pod.podClass), sign: -1)
    } else {
      dropDevices(index)
    }
    pods.remove(id)
    undoLog.note(.podRemoved(index, pod))
    // taken back before the pod's charge is, as it was given back before
    if let claims, undoLog.isRecording { undoLog.note { $0.takeAgain(index, claims) } }
    emit(event, pod: id, node: nodeID(of: pod), podClass: pod.podClass)
  }

  /// BERTH_NO_NODE once the pod's node was removed.
  func nodeID(of pod: PodTable.Pod) -> berth_node_id {
    let lives = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
    return lives ? UInt64(pod.nodeGeneration) << 32 | UInt64(pod.node) : UInt64.max
  }

  public func readPods(
    _ ids: UnsafeBufferPointer<berth_pod_id>, states: UnsafeMutablePointer<berth_pod_state>
  ) throws(EngineError) {
    for index in 0..<ids.count { _ = try pods.get(ids[index], "entry \(index): ") }
    for index in 0..<ids.count {
      let pod = try pods.get(ids[index])
      states[index] = berth_pod_state(
        pod: ids[index], node: nodeID(of: pod), pod_class: pod.podClass, state: UInt16(pod.state),
        flags: pod.isTerminating ? UInt16(BERTH_POD_TERMINATING) : 0)
    }
  }
}
