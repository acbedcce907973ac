import BerthCore
import BerthSimulation
import CBerth
import Glibc

struct Failure: Error, CustomStringConvertible {
  let description: String
}

/// Kills children at random moments, and looks at what they leave.
struct Parent {
  private let folder: String
  private var random: SeededRandom
  private(set) var kills = 0
  private(set) var torn = 0
  private(set) var inFlight = 0
  private(set) var discarded = 0

  init(folder: String, seed: UInt64) {
    self.folder = folder
    random = SeededRandom(seed: seed, stream: 7)
  }

  /// One run of several crashes, each process going on where the one before was killed.
  mutating func run(seed: UInt64, crashes: Int) throws {
    let flags = [0, 0, 0, UInt32(BERTH_JOURNAL_BUFFERED), UInt32(BERTH_JOURNAL_SYNCED)][Int(seed % 5)]
    var run = Case(folder: folder, seed: seed, flags: flags)
    for file in [run.journal, run.snapshot, run.reference] { unlink(file) }
    for _ in 0..<crashes {
      let acknowledged = try killOne(run)
      kills += 1
      if let acknowledged {
        try check(&run, acknowledged)
      } else if access(run.journal, F_OK) == 0 {
        // killed before it went on: at most it has discarded what the last one left open
        try checkState(run, run.crashes.last ?? 0)
      }
    }
  }

  /// Starts a child, lets it work for a while, and kills it. Returns the last step that it acknowledged; nil
  /// if it did not come to that.
  private mutating func killOne(_ run: Case) throws -> Int? {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure(description: "no pipe: \(errno)") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    let words = ["berth-crash", "child", run.folder, "\(run.seed)", "\(run.flags)"] + run.crashes.map { "\($0)" }
    var arguments = words.map { strdup($0) } + [nil]
    var process: pid_t = 0
    let failure = posix_spawn(&process, "/proc/self/exe", &actions, nil, &arguments, environ)
    posix_spawn_file_actions_destroy(&actions)
    for argument in arguments { free(argument) }
    close(ends[1])
    defer { close(ends[0]) }
    guard failure == 0 else { throw Failure(description: "no child: \(failure)") }
    // mostly while it works, sometimes while it starts; now and then it gets far
    let moments = random.below(10)
    let wanted = moments == 0 ? 0 : 1 + random.below(moments == 1 ? 800 : 120)
    var last: Int?
    var number: UInt64 = 0
    var count = 0
    while count < wanted, read(ends[0], &number, 8) == 8 {
      last = Int(number)
      count += 1
    }
    usleep(UInt32(random.below(moments == 0 ? 20_000 : 400)))
    kill(process, SIGKILL)
    // what it said before it died
    while read(ends[0], &number, 8) == 8 { last = Int(number) }
    var status: Int32 = 0
    waitpid(process, &status, 0)
    guard status & 0x7F == SIGKILL else {
      throw Failure(description: "the child ended by itself, status \(status): its message is above")
    }
    return last
  }

  /// Nothing acknowledged is lost, nothing half done remains.
  private mutating func check(_ run: inout Case, _ acknowledged: Int) throws {
    let found = try Engine.recover(snapshot: nil, journal: run.journal, options: Case.options()).recovery
    if found.torn_bytes > 0 { torn += 1 }
    discarded += Int(found.discarded)
    // the call that was inside when the process was killed is in the journal or not
    let isBuffered = run.flags == UInt32(BERTH_JOURNAL_BUFFERED)
    let done = try findEnd(
      run, Int(found.end_offset), from: isBuffered ? run.crashes.last ?? 0 : acknowledged, to: acknowledged + 1)
    if done > acknowledged { inFlight += 1 }
    run.crashes.append(done)
    try checkState(run, done)
  }

  private func checkState(_ run: Case, _ done: Int) throws {
    let digest = try run.rebuild(done).engine.digest()
    for snapshot in [nil, run.snapshotExists ? run.snapshot : nil] {
      let engine = try recover(run, snapshot)
      try engine.validate()
      guard engine.digest() == digest else {
        let way = snapshot == nil ? "without" : "with"
        throw Failure(description: "after step \(done) the state recovered \(way) a snapshot is another")
      }
    }
  }

  private func recover(_ run: Case, _ snapshot: String?) throws -> Engine {
    guard let snapshot else {
      return try Engine.recover(snapshot: nil, journal: run.journal, options: Case.options()).engine
    }
    return try Engine.recover(snapshot: snapshot, journal: run.journal, options: Case.options()).engine
  }

  /// The step after which a journal of the same calls has this length; its bytes must be the same.
  private func findEnd(_ run: Case, _ end: Int, from first: Int, to last: Int) throws -> Int {
    unlink(run.reference)
    var (engine, stream) = try run.rebuild(first, journal: run.reference)
    while true {
      try engine.syncJournal()
      let bytes = try ByteFile.read(run.reference)
      if bytes.count == end {
        guard try ByteFile.read(run.journal).prefix(end).elementsEqual(bytes) else {
          throw Failure(description: "the journal is not that of steps 0..<\(stream.step)")
        }
        return stream.step
      }
      guard stream.step < last, bytes.count < end else {
        throw Failure(
          description: "the journal has \(end) bytes: after step \(stream.step), of \(first)...\(last), it should have "
            + "\(bytes.count)")
      }
      try stream.next()
    }
  }
}
