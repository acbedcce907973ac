import BerthOracle
import Testing

/// Random streams with statements in them: what is taken back leaves no trace, neither in what can be read nor in what
/// is decided afterwards.
struct StatementStreamTests {
  @Test(arguments: Fuzz.seeds(60))
  func statements(seed: Int) {
    Fuzz.statements("statements", seed: seed, salt: 500, nodes: nil)
  }

  /// Few nodes: more of the stream is about who comes and goes.
  @Test(arguments: Fuzz.seeds(60))
  func statementsOnFewNodes(seed: Int) {
    Fuzz.statements("statementsOnFewNodes", seed: seed, salt: 501, nodes: seed % 9)
  }

  /// So many nodes in and out that trees are built anew and labels dealt out anew within a statement.
  @Test(arguments: Fuzz.seeds(4))
  func statementsOfManyNodes(seed: Int) {
    Fuzz.statements("statementsOfManyNodes", seed: seed, salt: 502, nodes: 300) { stream in
      for _ in 0..<12 {
        for _ in 0..<4 { try stream.step() }
        try stream.begin()
        try stream.makeNodes(stream.swarm.random.int(1024...1400))
        try stream.checkpoint()
        try stream.churn(placements: 60, sampled: 6)
        if stream.swarm.random.chance(0.5) { try stream.rollBack() }
        if stream.swarm.random.chance(0.2) { try stream.churn(placements: 60, sampled: 6) }
        while stream.twin.ledger.isOpen { try stream.close(keeping: stream.swarm.random.chance(0.2)) }
      }
    }
  }
}

extension Fuzz {
  static func statements(
    _ test: String, seed: Int, salt: Int, nodes: Int?,
    body: (inout CommandStream) throws -> Void = { stream in for _ in 0..<stream.length { try stream.step() } }
  ) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: TermKind.withoutDevices, nodes: nodes)
    run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn, hasControl: true)
    ) { twin in
      var stream = try CommandStream(twin, swarm, statements: true)
      try body(&stream)
      try twin.readBack()
      while twin.ledger.isOpen { try stream.close(keeping: stream.swarm.random.chance(0.5)) }
    }
  }
}
