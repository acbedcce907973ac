import BerthCore
import BerthOracle
import CBerth

/// Gangs in a stream, of whatever pods there are.
extension CommandStream {
  mutating func run(ofGangs command: Command) throws {
    var tally = GangTally()
    switch command {
    case .gang: try twin.placeAndVerify(someGang(), dryRun: swarm.random.chance(0.3), isLarge: true, &tally)
    case .gangs:
      let gangs = (0..<swarm.random.int(2...3)).map { _ in someGang() }
      try twin.placeAndVerify(together: gangs, dryRun: swarm.random.chance(0.3), isLarge: true, &tally)
    case .shrink: try shrink()
    case .schedule: try schedule()
    default: try refuseGangs()
    }
  }

  // MARK: Drawing

  /// Now and then of classes of their own, so that a few members are much, and often more than there is room for.
  private mutating func memberPod() -> PodSpec {
    var pod = somePod()
    guard swarm.random.chance(0.5), let node = twin.oracle.nodes.keys.sorted().randomElement(using: &swarm.random)
    else { return pod }
    if swarm.random.chance(0.5) {
      pod.spreadConstraints.removeAll(where: \.isRequired)
      pod.affinityTerms.removeAll { $0.kind == .requiredAffinity || $0.kind == .requiredAntiAffinity }
    }
    let names = pod.requests.keys.sorted().filter { twin.oracle.load.spec($0) == nil }
    let capacities = twin.oracle.nodes[node]!.spec.allocatable
    for name in names where swarm.random.chance(0.8) {
      if let capacity = capacities[name] { pod.requests[name] = max(1, capacity / swarm.random.int64(1...8)) }
    }
    known.pods.append(pod)
    return pod
  }

  /// Often beside pods that run already.
  private mutating func someGang() -> GangSpec {
    let roles = swarm.random.pick([1, 1, 1, 2, 2, 3])
    let pods = (0..<roles).map { _ in memberPod() }
    let most = swarm.random.pick([roles, 4, 6, swarm.random.int(roles...12)])
    var gang = swarm.random.gang(
      members: max(roles, most), of: pods, levels: swarm.levels, domains: twin.oracle.domains.count)
    if swarm.random.chance(0.3) { gang.running = runningMembers(of: gang) }
    return gang
  }

  private mutating func runningMembers(of gang: GangSpec) -> [GangSpec.Member] {
    var members: [GangSpec.Member] = []
    for (role, wanted) in gang.roles.enumerated() {
      let alike = twin.oracle.pods.keys.sorted().filter { pod in
        twin.oracle.pods[pod]!.spec == wanted.pod && !members.contains { $0.pod == pod }
      }
      let chosen = swarm.random.sample(alike, swarm.random.int(0...3))
      members += chosen.map { GangSpec.Member($0, role: role) }
    }
    return members
  }

  private mutating func shrink() throws {
    let members = swarm.random.sample(twin.oracle.pods.keys.sorted(), swarm.random.int(1...8))
    let keep = swarm.random.int(0...members.count)
    let before = twin.oracle
    let released = try twin.shrink(members, keep: keep)
    try twin.verifyShrunk(members, keep: keep, released: released, before)
  }

  // MARK: Queues

  private mutating func schedule() throws {
    let now = twin.oracle.now
    var waiting: [Twin.WaitingGang] = []
    for _ in 0..<swarm.random.int(0...4) {
      var gang = someGang()
      let present = twin.oracle.withoutLost(gang)
      // a gang whose minima are all 0 need not wait
      if present.minima.allSatisfy({ $0 == 0 }) { gang.leastMembers = present.running.count + 1 }
      waiting.append(
        Twin.WaitingGang(
          gang: gang, submit: max(0, now - swarm.random.int64(0...20)),
          run: swarm.random.chance(0.8) ? swarm.random.int64(1...30) : nil,
          timeout: swarm.random.chance(0.1) ? swarm.random.int64(1...30) : 0,
          priority: Int32(swarm.random.int(-1...1))))
      // another of its kind
      if swarm.random.chance(0.3) { waiting.append(waiting[waiting.count - 1]) }
    }
    let staying = Set(waiting.flatMap { $0.gang.running.map(\.pod) })
    let ending = swarm.random.sample(twin.oracle.pods.keys.sorted(), swarm.random.int(0...10)).filter {
      !staying.contains($0)
    }
    let ends = ending.map { (pod: $0, end: max(0, now + swarm.random.int64(-3...12))) }
    try twin.schedule(
      waiting, ending: ends,
      QueueOptions(
        backfill: swarm.random.pick([
          BERTH_BACKFILL_NONE, BERTH_BACKFILL_EASY, BERTH_BACKFILL_EASY, BERTH_BACKFILL_ANY,
        ]), aging: swarm.random.pick([0, 1, 5]), reservations: swarm.random.pick([1, 1, 2, 64])))
  }

  // MARK: Refusals

  /// Good gangs with a bad one at the end, and calls about pods that are no members any more.
  private mutating func refuseGangs() throws {
    let scratch = Scratch()
    let specs = (0..<swarm.random.int(1...2)).map { _ in someGang() }
    var records = try specs.map { try twin.record($0, scratch) }
    let capacity = specs.flatMap(\.roles).reduce(0) { $0 + $1.most }
    let (what, status) = spoil(&records[records.count - 1], specs[specs.count - 1], scratch)
    let gangs = records
    try twin.refused("place gangs, the last one \(what)", status) { engine throws(EngineError) in
      _ = try Twin.place(gangs, capacity: capacity, dryRun: false, engine)
    }
    let jobs = gangs.map { WaitingRecord(gang: $0, least: $0).record(scratch) }
    let (waiting, none) = (scratch.buffer(jobs), scratch.buffer([berth_running_pod]()))
    let placements = scratch.room(berth_placement(), count: capacity).baseAddress!
    let results = scratch.room(berth_queue_result(), count: jobs.count).baseAddress!
    // a gang whose minima are all 0 before it need not wait
    try twin.refused("schedule gangs, the last one \(what)", status, BERTH_BAD_ARGUMENT) {
      engine throws(EngineError) in
      try engine.scheduleGangs(
        waiting, running: none, options: QueueOptions().record, capacity: capacity, placements: placements,
        roles: nil, results: results)
    }
    guard let gone = twin.gonePods.last else { return }
    let members = scratch.buffer(placedPods { _ in true }.map { twin.podIds[$0]! } + [gone])
    try twin.refused("shrink, the last member gone", BERTH_STALE_ID, BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      var released: [UInt64] = Array(repeating: 0, count: members.count)
      try engine.shrinkGang(members, keep: 0, released: &released)
    }
  }

  private mutating func spoil(
    _ record: inout berth_gang, _ spec: GangSpec, _ scratch: Scratch
  ) -> (what: String, status: Int) {
    var roles = (0..<spec.roles.count).map { record.roles[$0] }
    defer { record.roles = UnsafePointer(scratch.array(roles)) }
    let last = roles.count - 1
    switch swarm.random.int(0...7) {
    case 0:
      record.domain = UInt32(twin.domainIds.count)
      return ("in the next domain", BERTH_UNKNOWN_ID)
    case 1:
      roles[last].pod_class = UInt32(Set(twin.classIds.values).count)
      return ("of the next class", BERTH_UNKNOWN_ID)
    case 2:
      record.required_level = UInt32(swarm.levels + 2)
      return ("below the nodes", BERTH_BAD_ARGUMENT)
    case 3:
      roles[last].min_members = roles[last].max_members + 1
      return ("with more at least than at most", BERTH_BAD_ARGUMENT)
    case 4:
      record.min_members = UInt32(spec.roles.reduce(spec.running.count) { $0 + $1.most } + 1)
      return ("with fewer members than it needs", BERTH_BAD_ARGUMENT)
    case 5:
      (roles[last].spread_level, roles[last].spread_members) = (1, 0)
      return ("with half a limit", BERTH_BAD_ARGUMENT)
    case 6:
      guard let gone = twin.gonePods.last else { break }
      let members = (0..<record.running_count).map { record.running[$0] }
      record.running = UnsafePointer(
        scratch.array(members + [berth_gang_member(pod: gone, role: UInt32(last), reserved: 0)]))
      record.running_count += 1
      return ("with a member that is gone", BERTH_STALE_ID)
    default: break
    }
    record.flags = 1
    return ("with flags", BERTH_BAD_ARGUMENT)
  }
}
