import CBerth

/// Goes through the frames of a file, and lets none pass whose sums are not right.
final class FrameReader {
  struct Frame {
    var kind: UInt16
    var goesOn: Bool
    /// Of the record, from 1.
    var number: UInt64
    /// Where it begins in the file.
    var offset: Int
    /// Valid until the next frame is read.
    var payload: UnsafeRawBufferPointer
  }

  let path: String
  /// When it was opened.
  let size: Int
  /// Where the next frame begins.
  private(set) var offset = RecordFile.prologueBytes
  /// The chain and number of the last frame.
  private(set) var chain: UInt64
  private(set) var number: UInt64 = 0
  private var goesOn = false
  /// A record of several frames, put together.
  private var whole = RecordWriter(capacity: 64)
  private let file: File
  private var window: UnsafeMutableRawBufferPointer
  private var windowOffset = 0
  private var windowCount = 0
  private static let step = 1 << 20

  init(_ file: File, _ content: RecordFile.Content) throws(EngineError) {
    self.file = file
    path = file.path
    size = try file.size()
    chain = content.seed
    window = .allocate(byteCount: min(Self.step, max(64, size)), alignment: 16)
    let prologue = try load(at: 0, min(size, RecordFile.prologueBytes))
    try RecordFile.checkPrologue(prologue, content, path: path)
  }

  deinit { window.deallocate() }

  func bad(_ offset: Int, _ what: String) -> EngineError {
    refuse(BERTH_BAD_FILE, "\(path), offset \(offset): \(what)")
  }

  /// The next frame; nil where the file ends, be it in the middle of one.
  func next() throws(EngineError) -> Frame? {
    let left = size - offset
    guard left >= RecordFile.headBytes else { return nil }
    let head = try load(at: offset, RecordFile.headBytes)
    let length = Int(UInt32(littleEndian: head.loadUnaligned(as: UInt32.self)))
    let kind = UInt16(littleEndian: head.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
    let more = UInt16(littleEndian: head.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
    let found = UInt64(littleEndian: head.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let check = UInt64(littleEndian: head.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    let wanted = goesOn ? number : number + 1
    guard XXHash64.hash(UnsafeRawBufferPointer(rebasing: head[..<16]), seed: chain) == check else {
      throw bad(offset, "the head of record \(wanted) is altered, or does not follow what is before it")
    }
    guard found == wanted, more <= 1, length <= RecordFile.maxPayload else {
      throw bad(offset, "record \(wanted) is expected, with at most \(RecordFile.maxPayload) bytes")
    }
    let bytes = RecordFile.headBytes + length + RecordFile.tailBytes
    guard left >= bytes else { return nil }
    let whole = try load(at: offset, bytes)
    let payload = UnsafeRawBufferPointer(rebasing: whole[RecordFile.headBytes..<RecordFile.headBytes + length])
    let sum = UInt64(littleEndian: whole.loadUnaligned(fromByteOffset: RecordFile.headBytes + length, as: UInt64.self))
    guard XXHash64.hash(payload, seed: check) == sum else { throw bad(offset, "record \(wanted) is altered") }
    let frame = Frame(kind: kind, goesOn: more == 1, number: wanted, offset: offset, payload: payload)
    offset += bytes
    (chain, number, goesOn) = (sum, wanted, frame.goesOn)
    return frame
  }

  /// The next record, all of it; nil where the file ends, be it in the middle of one.
  func record() throws(EngineError) -> Frame? {
    guard var first = try next() else { return nil }
    guard first.goesOn else { return first }
    whole.cut(to: 0)
    whole.put(raw: first.payload)
    while goesOn {
      let place = offset
      guard let more = try next() else { return nil }
      guard more.kind == first.kind else { throw bad(place, "a record that goes on as another kind") }
      whole.put(raw: more.payload)
    }
    first.payload = whole.bytes
    return first
  }

  /// Bytes of the file, in one piece; valid until the next call.
  private func load(at start: Int, _ count: Int) throws(EngineError) -> UnsafeRawBufferPointer {
    if start < windowOffset || start + count > windowOffset + windowCount {
      if count > window.count {
        window.deallocate()
        window = .allocate(byteCount: count, alignment: 16)
      }
      windowCount = 0
      let wanted = min(window.count, size - start)
      try file.read(UnsafeMutableRawBufferPointer(rebasing: window[..<wanted]), at: start)
      (windowOffset, windowCount) = (start, wanted)
    }
    return UnsafeRawBufferPointer(rebasing: window[start - windowOffset..<start - windowOffset + count])
  }
}
