import BerthOracle
import CBerth
import Testing

/// Small exact cases of what topology spread once got wrong.
struct SpreadPinnedTests {
  private static let zone = "topology.kubernetes.io/zone"

  /// nil: the node lacks the label.
  private static func spec(zone value: String?) -> NodeSpec {
    var spec = NodeSpec(domain: 0)
    spec.allocatable = ["cpu": 64_000]
    spec.labels[zone] = value
    return spec
  }

  private static func twin(priced: Bool) throws -> Twin {
    let twin = try Twin(seed: 0)
    try twin.addResource("cpu", .cpu)
    try twin.addProfile("even", [Term(.podTopologySpread)] + (priced ? [Term(.price)] : []))
    return twin
  }

  /// Where the cluster's defaults spread a pod, kube-scheduler reads a label that is not there as an empty one: a node
  /// whose label is empty is scored by the pods of those that have none, and all of them are one domain. Slot indexes
  /// decide where there is no price, rows where there is one.
  @Test(arguments: [false, true])
  func byDefaultNodesWithoutALabelAreInTheDomainOfTheEmptyOne(priced: Bool) {
    Fuzz.run(
      "byDefaultNodesWithoutALabelAreInTheDomainOfTheEmptyOne", seed: 0, try SpreadPinnedTests.twin(priced: priced)
    ) { twin in
      var pod = PodSpec(profile: "even")
      pod.requests = ["cpu": 1000]
      pod.labels = ["app": "web"]
      pod.spreadsByDefault = true
      let web = [Requirement(key: "app", op: .in, values: ["web"])]
      pod.spreadConstraints = [SpreadConstraint(SpreadPinnedTests.zone, web, isRequired: false)]
      func look(_ expected: Int...) throws {
        let scores = Dictionary(uniqueKeysWithValues: twin.oracle.ranking(pod).map { ($0.node, Int($0.terms[0])) })
        try twin.check(twin.oracle.topologyOrder().map { scores[$0]! } == expected, "the oracle has \(scores)")
        for path in Twin.paths { try twin.candidates(pod, count: 10, path: Int(path)) }
        try twin.place([pod, pod], dryRun: true)
        try twin.validate()
      }
      func zones(_ values: [String?]) -> [Twin.NewNode] {
        values.map { Twin.NewNode(spec: SpreadPinnedTests.spec(zone: $0)) }
      }
      // the counts are made before any label is empty
      let bare = try twin.addNodes(zones([nil, nil]))
      try twin.bind([(pod, bare[0]), (pod, bare[1]), (pod, bare[1])])
      try look(100, 100)
      let told = try twin.addNodes(zones(["", "a"]))
      try look(100, 100, 0, 100)
      // two domains, not three: 3 ln 4 and ln 4 are 4 and 1
      try twin.bind([(pod, told[1])])
      try look(100, 100, 0, 75)
      // pods and nodes that come and go are counted where the label says, or would say
      try twin.bind([(pod, told[0])])
      try look(100, 100, 0, 83)
      try twin.updateNodes([bare[1]], [SpreadPinnedTests.spec(zone: "a")])
      try look(100, 0, 25, 0)
      try twin.updateNodes([bare[1]], [SpreadPinnedTests.spec(zone: nil)])
      try twin.removeNodes([bare[0]])
      try look(100, 0, 75)
      let slots = twin.engines.map { $0.engine.info().slot_queries }
      try twin.check(slots.allSatisfy { ($0 == 0) == priced }, "slot indexes were asked \(slots) times")
    }
  }
}
