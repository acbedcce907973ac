import BerthCore
import CBerth

@_cdecl("berth_gang_init")
public func gangInit(_ gang: UnsafeMutablePointer<berth_gang>?) {
  var fresh = berth_gang()
  fresh.struct_size = UInt32(MemoryLayout<berth_gang>.size)
  gang?.pointee = fresh
}

@_cdecl("berth_gang_place")
public func gangPlace(
  _ engine: OpaquePointer?, _ gang: UnsafePointer<berth_gang>?, _ flags: UInt32, _ capacity: UInt,
  _ placementsOut: UnsafeMutablePointer<berth_placement>?, _ rolesOut: UnsafeMutablePointer<UInt32>?,
  _ resultOut: UnsafeMutablePointer<berth_gang_result>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let gang = try required(gang, "gang").pointee
    let placements = try start(placementsOut, UInt(clamped(capacity)), "placements_out")
    let out = try required(resultOut, "result_out")
    try checkStructSize(out.pointee.struct_size, of: berth_gang_result.self, initialiser: "set it to the struct's size")
    out.pointee = try engine.placeGang(
      gang, flags: flags, capacity: clamped(capacity), placements: placements, roles: rolesOut)
  }
}

@_cdecl("berth_gangs_place")
public func gangsPlace(
  _ engine: OpaquePointer?, _ gangs: UnsafePointer<berth_gang>?, _ count: UInt, _ flags: UInt32, _ capacity: UInt,
  _ placementsOut: UnsafeMutablePointer<berth_placement>?, _ rolesOut: UnsafeMutablePointer<UInt32>?,
  _ resultsOut: UnsafeMutablePointer<berth_gang_result>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let gangs = try array(gangs, count, "gangs", atMost: UInt32(BERTH_MAX_GANGS))
    let placements = try start(placementsOut, UInt(clamped(capacity)), "placements_out")
    let results = try start(resultsOut, count, "results_out")
    try engine.placeGangs(
      gangs, flags: flags, capacity: clamped(capacity), placements: placements, roles: rolesOut, results: results)
  }
}

@_cdecl("berth_gang_shrink")
public func gangShrink(
  _ engine: OpaquePointer?, _ members: UnsafePointer<berth_pod_id>?, _ count: UInt, _ keep: UInt,
  _ releasedOut: UnsafeMutablePointer<berth_pod_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let members = try array(members, count, "members", atMost: UInt32(BERTH_MAX_GANG_MEMBERS))
    let gone = keep < count ? count - keep : 0
    try engine.shrinkGang(members, keep: Int(clamping: keep), released: start(releasedOut, gone, "released_out"))
  }
}

@_cdecl("berth_gang_message")
public func gangMessage(
  _ engine: OpaquePointer?, _ result: UnsafePointer<berth_gang_result>?, _ text: UnsafeMutablePointer<CChar>?,
  _ capacity: UInt, _ lengthOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let result = try required(result, "result").pointee
    try checkStructSize(result.struct_size, of: berth_gang_result.self, initialiser: "set it to the struct's size")
    let capacity = clamped(capacity)
    let buffer = UnsafeMutableBufferPointer(start: try start(text, UInt(capacity), "text"), count: capacity)
    let whole = try engine.gangMessage(result)
    lengthOut?.pointee = UInt(whole.utf8.count)
    copyText(whole, into: buffer)
  }
}
