import BerthRanks
import Testing

@Suite struct ReplaceTests {
  @Test(arguments: 0..<150)
  func onlyLostRanksMoveAndTheyMoveBest(seed: Int) throws {
    let shapes = [[4], [6], [2, 3], [2, 2, 2], [8]]
    let extra = 1 + seed % 4
    var small = SmallCase(
      seed: UInt64(seed), ranks: shapes[seed % shapes.count], extraPlaces: extra, matrix: seed % 7 == 0)
    let count = small.paths.count - extra
    let all = Array(0..<small.paths.count).shuffled(using: &small.random)
    let places = Array(all[..<count])
    let free = Array(all[count...])
    let lost = Array((0..<count).shuffled(using: &small.random).prefix(1 + seed % extra))
    let flows = small.flows
    let best = Oracle.optimum(flows, places, open: lost, free: free, small.paths, small.links)
    for iterations in [0, 100_000] {
      var options = RankOptions()
      options.iterations = iterations
      let result = try Ranks.replace(
        small.job(), on: small.network(), placeOfRank: places.map { UInt32($0) }, lost: lost,
        replacements: free.map { UInt32($0) }, options: options)
      let found = result.placeOfRank.map { Int($0) }
      for rank in 0..<count where !lost.contains(rank) { #expect(found[rank] == places[rank], "\(small)") }
      #expect(Set(lost.map { found[$0] }).isSubset(of: free), "\(small)")
      #expect(Set(found).count == count, "\(small)")
      #expect(Int(result.cost) == Oracle.cost(flows, found, small.paths, small.links), "\(small)")
      #expect(Int(result.lowerBound) <= best && best <= Int(result.cost), "\(small)")
      #expect(iterations == 0 || (result.isExact && Int(result.cost) == best), "\(small)")
    }
  }

  /// A node of eight fails; the replacement node beside its pipeline is better than the one behind the core.
  @Test func aNodeIsReplacedByANearOne() throws {
    let links = [(1000, 9), (2000, 5), (90_000, 1)].map { Link(bytesPerSecond: $0, latencyNanoseconds: $1) }
    // Leaf 0 has nodes 0...3, leaf 1 nodes 4...6, leaf 2 node 7; 8 places each.
    let leaves: [UInt32] = [0, 0, 0, 0, 1, 1, 1, 2]
    let domains = leaves.enumerated().flatMap { node, leaf in (0..<8).flatMap { _ in [leaf, UInt32(node)] } }
    let network = try Network(domains: domains, levels: 2, links: links)
    let job = try Job(
      dimensions: [8, 2, 3],
      collectives: [
        Collective(.ringAllReduce, dimensions: 1, bytes: 800), Collective(.pipeline, dimensions: 2, bytes: 100),
        Collective(.ringAllReduce, dimensions: 4, bytes: 300),
      ])
    // Ranks 0..<48 on nodes 0, 1, 2, 3, 4, 5; node 4 fails: nodes 6 and 7 are to be had.
    let old = (0..<48).map { UInt32($0) }
    let result = try Ranks.replace(
      job, on: network, placeOfRank: old, lost: Array(32..<40), replacements: Array(48..<64))
    #expect(result.isExact)
    #expect(result.placeOfRank == old[..<32] + Array(48..<56) + old[40...])
  }
}
