/// States whose useful patterns differ only by a constant, made one: each node's constant is taken off the needs, and
/// what the nodes can add to it is the same. Patterns in a line, p, p + u, ..., p + m * u, are m nodes of two patterns.
///
/// Near the bound few patterns of a state are useful, and those of many states are alike. A search over the states
/// as they are would go through all ways to share the same sum among them.
struct PackingMerge {
  private struct Part {
    let state: Int
    /// Steps along the line; 0: patterns are taken one to one.
    let steps: Int
  }

  /// [merged state] Patterns, each at least 0 and with a 0 for each role.
  private(set) var patterns: [NodePatterns] = []
  private(set) var counts: [Int] = []
  private(set) var useful: [[Int]] = []
  /// [role] What is asked beyond the constants.
  private(set) var needs: [Int]

  private let original: [NodePatterns]
  private let originalUseful: [[Int]]
  private let originalCounts: [Int]
  /// [merged state]
  private var parts: [[Part]] = []
  private let roleCount: Int

  /// Sets of more patterns are not compared: they are hardly ever alike.
  private static let compared = 64

  init(_ original: [NodePatterns], _ counts: [Int], useful: [[Int]], needs: [Int]) {
    roleCount = needs.count
    self.original = original
    originalCounts = counts
    // In one order, so that sets can be compared.
    originalUseful = useful.indices.map { state in
      useful[state].sorted { original[state].pattern($0).lexicographicallyPrecedes(original[state].pattern($1)) }
    }
    self.needs = needs
    var known: [[Int]: Int] = [:]
    for state in counts.indices where counts[state] > 0 { add(state, &known) }
    for role in self.needs.indices { self.needs[role] = max(self.needs[role], 0) }
  }

  private mutating func add(_ state: Int, _ known: inout [[Int]: Int]) {
    let all = originalUseful[state]
    if all.count > Self.compared {
      patterns.append(original[state])
      useful.append(all)
      counts.append(originalCounts[state])
      parts.append([Part(state: state, steps: 0)])
      return
    }
    let members = all.map { original[state].pattern($0) }
    let least = (0..<roleCount).map { role in members.lazy.map { $0[role] }.min()! }
    for role in 0..<roleCount { needs[role] -= originalCounts[state] * least[role] }
    var steps = 0
    var shifted: [[Int]]
    if let along = Self.line(members) {
      steps = all.count - 1
      let begin = along.map { max(-$0, 0) }
      shifted = [begin, zip(begin, along).map { $0 + $1 }]
    } else {
      shifted = members.map { zip($0, least).map { $0 - $1 } }
    }
    let key = Array(shifted.joined())
    let count = steps > 0 ? originalCounts[state] * steps : originalCounts[state]
    if let same = known[key] {
      counts[same] += count
      parts[same].append(Part(state: state, steps: steps))
    } else {
      known[key] = patterns.count
      patterns.append(NodePatterns(members: key, roleCount: roleCount))
      useful.append(Array(shifted.indices))
      counts.append(count)
      parts.append([Part(state: state, steps: steps)])
    }
  }

  /// The difference of two neighbours, if it is the same for all of them; nil for a single pattern.
  private static func line(_ members: [[Int]]) -> [Int]? {
    guard members.count > 1 else { return nil }
    let along = zip(members[1], members[0]).map { $0 - $1 }
    for (next, before) in zip(members.dropFirst(), members)
    where !zip(next, before).map({ $0 - $1 }).elementsEqual(along) {
      return nil
    }
    return along
  }

  /// What the nodes of the states get, from how many of the merged ones got which pattern; those left out get any.
  func unpack(_ dealt: [PackingBranch.Dealt]) -> [PackingGroup] {
    var groups: [PackingGroup] = []
    for merged in parts.indices {
      var pool = dealt.filter { $0.state == merged && $0.nodes > 0 }
      let left = counts[merged] - pool.reduce(0) { $0 + $1.nodes }
      if left > 0 { pool.append(PackingBranch.Dealt(state: merged, pattern: useful[merged][0], nodes: left)) }
      var steps = pool.reduce(0) { $1.pattern == 1 ? $0 + $1.nodes : $0 }
      for part in parts[merged] {
        if part.steps > 0 {
          groups += share(&steps, part)
        } else {
          groups += take(&pool, part.state)
        }
      }
    }
    return groups
  }

  /// Each node as far along its line as it goes, until no steps are left.
  private func share(_ steps: inout Int, _ part: Part) -> [PackingGroup] {
    let all = originalUseful[part.state]
    let full = min(originalCounts[part.state], steps / part.steps)
    steps -= full * part.steps
    var groups = [group(part.state, all[part.steps], full)]
    var left = originalCounts[part.state] - full
    if left > 0 && steps > 0 {
      groups.append(group(part.state, all[steps], 1))
      steps = 0
      left -= 1
    }
    groups.append(group(part.state, all[0], left))
    return groups.filter { $0.nodes > 0 }
  }

  private func take(_ pool: inout [PackingBranch.Dealt], _ state: Int) -> [PackingGroup] {
    var groups: [PackingGroup] = []
    var left = originalCounts[state]
    let isCompared = originalUseful[state].count <= Self.compared
    while left > 0, var last = pool.popLast() {
      let nodes = min(left, last.nodes)
      groups.append(group(state, isCompared ? originalUseful[state][last.pattern] : last.pattern, nodes))
      left -= nodes
      last.nodes -= nodes
      if last.nodes > 0 { pool.append(last) }
    }
    return groups
  }

  private func group(_ state: Int, _ pattern: Int, _ nodes: Int) -> PackingGroup {
    PackingGroup(state: state, nodes: nodes, members: original[state].pattern(pattern))
  }
}
