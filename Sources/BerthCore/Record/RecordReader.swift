import CBerth

/// Reads what `RecordWriter` wrote, from bytes that may be anything: every step is checked against the end, and nothing
/// is allocated for a count that the bytes do not bear out.
struct RecordReader: ~Copyable {
  /// The length that stands for a null pointer.
  static let nullText = UInt16.max

  private var cursor: UnsafeRawPointer
  private var end: UnsafeRawPointer
  /// More of the record, for sections that are read piece by piece; nil: what is there is all.
  private let pieces: SectionPieces?
  /// The file offset of `end`, of the file that messages name.
  private var endOffset: Int
  let path: String

  init(_ bytes: UnsafeRawBufferPointer, endOffset: Int, path: String) {
    let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    cursor = start
    end = start + bytes.count
    pieces = nil
    self.endOffset = endOffset
    self.path = path
  }

  /// Begins with the section's first piece.
  init(_ pieces: SectionPieces) throws(EngineError) {
    let first = try pieces.start()
    cursor = first.baseAddress.unsafelyUnwrapped
    end = cursor + first.count
    self.pieces = pieces
    endOffset = pieces.endOffset
    path = pieces.path
  }

  /// Where the next value begins in the file.
  var offset: Int { endOffset - (end - cursor) }
  var remaining: Int { end - cursor }

  func bad(_ what: String) -> EngineError {
    refuse(BERTH_BAD_FILE, "\(path), offset \(offset): \(what)")
  }

  @inline(never)
  private mutating func refill(_ wanted: Int) throws(EngineError) {
    while remaining < wanted {
      guard let more = try pieces?.next(after: UnsafeRawBufferPointer(start: cursor, count: remaining)) else {
        throw bad("the record ends where \(wanted) bytes more are expected")
      }
      cursor = more.baseAddress.unsafelyUnwrapped
      end = cursor + more.count
      endOffset = pieces.unsafelyUnwrapped.endOffset
    }
  }

  /// Makes sure that so many bytes lie ahead in one piece; for values and short texts.
  @inline(__always)
  mutating func need(_ bytes: Int) throws(EngineError) {
    if remaining < bytes { try refill(bytes) }
  }

  @inline(__always)
  mutating func take<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) throws(EngineError) -> T {
    try need(MemoryLayout<T>.size)
    return takeAhead()
  }

  /// A value of a run that `need` has seen.
  @inline(__always)
  mutating func takeAhead<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) -> T {
    let value = T(littleEndian: cursor.loadUnaligned(as: T.self))
    cursor += MemoryLayout<T>.size
    return value
  }

  mutating func takeFlag(_ what: String) throws(EngineError) -> Bool {
    let value = try take(UInt8.self)
    guard value <= 1 else { throw bad("\(what) is \(value): 0 or 1 is expected") }
    return value == 1
  }

  /// A number in a range.
  mutating func take<T: FixedWidthInteger & BitwiseCopyable>(
    _ range: ClosedRange<T>, _ what: @autoclosure () -> String
  ) throws(EngineError) -> T {
    let value = try take(T.self)
    guard range.contains(value) else { throw bad("\(what()) is \(value), outside \(range)") }
    return value
  }

  /// A count of elements that take at least `bytes` each, of a record that lies ahead as a whole.
  mutating func takeCount(of bytes: Int, _ what: String) throws(EngineError) -> Int {
    let count = try take(UInt64.self)
    guard count <= UInt64(remaining / max(1, bytes)) else {
      throw bad("\(count) \(what): the record has room for \(remaining / max(1, bytes))")
    }
    return Int(count)
  }

  /// The bytes of a text, null as nil; valid until the next value is read.
  mutating func takeText() throws(EngineError) -> UnsafeRawBufferPointer? {
    let length = try take(UInt16.self)
    if length == Self.nullText { return nil }
    guard length <= UInt16(BERTH_MAX_TEXT_BYTES) else {
      throw bad("a text of \(length) bytes: at most \(BERTH_MAX_TEXT_BYTES)")
    }
    try need(Int(length))
    defer { cursor += Int(length) }
    return UnsafeRawBufferPointer(start: cursor, count: Int(length))
  }

  /// A name as the engine keeps it.
  mutating func takeName(_ what: String, allowsEmpty: Bool = false) throws(EngineError) -> Name {
    guard let text = try takeText() else { throw bad("\(what) is missing") }
    guard !text.isEmpty || allowsEmpty else { throw bad("\(what) is empty") }
    guard !text.contains(0), String(validating: text, as: UTF8.self) != nil else {
      throw bad("\(what) is not UTF-8, or has a zero in it")
    }
    return Name(text)
  }

  /// Raw bytes of a record that lies ahead as a whole.
  mutating func takeRaw(_ count: Int) throws(EngineError) -> UnsafeRawBufferPointer {
    try need(count)
    defer { cursor += count }
    return UnsafeRawBufferPointer(start: cursor, count: count)
  }

  /// Everything must have been read.
  mutating func finish() throws(EngineError) {
    guard remaining == 0 else { throw bad("\(remaining) bytes more than the record should have") }
    if let pieces, try pieces.next(after: UnsafeRawBufferPointer(start: cursor, count: 0)) != nil {
      throw bad("the section goes on where it should end")
    }
  }
}
