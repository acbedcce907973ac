import BerthCore
import BerthSimulation
import CBerth
import Glibc

/// A file may not grow any more, as on a full disk: calls that cannot be recorded are refused and leave no trace, and
/// when there is room again all goes on.
enum FullDisk {
  static func run(folder: String, seed: UInt64) throws -> Int {
    let run = Case(folder: folder, seed: seed, flags: seed % 3 == 1 ? UInt32(BERTH_JOURNAL_BUFFERED) : 0)
    for file in [run.journal, run.snapshot] { unlink(file) }
    signal(SIGXFSZ, SIG_IGN)
    var random = SeededRandom(seed: seed, stream: 9)
    let engine = try Engine.make(levels: CallStream.levels, allocator: UInt32(BERTH_ALLOCATOR_MMAP))
    var stream = CallStream(seed: seed, engine)
    let twin = try Engine.make(levels: CallStream.levels, allocator: UInt32(BERTH_ALLOCATOR_MMAP))
    var reference = CallStream(seed: seed, twin)
    try engine.openJournal(run.journal, flags: run.flags)
    var refused = 0
    for round in 0..<4 {
      limit(to: UInt64(1000 + round * 200_000 + random.below(100_000)))
      for _ in 0..<(100 + random.below(200)) {
        do {
          try stream.next()
          try reference.next()
        } catch let error as EngineError where error.status == berth_status(BERTH_IO) {
          refused += 1
          reference.skip()
          guard engine.digest() == twin.digest() else {
            throw Failure(description: "step \(stream.step) was refused and left a trace")
          }
        }
      }
      try engine.validate()
      try refuseSnapshot(of: engine, run, open: stream.hasOpenStatement)
      limit(to: nil)
    }
    try stream.discardAll()
    try reference.discardAll()
    try engine.closeJournal()
    let recovered = try Engine.recover(snapshot: nil, journal: run.journal, options: Case.options()).engine
    guard recovered.digest() == twin.digest(), engine.digest() == twin.digest() else {
      throw Failure(description: "the journal of what was accepted gives another state")
    }
    return refused
  }

  /// A snapshot that does not fit leaves no file.
  private static func refuseSnapshot(of engine: Engine, _ run: Case, open: Bool) throws {
    if open { return }
    limit(to: 100)
    do {
      try engine.writeSnapshot(run.snapshot)
      throw Failure(description: "a snapshot was written where no file may have more than 100 bytes")
    } catch let error as EngineError {
      guard error.status == berth_status(BERTH_IO) else { throw error }
    }
    guard !run.snapshotExists, access("\(run.snapshot).tmp-\(getpid())-0", F_OK) != 0 else {
      throw Failure(description: "a snapshot that could not be written left a file")
    }
  }

  private static func limit(to bytes: UInt64?) {
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    limits.rlim_cur = bytes.map { rlim_t($0) } ?? limits.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
  }
}
