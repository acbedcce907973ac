import Testing

@testable import BerthRanks

/// What a domain holds at most of a job's traffic, against all sets of ranks of small jobs.
@Suite struct BoundTests {
  static let shapes: [[Int]] = [
    [12], [2, 6], [3, 4], [4, 3], [2, 2, 3], [8], [2, 4], [2, 2, 2], [3, 3], [2, 3, 2],
  ]

  @Test(arguments: 0..<400)
  func noSetOfRanksHoldsMoreThanTheBounds(seed: Int) throws {
    let small = SmallCase(seed: UInt64(seed), ranks: Self.shapes[seed % Self.shapes.count])
    let (job, network) = (try small.job(), try small.network())
    let traffic = try Traffic(job, on: network)
    // Each kind's weight is what it saves on the innermost level.
    let lines = traffic.patterns.map { pattern, kind, dimensions in
      Line(
        pattern: pattern,
        weights: (0..<pattern.kinds.count).map {
          traffic.price(kind + $0, 0) - traffic.price(kind + $0, network.levelCount)
        }, groups: traffic.rankCount / pattern.size, dimensions: varying(dimensions, job))
    }
    let joint = JointBound(lines: lines, dimensions: job.dimensions)
    let weights = pairWeights(small)
    for (size, most) in mostInside(weights, job.rankCount).enumerated() {
      let separate = lines.reduce(0) { $0 + Int($1.within(size)) }
      #expect(most <= separate, "\(small), sets of \(size)")
      guard let joint else { continue }
      // One domain of the size: what does not cross is inside.
      let covered = lines.filter(joint.covers)
      let total = covered.reduce(0) { $0 + Int($1.total) }
      let rest = lines.filter { !joint.covers($0) }.reduce(0) { $0 + Int($1.within(size)) }
      let inside = total - Int(joint.crossing([(size: size, count: 1)])) + rest
      #expect(most <= inside, "\(small), sets of \(size) together")
    }
  }

  private func varying(_ mask: UInt32, _ job: Job) -> UInt32 {
    job.dimensions.indices.reduce(0) { job.dimensions[$1] > 1 ? $0 | mask & 1 << UInt32($1) : $0 }
  }

  /// What each pair of ranks saves where it shares an innermost domain.
  private func pairWeights(_ small: SmallCase) -> [[Int]] {
    let count = small.dimensions.reduce(1, *)
    var weights = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for flow in small.flows {
      let saved = Oracle.price(flow, small.links[0]) - Oracle.price(flow, small.links[small.links.count - 1])
      weights[max(flow.from, flow.to)][min(flow.from, flow.to)] += saved
    }
    return weights
  }

  /// By size, the greatest weight inside a set of so many ranks.
  private func mostInside(_ weights: [[Int]], _ count: Int) -> [Int] {
    var most = [Int](repeating: 0, count: count + 1)
    var members: [Int] = []
    func extend(_ next: Int, _ sum: Int) {
      most[members.count] = max(most[members.count], sum)
      for rank in next..<max(next, count) {
        let gain = members.reduce(0) { $0 + weights[rank][$1] }
        members.append(rank)
        extend(rank + 1, sum + gain)
        members.removeLast()
      }
    }
    extend(0, 0)
    return most
  }
}
