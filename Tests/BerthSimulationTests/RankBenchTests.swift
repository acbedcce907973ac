import Testing

@testable import BerthSimulation

@Suite struct RankBenchTests {
  @Test func everyCostIsWhatTheDefinitionsSay() throws {
    var options = RankBench.Options()
    options.gpus = [64, 512]
    options.repetitions = 2
    options.verify = true
    let results = try RankBench(options).run()
    #expect(results.count == 2 * RankBench.Traffic.allCases.count)
    for result in results {
      let cost = result.assignment.cost
      #expect(result.verified == 4 && result.assignment.lowerBound <= cost && cost <= result.podOrder)
      #expect(result.traffic != .ring || (result.assignment.isExact && cost < result.nameOrder))
    }
  }

  @Test func namesAreComparedAsText() {
    let allocation = RankAllocation(gpus: 512, seed: 1)
    let hosts = stride(from: 0, to: 512, by: 8).map { "host-\(allocation.paths[Int(allocation.nameOrder[$0]) / 8][3])" }
    #expect(hosts == hosts.sorted() && Set(hosts).count == 64)
    #expect(allocation.nameOrder.sorted() == Array(0..<512) && allocation.treeOrder.sorted() == Array(0..<512))
  }
}
