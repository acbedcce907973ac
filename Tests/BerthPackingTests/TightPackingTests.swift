import Testing

@testable import BerthPacking

/// Instances of realistic size whose demands are at the very edge of what fits.
@Suite struct TightPackingTests {
  /// Nodes of 64 states, three roles; a node takes about `most` members of the smallest role.
  private static func instance(_ random: inout TestRandom, most: Int64, states: Int, nodes: Int) -> RolePacking {
    let resources = Int.random(in: 1...4, using: &random)
    let isRound = Bool.random(using: &random)
    func amount(_ range: ClosedRange<Int64>) -> Int64 {
      isRound
        ? Int64.random(in: range, using: &random) * 1000
        : Int64.random(in: range.lowerBound * 1000...range.upperBound * 1000, using: &random)
    }
    let requests = (0..<3).map { _ in (0..<resources).map { _ in amount(1...6) } }
    let perState = nodes / states
    let all = (0..<states).map { _ in
      RolePacking.State(
        count: Int.random(in: max(perState / 2, 1)...perState * 3 / 2, using: &random),
        free: (0..<resources).map { _ in amount(most / 3...most) },
        most: (0..<3).map { _ in Int.random(in: 0..<8, using: &random) == 0 ? 0 : Int(most) })
    }
    return RolePacking(requests: requests, states: all)
  }

  /// The largest multiple of a direction that fits, and what is around it: each is decided.
  private func probe(_ packing: RolePacking, _ oracle: PackingOracle, _ random: inout TestRandom, _ limit: Int) {
    let direction = (0..<3).map { _ in Int.random(in: 1...10, using: &random) }
    var (least, most) = (0, limit)
    func decided(_ demands: [Int]) -> Bool {
      switch packing.pack(demands) {
      case .placed(let placed):
        let fault = oracle.fault(placed, demands)
        #expect(fault == nil)
        return true
      case .impossible(let obstacle):
        if case .prices(let prices) = obstacle { #expect(oracle.proves(prices, demands)) }
        return false
      case .bounded:
        Issue.record("\(demands) was not decided")
        return false
      }
    }
    while least < most {
      let middle = least + (most - least + 1) / 2
      if decided(direction.map { $0 * middle / 8 }) { least = middle } else { most = middle - 1 }
    }
    for _ in 0..<6 {
      _ = decided(direction.map { max($0 * least / 8 + Int.random(in: -2...2, using: &random), 0) })
    }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func fewMembersPerNode(seed: UInt64) {
    var random = TestRandom(state: seed)
    let packing = Self.instance(&random, most: 16, states: 64, nodes: 2_000)
    probe(packing, PackingOracle(requests: packing.requests, states: packing.states), &random, 20_000)
  }

  @Test(arguments: 0..<3 as Range<UInt64>)
  func manyMembersPerNode(seed: UInt64) {
    var random = TestRandom(state: seed)
    let packing = Self.instance(&random, most: 110, states: 64, nodes: 2_000)
    probe(packing, PackingOracle(requests: packing.requests, states: packing.states), &random, 200_000)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func fewNodesOfEachState(seed: UInt64) {
    var random = TestRandom(state: seed)
    let packing = Self.instance(&random, most: 20, states: 12, nodes: 24)
    probe(packing, PackingOracle(requests: packing.requests, states: packing.states), &random, 2_000)
  }

  /// The exact search alone, without bounds of the whole and without constructions before it.
  @Test(arguments: 0..<24 as Range<UInt64>)
  func theSearchAgreesWithEnumeration(seed: UInt64) {
    var random = TestRandom(state: seed)
    let requests = (0..<3).map { _ in (0..<2).map { _ in Int64.random(in: 0...5, using: &random) } }
    let states = (0..<2).map { _ in
      RolePacking.State(
        count: Int.random(in: 1...2, using: &random),
        free: (0..<2).map { _ in Int64.random(in: 0...14, using: &random) },
        most: (0..<3).map { _ in Int.random(in: 0...5, using: &random) })
    }
    let packing = RolePacking(requests: requests, states: states)
    let oracle = PackingOracle(requests: requests, states: states)
    let caps = [7, 7, 7]
    let reached = oracle.totals(caps)
    let problem = PackingProblem(packing, roles: [0, 1, 2], limits: caps)
    var steps = 1_000_000
    let patterns = states.indices.map { NodePatterns(problem, state: $0, steps: &steps)! }
    let useful = patterns.map { Array(0..<$0.count) }
    for _ in 0..<30 {
      let demands = caps.map { Int.random(in: 1...$0, using: &random) }
      let expected = reached.contains { zip($0, demands).allSatisfy { $0 >= $1 } }
      let merge = PackingMerge(patterns, problem.counts, useful: useful, needs: demands)
      var branch = PackingBranch(merge.patterns, merge.counts, useful: merge.useful)
      let verdict = branch.run(merge.needs, steps: 1_000_000)
      #expect(verdict == (expected ? .found : .none))
      if verdict == .found {
        let groups = merge.unpack(branch.trail)
        for state in states.indices {
          #expect(groups.reduce(0) { $1.state == state ? $0 + $1.nodes : $0 } == states[state].count)
        }
        #expect(groups.allSatisfy { oracle.fits($0.members, states[$0.state]) })
        for role in 0..<3 { #expect(groups.reduce(0) { $0 + $1.nodes * $1.members[role] } >= demands[role]) }
      }
    }
  }

  /// The most of a role, against one packing after the other.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func theMostOfARole(seed: UInt64) {
    var random = TestRandom(state: seed)
    let packing = Self.instance(&random, most: 12, states: 3, nodes: 9)
    let demands = (0..<3).map { _ in Int.random(in: 0...9, using: &random) }
    for role in 0..<3 {
      var fits: Int?
      for number in 0...200 {
        var all = demands
        all[role] = number
        guard case .placed = packing.pack(all) else { break }
        fits = number
      }
      let most = packing.most(of: role, beside: demands)
      #expect(most?.members == fits && most?.isProven != false)
      #expect(packing.most(of: role, beside: demands, limit: 2)?.members == fits.map { min($0, 2) })
    }
  }

  /// 16 units in two nodes: 4 * 3 + 4 fill them in one way only, 3 * 3 + 2 * 4 are one too many.
  @Test func theOnlyPackingIsFound() {
    // Of 7, a node takes (1, 1), (2, 0) or (0, 1) of 3 and 4; of 9, (3, 0), (1, 1) or (0, 2).
    let packing = RolePacking(
      requests: [[3], [4]],
      states: [.init(count: 1, free: [7], most: [9, 9]), .init(count: 1, free: [9], most: [9, 9])])
    #expect(
      packing.pack([4, 1]) == .placed([[.init(nodes: 1, members: [1, 1])], [.init(nodes: 1, members: [3, 0])]]))
    #expect(packing.pack([3, 2]) == .impossible(.resource(0)))
  }

  /// Quantities of 2^50, 2^24 nodes: sums pass 64 bits, answers do not.
  @Test func largeQuantitiesDoNotOverflow() {
    let large = Int64(1) << 50
    let states = (0..<64).map { RolePacking.State(count: 1 << 24, free: [large, large - Int64($0)], most: [8, 8, 8]) }
    let packing = RolePacking(
      requests: [[large / 4, large / 8], [large / 2, large / 2], [large / 8, large / 4]], states: states)
    // Of the first state a node takes two of the second role, of the others one.
    let second = (1 << 24) * 65
    #expect(
      packing.pack([0, second, 0])
        == .placed(
          states.indices.map {
            [.init(nodes: 1 << 24, members: [0, $0 == 0 ? 2 : 1, 0])]
          }))
    #expect(packing.pack([0, second + 1, 0]) == .impossible(.role(1)))
    #expect(packing.pack([1 << 31, 1 << 31, 1 << 31]) == .impossible(.role(1)))
    #expect(packing.pack([1 << 31, 1 << 30, 1 << 31]) == .impossible(.resource(0)))
    #expect(packing.most(of: 0, beside: [0, second, 0])?.isProven == true)
  }

  /// Two nodes of 8 take (2, 0), (1, 1) or (0, 2) of 3 and 4 each: (4, 1) is 16 in all, and does not fit.
  @Test func theLimitOfStepsIsKept() {
    let packing = RolePacking(requests: [[3], [4]], states: [.init(count: 2, free: [8], most: [9, 9])])
    #expect(packing.pack([4, 1], stepLimit: 0) == .bounded)
    guard case .impossible(.prices(let prices)) = packing.pack([4, 1]) else {
      Issue.record("no proof")
      return
    }
    // Not 3 and 4: what a node cannot fill counts.
    #expect(2 * max(2 * prices[0], prices[0] + prices[1], 2 * prices[1]) < 4 * prices[0] + prices[1])
    #expect(packing.most(of: 1, beside: [4, 0])! == (0, true))
    #expect(packing.most(of: 0, beside: [0, 1], stepLimit: 0)! == (3, false))
  }
}

extension PackingOracle {
  /// Whether all nodes together, each at its best pattern, are worth less than the demands. Checked node by node with
  /// every pair of numbers of the first two roles and the largest of the third.
  func proves(_ prices: [Int], _ demands: [Int]) -> Bool {
    var sum = 0.0
    for state in states {
      var best = 0
      for first in 0...min(state.most[0], demands[0]) {
        if !fits([first, 0, 0], state) { break }
        for second in 0...min(state.most[1], demands[1]) {
          if !fits([first, second, 0], state) { break }
          var third = min(state.most[2], demands[2])
          for resource in state.free.indices where requests[2][resource] > 0 {
            let used = Int64(first) * requests[0][resource] + Int64(second) * requests[1][resource]
            third = min(third, Int((state.free[resource] - used) / requests[2][resource]))
          }
          best = max(best, first * prices[0] + second * prices[1] + max(third, 0) * prices[2])
        }
      }
      sum += Double(best) * Double(state.count)
    }
    // Doubles hold sums below 2^62 to a part in 2^52; the proof itself is in integers.
    return sum <= demands.indices.reduce(0.0) { $0 + Double(demands[$1]) * Double(prices[$1]) } * (1 + 0x1p-40)
  }
}
