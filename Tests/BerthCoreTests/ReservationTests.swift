import BerthCore
import BerthOracle
import CBerth
import Testing

/// Reservations: random streams against the oracle, and small exact cases.
struct ReservationTests {
  @Test(arguments: Fuzz.seeds(60))
  func reservations(seed: Int) {
    Fuzz.reservations("reservations", seed: seed, salt: 700, nodes: nil, statements: false)
  }

  @Test(arguments: Fuzz.seeds(60))
  func reservationsOnFewNodes(seed: Int) {
    Fuzz.reservations("reservationsOnFewNodes", seed: seed, salt: 701, nodes: 1 + seed % 6, statements: false)
  }

  @Test(arguments: Fuzz.seeds(60))
  func reservationsInStatements(seed: Int) {
    Fuzz.reservations("reservationsInStatements", seed: seed, salt: 702, nodes: 1 + seed % 12, statements: true)
  }
}

extension Fuzz {
  static func reservations(_ test: String, seed: Int, salt: Int, nodes: Int?, statements: Bool) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: TermKind.allCases, nodes: nodes)
    run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn, hasControl: statements)
    ) { twin in
      var stream = try ReservationStream(twin, swarm, statements: statements)
      for _ in 0..<stream.stream.length { try stream.step() }
      try twin.readBack()
      while twin.ledger.isOpen { try stream.stream.close(keeping: stream.stream.swarm.random.chance(0.5)) }
    }
  }
}
