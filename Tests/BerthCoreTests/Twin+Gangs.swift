import BerthCore
import BerthOracle
import CBerth

/// What an engine answers to a gang, in its own ids.
struct GangAnswer: Equatable {
  var outcome = 0
  var limits = 0
  var commonLevel = 0
  var commonDomain: UInt32 = 0
  var preferredMet = 0
  var domains: [Int] = []
  var bound: [Int] = []
  var leftOver: [Int] = []
  var score: Int64 = 0
  var scoreBound: Int64 = 0
  /// The proof.
  var role = 0
  var level = 0
  var needed = 0
  var available = 0
  var bestDomain: UInt32 = 0
  var enoughDomains = 0
  var resource: UInt32 = 0
  var placements: [Placed] = []
  var roles: [UInt32] = []
  var message = ""

  init(_ result: berth_gang_result) {
    func list<T>(_ tuple: T) -> [UInt32] { withUnsafeBytes(of: tuple) { Array($0.bindMemory(to: UInt32.self)) } }
    let levels = Int(result.level_count)
    (outcome, limits) = (Int(result.outcome), Int(result.limits))
    (commonLevel, commonDomain) = (Int(result.common_level), result.common_domain)
    preferredMet = Int(result.preferred_met)
    domains = list(result.domains).prefix(levels).map(Int.init)
    bound = list(result.domains_bound).prefix(levels).map(Int.init)
    leftOver = withUnsafeBytes(of: result.left_over) { $0.bindMemory(to: Int64.self).prefix(levels).map(Int.init) }
    (score, scoreBound) = (result.score, result.score_bound)
    (role, level) = (Int(result.role), Int(result.level))
    (needed, available) = (Int(result.needed), Int(result.available))
    (bestDomain, enoughDomains, resource) = (result.best_domain, Int(result.enough_domains), result.resource)
  }

  var isPlaced: Bool { outcome == Int(BERTH_GANG_PLACED) }

  /// The same, but for what a dry run does not give: pods.
  func withoutPods() -> GangAnswer {
    var answer = self
    for index in placements.indices { answer.placements[index].pod = .max }
    return answer
  }
}

/// Calls about gangs.
extension Twin {
  /// The records of a gang; `scratch` holds what they point to.
  func record(_ gang: GangSpec, _ scratch: Scratch) throws -> berth_gang {
    var record = berth_gang()
    record.struct_size = UInt32(MemoryLayout<berth_gang>.size)
    record.domain = book.domainIds[gang.domain]!
    record.required_level = UInt32(gang.requiredLevel)
    record.preferred_level = UInt32(gang.preferredLevel)
    record.separate_level = UInt32(gang.separateLevel)
    record.min_members = UInt32(gang.leastMembers)
    record.role_count = UInt32(gang.roles.count)
    record.roles = UnsafePointer(scratch.array(try gang.roles.map(self.record)))
    record.running_count = gang.running.count
    let members = gang.running.map {
      berth_gang_member(pod: book.podIds[$0.pod]!, role: UInt32($0.role), reserved: 0)
    }
    record.running = members.isEmpty ? nil : UnsafePointer(scratch.array(members))
    return record
  }

  private func record(_ role: GangSpec.Role) throws -> berth_gang_role {
    var record = berth_gang_role()
    record.pod_class = try podClass(role.pod)
    (record.min_members, record.max_members) = (UInt32(role.least), UInt32(role.most))
    (record.required_level, record.preferred_level) = (UInt32(role.requiredLevel), UInt32(role.preferredLevel))
    (record.spread_level, record.spread_members) = (UInt32(role.spreadLevel), UInt32(role.spreadMembers))
    record.slice_count = UInt32(role.slices.count)
    var slices = role.slices.map { berth_gang_slice(level: UInt32($0.level), members: UInt32($0.members)) }
    slices += Array(repeating: berth_gang_slice(), count: 3 - slices.count)
    record.slices = (slices[0], slices[1], slices[2])
    return record
  }

  /// Entries that nothing may be written to behind those that are.
  private static let spare = 2

  static func place(
    _ gangs: [berth_gang], capacity: Int, dryRun: Bool, _ engine: Engine
  ) throws(EngineError) -> [GangAnswer] {
    let scratch = Scratch()
    let empty = berth_placement(pod: 7, node: 7, score: 7, pod_class: 7, outcome: 7)
    let placements = scratch.array([berth_placement](repeating: empty, count: capacity + spare))
    let roles = scratch.array([UInt32](repeating: 7, count: capacity + spare))
    let flags = dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0
    var results: [berth_gang_result] = []
    if gangs.count == 1 {
      results = [
        try engine.placeGang(gangs[0], flags: flags, capacity: capacity, placements: placements, roles: roles)
      ]
    } else {
      let room = scratch.room(berth_gang_result(), count: gangs.count)
      try engine.placeGangs(
        scratch.buffer(gangs), flags: flags, capacity: capacity, placements: placements, roles: roles,
        results: room.baseAddress!)
      results = Array(room)
    }
    var answers: [GangAnswer] = []
    var next = 0
    for result in results {
      var answer = GangAnswer(result)
      let members = next..<next + Int(result.members)
      answer.placements = members.map { index in
        let placement = placements[index]
        return Placed(
          pod: placement.pod, node: placement.node, score: placement.score, podClass: placement.pod_class,
          outcome: placement.outcome)
      }
      answer.roles = members.map { roles[$0] }
      answer.message = try engine.gangMessage(result)
      answers.append(answer)
      next = members.upperBound
    }
    if (next..<capacity + spare).contains(where: { placements[$0].node != 7 || roles[$0] != 7 }) {
      throw EngineError(UInt32(BERTH_CORRUPT), "entries behind the members were written")
    }
    return answers
  }

  /// Places gangs as a dry run, which must change nothing, then, unless it is to stay one, in earnest: the same, with
  /// pods, or nothing at all.
  func placeGangs(_ gangs: [GangSpec], dryRun: Bool) throws -> [GangAnswer] {
    let scratch = Scratch()
    let records = try gangs.map { try record($0, scratch) }
    let capacity = gangs.flatMap(\.roles).reduce(0) { $0 + $1.most }
    note("\(dryRun ? "dry run" : "place") \(gangs)")
    let digests = try all("digest") { engine throws(EngineError) in engine.digest() }
    let answers = try all("dry run of gangs") { engine throws(EngineError) in
      try Twin.place(records, capacity: capacity, dryRun: true, engine)
    }
    try expectUnchanged(digests, "a dry run")
    for placement in answers.flatMap(\.placements) {
      try check(placement.pod == .max, "a dry run left pod \(placement.pod)")
    }
    if dryRun { return answers }
    let next = try nextPods(capacity)
    let placed = try change("place gangs", keeping: scratch) { engine throws(EngineError) in
      try Twin.place(records, capacity: capacity, dryRun: false, engine)
    }
    try check(placed.map { $0.withoutPods() } == answers, "placed otherwise than in a dry run:\n\(placed)\n\(answers)")
    if !placed.allSatisfy(\.isPlaced) { try expectUnchanged(digests, "a gang that was not placed") }
    try enter(
      zip(gangs, placed).flatMap { gang, answer in
        zip(answer.placements, answer.roles).map { ($0, gang.roles[Int($1)].pod) }
      }, next)
    try validate()
    return placed
  }

  /// Records members that came, as they are told. `next`: the order in which pods come by their ids; what they take of
  /// devices and reservations depends on it.
  func enter(_ members: [(placement: Placed, spec: PodSpec)], _ next: [UInt64]) throws {
    let nodes = try members.map { member in
      guard let node = book.nodesById[member.placement.node] else {
        throw Mismatch("unknown node \(member.placement.node)")
      }
      return node
    }
    try check(
      book.oracle.canCome(zip(members, nodes).map { ($0.spec, $1) }),
      "members do not fit on nodes \(nodes), in whatever order they come")
    let ranks = Dictionary(uniqueKeysWithValues: next.enumerated().map { ($1, $0) })
    let ids = members.map(\.placement.pod)
    try check(Set(ids).isSubset(of: next.prefix(ids.count)), "pods \(ids) are not the next ones, \(next)")
    var numbers = members.map { _ in 0 }
    book.oracle.podNumbers = next
    for index in members.indices.sorted(by: { ranks[ids[$0]]! < ranks[ids[$1]]! }) {
      let (spec, node) = (members[index].spec, nodes[index])
      try check(book.oracle.hasDevices(for: spec, on: node), "no devices for a member on node \(node)")
      numbers[index] = book.oracle.addPod(spec, on: node, bound: false)
    }
    book.oracle.podNumbers = []
    for (number, id) in zip(numbers, ids) { try record(number, id, BERTH_EVENT_POD_ASSUMED) }
    if members.contains(where: { $0.spec.devices != nil }) { try compareClaims(numbers) }
  }

  func place(_ gang: GangSpec, dryRun: Bool) throws -> GangAnswer { try placeGangs([gang], dryRun: dryRun)[0] }

  private func expectUnchanged(_ digest: UInt64, _ what: String) throws {
    let now = try all("digest") { engine throws(EngineError) in engine.digest() }
    try check(now == digest, "\(what) changed the digest")
    try validate()
  }

  /// The pods that leave.
  func shrink(_ members: [Int], keep: Int) throws -> [Int] {
    note("shrink \(members) to \(keep)")
    let scratch = Scratch()
    let ids = scratch.buffer(members.map { book.podIds[$0]! })
    let count = members.count - keep
    let released = try change("shrink", keeping: scratch) { engine throws(EngineError) in
      var released = [UInt64](repeating: 7, count: count + 1)
      try engine.shrinkGang(ids, keep: keep, released: &released)
      return released
    }
    try check(released[count] == 7, "an entry behind those released was written")
    let podsById = Dictionary(uniqueKeysWithValues: book.podIds.map { ($0.value, $0.key) })
    let pods = try released.prefix(count).map { id in
      guard let pod = podsById[id], members.contains(pod) else { throw Mismatch("\(id) is released: no member") }
      return pod
    }
    try check(Set(pods).count == count, "a member is released twice: \(pods)")
    for pod in pods {
      happened(BERTH_EVENT_POD_RELEASED, pod: pod)
      book.oracle.removePod(pod)
      book.forget(pod: pod)
    }
    try validate()
    return pods
  }

  // MARK: Answers in the oracle's numbers

  func members(_ answer: GangAnswer) -> [GangSpec.Member] {
    let pods = Dictionary(uniqueKeysWithValues: book.podIds.map { ($0.value, $0.key) })
    return zip(answer.placements, answer.roles).map { GangSpec.Member(pods[$0.pod]!, role: Int($1)) }
  }

  /// How many members of each role each node gets.
  func placement(_ answer: GangAnswer, of problem: GangProblem) throws -> GangProblem.Placement {
    var placement = problem.nodes.map { _ in problem.spec.roles.map { _ in 0 } }
    for (placed, role) in zip(answer.placements, answer.roles) {
      guard let node = book.nodesById[placed.node] else { throw Mismatch("unknown node \(placed.node)") }
      placement[problem.nodes.firstIndex(of: node)!][Int(role)] += 1
    }
    return placement
  }
}
