import BerthCore
import BerthOracle
import CBerth
import Testing

/// Reservations: random streams against the oracle, and small exact cases.
struct ReservationTests {
  @Test(arguments: Fuzz.seeds(40))
  func reservations(seed: Int) {
    Fuzz.reservations("reservations", seed: seed, salt: 700, nodes: nil, statements: false)
  }

  @Test(arguments: Fuzz.seeds(40))
  func reservationsOnFewNodes(seed: Int) {
    Fuzz.reservations("reservationsOnFewNodes", seed: seed, salt: 701, nodes: 1 + seed % 6, statements: false)
  }

  @Test(arguments: Fuzz.seeds(40))
  func reservationsInStatements(seed: Int) {
    Fuzz.reservations("reservationsInStatements", seed: seed, salt: 702, nodes: 1 + seed % 12, statements: true)
  }

  /// With a journal: whatever is made of it is what the engines are.
  @Test(arguments: Fuzz.seeds(25))
  func reservationsInJournals(seed: Int) {
    let drawn = seed &* 1009 &+ 703
    let swarm = Swarm(seed: drawn, terms: TermKind.withoutDevices, nodes: 1 + seed % 20)
    Fuzz.run(
      "reservationsInJournals", seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn)
    ) { twin in
      var stream = try ReservationStream(twin, swarm, statements: true)
      let folder = Folder()
      var journals = try Journals(&stream.stream, folder, flags: UInt32(seed % 3))
      for _ in 0..<stream.stream.length {
        if !stream.stream.twin.ledger.isOpen { journals.settled = stream.stream.twin.engines[0].engine.digest() }
        try stream.step()
        if stream.stream.swarm.random.chance(0.05) { try journals.crash(stream.stream) }
        guard !stream.stream.twin.ledger.isOpen else { continue }
        if stream.stream.swarm.random.chance(0.03) { try journals.snapshot(stream.stream.twin) }
        if stream.stream.swarm.random.chance(0.03) { try journals.restart(&stream.stream) }
      }
      while stream.stream.twin.ledger.isOpen { try stream.stream.close(keeping: seed % 2 == 0) }
      journals.settled = stream.stream.twin.engines[0].engine.digest()
      try journals.crash(stream.stream)
      try journals.restart(&stream.stream)
    }
  }
}

extension Fuzz {
  static func reservations(_ test: String, seed: Int, salt: Int, nodes: Int?, statements: Bool) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: TermKind.withoutDevices, nodes: nodes)
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
