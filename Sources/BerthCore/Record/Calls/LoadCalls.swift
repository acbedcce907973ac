import CBerth

// berth_load_resource_add, berth_load_update, berth_load_remove, berth_load_pods_update

struct LoadResourceAdd: Call {
  static let kind = CallKind.loadResourceAdd
  let name: UnsafePointer<CChar>
  let spec: berth_load_spec

  func apply(to engine: Engine) throws(EngineError) -> berth_resource_id {
    try engine.applyAddLoadResource(name: name, spec)
  }

  func write(to record: inout RecordWriter) {
    record.put(name)
    record.put(spec.kind)
    record.put(spec.resource)
    record.put(spec.estimate_percent)
    record.put(spec.default_estimate)
    record.put(spec.threshold_percent)
    record.put(spec.refuse_expired)
    record.put(spec.prediction)
    record.put(spec.margin_percent)
    record.put(spec.most_percent)
    record.put(spec.half_life_ms)
    record.put(spec.settle_ms)
    record.put(spec.expiry_ms)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let name = try scratch.name(&record)
    var spec = berth_load_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_load_spec>.size)
    spec.kind = try record.take()
    spec.resource = try record.take()
    spec.estimate_percent = try record.take()
    spec.default_estimate = try record.take()
    spec.threshold_percent = try record.take()
    spec.refuse_expired = try record.take()
    spec.prediction = try record.take()
    spec.margin_percent = try record.take()
    spec.most_percent = try record.take()
    spec.half_life_ms = try record.take()
    spec.settle_ms = try record.take()
    spec.expiry_ms = try record.take()
    return Self(name: name, spec: spec)
  }
}

struct LoadUpdate: Call {
  static let kind = CallKind.loadUpdate
  let batch: berth_load_batch

  func apply(to engine: Engine) throws(EngineError) { try engine.applyUpdateLoad(batch) }

  func write(to record: inout RecordWriter) {
    let columns = Int(batch.resource_count)
    record.put(UnsafeBufferPointer(start: batch.resources, count: columns))
    record.put(UInt64(batch.count))
    for report in UnsafeBufferPointer(start: batch.reports, count: batch.count) {
      record.put(report.node)
      record.put(report.measured_at_ms)
      record.put(report.flags)
      record.put(report.pod_count)
    }
    record.putAll(UnsafeBufferPointer(start: batch.usage, count: batch.count * columns))
    record.put(UnsafeBufferPointer(start: batch.pods, count: batch.pod_count))
    record.putAll(UnsafeBufferPointer(start: batch.pod_usage, count: batch.pod_count * columns))
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let resources: UnsafeBufferPointer<berth_resource_id> = try scratch.array(&record, "resources")
    guard resources.count <= Int(BERTH_MAX_MEASURED) else { throw record.bad("\(resources.count) resource columns") }
    let reports = try scratch.list(&record, bytes: 24, "reports") { record throws(EngineError) in
      berth_load_report(
        node: try record.take(), measured_at_ms: try record.take(), flags: try record.take(),
        pod_count: try record.take())
    }
    var batch = berth_load_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_load_batch>.size)
    (batch.resources, batch.resource_count) = (resources.baseAddress, UInt32(resources.count))
    (batch.reports, batch.count) = (reports.baseAddress, reports.count)
    batch.usage = UnsafePointer(
      try scratch.values(&record, reports.count * resources.count) as UnsafeMutablePointer<Int64>)
    let pods: UnsafeBufferPointer<berth_pod_id> = try scratch.array(&record, "pods")
    (batch.pods, batch.pod_count) = (pods.baseAddress, pods.count)
    batch.pod_usage = UnsafePointer(
      try scratch.values(&record, pods.count * resources.count) as UnsafeMutablePointer<Int64>)
    return Self(batch: batch)
  }
}

struct LoadRemove: Call {
  static let kind = CallKind.loadRemove
  let nodes: UnsafeBufferPointer<berth_node_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyRemoveLoad(nodes) }

  func write(to record: inout RecordWriter) { record.put(nodes) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(nodes: try scratch.array(&record, "nodes"))
  }
}

struct LoadPodsUpdate: Call {
  static let kind = CallKind.loadPodsUpdate
  let pods: UnsafeBufferPointer<berth_pod_id>
  let times: UnsafePointer<Int64>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyUpdateLoadPods(pods, assignedAt: times) }

  func write(to record: inout RecordWriter) {
    record.put(pods)
    record.putAll(UnsafeBufferPointer(start: times, count: pods.count))
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let pods: UnsafeBufferPointer<berth_pod_id> = try scratch.array(&record, "pods")
    let times: UnsafeMutablePointer<Int64> = try scratch.values(&record, pods.count)
    return Self(pods: pods, times: UnsafePointer(times))
  }
}
