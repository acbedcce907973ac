import CBerth

extension PlaceBench.Outcome {
  public var placedCount: Int { decisions.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }

  /// Placed pods per minute of placing; the time of refusals counts, refused pods do not.
  public var placementsPerMinute: Double { placingSeconds > 0 ? Double(placedCount) / placingSeconds * 60 : 0 }

  /// Rows, ids, groups and state trees at the end; classes and pods are apart.
  public var bytesPerNode: Double {
    Double(placed.node_bytes + placed.index_bytes) / Double(max(options.nodes, 1))
  }

  public var departureNanoseconds: Double? {
    departures.isEmpty ? nil : departingSeconds * 1e9 / Double(departures.count)
  }

  /// How often each of the engine's counters moved while placing, per decision.
  public var countersPerPlacement: [(String, Double)] {
    let decided = Double(max(decisions.count, 1))
    func rate(_ counter: KeyPath<berth_engine_info, UInt64>) -> Double {
      (Double(placed[keyPath: counter] &- before[keyPath: counter]) / decided).significant(5)
    }
    return [
      ("leaves_opened", rate(\.leaves_opened)), ("inners_opened", rate(\.inners_opened)),
      ("exact_scores", rate(\.exact_scores)), ("tree_queries", rate(\.tree_queries)),
      ("scan_queries", rate(\.scan_queries)), ("row_queries", rate(\.row_queries)),
      ("scan_fallbacks", rate(\.scan_fallbacks)), ("node_changes", rate(\.node_changes)),
      ("leaf_splits", rate(\.leaf_splits)), ("leaf_merges", rate(\.leaf_merges)),
      ("slot_moves", rate(\.slot_moves)),
    ]
  }

  /// The report as one JSON object.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("case", .text("place")), ("profile", .text(options.profile.rawValue)), ("seed", .count(options.seed)),
      ("nodes", .count(options.nodes)), ("classes", .count(options.classes)), ("pods", .count(options.pods)),
      ("churn", .number(options.churn)), ("path", .text(options.path.rawValue)),
      ("placed", .count(placedCount)), ("refused", .count(decisions.count - placedCount)),
      ("departures", .count(departures.count)),
      ("seconds", .number(placingSeconds.significant(6))),
      ("placements_per_minute", .number(placementsPerMinute.significant(6))),
      ("p50_ns", .number(latencies.percentile(50).significant(5))),
      ("p99_ns", .number(latencies.percentile(99).significant(5))),
      ("max_ns", .number(latencies.percentile(100).significant(5))),
    ]
    if let departureNanoseconds {
      members.append(("departure_ns", .number(departureNanoseconds.significant(5))))
    }
    members += [
      ("class_ready_ns", .number(newClasses.percentile(99).significant(5))),
      ("class_ready_p50_ns", .number(newClasses.percentile(50).significant(5))),
      ("full_scan_ns_per_node", .number(fullScanNanosecondsPerNode.significant(5))),
      ("clock_ns", .number(clockNanoseconds.significant(3))),
      ("build_seconds", .number(buildSeconds.significant(5))),
      ("bytes_per_node", .number(bytesPerNode.significant(5))),
      ("node_bytes", .count(placed.node_bytes)), ("index_bytes", .count(placed.index_bytes)),
      ("class_bytes", .count(placed.class_bytes)), ("pod_bytes", .count(placed.pod_bytes)),
      ("bytes_allocated", .count(placed.bytes_allocated)), ("bytes_mapped", .count(placed.bytes_mapped)),
      ("peak_resident_bytes", .count(peakResidentBytes)),
      ("allocations_while_placing", .count(placed.allocations &- before.allocations)),
      ("allocator", .text(placed.allocatorName)), ("cpu_level", .text(placed.cpuLevelName)),
      ("shapes", .count(placed.shapes)), ("trees", .count(placed.trees)), ("pools", .count(placed.pools)),
      ("checksum", .text(checksum.text)), ("verified", .count(verified)),
    ]
    members += countersPerPlacement.map { ("\($0.0)_per_placement", .number($0.1)) }
    return .object(members)
  }
}
