import BerthOracle
import CBerth
import Testing

/// Small exact cases of what slot indexes once got wrong.
struct SlotIndexPinnedTests {
  /// Where pods of a rack have a say, a node that takes the slot another left is as its rack is, not as an empty one.
  @Test func aSlotThatChangesHandsKeepsItsRack() {
    let levels = ["topology.kubernetes.io/zone", "block", "rack"]
    Fuzz.run("aSlotThatChangesHandsKeepsItsRack", seed: 0, try Twin(levelKeys: levels, seed: 0)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addProfile("near", [Term(.interPodAffinity), Term(.leastAllocated, resources: [TermResource("cpu")])])
      var racks: [Int] = []
      for zone in 0..<2 {
        let zone = try twin.addDomain(parent: 0, name: "zone-\(zone)")
        let block = try twin.addDomain(parent: zone, name: "block-of-\(zone)")
        for rack in 0..<3 { racks.append(try twin.addDomain(parent: block, name: "rack-\(rack)-of-\(zone)")) }
      }
      func node(_ rack: Int) -> Twin.NewNode {
        var spec = NodeSpec(domain: racks[rack])
        spec.allocatable = ["cpu": 32_000]
        return Twin.NewNode(spec: spec)
      }
      var nodes = try racks.indices.map { rack in try twin.addNodes((0..<4).map { _ in node(rack) }) }
      var pod = PodSpec(profile: "near")
      pod.requests = ["cpu": 1000]
      pod.labels = ["app": "web"]
      let web = [Requirement(key: "app", op: .in, values: ["web"])]
      pod.affinityTerms = [PodAffinityTerm(.preferredAffinity, "rack", web, weight: 10)]
      try twin.bind([(pod, nodes[1][0]), (pod, nodes[4][0])])
      for round in 0..<40 {
        let rack = round % racks.count
        try twin.removeNodes([nodes[rack].removeLast()])
        try twin.candidates(pod, count: 100, path: BERTH_PATH_SLOTS)
        try twin.place([pod], dryRun: round % 4 != 0)
        nodes[rack] += try twin.addNodes([node(rack)])
        try twin.candidates(pod, count: 100, path: BERTH_PATH_SLOTS)
        try twin.place([pod], dryRun: true)
        try twin.validate()
      }
      let builds = twin.engines.map { $0.engine.info().slot_builds }
      try twin.check(builds.allSatisfy { $0 == 1 }, "one index should have followed it all: \(builds)")
    }
  }
}
