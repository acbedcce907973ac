import BerthCore
import CBerth

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What it costs to save the state, to get it back, and to record every call.
public struct RecordFigures {
  public var snapshotSeconds = 0.0
  public var restoreSeconds = 0.0
  public var snapshotBytes = 0
  /// What a journal adds to one placement when each call is written before it returns, and when calls are gathered.
  public var journalNanosecondsPerCall = 0.0
  public var bufferedNanosecondsPerCall = 0.0
  public var journalBytesPerCall = 0.0

  private static let snapshots = 3

  static func measure(
    _ engine: Engine, directory: String, rounds: Int, pods: inout PodBatch
  ) throws -> RecordFigures {
    var figures = RecordFigures()
    let stem = "\(directory)/berth-bench-\(getpid())"
    let (snapshot, journal) = (stem + ".snapshot", stem + ".journal")
    defer {
      unlink(snapshot)
      unlink(journal)
    }
    var writing: [Double] = []
    var reading: [Double] = []
    for _ in 0..<snapshots {
      var start = MonotonicClock.now()
      try engine.writeSnapshot(snapshot)
      writing.append(Double(MonotonicClock.now() - start) / 1e9)
      start = MonotonicClock.now()
      let restored = try Engine.recover(snapshot: snapshot, journal: nil, options: berth_engine_options()).engine
      reading.append(Double(MonotonicClock.now() - start) / 1e9)
      guard restored.info().nodes == engine.info().nodes, restored.info().pods == engine.info().pods else {
        throw EngineError(UInt32(BERTH_CORRUPT), "the restored engine has other nodes or pods than the saved one")
      }
    }
    figures.snapshotSeconds = Latencies(writing).percentile(50)
    figures.restoreSeconds = Latencies(reading).percentile(50)
    figures.snapshotBytes = fileBytes(snapshot)
    figures.journalNanosecondsPerCall = try added(by: 0, engine, journal, rounds, &pods)
    figures.journalBytesPerCall = Double(fileBytes(journal)) / Double(4 * pods.count)
    figures.bufferedNanosecondsPerCall = try added(by: UInt32(BERTH_JOURNAL_BUFFERED), engine, journal, rounds, &pods)
    return figures
  }

  /// What recording adds to a placement: the median over rounds of the difference.
  private static func added(
    by flags: UInt32, _ engine: Engine, _ path: String, _ rounds: Int, _ pods: inout PodBatch
  ) throws(EngineError) -> Double {
    // opening takes the state's digest, so the rounds are the fewer
    let few = max(3, rounds / 8)
    var differences: [Double] = []
    for round in 0..<few {
      var times = [0.0, 0.0]
      for isRecording in round % 2 == 0 ? [0, 1] : [1, 0] {
        if isRecording == 1 {
          unlink(path)
          try engine.openJournal(path, flags: flags)
        }
        for _ in 0..<4 {
          times[isRecording] += try pods.time { pods throws(EngineError) in try pods.place(on: engine) }
          try pods.release(from: engine)
        }
        if isRecording == 1 { try engine.closeJournal() }
      }
      differences.append((times[1] - times[0]) / Double(4 * pods.count))
    }
    return Latencies(differences).percentile(50)
  }

  private static func fileBytes(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}
