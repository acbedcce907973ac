import BerthCore
import CBerth

@_cdecl("berth_statement_begin")
public func statementBegin(
  _ engine: OpaquePointer?, _ idOut: UnsafeMutablePointer<berth_statement_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(idOut, "id_out")
    out.pointee = try engine.beginStatement()
  }
}

@_cdecl("berth_statement_checkpoint")
public func statementCheckpoint(
  _ engine: OpaquePointer?, _ idOut: UnsafeMutablePointer<berth_checkpoint_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(idOut, "id_out")
    out.pointee = try engine.addCheckpoint()
  }
}

@_cdecl("berth_statement_rollback")
public func statementRollback(_ engine: OpaquePointer?, _ checkpoint: berth_checkpoint_id) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.rollBack(to: checkpoint) }
}

@_cdecl("berth_statement_commit")
public func statementCommit(_ engine: OpaquePointer?, _ statement: berth_statement_id) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.commit(statement) }
}

@_cdecl("berth_statement_discard")
public func statementDiscard(_ engine: OpaquePointer?, _ statement: berth_statement_id) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.discard(statement) }
}

@_cdecl("berth_engine_set_time")
public func engineSetTime(_ engine: OpaquePointer?, _ now: Int64) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.setTime(now) }
}

@_cdecl("berth_engine_read_time")
public func engineReadTime(_ engine: OpaquePointer?, _ nowOut: UnsafeMutablePointer<Int64>?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(nowOut, "now_ms_out")
    out.pointee = engine.now
  }
}
