import BerthCore
import CBerth

@_cdecl("berth_pod_spec_init")
public func podSpecInit(_ spec: UnsafeMutablePointer<berth_pod_spec>?) {
  var fresh = berth_pod_spec()
  fresh.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
  spec?.pointee = fresh
}

@_cdecl("berth_class_intern")
public func classIntern(
  _ engine: OpaquePointer?, _ spec: UnsafePointer<berth_pod_spec>?, _ idOut: UnsafeMutablePointer<berth_class_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let spec = try required(spec, "spec").pointee
    try checkStructSize(spec.struct_size, of: berth_pod_spec.self, initialiser: "call berth_pod_spec_init first")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internClass(spec)
  }
}
