/// Constructions that find a packing at once where there is room: role by role, each as many to a node as it takes.
enum PackingGreedy {
  /// What a node has left, beside what it got.
  private struct Bin {
    var group: PackingGroup
    var free: [Int64]
  }

  static func pack(_ problem: PackingProblem, _ needs: [Int]) -> [PackingGroup]? {
    for order in orders(problem, needs) {
      for spares in [true, false] {
        if let groups = pack(problem, needs, order, spares: spares) { return groups }
      }
    }
    return nil
  }

  /// Orders of the roles, the one with the least room first; all of them for three roles or less.
  private static func orders(_ problem: PackingProblem, _ needs: [Int]) -> [[Int]] {
    let share = needs.indices.map { Double(needs[$0]) / Double(problem.capacity(of: $0)) }
    let first = needs.indices.sorted { (share[$1], $0) < (share[$0], $1) }
    switch first.count {
    case 1: return [first]
    case 2: return [first, first.reversed()]
    case 3:
      return [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map { $0.map { first[$0] } }
    default: return first.indices.map { Array(first[$0...] + first[..<$0]) } + [first.reversed()]
    }
  }

  /// `spares`: a role goes first to the nodes that are of least use to the roles after it.
  private static func pack(
    _ problem: PackingProblem, _ needs: [Int], _ order: [Int], spares: Bool
  ) -> [PackingGroup]? {
    var bins = problem.counts.indices.map { state in
      let group = PackingGroup(state: state, nodes: problem.counts[state], members: needs.map { _ in 0 })
      return Bin(group: group, free: problem.free[state])
    }
    for (turn, role) in order.enumerated() {
      let later = order[(turn + 1)...]
      let room = bins.map { fit(role, $0, problem) }
      let use = bins.map { bin in later.reduce(0.0) { $0 + Double(fit($1, bin, problem)) / Double(needs[$1]) } }
      let sequence = bins.indices.sorted {
        let (left, right) = spares ? (use[$0], use[$1]) : (Double(-room[$0]), Double(-room[$1]))
        return left != right ? left < right : (-room[$0], $0) < (-room[$1], $1)
      }
      var rest = needs[role]
      for index in sequence where rest > 0 && room[index] > 0 {
        let full = min(bins[index].group.nodes, rest / room[index])
        rest -= full * room[index]
        give(room[index], of: role, to: full, index, &bins, problem)
        if rest > 0 && rest < room[index] && bins[index].group.nodes > 0 {
          give(rest, of: role, to: 1, index, &bins, problem)
          rest = 0
        }
      }
      if rest > 0 { return nil }
    }
    return bins.map(\.group)
  }

  private static func fit(_ role: Int, _ bin: Bin, _ problem: PackingProblem) -> Int {
    if bin.group.nodes == 0 { return 0 }
    var most = problem.most[bin.group.state][role]
    for (request, free) in zip(problem.requests[role], bin.free) where request > 0 {
      most = min(most, free < request ? 0 : Int(free / request))
    }
    return most
  }

  private static func give(
    _ members: Int, of role: Int, to nodes: Int, _ index: Int, _ bins: inout [Bin], _ problem: PackingProblem
  ) {
    if nodes == 0 { return }
    var part = bins[index]
    bins[index].group.nodes -= nodes
    part.group.nodes = nodes
    part.group.members[role] = members
    // Within what is free, so the product cannot overflow.
    for (resource, request) in problem.requests[role].enumerated() { part.free[resource] -= Int64(members) * request }
    bins.append(part)
  }
}
