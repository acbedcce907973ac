import BerthOracle
import CBerth
import Testing

/// Worked cases of other schedulers: Berth does as well, or better. Figures are members by node, in topology order.
struct GangPinnedTests {
  // MARK: Kueue, topology-aware scheduling

  /// Kueue's BestFit gives 3, 3, -, 1; its LeastFreeCapacity takes all four nodes: 2, 1 + ..., smallest first.
  @Test func kueueTheFewestNodesWithNothingLeftOver() {
    GangTree.run("kueueTheFewestNodesWithNothingLeftOver", racks: [[3, 3, 2, 1]]) { tree in
      try tree.expect(tree.gang(7, required: 1), on: [3, 3, 0, 1])
      try tree.expect(tree.gang(7, preferred: 1), on: [3, 3, 0, 1])
      // the last node is chosen tight on every number of members
      for (members, nodes) in [(1, [0, 0, 0, 1]), (2, [0, 0, 2, 0]), (4, [3, 0, 0, 1]), (8, [3, 3, 2, 0])] {
        try tree.expect(tree.gang(members, required: 1), on: nodes)
      }
    }
  }

  /// Slices of two: Kueue gives 6, -, 4, -, 2. As many nodes would do with 5 for 4 and 3 for 2; the profile that packs
  /// decides for the nodes that become full.
  @Test func kueueSlicesOfTwo() {
    GangTree.run("kueueSlicesOfTwo", racks: [[6, 5, 4, 3, 2]]) { tree in
      var gang = tree.gang(12, required: 1)
      gang.roles[0].slices = [GangSpec.Slice(2, 2)]
      try tree.expect(gang, on: [6, 0, 4, 0, 2])
      gang.roles[0] = GangSpec.Role(tree.pod(), 18)
      gang.roles[0].slices = [GangSpec.Slice(2, 2)]
      try tree.expect(gang, on: [6, 4, 4, 2, 2])
      (gang.roles[0].least, gang.roles[0].most) = (20, 20)
      let proof = try tree.refuse(gang)
      #expect([proof.level, proof.needed, proof.available, proof.enoughDomains] == [1, 20, 18, 0])
    }
  }

  /// Two blocks of 15 for 25 pods: Kueue's balanced placement gives 13 and 12. Berth opens as few domains, and balances
  /// where it is told a limit.
  @Test func kueueBalancedBlocks() {
    GangTree.run("kueueBalancedBlocks", racks: [[15], [15]]) { tree in
      let packed = try tree.place(tree.gang(25, preferred: 1))
      #expect(packed?.answer.domains == [1, 2, 2])
      #expect(packed?.answer.leftOver == [5, 5, 5])
      var gang = tree.gang(25, preferred: 1)
      (gang.roles[0].spreadLevel, gang.roles[0].spreadMembers) = (1, 13)
      let members = try tree.place(gang)?.members.sorted()
      #expect(members == [12, 13])
    }
  }

  /// [[20, 10], [15, 15]] for 22 pods: balanced placement takes the second rack, 11 and 11.
  @Test func kueueBalancedNodesOfOneRack() {
    GangTree.run("kueueBalancedNodesOfOneRack", racks: [[20, 10], [15, 15]]) { tree in
      #expect(try tree.place(tree.gang(22, preferred: 1))?.answer.domains == [1, 1, 2])
      var gang = tree.gang(22, required: 1)
      (gang.roles[0].spreadLevel, gang.roles[0].spreadMembers) = (2, 11)
      try tree.expect(gang, on: [0, 0, 11, 11])
    }
  }

  /// Slices within slices: what counts of a domain is what the narrower ones leave of it, not the sum of its nodes.
  @Test func kueueNestedSlices() {
    let blocks: [[[Int64]]] = [[[3, 1], [4, 4]], [[2, 2], [2, 3]], [[3, 3], [3, 3]]]
    GangTree.run("kueueNestedSlices", blocks: blocks) { tree in
      var gang = tree.gang(8, required: 1)
      gang.roles[0].slices = [GangSpec.Slice(1, 8), GangSpec.Slice(2, 4), GangSpec.Slice(3, 2)]
      try tree.expect(gang, on: [0, 0, 4, 4] + [0, 0, 0, 0] + [0, 0, 0, 0])
      gang.requiredLevel = 0
      gang.preferredLevel = 1
      for members in [16, 24] {
        (gang.roles[0].least, gang.roles[0].most) = (members, members)
        let expected = [[0, 0, 4, 4] + [2, 2, 2, 2] + [0, 0, 0, 0], [0, 0, 4, 4] + [2, 2, 2, 2] + [2, 2, 2, 2]]
        try tree.expect(gang, on: expected[members / 8 - 2])
      }
      (gang.roles[0].least, gang.roles[0].most) = (32, 32)
      #expect(try tree.refuse(gang).available == 24)
    }
  }

  /// A leader and its workers share a domain (podset-group-name), though another rack would hold all workers alone.
  @Test func kueueLeaderAndWorkersInOneRack() {
    GangTree.run("kueueLeaderAndWorkersInOneRack", racks: [[3, 3], [4, 2, 2], [9]]) { tree in
      try tree.fill([5: 2])
      var gang = GangSpec([GangSpec.Role(tree.pod(cpu: 4), 1), GangSpec.Role(tree.pod(), 4)])
      gang.requiredLevel = 1
      let answer = try tree.place(gang)?.answer
      #expect(answer?.commonLevel == 1)
      #expect(answer?.commonDomain == tree.twin.domainIds[tree.domains["rack-1"]!])
    }
  }

  // MARK: Koordinator, network topology

  /// Koordinator fills the largest child first and leaves the last one loose: 8 and 3 of 5. The 3 do for it.
  @Test func koordinatorTheLastChildIsTight() {
    GangTree.run("koordinatorTheLastChildIsTight", racks: [[8, 5, 3]]) { tree in
      try tree.expect(tree.gang(11, required: 1), on: [8, 0, 3])
    }
    GangTree.run("koordinatorTheLastChildIsTight", blocks: [[[8], [5], [3]]]) { tree in
      try tree.expect(tree.gang(11, preferred: 2), on: [8, 0, 3])
    }
  }

  /// podCountMultiple 4: counted by pods, the rack of 7 comes before that of 4, and three places of it are lost.
  @Test func koordinatorMultiplesAreTakenWhereTheyFit() {
    GangTree.run("koordinatorMultiplesAreTakenWhereTheyFit", blocks: [[[7], [9], [4]], [[2, 2, 2, 2]]]) { tree in
      var gang = tree.gang(12, required: 1)
      gang.roles[0].slices = [GangSpec.Slice(2, 4)]
      try tree.expect(gang, on: [0, 8, 4] + [0, 0, 0, 0])
      (gang.roles[0].least, gang.roles[0].most) = (20, 20)
      let proof = try tree.refuse(gang)
      #expect([proof.level, proof.available, proof.enoughDomains] == [1, 16, 2])
    }
  }

  /// Two roles with multiples: the largest child first gives the first role the rack that the second cannot do without.
  @Test func koordinatorMultiplesOfTwoRolesThatGreedMisses() {
    GangTree.run("koordinatorMultiplesOfTwoRolesThatGreedMisses", racks: [[2, 2, 2], [2, 2]]) { tree in
      // pairs of one cpu fit both racks; three nodes in one rack are in the first only
      var gang = GangSpec([GangSpec.Role(tree.pod(), 4), GangSpec.Role(tree.pod(cpu: 2), 3)])
      gang.roles[0].slices = [GangSpec.Slice(1, 4)]
      gang.roles[1].slices = [GangSpec.Slice(1, 3)]
      gang.preferredLevel = 1
      try tree.expect(gang, on: [1, 1, 1, 2, 2])
    }
  }

  /// Koordinator counts pods in order until one does not fit: a node without room for the master counts as 0, and this
  /// gang as too large. It fills the rack exactly.
  @Test func koordinatorMasterAndWorkersAreCountedApart() {
    GangTree.run("koordinatorMasterAndWorkersAreCountedApart", racks: [[3, 1, 4], [2, 2, 2, 2]]) { tree in
      var gang = GangSpec([GangSpec.Role(tree.pod(cpu: 4), 1), GangSpec.Role(tree.pod(), 4)])
      gang.requiredLevel = 1
      try tree.expect(gang, on: [3, 1, 1, 0, 0, 0, 0])
      gang.roles[1] = GangSpec.Role(tree.pod(), 5)
      _ = try tree.refuse(gang)
    }
  }

  // MARK: Slurm, topology plugins

  /// Best fit takes the switch that holds the job with the least to spare, whose leaves are many: "more than the optimum
  /// number of switches". Here five leaves; two do.
  @Test func slurmTheFewestSwitches() {
    let blocks: [[[Int64]]] = [[[2], [2], [2], [2], [2]], [[3], [8], [4]]]
    GangTree.run("slurmTheFewestSwitches", blocks: blocks) { tree in
      try tree.expect(tree.gang(11, required: 1), on: [0, 0, 0, 0, 0, 3, 8, 0])
      let placed = try tree.place(tree.gang(10, required: 1))
      #expect(placed?.answer.domains == [1, 1, 2, 2])
      #expect(placed?.answer.bound == [1, 1, 2, 2])
    }
  }

  /// `--segment=4`: whole segments within base blocks, from any blocks, adjacent or not.
  @Test func slurmSegmentsOfBlocks() {
    let one = [Int64](repeating: 1, count: 12)
    let racks = [Array(one.prefix(5)), Array(one.prefix(3)), Array(one.prefix(4)), Array(one.prefix(6))]
    GangTree.run("slurmSegmentsOfBlocks", racks: racks) { tree in
      var gang = tree.gang(12, preferred: 1)
      gang.roles[0].slices = [GangSpec.Slice(1, 4)]
      let answer = try tree.place(gang)?.answer
      #expect(answer?.domains == [1, 3, 12])
      (gang.roles[0].least, gang.roles[0].most) = (16, 16)
      #expect(try tree.refuse(gang).available == 12)
    }
  }

  /// Block sizes are powers of two times the smallest, so three base blocks are taken of four. Berth finds the block
  /// that has three and keeps the larger one whole.
  @Test func slurmBlocksOfAnyNumber() {
    let blocks: [[[Int64]]] = [[[2], [2], [2], [2]], [[2], [2], [2]]]
    GangTree.run("slurmBlocksOfAnyNumber", blocks: blocks) { tree in
      try tree.expect(tree.gang(6, required: 1), on: [0, 0, 0, 0, 2, 2, 2])
      try tree.expect(tree.gang(8, required: 1), on: [2, 2, 2, 2, 0, 0, 0])
      #expect(try tree.refuse(tree.gang(9, required: 1)).enoughDomains == 2)
    }
  }

  // MARK: Volcano, hyper-nodes

  /// A gang of 1,000 and 100 tier-1 hyper-nodes of which none can hold it: Volcano tries each. Here one sentence says
  /// why, and how many would do.
  @Test func volcanoNoHyperNodeHoldsAThousand() {
    let racks = [[Int64]](repeating: [Int64](repeating: 1, count: 10), count: 100)
    Fuzz.run("volcanoNoHyperNodeHoldsAThousand", seed: 0, try Twin(levelKeys: ["leaf"], seed: 5)) { twin in
      let tree = try GangTree(twin, racks: racks)
      let proof = try twin.place(tree.gang(1000, required: 1), dryRun: false)
      #expect(proof.outcome == Int(BERTH_GANG_NO_FIT) && proof.limits == 0)
      #expect([proof.level, proof.needed, proof.available, proof.enoughDomains] == [1, 1000, 10, 100])
      #expect(proof.resource == twin.resource("cpu"))
      for word in ["1000", "10", "100", "leaf"] { #expect(proof.message.contains(word), "\(proof.message)") }
      let placed = try twin.place(tree.gang(1000, preferred: 1), dryRun: true)
      #expect(placed.isPlaced && placed.preferredMet == 0)
      #expect(placed.domains == [1, 100, 1000] && placed.leftOver == [0, 0, 0])
      // and one more is too many for all of them together
      let more = try twin.place(tree.gang(1001, required: 1), dryRun: true)
      #expect([more.available, more.enoughDomains] == [10, 0])
    }
  }

  /// partitionPolicy with 4 partitions of 4, of which 2 at least: as many as fit, each within a hyper-node.
  @Test func volcanoPartitions() {
    GangTree.run("volcanoPartitions", racks: [[2, 3], [6], [3], [4]]) { tree in
      var gang = tree.gang(8, upTo: 16, preferred: 1)
      gang.roles[0].slices = [GangSpec.Slice(1, 4)]
      #expect(try tree.place(gang)?.answer.placements.count == 12)
      try tree.fill([2: 3, 4: 1])
      _ = try tree.refuse(gang)
    }
  }

  // MARK: KAI

  /// Segments of 4 in a rack, the gang in a block: the first block has as many free places, but not in fours.
  @Test func kaiSegments() {
    GangTree.run("kaiSegments", blocks: [[[7], [3], [2]], [[5], [4], [4]]]) { tree in
      var gang = tree.gang(12, required: 1)
      gang.roles[0].slices = [GangSpec.Slice(2, 4)]
      try tree.expect(gang, on: [0, 0, 0, 4, 4, 4])
    }
  }
}
