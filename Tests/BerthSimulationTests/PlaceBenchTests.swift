import BerthCore
import CBerth
import Testing

@testable import BerthSimulation

@Suite struct PlaceBenchTests {
  private func options(_ profile: ProfileChoice, churn: Double) -> PlaceBench.Options {
    var options = PlaceBench.Options()
    options.nodes = 500
    options.classes = 30
    options.pods = 1500
    options.churn = churn
    options.profile = profile
    options.seed = 11
    options.verify = 200
    return options
  }

  /// The levels this machine can run: the others are refused when the engine is made.
  private func levels() -> [CPULevel] {
    CPULevel.allCases.filter { level in
      do throws(EngineError) {
        _ = try Engine.make(cpuLevel: level)
        return true
      } catch {
        #expect(error.status == UInt32(BERTH_BAD_ARGUMENT), "\(error)")
        return false
      }
    }
  }

  @Test(arguments: ProfileChoice.allCases, [0, 0.5])
  func decisionsAreTheSameOnEveryPathAndLevel(profile: ProfileChoice, churn: Double) throws {
    var options = options(profile, churn: churn)
    let first = try PlaceBench(options).run()
    #expect(first.verified == 200)
    #expect(first.placedCount > 0 && first.placedCount < options.pods, "the case must fill the cluster")
    #expect(churn == 0 ? first.departures.isEmpty : first.departures.count > 100)
    let levels = levels()
    #expect(levels.contains(.scalar) && levels.contains(.auto))
    options.verify = 0
    for level in levels {
      for path in SearchPath.allCases {
        options.cpuLevel = level
        options.path = path
        let outcome = try PlaceBench(options).run()
        #expect(outcome.checksum == first.checksum, "\(level) \(path)")
        #expect(outcome.scores == first.scores, "\(level) \(path)")
        #expect(outcome.departures == first.departures, "\(level) \(path)")
      }
    }
  }

  @Test func anotherSeedIsAnotherCase() throws {
    var options = options(.binpack, churn: 0)
    let first = try PlaceBench(options).run()
    options.seed += 1
    #expect(try PlaceBench(options).run().checksum != first.checksum)
  }

  @Test(arguments: ProfileChoice.allCases)
  func verificationFindsAWrongDecision(profile: ProfileChoice) throws {
    var bench = PlaceBench(options(profile, churn: 0.3))
    // To the rules, every node but the last is full: sooner or later they disagree with the engine.
    bench.tamper = { reference in
      for entry in 0..<reference.used.count - PlaceCase.width { reference.used[entry] = reference.allocatable[entry] }
    }
    #expect(throws: PlaceMismatch.self) { try bench.run() }
  }

  @Test func shapesAreInEqualSharesAndFillsWithinTheirRange() {
    let placeCase = PlaceCase(nodes: 1003, classes: 2000, pods: 10, churn: 0, seed: 5)
    var count = [Int](repeating: 0, count: PlaceCase.shapes.count)
    for node in placeCase.nodes.indices {
      let shape = Int(placeCase.nodes[node].shape)
      count[shape] += 1
      let (allocatable, requested) = (placeCase.allocatable(node), placeCase.requested(node))
      for resource in 0..<3 { #expect((0...allocatable[resource]).contains(requested[resource])) }
      // One fraction for both: cpu and memory of a shape stand in a fixed relation, up to rounding.
      let cpu = Double(requested[0]) / Double(allocatable[0])
      let memory = Double(requested[1]) / Double(allocatable[1])
      #expect(abs(cpu - memory) < 1e-4 && cpu < 999.5 / 1200)
    }
    #expect((count.max() ?? 0) - (count.min() ?? 0) <= 1)
    let gpus = (0..<placeCase.classCount).map { placeCase.classes[$0 * 3 + 2] }
    #expect(Set(gpus) == [0, 1, 2, 4, 8])
    #expect((550...780).contains(gpus.filter { $0 > 0 }.count))
  }

  @Test func morePodsChangeNoNodeAndNoClass() {
    let small = PlaceCase(nodes: 100, classes: 10, pods: 10, churn: 0.5, seed: 5)
    let large = PlaceCase(nodes: 100, classes: 10, pods: 20, churn: 0.5, seed: 5)
    #expect(small.nodes.map(\.filled) == large.nodes.map(\.filled))
    #expect(small.classes == large.classes)
    #expect(small.arrivals == Array(large.arrivals[..<10]))
    #expect(small.departures == Array(large.departures[..<10]))
  }

  /// Tables that grow ask for memory now and then; once they have grown, placing asks for none.
  @Test(arguments: ProfileChoice.allCases)
  func placingAgainAllocatesNothing(profile: ProfileChoice) throws {
    let placeCase = PlaceCase(nodes: 500, classes: 30, pods: 1000, churn: 0, seed: 2)
    let cluster = try PlaceCluster(placeCase, profile: profile, cpuLevel: .auto)
    let arrivals = placeCase.arrivals.map { cluster.classes[Int($0)] }
    func placeAndRelease() throws {
      let placer = TimedPlacer(cluster.engine, arrivals: arrivals)
      try placer.place(arrivals.indices)
      for placement in placer.placements where placement.outcome == UInt32(BERTH_PLACED) {
        try cluster.engine.releaseOne(placement.pod)
      }
    }
    try placeAndRelease()
    let before = cluster.engine.info()
    try placeAndRelease()
    let after = cluster.engine.info()
    #expect(after.decisions == before.decisions + 1000)
    #expect(after.allocations == before.allocations)
  }
}
