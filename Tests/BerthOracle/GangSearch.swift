/// The best placement of a gang, found by looking at all of them.
extension GangProblem {
  public struct Optimum {
    /// New members of each role.
    public let counts: [Int]
    /// What each role is held to, with those preferred levels that were not given up.
    public let required: [Int]
    public let placement: Placement
    public let measure: GangMeasure
  }

  /// nil: there is no placement at all.
  ///
  /// First the preferred levels of roles: kept as long as the minima can be placed, and given up from the last role on.
  /// Then the numbers: the minima of all, and role by role as many more as can be. Then the aims.
  public func optimum() -> Optimum? {
    let preferring = spec.roles.indices.filter { spec.roles[$0].preferredLevel > 0 }
    for kept in (0...preferring.count).reversed() {
      var required = spec.roles.map(\.requiredLevel)
      for role in preferring.prefix(kept) { required[role] = max(required[role], spec.roles[role].preferredLevel) }
      var counts = spec.minima
      if !exists(counts, required) { continue }
      for role in counts.indices {
        for more in stride(from: spec.roles[role].most, to: counts[role], by: -1) {
          var trial = counts
          trial[role] = more
          if exists(trial, required) {
            counts = trial
            break
          }
        }
      }
      // nobody need come, but for somebody a wish is given up
      if kept > 0 && counts.allSatisfy({ $0 == 0 }) { continue }
      var search = GangSearch(self, counts, required, wantsBest: true)
      search.run()
      return Optimum(counts: counts, required: required, placement: search.best!, measure: search.measure!)
    }
    return nil
  }

  /// Whether so many members of each role can be placed.
  public func exists(_ counts: [Int], _ required: [Int]) -> Bool {
    var search = GangSearch(self, counts, required, wantsBest: false)
    search.run()
    return search.best != nil
  }
}

/// Node after node in topology order, each with every mix of members that it holds; the first nodes are the fullest at
/// first, so that of equal placements the first in topology order stays.
private struct GangSearch {
  let problem: GangProblem
  let counts: [Int]
  let required: [Int]
  let wantsBest: Bool
  /// What is left over is counted in it.
  let offers: [[Int]]
  /// By role: what the nodes from a place on hold together.
  let roomBehind: [[Int]]
  var placement: GangProblem.Placement
  var best: GangProblem.Placement?
  var measure: GangMeasure?

  init(_ problem: GangProblem, _ counts: [Int], _ required: [Int], wantsBest: Bool) {
    self.problem = problem
    self.counts = counts
    self.required = required
    self.wantsBest = wantsBest
    offers = wantsBest ? problem.offers(counts.firstIndex(of: counts.max()!)!) : []
    roomBehind = problem.room.map { room in
      let room = zip(room, problem.isAllowed).map { $1 ? $0 : 0 }
      return room.indices.map { room[$0...].reduce(0, +) } + [0]
    }
    placement = problem.nodes.map { _ in counts.map { _ in 0 } }
  }

  mutating func run() { visit(0, counts) }

  private mutating func visit(_ node: Int, _ left: [Int]) {
    if !wantsBest && best != nil { return }
    if zip(roomBehind, left).contains(where: { $0[node] < $1 }) { return }
    if left.allSatisfy({ $0 == 0 }) { return take() }
    for mix in problem.mixes[node].reversed() where zip(mix, left).allSatisfy({ $0 <= $1 }) {
      placement[node] = mix
      if isPromising() { visit(node + 1, zip(left, mix).map { $0 - $1 }) }
    }
    placement[node] = counts.map { _ in 0 }
  }

  /// More members open more domains and break more rules, multiples excepted.
  private func isPromising() -> Bool {
    if problem.brokenRule(placement, required: required, isWhole: false) != nil { return false }
    guard let measure else { return true }
    let opened = problem.runs.map { runs in runs.count { problem.isOpened($0, placement) } }
    return !measure.domains.lexicographicallyPrecedes(opened)
  }

  private mutating func take() {
    if problem.brokenRule(placement, required: required) != nil { return }
    guard wantsBest else {
      best = placement
      return
    }
    let found = problem.measure(placement, offers: offers)
    if let measure, !found.isBetter(than: measure) { return }
    (best, measure) = (placement, found)
  }
}
