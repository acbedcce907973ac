import BerthCore
import BerthSimulation
import CBerth
import Glibc

/// Where the files of one run are, and how they are written.
struct Case {
  let folder: String
  let seed: UInt64
  /// BERTH_JOURNAL_* for the journal.
  let flags: UInt32
  /// Steps that were known to be done when a process of this run was killed, in order.
  var crashes: [Int] = []

  var journal: String { "\(folder)/journal" }
  var snapshot: String { "\(folder)/snapshot" }
  /// What the journal must be, byte by byte.
  var reference: String { "\(folder)/reference" }

  static func options() -> berth_engine_options {
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    return options
  }

  /// The engine as it must be after `steps`, with everything that was open at a crash discarded there, made by calls
  /// alone.
  func rebuild(_ steps: Int, journal: String? = nil) throws -> (engine: Engine, stream: CallStream) {
    let engine = try Engine.make(levels: CallStream.levels, allocator: UInt32(BERTH_ALLOCATOR_MMAP))
    if let journal { try engine.openJournal(journal, flags: UInt32(BERTH_JOURNAL_BUFFERED)) }
    var stream = CallStream(seed: seed, engine)
    for crash in crashes {
      while stream.step < crash { try stream.next() }
      try stream.discardAll()
    }
    while stream.step < steps { try stream.next() }
    return (engine, stream)
  }
}

/// The process that is killed: goes on where the run is, journals every call, and says on standard output when one has
/// returned.
enum Child {
  static func run(_ run: Case) throws {
    var (engine, stream) = try run.rebuild(run.crashes.last ?? 0)
    if !run.crashes.isEmpty {
      engine =
        run.snapshotExists
        ? try Engine.recover(snapshot: run.snapshot, journal: run.journal, options: Case.options()).engine
        : try Engine.recover(snapshot: nil, journal: run.journal, options: Case.options()).engine
      stream = CallStream(stream, on: engine)
    }
    try engine.openJournal(run.journal, flags: run.flags)
    acknowledge(stream.step)
    while true {
      try stream.next()
      acknowledge(stream.step)
      if stream.step % 64 == 0 && !stream.hasOpenStatement { try engine.writeSnapshot(run.snapshot) }
    }
  }

  /// One line of eight bytes: a pipe takes it whole or not at all.
  private static func acknowledge(_ step: Int) {
    var number = UInt64(step)
    // nobody listens any more: the parent is gone
    if write(STDOUT_FILENO, &number, 8) != 8 { exit(0) }
  }
}

extension Case {
  var snapshotExists: Bool { access(snapshot, F_OK) == 0 }
}
