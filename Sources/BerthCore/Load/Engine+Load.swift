import CBerth

extension Engine {
  func applyAddLoadResource(
    name: UnsafePointer<CChar>, _ record: berth_load_spec
  ) throws(EngineError) -> berth_resource_id {
    let name = try Text.read(name, "resource name")
    guard cluster.nodes.slots.count == 0, workload.classes.count == 0 else {
      throw refuse(BERTH_SEALED, "load resource \"\(name)\": declare it before the first node and the first class")
    }
    let specs = cluster.load.specs
    guard specs.count < Int(BERTH_MAX_LOAD_RESOURCES) else {
      throw refuse(BERTH_LIMIT, "an engine has at most \(BERTH_MAX_LOAD_RESOURCES) load resources")
    }
    try check(record, "load resource \"\(name)\"")
    let isUsage = Int(record.kind) == BERTH_LOAD_USAGE
    let id = try cluster.resources.add(name: name, kind: UInt32(BERTH_RESOURCE_OTHER), isUsage: isUsage)
    switch Int(record.kind) {
    case BERTH_LOAD_USAGE: cluster.load.specs.addUsage(id, of: record.resource, record)
    case BERTH_LOAD_LIMIT: cluster.load.specs.addLimit(id, of: specs.usage(record.resource)!, record)
    default: cluster.load.specs.addSpare(id, of: record.resource, record, .init(rawValue: record.prediction)!)
    }
    cluster.load.specsChanged()
    undoLog.note { engine in
      engine.cluster.resources.removeLast()
      engine.cluster.load.specs.removeLast()
      engine.cluster.load.specsChanged()
    }
    return id
  }

  private func check(_ record: berth_load_spec, _ what: String) throws(EngineError) {
    func inside(_ value: Int64, _ range: ClosedRange<Int64>, _ field: String) throws(EngineError) {
      guard range.contains(value) else {
        throw refuse(
          BERTH_BAD_ARGUMENT, "\(what): \(field) \(value) is outside \(range.lowerBound)...\(range.upperBound)")
      }
    }
    func time(_ value: Int64, atLeast least: Int64, _ field: String) throws(EngineError) {
      if value == BERTH_NEVER && field == "expiry_ms" { return }
      try inside(value, least...Int64(BERTH_MAX_LOAD_MS), field)
    }
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "berth_load_spec.reserved must be 0") }
    guard record.kind >= 1, record.kind <= UInt32(BERTH_LOAD_SPARE) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): kind \(record.kind) is unknown: use BERTH_LOAD_*")
    }
    try cluster.resources.check(record.resource, what)
    let specs = cluster.load.specs
    if Int(record.kind) == BERTH_LOAD_LIMIT {
      guard specs.usage(record.resource) != nil else {
        throw refuse(
          BERTH_BAD_ARGUMENT, "\(what): resource \(record.resource) is no USAGE resource, limits are of these")
      }
      try inside(Int64(record.threshold_percent), 1...100, "threshold_percent")
      try inside(Int64(record.refuse_expired), 0...1, "refuse_expired")
      return
    }
    guard !specs.isLoad(record.resource) else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): resource \(record.resource) is a load resource itself: it is not measured")
    }
    guard specs.measured.contains(record.resource) || specs.measured.count < Int(BERTH_MAX_MEASURED) else {
      throw refuse(BERTH_LIMIT, "\(what): an engine has at most \(BERTH_MAX_MEASURED) measured resources")
    }
    try time(record.settle_ms, atLeast: 0, "settle_ms")
    try time(record.expiry_ms, atLeast: 1, "expiry_ms")
    if Int(record.kind) == BERTH_LOAD_USAGE {
      try inside(Int64(record.estimate_percent), 1...1000, "estimate_percent")
      return try inside(record.default_estimate, 1...Int64(BERTH_MAX_QUANTITY), "default_estimate")
    }
    guard !specs.spares.contains(where: { specs.measured[$0.measured] == record.resource }) else {
      throw refuse(BERTH_DUPLICATE, "\(what): resource \(record.resource) has a SPARE resource already")
    }
    guard let prediction = LoadSpecs.Prediction(rawValue: record.prediction) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): prediction \(record.prediction) is unknown: use BERTH_PREDICTION_*")
    }
    try inside(Int64(record.margin_percent), 0...100, "margin_percent")
    try inside(Int64(record.most_percent), 0...100, "most_percent")
    if prediction == .peak { try time(record.half_life_ms, atLeast: 1, "half_life_ms") }
  }

  // MARK: Reports

  func applyUpdateLoad(_ batch: berth_load_batch) throws(EngineError) {
    let reader = try LoadBatchReader(batch, engine: self)
    try undoLog.check(batch.count)
    for index in reader.taken {
      let record = batch.reports[index]
      let node = UInt32(truncatingIfNeeded: record.node)
      noteReport(node)
      setListed(reader, index, on: node)
      cluster.load.take(
        LoadState.Report(measuredAt: record.measured_at_ms, flags: record.flags), reader.usage(index), on: node
      ) { demand(ofPod: $0) }
      refreshLoad(node)
    }
  }

  /// Gives the pods of a node what a report says of them.
  private func setListed(_ reader: LoadBatchReader, _ index: Int, on node: UInt32) {
    cluster.load.forgetPods(on: node)
    for entry in reader.pods(index) {
      let id = reader.batch.pods[entry]
      guard (try? pods.get(id)) != nil else { continue }  // it has left
      for (measured, value) in reader.podUsage(entry).enumerated() {
        cluster.load.setUsage(ofPod: UInt32(truncatingIfNeeded: id), measured, value)
      }
    }
  }

  func applyRemoveLoad(_ ids: UnsafeBufferPointer<berth_node_id>) throws(EngineError) {
    try checkLoadIsOn()
    try checkNodes(ids)
    try undoLog.check(ids.count)
    for id in ids {
      let node = UInt32(truncatingIfNeeded: id)
      noteReport(node)
      cluster.load.forget(node)
      cluster.load.recount(node) { demand(ofPod: $0) }
      refreshLoad(node)
    }
  }

  private func checkLoadIsOn() throws(EngineError) {
    guard cluster.load.isOn else {
      throw refuse(BERTH_WRONG_STATE, "nothing is measured: declare a load resource first")
    }
  }

  // MARK: Pods

  func applyUpdateLoadPods(
    _ ids: UnsafeBufferPointer<berth_pod_id>, assignedAt times: UnsafePointer<Int64>
  ) throws(EngineError) {
    try checkLoadIsOn()
    try check(ids, wanted: nil, "assigned")
    for index in 0..<ids.count where times[index] < 0 || times[index] > now {
      throw refuse(
        BERTH_BAD_ARGUMENT, "entry \(index): assigned at \(times[index]) ms, which is outside 0...\(now), the time now")
    }
    try undoLog.check(ids.count)
    for (index, id) in ids.enumerated() {
      let pod = try pods.get(id)
      guard cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil else { continue }
      setAssigned(UInt32(truncatingIfNeeded: id), pod.podClass, on: pod.node, at: times[index])
    }
  }

  private func setAssigned(_ pod: UInt32, _ podClass: UInt32, on node: UInt32, at time: Int64) {
    let before = cluster.load.pods[Int(pod)].assignedAt
    undoLog.note { $0.setAssigned(pod, podClass, on: node, at: before) }
    cluster.load.count(pod, demand(podClass), on: node, sign: -1)
    cluster.load.setAssigned(pod, at: time)
    cluster.load.count(pod, demand(podClass), on: node, sign: 1)
    refreshLoad(node)
  }

  // MARK: Reading

  public func readLoad(
    _ ids: UnsafeBufferPointer<berth_node_id>, resources: UnsafeBufferPointer<berth_resource_id>,
    states: UnsafeMutablePointer<berth_load_state>?, values: UnsafeMutablePointer<Int64>?
  ) throws(EngineError) {
    try checkLoadIsOn()
    for index in 0..<resources.count {
      try cluster.resources.check(resources[index], "column \(index)")
      guard cluster.load.specs.isLoad(resources[index]) || cluster.load.specs.measured.contains(resources[index]) else {
        throw refuse(
          BERTH_BAD_ARGUMENT, "column \(index): resource \(resources[index]) is neither measured nor of load")
      }
    }
    for index in 0..<ids.count { _ = try cluster.nodes.index(ids[index], "entry \(index): ") }
    for (index, id) in ids.enumerated() {
      let node = UInt32(truncatingIfNeeded: id)
      let report = cluster.load.reports[Int(node)]
      states?[index] = berth_load_state(
        node: id, measured_at_ms: report.measuredAt, age_ms: report.exists ? now - report.measuredAt : -1,
        flags: report.flags, reserved: 0)
      for (column, resource) in resources.enumerated() {
        values?[index * resources.count + column] = loadValue(resource, node)
      }
    }
  }

  private func loadValue(_ resource: UInt32, _ node: UInt32) -> Int64 {
    let load = cluster.load
    let report = load.reports[Int(node)]
    if let measured = load.specs.measured.firstIndex(of: resource) {
      return report.exists ? load.amount(node, load.layout.usage(measured)) : -1
    }
    if let index = load.specs.usage(resource) ?? load.specs.limit(resource).map({ load.specs.limits[$0].usage }) {
      return report.isFresh(load.specs.usages[index].expiry, at: now) ? load.inUse(index, on: node) : -1
    }
    guard let index = load.specs.spare(resource), report.isFresh(load.specs.spares[index].expiry, at: now) else {
      return -1
    }
    let row = cluster.rows.row(cluster.nodes.slots[Int(node)])
    let dim = cluster.shapes.dim(of: resource, in: row.shape)
    return dim < 0 ? 0 : cluster.capacities(row)[dim] - load.amount(node, load.layout.withheld(index))
  }
}
