/// The patterns of a node that cannot be extended by any member.
///
/// What fits is closed downwards, so a pattern is maximal iff no single member can be added. Every packing can be
/// extended to maximal patterns; and for prices >= 0 a best pattern is among `corners`.
struct NodePatterns {
  let roleCount: Int
  /// [pattern * roleCount + role] All maximal patterns.
  private(set) var members: [Int] = []
  /// Patterns that are corners of the hull of their slice (all roles but two fixed): a superset of those where a
  /// linear function with weights >= 0 has its maximum. (With weights > 0, a maximum over a slice is at a corner
  /// of its upper hull, and is maximal; weights of 0 are limits of such.)
  private(set) var corners: [Int] = []

  var count: Int { members.count / roleCount }

  /// Patterns as they are given: [pattern * roleCount + role]. All of them may be corners.
  init(members: [Int], roleCount: Int) {
    self.members = members
    self.roleCount = roleCount
    corners = Array(0..<members.count / roleCount)
  }

  /// nil if there are more than `steps` left for; they are counted down.
  init?(_ problem: PackingProblem, state: Int, steps: inout Int) {
    roleCount = problem.roleCount
    let most = problem.most[state]
    if roleCount == 1 {
      members = most
      corners = [0]
      return
    }
    // The two roles with the largest numbers are walked along their staircase, the others are enumerated.
    let bySize = most.indices.sorted { (most[$0], $0) < (most[$1], $1) }
    var slice = Slice(problem, state, outer: Array(bySize.dropLast(2)), inner: bySize.suffix(2))
    repeat {
      guard slice.walk(into: &members, &corners, &steps) else { return nil }
    } while slice.next()
  }

  /// [role]
  func pattern(_ index: Int) -> [Int] { Array(members[index * roleCount..<(index + 1) * roleCount]) }

  @inline(__always)
  func worth(_ pattern: Int, _ prices: [Int]) -> Int {
    var sum = 0
    for role in 0..<roleCount { sum &+= members[pattern &* roleCount &+ role] &* prices[role] }
    return sum
  }

  /// The corner that is worth the most, the first of them.
  func best(_ prices: [Int]) -> (pattern: Int, worth: Int) {
    var best = (pattern: corners[0], worth: worth(corners[0], prices))
    for corner in corners.dropFirst() {
      let worth = worth(corner, prices)
      if worth > best.worth { best = (corner, worth) }
    }
    return best
  }

  func best(_ prices: [Double]) -> Int {
    var best = (pattern: 0, worth: -1.0)
    for corner in corners {
      var sum = 0.0
      for role in 0..<roleCount { sum += Double(members[corner &* roleCount &+ role]) * prices[role] }
      if sum > best.worth { best = (corner, sum) }
    }
    return best.pattern
  }
}

/// The patterns with given numbers of all roles but two.
private struct Slice {
  let requests: [[Int64]]
  let most: [Int]
  let outer: [Int]
  /// The role that is stepped up, and the one that is stepped down.
  let up: Int
  let down: Int
  /// [role] The roles of `outer` are fixed in a slice.
  var now: [Int]
  /// [resource] What the fixed ones leave.
  var free: [Int64]
  var slack: [Int64]
  /// Upper hull of the slice as far as it was walked.
  var hull: [(up: Int, down: Int, pattern: Int)] = []

  init(_ problem: PackingProblem, _ state: Int, outer: [Int], inner: ArraySlice<Int>) {
    requests = problem.requests
    most = problem.most[state]
    self.outer = outer
    up = inner.first!
    down = inner.last!
    now = most.map { _ in 0 }
    // Resources that are overdrawn are asked by no role that may come here.
    free = problem.free[state].map { max($0, 0) }
    slack = free
  }

  /// The next numbers of the fixed roles that fit, in the manner of an odometer; false after the last ones.
  mutating func next() -> Bool {
    for role in outer {
      if now[role] < most[role] && fits(role, free) {
        now[role] += 1
        for resource in free.indices { free[resource] -= requests[role][resource] }
        return true
      }
      for resource in free.indices { free[resource] += Int64(now[role]) * requests[role][resource] }
      now[role] = 0
    }
    return false
  }

  private func fits(_ role: Int, _ free: [Int64]) -> Bool {
    for resource in free.indices where free[resource] < requests[role][resource] { return false }
    return true
  }

  /// Walks the staircase: `up` rises by one, `down` falls as far as it must. No multiplication, no division.
  mutating func walk(into members: inout [Int], _ corners: inout [Int], _ steps: inout Int) -> Bool {
    slack = free
    now[up] = 0
    now[down] = 0
    var falling = most[down]
    for resource in slack.indices where requests[down][resource] > 0 {
      falling = min(falling, Int(slack[resource] / requests[down][resource]))
    }
    add(down, falling)
    hull.removeAll(keepingCapacity: true)
    while true {
      steps -= 1
      if steps < 0 { return false }
      // One more of `up` without giving up any of `down`: then this pattern is not maximal.
      let rises = now[up] < most[up] && fits(up, slack)
      extendHull(isMaximal: !rises && isMaximalOutside, &members)
      if now[up] == most[up] { break }
      add(up, 1)
      while slack.contains(where: { $0 < 0 }) && now[down] > 0 { add(down, -1) }
      if slack.contains(where: { $0 < 0 }) { break }
    }
    for corner in hull where corner.pattern >= 0 { corners.append(corner.pattern) }
    return true
  }

  private mutating func add(_ role: Int, _ number: Int) {
    now[role] += number
    for resource in slack.indices { slack[resource] -= Int64(number) * requests[role][resource] }
  }

  private var isMaximalOutside: Bool {
    for role in outer where now[role] < most[role] && fits(role, slack) { return false }
    return true
  }

  /// Andrew's monotone chain; points in line are left out.
  private mutating func extendHull(isMaximal: Bool, _ members: inout [Int]) {
    let (x, y) = (now[up], now[down])
    while hull.count >= 2 {
      let (first, second) = (hull[hull.count - 2], hull[hull.count - 1])
      // At most 2^32 each: the products need full width where limits are that large.
      let left = (second.up - first.up).multipliedReportingOverflow(by: y - first.down)
      let right = (x - first.up).multipliedReportingOverflow(by: second.down - first.down)
      if left.overflow || right.overflow || left.partialValue < right.partialValue { break }
      hull.removeLast()
    }
    hull.append((x, y, isMaximal ? members.count / now.count : -1))
    if isMaximal { members.append(contentsOf: now) }
  }
}
