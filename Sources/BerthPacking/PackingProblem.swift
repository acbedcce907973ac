/// A packing without the roles of which nothing is asked, and with limits per node that follow from resources.
struct PackingProblem {
  /// Roles of the caller, in the order in which they are counted here.
  let roles: [Int]
  /// [role][resource]
  let requests: [[Int64]]
  /// [state]
  let counts: [Int]
  /// [state][resource]
  let free: [[Int64]]
  /// [state][role] Members of a role alone, at most the demand.
  let most: [[Int]]

  init(_ packing: RolePacking, roles: [Int], limits: [Int]) {
    self.roles = roles
    let requests = roles.map { packing.requests[$0] }
    self.requests = requests
    counts = packing.states.map(\.count)
    free = packing.states.map(\.free)
    most = packing.states.map { state in
      roles.indices.map { place in
        var most = min(state.most[roles[place]], limits[place])
        for (request, free) in zip(requests[place], state.free) {
          // A resource that is overdrawn keeps out only members that ask for it.
          if request > 0 { most = min(most, free < request ? 0 : Int(free / request)) }
        }
        return most
      }
    }
  }

  var stateCount: Int { counts.count }
  var roleCount: Int { roles.count }
  var resourceCount: Int { requests[0].count }

  /// How many members of the role alone all nodes take together; saturates above any demand.
  func capacity(of role: Int) -> Int {
    var sum = 0
    for state in counts.indices { sum = min(sum + counts[state] * most[state][role], 1 << 60) }
    return sum
  }

  /// Upper bound of all members on all nodes: what sums of patterns can come to.
  var volume: Double {
    var sum = 0.0
    for state in counts.indices { sum += Double(counts[state]) * most[state].reduce(0) { $0 + Double($1) } }
    return sum
  }

  /// Whether a node of that state takes so many of each role; numbers below 0 count as 0.
  func fits(_ state: Int, _ members: (Int) -> Int) -> Bool {
    for role in roles.indices where members(role) > most[state][role] { return false }
    for resource in 0..<resourceCount {
      var left = max(free[state][resource], 0)
      for role in roles.indices {
        // At most `most`, whose request is within what is free: no product overflows.
        left -= Int64(max(members(role), 0)) * requests[role][resource]
        if left < 0 { return false }
      }
    }
    return true
  }

  /// A proof from sums alone; nil where they prove nothing.
  func obstacle(_ needs: [Int]) -> RolePacking.Obstacle? {
    for place in needs.indices where capacity(of: place) < needs[place] { return .role(roles[place]) }
    for resource in 0..<resourceCount {
      var asked = WideSum()
      for place in needs.indices { asked.add(Int64(needs[place]), requests[place][resource]) }
      var offered = WideSum()
      for state in counts.indices where free[state][resource] > 0 {
        // No more than the members that it takes can use.
        var used = WideSum()
        for place in needs.indices { used.add(Int64(most[state][place]), requests[place][resource]) }
        let most = used.high == 0 ? UInt64(min(used.low, UInt64(free[state][resource]))) : UInt64(free[state][resource])
        offered.add(Int64(counts[state]), Int64(most))
      }
      if offered < asked { return .resource(resource) }
    }
    return nil
  }
}

/// A sum of products of numbers >= 0, in 128 bits.
struct WideSum: Comparable {
  var high: UInt64 = 0
  var low: UInt64 = 0

  mutating func add(_ first: Int64, _ second: Int64) {
    assert(first >= 0 && second >= 0)
    let product = UInt64(first).multipliedFullWidth(by: UInt64(second))
    let (sum, carry) = low.addingReportingOverflow(product.low)
    low = sum
    high += product.high + (carry ? 1 : 0)
  }

  static func < (left: WideSum, right: WideSum) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}
