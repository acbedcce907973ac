import BerthRanks
import Testing

@Suite struct RefusalTests {
  private let link = Link(bytesPerSecond: 1_000_000_000, latencyNanoseconds: 1000)

  private func expect<Result>(
    _ kind: RankError.Kind, _ words: String, location: SourceLocation = #_sourceLocation, _ body: () throws -> Result
  ) {
    do {
      _ = try body()
      Issue.record("not refused", sourceLocation: location)
    } catch let error as RankError {
      #expect(error.kind == kind && error.description.contains(words), "\(error)", sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  private func network(_ count: UInt32) throws -> Network {
    try Network(domains: (0..<count).map { $0 / 2 }, levels: 1, links: [link, link])
  }

  private func ring(_ count: Int, _ bytes: Int64 = 1000) throws -> Job {
    try Job(dimensions: [count], collectives: [Collective(.ringAllReduce, dimensions: 1, bytes: bytes)])
  }

  @Test func networksAreChecked() {
    expect(.badValue, "0 levels") { try Network(domains: [], levels: 0, links: [link]) }
    expect(.badValue, "9 levels") { try Network(domains: [], levels: 9, links: []) }
    expect(.wrongCount, "not a multiple") { try Network(domains: [1, 2, 3], levels: 2, links: [link, link, link]) }
    expect(.limit, "0 places") { try Network(domains: [], levels: 1, links: [link, link]) }
    expect(.wrongCount, "1 levels have 2") { try Network(domains: [1], levels: 1, links: [link]) }
    expect(.badValue, "place 2: domain 7 of level 1 is in domain 1 here and in 0 elsewhere") {
      try Network(domains: [0, 7, 1, 8, 1, 7], levels: 2, links: [link, link, link])
    }
    for speed in [0, -1, RankLimits.bytesPerSecond + 1] {
      expect(.badValue, "bytes a second") {
        try Network(
          domains: [1], levels: 1, links: [link, Link(bytesPerSecond: speed, latencyNanoseconds: 0)])
      }
    }
    for latency in [-1, RankLimits.latencyNanoseconds + 1] {
      expect(.badValue, "latency") {
        try Network(domains: [1], levels: 1, links: [link, Link(bytesPerSecond: 1, latencyNanoseconds: latency)])
      }
    }
  }

  @Test func jobsAreChecked() {
    expect(.limit, "0 dimensions") { try Job(dimensions: [], collectives: []) }
    expect(.limit, "9 dimensions") { try Job(dimensions: [Int](repeating: 1, count: 9), collectives: []) }
    expect(.badValue, "dimension 1 of 0") { try Job(dimensions: [2, 0], collectives: []) }
    expect(.limit, "dimension 1 of 4096") { try Job(dimensions: [4096, 4096], collectives: []) }
    expect(.limit, "dimension 0") { try Job(dimensions: [.max], collectives: []) }
    for mask in [UInt32(0), 4, 5] {
      expect(.unknown, "collective 0: dimensions") {
        try Job(dimensions: [2, 2], collectives: [Collective(.pipeline, dimensions: mask, bytes: 1)])
      }
    }
    for (bytes, times) in [(-1, 1), (1, 0), (Int64.max, 1)] as [(Int64, Int64)] {
      expect(.badValue, "times") {
        try Job(dimensions: [2], collectives: [Collective(.pipeline, dimensions: 1, bytes: bytes, times: times)])
      }
    }
    expect(.badValue, "groups of 6") {
      try Job(dimensions: [6], collectives: [Collective(.halvingDoublingAllReduce, dimensions: 1, bytes: 1)])
    }
    expect(.limit, "65 collectives") {
      try Job(
        dimensions: [2], collectives: [Collective](repeating: Collective(.pipeline, dimensions: 1, bytes: 1), count: 65)
      )
    }
  }

  @Test func flowsAreChecked() {
    func flows(_ flows: Flow...) throws -> Job { try Job(ranks: 3, flows: flows) }
    expect(.limit, "0 ranks") { try Job(ranks: 0, flows: []) }
    for (from, to) in [(-1, 0), (0, 3), (3, 0)] {
      expect(.unknown, "ranks are 0..<3") { try flows(Flow(from: from, to: to, bytes: 1, messages: 1)) }
    }
    expect(.badValue, "to itself") { try flows(Flow(from: 1, to: 1, bytes: 1, messages: 1)) }
    expect(.badValue, "-1 bytes") { try flows(Flow(from: 1, to: 2, bytes: -1, messages: 1)) }
    expect(.badValue, "-1 messages") { try flows(Flow(from: 1, to: 2, bytes: 1, messages: -1)) }
    expect(.duplicate, "flow 2") {
      try flows(
        Flow(from: 1, to: 2, bytes: 1, messages: 1), Flow(from: 2, to: 1, bytes: 1, messages: 1),
        Flow(from: 1, to: 2, bytes: 1, messages: 1))
    }
  }

  @Test func assignmentsAreChecked() throws {
    let (network, job) = (try network(4), try ring(4))
    expect(.wrongCount, "6 ranks and 4 places") { try Ranks.assign(ring(6), on: network) }
    expect(.wrongCount, "places of 3 ranks") { try Ranks.assign(job, on: network, order: [0, 1, 2]) }
    expect(.unknown, "rank 3 at place 4") { try Ranks.assign(job, on: network, order: [0, 1, 2, 4]) }
    expect(.duplicate, "rank 3 at place 1") { try Ranks.cost(of: [0, 1, 2, 1], job, on: network) }
    var options = RankOptions()
    options.iterations = -1
    expect(.badValue, "iterations") { try Ranks.assign(job, on: network, options: options) }
    options = RankOptions()
    options.exhaustiveRanks = 11
    expect(.badValue, "0...10") { try Ranks.assign(job, on: network, options: options) }
  }

  @Test func sumsBeyondTheLimitsAreRefused() throws {
    let network = try Network(
      domains: [0, 0, 1, 1], levels: 1,
      links: [Link(bytesPerSecond: 1, latencyNanoseconds: RankLimits.latencyNanoseconds), link])
    expect(.limit, "ps") { try Ranks.assign(ring(4, 2_400_000), on: network) }
    expect(.limit, "the job moves more") { try Ranks.assign(ring(4, 1_400_000), on: network) }
    expect(.limit, "too many bytes") { try Ranks.assign(ring(4, RankLimits.bytes), on: network) }
    expect(.limit, "times") {
      try Ranks.assign(
        Job(dimensions: [4], collectives: [Collective(.pipeline, dimensions: 1, bytes: 1, times: .max)]), on: network)
    }
    expect(.limit, "flow 0") {
      try Ranks.assign(
        Job(ranks: 4, flows: [Flow(from: 0, to: 1, bytes: 0, messages: .max)]), on: network)
    }
  }

  @Test func replacementsAreChecked() throws {
    let (network, job) = (try network(6), try ring(4))
    func replace(_ places: [UInt32], _ lost: [Int], _ new: [UInt32]) throws -> RankAssignment {
      try Ranks.replace(job, on: network, placeOfRank: places, lost: lost, replacements: new)
    }
    expect(.wrongCount, "1 replacements for 2") { try replace([0, 1, 2, 3], [2, 3], [4]) }
    expect(.wrongCount, "no rank is lost") { try replace([0, 1, 2, 3], [], [4]) }
    expect(.wrongCount, "places of 3 ranks") { try replace([0, 1, 2], [2], [4]) }
    expect(.unknown, "lost rank 4") { try replace([0, 1, 2, 3], [4], [4]) }
    expect(.duplicate, "lost twice") { try replace([0, 1, 2, 3], [3, 3], [4, 5]) }
    expect(.unknown, "replacement 6") { try replace([0, 1, 2, 3], [3], [6]) }
    expect(.duplicate, "replacement 4") { try replace([0, 1, 2, 3], [3], [4, 4]) }
    expect(.duplicate, "replacement 0") { try replace([0, 1, 2, 3], [3], [0]) }
    expect(.unknown, "rank 1 at place 6") { try replace([0, 6, 2, 3], [3], [4]) }
    expect(.duplicate, "rank 1 at place 0") { try replace([0, 0, 2, 3], [3], [4]) }
    // The place that was lost may be one of the new ones, and where a lost rank was is not looked at.
    #expect(try replace([0, 1, 2, 3], [3], [3]).placeOfRank == [0, 1, 2, 3])
    #expect(try replace([0, 1, 2, .max], [3], [5, 3]).placeOfRank == [0, 1, 2, 3])
  }

  @Test func multiplesAreChecked() throws {
    let job = try ring(16)
    expect(.badValue, "pods of 3") { try Ranks.multiples(of: job, podSize: 3, links: [link, link]) }
    expect(.badValue, "pods of 0") { try Ranks.multiples(of: job, podSize: 0, links: [link, link]) }
    expect(.wrongCount, "at least 2") { try Ranks.multiples(of: job, podSize: 2, links: [link]) }
    expect(.wrongCount, "2 sizes") {
      try Ranks.multiples(of: job, podSize: 2, links: [link, link], domainPods: [1, 2])
    }
  }
}
