import BerthCore
import CBerth

/// A role of a gang: see berth_gang_role.
public struct GangRole: Sendable {
  public var podClass: berth_class_id
  public var members: ClosedRange<Int>
  public var requiredLevel = 0
  public var preferredLevel = 0
  public var spread: (level: Int, members: Int)?
  /// Widest level first.
  public var slices: [(level: Int, members: Int)] = []

  public init(_ podClass: berth_class_id, _ members: ClosedRange<Int>) {
    self.podClass = podClass
    self.members = members
  }
}

/// A ring or a torus in which members get a node each, next to each other: see berth_fabric.
public struct GangFabricSpec: Sendable {
  public var kind: UInt32
  public var size: (x: Int, y: Int, z: Int)
  /// By place, x fastest; nil where no node is.
  public var nodes: [berth_node_id?]
  /// Nil: every box of so many nodes.
  public var boxes: [(x: Int, y: Int, z: Int)]?

  public init(
    kind: Int, size: (x: Int, y: Int, z: Int), nodes: [berth_node_id?], boxes: [(x: Int, y: Int, z: Int)]? = nil
  ) {
    (self.kind, self.size, self.nodes, self.boxes) = (UInt32(kind), size, nodes, boxes)
  }
}

/// A gang: see berth_gang.
public struct GangSpec: Sendable {
  public var roles: [GangRole]
  public var domain = berth_domain_id(BERTH_ROOT_DOMAIN)
  public var requiredLevel = 0
  public var preferredLevel = 0
  public var separateLevel = 0
  public var minMembers = 0
  /// Members that run already, each with its role.
  public var running: [(pod: berth_pod_id, role: Int)] = []
  public var fabrics: [GangFabricSpec] = []

  public init(_ roles: [GangRole]) { self.roles = roles }

  /// All members of one class.
  public init(_ podClass: berth_class_id, members: Int) { roles = [GangRole(podClass, members...members)] }

  public var mostMembers: Int { roles.reduce(0) { $0 + $1.members.upperBound } }
}

/// Where a gang went.
public struct GangPlacement {
  public var result: berth_gang_result
  public var placements: [berth_placement]
  /// By placement.
  public var roles: [Int]

  public var isPlaced: Bool { result.outcome == UInt32(BERTH_GANG_PLACED) }
  /// Domains opened by level: the cluster, the engine's levels, nodes.
  public var domains: [Int] {
    withUnsafeBytes(of: result.domains) { $0.bindMemory(to: UInt32.self).prefix(Int(result.level_count)).map(Int.init) }
  }
  public var domainsBound: [Int] {
    withUnsafeBytes(of: result.domains_bound) {
      $0.bindMemory(to: UInt32.self).prefix(Int(result.level_count)).map(Int.init)
    }
  }
  public var leftOver: [Int] {
    withUnsafeBytes(of: result.left_over) {
      $0.bindMemory(to: Int64.self).prefix(Int(result.level_count)).map(Int.init)
    }
  }
}

/// Room for what a gang's call gives out, so that calls can be timed without it.
public final class GangBuffer {
  let placements: UnsafeMutablePointer<berth_placement>
  let roles: UnsafeMutablePointer<UInt32>
  let capacity: Int

  public init(capacity: Int) {
    self.capacity = capacity
    placements = .allocate(capacity: max(1, capacity))
    roles = .allocate(capacity: max(1, capacity))
  }

  deinit {
    placements.deallocate()
    roles.deallocate()
  }

  func placement(_ result: berth_gang_result) -> GangPlacement {
    let count = Int(result.members)
    return GangPlacement(
      result: result, placements: Array(UnsafeBufferPointer(start: placements, count: count)),
      roles: UnsafeBufferPointer(start: roles, count: count).map(Int.init))
  }
}

extension Engine {
  public func placeGang(_ spec: GangSpec, dryRun: Bool = false) throws(EngineError) -> GangPlacement {
    let buffer = GangBuffer(capacity: spec.mostMembers)
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    return buffer.placement(try placeGang(scratch.gang(spec), dryRun: dryRun, into: buffer))
  }

  func placeGang(
    _ gang: berth_gang, dryRun: Bool = false, into buffer: GangBuffer
  ) throws(EngineError) -> berth_gang_result {
    try placeGang(
      gang, flags: dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0, capacity: buffer.capacity,
      placements: buffer.placements, roles: buffer.roles)
  }

  public func release(_ pods: [berth_pod_id]) throws(EngineError) {
    try pods.withUnsafeBufferPointer { pods throws(EngineError) in try release(pods) }
  }
}

extension Scratch {
  func gang(_ spec: GangSpec) -> berth_gang {
    var gang = berth_gang()
    gang.struct_size = UInt32(MemoryLayout<berth_gang>.size)
    gang.domain = spec.domain
    gang.required_level = UInt32(spec.requiredLevel)
    gang.preferred_level = UInt32(spec.preferredLevel)
    gang.separate_level = UInt32(spec.separateLevel)
    gang.min_members = UInt32(spec.minMembers)
    gang.roles = array(spec.roles.map(role))
    gang.role_count = UInt32(spec.roles.count)
    gang.running = array(spec.running.map { berth_gang_member(pod: $0.pod, role: UInt32($0.role), reserved: 0) })
    gang.running_count = spec.running.count
    gang.fabrics = array(spec.fabrics.map(fabric))
    gang.fabric_count = spec.fabrics.count
    return gang
  }

  private func fabric(_ fabric: GangFabricSpec) -> berth_fabric {
    var record = berth_fabric()
    record.kind = fabric.kind
    (record.x_size, record.y_size, record.z_size) = (
      UInt32(fabric.size.x), UInt32(fabric.size.y), UInt32(fabric.size.z)
    )
    record.nodes = array(fabric.nodes.map { $0 ?? UInt64.max })
    record.boxes = array(
      (fabric.boxes ?? []).map { berth_fabric_box(x: UInt32($0.x), y: UInt32($0.y), z: UInt32($0.z), reserved: 0) })
    record.box_count = fabric.boxes?.count ?? 0
    return record
  }

  private func role(_ role: GangRole) -> berth_gang_role {
    var record = berth_gang_role()
    record.pod_class = role.podClass
    record.min_members = UInt32(role.members.lowerBound)
    record.max_members = UInt32(role.members.upperBound)
    record.required_level = UInt32(role.requiredLevel)
    record.preferred_level = UInt32(role.preferredLevel)
    record.spread_level = UInt32(role.spread?.level ?? 0)
    record.spread_members = UInt32(role.spread?.members ?? 0)
    record.slice_count = UInt32(role.slices.count)
    let slices = role.slices.map { berth_gang_slice(level: UInt32($0.level), members: UInt32($0.members)) }
    if slices.count > 0 { record.slices.0 = slices[0] }
    if slices.count > 1 { record.slices.1 = slices[1] }
    if slices.count > 2 { record.slices.2 = slices[2] }
    return record
  }
}
