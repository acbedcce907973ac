import CBerth

// berth_statement_begin, _checkpoint, _rollback, _commit, _discard; berth_engine_set_path, berth_engine_set_time

struct StatementBegin: StatementCall {
  typealias Answer = berth_statement_id
  static let kind = CallKind.statementBegin

  func check(_ engine: Engine) throws(EngineError) -> berth_statement_id { try engine.statements.checkBegin() }
  func carryOut(on engine: Engine) { engine.applyBegin() }

  func write(to record: inout RecordWriter) {}
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self { Self() }
}

struct StatementCheckpoint: StatementCall {
  typealias Answer = berth_checkpoint_id
  static let kind = CallKind.statementCheckpoint

  func check(_ engine: Engine) throws(EngineError) -> berth_checkpoint_id { try engine.statements.checkCheckpoint() }
  func carryOut(on engine: Engine) { engine.applyCheckpoint() }

  func write(to record: inout RecordWriter) {}
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self { Self() }
}

struct StatementRollback: StatementCall {
  static let kind = CallKind.statementRollback
  let checkpoint: berth_checkpoint_id

  func check(_ engine: Engine) throws(EngineError) { _ = try engine.statements.place(of: checkpoint) }
  func carryOut(on engine: Engine) {
    if let place = try? engine.statements.place(of: checkpoint) { engine.applyRollBack(to: place) }
  }

  func write(to record: inout RecordWriter) { record.put(checkpoint) }
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(checkpoint: try record.take())
  }
}

struct StatementCommit: StatementCall {
  static let kind = CallKind.statementCommit
  let statement: berth_statement_id

  func check(_ engine: Engine) throws(EngineError) { _ = try engine.statements.innermost(statement) }
  func carryOut(on engine: Engine) { engine.applyCommit() }

  func write(to record: inout RecordWriter) { record.put(statement) }
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(statement: try record.take())
  }
}

struct StatementDiscard: StatementCall {
  static let kind = CallKind.statementDiscard
  let statement: berth_statement_id

  func check(_ engine: Engine) throws(EngineError) { _ = try engine.statements.innermost(statement) }
  func carryOut(on engine: Engine) { engine.applyDiscard() }

  func write(to record: inout RecordWriter) { record.put(statement) }
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(statement: try record.take())
  }
}

struct EngineSetPath: Call {
  static let kind = CallKind.engineSetPath
  let path: UInt32

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetPath(path) }

  func write(to record: inout RecordWriter) { record.put(path) }
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(path: try record.take())
  }
}

struct EngineSetTime: Call {
  static let kind = CallKind.engineSetTime
  let time: Int64

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetTime(time) }

  func write(to record: inout RecordWriter) { record.put(time) }
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(time: try record.take())
  }
}
