import CBerth

extension Engine {
  /// The engine of a snapshot, of a journal, or of a snapshot and the journal that goes on from it.
  public static func recover(
    snapshot: UnsafePointer<CChar>?, journal: UnsafePointer<CChar>?, options: berth_engine_options
  ) throws(EngineError) -> (engine: Engine, recovery: berth_recovery) {
    var recovery = berth_recovery()
    recovery.struct_size = UInt32(MemoryLayout<berth_recovery>.size)
    guard snapshot != nil || journal != nil else {
      throw refuse(BERTH_BAD_ARGUMENT, "neither a snapshot nor a journal is named: give one of them at least")
    }
    var engine: Engine?
    if let snapshot { engine = try restore(File.reading(snapshot), options) }
    if let journal {
      let file = try File.reading(journal)
      let start = try JournalReader(file)
      if engine == nil { engine = try start.base.shape.makeEngine(options) }
      try engine?.replay(file, start, &recovery)
    }
    guard let engine else { fatalError("berth: neither a snapshot nor a journal was read") }
    return (engine, recovery)
  }

  private func replay(_ file: File, _ start: JournalReader, _ recovery: inout berth_recovery) throws(EngineError) {
    let journal: JournalReader
    if let position = recorder?.position, try start.skip(to: position) {
      // what is open there would have kept the snapshot from being written
      guard start.openStatements.isEmpty else {
        throw refuse(
          BERTH_BAD_FILE, "\(start.path), offset \(start.endOffset): a statement is open where the snapshot was taken")
      }
      recovery.skipped = position.number - 1
      journal = start
    } else {
      journal = try JournalReader(file)
      guard journal.base.shape == shape, journal.base.digest == digest() else {
        throw refuse(
          BERTH_BAD_FILE,
          "\(journal.path), offset \(RecordFile.prologueBytes): the journal begins from another state, and the snapshot "
            + "was not taken along it: give the snapshot that belongs to it")
      }
      statements = Statements(after: journal.base.lastStatement, journal.base.lastCheckpoint)
    }
    recorder = nil
    while let record = try journal.next() {
      var values = journal.reader(of: record)
      try record.kind.replay(&values, on: self)
      recovery.replayed += 1
    }
    // nobody is left who could close them
    while let inner = statements.open.last {
      try discard(inner.id)
      recovery.discarded += 1
    }
    recovery.end_offset = UInt64(journal.endOffset)
    recovery.torn_bytes = UInt64(journal.tornBytes)
    recorder = Recorder(at: journal.end)
  }
}

extension JournalReader {
  /// Goes to a position; false, with the journal read to its end, if it has no such place.
  fileprivate func skip(to position: JournalPosition) throws(EngineError) -> Bool {
    while end.number < position.number, try next() != nil {}
    return end == position
  }
}
