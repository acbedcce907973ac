import BerthRanks
import Testing

@Suite struct AssignTests {
  /// Shapes of up to seven ranks; eight are tried on fewer seeds, for they have 40,320 permutations.
  static let shapes: [[Int]] = [[1], [2], [3], [4], [5], [6], [2, 2], [2, 3], [3, 2], [1, 4], [2, 1, 3]]

  @Test(arguments: 0..<400)
  func costAndBoundAgreeWithAllPermutations(seed: Int) throws {
    let shape = Self.shapes[seed % Self.shapes.count]
    try check(SmallCase(seed: UInt64(seed), ranks: shape, monotone: seed % 5 != 0))
  }

  @Test(arguments: 0..<60)
  func matrixAgreesWithAllPermutations(seed: Int) throws {
    try check(SmallCase(seed: UInt64(seed), ranks: [2 + seed % 5], monotone: seed % 5 != 0, matrix: true))
  }

  @Test(arguments: [[8], [4, 2], [2, 4], [2, 2, 2], [7]])
  func eightRanksAgreeWithAllPermutations(shape: [Int]) throws {
    for seed in 1000..<1003 { try check(SmallCase(seed: UInt64(seed), ranks: shape)) }
  }

  private func check(_ small: SmallCase) throws {
    let (network, job, flows) = (try small.network(), try small.job(), small.flows)
    let all = Array(0..<small.paths.count)
    let optimum = Oracle.optimum(flows, all, open: all, free: all, small.paths, small.links)
    for exhaustive in [0, 8] {
      var options = RankOptions()
      options.exhaustiveRanks = exhaustive
      options.iterations = 2000
      let result = try Ranks.assign(job, on: network, options: options)
      let places = result.placeOfRank.map { Int($0) }
      #expect(places.sorted() == all, "\(small)")
      #expect(Int(result.cost) == Oracle.cost(flows, places, small.paths, small.links), "\(small)")
      #expect(Int(result.costBefore) == Oracle.cost(flows, all, small.paths, small.links), "\(small)")
      #expect(
        result.bytes.map { Int($0) } == Oracle.bytes(flows, places, small.paths, small.links.count), "\(small)")
      #expect(
        result.bytesBefore.map { Int($0) } == Oracle.bytes(flows, all, small.paths, small.links.count), "\(small)")
      #expect(Int(result.lowerBound) <= optimum, "\(small), exhaustive \(exhaustive): the bound is above the optimum")
      #expect(Int(result.cost) >= optimum, "\(small)")
      #expect(result.cost <= result.costBefore, "\(small)")
      #expect(exhaustive == 0 || result.isExact, "\(small)")
      #expect(!result.isExact || Int(result.cost) == optimum, "\(small)")
      let again = try Ranks.assign(job, on: network, options: options)
      #expect(again == result, "\(small): the same question, another answer")
    }
  }

  /// A closed ring or an open chain over all ranks, or everybody with everybody, on any tree with monotone links; trees
  /// and halving-doubling where domains are equal powers of two.
  @Test(arguments: 0..<40)
  func exactWithoutTryingAllWhereTheBoundIsMet(seed: Int) throws {
    var options = RankOptions()
    options.exhaustiveRanks = 0
    options.iterations = 0
    var small = SmallCase(seed: UInt64(seed), ranks: [64])
    for kind in [OracleKind.ringAllReduce, .ringAllGather, .pipeline, .allToAll] {
      small.collectives = [(kind, [0], 4096, 1)]
      #expect(try Ranks.assign(small.job(), on: small.network(), options: options).isExact, "\(small), \(kind)")
    }
    small.paths = (0..<64).map { [$0 / 32, $0 / 16, $0 / 4] }
    small.paths.shuffle(using: &small.random)
    small.links = [(1, 9), (2, 7), (4, 5), (90, 1)].map { OracleLink(bytesPerSecond: $0 * 1_000_000, latency: $1) }
    for kind in [OracleKind.treeAllReduce, .broadcast, .halvingDoublingAllReduce] {
      small.collectives = [(kind, [0], 4096, 1)]
      #expect(try Ranks.assign(small.job(), on: small.network(), options: options).isExact, "\(small), \(kind)")
    }
    // Tensor groups fill nodes of four, pipelines leaves of sixteen; the rings over the rest cross what they must.
    small.paths = small.paths.map { [$0[1], $0[2]] }
    small.links.removeFirst()
    small.dimensions = [4, 4, 4]
    small.collectives = [
      (.ringAllReduce, [0], 400_000, 8), (.pipeline, [1], 40_000, 2), (.ringAllReduce, [2], 4000, 1),
    ]
    let result = try Ranks.assign(small.job(), on: small.network(), options: options)
    #expect(result.isExact, "\(small): \(result.cost) above \(result.lowerBound)")
  }

  @Test func largeFragmentedJobIsAPermutationBetweenBoundAndOrderAsGiven() throws {
    var random = SmallCase.Random(state: 8192)
    var nodes: [[UInt32]] = []
    var leaf: UInt32 = 0
    while nodes.count < 1024 {
      for _ in 0..<Int.random(in: 1...16, using: &random) {
        nodes.append([leaf / 40, leaf / 8, leaf, UInt32(nodes.count)])
      }
      leaf += 1
    }
    nodes = Array(nodes.prefix(1024))
    nodes.shuffle(using: &random)
    let links = [(5, 12), (12, 9), (25, 6), (50, 3), (450, 1)].map {
      Link(bytesPerSecond: $0 * 1_000_000_000, latencyNanoseconds: $1 * 1000)
    }
    let network = try Network(domains: nodes.flatMap { node in (0..<8).flatMap { _ in node } }, levels: 4, links: links)
    let job = try Job(
      dimensions: [8, 16, 64],
      collectives: [
        Collective(.ringAllReduce, dimensions: 1, bytes: 1 << 26, times: 256),
        Collective(.ringAllReduce, dimensions: 2, bytes: 1 << 30),
        Collective(.pipeline, dimensions: 4, bytes: 1 << 26, times: 64),
      ])
    let result = try Ranks.assign(job, on: network)
    #expect(Set(result.placeOfRank) == Set(0..<8192))
    #expect(result.lowerBound <= result.cost)
    #expect(result.cost < result.costBefore)
    #expect(try Ranks.cost(of: result.placeOfRank, job, on: network).picoseconds == result.cost)
    #expect(try Ranks.cost(of: result.placeOfRank, job, on: network).bytes == result.bytes)
    // All tensor groups are whole in their nodes, so nodes can be numbered.
    #expect(try RankExport(result.placeOfRank, on: network).nodeOrder().count == 1024)
  }
}
