import BerthOracle
import CBerth
import Testing

/// The rules of gangs, one by one. Figures are members by node, in topology order.
struct GangRuleTests {
  // MARK: Whole or not at all

  /// scheduler-plugins 713, 930: nine members of ten that wait keep others out. Here nothing is held.
  @Test func aGangThatDoesNotFitLeavesNothing() {
    GangTree.run("aGangThatDoesNotFitLeavesNothing", racks: [[3, 3], [3]]) { tree in
      for required in [0, 1] {
        _ = try tree.refuse(tree.gang(10, required: required))
        #expect(tree.twin.oracle.pods.isEmpty)
      }
      try tree.twin.place(Array(repeating: tree.pod(), count: 9), dryRun: false)
      #expect(tree.twin.oracle.pods.count == 9)
      _ = try tree.refuse(tree.gang(1))
    }
  }

  /// koordinator 872: gangs A with B and C with D, room for two of the four, and they come in the order A C B D. Held one
  /// by one, A and C wait for B and D for ever. Together, A and B start and C and D wait with nothing.
  @Test func groupsOfGangsDoNotLockEachOtherOut() {
    GangTree.run("groupsOfGangsDoNotLockEachOtherOut", racks: [[2, 2]]) { tree in
      let twin = tree.twin
      let pair = tree.gang(2, required: 1)
      let large = tree.gang(3, required: 1)
      let refused = try twin.placeGangs([pair, large], dryRun: false)
      #expect(refused.map(\.outcome) == [Int(BERTH_GANG_WITHDRAWN), Int(BERTH_GANG_NO_FIT)])
      #expect([refused[1].needed, refused[1].available] == [3, 2])
      #expect(twin.oracle.pods.isEmpty)
      let first = try twin.placeGangs([pair, pair], dryRun: false)
      #expect(first.allSatisfy(\.isPlaced) && twin.oracle.pods.count == 4)
      let second = try twin.placeGangs([pair, pair], dryRun: false)
      #expect(second.map(\.outcome).contains(Int(BERTH_GANG_NO_FIT)) && twin.oracle.pods.count == 4)
      try twin.remove(Array(twin.oracle.pods.keys), forgetting: false)
      #expect(try twin.placeGangs([pair, pair], dryRun: true).allSatisfy(\.isPlaced))
    }
  }

  /// Upstream's group scheduling places one pod after the other: "finding a valid placement is not guaranteed". Prefill
  /// alone is best off where decode has its only place.
  @Test(arguments: [0, 1])
  func rolesFindTheirPlacementWhereGreedMissesIt(required: Int) {
    GangTree.run("rolesFindTheirPlacementWhereGreedMissesIt", racks: [[4, 4, 8]]) { tree in
      // memory of the third node is short, and cpu of the others
      try tree.twin.bind([(tree.pod(cpu: 0, memory: 97), tree.nodes[2])])
      let prefill = tree.pod(cpu: 3, memory: 1, profile: "spreading")
      var gang = GangSpec([
        GangSpec.Role(prefill, 2), GangSpec.Role(tree.pod(cpu: 3, memory: 40, profile: "spreading"), 2),
      ])
      gang.requiredLevel = required
      try tree.expect(gang, on: [1, 1, 2])
      gang.roles[0] = GangSpec.Role(prefill, 3)
      _ = try tree.refuse(gang)
    }
  }

  // MARK: Numbers

  @Test func elasticRolesGetTheirMinimaFirst() {
    GangTree.run("elasticRolesGetTheirMinimaFirst", racks: [[3, 2], [4]]) { tree in
      try tree.expect(tree.gang(3, upTo: 6, required: 1), on: [3, 2, 0])
      try tree.expect(tree.gang(3, upTo: 4, required: 1), on: [0, 0, 4])
      _ = try tree.refuse(tree.gang(6, upTo: 8, required: 1))
      var gang = GangSpec([GangSpec.Role(tree.pod(), 1, upTo: 4), GangSpec.Role(tree.pod(profile: "spreading"), 2)])
      gang.requiredLevel = 1
      let answer = try tree.place(gang)?.answer
      #expect(answer?.roles == [0, 0, 0, 1, 1])
      gang.roles[1].most = 9
      #expect(try tree.place(gang)?.answer.roles == [0, 0, 0, 1, 1])
    }
  }

  /// minMember of the whole gang: the first roles that have more fill it up.
  @Test func whatLacksToTheGangIsAskedOfTheRolesInOrder() {
    GangTree.run("whatLacksToTheGangIsAskedOfTheRolesInOrder", racks: [[5]]) { tree in
      var gang = GangSpec([
        GangSpec.Role(tree.pod(cpu: 2), 0, upTo: 1), GangSpec.Role(tree.pod(), 1, upTo: 8),
      ])
      gang.requiredLevel = 1
      gang.leastMembers = 4
      #expect(try tree.place(gang)?.answer.roles == [0, 1, 1, 1])
      gang.leastMembers = 5
      let proof = try tree.refuse(gang)
      #expect(proof.needed == [1, 4][proof.role])
      gang.roles[0].most = 0
      #expect(try tree.place(gang)?.answer.roles == [1, 1, 1, 1, 1])
    }
  }

  // MARK: Levels

  /// A role's preferred level is tried as a required one; the last role gives up first.
  @Test func preferredLevelsAreGivenUpFromTheLastRoleOn() {
    GangTree.run("preferredLevelsAreGivenUpFromTheLastRoleOn", racks: [[4], [2], [3]]) { tree in
      var gang = GangSpec([GangSpec.Role(tree.pod(), 4), GangSpec.Role(tree.pod(profile: "spreading"), 4)])
      gang.roles[0].preferredLevel = 1
      gang.roles[1].preferredLevel = 1
      guard let placed = try tree.place(gang) else { return }
      #expect(placed.answer.preferredMet == 0)
      let homes = zip(placed.answer.placements, placed.answer.roles).filter { $0.1 == 0 }.map(\.0.node)
      #expect(Set(homes) == [tree.twin.nodeIds[tree.nodes[0]]!])
      gang.roles[1].least = 3
      gang.roles[1].most = 3
      #expect(try tree.place(gang)?.answer.preferredMet == 1)
    }
  }

  /// Primary and standby are never in the same rack.
  @Test func separateRolesShareNoDomain() {
    GangTree.run("separateRolesShareNoDomain", racks: [[9, 9], [2], [2]]) { tree in
      var gang = GangSpec([GangSpec.Role(tree.pod(), 3), GangSpec.Role(tree.pod(profile: "spreading"), 3)])
      gang.preferredLevel = 1
      let together = try tree.place(gang)
      #expect(together?.answer.domains[1] == 1)
      gang.separateLevel = 1
      #expect(try tree.place(gang)?.answer.domains == [1, 3, 3])
      gang.separateLevel = 2
      #expect(try tree.place(gang)?.answer.domains == [1, 1, 2])
      (gang.requiredLevel, gang.separateLevel) = (1, 1)
      #expect(try tree.refuse(gang).resource == UInt32(BERTH_ANY_RESOURCE))
    }
  }

  /// No more of a gang in a rack than may fail with it.
  @Test func aLimitPerDomainIsKept() {
    GangTree.run("aLimitPerDomainIsKept", racks: [[4, 4], [4], [1, 1, 1]]) { tree in
      var gang = tree.gang(6, preferred: 1)
      (gang.roles[0].spreadLevel, gang.roles[0].spreadMembers) = (1, 3)
      #expect(try tree.place(gang)?.answer.domains[1] == 2)
      gang.roles[0] = GangSpec.Role(tree.pod(), 10)
      (gang.roles[0].spreadLevel, gang.roles[0].spreadMembers) = (1, 3)
      let proof = try tree.refuse(gang)
      #expect([proof.level, proof.available, proof.enoughDomains] == [0, 9, 0])
    }
  }

  @Test func onlyNodesOfTheDomainAreTaken() {
    GangTree.run("onlyNodesOfTheDomainAreTaken", blocks: [[[4], [2]], [[1, 1], [2]]]) { tree in
      var gang = tree.gang(4, preferred: 1)
      try tree.expect(gang, on: [4, 0, 0, 0, 0])
      gang.domain = tree.domains["block-1"]!
      try tree.expect(gang, on: [0, 0, 1, 1, 2])
      gang.domain = tree.domains["block-1/rack-1"]!
      #expect(try tree.refuse(gang).available == 2)
    }
  }

  // MARK: Growing and shrinking

  /// New members join those that run; what these have opened is open.
  @Test func aGangGrowsWhereItRuns() {
    GangTree.run("aGangGrowsWhereItRuns", racks: [[4, 4], [9], [3]]) { tree in
      try tree.twin.bind([(tree.pod(), tree.nodes[0]), (tree.pod(), tree.nodes[0])])
      var gang = tree.gang(3, required: 1)
      gang.running = tree.twin.oracle.pods.keys.sorted().map { GangSpec.Member($0) }
      try tree.expect(gang, on: [2, 1, 0, 0])
      (gang.roles[0].least, gang.roles[0].most) = (7, 7)
      // the third node would hold them, but two run elsewhere
      #expect(try tree.refuse(gang).available == 6)
      (gang.requiredLevel, gang.preferredLevel) = (0, 1)
      #expect(try tree.place(gang)?.answer.domains == [1, 2, 2])
      // a limit counts those that run, minMember too
      (gang.roles[0].spreadLevel, gang.roles[0].spreadMembers) = (2, 3)
      try tree.expect(gang, on: [1, 3, 0, 3])
      gang.roles[0] = GangSpec.Role(tree.pod(), 0, upTo: 4)
      gang.leastMembers = 4
      (gang.requiredLevel, gang.preferredLevel) = (2, 0)
      try tree.expect(gang, on: [2, 0, 0, 0])
    }
  }

  /// Those leave whose leaving closes domains.
  @Test func aGangShrinksToTheFewestDomains() {
    GangTree.run("aGangShrinksToTheFewestDomains", blocks: [[[3, 2], [4]], [[2]]]) { tree in
      let twin = tree.twin
      let homes = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3].map { tree.nodes[$0] }
      try twin.bind(homes.map { (tree.pod(), $0) })
      func staying() -> [Int] {
        tree.nodes.map { node in twin.oracle.pods.values.count { $0.node == node } }
      }
      for (keep, left) in [(9, [3, 2, 4, 0]), (5, [3, 2, 0, 0]), (3, [3, 0, 0, 0])] {
        let members = twin.oracle.pods.keys.sorted()
        #expect(try twin.shrink(members, keep: keep).count == members.count - keep)
        #expect(staying() == left)
      }
      #expect(try twin.shrink(twin.oracle.pods.keys.sorted(), keep: 3).isEmpty)
      #expect(try twin.shrink(twin.oracle.pods.keys.sorted(), keep: 0).count == 3)
    }
  }
}
