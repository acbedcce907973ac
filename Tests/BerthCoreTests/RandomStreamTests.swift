import BerthOracle
import Testing

/// The engine against the oracle on random command streams, on every path and CPU level.
struct RandomStreamTests {
  @Test(arguments: TermKind.withoutDevices, Fuzz.seeds(30))
  func everyTermAlone(kind: TermKind, seed: Int) {
    let salt = TermKind.withoutDevices.firstIndex(of: kind)! + 1
    Fuzz.stream("everyTermAlone", seed: seed, salt: salt, terms: [kind])
  }

  @Test(arguments: Fuzz.seeds(240))
  func mixedProfiles(seed: Int) {
    Fuzz.stream("mixedProfiles", seed: seed, salt: 0, terms: TermKind.withoutDevices)
  }

  /// No term that needs a scan over the feasible nodes: the state tree decides.
  @Test(arguments: Fuzz.seeds(120))
  func profilesOfTheTree(seed: Int) {
    let normalised: [TermKind] = [.nodeAffinity, .taintToleration, .podTopologySpread, .interPodAffinity]
    Fuzz.stream(
      "profilesOfTheTree", seed: seed, salt: 100, terms: TermKind.withoutDevices.filter { !normalised.contains($0) })
  }
}

extension Fuzz {
  /// `salt` keeps the tests' draws apart.
  static func stream(_ test: String, seed: Int, salt: Int, terms: [TermKind]) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: terms)
    run(
      test, seed: seed,
      try Twin(
        levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
        allocator: seed % 3 == 0 ? 2 : 0, seed: drawn)
    ) { twin in
      var stream = try CommandStream(twin, swarm)
      for _ in 0..<stream.length { try stream.step() }
    }
  }
}
