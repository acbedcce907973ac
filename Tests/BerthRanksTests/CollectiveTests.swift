import BerthRanks
import Testing

/// Collectives worked out by hand: places 0...3 in two nodes of two, 1 byte a nanosecond within a node (1,000 ps a
/// byte) and 1 byte in ten nanoseconds between them; 5 ns and 50 ns for a message.
@Suite struct CollectiveTests {
  private let links = [
    Link(bytesPerSecond: 100_000_000, latencyNanoseconds: 50),
    Link(bytesPerSecond: 1_000_000_000, latencyNanoseconds: 5),
  ]

  private func cost(
    _ kind: Collective.Kind, _ dimensions: [Int], over mask: UInt32 = .max, bytes: Int64, times: Int64 = 1,
    at places: [UInt32]? = nil
  ) throws -> (picoseconds: Int64, bytes: [Int64]) {
    let job = try Job(
      dimensions: dimensions, collectives: [Collective(kind, dimensions: mask, bytes: bytes, times: times)])
    let network = try Network(
      domains: (0..<UInt32(job.rankCount)).map { $0 / 2 }, levels: 1, links: links)
    return try Ranks.cost(of: places ?? (0..<UInt32(job.rankCount)).map { $0 }, job, on: network)
  }

  private func picoseconds(between: Int64, _ messages: Int64, within: Int64, _ fewer: Int64) -> Int64 {
    between * 10_000 + messages * 50_000 + within * 1000 + fewer * 5000
  }

  @Test func ringAllReduceSendsAChunkToTheNextTwiceForEachOther() throws {
    // 4 ranks, 10 bytes: chunks of 3, 6 rounds, 18 bytes over each of 4 links, two of them between the nodes.
    let found = try cost(.ringAllReduce, [4], bytes: 10)
    #expect(found.bytes == [36, 36])
    #expect(found.picoseconds == picoseconds(between: 36, 12, within: 36, 12))
    // In the order 0, 2, 1, 3 every link of the ring is between the nodes but none is within: 4 x 18.
    #expect(try cost(.ringAllReduce, [4], bytes: 10, at: [0, 2, 1, 3]).bytes == [72, 0])
  }

  @Test func gatherAndScatterAreHalfOfAnAllReduce() throws {
    for kind in [Collective.Kind.ringAllGather, .ringReduceScatter] {
      let found = try cost(kind, [4], bytes: 10, times: 2)
      #expect(found.bytes == [36, 36])
      #expect(found.picoseconds == picoseconds(between: 36, 12, within: 36, 12))
    }
  }

  @Test func aRingOfTwoSendsBothWays() throws {
    let found = try cost(.ringAllReduce, [2], bytes: 7)
    // Chunks of 4, 2 rounds, 2 flows.
    #expect(found.bytes == [0, 16])
    #expect(found.picoseconds == picoseconds(between: 0, 0, within: 16, 4))
  }

  @Test func treeHasRankZeroAsItsRoot() throws {
    // Of 6 ranks in three nodes: 0-1, 0-2, 2-3, 0-4, 4-5; within nodes 0-1, 2-3, 4-5.
    let reduced = try cost(.treeAllReduce, [6], bytes: 10)
    #expect(reduced.bytes == [40, 60])
    #expect(reduced.picoseconds == picoseconds(between: 40, 4, within: 60, 6))
    let sent = try cost(.broadcast, [6], bytes: 10)
    #expect(sent.bytes == [20, 30])
    #expect(sent.picoseconds == picoseconds(between: 20, 2, within: 30, 3))
  }

  @Test func allToAllSendsAChunkToEveryOther() throws {
    // 12 ordered pairs of 3 bytes, 4 of them within a node.
    let found = try cost(.allToAll, [4], bytes: 10)
    #expect(found.bytes == [24, 12])
    #expect(found.picoseconds == picoseconds(between: 24, 8, within: 12, 4))
  }

  @Test func halvingDoublingSendsHalvesToTheNearest() throws {
    // Distance 1: 2 x 5 bytes, 4 flows within nodes. Distance 2: 2 x 3 bytes, 4 flows between them.
    let found = try cost(.halvingDoublingAllReduce, [4], bytes: 10)
    #expect(found.bytes == [24, 40])
    #expect(found.picoseconds == picoseconds(between: 24, 8, within: 40, 8))
  }

  @Test func pipelineIsNotClosed() throws {
    // 0-1, 1-2, 2-3, forth and back, three microbatches.
    let found = try cost(.pipeline, [4], bytes: 10, times: 3)
    #expect(found.bytes == [60, 120])
    #expect(found.picoseconds == picoseconds(between: 60, 6, within: 120, 12))
  }

  @Test func dimensionsCountFromTheInside() throws {
    // Dimension 0 of 2 x 2: ranks {0, 1} and {2, 3}, which share nodes; dimension 1: {0, 2} and {1, 3}, which do not.
    #expect(try cost(.allToAll, [2, 2], over: 1, bytes: 10).bytes == [0, 20])
    #expect(try cost(.allToAll, [2, 2], over: 2, bytes: 10).bytes == [20, 0])
    // Both together are all ranks.
    #expect(try cost(.allToAll, [2, 2], over: 3, bytes: 10).bytes == [24, 12])
    // The first and the last of three: {0, 1, 4, 5} and {2, 3, 6, 7}, pipelines through them.
    #expect(try cost(.pipeline, [2, 2, 2], over: 5, bytes: 1).bytes == [4, 8])
  }

  @Test func timesAreRoundedToTheNearestPicosecond() throws {
    let link = Link(bytesPerSecond: 3_000_000_000_000, latencyNanoseconds: 0)
    #expect((0...4).map { link.picoseconds(bytes: $0, messages: 9) } == [0, 0, 1, 1, 1])
    let half = Link(bytesPerSecond: 2_000_000_000_000, latencyNanoseconds: 1)
    #expect((0...4).map { half.picoseconds(bytes: $0, messages: 1) } == [1000, 1001, 1001, 1002, 1002])
    let slow = Link(bytesPerSecond: 1, latencyNanoseconds: 0)
    #expect(slow.picoseconds(bytes: 2_305_843, messages: 0) == 2_305_843_000_000_000_000)
    #expect(slow.picoseconds(bytes: 2_305_844, messages: 0) == nil)
  }
}
