import BerthOracle
import CBerth
import Glibc
import Testing

@testable import BerthCore

/// Files that are cut, altered, foreign, or made by somebody who knows how sums are computed.
struct RecordFileTests {
  /// An engine with something of everything, its journal from the beginning, and the digest after every call.
  struct Scene {
    let folder = Folder()
    let engine: Engine
    let journal: String
    let snapshot: String
    /// By where the journal ended then.
    var digests: [Int: UInt64] = [:]

    init(seed: Int = 1, steps: Int = 25) throws {
      let swarm = Swarm(seed: seed, terms: TermKind.withoutDevices, nodes: 6)
      let twin = try Twin(levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: true, seed: seed)
      engine = twin.engines[0].engine
      journal = folder.file("journal")
      snapshot = folder.file("snapshot")
      try engine.openJournal(journal, flags: 0)
      digests[folder.read(journal).count] = engine.digest()
      var stream = try CommandStream(twin, swarm, statements: true)
      for _ in 0..<steps {
        try stream.step()
        note(twin.ledger.isOpen)
      }
      while twin.ledger.isOpen { try stream.close(keeping: true) }
      note(false)
      try engine.closeJournal()
      try engine.writeSnapshot(snapshot)
    }

    private mutating func note(_ isOpen: Bool) {
      if !isOpen { digests[folder.read(journal).count] = engine.digest() }
    }
  }

  @Test func everyFlippedByteOfAJournalIsFound() throws {
    let scene = try Scene()
    let bytes = scene.folder.read(scene.journal)
    #expect(try Engine.recovered(journal: scene.journal).engine.digest() == scene.engine.digest())
    for place in bytes.indices {
      var altered = bytes
      altered[place] ^= 1 << UInt8(place % 8)
      let path = scene.folder.write(altered)
      expectBad("byte \(place)") { () throws(EngineError) in _ = try Engine.recovered(journal: path) }
      unlinkFile(path)
    }
  }

  @Test func everyFlippedByteOfASnapshotIsFound() throws {
    let scene = try Scene(seed: 2)
    let bytes = scene.folder.read(scene.snapshot)
    for place in bytes.indices {
      var altered = bytes
      altered[place] ^= 1 << UInt8(place % 8)
      let path = scene.folder.write(altered)
      expectBad("byte \(place)") { () throws(EngineError) in _ = try Engine.recovered(snapshot: path) }
      unlinkFile(path)
    }
  }

  /// A journal counts up to its last complete record, wherever it is cut; a snapshot is whole or nothing.
  @Test func cutFiles() throws {
    let scene = try Scene(seed: 3)
    let journal = scene.folder.read(scene.journal)
    var base = 0
    var found = 0
    for length in journal.indices {
      let path = scene.folder.write(Array(journal[..<length]))
      do {
        let (engine, recovery) = try Engine.recovered(journal: path)
        if base == 0 { base = length }
        #expect(Int(recovery.end_offset) + Int(recovery.torn_bytes) == length)
        try engine.validate()
        if let digest = scene.digests[Int(recovery.end_offset)], recovery.discarded == 0 {
          #expect(engine.digest() == digest, "cut to \(length) bytes")
          found += 1
        }
        // and it goes on from there, as if nothing had been behind it
        try engine.openJournal(path, flags: 0)
        #expect(scene.folder.read(path).starts(with: journal[..<Int(recovery.end_offset)]))
        try engine.setTime(engine.now + 1)
        try engine.closeJournal()
        #expect(try Engine.recovered(journal: path).engine.digest() == engine.digest())
      } catch {
        // only within what a journal begins with, which is there before the file has its name
        #expect(base == 0 && error.status == berth_status(BERTH_BAD_FILE) && error.message.contains("offset"))
      }
      unlinkFile(path)
    }
    #expect(base > RecordFile.prologueBytes && base < 300 && found > 100)
    let snapshot = scene.folder.read(scene.snapshot)
    for length in snapshot.indices {
      let path = scene.folder.write(Array(snapshot[..<length]))
      expectBad("cut to \(length)") { () throws(EngineError) in _ = try Engine.recovered(snapshot: path) }
      unlinkFile(path)
    }
  }

  @Test func bytesBehindTheEnd() throws {
    let scene = try Scene(seed: 4)
    let journal = scene.folder.read(scene.journal)
    // too short for a head, so it may be the beginning of one
    let torn = scene.folder.write(journal + [UInt8](repeating: 0xA5, count: RecordFile.headBytes - 1))
    #expect(try Engine.recovered(journal: torn).recovery.torn_bytes == UInt64(RecordFile.headBytes - 1))
    let junk = scene.folder.write(journal + [UInt8](repeating: 0, count: RecordFile.headBytes))
    expectBad("zeros", "offset \(journal.count)") { () throws(EngineError) in _ = try Engine.recovered(journal: junk) }
    let snapshot = scene.folder.write(scene.folder.read(scene.snapshot) + [0])
    expectBad("a byte more") { () throws(EngineError) in _ = try Engine.recovered(snapshot: snapshot) }
  }

  @Test func foreignFiles() throws {
    let scene = try Scene(seed: 5, steps: 3)
    for bytes in [[], [0x89], Array("BERTHS\n".utf8), Array(repeating: 0, count: 200), Array("hello, world".utf8)] {
      let path = scene.folder.write(bytes)
      expectBad("\(bytes.prefix(8))", "offset 0") { () throws(EngineError) in _ = try Engine.recovered(journal: path) }
      expectBad("\(bytes.prefix(8))", "offset 0") { () throws(EngineError) in _ = try Engine.recovered(snapshot: path) }
    }
    expectBad("a journal for a snapshot") { () throws(EngineError) in
      _ = try Engine.recovered(snapshot: scene.journal)
    }
    expectBad("a snapshot for a journal") { () throws(EngineError) in
      _ = try Engine.recovered(journal: scene.snapshot)
    }
  }

  @Test func anotherABI() throws {
    let scene = try Scene(seed: 6, steps: 3)
    for (path, isJournal) in [(scene.journal, true), (scene.snapshot, false)] {
      var bytes = scene.folder.read(path)
      bytes[12] = UInt8(BERTH_ABI_VERSION) + 1
      seal(prologue: &bytes)
      let other = scene.folder.write(bytes)
      expectBad("another ABI", "ABI \(BERTH_ABI_VERSION + 1)") { () throws(EngineError) in
        _ = try isJournal ? Engine.recovered(journal: other) : Engine.recovered(snapshot: other)
      }
    }
    // the engine that asks for it stays what it is
    let digest = scene.engine.digest()
    var bytes = scene.folder.read(scene.journal)
    bytes[12] = 1
    seal(prologue: &bytes)
    let other = scene.folder.write(bytes)
    expectBad("open a journal of another ABI", "ABI 1") { () throws(EngineError) in
      try scene.engine.openJournal(other, flags: 0)
    }
    #expect(scene.engine.digest() == digest)
    #expect(scene.folder.read(other) == bytes)
  }

  /// Right sums, wrong contents: refused, or an engine that is sound. Nothing else.
  @Test(arguments: Fuzz.seeds(6))
  func hostileFiles(seed: Int) throws {
    let scene = try Scene(seed: 10 + seed, steps: 40)
    var random = Random(seed: seed)
    var accepted = 0
    for path in [scene.journal, scene.snapshot] {
      let records = split(scene.folder.read(path))
      for _ in 0..<700 {
        var changed = records
        for _ in 0..<random.pick([1, 1, 1, 2, 5]) { change(&changed, &random) }
        let file = scene.folder.write(join(changed, like: scene.folder.read(path)))
        do {
          let engine =
            path == scene.journal
            ? try Engine.recovered(journal: file).engine : try Engine.recovered(snapshot: file).engine
          accepted += 1
          try use(engine)
        } catch let error as EngineError {
          #expect(
            error.status == berth_status(BERTH_BAD_FILE), "seed \(seed): status \(error.status), \(error.message)")
          #expect(error.message.contains("offset"), "\(error.message)")
        }
        unlinkFile(file)
      }
    }
    // values like priorities or prices may be anything: not everything is refused
    #expect(accepted > 20, "\(accepted) of 1400 accepted")
  }

  // MARK: Sums

  struct Piece {
    var head: [UInt8]
    var payload: [UInt8]
  }

  private func split(_ bytes: [UInt8]) -> [Piece] {
    var pieces: [Piece] = []
    var place = RecordFile.prologueBytes
    while place < bytes.count {
      let length = Int(bytes[place]) | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2]) << 16
      let payload = place + RecordFile.headBytes
      pieces.append(Piece(head: Array(bytes[place..<place + 16]), payload: Array(bytes[payload..<payload + length])))
      place = payload + length + RecordFile.tailBytes
    }
    return pieces
  }

  /// A file of these records, all sums as they should be.
  private func join(_ pieces: [Piece], like original: [UInt8]) -> [UInt8] {
    var bytes = Array(original[..<RecordFile.prologueBytes])
    var chain = original[6] == UInt8(ascii: "J") ? RecordFile.Content.journal.seed : RecordFile.Content.snapshot.seed
    for (index, piece) in pieces.enumerated() {
      var head = piece.head
      withUnsafeBytes(of: UInt32(piece.payload.count).littleEndian) { head.replaceSubrange(0..<4, with: $0) }
      withUnsafeBytes(of: UInt64(index + 1).littleEndian) { head.replaceSubrange(8..<16, with: $0) }
      let check = head.withUnsafeBytes { XXHash64.hash($0, seed: chain) }
      chain = piece.payload.withUnsafeBytes { XXHash64.hash($0, seed: check) }
      bytes += head
      withUnsafeBytes(of: check.littleEndian) { bytes += $0 }
      bytes += piece.payload
      withUnsafeBytes(of: chain.littleEndian) { bytes += $0 }
    }
    return bytes
  }

  private func seal(prologue bytes: inout [UInt8]) {
    let sum = bytes[..<24].withUnsafeBytes { XXHash64.hash($0, seed: 0) }
    withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(24..<32, with: $0) }
  }

  private func change(_ pieces: inout [Piece], _ random: inout Random) {
    let index = random.int(0...(pieces.count - 1))
    let count = pieces[index].payload.count
    let place = count == 0 ? 0 : random.int(0...(count - 1))
    switch random.int(0...9) {
    case 0: pieces.swapAt(index, random.int(0...(pieces.count - 1)))
    case 1: pieces.insert(pieces[index], at: random.int(0...pieces.count))
    case 2 where pieces.count > 1: pieces.remove(at: index)
    case 3: pieces[index].payload.removeSubrange(place..<min(count, place + random.int(0...9)))
    case 4: pieces[index].payload.insert(contentsOf: [0, 255, 0, 1].prefix(random.int(1...4)), at: place)
    case 5: pieces[index].head[random.pick([4, 5, 6, 7])] = random.pick([0, 1, 2, 3, 5, 17, 255])
    case 6 where count > 0: pieces[index].payload[place] ^= 1 << UInt8(random.int(0...7))
    default:
      // numbers at the edges of their ranges
      let values: [UInt64] = [0, 1, 2, 255, 1 << 16, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 1, 1 << 50]
      let width = random.pick([1, 2, 4, 8])
      guard place + width <= count else { return }
      let value = random.pick(values)
      for byte in 0..<width {
        pieces[index].payload[place + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
      }
    }
  }

  /// Whatever was read must hold together, and serve.
  private func use(_ engine: Engine) throws {
    try engine.validate()
    let info = engine.info()
    let scratch = Scratch()
    let classes = scratch.buffer((0..<min(20, info.classes)).map { UInt32($0) })
    let room = scratch.room(berth_placement(), count: classes.count)
    try engine.place(classes, flags: 0, into: room.baseAddress!)
    let ids = scratch.room(UInt64(0), count: Int(info.nodes) + 1)
    let nodes = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(ids)[..<engine.listNodes(offset: 0, into: ids)])
    for podClass in classes {
      _ = try engine.readCandidates(
        of: podClass, count: 3, into: scratch.room(berth_candidate(), count: 3).baseAddress!, termScores: nil)
    }
    try engine.validate()
    try engine.removeNodes(nodes)
    try engine.validate()
  }
}

func unlinkFile(_ path: String) { _ = path.withCString { unlink($0) } }

/// Refused as a bad file, with the offset.
func expectBad(
  _ what: String, _ word: String = "offset", _ at: SourceLocation = #_sourceLocation,
  _ call: () throws(EngineError) -> Void
) {
  do {
    try call()
    Issue.record("\(what): accepted", sourceLocation: at)
  } catch {
    #expect(error.status == berth_status(BERTH_BAD_FILE), "\(what): \(error.message)", sourceLocation: at)
    #expect(error.message.contains(word), "\(what): \(error.message)", sourceLocation: at)
  }
}
