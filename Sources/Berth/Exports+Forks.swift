import BerthCore
import CBerth

@_cdecl("berth_engine_fork")
public func engineFork(
  _ engine: OpaquePointer?, _ engineOut: UnsafeMutablePointer<OpaquePointer?>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(engineOut, "engine_out")
    out.pointee = try EngineTable.add(engine.fork())
  }
}
