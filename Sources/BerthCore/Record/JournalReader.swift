import CBerth

/// Goes through the records of a journal up to the last complete one.
final class JournalReader {
  struct Record {
    var kind: CallKind
    var number: UInt64
    /// Where it begins in the file.
    var offset: Int
    var payload: UnsafeRawBufferPointer
  }

  let base: JournalBase
  /// Of the last complete record: its position, and where the file goes on.
  private(set) var end: JournalPosition
  private(set) var endOffset: Int
  /// Statements that are open there, innermost last.
  private(set) var openStatements: [berth_statement_id] = []
  private let frames: FrameReader

  init(_ file: File) throws(EngineError) {
    frames = try FrameReader(file, .journal)
    let start = frames.offset
    guard let first = try frames.next() else {
      throw frames.bad(start, "cut within the first record, and the file has \(frames.size) bytes")
    }
    guard first.kind == JournalBase.kind, !first.goesOn else {
      throw frames.bad(start, "the first record does not say what the journal begins from")
    }
    var reader = RecordReader(
      first.payload, endOffset: start + RecordFile.headBytes + first.payload.count, path: frames.path)
    base = try .read(&reader)
    try reader.finish()
    end = JournalPosition(number: frames.number, chain: frames.chain)
    endOffset = frames.offset
  }

  var path: String { frames.path }
  var size: Int { frames.size }
  /// What a crash left of a record behind the last complete one. Meaningful when `next` has returned nil.
  var tornBytes: Int { frames.size - endOffset }

  /// The next complete record, valid until the one after it is asked for; nil behind the last.
  func next() throws(EngineError) -> Record? {
    let start = frames.offset
    guard let frame = try frames.record() else { return nil }
    guard let kind = CallKind(rawValue: frame.kind) else {
      throw frames.bad(start, "a record of the unknown kind \(frame.kind)")
    }
    let record = Record(kind: kind, number: frame.number, offset: start, payload: frame.payload)
    try follow(record)
    end = JournalPosition(number: frames.number, chain: frames.chain)
    endOffset = frames.offset
    return record
  }

  /// For the values of a record.
  func reader(of record: Record) -> RecordReader {
    RecordReader(
      record.payload, endOffset: record.offset + RecordFile.headBytes + record.payload.count, path: frames.path)
  }

  private func follow(_ record: Record) throws(EngineError) {
    switch record.kind {
    case .statementBegin:
      var values = reader(of: record)
      openStatements.append(try values.take())
    case .statementCommit, .statementDiscard:
      var values = reader(of: record)
      guard try values.take() == openStatements.popLast() else {
        throw frames.bad(record.offset, "a statement is closed that is not the innermost one")
      }
    default: break
    }
  }
}
