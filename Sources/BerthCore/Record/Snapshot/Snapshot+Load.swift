import CBerth

// Where load resources are declared; else the section is empty. Live nodes by index: when the last report was measured
// i64 (-1: none), of each spare resource what is past i64, and where there is a report
//   flags u32, then of each measured resource what the node uses i64 and what is background u128
// Then pods on live nodes, by index: assigned i64, of each measured resource what it uses i64 (-1: not listed).
//
// Everything else of a node's load follows from this, from its capacities and its pods; the quantities in its row must.

extension Engine {
  func writeLoad(_ writer: SnapshotWriter) {
    writer.section(.load) { writer in
      let load = cluster.load
      guard load.isOn else { return }
      for node in liveNodes {
        let report = load.reports[Int(node)]
        writer.out.put(report.measuredAt)
        for spare in 0..<load.specs.spares.count { writer.out.put(load.amount(node, load.layout.past(spare))) }
        if report.exists {
          writer.out.put(report.flags)
          for measured in 0..<load.layout.measured {
            writer.out.put(load.amount(node, load.layout.usage(measured)))
            writer.out.put(UInt128(load.sum(node, load.layout.background(measured))))
          }
        }
        writer.pause()
      }
      for (pod, _) in podsOnNodes {
        writer.out.put(load.pods[Int(pod)].assignedAt)
        for measured in 0..<load.layout.measured { writer.out.put(load.usage(ofPod: pod, measured)) }
        writer.pause()
      }
    }
  }

  func restoreLoad(_ reader: SnapshotReader) throws(EngineError) {
    var section = try reader.pieces(.load)
    guard cluster.load.isOn else { return try section.finish() }
    cluster.load.reserveNodes(cluster.nodes.indexCount)
    cluster.load.reservePods(pods.capacity)
    for node in liveNodes { try restoreReport(node, &section) }
    for (pod, node) in podsOnNodes { try restorePod(pod, on: node, &section) }
    try section.finish()
    for node in liveNodes { try checkRestored(node, section) }
  }

  private var liveNodes: some Sequence<UInt32> {
    (0..<UInt32(cluster.nodes.indexCount)).lazy.filter { self.cluster.nodes.isLive($0) }
  }

  private var podsOnNodes: some Sequence<(pod: UInt32, node: UInt32)> {
    (0..<UInt32(pods.placeCount)).lazy.compactMap { index in
      guard let pod = self.pods.live(index),
        self.cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      else { return nil }
      return (index, pod.node)
    }
  }

  private func restoreReport(_ node: UInt32, _ section: inout RecordReader) throws(EngineError) {
    let load = cluster.load
    let measuredAt = try section.take(Int64(-1)...now, "when a report was measured")
    for (index, spare) in load.specs.spares.enumerated() {
      let past = try section.take(Int64(0)...(1 << 62), "what is past")
      let isFree = spare.prediction == .request || (spare.prediction == .peak && measuredAt >= 0)
      guard isFree || past == 0 else { throw section.bad("a past of \(past) where there is none") }
      load.setAmount(node, load.layout.past(index), past)
    }
    guard measuredAt >= 0 else { return }
    let flags = try section.take(0...UInt32(BERTH_LOAD_LISTS_PODS), "a report's flags")
    load.setReport(node, LoadState.Report(measuredAt: measuredAt, flags: flags))
    for measured in 0..<load.layout.measured {
      load.setAmount(node, load.layout.usage(measured), try section.take(0...Int64(BERTH_MAX_QUANTITY), "usage"))
      let background = try section.take(0...(UInt128(1) << 80), "what no pod of a node uses")
      load.setSum(node, load.layout.background(measured), Int128(background))
    }
  }

  private func restorePod(_ pod: UInt32, on node: UInt32, _ section: inout RecordReader) throws(EngineError) {
    let load = cluster.load
    load.link(pod, to: node, assignedAt: try section.take(0...now, "when a pod was assigned"))
    for measured in 0..<load.layout.measured {
      load.setUsage(ofPod: pod, measured, try section.take(-1...Int64(BERTH_MAX_QUANTITY), "what a pod uses"))
      guard load.usage(ofPod: pod, measured) >= 0 ? load.isListed(pod) : !load.isListed(pod) else {
        throw section.bad("pod \(pod) is listed with some of its usage")
      }
    }
    guard !load.isListed(pod) || load.reports[Int(node)].listsPods else {
      throw section.bad("pod \(pod) is listed by a report that lists none")
    }
  }

  /// A node has the load resources that its capacities give it, and in use of them what follows.
  private func checkRestored(_ node: UInt32, _ section: borrowing RecordReader) throws(EngineError) {
    let load = cluster.load
    let row = cluster.rows.row(cluster.nodes.slots[Int(node)])
    let list = cluster.list(of: row)
    var expected = ResourceList()
    for dim in 0..<list.count where !load.specs.isLoad(list.resources[dim]) {
      expected.add(list.resources[dim], capacity: list.capacities[dim], used: list.used[dim])
    }
    load.specs.extend(&expected)
    for resource in list.resources + expected.resources
    where list.capacity(of: resource) != expected.capacity(of: resource) {
      throw section.bad("node \(node) has \(list.capacity(of: resource)) of load resource \(resource)")
    }
    load.setCapacities(node, expected)
    load.recount(node) { demand(ofPod: $0) }
    var requested = [Int64](repeating: 0, count: load.specs.spares.count)
    load.forEachPod(on: node) { pod in
      for (index, spare) in load.specs.spares.enumerated() {
        requested[index] += demand(ofPod: pod).request(spare.resource)
      }
    }
    reservations.forEach(on: node) { _, record in
      for holding in reservations.holdings.values(record.holdings) {
        if let index = load.specs.spare(holding.resource) { requested[index] += holding.left }
      }
    }
    guard load.adopt(node, row, requested: requested, cluster.shapes, at: now) else {
      throw section.bad("node \(node) uses other than what follows of load resources")
    }
    cluster.load.deadlines.watch(node, until: load.nextExpiry(node, after: now))
  }
}
