import CBerth

extension Engine {
  /// All counters, histograms and figures as Prometheus scrapes them.
  public func metricsText() -> String {
    var text = PrometheusText()
    let info = info()
    let metrics = metrics()
    addFigures(info, to: &text)
    addDecisions(info, metrics, to: &text)
    addChanges(info, metrics, to: &text)
    addCalls(metrics, to: &text)
    return text.text
  }

  /// What there is now.
  private func addFigures(_ info: berth_engine_info, to text: inout PrometheusText) {
    text.add(.gauge, "berth_nodes", "Live nodes.", info.nodes)
    text.add(.gauge, "berth_pods", "Live pods, assumed or bound.", info.pods)
    text.add(.gauge, "berth_reservations", "Live reservations.", info.reservations)
    text.add(.gauge, "berth_classes", "Pod classes.", info.classes)
    text.add(.gauge, "berth_shapes", "Distinct capacities of nodes.", UInt64(info.shapes))
    text.add(.gauge, "berth_trees", "State trees with nodes.", UInt64(info.trees))
    text.add(.gauge, "berth_pools", "Distinct labels, taints, cordon and zone of nodes.", UInt64(info.pools))
    text.add(.gauge, "berth_open_statements", "Statements that are open now.", UInt64(statements.open.count))
    text.add(.gauge, "berth_allocated_bytes", "Memory held, as the allocator counts it.", info.bytes_allocated)
    text.add(.gauge, "berth_mapped_bytes", "Memory that the allocator has mapped.", info.bytes_mapped)
    text.add(
      .gauge, "berth_state_bytes", "Memory by what it holds.",
      [
        ("part=\"nodes\"", info.node_bytes), ("part=\"index\"", info.index_bytes),
        ("part=\"classes\"", info.class_bytes), ("part=\"pods\"", info.pod_bytes),
        ("part=\"reservations\"", info.reservation_bytes),
        ("part=\"events\"", UInt64(events.bytes)),
      ])
  }

  private func addDecisions(_ info: berth_engine_info, _ metrics: berth_metrics, to text: inout PrometheusText) {
    text.add(
      .counter, "berth_placements_total", "Decisions by outcome, dry runs included.",
      [
        ("outcome=\"placed\"", metrics.placed), ("outcome=\"no_fit\"", metrics.no_fit),
        ("outcome=\"refused\"", metrics.refused_by_host),
      ])
    addLatencies(to: &text)
    text.add(
      .counter, "berth_queries_total", "Searches; a decision may need several.",
      [
        ("path=\"tree\"", info.tree_queries), ("path=\"scan\"", info.scan_queries),
        ("path=\"rows\"", info.row_queries),
      ])
    text.add(
      .counter, "berth_blocks_opened_total", "Blocks of the state trees that searches opened.",
      [("block=\"leaf\"", info.leaves_opened), ("block=\"inner\"", info.inners_opened)])
    text.add(
      .counter, "berth_exact_scores_total", "Nodes scored one by one after the kernels' bound.", info.exact_scores)
    text.add(
      .counter, "berth_scan_fallbacks_total", "Tree searches that a scan had to finish.", info.scan_fallbacks)
  }

  private func addLatencies(to text: inout PrometheusText) {
    let name = "berth_decision_duration_seconds"
    text.begin(.histogram, name, "How long decisions took, by how they were made.")
    for kind in DecisionKind.allCases {
      let counts = (0..<DecisionLatencies.buckets).map { latencies.count(kind, $0) }
      let total = counts.reduce(0, +)
      guard total > 0 else { continue }
      var sum: UInt64 = 0
      for (bucket, count) in counts.enumerated() {
        sum += count
        let bound = DecisionLatencies.upperBound(bucket)
        let le = bucket == counts.count - 1 ? "+Inf" : PrometheusText.seconds(bound)
        text.add("\(name)_bucket", "kind=\"\(kind)\",le=\"\(le)\"", "\(sum)")
      }
      text.add("\(name)_sum", "kind=\"\(kind)\"", PrometheusText.seconds(latencies.sum(kind)))
      text.add("\(name)_count", "kind=\"\(kind)\"", "\(total)")
    }
  }

  /// What was done to state and index.
  private func addChanges(_ info: berth_engine_info, _ metrics: berth_metrics, to text: inout PrometheusText) {
    text.add(
      .counter, "berth_node_changes_total", "Changes of nodes, in the length of the change log.", info.node_changes)
    text.add(.counter, "berth_block_splits_total", "Blocks of the state trees that were split.", info.leaf_splits)
    text.add(.counter, "berth_block_merges_total", "Blocks of the state trees that were merged.", info.leaf_merges)
    text.add(.counter, "berth_bulk_builds_total", "State trees loaded in bulk.", metrics.bulk_builds)
    text.add(.counter, "berth_relabellings_total", "Times that slots were dealt anew.", metrics.relabellings)
    text.add(.counter, "berth_slot_moves_total", "Nodes that got another slot by that.", info.slot_moves)
    text.add(.counter, "berth_allocations_total", "Blocks asked from the allocator.", info.allocations)
    text.add(
      .counter, "berth_statements_total", "Statements by what became of them.",
      [
        ("state=\"begun\"", metrics.statements_begun), ("state=\"committed\"", metrics.statements_committed),
        ("state=\"discarded\"", metrics.statements_discarded),
      ])
    text.add(.counter, "berth_rollbacks_total", "Returns to a checkpoint of a statement.", metrics.rollbacks)
    text.add(.counter, "berth_changes_undone_total", "Changes that were taken back.", metrics.changes_undone)
    text.add(.counter, "berth_forks_total", "Forks made of this engine.", metrics.forks)
  }

  private func addCalls(_ metrics: berth_metrics, to text: inout PrometheusText) {
    let inside = StatusNames.all.filter { ![BERTH_OK, BERTH_BAD_ENGINE, BERTH_BUSY].contains(Int($0.status)) }
    text.add(
      .counter, "berth_refusals_total", "Refused calls by status.",
      inside.map { ("status=\"\($0.name)\"", counters.refusals[Int($0.status)]) })
    text.add(.counter, "berth_journal_records_total", "Records written to journals.", metrics.journal_records)
    text.add(.counter, "berth_journal_written_bytes_total", "Bytes written to journals.", metrics.journal_bytes)
    text.add(.counter, "berth_events_total", "Events that readers could see.", metrics.events_written)
    text.add(.counter, "berth_events_lost_total", "Events that readers were told they missed.", metrics.events_lost)
  }
}
