import BerthCore
import BerthSimulation
import CBerth

/// Gangs of whatever classes there are: placed, shrunk, and in queues.
struct GangCalls {
  let engine: Engine
  let classes: [berth_class_id]
  let zones: [berth_domain_id]
  let pods: [berth_pod_id]
  private static let levels = CallStream.levels.count + 2

  /// Makes a call; the pods that came.
  func make(_ random: inout SeededRandom) throws -> [berth_pod_id] {
    switch random.below(4) {
    case 0:
      try shrink(&random)
      return []
    case 1: return try schedule(&random)
    default: return try place(1 + random.below(2), &random)
    }
  }

  private func role(_ random: inout SeededRandom) -> berth_gang_role {
    var role = berth_gang_role()
    role.pod_class = classes[random.below(classes.count)]
    role.max_members = UInt32(1 + random.below(6))
    role.min_members = random.below(3) == 0 ? 1 : role.max_members
    if random.below(5) == 0 { (role.spread_level, role.spread_members) = (UInt32(1 + random.below(3)), 2) }
    return role
  }

  /// Calls `body` with a gang of one role or two; now and then it contradicts itself, and is refused.
  private func withGang<R>(
    _ random: inout SeededRandom, _ body: (berth_gang, inout SeededRandom) throws -> R
  ) rethrows -> R {
    var roles: [berth_gang_role] = []
    for _ in 0...random.below(2) { roles.append(role(&random)) }
    var gang = berth_gang()
    gang.struct_size = UInt32(MemoryLayout<berth_gang>.size)
    gang.domain = random.below(4) == 0 ? zones[random.below(zones.count)] : 0
    gang.required_level = UInt32(random.below(Self.levels))
    gang.preferred_level = UInt32(random.below(Self.levels))
    gang.role_count = UInt32(roles.count)
    return try roles.withUnsafeBufferPointer { roles in
      gang.roles = roles.baseAddress
      return try body(gang, &random)
    }
  }

  private static func most(_ gang: berth_gang) -> Int {
    (0..<Int(gang.role_count)).reduce(0) { $0 + Int(gang.roles[$1].max_members) }
  }

  private func place(_ count: Int, _ random: inout SeededRandom, beside others: [berth_gang] = []) throws
    -> [berth_pod_id]
  {
    guard others.count < count else { return try place(others) }
    return try withGang(&random) { gang, random in try place(count, &random, beside: others + [gang]) }
  }

  private func place(_ gangs: [berth_gang]) throws -> [berth_pod_id] {
    let capacity = gangs.reduce(0) { $0 + Self.most($1) }
    var placements = [berth_placement](repeating: berth_placement(), count: capacity)
    var results = [berth_gang_result](repeating: berth_gang_result(), count: gangs.count)
    try gangs.withUnsafeBufferPointer { gangs in
      try engine.placeGangs(
        gangs, flags: 0, capacity: capacity, placements: &placements, roles: nil, results: &results)
    }
    return placements.prefix(results.reduce(0) { $0 + Int($1.members) }).map(\.pod)
  }

  private func someOfPods(_ random: inout SeededRandom) -> [berth_pod_id] {
    guard !pods.isEmpty else { return [] }
    let first = random.below(pods.count)
    return Array(pods[first..<min(pods.count, first + 1 + random.below(6))])
  }

  private func shrink(_ random: inout SeededRandom) throws {
    let members = someOfPods(&random)
    let keep = random.below(members.count + 1)
    var released = [berth_pod_id](repeating: 0, count: members.count)
    try members.withUnsafeBufferPointer { members in
      try engine.shrinkGang(members, keep: keep, released: &released)
    }
  }

  /// Two gangs that wait, one of which may be far too large.
  private func schedule(_ random: inout SeededRandom) throws -> [berth_pod_id] {
    let now = engine.now
    let running = someOfPods(&random).map { berth_running_pod(pod: $0, end_ms: now + Int64(random.below(100))) }
    var options = berth_queue_options()
    options.struct_size = UInt32(MemoryLayout<berth_queue_options>.size)
    options.backfill = UInt32(BERTH_BACKFILL_NONE + random.below(3))
    options.reservations = 1
    return try withGang(&random) { one, random in
      try withGang(&random) { other, random in
        let capacity = Self.most(one) + Self.most(other)
        var placements = [berth_placement](repeating: berth_placement(), count: capacity)
        var results = [berth_queue_result](repeating: berth_queue_result(), count: 2)
        try withUnsafePointer(to: one) { one in
          try withUnsafePointer(to: other) { other in
            let waiting = [one, other].map { gang in
              berth_waiting_gang(
                gang: gang, submit_ms: max(0, now - Int64(random.below(50))), run_ms: 1 + Int64(random.below(100)),
                timeout_ms: 0, priority: Int32(random.below(3)), flags: 0)
            }
            try waiting.withUnsafeBufferPointer { waiting in
              try running.withUnsafeBufferPointer { running in
                try engine.scheduleGangs(
                  waiting, running: running, options: options, capacity: capacity, placements: &placements,
                  roles: nil, results: &results)
              }
            }
          }
        }
        return placements.prefix(results.reduce(0) { $0 + $1.members }).map(\.pod)
      }
    }
  }
}
