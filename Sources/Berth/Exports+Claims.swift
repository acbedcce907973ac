import BerthCore
import CBerth

@_cdecl("berth_claims_read")
public func claimsRead(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: UInt,
  _ claimsOut: UnsafeMutablePointer<berth_claim>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readClaims(array(pods, count, "pods"), into: start(claimsOut, count, "claims_out"))
  }
}

@_cdecl("berth_claim_preview")
public func claimPreview(
  _ engine: OpaquePointer?, _ podClass: berth_class_id, _ node: berth_node_id,
  _ claimOut: UnsafeMutablePointer<berth_claim>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(claimOut, "claim_out")
    out.pointee = try engine.previewClaim(podClass, on: node)
  }
}

@_cdecl("berth_pods_bind_claims")
public func podsBindClaims(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?, _ nodes: UnsafePointer<berth_node_id>?,
  _ claims: UnsafePointer<berth_claim>?, _ count: UInt, _ podsOut: UnsafeMutablePointer<berth_pod_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.bind(
      array(classes, count, "classes"), nodes: start(nodes, count, "nodes"), claims: start(claims, count, "claims"),
      pods: start(podsOut, count, "pods_out"))
  }
}

@_cdecl("berth_claim_resize")
public func claimResize(
  _ engine: OpaquePointer?, _ pod: berth_pod_id, _ shareMilli: UInt32, _ memoryMiB: UInt32
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.resizeClaim(pod, shareMilli: shareMilli, memoryMiB: memoryMiB)
  }
}

@_cdecl("berth_pods_move")
public func podsMove(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ nodes: UnsafePointer<berth_node_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.move(array(pods, count, "pods"), to: start(nodes, count, "nodes"))
  }
}

@_cdecl("berth_defragment_options_init")
public func defragmentOptionsInit(_ options: UnsafeMutablePointer<berth_defragment_options>?) {
  var fresh = berth_defragment_options()
  fresh.struct_size = UInt32(MemoryLayout<berth_defragment_options>.size)
  fresh.goal = UInt32(BERTH_DEFRAGMENT_GPUS)
  fresh.most_moves = 100
  fresh.iterations = 200_000
  fresh.seed = 1
  options?.pointee = fresh
}

@_cdecl("berth_defragment")
public func defragment(
  _ engine: OpaquePointer?, _ options: UnsafePointer<berth_defragment_options>?,
  _ migrationsOut: UnsafeMutablePointer<berth_migration>?, _ reportOut: UnsafeMutablePointer<berth_defragment_report>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let options = try required(options, "options").pointee
    try checkStructSize(
      options.struct_size, of: berth_defragment_options.self, initialiser: "call berth_defragment_options_init first")
    _ = try array(options.movable, UInt(bitPattern: options.movable_count), "options->movable")
    let migrations = try required(migrationsOut, "migrations_out")
    let out = try required(reportOut, "report_out")
    try checkStructSize(
      out.pointee.struct_size, of: berth_defragment_report.self, initialiser: "set it to the struct's size")
    out.pointee = try engine.defragment(options, into: migrations)
  }
}
