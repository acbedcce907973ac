import BerthRanks

/// A seeded job on a seeded tree, small enough for all permutations, for the module and for the oracle.
struct SmallCase: CustomStringConvertible {
  var seed: UInt64
  var paths: [[UInt32]]
  var links: [OracleLink]
  var dimensions: [Int]
  var collectives: [(kind: OracleKind, chosen: Set<Int>, bytes: Int, times: Int)] = []
  var given: [OracleFlow] = []
  var random: Random

  struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let mixed = (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
      return mixed ^ (mixed >> 29)
    }
  }

  /// - Parameter ranks: of the job; there may be more places.
  init(seed: UInt64, ranks: [Int], extraPlaces: Int = 0, monotone: Bool = true, matrix: Bool = false) {
    var random = Random(state: seed)
    self.seed = seed
    dimensions = ranks
    self.random = random
    let count = ranks.reduce(1, *)
    let levels = Int.random(in: 1...3, using: &random)
    // A random tree: each level's domain continues its parent's with a fresh number.
    var next: UInt32 = 0
    var known: [[UInt32]: UInt32] = [:]
    let width = Int.random(in: 1...3, using: &random)
    paths = (0..<count + extraPlaces).map { _ in
      var path: [UInt32] = []
      var choice: [UInt32] = []
      for _ in 0..<levels {
        choice.append(UInt32.random(in: 0..<UInt32(width), using: &random))
        if known[choice] == nil {
          known[choice] = next
          next += 1
        }
        path.append(known[choice, default: 0])
      }
      return path
    }
    links = (0...levels).map { _ in
      OracleLink(
        bytesPerSecond: Int.random(in: 1...50, using: &random) * 100_000_000,
        latency: Int.random(in: 0...20, using: &random))
    }
    if monotone {
      let (speeds, latencies) = (links.map(\.bytesPerSecond).sorted(), links.map(\.latency).sorted(by: >))
      links = zip(speeds, latencies).map { OracleLink(bytesPerSecond: $0, latency: $1) }
    }
    if matrix { drawFlows(count, &random) } else { drawCollectives(&random) }
  }

  private mutating func drawFlows(_ count: Int, _ random: inout Random) {
    for from in 0..<count {
      for to in 0..<count where to != from && Int.random(in: 0..<3, using: &random) == 0 {
        given.append(
          OracleFlow(
            from: from, to: to, bytes: Int.random(in: 0...5000, using: &random),
            messages: Int.random(in: 0...3, using: &random)))
      }
    }
  }

  private mutating func drawCollectives(_ random: inout Random) {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      var chosen = Set(dimensions.indices.filter { _ in Bool.random(using: &random) })
      if chosen.isEmpty { chosen = [Int.random(in: dimensions.indices, using: &random)] }
      var kind = OracleKind.allCases.randomElement(using: &random) ?? .pipeline
      let size = chosen.reduce(1) { $0 * dimensions[$1] }
      if kind == .halvingDoublingAllReduce, size & (size - 1) != 0 { kind = .treeAllReduce }
      collectives.append(
        (kind, chosen, Int.random(in: 0...4000, using: &random), Int.random(in: 1...3, using: &random)))
    }
  }

  var description: String { "seed \(seed), dimensions \(dimensions), \(paths.count) places" }

  var flows: [OracleFlow] {
    given
      + collectives.flatMap { collective in
        Oracle.groups(dimensions, collective.chosen).flatMap { group in
          Oracle.flows(collective.kind, size: group.count, bytes: collective.bytes).map {
            OracleFlow(
              from: group[$0.from], to: group[$0.to], bytes: $0.bytes * collective.times,
              messages: $0.messages * collective.times)
          }
        }
      }
  }

  func network() throws -> Network {
    try Network(
      domains: paths.flatMap { $0 }, levels: paths[0].count,
      links: links.map { Link(bytesPerSecond: Int64($0.bytesPerSecond), latencyNanoseconds: Int64($0.latency)) })
  }

  func job() throws -> Job {
    if !given.isEmpty || collectives.isEmpty {
      return try Job(
        ranks: dimensions.reduce(1, *),
        flows: given.map {
          Flow(from: $0.from, to: $0.to, bytes: Int64($0.bytes), messages: Int64($0.messages))
        })
    }
    return try Job(
      dimensions: dimensions,
      collectives: collectives.map { collective in
        Collective(
          Collective.Kind(rawValue: collective.kind.rawValue) ?? .pipeline,
          dimensions: collective.chosen.reduce(0) { $0 | 1 << UInt32($1) }, bytes: Int64(collective.bytes),
          times: Int64(collective.times))
      })
  }
}
