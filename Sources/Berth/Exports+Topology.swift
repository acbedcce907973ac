import BerthCore
import CBerth

@_cdecl("berth_resource_add")
public func resourceAdd(
  _ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ kind: UInt32,
  _ idOut: UnsafeMutablePointer<berth_resource_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let name = try required(name, "name")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.addResource(name: name, kind: kind)
  }
}

@_cdecl("berth_domain_add")
public func domainAdd(
  _ engine: OpaquePointer?, _ parent: berth_domain_id, _ name: UnsafePointer<CChar>?,
  _ idOut: UnsafeMutablePointer<berth_domain_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let name = try required(name, "name")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.addDomain(parent: parent, name: name)
  }
}

@_cdecl("berth_label_set_intern")
public func labelSetIntern(
  _ engine: OpaquePointer?, _ labels: UnsafePointer<berth_label>?, _ count: UInt,
  _ idOut: UnsafeMutablePointer<berth_label_set_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let labels = try array(labels, count, "labels")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internLabelSet(labels)
  }
}

@_cdecl("berth_taint_set_intern")
public func taintSetIntern(
  _ engine: OpaquePointer?, _ taints: UnsafePointer<berth_taint>?, _ count: UInt,
  _ idOut: UnsafeMutablePointer<berth_taint_set_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let taints = try array(taints, count, "taints")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internTaintSet(taints)
  }
}
