import CBerth

/// A place in a journal: its last record, and the sum of everything up to there.
struct JournalPosition: Equatable {
  var number: UInt64
  var chain: UInt64
}

/// The journal of an engine: appends what `perform` hands over. One that is closed, or was read back, still knows the
/// position that the engine's state is at, until the state moves on without it.
final class Recorder {
  private(set) var position: JournalPosition
  private var file: File?
  /// Where the next write goes.
  private var end: Int
  private let flags: UInt32
  /// Records that are not in the file yet.
  private var pending = RecordWriter()
  /// Results of a call that is not recorded yet.
  private var shelf = RecordWriter(capacity: 64)
  /// Why nothing can be appended any more.
  private var failure: EngineError?
  private static let buffered = 64 << 10
  /// A buffer that one large call made larger than this is given back.
  private static let kept = 4 << 20

  init(at position: JournalPosition) {
    self.position = position
    file = nil
    end = 0
    flags = 0
  }

  init(_ file: File, end: Int, at position: JournalPosition, flags: UInt32) {
    self.position = position
    self.file = file
    self.end = end
    self.flags = flags
  }

  /// What was promised is kept even by an engine that is destroyed with its journal open.
  deinit { try? flush() }

  var isOpen: Bool { file != nil }
  var hasFailed: Bool { failure != nil }

  /// Before a call is carried out: whether it could be recorded.
  func check() throws(EngineError) {
    if let failure { throw failure }
  }

  /// Room for a caller's results that are not to be seen before the call is recorded.
  func standIn(bytes: Int) -> UnsafeMutableRawBufferPointer {
    shelf.cut(to: 0)
    shelf.skip(bytes)
    return UnsafeMutableRawBufferPointer(start: shelf.base, count: bytes)
  }

  @inline(__always)
  func append<C: Call>(_ call: C, _ answer: C.Answer, of engine: Engine) throws(EngineError) {
    guard isOpen else {
      engine.recorder = nil  // the state moves on, the closed journal does not
      return
    }
    try check()
    let start = pending.count
    pending.skip(RecordFile.headBytes)
    call.write(to: &pending)
    call.write(answer, to: &pending)
    let bytes = pending.count - start
    try commit(from: start, C.kind)
    engine.counters.journalRecords += 1
    engine.counters.journalBytes += UInt64(bytes)
  }

  /// Seals the record that begins at `start`, and writes it unless it may wait.
  private func commit(from start: Int, _ kind: CallKind) throws(EngineError) {
    let before = position
    position.number += 1
    position.chain = RecordFile.seal(
      &pending, from: start, kind: kind.rawValue, number: position.number, chain: before.chain)
    if flags & UInt32(BERTH_JOURNAL_BUFFERED) != 0 && pending.count < Self.buffered { return }
    do throws(EngineError) {
      try flush()
    } catch {
      pending.cut(to: start)
      position = before
      throw error
    }
  }

  /// One write for all that is pending. If it fails, the file is what it was.
  private func flush() throws(EngineError) {
    guard let file, pending.count > 0 else { return }
    try check()
    do throws(EngineError) {
      try file.write(pending.bytes, at: end)
    } catch {
      try? withdraw()
      throw error
    }
    if flags & UInt32(BERTH_JOURNAL_SYNCED) != 0 {
      do throws(EngineError) {
        try synchronise(file)
      } catch {
        try? withdraw()
        throw error
      }
    }
    end += pending.count
    pending.cut(to: 0)
    if pending.capacity > Self.kept { pending = RecordWriter() }
  }

  /// Takes what a failed write may have left out of the file again.
  private func withdraw() throws(EngineError) {
    do throws(EngineError) {
      try file?.truncate(to: end)
    } catch {
      failure = fatal(error)
      throw error
    }
  }

  /// After a failure nobody can say what is on the disk: the system may take for written what it could not write.
  private func synchronise(_ file: File) throws(EngineError) {
    do throws(EngineError) {
      try file.sync()
    } catch {
      failure = fatal(error)
      throw error
    }
  }

  private func fatal(_ error: EngineError) -> EngineError {
    EngineError(
      error.status, "\(error.message); nothing can be recorded any more: close the journal, and begin another")
  }

  func sync() throws(EngineError) {
    try check()
    try flush()
    if let file { try synchronise(file) }
  }

  /// False if the engine's place in the journal is no longer known.
  func close() throws(EngineError) -> Bool {
    if failure == nil { try sync() }
    file = nil
    return failure == nil
  }
}

/// The first record of a journal: what it begins from.
struct JournalBase: Equatable {
  static let kind: UInt16 = 0
  var digest: UInt64
  var lastStatement: berth_statement_id
  var lastCheckpoint: berth_checkpoint_id
  var shape: EngineShape

  func write(to record: inout RecordWriter) {
    record.put(digest)
    record.put(lastStatement)
    record.put(lastCheckpoint)
    shape.write(to: &record)
  }

  static func read(_ record: inout RecordReader) throws(EngineError) -> Self {
    Self(
      digest: try record.take(), lastStatement: try record.take(), lastCheckpoint: try record.take(),
      shape: try .read(&record))
  }
}

/// What an engine is created with, as far as it decides anything.
struct EngineShape: Equatable {
  var tieRule: UInt32
  var levels: [Name]

  func write(to record: inout RecordWriter) {
    record.put(tieRule)
    record.put(UInt32(levels.count))
    for level in levels { record.put(level) }
  }

  static func read(_ record: inout RecordReader) throws(EngineError) -> Self {
    let tieRule = try record.take(0...UInt32(BERTH_TIE_KEY), "the tie rule")
    let count = try record.take(0...UInt32(BERTH_MAX_LEVELS), "the number of levels")
    var levels: [Name] = []
    for _ in 0..<count { levels.append(try record.takeName("a level's key")) }
    return Self(tieRule: tieRule, levels: levels)
  }

  /// An empty engine of this shape. Of the host's options allocator and CPU level count; a shape that they name, too,
  /// must be this one.
  func makeEngine(_ options: berth_engine_options) throws(EngineError) -> Engine {
    let scratch = CallScratch()
    let keys = scratch.allocate(UnsafePointer<CChar>?.self, levels.count)
    for (index, level) in levels.enumerated() {
      let text = scratch.allocate(CChar.self, level.bytes.count + 1)
      for (place, byte) in level.bytes.enumerated() { text[place] = CChar(bitPattern: byte) }
      text[level.bytes.count] = 0
      keys[index] = UnsafePointer(text)
    }
    var wanted = options
    wanted.level_count = UInt32(levels.count)
    wanted.level_keys = UnsafePointer(keys)
    wanted.tie_rule = tieRule
    let engine = try Engine(options: wanted)
    if options.tie_rule != 0 || options.level_count != 0 {
      let asked = try Engine(options: options).shape
      guard asked == self else {
        throw refuse(
          BERTH_BAD_ARGUMENT,
          "the options ask for another tie rule or other levels than the file has: leave them out")
      }
    }
    return engine
  }
}

extension Engine {
  var shape: EngineShape {
    EngineShape(
      tieRule: UInt32(cluster.forest.hasTie ? BERTH_TIE_KEY : BERTH_TIE_TOPOLOGY),
      levels: cluster.catalog.topology.levelKeys)
  }

  public func openJournal(_ path: UnsafePointer<CChar>, flags: UInt32) throws(EngineError) {
    let known = UInt32(BERTH_JOURNAL_BUFFERED) | UInt32(BERTH_JOURNAL_SYNCED)
    guard flags & ~known == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "flags \(flags): only BERTH_JOURNAL_BUFFERED and BERTH_JOURNAL_SYNCED are known")
    }
    guard flags != known else {
      throw refuse(BERTH_BAD_ARGUMENT, "a journal is buffered or synced with every call, not both")
    }
    guard recorder?.isOpen != true else {
      throw refuse(BERTH_WRONG_STATE, "the engine has a journal open already: close it first")
    }
    guard !statements.isOpen else {
      throw refuse(BERTH_WRONG_STATE, "a statement is open: commit or discard it before a journal begins")
    }
    let base = JournalBase(
      digest: digest(), lastStatement: statements.lastStatement, lastCheckpoint: statements.lastCheckpoint,
      shape: shape)
    recorder =
      File.exists(path)
      ? try Recorder.appending(to: path, base, recorder?.position, flags)
      : try Recorder.creating(path, base, flags)
  }

  public func syncJournal() throws(EngineError) { try openRecorder().sync() }

  public func closeJournal() throws(EngineError) {
    let recorder = try openRecorder()
    // a journal that failed refuses what would close the statement, so it must not hold on to the engine
    guard !statements.isOpen || recorder.hasFailed else {
      throw refuse(BERTH_WRONG_STATE, "a statement is open: commit or discard it, the journal could not tell its end")
    }
    if try !recorder.close() { self.recorder = nil }
  }

  private func openRecorder() throws(EngineError) -> Recorder {
    guard let recorder, recorder.isOpen else { throw refuse(BERTH_WRONG_STATE, "the engine has no journal open") }
    return recorder
  }
}

extension Recorder {
  /// The name appears when the first record is on the disk: there is no journal without a beginning.
  fileprivate static func creating(
    _ path: UnsafePointer<CChar>, _ base: JournalBase, _ flags: UInt32
  ) throws(EngineError) -> Recorder {
    var bytes = RecordWriter()
    RecordFile.putPrologue(.journal, into: &bytes)
    let start = bytes.count
    bytes.skip(RecordFile.headBytes)
    base.write(to: &bytes)
    let chain = RecordFile.seal(
      &bytes, from: start, kind: JournalBase.kind, number: 1, chain: RecordFile.Content.journal.seed)
    let file = try File.temporary(beside: path)
    do throws(EngineError) {
      try file.lock()
      try file.write(bytes.bytes, at: 0)
      try file.sync()
      try file.link(to: path)
    } catch {
      file.discard()
      throw error
    }
    return Recorder(file, end: bytes.count, at: JournalPosition(number: 1, chain: chain), flags: flags)
  }

  /// Goes on with a journal that ends where the engine is.
  fileprivate static func appending(
    to path: UnsafePointer<CChar>, _ base: JournalBase, _ position: JournalPosition?, _ flags: UInt32
  ) throws(EngineError) -> Recorder {
    let file = try File.changing(path)
    try file.lock()
    let journal = try JournalReader(file)
    while try journal.next() != nil {}
    let isUntouched = journal.end.number == 1 && journal.base == base
    guard isUntouched || journal.end == position else {
      throw refuse(
        BERTH_WRONG_STATE,
        "\(file.path) does not end in the state of this engine: recover the engine from it, or begin another journal")
    }
    if journal.tornBytes > 0 { try file.truncate(to: journal.endOffset) }
    let recorder = Recorder(file, end: journal.endOffset, at: journal.end, flags: flags)
    // what a crash left open was discarded when the engine was recovered
    for statement in journal.openStatements.reversed() {
      let start = recorder.pending.count
      recorder.pending.skip(RecordFile.headBytes)
      StatementDiscard(statement: statement).write(to: &recorder.pending)
      try recorder.commit(from: start, StatementDiscard.kind)
    }
    try recorder.flush()
    return recorder
  }
}
