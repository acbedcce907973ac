import BerthCore
import CBerth

@_cdecl("berth_image_set_intern")
public func imageSetIntern(
  _ engine: OpaquePointer?, _ images: UnsafePointer<berth_image>?, _ count: UInt,
  _ idOut: UnsafeMutablePointer<berth_image_set_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internImageSet(array(images, count, "images"))
  }
}

@_cdecl("berth_namespace_set")
public func namespaceSet(
  _ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ labels: UnsafePointer<berth_label>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.setNamespace(name: required(name, "name"), labels: array(labels, count, "labels"))
  }
}

@_cdecl("berth_namespace_remove")
public func namespaceRemove(_ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.removeNamespace(name: required(name, "name"))
  }
}

@_cdecl("berth_selector_intern")
public func selectorIntern(
  _ engine: OpaquePointer?, _ requirements: UnsafePointer<berth_requirement>?, _ count: UInt,
  _ idOut: UnsafeMutablePointer<berth_selector_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internSelector(array(requirements, count, "requirements"))
  }
}

@_cdecl("berth_classes_intern")
public func classesIntern(
  _ engine: OpaquePointer?, _ specs: UnsafePointer<berth_pod_spec>?, _ count: UInt,
  _ idsOut: UnsafeMutablePointer<berth_class_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let specs = try array(specs, count, "specs")
    for spec in specs {
      try checkStructSize(spec.struct_size, of: berth_pod_spec.self, initialiser: "call berth_pod_spec_init first")
    }
    try engine.internClasses(specs, ids: start(idsOut, count, "ids_out"))
  }
}

@_cdecl("berth_pods_terminate")
public func podsTerminate(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.terminate(array(pods, count, "pods")) }
}

@_cdecl("berth_class_check")
public func classCheck(
  _ engine: OpaquePointer?, _ podClass: berth_class_id, _ nodes: UnsafePointer<berth_node_id>?, _ count: UInt,
  _ verdictsOut: UnsafeMutablePointer<berth_verdict>?, _ lackingOut: UnsafeMutablePointer<berth_resource_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.check(
      podClass, nodes: array(nodes, count, "nodes"), verdicts: start(verdictsOut, count, "verdicts_out"),
      lacking: lackingOut)
  }
}

@_cdecl("berth_class_message")
public func classMessage(
  _ engine: OpaquePointer?, _ podClass: berth_class_id, _ text: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ lengthOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let capacity = clamped(capacity)
    let out = UnsafeMutableBufferPointer(start: try start(text, UInt(capacity), "text"), count: capacity)
    let whole = try engine.message(podClass)
    copyText(whole, into: out)
    lengthOut?.pointee = UInt(whole.utf8.count)
  }
}

@_cdecl("berth_reason_text")
public func reasonText(_ reason: UInt32) -> UnsafePointer<CChar>? {
  UnsafeRawPointer(ReasonWords.of(reason).utf8Start).assumingMemoryBound(to: CChar.self)
}
