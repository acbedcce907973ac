import BerthOracle
import Testing

/// Random streams with statements in them: what is taken back leaves no trace, neither in what can be read nor in what
/// is decided afterwards.
struct StatementStreamTests {
  @Test(arguments: Fuzz.seeds(150))
  func statements(seed: Int) {
    Fuzz.statements("statements", seed: seed, salt: 500, nodes: nil)
  }

  /// Few nodes: more of the stream is about who comes and goes.
  @Test(arguments: Fuzz.seeds(150))
  func statementsOnFewNodes(seed: Int) {
    Fuzz.statements("statementsOnFewNodes", seed: seed, salt: 501, nodes: seed % 9)
  }
}

extension Fuzz {
  static func statements(_ test: String, seed: Int, salt: Int, nodes: Int?) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: TermKind.allCases, nodes: nodes)
    run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn, hasControl: true)
    ) { twin in
      var stream = try CommandStream(twin, swarm, statements: true)
      for _ in 0..<stream.length { try stream.step() }
      try twin.readBack()
      while twin.ledger.isOpen { try stream.close(keeping: stream.swarm.random.chance(0.5)) }
    }
  }
}
