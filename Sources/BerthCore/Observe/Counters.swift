import CBerth

/// How a decision was made: BERTH_DECISION_* by number.
enum DecisionKind: Int, CaseIterable {
  case tree, scan, rows, reserved, reranked, slots
}

/// What the engine counts that no other part of it knows: plain cells, always on. Searching, trees, statements and
/// events count for themselves; `Engine+Metrics.swift` reads all of them.
struct Counters {
  /// By `DecisionKind`, dry runs included.
  let decisions: UnsafeMutablePointer<UInt64>
  /// By outcome of placement.
  let outcomes: UnsafeMutablePointer<UInt64>
  /// By status.
  let refusals: UnsafeMutablePointer<UInt64>
  var forks: UInt64 = 0
  /// Of all journals that were open on this engine.
  var journalRecords: UInt64 = 0
  var journalBytes: UInt64 = 0

  private static let outcomeCount = Int(BERTH_REFUSED) + 1

  init() {
    decisions = .allocate(capacity: Int(BERTH_DECISION_KINDS))
    decisions.initialize(repeating: 0, count: Int(BERTH_DECISION_KINDS))
    outcomes = .allocate(capacity: Self.outcomeCount)
    outcomes.initialize(repeating: 0, count: Self.outcomeCount)
    refusals = .allocate(capacity: Int(BERTH_STATUSES))
    refusals.initialize(repeating: 0, count: Int(BERTH_STATUSES))
  }

  func free() {
    decisions.deallocate()
    outcomes.deallocate()
    refusals.deallocate()
  }

  var decided: UInt64 {
    var sum: UInt64 = 0
    for kind in DecisionKind.allCases { sum += decisions[kind.rawValue] }
    return sum
  }
}

extension Engine {
  /// Counts and times a decision that was just made.
  @inline(__always)
  func countDecision(
    _ kind: DecisionKind, _ placement: berth_placement, _ stopwatch: inout DecisionLatencies.Stopwatch
  ) {
    counters.decisions[kind.rawValue] += 1
    counters.outcomes[Int(placement.outcome)] += 1
    stopwatch.lap(kind)
  }
}
