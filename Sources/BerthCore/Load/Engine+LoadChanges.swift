import CBerth

// How load follows what happens to nodes, pods and time. Nothing here is called while no load resource is declared.

extension Engine {
  func demand(_ podClass: UInt32) -> PodDemand { workload.classes.demand(podClass) }

  /// By pod index, for pods that are there.
  func demand(ofPod pod: UInt32) -> PodDemand { demand(pods.podClass(pod)) }

  /// Brings a node up to date with its load and the time.
  func refreshLoad(_ node: UInt32) {
    guard Int(node) < cluster.nodes.slots.count,
      let slot = cluster.nodes.slot(index: node, generation: cluster.nodes.generation(node))
    else { return }
    let row = cluster.rows.mutableRow(slot)
    cluster.load.write(node, into: row, cluster.shapes, at: now)
    cluster.reindex(slot, row)
    cluster.load.deadlines.watch(node, until: cluster.load.nextExpiry(node, after: now))
  }

  // MARK: Pods

  /// A pod comes to a node; the caller charges its requests there next, which brings the node's place up to date.
  @inline(__always)
  func joinLoad(_ pod: UInt32, _ podClass: UInt32, _ slot: UInt32) {
    let row = cluster.rows.mutableRow(slot)
    cluster.load.join(pod, demand(podClass), on: row.node, at: now)
    cluster.load.write(row.node, into: row, cluster.shapes, at: now)
  }

  /// Takes back `joinLoad`, before the requests are taken back.
  func unjoinLoad(_ pod: UInt32, _ podClass: UInt32, _ slot: UInt32) {
    let row = cluster.rows.mutableRow(slot)
    cluster.load.unjoin(pod, demand(podClass), on: row.node)
    cluster.load.write(row.node, into: row, cluster.shapes, at: now)
  }

  /// A pod leaves; the caller takes back its requests next.
  func leaveLoad(_ pod: UInt32, _ podClass: UInt32, _ slot: UInt32) {
    let row = cluster.rows.mutableRow(slot)
    if undoLog.isRecording {
      let (record, node) = (cluster.load.podRecord(pod), row.node)
      undoLog.note { engine in
        engine.cluster.load.rejoin(record, engine.demand(podClass), on: node)
        engine.refreshLoad(node)
      }
    }
    cluster.load.leave(pod, demand(podClass), on: row.node)
    cluster.load.write(row.node, into: row, cluster.shapes, at: now)
  }

  // MARK: Nodes

  /// Nodes have come, with load resources as they are without a report.
  func startLoad(_ ids: UnsafePointer<berth_node_id>, count: Int) {
    cluster.load.reserveNodes(cluster.nodes.slots.count)
    for index in 0..<count {
      let node = UInt32(truncatingIfNeeded: ids[index])
      let list = cluster.list(of: cluster.rows.row(cluster.nodes.slots[Int(node)]))
      cluster.load.clear(node)
      cluster.load.setCapacities(node, list)
      for (place, spare) in cluster.load.specs.spares.enumerated() where spare.prediction == .request {
        let untold = list.used(of: cluster.load.specs.measured[spare.measured])
        cluster.load.setAmount(node, cluster.load.layout.past(place), untold)
      }
    }
  }

  /// Takes over what is used on a node whose capacities change: of load resources, what best-effort pods request.
  func keepUsed(_ list: inout ResourceList, of node: UInt32, _ old: ResourceList) {
    list.keepUsed(of: old) { !cluster.load.specs.isLoad($0) }
    for (index, spare) in cluster.load.specs.spares.enumerated() {
      let requested =
        old.used(of: spare.resource) - cluster.load.amount(node, cluster.load.layout.withheld(index))
      if requested > 0 { list.addUsed(spare.resource, requested) }
    }
  }

  /// A node's capacities have changed.
  func updateLoad(_ node: UInt32, _ list: ResourceList) {
    if undoLog.isRecording {
      let record = cluster.load.record(of: node)
      undoLog.note { $0.cluster.load.restore(node, record, withRow: true) }  // which the change of the node takes back
    }
    cluster.load.setCapacities(node, list)
    refreshLoad(node)
  }

  /// Notes what reports said of a node and of its pods.
  func noteReport(_ node: UInt32) {
    guard undoLog.isRecording else { return }
    let record = cluster.load.record(of: node)
    let pods = podRecords(on: node)
    undoLog.note { engine in
      engine.cluster.load.restore(node, record, withRow: false)
      for pod in pods { engine.cluster.load.setUsage(pod) }
      engine.refreshLoad(node)
    }
  }

  private func podRecords(on node: UInt32) -> [LoadState.PodRecord] {
    var records: [LoadState.PodRecord] = []
    cluster.load.forEachPod(on: node) { records.append(cluster.load.podRecord($0)) }
    return records
  }

  /// A node goes; its pods have no load any more.
  func endLoad(_ node: UInt32) {
    let pods = podRecords(on: node)
    if undoLog.isRecording {
      let record = cluster.load.record(of: node)
      undoLog.note { engine in
        engine.cluster.load.restore(node, record, withRow: true)
        for pod in pods { engine.cluster.load.relink(pod, to: node) }
        engine.cluster.load.deadlines.watch(node, until: engine.cluster.load.nextExpiry(node, after: engine.now))
      }
    }
    for pod in pods { cluster.load.unlink(pod.pod, from: node) }
    cluster.load.clear(node)
  }

  // MARK: Time

  /// The nodes with reports that may expire until a time: to be refreshed when it is that time. When this is undone, the
  /// time is taken back first, and the nodes are refreshed with the time of before.
  func takeExpiring(until time: Int64) -> [UInt32] {
    guard cluster.load.isOn else { return [] }
    let nodes = cluster.load.deadlines.take(until: time)
    if !nodes.isEmpty { undoLog.note { engine in for node in nodes { engine.refreshLoad(node) } } }
    return nodes
  }
}
