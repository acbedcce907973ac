import BerthCore
import CBerth

@_cdecl("berth_profile_add")
public func profileAdd(
  _ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ terms: UnsafePointer<berth_term>?, _ count: UInt,
  _ idOut: UnsafeMutablePointer<berth_profile_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let name = try required(name, "name")
    let terms = try array(terms, count, "terms", atMost: BERTH_MAX_TERMS)
    let out = try required(idOut, "id_out")
    out.pointee = try engine.addProfile(name: name, terms: terms)
  }
}
