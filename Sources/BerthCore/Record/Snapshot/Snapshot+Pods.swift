import BerthMemory
import CBerth

// Pods, by place: generation << 3 | terminating << 2 | state u32, and where there is a pod class u32, node u32, node's generation u32. Then
// the free places, the one that is taken next first.

extension Engine {
  func writePods(_ writer: SnapshotWriter) {
    writer.section(.pods) {
      $0.out.put(UInt64(pods.placeCount))
      pods.visitPlaces { pod, generation in
        writer.out.reserve(16)
        writer.out.putReserved(generation << 3 | (pod.isTerminating ? 4 : 0) | UInt32(pod.state))
        if pod.state != 0 {
          writer.out.putReserved(pod.podClass)
          writer.out.putReserved(pod.node)
          writer.out.putReserved(pod.nodeGeneration)
        }
        writer.pause()
      }
      pods.visitFree {
        writer.out.put($0)
        writer.pause()
      }
    }
  }

  func restorePods(_ reader: SnapshotReader) throws(EngineError) {
    var section = try reader.pieces(.pods)
    let places = try section.take(0...UInt64(UInt32.max), "the number of places for pods")
    var free = 0
    for _ in 0..<places {
      let tag = try section.take(UInt32.self)
      let generation = tag >> 3
      guard PodTable.isGeneration(generation) else { throw section.bad("the generation of a place is \(generation)") }
      guard tag & 3 <= UInt32(BERTH_POD_BOUND), tag & 7 != 4 else { throw section.bad("a pod's state is \(tag & 7)") }
      var pod = PodTable.Pod(podClass: 0, node: 0, nodeGeneration: 0, tag: tag & 3)
      pod.isTerminating = tag & 4 != 0
      if pod.state != 0 {
        try section.need(12)
        pod.podClass = section.takeAhead()
        pod.node = section.takeAhead()
        pod.nodeGeneration = section.takeAhead()
        try check(pod, generation, section)
        guard pods.count < Int(BERTH_MAX_PODS) else { throw section.bad("more than \(BERTH_MAX_PODS) pods") }
        try take(pod, section)
      } else if PodTable.canBeUsedAgain(generation: generation) {
        free += 1
      }
      pods.restore(pod, generation: generation)
    }
    try restoreFreePods(&section, free)
    try section.finish()
  }

  /// What pods request and what is left of reservations was taken off the nodes to see that it is there.
  func restoreUse() {
    pods.visit { pod in
      if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
        _ = cluster.addUsed(slot, workload.classes.requests(pod.podClass), sign: 1)
      }
    }
    reservations.visit { _, record in
      let slot = cluster.nodes.slots[Int(record.node)]
      for holding in reservations.holdings.values(record.holdings) {
        cluster.shift(slot, holding.resource, by: holding.left)
      }
    }
  }

  private func check(
    _ pod: PodTable.Pod, _ generation: UInt32, _ section: borrowing RecordReader
  ) throws(EngineError) {
    guard generation > 0, pod.podClass < UInt32(workload.classes.count) else {
      throw section.bad("a pod of class \(pod.podClass), with generation \(generation)")
    }
    guard Int(pod.node) < cluster.nodes.indexCount, pod.nodeGeneration > 0,
      pod.nodeGeneration <= cluster.nodes.generation(pod.node),
      pod.nodeGeneration < cluster.nodes.generation(pod.node) || cluster.nodes.isLive(pod.node)
    else {
      throw section.bad("a pod on node \(pod.node), generation \(pod.nodeGeneration), which never was")
    }
  }

  /// Takes what a pod holds off its node: everything must have been there.
  private func take(_ pod: PodTable.Pod, _ section: borrowing RecordReader) throws(EngineError) {
    guard let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) else { return }
    guard cluster.addUsed(slot, workload.classes.requests(pod.podClass), sign: -1) else {
      throw section.bad("node \(pod.node) uses less than its pods request")
    }
  }

  /// The list is the other way round than places become free.
  private func restoreFreePods(_ section: inout RecordReader, _ count: Int) throws(EngineError) {
    var list: [UInt32] = []
    for _ in 0..<count { list.append(try section.take()) }
    for index in list.reversed() {
      guard pods.restoreFree(index) else { throw section.bad("place \(index) is not free, or is listed twice") }
    }
  }
}

extension Cluster {
  /// Changes used quantities of a row that no tree knows yet; false if one would be negative.
  func addUsed(_ slot: UInt32, _ requests: UnsafeBufferPointer<Request>, sign: Int64) -> Bool {
    let row = rows.mutableRow(slot)
    for request in requests {
      let dim = shapes.dim(of: request.resource, in: row.shape)
      guard dim >= 0 else { return false }
      row.used[dim] += sign * request.value
      if row.used[dim] < 0 { return false }
    }
    return true
  }
}
