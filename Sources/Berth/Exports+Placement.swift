import BerthCore
import CBerth

@_cdecl("berth_pods_place")
public func podsPlace(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?, _ count: Int, _ flags: UInt32,
  _ placements_out: UnsafeMutablePointer<berth_placement>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.place(
      array(classes, count, "classes"), flags: flags, into: start(placements_out, count, "placements_out"))
  }
}

@_cdecl("berth_pods_bind")
public func podsBind(
  _ engine: OpaquePointer?, _ classes: UnsafePointer<berth_class_id>?, _ nodes: UnsafePointer<berth_node_id>?,
  _ count: Int, _ pods_out: UnsafeMutablePointer<berth_pod_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.bind(
      array(classes, count, "classes"), nodes: start(nodes, count, "nodes"), pods: start(pods_out, count, "pods_out"))
  }
}

@_cdecl("berth_pods_confirm")
public func podsConfirm(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: Int
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.confirm(array(pods, count, "pods")) }
}

@_cdecl("berth_pods_forget")
public func podsForget(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: Int
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.forget(array(pods, count, "pods")) }
}

@_cdecl("berth_pods_release")
public func podsRelease(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: Int
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.release(array(pods, count, "pods")) }
}

@_cdecl("berth_pods_read")
public func podsRead(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_pod_id>?, _ count: Int,
  _ states_out: UnsafeMutablePointer<berth_pod_state>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readPods(array(pods, count, "pods"), states: start(states_out, count, "states_out"))
  }
}

@_cdecl("berth_candidates_read")
public func candidatesRead(
  _ engine: OpaquePointer?, _ pod_class: berth_class_id, _ k: Int,
  _ candidates_out: UnsafeMutablePointer<berth_candidate>?, _ term_scores_out: UnsafeMutablePointer<Int64>?,
  _ count_out: UnsafeMutablePointer<Int>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let candidates = try start(candidates_out, k, "candidates_out")
    let out = try required(count_out, "count_out")
    out.pointee = try engine.readCandidates(
      of: pod_class, count: k, into: candidates, termScores: term_scores_out)
  }
}

@_cdecl("berth_class_explain")
public func classExplain(
  _ engine: OpaquePointer?, _ pod_class: berth_class_id,
  _ explanation_out: UnsafeMutablePointer<berth_explanation>?, _ reasons_out: UnsafeMutablePointer<berth_reason>?,
  _ capacity: Int
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(explanation_out, "explanation_out")
    let size = out.pointee.struct_size
    try checkStructSize(size, of: berth_explanation.self, initialiser: "set it to sizeof(berth_explanation)")
    let capacity = clamped(capacity)
    let reasons = UnsafeMutableBufferPointer(start: try start(reasons_out, capacity, "reasons_out"), count: capacity)
    var explanation = try engine.explain(pod_class, reasons: reasons)
    explanation.struct_size = size
    out.pointee = explanation
  }
}
