import BerthCore
import CBerth

@_cdecl("berth_load_spec_init")
public func loadSpecInit(_ spec: UnsafeMutablePointer<berth_load_spec>?) {
  var fresh = berth_load_spec()
  fresh.struct_size = UInt32(MemoryLayout<berth_load_spec>.size)
  fresh.kind = UInt32(BERTH_LOAD_USAGE)
  fresh.estimate_percent = 85
  fresh.default_estimate = 250
  fresh.threshold_percent = 65
  fresh.refuse_expired = 1
  fresh.prediction = UInt32(BERTH_PREDICTION_USAGE)
  fresh.margin_percent = 40
  fresh.most_percent = 100
  fresh.half_life_ms = 12 * 3_600_000
  fresh.settle_ms = 60_000
  fresh.expiry_ms = 180_000
  spec?.pointee = fresh
}

@_cdecl("berth_load_resource_add")
public func loadResourceAdd(
  _ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ spec: UnsafePointer<berth_load_spec>?,
  _ idOut: UnsafeMutablePointer<berth_resource_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let name = try required(name, "name")
    let spec = try required(spec, "spec").pointee
    try checkStructSize(spec.struct_size, of: berth_load_spec.self, initialiser: "call berth_load_spec_init first")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.addLoadResource(name: name, spec)
  }
}

@_cdecl("berth_load_batch_init")
public func loadBatchInit(_ batch: UnsafeMutablePointer<berth_load_batch>?) {
  var fresh = berth_load_batch()
  fresh.struct_size = UInt32(MemoryLayout<berth_load_batch>.size)
  batch?.pointee = fresh
}

@_cdecl("berth_load_update")
public func loadUpdate(_ engine: OpaquePointer?, _ batch: UnsafePointer<berth_load_batch>?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let batch = try required(batch, "batch").pointee
    try checkStructSize(batch.struct_size, of: berth_load_batch.self, initialiser: "call berth_load_batch_init first")
    _ = try array(batch.reports, UInt(bitPattern: batch.count), "batch->reports", atMost: BERTH_MAX_NODES)
    _ = try array(batch.pods, UInt(bitPattern: batch.pod_count), "batch->pods")
    try engine.updateLoad(batch)
  }
}

@_cdecl("berth_load_remove")
public func loadRemove(
  _ engine: OpaquePointer?, _ nodes: UnsafePointer<berth_node_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.removeLoad(array(nodes, count, "nodes", atMost: BERTH_MAX_NODES))
  }
}

@_cdecl("berth_load_pods_update")
public func loadPodsUpdate(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ assignedAt: UnsafePointer<Int64>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.updateLoadPods(array(pods, count, "pods"), assignedAt: start(assignedAt, count, "assigned_at_ms"))
  }
}

@_cdecl("berth_load_read")
public func loadRead(
  _ engine: OpaquePointer?, _ nodes: UnsafePointer<berth_node_id>?, _ count: UInt,
  _ resources: UnsafePointer<berth_resource_id>?, _ resourceCount: UInt32,
  _ statesOut: UnsafeMutablePointer<berth_load_state>?, _ valuesOut: UnsafeMutablePointer<Int64>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readLoad(
      array(nodes, count, "nodes"),
      resources: array(resources, UInt(resourceCount), "resources", atMost: BERTH_MAX_RESOURCES),
      states: statesOut, values: valuesOut)
  }
}
