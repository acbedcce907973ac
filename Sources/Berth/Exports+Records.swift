import BerthCore
import CBerth

@_cdecl("berth_snapshot_write")
public func snapshotWrite(_ engine: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.writeSnapshot(required(path, "path")) }
}

@_cdecl("berth_snapshot_read")
public func snapshotRead(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<berth_engine_options>?,
  _ engineOut: UnsafeMutablePointer<OpaquePointer?>?
) -> berth_status {
  create(engineOut) { () throws(EngineError) in
    try Engine.recover(snapshot: required(path, "path"), journal: nil, options: checked(options)).engine
  }
}

@_cdecl("berth_engine_digest")
public func engineDigest(_ engine: OpaquePointer?, _ digestOut: UnsafeMutablePointer<UInt64>?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(digestOut, "digest_out")
    out.pointee = engine.digest()
  }
}

@_cdecl("berth_journal_options_init")
public func journalOptionsInit(_ options: UnsafeMutablePointer<berth_journal_options>?) {
  options?.pointee = berth_journal_options(struct_size: UInt32(MemoryLayout<berth_journal_options>.size), flags: 0)
}

@_cdecl("berth_journal_open")
public func journalOpen(
  _ engine: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<berth_journal_options>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let path = try required(path, "path")
    if let options {
      try checkStructSize(
        options.pointee.struct_size, of: berth_journal_options.self,
        initialiser: "call berth_journal_options_init first")
    }
    try engine.openJournal(path, flags: options?.pointee.flags ?? 0)
  }
}

@_cdecl("berth_journal_sync")
public func journalSync(_ engine: OpaquePointer?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.syncJournal() }
}

@_cdecl("berth_journal_close")
public func journalClose(_ engine: OpaquePointer?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.closeJournal() }
}

@_cdecl("berth_engine_recover")
public func engineRecover(
  _ snapshot: UnsafePointer<CChar>?, _ journal: UnsafePointer<CChar>?,
  _ options: UnsafePointer<berth_engine_options>?, _ recoveryOut: UnsafeMutablePointer<berth_recovery>?,
  _ engineOut: UnsafeMutablePointer<OpaquePointer?>?
) -> berth_status {
  var found = berth_recovery()
  let status = create(engineOut) { () throws(EngineError) in
    if let recoveryOut {
      try checkStructSize(
        recoveryOut.pointee.struct_size, of: berth_recovery.self, initialiser: "set it to sizeof(berth_recovery)")
    }
    let (engine, recovery) = try Engine.recover(snapshot: snapshot, journal: journal, options: checked(options))
    found = recovery
    return engine
  }
  if status == berth_status(BERTH_OK) { recoveryOut?.pointee = found }
  return status
}
