import CBerth

extension Engine {
  /// Chains hold the pods of their nodes; sums and quantities are what they follow from.
  func checkLoad() throws(EngineError) {
    var podsOf: [UInt32: Set<UInt32>] = [:]
    for index in 0..<UInt32(pods.placeCount) {
      guard let pod = pods.live(index), cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil
      else {
        continue
      }
      podsOf[pod.node, default: []].insert(index)
    }
    var slots: [UInt32] = []
    cluster.rows.visit { slot, _ in slots.append(slot) }
    for slot in slots { try checkLoad(slot, podsOf[cluster.rows.row(slot).node] ?? []) }
  }

  private func checkLoad(_ slot: UInt32, _ wanted: Set<UInt32>) throws(EngineError) {
    let row = cluster.rows.mutableRow(slot)
    let load = cluster.load
    let what = "load of slot \(slot)"
    var link = load.firstPods[Int(row.node)]
    var previous: UInt32 = 0
    var seen = Set<UInt32>()
    while link != 0 {
      let cell = load.pods[Int(link - 1)]
      guard cell.previous == previous, seen.insert(link - 1).inserted else {
        throw corrupt("\(what): its chain is broken")
      }
      (previous, link) = (link, cell.next)
    }
    guard seen == wanted else { throw corrupt("\(what): its chain has \(seen.count) pods, there are \(wanted.count)") }
    guard load.deadlines.isWatched(row.node, until: load.nextExpiry(row.node, after: now)) else {
      throw corrupt("\(what): nobody watches when its report expires")
    }
    try checkSums(row.node, what)
    let before = (0..<Int(cluster.shapes.dims[Int(row.shape)])).map { row.used[$0] }
    load.write(row.node, into: row, cluster.shapes, at: now)
    for dim in before.indices where row.used[dim] != before[dim] {
      throw corrupt("\(what): dim \(dim) has \(before[dim]) in use, \(row.used[dim]) follows from reports and pods")
    }
  }

  /// Sums over a node's pods are what counting the pods anew gives.
  private func checkSums(_ node: UInt32, _ what: String) throws(EngineError) {
    let load = cluster.load
    let before = (0..<load.layout.sumCount).map { load.sum(node, $0) }
    load.recount(node) { demand(ofPod: $0) }
    for place in before.indices where load.sum(node, place) != before[place] {
      throw corrupt("\(what): sum \(place) is \(before[place]), its pods give \(load.sum(node, place))")
    }
  }
}
