import CBerth
import Testing

@testable import Berth

@Suite struct GangRefusals {
  @Test(arguments: calls + gangs + roles + slices + running + several + shrinks + messages)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  // MARK: Correct records, of which cases spoil one thing

  /// Four members, two of them at least. Levels are 1, the zone, and 2, the node.
  static func role(_ host: Host, _ podClass: Int = 0) -> berth_gang_role {
    var role = berth_gang_role()
    role.pod_class = host.classes[podClass]
    (role.min_members, role.max_members) = (2, 4)
    return role
  }

  static func gang(_ roles: [berth_gang_role], running: [berth_gang_member] = []) -> berth_gang {
    var gang = berth_gang()
    berth_gang_init(&gang)
    gang.role_count = UInt32(roles.count)
    gang.roles = list(roles)
    gang.running_count = running.count
    gang.running = running.isEmpty ? nil : list(running)
    return gang
  }

  /// Room for eight entries and a result that knows its size.
  static func place(
    _ host: Host, _ gang: berth_gang, flags: UInt32 = 0, capacity: Int = 8
  ) -> berth_status {
    var gang = gang
    return berth_gang_place(
      host.engine, &gang, flags, capacity, host.out(berth_placement.self, at: 1024), host.out(UInt32.self, at: 2048),
      host.sized(berth_gang_result.self, MemoryLayout<berth_gang_result>.size))
  }

  static func refusal(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (inout berth_gang, Host) -> Void
  ) -> Refusal {
    Refusal("gang: \(name)", status, word) { host in
      var gang = gang([role(host)])
      spoil(&gang, host)
      return place(host, gang)
    }
  }

  static func ofRole(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (inout berth_gang_role) -> Void
  ) -> Refusal {
    Refusal("gang's role: \(name)", status, word) { host in
      // the second of two: the message says which
      var wrong = role(host)
      spoil(&wrong)
      return place(host, gang([role(host, 1), wrong]))
    }
  }

  // MARK: Calls

  static let calls: [Refusal] = [
    Refusal("gang: null", BERTH_NULL_POINTER, "gang") {
      berth_gang_place(
        $0.engine, nil, 0, 8, $0.out(berth_placement.self, at: 1024), nil,
        $0.sized(berth_gang_result.self, MemoryLayout<berth_gang_result>.size))
    },
    Refusal("gang: null placements", BERTH_NULL_POINTER, "placements_out") { host in
      var gang = gang([role(host)])
      return berth_gang_place(
        host.engine, &gang, 0, 8, nil, nil,
        host.sized(berth_gang_result.self, MemoryLayout<berth_gang_result>.size))
    },
    Refusal("gang: null result", BERTH_NULL_POINTER, "result_out") { host in
      var gang = gang([role(host)])
      return berth_gang_place(host.engine, &gang, 0, 8, host.out(berth_placement.self, at: 1024), nil, nil)
    },
    Refusal("gang: a result of no size", BERTH_BAD_STRUCT, "struct_size") { host in
      var gang = gang([role(host)])
      return berth_gang_place(
        host.engine, &gang, 0, 8, host.out(berth_placement.self, at: 1024), nil,
        host.sized(berth_gang_result.self, 0))
    },
    Refusal("gang: unknown flag", BERTH_BAD_ARGUMENT, "flags") { place($0, gang([role($0)]), flags: 2) },
    Refusal("gang: every flag", BERTH_BAD_ARGUMENT, "flags") { place($0, gang([role($0)]), flags: .max) },
    Refusal("gang: too little room", BERTH_BAD_ARGUMENT, "capacity") { place($0, gang([role($0)]), capacity: 3) },
    Refusal("gang: no room", BERTH_BAD_ARGUMENT, "capacity") { place($0, gang([role($0)]), capacity: 0) },
    Refusal("gang: too little room for two roles", BERTH_BAD_ARGUMENT, "capacity") {
      place($0, gang([role($0), role($0, 1)]), capacity: 7)
    },
    Refusal("gang: a dry run is refused alike", BERTH_BAD_ARGUMENT, "capacity") {
      place($0, gang([role($0)]), flags: UInt32(BERTH_PLACE_DRY_RUN), capacity: 3)
    },
  ]

  // MARK: Gangs

  static let gangs: [Refusal] = [
    refusal("no size", BERTH_BAD_STRUCT, "struct_size") { gang, _ in gang.struct_size = 0 },
    refusal("a larger size", BERTH_BAD_STRUCT, "struct_size") { gang, _ in gang.struct_size += 8 },
    refusal("flags", BERTH_BAD_ARGUMENT, "flags") { gang, _ in gang.flags = 1 },
    refusal("unknown domain", BERTH_UNKNOWN_ID, "domain 3") { gang, _ in gang.domain = 3 },
    refusal("no domain", BERTH_UNKNOWN_ID, "domain") { gang, _ in gang.domain = UInt32(BERTH_NO_DOMAIN) },
    refusal("required level beyond the node", BERTH_BAD_ARGUMENT, "required_level") { gang, _ in
      gang.required_level = 3
    },
    refusal("preferred level beyond the node", BERTH_BAD_ARGUMENT, "preferred_level") { gang, _ in
      gang.preferred_level = .max
    },
    refusal("separate level beyond the node", BERTH_BAD_ARGUMENT, "separate_level") { gang, _ in
      gang.separate_level = 3
    },
    refusal("preferred level wider than the required one", BERTH_BAD_ARGUMENT, "preferred_level") { gang, _ in
      (gang.required_level, gang.preferred_level) = (2, 1)
    },
    refusal("no roles", BERTH_BAD_ARGUMENT, "role") { gang, _ in gang.role_count = 0 },
    refusal("null roles", BERTH_NULL_POINTER, "roles") { gang, _ in gang.roles = nil },
    refusal("more roles than the limit", BERTH_LIMIT, "16") { gang, host in
      gang = GangRefusals.gang((0...Int(BERTH_MAX_GANG_ROLES)).map { _ in role(host) })
    },
    refusal("every number of roles", BERTH_LIMIT, "16") { gang, _ in gang.role_count = .max },
    refusal("more asked than there are members", BERTH_BAD_ARGUMENT, "min_members") { gang, _ in
      gang.min_members = 5
    },
    refusal("more asked than there are members and run", BERTH_BAD_ARGUMENT, "min_members") { gang, host in
      gang = GangRefusals.gang([role(host)], running: [berth_gang_member(pod: host.assumed, role: 0, reserved: 0)])
      gang.min_members = 6
    },
    refusal("no members at all", BERTH_BAD_ARGUMENT, "max_members") { gang, host in
      var none = role(host)
      (none.min_members, none.max_members) = (0, 0)
      gang = GangRefusals.gang([none, none])
    },
    refusal("more members than the limit", BERTH_LIMIT, "1048576") { gang, host in
      var many = role(host)
      many.max_members = UInt32(BERTH_MAX_GANG_MEMBERS)
      gang = GangRefusals.gang([role(host), many])
    },
  ]

  // MARK: Roles

  static let roles: [Refusal] = [
    ofRole("unknown class", BERTH_UNKNOWN_ID, "class 100") { $0.pod_class = 100 },
    ofRole("no class", BERTH_UNKNOWN_ID, "role 1") { $0.pod_class = UInt32(BERTH_NO_CLASS) },
    ofRole("minimum above the maximum", BERTH_BAD_ARGUMENT, "min_members") { $0.min_members = 5 },
    ofRole("more members than the limit", BERTH_LIMIT, "1048576") { $0.max_members = .max },
    ofRole("required level beyond the node", BERTH_BAD_ARGUMENT, "required_level") { $0.required_level = 3 },
    ofRole("preferred level beyond the node", BERTH_BAD_ARGUMENT, "preferred_level") { $0.preferred_level = 3 },
    ofRole("preferred level wider than the required one", BERTH_BAD_ARGUMENT, "preferred_level") {
      ($0.required_level, $0.preferred_level) = (2, 1)
    },
    ofRole("a limit beyond the node", BERTH_BAD_ARGUMENT, "spread_level") {
      ($0.spread_level, $0.spread_members) = (3, 1)
    },
    ofRole("a limit without a level", BERTH_BAD_ARGUMENT, "spread_level") { $0.spread_members = 1 },
    ofRole("reserved", BERTH_BAD_STRUCT, "reserved") { $0.reserved.1 = 1 },
  ]

  static func sliced(
    _ name: String, _ slices: [(level: UInt32, members: UInt32)], count: UInt32? = nil,
    _ status: Int = BERTH_BAD_ARGUMENT,
    _ word: String = "slice"
  ) -> Refusal {
    let all = slices.map { berth_gang_slice(level: $0.level, members: $0.members) } + [berth_gang_slice()]
    let (first, second) = (all[0], all[min(1, all.count - 1)])
    return ofRole(name, status, word) { role in
      role.slice_count = count ?? UInt32(slices.count)
      (role.slices.0, role.slices.1) = (first, second)
    }
  }

  static let slices: [Refusal] = [
    sliced("a slice of the cluster", [(0, 2)]),
    sliced("a slice beyond the node", [(3, 2)]),
    sliced("a slice of nobody", [(1, 0)]),
    sliced("slices from narrow to wide", [(2, 2), (1, 2)]),
    sliced("two slices of a level", [(1, 2), (1, 1)]),
    sliced("a slice that does not divide the one before", [(1, 4), (2, 3)]),
    sliced("a slice larger than the one before", [(1, 2), (2, 4)]),
    sliced("a slice that does not divide the maximum", [(1, 3)]),
    sliced("a slice that does not divide the minimum", [(1, 4)]),
    sliced("more slices than the limit", [(1, 2), (2, 2)], count: 4, BERTH_LIMIT),
    sliced("every number of slices", [], count: .max, BERTH_LIMIT),
  ]

  // MARK: Running members

  static func member(_ pod: berth_pod_id, _ role: UInt32 = 0) -> berth_gang_member {
    berth_gang_member(pod: pod, role: role, reserved: 0)
  }

  static func grown(
    _ name: String, _ status: Int, _ word: String, _ members: @escaping @Sendable (Host) -> [berth_gang_member]
  ) -> Refusal {
    Refusal("gang's running members: \(name)", status, word) {
      // classes 0 and 2 are those of the host's assumed and bound pods
      place($0, gang([role($0), role($0, 2)], running: members($0)))
    }
  }

  static let running: [Refusal] = [
    refusal("null running members", BERTH_NULL_POINTER, "running") { gang, _ in gang.running_count = 1 },
    refusal("more running members than the limit", BERTH_LIMIT, "1048576") { gang, _ in
      gang.running_count = Int(BERTH_MAX_GANG_MEMBERS) + 1
    },
    refusal("more running members than memory holds", BERTH_LIMIT, "running") { gang, _ in gang.running_count = -1 },
    grown("one that has gone", BERTH_STALE_ID, "pod") { [member($0.assumed), member($0.gonePod)] },
    grown("an id never given", BERTH_UNKNOWN_ID, "pod") { _ in [member(UInt64(UInt32.max - 1))] },
    grown("no pod", BERTH_UNKNOWN_ID, "pod") { _ in [member(UInt64.max)] },
    grown("one twice", BERTH_DUPLICATE, "twice") { [member($0.assumed), member($0.bound, 1), member($0.assumed)] },
    grown("of a role that is none", BERTH_BAD_ARGUMENT, "role 2") { [member($0.assumed, 2)] },
    grown("of another class", BERTH_BAD_ARGUMENT, "class") { [member($0.assumed, 1)] },
    grown("reserved", BERTH_BAD_STRUCT, "reserved") { [berth_gang_member(pod: $0.assumed, role: 0, reserved: 1)] },
  ]

  // MARK: Several gangs

  static func placeAll(_ host: Host, _ gangs: [berth_gang], count: Int? = nil, capacity: Int = 8) -> berth_status {
    berth_gangs_place(
      host.engine, list(gangs), count ?? gangs.count, 0, capacity, host.out(berth_placement.self, at: 2048),
      host.out(UInt32.self, at: 3072), host.out(berth_gang_result.self))
  }

  static let several: [Refusal] = [
    Refusal("gangs: null", BERTH_NULL_POINTER, "gangs") {
      berth_gangs_place(
        $0.engine, nil, 1, 0, 8, $0.out(berth_placement.self, at: 2048), nil, $0.out(berth_gang_result.self))
    },
    Refusal("gangs: null placements", BERTH_NULL_POINTER, "placements_out") {
      berth_gangs_place($0.engine, list([gang([role($0)])]), 1, 0, 8, nil, nil, $0.out(berth_gang_result.self))
    },
    Refusal("gangs: null results", BERTH_NULL_POINTER, "results_out") {
      berth_gangs_place(
        $0.engine, list([gang([role($0)])]), 1, 0, 8, $0.out(berth_placement.self, at: 2048), nil, nil)
    },
    Refusal("gangs: more than the limit", BERTH_LIMIT, "65536") {
      placeAll($0, [gang([role($0)])], count: Int(BERTH_MAX_GANGS) + 1)
    },
    Refusal("gangs: more than memory holds", BERTH_LIMIT, "gangs") { placeAll($0, [gang([role($0)])], count: -1) },
    Refusal("gangs: too little room for all", BERTH_BAD_ARGUMENT, "capacity") {
      placeAll($0, [gang([role($0)]), gang([role($0)])], capacity: 7)
    },
    Refusal("gangs: the second has no size", BERTH_BAD_STRUCT, "gang 1") {
      var second = gang([role($0)])
      second.struct_size = 1
      return placeAll($0, [gang([role($0)]), second])
    },
    Refusal("gangs: the second knows no class", BERTH_UNKNOWN_ID, "gang 1") {
      var wrong = role($0)
      wrong.pod_class = 1000
      return placeAll($0, [gang([role($0)]), gang([wrong])])
    },
  ]

  // MARK: Shrinking and messages

  static func shrink(_ host: Host, _ pods: [berth_pod_id]?, _ count: Int, keep: Int) -> berth_status {
    berth_gang_shrink(host.engine, pods.map { list($0) }, count, keep, host.out(berth_pod_id.self))
  }

  static let shrinks: [Refusal] = [
    Refusal("shrink: null members", BERTH_NULL_POINTER, "members") { shrink($0, nil, 2, keep: 1) },
    Refusal("shrink: null result", BERTH_NULL_POINTER, "released_out") {
      berth_gang_shrink($0.engine, list([$0.assumed, $0.bound]), 2, 1, nil)
    },
    Refusal("shrink: to more than there are", BERTH_BAD_ARGUMENT, "keep") {
      shrink($0, [$0.assumed, $0.bound], 2, keep: 3)
    },
    Refusal("shrink: to more than memory holds", BERTH_BAD_ARGUMENT, "keep") {
      shrink($0, [$0.assumed, $0.bound], 2, keep: -1)
    },
    Refusal("shrink: more than the limit", BERTH_LIMIT, "1048576") {
      shrink($0, [$0.assumed], Int(BERTH_MAX_GANG_MEMBERS) + 1, keep: 1)
    },
    Refusal("shrink: a pod that has gone", BERTH_STALE_ID, "pod") { shrink($0, [$0.assumed, $0.gonePod], 2, keep: 1) },
    Refusal("shrink: no pod", BERTH_UNKNOWN_ID, "pod") { shrink($0, [$0.assumed, .max], 2, keep: 2) },
    Refusal("shrink: a pod twice", BERTH_DUPLICATE, "twice") { shrink($0, [$0.bound, $0.bound], 2, keep: 1) },
  ]

  static func message(_ host: Host, _ size: Int, _ text: UnsafeMutablePointer<CChar>?) -> berth_status {
    var result = berth_gang_result()
    result.struct_size = UInt32(size)
    return berth_gang_message(host.engine, &result, text, 64, host.out(Int.self, at: 1024))
  }

  static let messages: [Refusal] = [
    Refusal("gang message: null result", BERTH_NULL_POINTER, "result") {
      berth_gang_message($0.engine, nil, $0.out(CChar.self), 64, nil)
    },
    Refusal("gang message: null text", BERTH_NULL_POINTER, "text") {
      message($0, MemoryLayout<berth_gang_result>.size, nil)
    },
    Refusal("gang message: no size", BERTH_BAD_STRUCT, "struct_size") { message($0, 0, $0.out(CChar.self)) },
  ]

  /// A refused gang leaves the next one its pods' ids: what is placed afterwards is what would have been placed before.
  @Test func aCorrectGangIsPlacedAfterRefusedOnes() {
    let (host, other) = (Host(), Host())
    #expect(Self.place(host, Self.gang([])) == berth_status(BERTH_BAD_ARGUMENT))
    #expect(Self.place(host, Self.gang([Self.role(host)]), capacity: 1) == berth_status(BERTH_BAD_ARGUMENT))
    for host in [host, other] { host.must(Self.place(host, Self.gang([Self.role(host), Self.role(host, 1)]))) }
    #expect(host.digest() == other.digest())
    #expect(host.state() == other.state())
    let result = host.out(berth_gang_result.self, at: 0).pointee
    #expect(result.outcome == UInt32(BERTH_GANG_PLACED) && result.members == 8)
  }
}
