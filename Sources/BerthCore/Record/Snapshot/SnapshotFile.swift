import CBerth

/// The sections of a snapshot, in their order: one record each. Up to `load` they are the logical state, whose last chain
/// is the digest; the others say where the state stands.
enum SnapshotSection: UInt16, CaseIterable {
  case engine = 1
  case resources = 2
  case domains = 3
  case labelSets = 4
  case taintSets = 5
  case selectors = 14
  case namespaces = 15
  case imageSets = 16
  case gpuModels = 17
  case machines = 18
  case typicalPods = 19
  case profiles = 6
  case classes = 7
  case nodeIDs = 8
  case groups = 9
  case nodes = 10
  case pods = 11
  case devices = 20
  case reservations = 12
  case load = 13
  case position = 100
  case end = 101

  static let lastOfState = SnapshotSection.load
  var name: String { "\(self)" }
}

/// Writes sections to a file, or just sums them up.
final class SnapshotWriter {
  /// What a section says goes here.
  var out = RecordWriter(capacity: SnapshotWriter.piece * 2)
  private(set) var chain = RecordFile.Content.snapshot.seed
  private let file: File?
  private var end = 0
  private var number: UInt64 = 0
  private var kind: UInt16 = 0
  /// What went wrong first; nothing is written after it.
  private var failure: EngineError?
  private static let piece = 1 << 20

  init(_ file: File?) {
    self.file = file
    if file != nil {
      RecordFile.putPrologue(.snapshot, into: &out)
      writeOut()
    }
  }

  func section(_ section: SnapshotSection, _ body: (SnapshotWriter) -> Void) {
    number += 1
    kind = section.rawValue
    out.skip(RecordFile.headBytes)
    body(self)
    emit(goesOn: false)
  }

  /// Between the entries of a long section: hands on what there is if it is much.
  @inline(__always)
  func pause() {
    if out.count >= Self.piece {
      emit(goesOn: true)
      out.skip(RecordFile.headBytes)
    }
  }

  private func emit(goesOn: Bool) {
    chain = RecordFile.seal(&out, from: 0, kind: kind, goesOn: goesOn, number: number, chain: chain)
    writeOut()
  }

  private func writeOut() {
    if let file, failure == nil {
      do throws(EngineError) {
        try file.write(out.bytes, at: end)
        end += out.count
      } catch {
        failure = error
      }
    }
    out.cut(to: 0)
  }

  func finish() throws(EngineError) {
    if let failure { throw failure }
  }
}

/// Reads sections in their order.
final class SnapshotReader {
  private let frames: FrameReader
  private var sections = SnapshotSection.allCases[...]

  init(_ file: File) throws(EngineError) { frames = try FrameReader(file, .snapshot) }

  var fileBytes: Int { frames.size }

  /// A section as a whole.
  func whole(_ section: SnapshotSection) throws(EngineError) -> RecordReader {
    expect(section)
    let start = frames.offset
    guard let frame = try frames.record() else { throw cut(start, section) }
    guard frame.kind == section.rawValue else {
      throw frames.bad(start, "section \(frame.kind) is found where \"\(section.name)\" is expected")
    }
    return RecordReader(frame.payload, endOffset: frames.offset - RecordFile.tailBytes, path: frames.path)
  }

  /// A long section, piece by piece.
  func pieces(_ section: SnapshotSection) throws(EngineError) -> RecordReader {
    expect(section)
    return try RecordReader(SectionPieces(frames, section))
  }

  private func expect(_ section: SnapshotSection) {
    let next = sections.popFirst()
    assert(next == section)
  }

  private func cut(_ start: Int, _ section: SnapshotSection) -> EngineError {
    frames.bad(start, "cut: the section \"\(section.name)\" is expected, and the file has \(frames.size) bytes")
  }

  func finish() throws(EngineError) {
    guard frames.offset == frames.size else {
      throw frames.bad(frames.offset, "\(frames.size - frames.offset) bytes behind the end of the snapshot")
    }
  }
}

/// The pieces of one record, for a reader that does not need to have it all at once.
final class SectionPieces {
  private let frames: FrameReader
  private let section: SnapshotSection
  private var goesOn = true
  /// What the reader had left of the last piece, and the piece after it.
  private var joined = RecordWriter(capacity: 64)
  private(set) var endOffset = 0
  var path: String { frames.path }

  init(_ frames: FrameReader, _ section: SnapshotSection) {
    self.frames = frames
    self.section = section
  }

  func start() throws(EngineError) -> UnsafeRawBufferPointer { try take() }

  /// Nil when the record is over.
  func next(after left: UnsafeRawBufferPointer) throws(EngineError) -> UnsafeRawBufferPointer? {
    guard goesOn else { return nil }
    // what is left may lie in `joined` itself
    let kept = Array(left)
    joined.cut(to: 0)
    kept.withUnsafeBytes { joined.put(raw: $0) }
    let piece = try take()
    joined.put(raw: piece)
    return joined.bytes
  }

  private func take() throws(EngineError) -> UnsafeRawBufferPointer {
    let start = frames.offset
    guard let frame = try frames.next() else {
      throw frames.bad(start, "cut: the section \"\(section.name)\" is expected, and the file has \(frames.size) bytes")
    }
    guard frame.kind == section.rawValue else {
      throw frames.bad(start, "section \(frame.kind) is found where \"\(section.name)\" is expected")
    }
    goesOn = frame.goesOn
    endOffset = frame.offset + RecordFile.headBytes + frame.payload.count
    return frame.payload
  }
}
