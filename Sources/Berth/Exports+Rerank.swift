import BerthCore
import CBerth

@_cdecl("berth_rerank_options_init")
public func rerankOptionsInit(_ options: UnsafeMutablePointer<berth_rerank_options>?) {
  var fresh = berth_rerank_options()
  fresh.struct_size = UInt32(MemoryLayout<berth_rerank_options>.size)
  fresh.candidate_limit = 8
  fresh.batch_limit = 1
  options?.pointee = fresh
}

@_cdecl("berth_engine_set_rerank")
public func engineSetRerank(_ engine: OpaquePointer?, _ options: UnsafePointer<berth_rerank_options>?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    if let options {
      try checkStructSize(
        options.pointee.struct_size, of: berth_rerank_options.self, initialiser: "call berth_rerank_options_init first")
    }
    try engine.setRerank(options?.pointee)
  }
}
