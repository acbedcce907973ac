import BerthOracle
import Testing

/// Random streams with measured usage in them: reports of all kinds, expiries, limits and spare resources, with pods and
/// nodes that come and go, and statements that take all of it back.
struct LoadStreamTests {
  @Test(arguments: Fuzz.seeds(90))
  func load(seed: Int) { Fuzz.load("load", seed: seed, salt: 700, nodes: nil, statements: false) }

  @Test(arguments: Fuzz.seeds(90))
  func loadOnFewNodes(seed: Int) {
    Fuzz.load("loadOnFewNodes", seed: seed, salt: 701, nodes: 1 + seed % 8, statements: false)
  }

  @Test(arguments: Fuzz.seeds(90))
  func loadTakenBack(seed: Int) {
    Fuzz.load("loadTakenBack", seed: seed, salt: 702, nodes: 1 + seed % 30, statements: true)
  }
}

extension Fuzz {
  static func load(_ test: String, seed: Int, salt: Int, nodes: Int?, statements: Bool) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: TermKind.withoutDevices, nodes: nodes, hasLoad: true)
    run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn, hasControl: statements)
    ) { twin in
      var stream = try CommandStream(twin, swarm, statements: statements)
      for _ in 0..<stream.length { try stream.step() }
      try twin.readBack()
      while twin.ledger.isOpen { try stream.close(keeping: stream.swarm.random.chance(0.5)) }
    }
  }
}
