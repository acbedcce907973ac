import BerthOracle
import CBerth
import Testing

@testable import BerthCore

struct MetricsTests {
  /// The bucket of a time is the first one whose bound it does not exceed, at all bounds and around them.
  @Test func bucketsAreLogLinear() {
    let bounds = (0..<DecisionLatencies.buckets).map(DecisionLatencies.upperBound)
    #expect(bounds.first == 64 && bounds[bounds.count - 2] == 1 << 30 && bounds.last == UInt64.max)
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    #expect(bounds.contains(80) && bounds.contains(96) && bounds.contains(112) && bounds.contains(160))
    var times: Set<UInt64> = [0, 1, 63, 1 << 31, 1 << 62, .max]
    for bound in bounds.dropLast() { times.formUnion([bound - 1, bound, bound + 1]) }
    var random = Random(seed: 1)
    for _ in 0..<10_000 { times.insert(random.next() >> UInt64(random.int(0...63))) }
    for time in times {
      let slow = bounds.firstIndex { time <= $0 }!
      #expect(DecisionLatencies.bucket(time) == slow, "\(time) ns")
    }
  }

  @Test func decisionKindsAreTheHeaders() {
    #expect(
      DecisionKind.allCases.map(\.rawValue)
        == [
          BERTH_DECISION_TREE, BERTH_DECISION_SCAN, BERTH_DECISION_ROWS, BERTH_DECISION_RESERVED,
          BERTH_DECISION_RERANKED, BERTH_DECISION_SLOTS,
        ].map { Int($0) })
    #expect(DecisionKind.allCases.count <= Int(BERTH_DECISION_KINDS))
    #expect(StatusNames.all.allSatisfy { $0.status < UInt32(BERTH_STATUSES) })
  }

  @Test func secondsAreExact() {
    let cases: [(UInt64, String)] = [
      (0, "0"), (1, "0.000000001"), (64, "0.000000064"), (80, "0.00000008"), (1 << 30, "1.073741824"),
      (1_000_000_000, "1"), (1_500_000_000, "1.5"), (.max, "18446744073.709551615"),
    ]
    for (nanoseconds, text) in cases { #expect(PrometheusText.seconds(nanoseconds) == text) }
  }

  /// Counters, histograms and text of random streams with statements, against what the twin knows of them.
  @Test(arguments: Fuzz.seeds(20))
  func countersFollowWhatHappened(seed: Int) {
    let drawn = seed &* 1009 &+ 700
    let swarm = Swarm(seed: drawn, terms: TermKind.withoutDevices, nodes: seed % 30)
    Fuzz.run(
      "countersFollowWhatHappened", seed: seed,
      try Twin(levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey, seed: drawn)
    ) { twin in
      var stream = try CommandStream(twin, swarm, statements: true)
      for _ in 0..<stream.length { try stream.step() }
      try twin.checkMetrics()
    }
  }

  /// Every decision counts once, by its path and its outcome, whatever becomes of it.
  @Test func decisionsAreCountedByPathAndOutcome() throws {
    let twin = try Twin(seed: 4)
    try twin.addResource("cpu", .cpu)
    try twin.addProfile("packing", [Term(.binpack)])
    var node = NodeSpec(domain: 0)
    node.allocatable = ["cpu": 3]
    try twin.addNodes([Twin.NewNode(spec: node)])
    var pod = PodSpec(profile: "packing")
    pod.requests = ["cpu": 2]
    let classes = [try twin.podClass(pod), try twin.podClass(pod)]
    for (_, engine) in twin.engines {
      for path in [BERTH_PATH_TREE, BERTH_PATH_SCAN, BERTH_PATH_ROWS, BERTH_PATH_ROWS] {
        try engine.setPath(UInt32(path))
        _ = try Twin.placed(classes, dryRun: true, engine)
      }
      let statement = try engine.beginStatement()
      _ = try Twin.placed(classes, dryRun: false, engine)
      try engine.discard(statement)
      let metrics = engine.metrics()
      #expect(metrics.decisions.0 == 2 && metrics.decisions.1 == 2 && metrics.decisions.2 == 6)
      #expect(metrics.placed == 5 && metrics.no_fit == 5 && metrics.refused_by_host == 0)
      #expect(metrics.changes_undone == 5)
      #expect(metrics.events_written == 1)
      try PrometheusCheck(engine).run()
    }
  }

  @Test func growthAndBulkLoadsAreCounted() throws {
    let twin = try Twin(levelKeys: ["zone"], seed: 3)
    try twin.addResource("cpu", .cpu)
    let zones = [try twin.addDomain(parent: 0, name: "a"), try twin.addDomain(parent: 0, name: "b")]
    for _ in 0..<2 {
      try twin.addNodes((0..<2000).map { Twin.NewNode(spec: NodeSpec(domain: zones[$0 % 2])) })
    }
    for (_, engine) in twin.engines {
      let metrics = engine.metrics()
      #expect(metrics.bulk_builds >= 1)
      #expect(metrics.relabellings >= 1)
    }
  }

  @Test func anEngineThatDecidesNothingHasNoHistogram() throws {
    let (engine, _) = try EventTests.oneNode()
    #expect(engine.latencies.bytes == 0)
    #expect(try engine.histogram(of: UInt32(BERTH_DECISION_TREE)).count == 0)
    for kind in [6, UInt32.max] {
      #expect(throws: EngineError.self) { try engine.histogram(of: kind) }
    }
    try PrometheusCheck(engine).run()
  }

  @Test func switchedOffTimingStillCountsDecisions() throws {
    let twin = try Twin(seed: 6)
    try twin.addProfile("packing", [Term(.binpack)])
    let classes = [try twin.podClass(PodSpec(profile: "packing"))]
    for (_, engine) in twin.engines {
      engine.timeDecisions(false)
      _ = try Twin.placed(classes, dryRun: false, engine)
      #expect(engine.info().decisions == 1)
      #expect(engine.latencies.bytes == 0)
    }
  }
}

extension Twin {
  func checkMetrics() throws {
    for (_, engine) in engines {
      let metrics = engine.metrics()
      let statements = [metrics.statements_begun, metrics.statements_committed + metrics.statements_discarded]
      try check(
        statements == [ledger.lastStatement, UInt64(ledger.closed.count)],
        "statements begun and closed \(statements), not \(ledger.lastStatement) and \(ledger.closed.count)")
      let told = [metrics.events_written, metrics.events_lost]
      try check(
        told == [events.written, events.lost], "events written and lost \(told), not \(events.written), \(events.lost)")
      let decisions = withUnsafeBytes(of: metrics.decisions) { Array($0.bindMemory(to: UInt64.self)) }
      let sum = decisions.reduce(0, +)
      let outcomes = metrics.placed + metrics.no_fit + metrics.refused_by_host
      try check(
        sum == engine.info().decisions && sum == outcomes,
        "decisions \(decisions), info \(engine.info().decisions), outcomes \(outcomes)")
      for kind in DecisionKind.allCases { try checkHistogram(engine, kind, decisions[kind.rawValue]) }
      try PrometheusCheck(engine).run()
    }
  }

  /// A histogram holds as many decisions as there were of its kind, and their times add up.
  private func checkHistogram(_ engine: Engine, _ kind: DecisionKind, _ decisions: UInt64) throws {
    let histogram = try engine.histogram(of: UInt32(kind.rawValue))
    let counts = withUnsafeBytes(of: histogram.counts) { Array($0.bindMemory(to: UInt64.self)) }
    let bounds = withUnsafeBytes(of: histogram.upper_ns) { Array($0.bindMemory(to: UInt64.self)) }
    var least: UInt64 = 0
    var most: UInt64 = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      least += bucket == 0 ? 0 : count * (bounds[bucket - 1] + 1)
      most = bounds[bucket] == .max ? .max : most + count * bounds[bucket]
    }
    try check(
      histogram.count == decisions && counts.reduce(0, +) == decisions,
      "\(kind): \(histogram.count) decisions timed, \(counts.reduce(0, +)) in buckets, \(decisions) made")
    try check(
      (least...most).contains(histogram.sum_ns), "\(kind): \(histogram.sum_ns) ns, outside of \(least)...\(most)")
  }
}
