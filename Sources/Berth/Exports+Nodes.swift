import BerthCore
import CBerth

@_cdecl("berth_node_batch_init")
public func nodeBatchInit(_ batch: UnsafeMutablePointer<berth_node_batch>?) {
  var fresh = berth_node_batch()
  fresh.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
  batch?.pointee = fresh
}

@_cdecl("berth_nodes_add")
public func nodesAdd(
  _ engine: OpaquePointer?, _ batch: UnsafePointer<berth_node_batch>?,
  _ idsOut: UnsafeMutablePointer<berth_node_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let batch = try required(batch, "batch").pointee
    try check(batch)
    try engine.addNodes(batch, ids: start(idsOut, UInt(bitPattern: batch.count), "ids_out"))
  }
}

@_cdecl("berth_nodes_update")
public func nodesUpdate(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_node_id>?, _ batch: UnsafePointer<berth_node_batch>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let batch = try required(batch, "batch").pointee
    try check(batch)
    try engine.updateNodes(start(ids, UInt(bitPattern: batch.count), "ids"), batch)
  }
}

@_cdecl("berth_nodes_remove")
public func nodesRemove(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_node_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.removeNodes(array(ids, count, "ids", atMost: BERTH_MAX_NODES))
  }
}

@_cdecl("berth_nodes_cordon")
public func nodesCordon(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_node_id>?, _ count: UInt, _ cordoned: UInt32
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.cordonNodes(array(ids, count, "ids", atMost: BERTH_MAX_NODES), cordoned: cordoned != 0)
  }
}

@_cdecl("berth_node_find")
public func nodeFind(
  _ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ idOut: UnsafeMutablePointer<berth_node_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let name = try required(name, "name")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.findNode(name: name)
  }
}

@_cdecl("berth_nodes_read")
public func nodesRead(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_node_id>?, _ count: UInt,
  _ resources: UnsafePointer<berth_resource_id>?, _ resourceCount: UInt32,
  _ statesOut: UnsafeMutablePointer<berth_node_state>?, _ allocatableOut: UnsafeMutablePointer<Int64>?,
  _ requestedOut: UnsafeMutablePointer<Int64>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readNodes(
      array(ids, count, "ids"),
      resources: array(resources, UInt(resourceCount), "resources", atMost: BERTH_MAX_RESOURCES),
      states: statesOut, allocatable: allocatableOut, requested: requestedOut)
  }
}

@_cdecl("berth_nodes_list")
public func nodesList(
  _ engine: OpaquePointer?, _ offset: UInt, _ capacity: UInt, _ idsOut: UnsafeMutablePointer<berth_node_id>?,
  _ countOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let capacity = clamped(capacity)
    let ids = UnsafeMutableBufferPointer(start: try start(idsOut, UInt(capacity), "ids_out"), count: capacity)
    let out = try required(countOut, "count_out")
    out.pointee = UInt(engine.listNodes(offset: clamped(offset), into: ids))
  }
}
