import BerthOracle
import CBerth
import Glibc
import Testing

@testable import BerthCore

/// Small cases around journals and snapshots.
struct JournalTests {
  /// After the published test vectors, and zstd's frame checksums.
  @Test func hashIsXXH64() {
    func hash(_ bytes: [UInt8], _ seed: UInt64 = 0) -> UInt64 {
      bytes.withUnsafeBytes { XXHash64.hash($0, seed: seed) }
    }
    let pattern = (0..<1000).map { UInt8($0 * 7 % 251) }
    #expect(hash([]) == 0xEF46_DB37_51D8_E999)
    #expect(hash(Array("abc".utf8)) == 0x44BC_2CF5_AD77_0999)
    for (count, plain, seeded) in [
      (1, 0xE934_A84A_DB05_2768, 0x1A46_B8F9_BEFE_3150), (4, 0xAE5A_CDC0_0A55_AC41, 0xE6C4_E0B5_DC31_2FFD),
      (31, 0x0F18_7C62_B1E7_22B7, 0xD006_620F_88F9_F39A), (32, 0x91B0_CB09_31A8_C629, 0xA5EA_2258_9DA8_31E1),
      (33, 0x931B_043C_F8D6_5B94, 0x8746_D9B6_F95D_0F1F), (100, 0xB7FE_1D84_B2F2_3A05, 0x231D_05C9_EFF6_D0AC),
      (1000, 0x023F_D2ED_1FF9_57D5, 0x841D_69DA_D0E0_E96D),
    ] as [(Int, UInt64, UInt64)] {
      #expect(hash(Array(pattern[..<count])) == plain, "\(count) bytes")
      #expect(hash(Array(pattern[..<count]), 0x1_2345_6789) == seeded, "\(count) bytes with a seed")
    }
  }

  private func small() throws -> Engine { try Engine(options: Engine.options()) }

  /// Two resources, a profile, a class, three nodes.
  private func fill(_ engine: Engine) throws -> (podClass: UInt32, nodes: [UInt64]) {
    let scratch = Scratch()
    let cpu = try engine.addResource(name: "cpu", kind: UInt32(BERTH_RESOURCE_CPU))
    _ = try engine.addResource(name: "memory", kind: UInt32(BERTH_RESOURCE_MEMORY))
    _ = try engine.addProfile(name: "pack", terms: scratch.terms([Term(.binpack)]) { _ in 0 })
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.requests = UnsafePointer(scratch.array([berth_quantity(resource: cpu, reserved: 0, value: 10)]))
    spec.request_count = 1
    let podClass = try engine.internClass(spec)
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = 3
    batch.resource_count = 1
    batch.nodes = UnsafePointer(scratch.array([berth_node](repeating: berth_node(), count: 3)))
    batch.resources = UnsafePointer(scratch.array([cpu]))
    batch.allocatable = UnsafePointer(scratch.array([100, 200, 300] as [Int64]))
    batch.names = scratch.texts(["a", nil, "c"])
    var nodes = [UInt64](repeating: 0, count: 3)
    try engine.addNodes(batch, ids: &nodes)
    return (podClass, nodes)
  }

  private func place(_ podClass: UInt32, _ count: Int, on engine: Engine, dryRun: Bool = false) throws -> [UInt64] {
    let scratch = Scratch()
    let room = scratch.room(berth_placement(), count: count)
    try engine.place(
      scratch.buffer([UInt32](repeating: podClass, count: count)),
      flags: dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0, into: room.baseAddress!)
    return room.map(\.pod)
  }

  @Test func whatChangesNothingIsNotRecorded() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let (podClass, _) = try fill(engine)
    let bytes = folder.read(path)
    _ = try place(podClass, 3, on: engine, dryRun: true)
    _ = try place(podClass, 0, on: engine)
    _ = try engine.internLabelSet(UnsafeBufferPointer(start: nil, count: 0))
    #expect(throws: EngineError.self) { try engine.addResource(name: "cpu", kind: 0) }
    #expect(throws: EngineError.self) { try engine.setTime(-1) }
    #expect(throws: EngineError.self) { try engine.commit(1) }
    _ = engine.digest()
    try engine.writeSnapshot(folder.file())
    #expect(folder.read(path) == bytes)
    _ = try place(podClass, 1, on: engine)
    #expect(folder.read(path).count > bytes.count)
    #expect(engine.metrics().journal_bytes > 0 && engine.metrics().journal_records == 6)
  }

  @Test func aClosedJournalGoesOnOnlyWhereItEnded() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let (podClass, _) = try fill(engine)
    try engine.closeJournal()
    try engine.openJournal(path, flags: 0)
    _ = try place(podClass, 1, on: engine)
    try engine.closeJournal()
    let bytes = folder.read(path)
    // a change that it does not know of
    _ = try place(podClass, 1, on: engine)
    expectStatus(BERTH_WRONG_STATE) { () throws(EngineError) in try engine.openJournal(path, flags: 0) }
    let other = try small()
    expectStatus(BERTH_WRONG_STATE) { () throws(EngineError) in try other.openJournal(path, flags: 0) }
    #expect(folder.read(path) == bytes)
    let recovered = try Engine.recovered(journal: path).engine
    try recovered.openJournal(path, flags: 0)
    #expect(folder.read(path) == bytes)
  }

  @Test func aNewJournalWithoutCallsMayBeTakenUpByAnEqualEngine() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    try engine.closeJournal()
    try small().openJournal(path, flags: 0)
  }

  @Test func oneWriterAtATime() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let other = try small()
    expectStatus(BERTH_IO) { () throws(EngineError) in try other.openJournal(path, flags: 0) }
    expectStatus(BERTH_WRONG_STATE) { () throws(EngineError) in try engine.openJournal(folder.file(), flags: 0) }
    try engine.closeJournal()
    try other.openJournal(path, flags: 0)
  }

  @Test func statementsAndFiles() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let (podClass, _) = try fill(engine)
    let settled = engine.digest()
    let outer = try engine.beginStatement()
    _ = try place(podClass, 2, on: engine)
    let inner = try engine.beginStatement()
    _ = try place(podClass, 2, on: engine)
    expectStatus(BERTH_WRONG_STATE) { () throws(EngineError) in try engine.writeSnapshot(folder.file()) }
    expectStatus(BERTH_WRONG_STATE) { () throws(EngineError) in try engine.closeJournal() }
    // the process ends here; what goes on from it discards both, and the journal says so
    let copy = folder.write(folder.read(path))
    let (recovered, found) = try Engine.recovered(journal: copy)
    #expect(found.discarded == 2 && recovered.digest() == settled)
    try recovered.openJournal(copy, flags: 0)
    let names = try names(copy)
    #expect(names.suffix(2) == ["berth_statement_discard", "berth_statement_discard"])
    #expect(try recovered.beginStatement() == inner + 1)
    try engine.commit(inner)
    try engine.discard(outer)
    #expect(engine.digest() == settled)
    try engine.closeJournal()
    #expect(try Engine.recovered(journal: path).recovery.discarded == 0)
  }

  private func names(_ path: String) throws -> [String] {
    var names: [String] = []
    _ = try JournalSummary(path: path) { names.append($0.name) }
    return names
  }

  @Test func aSnapshotAlongTheJournalSkipsWhatItHas() throws {
    let folder = Folder()
    let (path, snapshot, later) = (folder.file(), folder.file(), folder.file())
    let engine = try small()
    try engine.openJournal(path, flags: UInt32(BERTH_JOURNAL_BUFFERED))
    let (podClass, _) = try fill(engine)
    try engine.writeSnapshot(snapshot)
    _ = try place(podClass, 4, on: engine)
    try engine.setTime(7)
    try engine.closeJournal()
    let (recovered, found) = try Engine.recovered(snapshot: snapshot, journal: path)
    #expect((found.skipped, found.replayed) == (5, 2))
    #expect(recovered.digest() == engine.digest())
    // a journal that begins where another snapshot was taken
    try engine.writeSnapshot(later)
    let second = folder.file()
    try engine.openJournal(second, flags: 0)
    _ = try place(podClass, 1, on: engine)
    #expect(try Engine.recovered(snapshot: later, journal: second).engine.digest() == engine.digest())
    expectBad("a snapshot of another time", "snapshot") { () throws(EngineError) in
      _ = try Engine.recovered(snapshot: snapshot, journal: second)
    }
    expectBad("no snapshot", "snapshot") { () throws(EngineError) in _ = try Engine.recovered(journal: second) }
    // one that was cut before the snapshot was taken does not go on from it
    var offsets: [Int] = []
    _ = try JournalSummary(path: path) { offsets.append($0.offset) }
    let cut = folder.write(Array(folder.read(path).prefix(offsets[3])))
    expectBad("cut before the snapshot") { () throws(EngineError) in
      _ = try Engine.recovered(snapshot: snapshot, journal: cut)
    }
  }

  @Test func filesThatCannotBe() throws {
    let folder = Folder()
    let engine = try small()
    for path in ["", "\(folder.path)/none/file", folder.path, "/dev/full/x"] {
      expectStatus(BERTH_IO) { () throws(EngineError) in try engine.openJournal(path, flags: 0) }
      expectStatus(BERTH_IO) { () throws(EngineError) in try engine.writeSnapshot(path) }
    }
    for path in ["", "\(folder.path)/none", folder.path, "/dev/zero"] {
      expectStatus(BERTH_IO) { () throws(EngineError) in _ = try Engine.recovered(snapshot: path) }
      expectStatus(BERTH_IO) { () throws(EngineError) in _ = try Engine.recovered(journal: path) }
    }
    let pipe = folder.file()
    #expect(mkfifo(pipe, 0o600) == 0)
    expectStatus(BERTH_IO) { () throws(EngineError) in _ = try Engine.recovered(journal: pipe) }
    expectStatus(BERTH_BAD_ARGUMENT) { () throws(EngineError) in _ = try Engine.recovered() }
    #expect(folder.files == [String(pipe.split(separator: "/").last!)])
  }

  @Test func aReplayThatAnswersOtherwiseSaysWhere() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let (podClass, nodes) = try fill(engine)
    _ = try place(podClass, 2, on: engine)
    try engine.closeJournal()
    var bytes = folder.read(path)
    // the last record's answer: two nodes, a sum; made by a program that decides otherwise
    var offset = 0
    _ = try JournalSummary(path: path) { offset = $0.offset }
    let node = bytes.count - RecordFile.tailBytes - 16
    bytes[node] ^= 3
    let chain = try Engine.recovered(journal: folder.write(Array(bytes[..<offset]))).engine.recorder!.position.chain
    let check = bytes[offset..<offset + 16].withUnsafeBytes { XXHash64.hash($0, seed: chain) }
    let tail = bytes.count - RecordFile.tailBytes
    let sum = bytes[offset + RecordFile.headBytes..<tail].withUnsafeBytes { XXHash64.hash($0, seed: check) }
    withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(tail..., with: $0) }
    let other = folder.write(bytes)
    expectBad("another decision", "goes to node \(nodes[0]) here") { () throws(EngineError) in
      _ = try Engine.recovered(journal: other)
    }
  }

  @Test func reRankedPlacementsAreReplayedAsDecided() throws {
    let folder = Folder()
    let path = folder.file()
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let (podClass, nodes) = try fill(engine)
    var options = berth_rerank_options()
    options.candidate_limit = 8
    options.batch_limit = 4
    options.callback = { _, batch, order in
      // the worst one first, and nothing for the third pod
      for pod in 0..<batch!.pointee.pod_count {
        let row = order! + pod * Int(batch!.pointee.candidate_limit)
        let count = Int(batch!.pointee.candidate_counts[pod])
        for place in 0..<count { row[place] = pod == 2 ? -1 : Int32(count - 1 - place) }
      }
      return 0
    }
    try engine.setRerank(options)
    let pods = try place(podClass, 4, on: engine)
    #expect(pods[2] == .max)
    let scratch = Scratch()
    let states = scratch.room(berth_pod_state(), count: 1)
    try engine.readPods(scratch.buffer([pods[0]]), states: states.baseAddress!)
    #expect(states[0].node == nodes[2])
    #expect(try Engine.recovered(journal: path).engine.digest() == engine.digest())
  }

  /// One record of more frames than one, and snapshots of more pieces than one.
  @Test func largeRecords() throws {
    let folder = Folder()
    let (path, snapshot) = (folder.file(), folder.file())
    let engine = try small()
    try engine.openJournal(path, flags: 0)
    let scratch = Scratch()
    let resources = try (0..<16).map { try engine.addResource(name: "r\($0)", kind: 0) }
    let count = 180_000
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = count
    batch.resource_count = 16
    batch.nodes = UnsafePointer(scratch.array([berth_node](repeating: berth_node(), count: count)))
    batch.resources = UnsafePointer(scratch.array(resources))
    let cells = (0..<count * 16).map { (cell: Int) -> Int64 in Int64((cell % 7 + 1) * (cell % 16 + 1)) }
    batch.allocatable = UnsafePointer(scratch.array(cells))
    let ids = scratch.room(UInt64(0), count: count)
    try engine.addNodes(batch, ids: ids.baseAddress!)
    #expect(folder.read(path).count > RecordFile.maxPayload)
    try engine.writeSnapshot(snapshot)
    let digest = engine.digest()
    #expect(try Engine.recovered(journal: path).engine.digest() == digest)
    let read = try Engine.recovered(snapshot: snapshot).engine
    try read.validate()
    #expect(read.digest() == digest)
    // the record torn in its second frame is no record
    let torn = folder.write(Array(folder.read(path).dropLast(1000)))
    let (recovered, found) = try Engine.recovered(journal: torn)
    #expect(recovered.info().nodes == 0 && found.torn_bytes > RecordFile.maxPayload && found.replayed == 16)
  }
}

/// Refused with that status and a sentence.
func expectStatus(
  _ status: Int, _ at: SourceLocation = #_sourceLocation, _ call: () throws(EngineError) -> Void
) {
  do {
    try call()
    Issue.record("not refused", sourceLocation: at)
  } catch {
    #expect(error.status == berth_status(status), "\(error.message)", sourceLocation: at)
    #expect(!error.message.isEmpty, sourceLocation: at)
  }
}
