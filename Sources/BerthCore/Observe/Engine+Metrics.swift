import CBerth

extension Engine {
  /// For the boundary: a call was refused.
  public func countRefusal(_ status: berth_status) {
    if status < UInt32(BERTH_STATUSES) { counters.refusals[Int(status)] += 1 }
  }

  /// Switches the measuring of decisions off and on again: for benchmarks that say what it costs.
  public func timeDecisions(_ isOn: Bool) { latencies.isOn = isOn }

  public func metrics() -> berth_metrics {
    var metrics = berth_metrics()
    metrics.struct_size = UInt32(MemoryLayout<berth_metrics>.size)
    copy(counters.decisions, Int(BERTH_DECISION_KINDS), into: &metrics.decisions)
    copy(counters.refusals, Int(BERTH_STATUSES), into: &metrics.refusals)
    metrics.placed = counters.outcomes[Int(BERTH_PLACED)]
    metrics.no_fit = counters.outcomes[Int(BERTH_NO_FIT)]
    metrics.refused_by_host = counters.outcomes[Int(BERTH_REFUSED)]
    metrics.relabellings = cluster.relabellings
    metrics.bulk_builds = cluster.bulkBuilds
    metrics.statements_begun = statements.begun
    metrics.statements_committed = statements.committed
    metrics.statements_discarded = statements.discarded
    metrics.rollbacks = statements.rollbacks
    metrics.changes_undone = undoLog.undone
    metrics.forks = counters.forks
    metrics.journal_records = counters.journalRecords
    metrics.journal_bytes = counters.journalBytes
    metrics.events_written = events.written
    metrics.events_lost = events.lost
    return metrics
  }

  public func histogram(of decisionKind: UInt32) throws(EngineError) -> berth_histogram {
    guard let kind = DecisionKind(rawValue: Int(decisionKind)) else {
      throw refuse(BERTH_BAD_ARGUMENT, "decision kind \(decisionKind) is unknown: use BERTH_DECISION_*")
    }
    var histogram = berth_histogram()
    histogram.struct_size = UInt32(MemoryLayout<berth_histogram>.size)
    histogram.sum_ns = latencies.sum(kind)
    let counts = (0..<DecisionLatencies.buckets).map { latencies.count(kind, $0) }
    histogram.count = counts.reduce(0, +)
    copy(counts, counts.count, into: &histogram.counts)
    copy((0..<counts.count).map(DecisionLatencies.upperBound), counts.count, into: &histogram.upper_ns)
    return histogram
  }

  /// Swift sees an array within a C struct as a tuple.
  private func copy<Tuple>(_ cells: UnsafePointer<UInt64>, _ count: Int, into tuple: inout Tuple) {
    assert(MemoryLayout<Tuple>.size == count * MemoryLayout<UInt64>.stride)
    withUnsafeMutableBytes(of: &tuple) { $0.copyMemory(from: UnsafeRawBufferPointer(start: cells, count: $0.count)) }
  }
}
