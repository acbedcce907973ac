import BerthOracle
import CBerth

/// What the tests met, so that they say how much of everything there was.
struct GangTally {
  var placed = 0
  var missing = 0
  var bounded = 0
  /// The result admits that there may be better ones, ...
  var unproven = 0
  /// ... and there are.
  var missed = 0
  /// As good as the oracle's, and another.
  var elsewhere = 0
}

/// What an engine says of a gang, held against all placements that there are.
extension Twin {
  /// Asks for a gang and looks at the answer.
  @discardableResult
  func placeAndVerify(
    _ gang: GangSpec, dryRun: Bool, isLarge: Bool = false, _ tally: inout GangTally
  ) throws -> GangAnswer {
    try foretell(gang.roles.flatMap { Array(repeating: $0.pod, count: $0.most) })
    let problem = book.oracle.gangProblem(gang, isLarge: isLarge)
    let before = book.oracle
    let answer = try place(gang, dryRun: dryRun)
    try verify(answer, problem, before, &tally)
    return answer
  }

  /// Gangs that start together: each finds what those before it left, and all are placed or none.
  func placeAndVerify(
    together gangs: [GangSpec], dryRun: Bool, isLarge: Bool = false, _ tally: inout GangTally
  ) throws {
    var state = book.oracle
    let answers = try placeGangs(gangs, dryRun: dryRun)
    let failed = answers.firstIndex { ![BERTH_GANG_PLACED, BERTH_GANG_WITHDRAWN].contains($0.outcome) }
    if let failed {
      for (index, answer) in answers.enumerated() where index != failed {
        try check(answer.outcome == BERTH_GANG_WITHDRAWN, "gang \(index) of a group that failed: \(answer)")
        try check(answer.placements.isEmpty, "gang \(index) kept members")
      }
    }
    // those before the one that failed, by themselves
    let first = Array(gangs[..<(failed ?? 0)])
    let placed = failed == nil ? answers : first.isEmpty ? [] : try placeGangs(first, dryRun: true)
    for (gang, answer) in zip(gangs, placed) {
      let problem = state.gangProblem(gang, isLarge: isLarge)
      try verify(answer, problem, state, &tally)
      // who gets which devices depends on who came first, and of that a dry run says nothing
      guard problem.reach.isPlain || gang.roles.count == 1, !problem.reach.isDrawn else { return }
      for (placement, role) in zip(answer.placements, answer.roles) {
        _ = state.addPod(gang.roles[Int(role)].pod, on: book.nodesById[placement.node]!, bound: false)
      }
    }
    guard let failed else { return }
    try verify(answers[failed], state.gangProblem(gangs[failed], isLarge: isLarge), state, &tally)
  }

  func verify(_ answer: GangAnswer, _ problem: GangProblem, _ before: Oracle, _ tally: inout GangTally) throws {
    let optimum = problem.reach.findsBest ? problem.optimum() : nil
    do {
      try check(!answer.message.isEmpty, "no message")
      try verifyLimits(answer, problem)
      switch answer.outcome {
      case Int(BERTH_GANG_PLACED):
        tally.placed += 1
        if problem.reach.findsBest && optimum == nil { throw Mismatch("placed, but the oracle finds no placement") }
        try verifyPlacement(answer, problem)
        try verifyMeasures(answer, problem)
        if let optimum { try verifyOptimum(answer, problem, optimum, &tally) }
        if !problem.spec.isPacked { try verifyOrder(answer, problem, before) }
      case Int(BERTH_GANG_NO_FIT):
        tally.missing += 1
        if let optimum { throw Mismatch("no fit, but the oracle has \(problem.told(optimum.placement))") }
        try verifyProof(answer, problem)
        if !problem.reach.knowsRoom && !problem.reach.isDrawn, let found = before.someOrder(problem) {
          throw Mismatch("no fit, but one after the other \(problem.told(found)) do")
        }
      case Int(BERTH_GANG_BOUNDED):
        tally.bounded += 1
        if let optimum, problem.isFound {
          throw Mismatch("not found, but the oracle has \(problem.told(optimum.placement))")
        }
      default: throw Mismatch("outcome \(answer.outcome)")
      }
    } catch let mismatch as Mismatch {
      let best = optimum.map { "\(problem.told($0.placement)) \($0.measure)" } ?? "nothing"
      throw Mismatch("\(mismatch)\n\(problem.told)\nthe oracle's best: \(best)\nthe engine: \(answer)")
    }
  }

  /// On trees of this size a search of one role ends.
  private func verifyLimits(_ answer: GangAnswer, _ problem: GangProblem) throws {
    var allowed = BERTH_GANG_LIMIT_SCORES
    if problem.spec.roles.count > 1 { allowed |= BERTH_GANG_LIMIT_STEPS | BERTH_GANG_LIMIT_ORDER }
    if !problem.reach.findsBest { allowed |= BERTH_GANG_LIMIT_STEPS | BERTH_GANG_LIMIT_STATES }
    if !problem.reach.isPlain || problem.reach.isDrawn { allowed |= BERTH_GANG_LIMIT_CONSTRAINTS }
    try check(answer.limits & ~Int(allowed) == 0, "limits \(answer.limits) of \(allowed)")
    if answer.outcome == Int(BERTH_GANG_BOUNDED) { try check(answer.limits != 0, "bounded without a limit") }
    if answer.outcome == Int(BERTH_GANG_NO_FIT) { try check(answer.limits == 0, "a proof with limits") }
  }

  // MARK: Placed

  private func verifyPlacement(_ answer: GangAnswer, _ problem: GangProblem) throws {
    let spec = problem.spec
    try check(answer.roles == answer.roles.sorted(), "not role by role: \(answer.roles)")
    let places = answer.placements.map { problem.nodes.firstIndex(of: book.nodesById[$0.node] ?? -1) ?? -1 }
    for (index, placement) in answer.placements.enumerated() {
      let role = spec.roles[Int(answer.roles[index])]
      try check(placement.podClass == book.classIds[role.pod], "class \(placement.podClass)")
      try check(placement.outcome == UInt32(BERTH_PLACED), "outcome \(placement.outcome)")
      if index > 0 && answer.roles[index] == answer.roles[index - 1] {
        try check(places[index - 1] <= places[index], "not in topology order: \(places)")
      }
    }
    let placement = try placement(answer, of: problem)
    if let rule = problem.brokenRule(placement, required: spec.roles.map(\.requiredLevel)) {
      throw Mismatch("the placement breaks \(rule)")
    }
    for (count, (least, role)) in zip(problem.counts(placement), zip(spec.minima, spec.roles)) {
      try check(count >= least && count <= role.most, "\(count) members of \(least)...\(role.most)")
    }
  }

  /// What the result says of the placement it comes with.
  private func verifyMeasures(_ answer: GangAnswer, _ problem: GangProblem) throws {
    let placement = try placement(answer, of: problem)
    let measure = problem.measure(placement)
    try check(answer.domains == measure.domains, "domains \(answer.domains), counted \(measure.domains)")
    let precedes = answer.domains.lexicographicallyPrecedes(answer.bound)
    try check(!precedes, "domains \(answer.domains) are less than the bound \(answer.bound)")
    if problem.spec.isPacked && problem.reach.knowsRoom {
      try check(answer.leftOver == measure.leftOver, "left over \(answer.leftOver), counted \(measure.leftOver)")
    }
    try check(answer.commonLevel == measure.commonLevel, "common level \(answer.commonLevel)")
    let common = problem.commonDomain(placement, measure.commonLevel)
    try check(
      answer.commonDomain == (common.map { book.domainIds[$0]! } ?? UInt32(BERTH_NO_DOMAIN)),
      "common domain \(answer.commonDomain), not \(common ?? -1)")
    let sum = answer.placements.reduce(0) { $0 + $1.score }
    try check(answer.score == sum, "score \(answer.score), the members' sum \(sum)")
    if problem.spec.isPacked && problem.reach.knowsScores {
      try check(answer.score == measure.score, "score \(answer.score), counted \(measure.score)")
    }
    let prefers = problem.spec.preferredLevel > 0 || problem.spec.roles.contains { $0.preferredLevel > 0 }
    if prefers {
      let met = problem.meetsPreferences(placement)
      try check(answer.preferredMet == (met ? 1 : 0), "preferred met: \(answer.preferredMet), counted \(met)")
    }
  }

  private func verifyOptimum(
    _ answer: GangAnswer, _ problem: GangProblem, _ optimum: GangProblem.Optimum, _ tally: inout GangTally
  ) throws {
    let placement = try placement(answer, of: problem)
    let counts = problem.counts(placement)
    let isProven = answer.limits & ~Int(BERTH_GANG_LIMIT_SCORES) == 0
    if isProven { try check(counts == optimum.counts, "\(counts) members, could be \(optimum.counts)") }
    // an unconstrained gang follows no aims
    guard problem.spec.isPacked else { return }
    try check(
      !optimum.measure.domains.lexicographicallyPrecedes(answer.bound),
      "the bound \(answer.bound) is more than can be had: \(optimum.measure.domains)")
    let measure = problem.measure(placement)
    // beside other numbers or preferences nothing can be compared
    let isAlike = counts == optimum.counts && problem.brokenRule(placement, required: optimum.required) == nil
    if isAlike {
      try check(!measure.isBetter(than: optimum.measure), "better than all placements: the oracle is wrong")
      if problem.reach.knowsScores && measure.aims == optimum.measure.aims {
        try check(answer.scoreBound >= optimum.measure.score, "score bound \(answer.scoreBound)")
      }
    }
    if isProven {
      try check(isAlike, "a preferred level was given up that could be kept")
      try check(measure.aims == optimum.measure.aims, "aims \(measure.aims), could be \(optimum.measure.aims)")
      try check(answer.bound == answer.domains, "the bound \(answer.bound) of what is proven")
      if answer.limits == 0 {
        // without scores that are known both are 0
        try check(measure.score == optimum.measure.score, "score could be \(optimum.measure.score)")
        try check(answer.scoreBound == answer.score, "the score bound \(answer.scoreBound) of what is proven")
        if placement != optimum.placement { tally.elsewhere += 1 }
      }
    } else {
      tally.unproven += 1
      if !isAlike || measure.aims != optimum.measure.aims { tally.missed += 1 }
    }
  }

  /// Unconstrained members of one role go where `berth_pods_place` puts one after the other.
  private func verifyOrder(_ answer: GangAnswer, _ problem: GangProblem, _ before: Oracle) throws {
    let spec = problem.spec
    let role = spec.roles[0]
    guard spec.roles.count == 1, spec.domain == 0, role.slices.isEmpty, role.spreadMembers == 0 else { return }
    // what is reserved for members is not seen as free, and one who comes alone would take it
    guard !before.reservations.values.contains(where: { $0.owner.kind == .podClass }) else { return }
    let expected = before.foresee(Array(repeating: role.pod, count: answer.placements.count))
    // members that decide on each other may have found another order
    if !problem.reach.isIndependent && expected.contains(where: { $0 == nil }) { return }
    var wanted = expected.map { Int64($0?.node ?? -1) }
    var found = answer.placements.map { Int64(book.nodesById[$0.node]!) }
    try check(wanted.sorted() == found.sorted(), "on nodes \(found), one after the other on \(wanted)")
    (wanted, found) = (expected.map { $0?.total ?? 0 }, answer.placements.map(\.score))
    try check(wanted.sorted() == found.sorted(), "scores \(found), one after the other \(wanted)")
  }

  // MARK: Shrunk

  /// Those that leave make the rest least.
  func verifyShrunk(_ members: [Int], keep: Int, released: [Int], _ before: Oracle) throws {
    let homeless = members.filter { before.pods[$0]!.node == nil }
    let gone = released.filter(homeless.contains)
    try check(
      gone.count == min(homeless.count, released.count), "\(released) leave before all of \(homeless), who run nowhere")
    let staying = Set(members).subtracting(released)
    guard let (best, theirs) = before.shrunk(members, keep: keep, staying: staying) else { return }
    try check(
      theirs.aims == best.aims,
      "\(members) to \(keep): \(released) leave, aims \(theirs.aims), could be \(best.aims)")
  }

  // MARK: Not placed

  /// The proof says of one level what is to be found in one domain and what the best of them offers.
  private func verifyProof(_ answer: GangAnswer, _ problem: GangProblem) throws {
    let spec = problem.spec
    try check(answer.placements.isEmpty, "members of a gang that is not placed")
    try check(answer.role < spec.roles.count && answer.level <= problem.lastLevel, "no such role or level")
    let role = spec.roles[answer.role]
    let inner = book.oracle.domains[spec.domain].depth
    let named = [0, spec.requiredLevel, role.requiredLevel, spec.separateLevel, inner]
    try check(named.contains(answer.level), "nothing is required of level \(answer.level)")
    try check(answer.needed == spec.minima[answer.role], "needed \(answer.needed), not \(spec.minima)")
    guard problem.reach.knowsRoom else { return }
    let offers = problem.offers(answer.role, onlyAllowed: true)[answer.level]
    // members that run have chosen the domain; if they chose several, none has room for all
    let level = answer.level
    let homes = problem.runs[level].indices.filter { index in
      problem.runs[level][index].contains { node in problem.running.contains { $0[node] > 0 } }
    }
    let expected = [offers.max() ?? 0] + homes.map { offers[$0] } + (homes.count > 1 ? [0] : [])
    try check(expected.contains(answer.available), "\(answer.available) of \(offers)")
    let alike = offers.indices.filter { offers[$0] == answer.available }.map { index in
      level == problem.lastLevel ? UInt32(BERTH_NO_DOMAIN) : book.domainIds[problem.numbers[level][index]]!
    }
    try check(
      alike.contains(answer.bestDomain) || answer.available == 0,
      "the best domain is \(answer.bestDomain), not one of \(alike)")
    var (sum, count) = (0, 0)
    for offer in offers.sorted(by: >) where sum < answer.needed {
      sum += offer
      count += 1
    }
    try check(
      answer.enoughDomains == (sum < answer.needed ? 0 : count), "\(answer.enoughDomains) of \(offers) would do")
    let any = UInt32(BERTH_ANY_RESOURCE)
    try check(
      answer.resource == any || role.pod.requests.keys.contains { resource($0) == answer.resource },
      "resource \(answer.resource) is not asked for")
    // whoever has enough lacks something else
    if answer.available >= answer.needed { try check(answer.resource == any, "nothing lacks on \(level)") }
    if spec.roles.count == 1 && spec.running.isEmpty {
      try check(answer.available < answer.needed, "the proof is none")
    }
  }
}

extension GangProblem {
  /// Whether the header promises that a placement is found if there is one.
  var isFound: Bool {
    spec.roles.count == 1
      || reach.isPlain && spec.separateLevel == 0
        && spec.roles.allSatisfy {
          $0.requiredLevel == 0 && $0.preferredLevel == 0 && $0.slices.isEmpty && $0.spreadMembers == 0
        }
  }

  /// The domain that holds all members; nil: it is a node.
  func commonDomain(_ placement: Placement, _ level: Int) -> Int? {
    if level == lastLevel { return nil }
    let run = runs[level].firstIndex { run in
      run.contains { node in placement[node].contains { $0 > 0 } || running.contains { $0[node] > 0 } }
    }
    return run.map { numbers[level][$0] }
  }

  /// Whether everything is within one domain of the preferred level: of all, and of each role.
  func meetsPreferences(_ placement: Placement) -> Bool {
    func opened(_ level: Int, _ roles: [Int]) -> Int {
      runs[level].count { run in
        run.contains { node in roles.contains { placement[node][$0] > 0 || running[$0][node] > 0 } }
      }
    }
    return (spec.preferredLevel == 0 || opened(spec.preferredLevel, Array(spec.roles.indices)) <= 1)
      && spec.roles.indices.allSatisfy {
        spec.roles[$0].preferredLevel == 0 || opened(spec.roles[$0].preferredLevel, [$0]) <= 1
      }
  }

  /// The tree as nested lists of what its nodes hold, for reports.
  var told: String {
    func text(_ level: Int, _ index: Int) -> String {
      let run = runs[level][index]
      if level == lastLevel {
        let node = run.lowerBound
        let held = room.map { $0[node] }
        let mixed = room.count > 1 && !held.contains(0) ? " \(mixes[node])" : ""
        let there = running.contains { $0[node] > 0 } ? " running \(running.map { $0[node] })" : ""
        return "\(isAllowed[node] ? "" : "!")n\(nodes[node]):\(held)\(there)\(mixed)"
      }
      let parts = runs[level + 1].indices.filter { run.contains(runs[level + 1][$0].lowerBound) }
      return "(" + parts.map { text(level + 1, $0) }.joined(separator: " ") + ")"
    }
    return runs[0].indices.map { text(0, $0) }.joined()
  }

  func told(_ placement: Placement) -> String {
    nodes.indices.filter { placement[$0].contains { $0 > 0 } }.map { "n\(nodes[$0]):\(placement[$0])" }
      .joined(separator: " ")
  }
}
