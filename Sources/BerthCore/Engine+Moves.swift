import BerthMemory
import CBerth

// Pods that change their nodes, and keep their ids.

extension Engine {
  func applyMove(
    _ ids: UnsafeBufferPointer<berth_pod_id>, to targets: UnsafePointer<berth_node_id>
  ) throws(EngineError) {
    try check(ids, wanted: nil, "moved")
    for index in 0..<ids.count {
      _ = try cluster.nodes.index(targets[index], "entry \(index): ")
      let pod = try pods.get(ids[index])
      guard cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil else {
        throw refuse(BERTH_WRONG_STATE, "entry \(index): pod \(ids[index]) has lost its node")
      }
    }
    // a move is two changes of two nodes
    try undoLog.check(2 * ids.count)
    // while all pods are where they are said to be: the first constraint of pods on each other counts them all
    var inspectors: [UInt32: Inspector] = [:]
    for id in ids {
      let podClass = try pods.get(id).podClass
      if inspectors[podClass] == nil { inspectors[podClass] = inspector(podClass) }
    }
    try atomically { () throws(EngineError) in
      for index in 0..<ids.count {
        if index & 15 == 0 { cluster.forest.reserveBlocks() }
        try moveOne(ids[index], to: targets[index], &inspectors, "entry \(index): ")
      }
    }
  }

  /// Takes a pod off its node and puts it on another, if it fits there; if not it is on neither, and the caller rolls
  /// back.
  func moveOne(
    _ id: berth_pod_id, to target: berth_node_id, _ inspectors: inout [UInt32: Inspector], _ place: String = ""
  ) throws(EngineError) {
    let index = UInt32(truncatingIfNeeded: id)
    let pod = try pods.get(id)
    let from = nodeID(of: pod)
    let claims = reservations.claims.exist(index) ? giveBack(index) : nil
    depart(index, pod)
    // taken back before the pod's charge is, as it was given back before
    if let claims { undoLog.note { $0.takeAgain(index, claims) } }
    let slot = cluster.nodes.slots[Int(try cluster.nodes.index(target))]
    let reason = inspectors[pod.podClass]!.look(slot, cluster.rows.row(slot)).reason
    guard reason == 0, cluster.canCount(slot, workload.classes.requests(pod.podClass)) else {
      throw refuse(
        BERTH_NO_ROOM, "\(place)pod \(id) does not fit \(name(of: slot)): \(ReasonWords.of(UInt32(reason)))")
    }
    let claim = try claim(nil, for: pod.podClass, on: slot, seeing: cluster.rows.row(slot), place)
    arrive(index, pod.podClass, target, slot, claim)
    emit(BERTH_EVENT_POD_MOVED, pod: id, node: target, podClass: pod.podClass, other: from)
  }

  /// A pod leaves its node, and stays in the table.
  private func depart(_ index: UInt32, _ pod: PodTable.Pod) {
    let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration).unsafelyUnwrapped
    if cluster.constraints.isOn { leaveDomains(index, pod.podClass, slot, isTerminating: pod.isTerminating) }
    if cluster.load.isOn { leaveLoad(index, pod.podClass, slot) }
    giveDevices(index, pod.node)
    cluster.charge(slot, workload.classes.requests(pod.podClass), sign: -1)
    undoLog.note { engine in
      let slot = engine.cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration).unsafelyUnwrapped
      engine.pods.setNode(index, pod.node, pod.nodeGeneration)
      if engine.cluster.constraints.isOn {
        engine.joinDomains(index, pod.podClass, slot, isTerminating: pod.isTerminating)
      }
      engine.cluster.charge(slot, engine.workload.classes.requests(pod.podClass), sign: 1)
    }
  }

  /// A pod that left its node comes to another.
  private func arrive(
    _ index: UInt32, _ podClass: UInt32, _ node: berth_node_id, _ slot: UInt32, _ claim: DeviceClaim
  ) {
    let nodeIndex = UInt32(truncatingIfNeeded: node)
    pods.setNode(index, nodeIndex, UInt32(truncatingIfNeeded: node >> 32))
    let isTerminating = pods.live(index)?.isTerminating ?? false
    if claim.exists { cluster.devices.take(index, claim, on: nodeIndex) }
    if cluster.constraints.isOn { joinDomains(index, podClass, slot, isTerminating: isTerminating) }
    if cluster.load.isOn { joinLoad(index, podClass, slot) }
    cluster.charge(slot, workload.classes.requests(podClass), sign: 1)
    undoLog.note { engine in
      let slot = engine.cluster.nodes.slots[Int(nodeIndex)]
      if engine.cluster.constraints.isOn {
        engine.leaveDomains(index, podClass, slot, isTerminating: isTerminating)
      }
      if engine.cluster.load.isOn { engine.unjoinLoad(index, podClass, slot) }
      engine.cluster.devices.give(index, on: nodeIndex)
      engine.cluster.charge(slot, engine.workload.classes.requests(podClass), sign: -1)
    }
  }
}
