import BerthCore
import BerthOracle
import CBerth
import Testing

/// One kind of change after the other, made in a statement and taken back: `Twin` looks that everything that can be read
/// is what it was, and that the control, which saw nothing of it, gives the same answers from there on.
struct StatementTests {
  /// A cluster with something of everything, the change, and what is done afterwards with and without it.
  private static func takeBack(_ test: String, _ stretch: (inout StatementScene) throws -> Void) {
    Fuzz.run(test, seed: 0, try Twin(levelKeys: ["zone", "rack"], seed: 7, hasControl: true)) { twin in
      let scene = try StatementScene(twin)
      for round in 0..<3 {
        try twin.begin()
        try twin.checkpoint()
        var changed = scene
        try stretch(&changed)
        // By both ways: the checkpoint lies right behind the base.
        if round == 1 { try twin.rollBack(to: 0) }
        try twin.discard()
        var later = scene
        try twin.begin()
        try later.useEverything()
        try twin.discard()
      }
      // For good, so that the control takes part.
      var kept = scene
      try stretch(&kept)
      try twin.compareControl()
      try twin.begin()
      try stretch(&kept)
      try twin.commit()
      try kept.useEverything()
    }
  }

  @Test func placedPods() {
    StatementTests.takeBack("placedPods") { try $0.place(5) }
  }

  /// Pods that leave in an order of their own, and others that take their places.
  @Test func podsThatLeft() {
    StatementTests.takeBack("podsThatLeft") { scene in
      let pods = scene.twin.oracle.pods.keys.sorted()
      try scene.twin.remove([pods[2], pods[0], pods[3]], forgetting: false)
      try scene.place(2)
      try scene.twin.remove([scene.twin.oracle.pods.keys.max()!, pods[1]], forgetting: false)
      try scene.place(4)
    }
  }

  @Test func confirmedPods() {
    StatementTests.takeBack("confirmedPods") { scene in
      try scene.place(2)
      try scene.twin.confirm(scene.twin.oracle.pods.filter { !$0.value.bound }.keys.sorted())
      try scene.twin.remove([scene.twin.oracle.pods.keys.max()!], forgetting: false)
    }
  }

  /// Pods of a removed node hold nothing and stay known; with the node they come back to it.
  @Test func removedNodesWithPods() {
    StatementTests.takeBack("removedNodesWithPods") { scene in
      let order = scene.twin.oracle.topologyOrder()
      try scene.twin.removeNodes([order[3], order[0], order[1]])
      let homeless = scene.twin.oracle.pods.filter { $0.value.node == nil }.keys.sorted()
      try scene.twin.remove(Array(homeless.prefix(1)), forgetting: false)
      try scene.addNodes(2)
      try scene.place(3)
      try scene.twin.removeNodes([scene.twin.oracle.topologyOrder().last!])
    }
  }

  /// Fresh places and places of nodes that left, with names, some of them those of nodes that left.
  @Test func addedNodes() {
    StatementTests.takeBack("addedNodes") { scene in
      let first = scene.twin.oracle.topologyOrder()[1]
      let name = scene.twin.oracle.nodes[first]!.name
      try scene.twin.removeNodes([first])
      try scene.addNodes(1, names: [name])
      try scene.addNodes(9)
      try scene.place(4)
    }
  }

  /// So many at once that trees are built anew, domains get other labels and blocks of rows grow.
  @Test func manyNodesAtOnce() {
    StatementTests.takeBack("manyNodesAtOnce") { scene in
      try scene.addNodes(1500)
      try scene.place(3)
      let order = scene.twin.oracle.topologyOrder()
      try scene.twin.removeNodes(Array(order[100..<400]))
      try scene.addNodes(70)
      let moves = scene.twin.engines[0].engine.info().slot_moves
      try scene.twin.check(moves > 0, "labels should have been dealt out anew")
    }
  }

  /// One thing after the other, and everything at once.
  @Test func updatedNodes() {
    StatementTests.takeBack("updatedNodes") { scene in
      let order = scene.twin.oracle.topologyOrder()
      let elsewhere = scene.racks[2]
      let changes: [(inout NodeSpec) -> Void] = [
        { $0.domain = elsewhere }, { $0.allocatable = ["memory": 1 << 30, "disk": 5] }, { $0.price += 7 },
        { $0.tieKey = 99 }, { $0.labels = ["pool": "new"] }, { $0.cordoned = true },
        { $0.taints = [Taint(key: "spot", effect: .noSchedule)] }, { $0.allocatable = [:] },
      ]
      for (index, change) in changes.enumerated() {
        var spec = scene.twin.oracle.nodes[order[index % order.count]]!.spec
        change(&spec)
        try scene.twin.updateNodes([order[index % order.count]], [spec])
      }
      try scene.addNodes(1)
      let all = scene.twin.oracle.topologyOrder()
      var spec = NodeSpec(domain: scene.racks[0])
      spec.allocatable = ["cpu": 77_000, "memory": 99 << 30]
      try scene.twin.updateNodes(all, Array(repeating: spec, count: all.count))
      try scene.place(3)
    }
  }

  @Test func cordonedNodes() {
    StatementTests.takeBack("cordonedNodes") { scene in
      let order = scene.twin.oracle.topologyOrder()
      try scene.twin.cordonNodes(order, true)
      try scene.place(2)
      try scene.twin.cordonNodes([order[2], order[0]], false)
      try scene.place(2)
    }
  }

  /// Pods bound to nodes that have too little, or nothing at all, of what they ask for.
  @Test func overcommittedNodes() {
    StatementTests.takeBack("overcommittedNodes") { scene in
      let order = scene.twin.oracle.topologyOrder()
      var pod = scene.pods[0]
      pod.requests = ["cpu": 1 << 40, "disk": 3, "gpu": 1]
      try scene.twin.bind([(pod, order[0]), (pod, order[1]), (pod, order[0])])
      var other = pod
      other.requests = ["pods": 1]
      try scene.twin.remove(scene.twin.oracle.pods.keys.sorted().suffix(1), forgetting: false)
      try scene.twin.bind([(other, order[0])])
      try scene.twin.remove(scene.twin.oracle.pods.keys.sorted().suffix(2), forgetting: false)
      try scene.place(2)
    }
  }

  /// Names, and what is made of them, down to the default resources of a profile that was there before.
  @Test func vocabulary() {
    StatementTests.takeBack("vocabulary") { scene in
      let twin = scene.twin
      let made = twin.oracle.resources.count
      try twin.addResource("gpu-\(made)", .gpu)
      try twin.addResource("storage-\(made)", .ephemeralStorage)
      try scene.place(1)
      let zone = try twin.addDomain(parent: 0, name: "z\(made)")
      let racks = try ["r1", "r2"].map { try twin.addDomain(parent: zone, name: $0) }
      // Below a domain that others follow.
      let early = try twin.addDomain(parent: scene.zones[0], name: "r\(made)")
      scene.racks += racks + [early]
      try scene.addNodes(6, labels: ["made": "\(made)"], taint: Taint(key: "t\(made)", effect: .preferNoSchedule))
      try twin.addProfile("p\(made)", [Term(.binpack), Term(.taintToleration)])
      var pod = PodSpec(profile: "p\(made)")
      pod.requests = ["cpu": 100, "gpu-\(made)": 1]
      pod.nodeSelector = ["made": "\(made)"]
      try twin.place([pod, pod], dryRun: false)
      pod.tolerations = [Toleration(key: "t\(made)", op: .exists)]
      pod.nodeSelector = [:]
      try twin.place([pod, pod], dryRun: false)
    }
  }

  @Test func time() {
    StatementTests.takeBack("time") { scene in
      try scene.twin.setTime(scene.twin.oracle.now + 1)
      try scene.twin.setTime(scene.twin.oracle.now)
      try scene.twin.setTime(scene.twin.oracle.now + 1 << 40)
    }
  }

  /// A call that fails half-way through its work takes back its own part and nothing else.
  @Test func bindThatFailsHalfWay() {
    StatementTests.takeBack("bindThatFailsHalfWay") { scene in
      let twin = scene.twin
      let order = twin.oracle.topologyOrder()
      var greedy = scene.pods[0]
      greedy.requests = ["cpu": 1 << 50, "disk": 1]
      var classes = [try twin.podClass(scene.pods[0])]
      classes += Array(repeating: try twin.podClass(greedy), count: 4097)
      try scene.place(1)
      let scratch = Scratch()
      let nodes = scratch.array(
        order.prefix(1).map { twin.nodeIds[$0]! } + Array(repeating: twin.nodeIds[order[1]]!, count: 4097))
      try twin.refused("bind more than 2^62", BERTH_BAD_QUANTITY) { engine throws(EngineError) in
        try engine.bind(
          scratch.buffer(classes), nodes: nodes, pods: scratch.room(UInt64(0), count: classes.count).baseAddress!)
      }
      try twin.readBack()
      try scene.place(2)
    }
  }

  /// The ids of profiles and classes mean something else every time: whatever was compiled for them has to be forgotten.
  @Test(arguments: TermKind.withoutDevices)
  func idsThatAreGivenOutAgain(kind: TermKind) {
    Fuzz.run("idsThatAreGivenOutAgain", seed: 0, try Twin(seed: 3, hasControl: true)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addResource("memory", .memory)
      let nodes = (0..<400).map { index in
        var spec = NodeSpec(domain: 0)
        spec.allocatable = ["cpu": 64_000, "memory": 256 << 30]
        spec.price = Int64(index % 7)
        return Twin.NewNode(
          spec: spec, untold: ["cpu": twin.random.int64(0...60_000), "memory": twin.random.int64(0...(240 << 30))])
      }
      try twin.addNodes(nodes)
      try twin.addProfile("same", [ExhaustiveTests.term(kind)])
      for round in 0..<20 {
        try twin.begin()
        let other = twin.random.pick(TermKind.withoutDevices)
        try twin.addProfile("p", [ExhaustiveTests.term(round % 2 == 0 ? kind : other)])
        var pod = PodSpec(profile: round % 3 == 0 ? "same" : "p")
        pod.requests = ["cpu": twin.random.int64(1...30_000), "memory": twin.random.int64(1...(100 << 30))]
        try twin.place([pod, pod], dryRun: true)
        try twin.candidates(pod, count: 5)
        try twin.discard()
      }
    }
  }

  /// What comes and goes time and again costs no memory in the end.
  @Test func stretchesTakenBackCostNoMemory() {
    Fuzz.run("stretchesTakenBackCostNoMemory", seed: 0, try Twin(levelKeys: ["zone", "rack"], seed: 7)) { twin in
      let scene = try StatementScene(twin)
      var sizes: [UInt64] = []
      for _ in 0..<30 {
        try twin.begin()
        var changed = scene
        let zone = try twin.addDomain(parent: 0, name: "new")
        changed.racks += [try twin.addDomain(parent: zone, name: "r"), try twin.addDomain(parent: zone, name: "s")]
        changed.racks.append(try twin.addDomain(parent: scene.zones[0], name: "early"))
        try twin.addResource("new", .gpu)
        try changed.addNodes(300, labels: ["new": "1"], taint: Taint(key: "new", effect: .preferNoSchedule))
        try changed.useEverything()
        try twin.discard()
        sizes.append(twin.engines[0].engine.info().node_bytes + twin.engines[0].engine.info().index_bytes)
      }
      try twin.check(sizes[15...].max()! <= sizes[..<15].max()!, "bytes rise: \(sizes)")
    }
  }
}
