extension StateBench.Outcome {
  /// The report as one JSON object.
  public var json: JSONValue {
    func number(_ value: Double) -> JSONValue { .number(value.significant(5)) }
    return .object([
      ("case", .text("state")), ("profile", .text(options.profile.rawValue)), ("seed", .count(options.seed)),
      ("nodes", .count(options.nodes)), ("classes", .count(options.classes)), ("pods", .count(options.pods)),
      ("rounds", .count(options.rounds)), ("place_ns", number(placeNanoseconds)),
      ("statement_ratio", number(statementRatio)), ("statement_ns", number(statementNanoseconds)),
      ("rollback_ns_per_change", number(rollbackNanosecondsPerChange)), ("events_ratio", number(eventsRatio)),
      ("fork_ms", number(forks.milliseconds)), ("fork_slowest_ms", number(forks.slowestMilliseconds)),
      ("fork_bytes_percent", number(forks.bytesPercent)), ("fork_bytes", number(forks.bytes)),
      ("forks_alive", .count(forks.alive)), ("fork_place_ns", number(forks.firstPlacementsNanoseconds)),
      ("fork_bytes_after_100_placements", number(forks.bytesAfterPlacements)),
      ("fork_destroy_ms", number(forks.destroyMilliseconds)),
      ("snapshot_seconds", number(records.snapshotSeconds)), ("snapshot_bytes", .count(records.snapshotBytes)),
      ("restore_seconds", number(records.restoreSeconds)),
      ("journal_ns_per_call", number(records.journalNanosecondsPerCall)),
      ("journal_buffered_ns_per_call", number(records.bufferedNanosecondsPerCall)),
      ("journal_bytes_per_call", number(records.journalBytesPerCall)),
      ("reservation_ns", number(reservationNanoseconds)), ("bytes_allocated", .count(before.bytes_allocated)),
      ("allocator", .text(before.allocatorName)), ("cpu_level", .text(before.cpuLevelName)),
    ])
  }
}
