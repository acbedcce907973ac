import BerthOracle
import CBerth
import Testing

/// Clusters large enough for the state tree to have inner levels, to split and to merge. The oracle decides a sample.
struct LargeClusterTests {
  /// Nodes that are all alike, nothing on them: every decision begins as a tie of thousands.
  @Test(arguments: ["binpack", "spread", "kube", "price"], [false, true])
  func emptyClusterOfEqualNodes(profile: String, tiesByKey: Bool) {
    Fuzz.run(
      "emptyClusterOfEqualNodes", seed: 0, try Twin(levelKeys: ["zone"], tiesByKey: tiesByKey, seed: profile.count)
    ) { twin in
      try LargeClusterTests.addResourcesAndProfiles(twin)
      let zones = try (0..<3).map { try twin.addDomain(parent: 0, name: "z\($0)") }
      try twin.addNodes(
        (0..<12_000).map { index in
          var spec = NodeSpec(domain: zones[index * 3 / 12_000])
          spec.allocatable = ["cpu": 64_000, "memory": 262_144 << 20, "gpu": 8]
          spec.tieKey = UInt32(truncatingIfNeeded: twin.random.next() % 1000)
          spec.price = 5
          return Twin.NewNode(spec: spec)
        })
      let pods = (1...6).map { LargeClusterTests.pod(profile, cpu: 1000 * Int64($0), gpu: $0 % 3 == 0 ? 1 : 0) }
      for path in Twin.paths {
        // One node after the other takes its time.
        let count = path == UInt32(BERTH_PATH_ROWS) ? 30 : 600
        let batch = (0..<count).map { _ in twin.random.pick(pods) }
        try twin.follow(batch, path: path, sampled: [0, 1, 2, count / 2, count - 2, count - 1])
      }
      try twin.candidates(pods[0], count: 12_500)
      try twin.explain(pods[2])
    }
  }

  /// Nodes fill up, leave by the thousand and come back elsewhere; pods come and go.
  @Test(arguments: Fuzz.seeds(6))
  func largeClusterUnderChurn(seed: Int) {
    let terms: [TermKind] =
      seed % 2 == 0 ? [.binpack, .spread, .leastAllocated, .balancedAllocation] : TermKind.withoutDevices
    let swarm = Swarm(seed: seed &* 31 &+ 5, terms: terms, nodes: 5000 + 2500 * (seed % 7))
    Fuzz.run(
      "largeClusterUnderChurn", seed: seed,
      try Twin(levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey, seed: seed)
    ) { twin in
      var stream = try CommandStream(twin, swarm)
      for _ in 0..<4 {
        try stream.churn(placements: 600, sampled: 8)
        for _ in 0..<4 { try stream.step() }
        try twin.validate()
      }
    }
  }

  /// Nodes arrive in an order that is not the topology's, in batches of every size: neighbourhoods fill up and move.
  @Test(arguments: [1, 7, 300])
  func nodesArriveInRandomDomains(batch: Int) {
    Fuzz.run("nodesArriveInRandomDomains", seed: 0, try Twin(levelKeys: ["zone", "rack"], seed: batch)) { twin in
      try LargeClusterTests.addResourcesAndProfiles(twin)
      var racks: [Int] = []
      for zone in 0..<6 {
        let domain = try twin.addDomain(parent: 0, name: "z\(zone)")
        for rack in 0..<10 { racks.append(try twin.addDomain(parent: domain, name: "r\(rack)")) }
      }
      let pods = (1...4).map { LargeClusterTests.pod("binpack", cpu: 900 * Int64($0), gpu: 0) }
      let total = batch == 1 ? 1500 : 6000
      while twin.oracle.nodes.count < total {
        // The first racks last: they have to push in before the others.
        let reach = racks.count - racks.count * twin.oracle.nodes.count / total
        let nodes = (0..<batch).map { _ in
          var spec = NodeSpec(domain: racks[twin.random.int(0...(reach - 1))])
          if twin.random.chance(0.5) { spec.domain = twin.random.pick(racks) }
          spec.allocatable = ["cpu": 1000 * twin.random.int64(1...8), "memory": 8 << 30]
          return Twin.NewNode(spec: spec)
        }
        try twin.addNodes(nodes)
        if twin.random.chance(0.05) { try twin.place([twin.random.pick(pods)], dryRun: false) }
      }
      try twin.readBack()
      let gone = twin.oracle.topologyOrder().filter { _ in twin.random.chance(0.9) }
      try twin.removeNodes(gone)
      try twin.readBack()
      try twin.place(pods, dryRun: false)
    }
  }

  /// A fleet as it is found: zones, machine types in labels, a tainted GPU pool, bytes as kubelets report them, system
  /// pods on every node; from empty until nothing fits any more.
  @Test(arguments: ["kubernetes", "packing", "cheapest", "fit"])
  func fleetFromEmptyToFull(profile: String) {
    Fuzz.run("fleetFromEmptyToFull", seed: 0, try Twin(levelKeys: [Fleet.zone], seed: profile.count)) { twin in
      var fleet = try Fleet(twin, nodes: 600)
      for round in 0..<10 {
        let path = Twin.paths[round % 3]
        let pods = (0..<2000).map { _ in fleet.pod(profile) }
        try twin.follow(pods, path: path, sampled: Set((0..<10).map { _ in twin.random.int(0...1999) }))
        let running = twin.oracle.pods.keys.sorted()
        try twin.remove(twin.random.sample(running, running.count / 10), forgetting: false)
        try twin.candidates(fleet.pod(profile), count: 50)
        try twin.explain(fleet.pod(profile))
        try twin.validate()
      }
    }
  }

  static func addResourcesAndProfiles(_ twin: Twin) throws {
    try twin.addResource("cpu", .cpu)
    try twin.addResource("memory", .memory)
    try twin.addResource("gpu", .gpu)
    try twin.addProfile("binpack", [Term(.binpack)])
    try twin.addProfile("spread", [Term(.spread)])
    try twin.addProfile("kube", [Term(.leastAllocated), Term(.balancedAllocation)])
    try twin.addProfile("price", [Term(.price, weight: 10), Term(.nodeAffinity), Term(.taintToleration)])
  }

  static func pod(_ profile: String, cpu: Int64, gpu: Int64) -> PodSpec {
    var pod = PodSpec(profile: profile)
    pod.requests = ["cpu": cpu, "memory": cpu * (3 << 20)]
    if gpu > 0 { pod.requests["gpu"] = gpu }
    return pod
  }
}

extension CommandStream {
  /// Places many pods, lets half of them go, and replaces a part of the nodes.
  mutating func churn(placements: Int, sampled: Int) throws {
    for _ in 0..<3 { makePod() }
    let path = swarm.random.pick(Twin.paths)
    let count = path == UInt32(BERTH_PATH_ROWS) ? 30 : placements
    let batch = (0..<count).map { _ in somePod() }
    let sample = Set((0..<sampled).map { _ in swarm.random.int(0...(count - 1)) })
    try twin.follow(batch, path: path, sampled: sample)
    let pods = twin.oracle.pods.keys.sorted()
    try twin.remove(swarm.random.sample(pods, pods.count / 2), forgetting: false)
    let order = twin.oracle.topologyOrder()
    if order.isEmpty { return }
    // A stretch of neighbours leaves, so that the tree has something to merge.
    let start = swarm.random.int(0...(order.count - 1))
    try twin.removeNodes(Array(order[start...].prefix(swarm.random.int(0...(order.count / 3)))))
    try makeNodes(swarm.random.int(0...(order.count / 4)))
    try changeNodes(swarm.random.sample(twin.oracle.topologyOrder(), order.count / 10))
  }
}
