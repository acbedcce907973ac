import BerthCore
import CBerth

/// Plays a `BoundaryCase` in Swift, with the engine's own method: no boundary is crossed. It answers the same commands
/// as the programs in Bench/boundary, whose README says what they are.
public struct BoundaryPlayer {
  private let engine: Engine
  private let arrivals: [berth_class_id]
  private var placements: [berth_placement]

  /// The allocator is one that every process has.
  public init(_ boundaryCase: BoundaryCase) throws {
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    options.allocator = UInt32(BERTH_ALLOCATOR_MMAP)
    engine = try Engine.recover(snapshot: boundaryCase.snapshot, journal: nil, options: options).engine
    arrivals = try boundaryCase.readArrivals()
    placements = Array(repeating: berth_placement(), count: arrivals.count)
  }

  /// What is said first: language, allocator, CPU level.
  public var greeting: String {
    let info = engine.info()
    return "swift \(info.allocatorName) \(info.cpuLevelName)"
  }

  /// What is said to a command.
  public mutating func answer(_ command: String) throws -> String {
    let words = command.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }
    if words.first == "release", words.count == 1 { return try release() }
    guard words.first == "place", words.count == 4, numbers.count == 3, numbers[2] > 0, numbers[1] >= 0,
      arrivals.indices.contains(numbers[0]), numbers[1] <= arrivals.count - numbers[0]
    else { throw BoundaryFailure("\"\(command)\" is none of: place FIRST COUNT PODS_PER_CALL, release") }
    return String(try place(numbers[0]..<numbers[0] + numbers[1], podsPerCall: numbers[2]))
  }

  /// Nanoseconds of CPU time.
  private mutating func place(_ range: Range<Int>, podsPerCall: Int) throws(EngineError) -> Int64 {
    try arrivals.withUnsafeBufferPointer { arrivals throws(EngineError) in
      try placements.withUnsafeMutableBufferPointer { placements throws(EngineError) in
        let start = MonotonicClock.processTime()
        for first in stride(from: range.lowerBound, to: range.upperBound, by: podsPerCall) {
          let batch = UnsafeBufferPointer(rebasing: arrivals[first..<min(first + podsPerCall, range.upperBound)])
          try engine.place(batch, flags: 0, into: placements.baseAddress! + first)
        }
        return MonotonicClock.processTime() - start
      }
    }
  }

  /// Releases what was placed; the digest of all decisions, and how many were placed.
  private func release() throws(EngineError) -> String {
    var digest = Checksum()
    for placement in placements {
      digest.add(word: placement.node)
      digest.add(word: UInt64(bitPattern: placement.score))
    }
    let pods = placements.filter { $0.outcome == UInt32(BERTH_PLACED) }.map(\.pod)
    try pods.withUnsafeBufferPointer { pods throws(EngineError) in try engine.release(pods) }
    return "\(digest.text) \(pods.count)"
  }
}

/// What ends `berth bench boundary`: a program that cannot play, or one that decided otherwise.
public struct BoundaryFailure: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
