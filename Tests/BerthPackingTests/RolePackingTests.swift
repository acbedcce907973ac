import BerthPacking
import Testing

/// The slow way: totals that can be reached, node after node, each with every pattern.
struct PackingOracle {
  let requests: [[Int64]]
  let states: [RolePacking.State]

  func fits(_ members: [Int], _ state: RolePacking.State) -> Bool {
    for (role, number) in members.enumerated() where number > state.most[role] { return false }
    for resource in state.free.indices {
      var sum: Int64 = 0
      for (role, number) in members.enumerated() { sum += Int64(number) * requests[role][resource] }
      if sum > state.free[resource]
        && members.indices.contains(where: { members[$0] * Int(requests[$0][resource]) > 0 })
      {
        return false
      }
    }
    return true
  }

  func patterns(_ state: RolePacking.State, _ caps: [Int]) -> [[Int]] {
    var all: [[Int]] = [[]]
    for role in caps.indices {
      all = all.flatMap { prefix in (0...min(caps[role], state.most[role])).map { prefix + [$0] } }
    }
    return all.filter { fits($0, state) }
  }

  /// Every total up to the caps that can be packed.
  func totals(_ caps: [Int]) -> Set<[Int]> {
    var reached: Set<[Int]> = [caps.map { _ in 0 }]
    for state in states {
      let patterns = patterns(state, caps)
      for _ in 0..<state.count {
        var next: Set<[Int]> = []
        for total in reached {
          for pattern in patterns { next.insert(zip(zip(total, pattern).map { $0 + $1 }, caps).map { min($0, $1) }) }
        }
        reached = next
      }
    }
    return reached
  }

  /// What a packing does wrong; nil: nothing.
  func fault(_ placed: [[RolePacking.Pattern]], _ demands: [Int]) -> String? {
    if placed.count != states.count { return "states" }
    var sum = demands.map { _ in 0 }
    for (state, patterns) in zip(states, placed) {
      if patterns.reduce(0, { $0 + $1.nodes }) > state.count { return "more nodes than there are" }
      for pattern in patterns {
        if pattern.nodes <= 0 || !fits(pattern.members, state) { return "\(pattern) does not fit \(state)" }
        for role in sum.indices { sum[role] += pattern.nodes * pattern.members[role] }
      }
    }
    return sum == demands ? nil : "\(sum) instead of \(demands)"
  }
}

struct TestRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct RolePackingTests {
  /// All demands of a small instance: those that can be packed are, the others are proven not to be.
  @Test(arguments: 0..<400 as Range<UInt64>)
  func agreesWithEnumeration(seed: UInt64) {
    var random = TestRandom(state: seed)
    let roles = Int.random(in: 1...3, using: &random)
    let resources = Int.random(in: 1...3, using: &random)
    let largest = Int64.random(in: 2...7, using: &random)
    let requests = (0..<roles).map { _ in (0..<resources).map { _ in Int64.random(in: 0...largest, using: &random) } }
    let states = (0..<Int.random(in: 1...3, using: &random)).map { _ in
      RolePacking.State(
        count: Int.random(in: 0...3, using: &random),
        free: (0..<resources).map { _ in Int64.random(in: -1...14, using: &random) },
        most: (0..<roles).map { _ in Int.random(in: 0...6, using: &random) })
    }
    let oracle = PackingOracle(requests: requests, states: states)
    let caps = [Int](repeating: roles == 3 ? 9 : 14, count: roles)
    let reached = oracle.totals(caps)
    let packing = RolePacking(requests: requests, states: states)
    var demands = caps.map { _ in 0 }
    while true {
      // Closed downwards: it can be packed iff something at least as large was reached.
      let expected = reached.contains { zip($0, demands).allSatisfy { $0 >= $1 } }
      switch packing.pack(demands) {
      case .placed(let placed):
        #expect(expected)
        #expect(oracle.fault(placed, demands) == nil)
      case .impossible: #expect(!expected, "\(demands) of seed \(seed)")
      case .bounded: Issue.record("bounded at \(demands)")
      }
      guard let role = demands.indices.first(where: { demands[$0] < caps[$0] }) else { break }
      demands[role] += 1
      for before in 0..<role { demands[before] = 0 }
    }
  }
}
