import BerthCore
import BerthOracle
import Testing

/// Random streams on nodes with GPUs and NICs: which node, which devices, what is left, and who is refused what.
struct DeviceStreamTests {
  @Test(arguments: TermKind.onlyDevices, Fuzz.seeds(10))
  func everyDeviceTermAlone(kind: TermKind, seed: Int) {
    let salt = 1000 + TermKind.allCases.firstIndex(of: kind)!
    Fuzz.devices("everyDeviceTermAlone", seed: seed, salt: salt, terms: [kind], nodes: 1 + seed % 40)
  }

  @Test(arguments: Fuzz.seeds(45))
  func devices(seed: Int) {
    Fuzz.devices("devices", seed: seed, salt: 1100, terms: TermKind.allCases, nodes: seed % 60)
  }

  /// Terms of devices only: much depends on them.
  @Test(arguments: Fuzz.seeds(45))
  func devicesOnFewNodes(seed: Int) {
    let terms = TermKind.onlyDevices
    Fuzz.devices("devicesOnFewNodes", seed: seed, salt: 1101, terms: terms, nodes: 1 + seed % 6)
  }

  @Test(arguments: Fuzz.seeds(45))
  func devicesTakenBack(seed: Int) {
    Fuzz.devices(
      "devicesTakenBack", seed: seed, salt: 1102, terms: TermKind.allCases, nodes: 1 + seed % 12, statements: true)
  }

  /// With reservations and load, in families of forks.
  @Test(arguments: Fuzz.seeds(30))
  func devicesCombined(seed: Int) {
    CombinedStreamTests.run("devicesCombined", seed: seed, salt: 1103, nodes: 1 + seed % 15, hasDevices: true)
  }

  @Test(arguments: Fuzz.seeds(30))
  func devicesInSnapshots(seed: Int) {
    RecordStreamTests.snapshots("devicesInSnapshots", seed: seed, salt: 1104, hasDevices: true)
  }

  @Test(arguments: Fuzz.seeds(30))
  func devicesInJournals(seed: Int) {
    RecordStreamTests.journals("devicesInJournals", seed: seed, salt: 1105, hasDevices: true)
  }
}

extension Fuzz {
  static func devices(
    _ test: String, seed: Int, salt: Int, terms: [TermKind], nodes: Int, statements: Bool = false
  ) {
    let drawn = seed &* 1009 &+ salt
    let swarm = Swarm(seed: drawn, terms: terms, nodes: nodes, hasLoad: seed % 5 == 0, hasDevices: true)
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
