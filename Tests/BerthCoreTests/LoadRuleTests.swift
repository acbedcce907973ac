import BerthOracle
import CBerth
import Testing

/// Measured usage in small cases whose numbers were worked out by hand from Koordinator's rules. The twin holds the
/// engine to the oracle, and the oracle is held to the numbers here.
struct LoadRuleTests {
  private static let gib: Int64 = 1 << 30

  /// cpu and memory as Koordinator watches them by default, and nodes of 100 cores and 512 GiB.
  private final class Scene {
    let twin: Twin
    let nodes: [Int]

    init(
      nodes count: Int = 1, refusesExpired: Bool = true, prediction: LoadSpec.Prediction = .usage, most: Int64 = 100
    ) throws {
      twin = try Twin(seed: 1)
      try twin.addResource("cpu", .cpu)
      try twin.addResource("memory", .memory)
      for spec in Scene.specs(refusesExpired, prediction, most) { try twin.addLoadResource(spec) }
      try twin.addProfile(
        "load-aware", [Term(.leastAllocated, resources: [TermResource("cpu usage"), TermResource("memory usage")])])
      var spec = NodeSpec(domain: 0)
      spec.allocatable = ["cpu": 100_000, "memory": 512 * gib]
      nodes = try twin.addNodes((0..<count).map { _ in Twin.NewNode(spec: spec) })
      try twin.setTime(1_000_000)
    }

    private static func specs(_ refusesExpired: Bool, _ prediction: LoadSpec.Prediction, _ most: Int64) -> [LoadSpec] {
      [
        LoadSpec("cpu usage", .usage(of: "cpu", percent: 85, standard: 250, settle: 60_000), expiry: 180_000),
        LoadSpec(
          "memory usage", .usage(of: "memory", percent: 70, standard: 200 << 20, settle: 60_000), expiry: 180_000),
        LoadSpec("cpu limit", .limit(of: "cpu usage", threshold: 65, refusesExpired: refusesExpired)),
        LoadSpec("memory limit", .limit(of: "memory usage", threshold: 95, refusesExpired: refusesExpired)),
        LoadSpec(
          "spare cpu", .spare(of: "cpu", prediction, margin: 35, most: most, halfLife: 1000, settle: 60_000),
          expiry: 900_000),
      ]
    }

    func report(
      _ node: Int, cpu: Int64, memory: Int64 = 0, age: Int64 = 0, pods: [Int: Int64]? = nil
    ) throws {
      let listed = pods.map { $0.mapValues { ["cpu": $0, "memory": 0] } }
      let report = Load.Report(
        measuredAt: twin.oracle.now - age, usage: ["cpu": cpu, "memory": memory], pods: listed)
      try twin.report([(node, report)])
    }

    func pod(_ requests: [String: Int64]) -> PodSpec {
      var pod = PodSpec(profile: "load-aware")
      pod.requests = requests
      return pod
    }

    /// Binds a pod and gives its number.
    func bind(_ requests: [String: Int64], to node: Int) throws -> Int {
      let before = Set(twin.oracle.pods.keys)
      try twin.bind([(pod(requests), node)])
      return twin.oracle.pods.keys.first { !before.contains($0) }!
    }

    /// What engine and oracle agree on.
    func value(_ name: String, _ node: Int) throws -> Int64 {
      try twin.readBack()
      return twin.oracle.loadValue(name, on: node)
    }

    /// The score on the best node; nil: refused everywhere.
    func score(_ requests: [String: Int64]) throws -> Int64? {
      try twin.place([pod(requests)], dryRun: true)
      return twin.oracle.decide(pod(requests))?.total
    }
  }

  /// default_estimator_test.go: 4 cores and 8 GiB, nothing at all, best-effort; a pod may also say it.
  @Test func podsAreEstimated() throws {
    let scene = try Scene()
    try scene.report(scene.nodes[0], cpu: 0)
    func added(_ requests: [String: Int64]) throws -> [Int64] {
      let before = try ["cpu usage", "memory usage"].map { try scene.value($0, scene.nodes[0]) }
      _ = try scene.bind(requests, to: scene.nodes[0])
      return zip(try ["cpu usage", "memory usage"].map { try scene.value($0, scene.nodes[0]) }, before).map { $0 - $1 }
    }
    #expect(try added(["cpu": 4000, "memory": 8 * Self.gib]) == [3400, 6_012_954_214])
    #expect(try added([:]) == [250, 209_715_200])
    #expect(try added(["spare cpu": 4000]) == [3400, 209_715_200])
    #expect(try added(["cpu": 1, "memory": 1]) == [1, 1])
    #expect(try added(["cpu": 3, "memory": 5]) == [3, 4])  // 2.55, and 3.5 away from zero
    #expect(try added(["cpu": 4000, "cpu usage": 7]) == [7, 209_715_200])
  }

  /// leastUsedScore: (96 x 100 / 100 ...) of each, then the mean, each rounded down.
  @Test func nodesAreScored() throws {
    let scene = try Scene()
    try scene.report(scene.nodes[0], cpu: 32_000, memory: 10 * Self.gib)
    // cpu (100000 - 32000 - 3400) / 100000 = 64.6 %, memory (512 - 10 - 5.6) / 512 = 96.953 %: (64 + 96) / 2
    #expect(try scene.score(["cpu": 4000, "memory": 8 * Self.gib]) == 80)
    // another one placed before and not yet measured: 61.2 % and 95.86 %: (61 + 95) / 2
    try scene.twin.place([scene.pod(["cpu": 4000, "memory": 8 * Self.gib])], dryRun: false)
    #expect(try scene.score(["cpu": 4000, "memory": 8 * Self.gib]) == 78)
  }

  /// filterNodeUsage: round(estimated / total x 100) <= 65, the incoming pod counted in.
  @Test func usageIsLimited() throws {
    let scene = try Scene()
    try scene.report(scene.nodes[0], cpu: 65_499 - 850)
    #expect(try scene.score(["cpu": 1000]) != nil)  // 65.499 % is 65
    try scene.report(scene.nodes[0], cpu: 65_500 - 850)
    #expect(try scene.score(["cpu": 1000]) == nil)  // 65.5 % is 66
    #expect(try scene.score(["cpu": 1000, "cpu limit": 0]) != nil)
    try scene.twin.explain(scene.pod(["cpu": 1000]))
    #expect(scene.twin.oracle.explain(scene.pod(["cpu": 1000])).insufficient == ["cpu limit": 1])
  }

  /// A node that never reported passes and scores 0; one whose report expired is refused, or passes and scores 0.
  @Test(arguments: [true, false]) func reportsExpire(refuses: Bool) throws {
    let scene = try Scene(refusesExpired: refuses)
    #expect(try scene.score(["cpu": 1000]) == 0)
    try scene.report(scene.nodes[0], cpu: 0)
    #expect(try scene.score(["cpu": 1000]) == 99)
    try scene.twin.setTime(1_179_999)
    #expect(try scene.score(["cpu": 1000]) == 99)
    try scene.twin.setTime(1_180_000)
    #expect(try scene.score(["cpu": 1000]) == (refuses ? nil : 0))
    try scene.twin.forgetReports(of: scene.nodes)
    #expect(try scene.score(["cpu": 1000]) == 0)
  }

  /// pod_assign_cache.go: pods that are not reported count in full, those that came within the report interval with
  /// what is beyond their usage, others not at all.
  @Test func podsArePendingUntilTheyAreMeasured() throws {
    let scene = try Scene()
    let node = scene.nodes[0]
    let pods = try (0..<3).map { _ in try scene.bind(["cpu": 10_000], to: node) }  // 8,500 each
    try scene.twin.setAssigned([(pods[0], 940_000), (pods[1], 940_001), (pods[2], 0)])
    try scene.report(node, cpu: 20_000, pods: [pods[0]: 3000, pods[1]: 3000])
    #expect(try scene.value("cpu usage", node) == 20_000 + 0 + 5500 + 8500)
    try scene.twin.remove([pods[1]], forgetting: false)
    #expect(try scene.value("cpu usage", node) == 20_000 + 8500)
    // without a list only the time decides
    try scene.report(node, cpu: 20_000)
    #expect(try scene.value("cpu usage", node) == 20_000)
    // an older report is passed over
    try scene.report(node, cpu: 99, age: 1)
    #expect(try scene.value("cpu usage", node) == 20_000)
  }

  /// Of 100 cores 35 are kept. The node uses 50: 12 and 8 of guaranteed pods, which request 10 and 20, 5 of a
  /// best-effort one, and 25 of its own.
  static let cores: [Int64] = [
    100 - 35 - 25 - 12 - 8, 100 - 35 - 25 - 12 - 20, 100 - 35 - 10 - 20, 100 - 35 - 25 - 12 - 8,
  ]

  /// batchresource: total - margin - system - what guaranteed pods use, or request, or the larger of both.
  @Test(arguments: zip(LoadSpec.Prediction.allCases, cores))
  func spareCapacity(prediction: LoadSpec.Prediction, cores: Int64) throws {
    let scene = try Scene(prediction: prediction)
    let node = scene.nodes[0]
    let small = try scene.bind(["cpu": 10_000], to: node)
    let large = try scene.bind(["cpu": 20_000], to: node)
    let batch = try scene.bind(["spare cpu": 6000], to: node)
    #expect(try scene.value("spare cpu", node) == -1)
    try scene.report(node, cpu: 50_000, pods: [small: 12_000, large: 8000, batch: 5000])
    #expect(try scene.value("spare cpu", node) == cores * 1000)
    // the best-effort pod has 6 of it
    #expect(scene.twin.oracle.node(node).used["spare cpu"] == (100 - cores + 6) * 1000)
    // one more of which no report says anything: by its request
    let fresh = try scene.bind(["cpu": 3000], to: node)
    #expect(try scene.value("spare cpu", node) == (cores - 3) * 1000)
    try scene.twin.remove([fresh], forgetting: false)
    #expect(try scene.value("spare cpu", node) == cores * 1000)
    // a measured one leaves: what it used counts until the next report
    try scene.twin.remove([large], forgetting: false)
    let left: Int64 = prediction == .max ? 12 : prediction == .request ? 20 : 0
    #expect(try scene.value("spare cpu", node) == (cores + left) * 1000)
    try scene.twin.setTime(1_900_000)
    #expect(try scene.value("spare cpu", node) == -1)
  }

  @Test func spareCapacityHasAMost() throws {
    let scene = try Scene(most: 20)
    try scene.report(scene.nodes[0], cpu: 10_000)
    #expect(try scene.value("spare cpu", scene.nodes[0]) == 20_000)
    try scene.report(scene.nodes[0], cpu: 50_000)
    #expect(try scene.value("spare cpu", scene.nodes[0]) == 15_000)
    try scene.report(scene.nodes[0], cpu: 70_000)
    #expect(try scene.value("spare cpu", scene.nodes[0]) == 0)
  }

  /// 40 cores, then none: half a half-life takes a quarter, a whole one a half, and so on; new highs count at once.
  @Test func peaksDecay() throws {
    let scene = try Scene(prediction: .peak)
    let node = scene.nodes[0]
    func spare(after time: Int64, _ cpu: Int64) throws -> Int64 {
      try scene.twin.setTime(1_000_000 + time)
      try scene.report(node, cpu: cpu)
      return try scene.value("spare cpu", node)
    }
    #expect(try spare(after: 0, 40_000) == 25_000)
    #expect(try spare(after: 500, 0) == 65_000 - 30_000)
    #expect(try spare(after: 1500, 0) == 65_000 - 15_000)
    #expect(try spare(after: 1501, 0) == 65_000 - 14_993)  // 15000 - floor(15000 x 1 / 2000)
    #expect(try spare(after: 1501, 20_000) == 65_000 - 20_000)
    #expect(try spare(after: 90_000_000, 0) == 65_000)
  }

  /// Best-effort pods go where there is room to spare, and it shrinks for them alone.
  @Test func bestEffortGoesWhereThereIsRoomToSpare() throws {
    let scene = try Scene(nodes: 3)
    try scene.report(scene.nodes[0], cpu: 60_000)
    try scene.report(scene.nodes[1], cpu: 40_000)
    // 5 cores to spare on the first, 25 on the second, and nobody knows of the third
    let batch = scene.pod(["spare cpu": 10_000])
    try scene.twin.place([batch, batch, batch], dryRun: false)
    let placed = scene.twin.oracle.pods.values.map(\.node)
    #expect(placed == [scene.nodes[1], scene.nodes[1]])
    try scene.twin.explain(batch)
    try scene.twin.readBack()
  }
}
