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
          BERTH_DECISION_RERANKED,
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

  @Test func pathsAreTheKindsOfDecisions() throws {
    let world = try EventWorld(seed: 5, capacity: 64)
    for _ in 0..<400 { try world.step() }
    let info = world.engine.info()
    let metrics = world.engine.metrics()
    #expect(metrics.decisions.0 == info.tree_queries && info.tree_queries > 0)
    #expect(metrics.decisions.1 == info.scan_queries && info.scan_queries > 0)
    #expect(metrics.decisions.2 == info.row_queries && info.row_queries > 0)
    #expect(metrics.changes_undone > 0)
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
    #expect(throws: EngineError.self) { try engine.histogram(of: 5) }
    #expect(throws: EngineError.self) { try engine.histogram(of: .max) }
    try PrometheusCheck(engine).run()
  }

  @Test func switchedOffTimingStillCountsDecisions() throws {
    let world = try EventWorld(seed: 6, capacity: 64)
    world.engine.timeDecisions(false)
    for _ in 0..<100 { try world.step() }
    #expect(world.decisions > 0)
    #expect(world.engine.info().decisions == UInt64(world.decisions))
    #expect(world.engine.latencies.bytes == 0)
  }
}

extension EventWorld {
  /// A histogram holds as many decisions as there were of its kind, and their times add up.
  func checkHistograms() throws {
    let decisions = withUnsafeBytes(of: engine.metrics().decisions) { Array($0.bindMemory(to: UInt64.self)) }
    for kind in DecisionKind.allCases {
      let histogram = try engine.histogram(of: UInt32(kind.rawValue))
      let counts = withUnsafeBytes(of: histogram.counts) { Array($0.bindMemory(to: UInt64.self)) }
      let bounds = withUnsafeBytes(of: histogram.upper_ns) { Array($0.bindMemory(to: UInt64.self)) }
      #expect(histogram.count == decisions[kind.rawValue])
      #expect(counts.reduce(0, +) == histogram.count)
      var least: UInt64 = 0
      for (bucket, count) in counts.enumerated() where bucket > 0 { least += count * (bounds[bucket - 1] + 1) }
      #expect(histogram.sum_ns >= least)
      if counts.last == 0 {
        #expect(histogram.sum_ns <= zip(counts, bounds).reduce(0) { $0 + ($1.0 == 0 ? 0 : $1.0 * $1.1) })
      }
    }
  }
}
