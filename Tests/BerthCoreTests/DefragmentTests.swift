import BerthCore
import BerthOracle
import CBerth
import Testing

/// Plans of migrations: they can be carried out, they gain what they say, and on tiny clusters little more can be gained.
struct DefragmentTests {
  private static let goals = [BERTH_DEFRAGMENT_GPUS, BERTH_DEFRAGMENT_NODES]

  private static func run(_ test: String, seed: Int, salt: Int, _ body: (inout DefragmentScene) throws -> Void) {
    let drawn = seed &* 1013 &+ salt
    Fuzz.run(test, seed: seed, try Twin(levelKeys: ["room"], seed: drawn)) { twin in
      var scene = try DefragmentScene(twin, seed: drawn)
      try body(&scene)
    }
  }

  @Test(arguments: Fuzz.seeds(75))
  func aPlanCanBeCarriedOutMoveByMove(seed: Int) {
    Self.run("aPlanCanBeCarriedOutMoveByMove", seed: seed, salt: 1) { scene in
      try scene.makeSmall()
      let twin = scene.twin
      let holders = twin.oracle.pods.keys.sorted().filter { twin.oracle.pods[$0]!.claim?.gpus.isEmpty == false }
      let movable = scene.random.chance(0.5) ? nil : holders.filter { _ in scene.random.chance(0.7) }
      let goal = scene.random.pick(Self.goals)
      let budget = scene.random.pick([1, 2, 3, 5, 100])
      let iterations = scene.random.pick([0, 1, 300, 3000])
      let plan = try scene.plan(goal, budget: budget, iterations: iterations, seed: seed, movable: movable)
      let again = try scene.plan(goal, budget: budget, iterations: iterations, seed: seed, movable: movable)
      #expect(plan == again, "the same seed plans something else")
      try twin.check(plan.before == scene.count(twin.oracle), "before: \(plan.before), not \(scene.count(twin.oracle))")
      try twin.check(plan.moves.count <= budget, "\(plan.moves.count) moves of \(budget)")
      let pods = plan.moves.map(\.pod)
      try twin.check(Set(pods).count == pods.count, "a pod moves twice: \(pods)")
      try twin.check(Set(pods).isSubset(of: movable ?? holders), "\(pods) move, only \(movable ?? holders) may")
      let gain = plan.after.of(goal) - plan.before.of(goal)
      try twin.check(plan.moves.isEmpty ? plan.after == plan.before : gain > 0, "nothing is gained: \(plan)")
      for move in plan.moves {
        let node = twin.oracle.pods[move.pod]!.node
        try twin.check(node == move.from && move.from != move.to, "\(move) of a pod on \(String(describing: node))")
        // oracle and engines agree that it may, and on what is there then
        try twin.move([(move.pod, move.to)])
        try twin.check(twin.oracle.pods[move.pod]!.node == move.to, "\(move) is refused")
      }
      try twin.check(plan.after == scene.count(twin.oracle), "after: \(plan.after), not \(scene.count(twin.oracle))")
      try twin.readBack()
    }
  }

  /// Nobody may move, nothing may be searched.
  @Test func nothingIsPlannedForNobody() throws {
    Self.run("nothingIsPlannedForNobody", seed: 3, salt: 2) { scene in
      try scene.makeSmall()
      for goal in Self.goals {
        #expect(try scene.plan(goal, budget: 9, iterations: 500, seed: 1, movable: []).moves.isEmpty)
        #expect(try scene.plan(goal, budget: 9, iterations: 0, seed: 1).moves.isEmpty)
      }
    }
  }

  /// Against all that moves can come to. A search that is cut short may miss the best; here it does so seldom.
  @Test func plansOfTinyClustersAreAsGoodAsCanBe() throws {
    var (cases, gains, missed) = (0, 0, 0)
    for seed in Fuzz.seeds(90) {
      Self.run("plansOfTinyClustersAreAsGoodAsCanBe", seed: seed, salt: 3) { scene in
        try scene.makeTiny()
        let budget = scene.random.int(1...6)
        for goal in Self.goals {
          let plan = try scene.plan(goal, budget: budget, iterations: 4000, seed: 1)
          let best = scene.optimum(goal, budget: budget)
          try scene.twin.check(plan.after.of(goal) <= best, "\(plan) is better than \(best), which cannot be")
          cases += 1
          if best > plan.before.of(goal) { gains += 1 }
          if plan.after.of(goal) < best {
            missed += 1
            print("defragment: seed \(seed) goal \(goal) budget \(budget): \(plan.after.of(goal)) of \(best)")
          }
        }
      }
    }
    print("defragment: \(missed) of \(cases) plans miss the optimum, which is a gain in \(gains)")
    #expect(missed * 20 <= cases, "\(missed) of \(cases) plans miss the optimum")
  }

  @Test func optionsThatMakeNoSenseAreRefused() throws {
    Self.run("optionsThatMakeNoSenseAreRefused", seed: 5, salt: 4) { scene in
      try scene.makeTiny()
      let twin = scene.twin
      var bare = PodSpec(profile: "only")
      bare.requests = ["cpu": 1]
      try twin.bind([(bare, scene.nodes[0])])
      let ids = twin.oracle.pods.keys.sorted().map { twin.podIds[$0]! }
      let scratch = Scratch()
      func refuse(_ status: Int, _ change: (inout berth_defragment_options) -> Void) throws {
        var options = berth_defragment_options()
        options.struct_size = UInt32(MemoryLayout<berth_defragment_options>.size)
        (options.most_moves, options.iterations) = (1, 10)
        change(&options)
        let room = scratch.room(berth_migration(), count: 1)
        try twin.refused("defragment", status) { engine throws(EngineError) in
          _ = try engine.defragment(options, into: room.baseAddress!)
        }
      }
      func movable(_ list: [UInt64], _ options: inout berth_defragment_options) {
        (options.movable, options.movable_count) = (UnsafePointer(scratch.array(list)), list.count)
      }
      try refuse(BERTH_BAD_ARGUMENT) { $0.goal = 2 }
      try refuse(BERTH_BAD_STRUCT) { $0.reserved = 1 }
      try refuse(BERTH_BAD_ARGUMENT) { $0.most_moves = 0 }
      try refuse(BERTH_BAD_ARGUMENT) { $0.most_moves = UInt32(BERTH_MAX_MIGRATIONS) + 1 }
      try refuse(BERTH_LIMIT) { $0.iterations = UInt64(BERTH_MAX_ITERATIONS) + 1 }
      try refuse(BERTH_WRONG_STATE) { movable([ids.last!], &$0) }
      try refuse(BERTH_UNKNOWN_ID) { movable([ids[0], ids[0] + 1 << 40], &$0) }
      try refuse(BERTH_DUPLICATE) { movable([ids[0], ids[0]], &$0) }
    }
  }
}
