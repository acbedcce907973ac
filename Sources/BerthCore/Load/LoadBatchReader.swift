import CBerth

/// A batch of reports as it came over the boundary, checked before anything is changed.
struct LoadBatchReader {
  let batch: berth_load_batch
  /// The reports that are not older than what is there.
  private(set) var taken: [Int] = []
  /// By measured resource: its column.
  private var columns: [Int] = []
  /// By report: its first pod.
  private var firstPods: [Int] = []

  init(_ batch: berth_load_batch, engine: Engine) throws(EngineError) {
    self.batch = batch
    try readColumns(engine)
    guard batch.count == 0 || (batch.reports != nil && batch.usage != nil) else {
      throw refuse(BERTH_NULL_POINTER, "reports or usage is null")
    }
    guard batch.pod_count == 0 || (batch.pods != nil && batch.pod_usage != nil) else {
      throw refuse(BERTH_NULL_POINTER, "pods or pod_usage is null")
    }
    var seen = Set<UInt64>(minimumCapacity: batch.count)
    var next = 0
    for index in 0..<batch.count {
      let report = batch.reports[index]
      let node = try engine.cluster.nodes.index(report.node, "report \(index): ")
      guard seen.insert(report.node).inserted else {
        throw refuse(BERTH_DUPLICATE, "report \(index): node \(report.node) occurs twice")
      }
      try check(report, index, now: engine.now)
      guard Int(report.pod_count) <= batch.pod_count - next else {
        throw refuse(BERTH_BAD_ARGUMENT, "report \(index): its pods go beyond the batch's \(batch.pod_count)")
      }
      firstPods.append(next)
      next += Int(report.pod_count)
      if report.measured_at_ms >= engine.cluster.load.reports[Int(node)].measuredAt { taken.append(index) }
    }
    guard next == batch.pod_count else {
      throw refuse(BERTH_BAD_ARGUMENT, "the reports list \(next) pods, the batch has \(batch.pod_count)")
    }
    try checkPods(engine)
  }

  /// Every measured resource has one column.
  private mutating func readColumns(_ engine: Engine) throws(EngineError) {
    let measured = engine.cluster.load.specs.measured
    guard !measured.isEmpty else {
      throw refuse(BERTH_WRONG_STATE, "nothing is measured: declare a load resource first")
    }
    guard batch.resource_count <= BERTH_MAX_RESOURCES else {
      throw refuse(BERTH_LIMIT, "\(batch.resource_count) resource columns: more than there can be resources")
    }
    guard batch.resource_count == 0 || batch.resources != nil else {
      throw refuse(BERTH_NULL_POINTER, "resources is null")
    }
    columns = Array(repeating: -1, count: measured.count)
    for column in 0..<Int(batch.resource_count) {
      let resource = batch.resources[column]
      try engine.cluster.resources.check(resource, "resource column \(column)")
      guard let number = measured.firstIndex(of: resource) else {
        throw refuse(BERTH_BAD_ARGUMENT, "resource column \(column): resource \(resource) is not measured")
      }
      guard columns[number] < 0 else {
        throw refuse(BERTH_DUPLICATE, "resource column \(column) repeats resource \(resource)")
      }
      columns[number] = column
    }
    for number in columns.indices where columns[number] < 0 {
      throw refuse(BERTH_BAD_ARGUMENT, "measured resource \(measured[number]) has no column: reports give all of them")
    }
  }

  private func check(_ report: berth_load_report, _ index: Int, now: Int64) throws(EngineError) {
    guard report.flags & ~UInt32(BERTH_LOAD_LISTS_PODS) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "report \(index): flags \(report.flags): only BERTH_LOAD_LISTS_PODS is known")
    }
    guard report.pod_count == 0 || report.flags & UInt32(BERTH_LOAD_LISTS_PODS) != 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "report \(index): \(report.pod_count) pods without BERTH_LOAD_LISTS_PODS")
    }
    guard report.measured_at_ms >= 0, report.measured_at_ms <= now else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "report \(index): measured at \(report.measured_at_ms) ms, which is outside 0...\(now), the time now")
    }
    for column in 0..<columns.count {
      try Quantity.check(batch.usage[index * columns.count + column], "report \(index), column \(column): usage")
    }
  }

  private func checkPods(_ engine: Engine) throws(EngineError) {
    var seen = Set<UInt64>(minimumCapacity: batch.pod_count)
    for index in 0..<batch.count {
      for entry in pods(index) {
        let id = batch.pods[entry]
        for column in 0..<columns.count {
          try Quantity.check(
            batch.pod_usage[entry * columns.count + column], "pod entry \(entry), column \(column): usage")
        }
        guard seen.insert(id).inserted else {
          throw refuse(BERTH_DUPLICATE, "pod entry \(entry): pod \(id) occurs twice")
        }
        do throws(EngineError) {
          let pod = try engine.pods.get(id, "pod entry \(entry): ")
          let node = batch.reports[index].node
          guard pod.node == UInt32(truncatingIfNeeded: node), pod.nodeGeneration == UInt32(node >> 32) else {
            throw refuse(BERTH_BAD_ARGUMENT, "pod entry \(entry): pod \(id) is not on node \(node)")
          }
        } catch {
          // one that has left since it was measured is passed over
          if error.status != UInt32(BERTH_STALE_ID) { throw error }
        }
      }
    }
  }

  /// The entries of a report's pods.
  func pods(_ index: Int) -> Range<Int> {
    firstPods[index]..<firstPods[index] + Int(batch.reports[index].pod_count)
  }

  /// By measured resource.
  func usage(_ index: Int) -> [Int64] { columns.map { batch.usage[index * columns.count + $0] } }

  func podUsage(_ entry: Int) -> [Int64] { columns.map { batch.pod_usage[entry * columns.count + $0] } }
}
