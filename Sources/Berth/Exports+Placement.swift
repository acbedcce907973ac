import BerthCore
import CBerth

@_cdecl("berth_pods_place")
public func podsPlace(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?, _ count: UInt, _ flags: UInt32,
  _ placementsOut: UnsafeMutablePointer<berth_placement>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.place(
      array(classes, count, "classes"), flags: flags, into: start(placementsOut, count, "placements_out"))
  }
}

@_cdecl("berth_pods_bind")
public func podsBind(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?, _ nodes: UnsafePointer<berth_node_id>?,
  _ count: UInt, _ podsOut: UnsafeMutablePointer<berth_pod_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.bind(
      array(classes, count, "classes"), nodes: start(nodes, count, "nodes"), pods: start(podsOut, count, "pods_out"))
  }
}

@_cdecl("berth_pods_confirm")
public func podsConfirm(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.confirm(array(pods, count, "pods")) }
}

@_cdecl("berth_pods_forget")
public func podsForget(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.forget(array(pods, count, "pods")) }
}

@_cdecl("berth_pods_release")
public func podsRelease(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.release(array(pods, count, "pods")) }
}

@_cdecl("berth_pods_read")
public func podsRead(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: UInt,
  _ statesOut: UnsafeMutablePointer<berth_pod_state>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readPods(array(pods, count, "pods"), states: start(statesOut, count, "states_out"))
  }
}

@_cdecl("berth_candidates_read")
public func candidatesRead(
  _ engine: OpaquePointer?, _ podClass: berth_class_id, _ k: UInt,
  _ candidatesOut: UnsafeMutablePointer<berth_candidate>?, _ termScoresOut: UnsafeMutablePointer<Int64>?,
  _ countOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let candidates = try start(candidatesOut, k, "candidates_out", atMost: BERTH_MAX_CANDIDATES)
    let out = try required(countOut, "count_out")
    out.pointee = UInt(
      try engine.readCandidates(of: podClass, count: Int(k), into: candidates, termScores: termScoresOut))
  }
}

@_cdecl("berth_class_explain")
public func classExplain(
  _ engine: OpaquePointer?, _ podClass: berth_class_id,
  _ explanationOut: UnsafeMutablePointer<berth_explanation>?, _ reasonsOut: UnsafeMutablePointer<berth_reason>?,
  _ capacity: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(explanationOut, "explanation_out")
    let size = out.pointee.struct_size
    try checkStructSize(size, of: berth_explanation.self, initialiser: "set it to sizeof(berth_explanation)")
    let capacity = clamped(capacity)
    let reasons = UnsafeMutableBufferPointer(
      start: try start(reasonsOut, UInt(capacity), "reasons_out"), count: capacity)
    var explanation = try engine.explain(podClass, reasons: reasons)
    explanation.struct_size = size
    out.pointee = explanation
  }
}
