import CBerth

extension Engine {
  /// Writes the whole state beside `path`, and gives it that name when it is on the disk.
  public func writeSnapshot(_ path: UnsafePointer<CChar>) throws(EngineError) {
    guard !statements.isOpen else {
      throw refuse(BERTH_WRONG_STATE, "a statement is open: commit or discard it before a snapshot is taken")
    }
    // a snapshot must never be ahead of the journal that goes on from it
    if let recorder, recorder.isOpen { try recorder.sync() }
    let file = try File.temporary(beside: path)
    do throws(EngineError) {
      let writer = SnapshotWriter(file)
      writeState(writer)
      writer.section(.position) { writePosition(&$0.out) }
      writer.section(.end) { _ in }
      try writer.finish()
      try file.sync()
      try file.rename(to: path)
    } catch {
      file.discard()
      throw error
    }
  }

  /// A number for the whole logical state: equal states have equal ones, whatever led to them.
  public func digest() -> UInt64 {
    let writer = SnapshotWriter(nil)
    writeState(writer)
    return writer.chain
  }

  private func writeState(_ writer: SnapshotWriter) {
    writer.section(.engine) {
      shape.write(to: &$0.out)
      $0.out.put(now)
    }
    writeVocabulary(writer)
    writeNodes(writer)
    writePods(writer)
    writeDevices(writer)
    writeReservations(writer)
    writeLoad(writer)
  }

  /// What belongs to the run rather than to the state.
  private func writePosition(_ out: inout RecordWriter) {
    out.put(planner.path)
    out.put(statements.lastStatement)
    out.put(statements.lastCheckpoint)
    out.put(recorder != nil)
    out.put(recorder?.position.number ?? 0)
    out.put(recorder?.position.chain ?? 0)
  }

  /// A new engine of what a file says, every value of which is checked first.
  static func restore(_ file: File, _ options: berth_engine_options) throws(EngineError) -> Engine {
    let reader = try SnapshotReader(file)
    var section = try reader.whole(.engine)
    let shape = try EngineShape.read(&section)
    let now = try section.take(0...(Int64(BERTH_NEVER) - 1), "the time")
    try section.finish()
    let engine = try shape.makeEngine(options)
    engine.now = now
    try engine.restoreVocabulary(reader)
    try engine.restoreNodes(reader)
    try engine.restorePods(reader)
    try engine.restoreDevices(reader)
    try engine.restoreReservations(reader)
    engine.restoreUse()
    try engine.restoreLoad(reader)
    try engine.restorePosition(reader)
    var end = try reader.whole(.end)
    try end.finish()
    try reader.finish()
    return engine
  }

  private func restorePosition(_ reader: SnapshotReader) throws(EngineError) {
    var section = try reader.whole(.position)
    planner.path = try section.take(0...UInt32(BERTH_PATH_SLOTS), "the path")
    // ids of statements must not run out either
    let (statement, checkpoint) = (
      try section.take(0...(UInt64.max >> 1), "the last statement"),
      try section.take(0...(UInt64.max >> 1), "the last checkpoint")
    )
    statements = Statements(after: statement, checkpoint)
    let hasJournal = try section.takeFlag("whether there is a journal")
    let position = JournalPosition(number: try section.take(), chain: try section.take())
    if hasJournal { recorder = Recorder(at: position) }
    try section.finish()
  }
}
