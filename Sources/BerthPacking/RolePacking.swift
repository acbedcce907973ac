/// Members of several roles on nodes: which node takes how many of each, so that every role gets its demand.
///
/// Nodes that are alike are one *state*. A node takes x[r] members of role r iff for every resource the sum of
/// x[r] * request[r] is at most what is free, and x[r] <= most[r]. Such a vector x is a *pattern* (Gilmore and Gomory,
/// "A Linear Programming Approach to the Cutting-Stock Problem", 1961), and the problem is vector bin packing with
/// few kinds of items and of bins.
///
/// The answer is found in three stages: sums per role and per resource that prove a no; constructions that find a
/// yes where there is room; then patterns are enumerated, priced by the dual of the linear relaxation, and searched.
/// Every no is proven in integers; floating point only chooses what is tried first.
public struct RolePacking: Sendable {
  public struct State: Sendable {
    /// Nodes in this state, at most 2^24.
    public var count: Int
    /// [resource] What is free on each of them.
    public var free: [Int64]
    /// [role] Members of the role alone that one of them takes at the most; 0: none is allowed there.
    public var most: [Int]

    public init(count: Int, free: [Int64], most: [Int]) {
      self.count = count
      self.free = free
      self.most = most
    }
  }

  /// So many nodes get so many members of each role.
  public struct Pattern: Equatable, Sendable {
    public var nodes: Int
    /// [role]
    public var members: [Int]

    public init(nodes: Int, members: [Int]) {
      self.nodes = nodes
      self.members = members
    }
  }

  /// Why there is no packing.
  public enum Obstacle: Equatable, Sendable {
    /// All nodes together take too few of that role, even if they take no other.
    case role(Int)
    /// More of that resource is asked than is free on the nodes that may be used.
    case resource(Int)
    /// [role] If members are worth this much, all nodes together take less than the demands are worth.
    case prices([Int])
    /// No combination of patterns does; all were excluded.
    case search
  }

  public enum Outcome: Equatable, Sendable {
    /// [state] What its nodes get; nodes that are not listed get nothing.
    case placed([[Pattern]])
    case impossible(Obstacle)
    /// Not decided within the limit of steps.
    case bounded
  }

  public static let defaultStepLimit = 50_000_000
  /// Demands are below this, so that sums over nodes stay within 64 bits.
  public static let demandLimit = 1 << 32

  let requests: [[Int64]]
  let states: [State]

  /// `requests`: [role][resource], none below 0.
  public init(requests: [[Int64]], states: [State]) {
    precondition(!requests.isEmpty, "a packing has at least one role")
    let resources = requests[0].count
    for request in requests {
      precondition(request.count == resources && request.allSatisfy { $0 >= 0 }, "requests: [role][resource], >= 0")
    }
    for state in states {
      precondition(state.count >= 0 && state.count <= 1 << 24, "a state has at most 2^24 nodes")
      precondition(state.free.count == resources, "free: [resource]")
      precondition(state.most.count == requests.count && state.most.allSatisfy { $0 >= 0 }, "most: [role], >= 0")
    }
    self.requests = requests
    self.states = states
  }

  /// Finds a packing of exactly the demands ([role]), or proves that there is none.
  ///
  /// `stepLimit`: how many patterns and branches are looked at, about 10 to 100 ns each.
  public func pack(_ demands: [Int], stepLimit: Int = defaultStepLimit) -> Outcome {
    check(demands)
    let roles = demands.indices.filter { demands[$0] > 0 }
    if roles.isEmpty { return .placed(states.map { _ in [] }) }
    let needs = roles.map { demands[$0] }
    let problem = PackingProblem(self, roles: roles, limits: needs)
    if let obstacle = problem.obstacle(needs) { return .impossible(obstacle) }
    if let placed = PackingGreedy.pack(problem, needs) { return outcome(placed, problem, demands) }
    guard var search = PackingSearch(problem, stepLimit: stepLimit) else { return .bounded }
    return outcome(search.run(needs), problem, demands)
  }

  /// The most members of `role` that fit beside the demands of the others (demands[role] is not read), at most
  /// `limit` of them; nil if the others alone do not fit, or that was not decided. `isProven` is false where a larger
  /// number could not be excluded.
  ///
  /// Feasibility is monotone in each demand, so this is a binary search; the patterns are enumerated once.
  public func most(
    of role: Int, beside demands: [Int], limit: Int = demandLimit - 1, stepLimit: Int = defaultStepLimit
  ) -> (members: Int, isProven: Bool)? {
    var others = demands
    others[role] = 0
    check(others)
    guard case .placed = pack(others, stepLimit: stepLimit) else { return nil }
    var limits = others
    limits[role] = min(max(limit, 0), Self.demandLimit - 1)
    let roles = limits.indices.filter { limits[$0] > 0 }
    guard let place = roles.firstIndex(of: role) else { return (0, true) }
    let problem = PackingProblem(self, roles: roles, limits: roles.map { limits[$0] })
    var needs = roles.map { others[$0] }
    var search: PackingSearch?
    var isProven = true
    var (least, most) = (0, min(limits[role], problem.capacity(of: place)))
    while least < most {
      let middle = least + (most - least + 1) / 2
      needs[place] = middle
      var outcome: PackingSearch.Result
      if problem.obstacle(needs) != nil {
        outcome = .impossible(.search)
      } else if PackingGreedy.pack(problem, needs) != nil {
        outcome = .placed([])
      } else {
        if search == nil { search = PackingSearch(problem, stepLimit: stepLimit) }
        outcome = search?.run(needs) ?? .bounded
      }
      switch outcome {
      case .placed: least = middle
      case .impossible: most = middle - 1
      case .bounded:
        most = middle - 1
        isProven = false
      }
    }
    return (least, isProven)
  }

  private func check(_ demands: [Int]) {
    precondition(
      demands.count == requests.count && demands.allSatisfy { $0 >= 0 && $0 < Self.demandLimit },
      "demands: [role], 0..<2^32")
  }

  private func outcome(_ result: PackingSearch.Result, _ problem: PackingProblem, _ demands: [Int]) -> Outcome {
    switch result {
    case .placed(let groups): return outcome(groups, problem, demands)
    case .bounded: return .bounded
    case .impossible(.prices(let prices)):
      var all = demands.map { _ in 0 }
      for (place, role) in problem.roles.enumerated() { all[role] = prices[place] }
      return .impossible(.prices(all))
    case .impossible(let obstacle): return .impossible(obstacle)
    }
  }

  /// What was found has at least the demands; the rest is taken away again, from as few nodes as that can be.
  private func outcome(_ groups: [PackingGroup], _ problem: PackingProblem, _ demands: [Int]) -> Outcome {
    var groups = groups
    for (place, role) in problem.roles.enumerated() {
      var surplus = groups.reduce(-demands[role]) { $0 + $1.nodes * $1.members[place] }
      assert(surplus >= 0, "a role got less than its demand")
      for index in groups.indices.reversed() where surplus > 0 && groups[index].members[place] > 0 {
        let each = groups[index].members[place]
        let emptied = min(groups[index].nodes, surplus / each)
        surplus -= emptied * each
        groups.split(index, nodes: emptied) { $0.members[place] = 0 }
        // What is left of the group is still at `index`.
        if surplus > 0 && surplus < each && groups[index].nodes > 0 {
          groups.split(index, nodes: 1) { $0.members[place] = each - surplus }
          surplus = 0
        }
      }
    }
    var placed: [[Pattern]] = states.map { _ in [] }
    for group in groups where group.nodes > 0 && group.members.contains(where: { $0 > 0 }) {
      var members = demands.map { _ in 0 }
      for (place, role) in problem.roles.enumerated() { members[role] = group.members[place] }
      if let same = placed[group.state].firstIndex(where: { $0.members == members }) {
        placed[group.state][same].nodes += group.nodes
      } else {
        placed[group.state].append(Pattern(nodes: group.nodes, members: members))
      }
    }
    return .placed(placed)
  }
}

/// Nodes of one state that get the same.
struct PackingGroup {
  let state: Int
  var nodes: Int
  /// [role of the problem]
  var members: [Int]
}

extension [PackingGroup] {
  /// Changes so many nodes of a group; the others stay where they are.
  mutating func split(_ index: Int, nodes: Int, _ change: (inout PackingGroup) -> Void) {
    if nodes == 0 { return }
    var part = self[index]
    self[index].nodes -= nodes
    part.nodes = nodes
    change(&part)
    append(part)
  }
}
