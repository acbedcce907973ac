import BerthOracle
import CBerth
import Testing

/// Small gangs on small trees of every form, each against all placements that there are.
struct GangExhaustiveTests {
  private static func run(
    _ test: String, seed: Int, salt: Int, nodes: ClosedRange<Int>, _ body: (inout GangScene) throws -> Void
  ) {
    let drawn = seed &* 1009 &+ salt
    Fuzz.run(test, seed: seed, try Twin(levelKeys: GangScene.levelKeys(seed), seed: drawn)) { twin in
      var scene = try GangScene(twin, seed: drawn, nodes: nodes)
      try body(&scene)
    }
  }

  /// Every number of members; placed ones stay, so that later ones find less and less, and leave now and then.
  @Test(arguments: Fuzz.seeds(300))
  func gangsOfOneRole(seed: Int) {
    Self.run("gangsOfOneRole", seed: seed, salt: 1, nodes: 1...12) { scene in
      var tally = GangTally()
      for members in scene.random.shuffled(Array(1...8)) {
        let gang = scene.gang(members: members, roles: 1)
        try scene.place(gang, dryRun: scene.random.chance(0.6), &tally)
        if scene.random.chance(0.3) { try scene.release() }
      }
    }
  }

  /// Roles whose pods compete for cpu and memory.
  @Test(arguments: Fuzz.seeds(300))
  func gangsOfSeveralRoles(seed: Int) {
    Self.run("gangsOfSeveralRoles", seed: seed, salt: 2, nodes: 1...8) { scene in
      var tally = GangTally()
      for members in scene.random.shuffled(Array(2...8)) {
        let gang = scene.gang(members: members, roles: scene.random.int(2...min(3, members)))
        try scene.place(gang, dryRun: scene.random.chance(0.6), &tally)
        if scene.random.chance(0.4) { try scene.release() }
      }
    }
  }

  /// Roles that compete and ask for nothing of their own: a placement is found wherever there is one.
  @Test func competingRolesAreAlwaysFound() {
    var tally = GangTally()
    for seed in Fuzz.seeds(200) {
      Self.run("competingRolesAreAlwaysFound", seed: seed, salt: 3, nodes: 2...8) { scene in
        for _ in 0..<4 {
          let members = scene.random.int(2...8)
          var gang = scene.gang(members: members, roles: scene.random.int(2...min(3, members)))
          gang.separateLevel = 0
          for role in gang.roles.indices {
            gang.roles[role] = GangSpec.Role(gang.roles[role].pod, gang.roles[role].most)
          }
          try scene.place(gang, dryRun: scene.random.chance(0.7), &tally)
          if scene.random.chance(0.5) { try scene.release() }
        }
      }
    }
    print("competing roles: \(tally)")
  }

  /// Members that run already, placed by the engine or by someone else.
  @Test(arguments: Fuzz.seeds(200))
  func gangsGrowBesideTheirRunningMembers(seed: Int) {
    Self.run("gangsGrowBesideTheirRunningMembers", seed: seed, salt: 4, nodes: 1...9) { scene in
      var tally = GangTally()
      for _ in 0..<4 {
        let members = scene.random.int(1...4)
        let roles = members > 1 && scene.random.chance(0.3) ? 2 : 1
        let gang = try scene.withRunning(scene.gang(members: members, roles: roles))
        try scene.place(gang, dryRun: scene.random.chance(0.4), &tally)
        if let gang = scene.growth(by: 4) { try scene.place(gang, dryRun: scene.random.chance(0.5), &tally) }
      }
    }
  }

  @Test(arguments: Fuzz.seeds(200))
  func gangsShrinkToTheLeast(seed: Int) {
    Self.run("gangsShrinkToTheLeast", seed: seed, salt: 5, nodes: 1...10) { scene in
      var tally = GangTally()
      for _ in 0..<4 {
        let members = scene.random.int(2...8)
        try scene.place(scene.gang(members: members, roles: 1), dryRun: false, &tally)
        guard let (members, keep) = scene.shrinking() else { continue }
        let before = scene.twin.oracle
        let released = try scene.twin.shrink(members, keep: keep)
        try scene.twin.verifyShrunk(members, keep: keep, released: released, before)
      }
    }
  }

  /// Gangs that start together: each finds what those before it left, and all are placed or none.
  @Test(arguments: Fuzz.seeds(150))
  func gangsStartTogetherOrNotAtAll(seed: Int) {
    Self.run("gangsStartTogetherOrNotAtAll", seed: seed, salt: 6, nodes: 2...8) { scene in
      var tally = GangTally()
      for _ in 0..<3 {
        let gangs = (0..<scene.random.int(2...4)).map { _ in
          scene.gang(members: scene.random.int(1...4), roles: 1)
        }
        try scene.twin.placeAndVerify(together: gangs, dryRun: scene.random.chance(0.4), &tally)
      }
    }
  }
}
