import BerthCore
import BerthOracle
import Testing

/// Everything at once: reservations and measured usage in statements, in families of forks, some of whose engines are
/// read back from files on the way. What one feature leaves behind must not be what another stumbles over.
struct CombinedStreamTests {
  @Test(arguments: Fuzz.seeds(40))
  func combined(seed: Int) {
    Self.run("combined", seed: seed, salt: 900, nodes: nil)
  }

  @Test(arguments: Fuzz.seeds(50))
  func combinedOnFewNodes(seed: Int) {
    Self.run("combinedOnFewNodes", seed: seed, salt: 901, nodes: seed % 12)
  }

  static func run(_ test: String, seed: Int, salt: Int, nodes: Int?, hasDevices: Bool = false) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(
      seed: drawn, terms: hasDevices ? TermKind.allCases : TermKind.withoutDevices, nodes: nodes,
      hasLoad: seed % 4 != 0, hasDevices: hasDevices)
    Fuzz.run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn, hasControl: true)
    ) { twin in
      var family = [try ReservationStream(twin, swarm, statements: true)]
      var random = Random(seed: drawn &+ 1)
      let length = family[0].stream.length
      for step in 0..<length {
        let chosen = random.int(0...(family.count - 1))
        do {
          try Self.advance(&family, chosen, seed: drawn &* 1009 &+ step, &random)
        } catch {
          // the twin that Fuzz knows may be another one
          let last = family.indices.contains(chosen) ? family[chosen].stream.twin.recentCommands : ""
          throw Mismatch("\(error)\nin step \(step), after\n  \(last)\nof member \(chosen)")
        }
      }
      for index in family.indices {
        try family[index].stream.twin.readBack()
        while family[index].stream.twin.ledger.isOpen { try family[index].stream.close(keeping: random.chance(0.5)) }
        try family[index].stream.twin.readBack()
      }
    }
  }

  private static func advance(
    _ family: inout [ReservationStream], _ chosen: Int, seed: Int, _ random: inout Random
  ) throws {
    let twin = family[chosen].stream.twin
    if family.count < 4 && random.chance(0.04) {
      var fork = family[chosen]
      fork.stream = try fork.stream.fork(seed: seed)
      family.append(fork)
    } else if family.count > 1 && random.chance(0.04) {
      try twin.readBack()
      family.remove(at: chosen)
    } else if !twin.ledger.isOpen && random.chance(0.04) {
      twin.note("go on with what a snapshot makes")
      let folder = Folder()
      family[chosen].stream = try family[chosen].stream.continued { engine throws(EngineError) in
        try engine.reread(folder)
      }
    } else {
      try family[chosen].step()
    }
  }
}
