import BerthCore
import BerthOracle
import CBerth
import Testing

/// Random streams whose engines are read back from files on the way: nobody can tell.
struct RecordStreamTests {
  @Test(arguments: Fuzz.seeds(75))
  func snapshots(seed: Int) {
    Self.snapshots("snapshots", seed: seed, salt: 600)
  }

  static func snapshots(_ test: String, seed: Int, salt: Int, hasDevices: Bool = false) {
    run(test, seed: seed, salt: salt, hasDevices: hasDevices) { stream in
      let folder = Folder()
      for _ in 0..<stream.length {
        try stream.step()
        _ = try stream.twin.all("digest") { engine throws(EngineError) in engine.digest() }
        guard !stream.twin.ledger.isOpen, stream.swarm.random.chance(0.06) else { continue }
        stream.twin.note("go on with what a snapshot makes")
        stream = try stream.continued { engine throws(EngineError) in try engine.reread(folder) }
      }
    }
  }

  @Test(arguments: Fuzz.seeds(75))
  func journals(seed: Int) {
    Self.journals("journals", seed: seed, salt: 601)
  }

  static func journals(_ test: String, seed: Int, salt: Int, hasDevices: Bool = false) {
    run(test, seed: seed, salt: salt, hasDevices: hasDevices) { stream in
      let folder = Folder()
      var journals = try Journals(&stream, folder, flags: UInt32(seed % 3))
      for _ in 0..<stream.length {
        if !stream.twin.ledger.isOpen { journals.settled = stream.twin.engines[0].engine.digest() }
        try stream.step()
        if stream.swarm.random.chance(0.05) { try journals.crash(stream) }
        guard !stream.twin.ledger.isOpen else { continue }
        if stream.swarm.random.chance(0.03) { try journals.snapshot(stream.twin) }
        if stream.swarm.random.chance(0.03) { try journals.restart(&stream) }
      }
      while stream.twin.ledger.isOpen { try stream.close(keeping: stream.swarm.random.chance(0.5)) }
      journals.settled = stream.twin.engines[0].engine.digest()
      try journals.crash(stream)
      try journals.restart(&stream)
    }
  }

  private static func run(
    _ test: String, seed: Int, salt: Int, hasDevices: Bool, _ body: (inout CommandStream) throws -> Void
  ) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(
      seed: drawn, terms: hasDevices ? TermKind.allCases : TermKind.withoutDevices,
      nodes: seed % 2 == 0 && !hasDevices ? nil : seed % 30, hasDevices: hasDevices)
    let log = Log()
    Fuzz.run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn)
    ) { twin in
      var stream = try CommandStream(twin, swarm, statements: true)
      log.twin = twin
      do {
        try body(&stream)
        try stream.twin.readBack()
      } catch {
        // the twin that Fuzz knows is not the one that went on
        throw Mismatch("\(error)\nlast commands:\n  \(stream.twin.recentCommands)")
      }
    }
  }

  private final class Log {
    var twin: Twin?
  }
}

/// The journals of a twin's engines: the same bytes from every one of them.
struct Journals {
  private let folder: Folder
  private let flags: UInt32
  private var paths: [String] = []
  /// Of one engine, taken along the journal.
  private var taken: String?
  /// The digest before the statements that are open.
  var settled: UInt64 = 0

  init(_ stream: inout CommandStream, _ folder: Folder, flags: UInt32) throws {
    self.folder = folder
    self.flags = flags
    settled = stream.twin.engines[0].engine.digest()
    for (_, engine) in stream.twin.engines {
      // the journals begin with a cluster that is there already: a snapshot of it goes with them
      if taken == nil {
        taken = folder.file("snapshot")
        try engine.writeSnapshot(taken!)
      }
      paths.append(folder.file("journal"))
      try engine.openJournal(paths[paths.count - 1], flags: flags)
    }
  }

  /// What would be there if the processes ended now.
  func crash(_ stream: CommandStream) throws {
    stream.twin.note("recover what there would be after a crash")
    let engines = stream.twin.engines
    for (index, entry) in engines.enumerated() {
      if flags == UInt32(BERTH_JOURNAL_BUFFERED) { try entry.engine.syncJournal() }
      try stream.twin.check(
        folder.read(paths[index]) == folder.read(paths[0]), "journals of CPU levels differ: \(paths[index])")
    }
    let (level, engine) = engines[stream.twin.book.oracle.nodes.count % engines.count]
    let (recovered, found) = try Engine.recovered(snapshot: taken, journal: paths[0], level: level)
    try recovered.validate()
    let wanted = stream.twin.ledger.isOpen ? settled : engine.digest()
    try stream.twin.check(recovered.digest() == wanted, "the recovered engine has another digest")
    try stream.twin.check(
      Int(found.discarded) == stream.twin.ledger.open.count && found.torn_bytes == 0,
      "\(found.discarded) statements discarded, \(stream.twin.ledger.open.count) are open")
  }

  mutating func snapshot(_ twin: Twin) throws {
    twin.note("take a snapshot along the journal")
    taken = folder.file("snapshot")
    try twin.engines[0].engine.writeSnapshot(taken!)
  }

  /// Goes on with recovered engines and the same journals.
  func restart(_ stream: inout CommandStream) throws {
    stream.twin.note("close the journals, recover and go on")
    var index = 0
    let (folder, paths, taken, flags) = (folder, paths, taken, flags)
    stream = try stream.continued { engine throws(EngineError) in
      try engine.closeJournal()
      let (recovered, _) = try Engine.recovered(snapshot: taken, journal: paths[index], level: engine.info().cpu_level)
      try recovered.validate()
      guard recovered.digest() == engine.digest() else {
        throw EngineError(UInt32(BERTH_CORRUPT), "the recovered engine has another digest")
      }
      try recovered.openJournal(paths[index], flags: flags)
      index += 1
      return recovered
    }
    withExtendedLifetime(folder) {}
  }
}
