import BerthCore
import CBerth

/// What forks cost: making one, keeping many, changing one, dropping one.
public struct ForkFigures {
  public var milliseconds = 0.0
  public var slowestMilliseconds = 0.0
  /// Memory of a fork that nobody has changed, in percent of its parent's; the mean over all that were alive at once.
  public var bytesPercent = 0.0
  public var bytes = 0.0
  public var alive = 0
  /// Placements in a fresh fork, the first ones, which copy what they change.
  public var firstPlacementsNanoseconds = 0.0
  /// Memory that the fork has of its own after them.
  public var bytesAfterPlacements = 0.0
  public var destroyMilliseconds = 0.0

  static let firstPlacements = 100

  static func measure(
    _ engine: Engine, count: Int, pods: inout PodBatch
  ) throws(EngineError) -> ForkFigures {
    var figures = ForkFigures()
    let own = engine.info().bytes_allocated
    let resident = residentBytes()
    var forks: [Engine] = []
    forks.reserveCapacity(count)
    var times: [Double] = []
    for _ in 0..<count {
      let start = MonotonicClock.now()
      let fork = engine.fork()
      times.append(Double(MonotonicClock.now() - start) / 1e6)
      forks.append(fork)
    }
    // what the arena counts and what the system counts (the Swift heap included): the larger of the two
    let arena = Double(engine.info().bytes_allocated &- own)
    figures.bytes = max(arena, Double(residentBytes() - resident)) / Double(max(1, count))
    figures.bytesPercent = 100 * figures.bytes / Double(own)
    figures.alive = forks.count
    let sorted = Latencies(times)
    figures.milliseconds = sorted.percentile(50)
    figures.slowestMilliseconds = sorted.percentile(100)

    var placing: [Double] = []
    let before = engine.info().bytes_allocated
    let tried = min(20, forks.count)
    for index in 0..<tried {
      var first = pods.prefix(firstPlacements)
      let time = try first.time { first throws(EngineError) in try first.place(on: forks[index]) }
      placing.append(time / Double(first.count))
    }
    figures.firstPlacementsNanoseconds = Latencies(placing).percentile(50)
    figures.bytesAfterPlacements = Double(engine.info().bytes_allocated &- before) / Double(max(1, tried))

    var dropping: [Double] = []
    while !forks.isEmpty {
      let start = MonotonicClock.now()
      forks.removeLast()
      dropping.append(Double(MonotonicClock.now() - start) / 1e6)
    }
    figures.destroyMilliseconds = Latencies(dropping).percentile(50)
    return figures
  }
}
