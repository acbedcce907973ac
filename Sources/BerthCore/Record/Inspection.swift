import CBerth

/// What a journal says of itself, without replaying it.
public struct JournalSummary {
  public struct Entry {
    public let name: String
    public let offset: Int
    public let bytes: Int
  }

  /// The state that it begins from.
  public let digest: UInt64
  public let levels: [String]
  public let tieRule: UInt32
  public let fileBytes: Int
  /// Where the last complete record ends.
  public let endOffset: Int
  public let tornBytes: Int
  public let openStatements: Int
  public let calls: Int
  /// How many calls of each function there are, in the order of the header.
  public let counts: [(name: String, calls: Int)]

  /// Reads it to the end, or throws with the offset where it stops making sense. `visit` sees every call.
  public init(path: UnsafePointer<CChar>, visit: (Entry) -> Void = { _ in }) throws(EngineError) {
    let journal = try JournalReader(File.reading(path))
    var counts: [CallKind: Int] = [:]
    var calls = 0
    while let record = try journal.next() {
      counts[record.kind, default: 0] += 1
      calls += 1
      visit(Entry(name: record.kind.name, offset: record.offset, bytes: journal.endOffset - record.offset))
    }
    digest = journal.base.digest
    levels = journal.base.shape.levels.map(\.description)
    tieRule = journal.base.shape.tieRule
    fileBytes = journal.size
    endOffset = journal.endOffset
    tornBytes = journal.tornBytes
    openStatements = journal.openStatements.count
    self.calls = calls
    self.counts = CallKind.allCases.compactMap { kind in counts[kind].map { (kind.name, $0) } }
  }
}

/// The sections of a snapshot, by their sums alone.
public struct SnapshotSummary {
  public struct Section {
    public let name: String
    public let offset: Int
    public let bytes: Int
  }

  public let digest: UInt64
  public let fileBytes: Int
  public let sections: [Section]

  public init(path: UnsafePointer<CChar>) throws(EngineError) {
    let frames = try FrameReader(File.reading(path), .snapshot)
    var sections: [Section] = []
    var digest: UInt64 = 0
    var start = frames.offset
    while let frame = try frames.next() {
      if frame.goesOn { continue }
      guard let section = SnapshotSection(rawValue: frame.kind) else {
        throw frames.bad(start, "a section of the unknown kind \(frame.kind)")
      }
      sections.append(Section(name: section.name, offset: start, bytes: frames.offset - start))
      if section == .lastOfState { digest = frames.chain }
      start = frames.offset
    }
    guard frames.offset == frames.size, sections.last?.name == SnapshotSection.end.name else {
      throw frames.bad(frames.offset, "cut: the snapshot does not end here, and the file does")
    }
    self.digest = digest
    self.sections = sections
    fileBytes = frames.size
  }
}
