import CBerth

// For `berth_engine_validate`: what nodes have free is their machine without what their pods hold.

extension Engine {
  func checkDevices() throws(EngineError) {
    var expected: [UInt32: NodeDevices] = [:]
    for node in 0..<UInt32(cluster.devices.nodeLimit) {
      guard let cell = cluster.devices.of(node) else { continue }
      guard cluster.nodes.isLive(node) else { throw corrupt("node \(node) is gone and has devices") }
      guard let machine = cluster.devices.machine(cell.pointee.machine) else {
        throw corrupt("node \(node) is machine \(cell.pointee.machine), which is unknown")
      }
      var fresh = NodeDevices(machine)
      (fresh.sick, fresh.sickNICs) = (cell.pointee.sick, cell.pointee.sickNICs)
      fresh.refreshIdle(machine)
      expected[node] = fresh
    }
    for index in 0..<UInt32(pods.placeCount) {
      guard let pod = pods.live(index), cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      else {
        continue
      }
      let claim = cluster.devices.claim(index)
      let demand = cluster.devices.demands.values[Int(workload.classes.records[Int(pod.podClass)].devices)]
      guard demand.kind != .none else {
        if claim.exists { throw corrupt("pod \(index) holds devices that it did not ask for") }
        continue
      }
      guard claim.answers(demand), let machine = cluster.devices.machine(expected[pod.node]?.machine ?? 0) else {
        throw corrupt("pod \(index) holds other devices than it asked for")
      }
      guard expected[pod.node]!.canTake(claim, machine) else {
        throw corrupt("pod \(index) holds devices of node \(pod.node) that another pod holds, too")
      }
      expected[pod.node]!.take(claim, machine)
    }
    for (node, wanted) in expected.sorted(by: { $0.key < $1.key }) where wanted != cluster.devices.of(node)!.pointee {
      throw corrupt("the free devices of node \(node) are not its machine without what its pods hold")
    }
  }
}
