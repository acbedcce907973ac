import BerthCore
import BerthOracle
import CBerth
import Testing

/// Small exact cases of reservations, every step against the oracle.
struct ReservationPinnedTests {
  /// Two zones of two nodes each, 8 cpu and 16 memory a node.
  private struct Scene {
    let twin: Twin
    let zones: [Int]
    let nodes: [Int]
    var pod = PodSpec(profile: "packing")

    init(_ twin: Twin) throws {
      self.twin = twin
      try twin.addResource("cpu", .cpu)
      try twin.addResource("memory", .memory)
      try twin.addResource("gpu", .gpu)
      try twin.addProfile("packing", [Term(.binpack)])
      zones = try ["a", "b"].map { try twin.addDomain(parent: 0, name: $0) }
      let racks = try zones.map { try twin.addDomain(parent: $0, name: "r") }
      nodes = try twin.addNodes(
        (0..<4).map { index in
          var spec = NodeSpec(domain: racks[index / 2])
          spec.allocatable = ["cpu": 8, "memory": 16]
          return Twin.NewNode(spec: spec)
        })
      pod.requests = ["cpu": 4, "memory": 4]
    }

    func identity(_ pod: UInt64 = 0, gang: UInt64 = 0, queue: UInt64 = 0) -> Oracle.Identity {
      var identity = Oracle.Identity()
      (identity.pod, identity.gang, identity.queue) = (pod, gang, queue)
      return identity
    }

    @discardableResult
    func hold(
      _ held: [String: Int64], on node: Int, for owner: Oracle.Owner, until expiry: Int64? = nil
    ) throws -> Int {
      let made = try twin.reserve([
        Oracle.WantedReservation(owner: owner, expiry: expiry, scope: .node(nodes[node], held))
      ])
      guard made.count == 1 else { throw Mismatch("\(held) should be free on node \(node)") }
      return made[0]
    }

    /// Places one pod; the node it must go to, by place in `nodes`, nil: nowhere.
    func place(_ pod: PodSpec, as identity: Oracle.Identity = Oracle.Identity(), expect node: Int?) throws {
      let before = Set(twin.oracle.pods.keys)
      try twin.place([pod], as: [identity], dryRun: false)
      let placed = twin.oracle.pods.first { !before.contains($0.key) }
      let expected = node.map { nodes[$0] }
      try twin.check(
        placed?.value.node == expected,
        "the pod should go to \(expected ?? -1), not to \(placed?.value.node ?? -1)")
    }

    func expectLeft(_ reservation: Int, _ left: [String: Int64]) throws {
      let ours = twin.oracle.reservations[reservation]!
      try twin.check(
        left.allSatisfy { ours.left($0.key) == $0.value }, "\(left) should be left of \(ours)")
    }
  }

  private static func run(_ test: String, _ body: (Scene) throws -> Void) {
    Fuzz.run(test, seed: 0, try Twin(levelKeys: ["zone", "rack"], seed: 3, hasControl: true)) { twin in
      try body(try Scene(twin))
    }
  }

  /// Binpack would fill the other node; the owner goes where something is held for it, everyone else sees it full.
  @Test func ownersComeFirstAndOthersSeeNothing() {
    ReservationPinnedTests.run("ownersComeFirstAndOthersSeeNothing") { scene in
      try scene.twin.bind([(scene.pod, scene.nodes[1])])
      let held = try scene.hold(["cpu": 8, "memory": 4], on: 2, for: Oracle.Owner(.pod, 7))
      try scene.place(scene.pod, as: scene.identity(8), expect: 1)
      try scene.place(scene.pod, as: scene.identity(7), expect: 2)
      try scene.expectLeft(held, ["cpu": 4, "memory": 0])
      for _ in 0..<4 { try scene.twin.place([scene.pod], dryRun: false) }
      try scene.place(scene.pod, as: scene.identity(8), expect: nil)
      try scene.place(scene.pod, as: scene.identity(7), expect: 2)
      try scene.place(scene.pod, as: scene.identity(7), expect: nil)
    }
  }

  /// What is used up holds nobody back and calls nobody.
  @Test func usedUpReservationsAreNotPreferred() {
    ReservationPinnedTests.run("usedUpReservationsAreNotPreferred") { scene in
      try scene.twin.bind([(scene.pod, scene.nodes[0])])
      let held = try scene.hold(["cpu": 4, "memory": 4], on: 3, for: Oracle.Owner(.gang, 1))
      try scene.place(scene.pod, as: scene.identity(gang: 1), expect: 3)
      try scene.expectLeft(held, ["cpu": 0, "memory": 0])
      try scene.place(scene.pod, as: scene.identity(gang: 1), expect: 0)
      try scene.twin.remove(
        scene.twin.oracle.pods.filter { $0.value.node == scene.nodes[3] }.map(\.key), forgetting: true)
      try scene.expectLeft(held, ["cpu": 4, "memory": 4])
      try scene.place(scene.pod, as: scene.identity(gang: 1), expect: 3)
    }
  }

  @Test func theMostSpecificOwnerGivesFirst() {
    ReservationPinnedTests.run("theMostSpecificOwnerGivesFirst") { scene in
      let podClass = UInt64(try scene.twin.podClass(scene.pod))
      let owners = [
        Oracle.Owner(.queue, 1), Oracle.Owner(.podClass, podClass), Oracle.Owner(.gang, 1), Oracle.Owner(.pod, 1),
        Oracle.Owner(.pod, 1),
      ]
      let held = try owners.map { try scene.hold(["cpu": 1], on: 0, for: $0) }
      try scene.place(scene.pod, as: scene.identity(1, gang: 1, queue: 1), expect: 0)
      for (one, left) in zip(held, [1, 0, 0, 0, 0] as [Int64]) { try scene.expectLeft(one, ["cpu": left]) }
      try scene.place(scene.pod, as: scene.identity(1, gang: 1, queue: 1), expect: 0)
      for one in held { try scene.expectLeft(one, ["cpu": 0]) }
    }
  }

  /// A pod that needs both its reservations and the rest of the node, to the last unit.
  @Test func severalReservationsAndFreeRoomTogether() {
    ReservationPinnedTests.run("severalReservationsAndFreeRoomTogether") { scene in
      try scene.twin.bind([(scene.pod, scene.nodes[0])])
      try scene.hold(["cpu": 1], on: 0, for: Oracle.Owner(.pod, 1))
      try scene.hold(["cpu": 2], on: 0, for: Oracle.Owner(.queue, 5))
      try scene.hold(["cpu": 1], on: 0, for: Oracle.Owner(.pod, 2))
      for node in 1..<4 { try scene.hold(["cpu": 8], on: node, for: Oracle.Owner(.pod, 9)) }
      var large = scene.pod
      large.requests = ["cpu": 4]
      try scene.place(large, as: scene.identity(1, queue: 5), expect: nil)
      large.requests = ["cpu": 3]
      try scene.place(large, as: scene.identity(1), expect: nil)
      try scene.place(large, as: scene.identity(1, queue: 5), expect: 0)
    }
  }

  @Test func reservationsLapseAtTheirTimeAndNotBefore() {
    ReservationPinnedTests.run("reservationsLapseAtTheirTimeAndNotBefore") { scene in
      let held = try scene.hold(["cpu": 8], on: 0, for: Oracle.Owner(.pod, 1), until: 100)
      try scene.hold(["cpu": 8], on: 1, for: Oracle.Owner(.pod, 1), until: 50)
      try scene.hold(["cpu": 8], on: 2, for: Oracle.Owner(.pod, 1))
      try scene.place(scene.pod, as: scene.identity(1), expect: 0)
      try scene.twin.setTime(99)
      try scene.expectLeft(held, ["cpu": 4])
      try scene.twin.begin()
      try scene.twin.setTime(100)
      try scene.twin.check(scene.twin.oracle.reservations.count == 1, "one reservation should be there")
      try scene.twin.remove(scene.twin.oracle.pods.keys.sorted(), forgetting: true)
      try scene.hold(["cpu": 8], on: 0, for: Oracle.Owner(.pod, 2))
      try scene.twin.discard()
      try scene.twin.remove(scene.twin.oracle.pods.keys.sorted(), forgetting: true)
      try scene.expectLeft(held, ["cpu": 8])
    }
  }

  @Test func resizingEndsExactlyAtWhatIsFreeAndWhatIsTaken() {
    ReservationPinnedTests.run("resizingEndsExactlyAtWhatIsFreeAndWhatIsTaken") { scene in
      let held = try scene.hold(["cpu": 5], on: 0, for: Oracle.Owner(.pod, 1))
      try scene.place(scene.pod, as: scene.identity(1), expect: 0)
      try scene.twin.resize(held, to: ["cpu": 3])
      try scene.twin.resize(held, to: ["memory": 1])
      try scene.twin.resize(held, to: ["cpu": 4])
      try scene.expectLeft(held, ["cpu": 0])
      try scene.twin.resize(held, to: ["cpu": 9])
      try scene.twin.resize(held, to: ["cpu": 8, "gpu": 1])
      try scene.twin.resize(held, to: ["cpu": 8, "memory": 12])
      try scene.expectLeft(held, ["cpu": 4, "memory": 12])
      try scene.twin.resize(held, to: ["cpu": 8, "memory": 13])
      try scene.place(scene.pod, as: scene.identity(1), expect: 0)
    }
  }

  /// Its old owner's pods keep what they have; what they give back is the new owner's.
  @Test func handedOverWhileInUse() {
    ReservationPinnedTests.run("handedOverWhileInUse") { scene in
      let held = try scene.hold(["cpu": 8, "memory": 8], on: 3, for: Oracle.Owner(.gang, 1))
      try scene.place(scene.pod, as: scene.identity(gang: 1), expect: 3)
      try scene.twin.handOver(held, to: Oracle.Owner(.gang, 2))
      try scene.place(scene.pod, as: scene.identity(gang: 1), expect: 0)
      try scene.place(scene.pod, as: scene.identity(gang: 2), expect: 3)
      let first = scene.twin.oracle.uses.keys.sorted()[0]
      try scene.twin.remove([first], forgetting: true)
      try scene.expectLeft(held, ["cpu": 4, "memory": 4])
      try scene.place(scene.pod, as: scene.identity(gang: 2), expect: 3)
    }
  }

  @Test func removedNodesEndReservationsUntilThatIsTakenBack() {
    ReservationPinnedTests.run("removedNodesEndReservationsUntilThatIsTakenBack") { scene in
      let held = try scene.hold(["cpu": 8, "memory": 8], on: 1, for: Oracle.Owner(.queue, 1), until: 10)
      try scene.hold(["memory": 1], on: 1, for: Oracle.Owner(.pod, 3))
      try scene.place(scene.pod, as: scene.identity(queue: 1), expect: 1)
      try scene.twin.begin()
      try scene.twin.removeNodes([scene.nodes[1]])
      try scene.twin.check(scene.twin.oracle.reservations.isEmpty, "no reservation should be there")
      try scene.twin.remove(scene.twin.oracle.pods.keys.sorted(), forgetting: true)
      try scene.twin.setTime(10)
      try scene.twin.discard()
      try scene.expectLeft(held, ["cpu": 4, "memory": 4])
      try scene.place(scene.pod, as: scene.identity(queue: 1), expect: 1)
    }
  }

  /// A node that shrinks below what is held there: what is held stays, and may be taken as far as the node has it.
  @Test func updatedNodesKeepWhatIsHeld() {
    ReservationPinnedTests.run("updatedNodesKeepWhatIsHeld") { scene in
      let held = try scene.hold(["cpu": 8, "memory": 16], on: 2, for: Oracle.Owner(.pod, 1))
      var spec = scene.twin.oracle.nodes[scene.nodes[2]]!.spec
      spec.allocatable = ["cpu": 5]
      try scene.twin.updateNodes([scene.nodes[2]], [spec])
      try scene.place(scene.pod, as: scene.identity(1), expect: 0)
      var narrow = scene.pod
      narrow.requests = ["cpu": 4]
      try scene.place(narrow, as: scene.identity(1), expect: 2)
      try scene.place(narrow, as: scene.identity(1), expect: 0)
      try scene.expectLeft(held, ["cpu": 4, "memory": 16])
      try scene.twin.resize(held, to: ["cpu": 5])
      try scene.twin.endReservations([held])
    }
  }

  /// Headroom: as many as fit in the domain, all or none.
  @Test func headroomWithinADomain() {
    ReservationPinnedTests.run("headroomWithinADomain") { scene in
      let podClass = Oracle.Owner(.podClass, UInt64(try scene.twin.podClass(scene.pod)))
      func headroom(_ count: Int, _ domain: Int) throws -> [Int] {
        let one = Oracle.WantedReservation(owner: podClass, expiry: nil, scope: .domain(domain, scene.pod))
        return try scene.twin.reserve(Array(repeating: one, count: count))
      }
      try scene.twin.check(try headroom(5, scene.zones[1]).isEmpty, "five should not fit in a zone")
      let held = try headroom(4, scene.zones[1])
      try scene.twin.check(
        held.map { scene.twin.oracle.reservations[$0]!.node } == [2, 2, 3, 3].map { scene.nodes[$0] },
        "the zone's nodes should be packed one after the other")
      try scene.twin.check(try headroom(5, 0).isEmpty, "five should not fit in the rest of the cluster")
      for node in [2, 2, 3, 3, 0] { try scene.place(scene.pod, expect: node) }
    }
  }

  /// A name leaves nodes of all domains over: the domain's count.
  @Test func namedNodesWithinADomain() {
    ReservationPinnedTests.run("namedNodesWithinADomain") { scene in
      let specs = [0, 2].map { scene.twin.oracle.nodes[scene.nodes[$0]]!.spec }
      try scene.twin.addNodes(
        zip(specs, ["in-a", "in-b"]).map { Twin.NewNode(spec: $0, name: $1, untold: ["cpu": $1 == "in-a" ? 3 : 0]) })
      var pod = scene.pod
      pod.requiredTerms = [
        SelectorTerm([Requirement(key: "kubernetes.io/hostname", op: .in, values: ["in-a", "in-b"])])
      ]
      for domain in [scene.zones[1], scene.zones[0], 0] {
        let made = try scene.twin.reserve([
          Oracle.WantedReservation(owner: Oracle.Owner(.pod, 1), expiry: nil, scope: .domain(domain, pod))
        ])
        let name = scene.twin.oracle.nodes[scene.twin.oracle.reservations[made[0]]!.node]!.name
        try scene.twin.check(
          name == (domain == scene.zones[0] ? "in-a" : "in-b"), "\(name ?? "a nameless node") for domain \(domain)")
      }
    }
  }

  /// More pools than a hash tells apart, so that pools of both zones share bits; subtrees of equal nodes.
  @Test func domainsOfManyPools() {
    ReservationPinnedTests.run("domainsOfManyPools") { scene in
      let domains = scene.nodes.map { scene.twin.oracle.nodes[$0]!.spec.domain }
      try scene.twin.removeNodes(scene.nodes)
      try scene.twin.addNodes(
        (0..<1500).map { index in
          var spec = NodeSpec(domain: domains[index < 750 ? 0 : 2])
          spec.allocatable = ["cpu": 8, "memory": 16]
          spec.labels = ["number": "\(index % 67)"]
          return Twin.NewNode(spec: spec)
        })
      for zone in [scene.zones[1], scene.zones[0], scene.zones[1]] {
        let one = Oracle.WantedReservation(owner: Oracle.Owner(.queue, 1), expiry: nil, scope: .domain(zone, scene.pod))
        for _ in 0..<4 { try scene.twin.reserve([one, one, one]) }
      }
    }
  }

  /// Scores that are normalised over the feasible nodes know of the nodes with reservations only.
  @Test func scoresAreNormalisedOverTheNodesWithReservations() {
    ReservationPinnedTests.run("scoresAreNormalisedOverTheNodesWithReservations") { scene in
      try scene.twin.addProfile("affine", [Term(.nodeAffinity, weight: 3), Term(.taintToleration)])
      var pod = PodSpec(profile: "affine")
      pod.requests = ["cpu": 1]
      pod.preferredTerms = [
        SelectorTerm([Requirement(key: "zone", op: .in, values: ["a"])], weight: 100),
        SelectorTerm([Requirement(key: "zone", op: .in, values: ["b"])], weight: 10),
      ]
      try scene.place(pod, as: scene.identity(1), expect: 0)
      for node in 2...3 { try scene.hold(["cpu": 2], on: node, for: Oracle.Owner(.pod, 1)) }
      try scene.place(pod, as: scene.identity(1), expect: 2)
    }
  }

  @Test func idsGrowAndStaleOnesAreKnown() {
    ReservationPinnedTests.run("idsGrowAndStaleOnesAreKnown") { scene in
      let first = try scene.hold(["cpu": 1], on: 0, for: Oracle.Owner(.pod, 1))
      let second = try scene.hold(["cpu": 1], on: 0, for: Oracle.Owner(.pod, 1))
      let ids = [first, second].map { scene.twin.reservationIds[$0]! }
      try scene.twin.endReservations([first])
      try scene.hold(["cpu": 1], on: 0, for: Oracle.Owner(.pod, 1))
      try scene.twin.refused("expiry of one that ended", BERTH_STALE_ID) { engine throws(EngineError) in
        try engine.setReservationExpiry(ids[0], 7)
      }
      try scene.twin.endReservations(scene.twin.oracle.reservations.keys.sorted())
      try scene.twin.begin()
      let fleeting = try scene.hold(["cpu": 1], on: 0, for: Oracle.Owner(.pod, 1))
      let void = scene.twin.reservationIds[fleeting]!
      try scene.twin.discard()
      for id in [ids[0], ids[1]] {
        try scene.twin.refused("expiry of one that ended", BERTH_STALE_ID) { engine throws(EngineError) in
          try engine.setReservationExpiry(id, 7)
        }
      }
      for id in [0, 1, void, ids[1] + 3, ids[1] + 1 << 26, .max] {
        try scene.twin.refused("expiry of \(id), never given out", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
          try engine.setReservationExpiry(id, 7)
        }
      }
    }
  }
}
