import CBerth

/// A gang as it was asked for, checked.
struct GangRequest {
  struct Role {
    var podClass: UInt32
    var least: Int
    var most: Int
    var required: Int
    var preferred: Int
    var spreadLevel: Int
    var spreadMembers: Int
    var slices: [(level: Int, members: Int)]
    /// Its placement heeds more than offers.
    var hasLimits: Bool { spreadMembers > 0 || !slices.isEmpty }
  }
  var roles: [Role]
  var domain: UInt32
  var required: Int
  var preferred: Int
  var separate: Int
  /// Slots of members that run already, and their roles.
  var running: [(slot: UInt32, role: Int)]
  var fabrics: [GangFabric]

  var most: Int { roles.reduce(0) { $0 + $1.most } }
  /// Wants to be packed at all.
  var isPacked: Bool {
    required > 0 || preferred > 0 || separate > 0 || !fabrics.isEmpty
      || roles.contains { $0.required > 0 || $0.preferred > 0 || $0.hasLimits }
  }
}

/// Nodes in a ring or a torus, as slots; nil where there is none.
struct GangFabric {
  var kind: Int
  var sizes: (x: Int, y: Int, z: Int)
  var slots: [UInt32?]
  /// nil: every box of so many nodes.
  var boxes: [(x: Int, y: Int, z: Int)]?
}

extension Engine {
  /// Reads and checks a gang; `what` names it where a call has several.
  func readGang(_ gang: berth_gang, _ what: String) throws(EngineError) -> GangRequest {
    guard gang.struct_size == UInt32(MemoryLayout<berth_gang>.size) else {
      throw refuse(
        BERTH_BAD_STRUCT,
        "\(what)berth_gang.struct_size is \(gang.struct_size), this library knows \(MemoryLayout<berth_gang>.size): "
          + "call berth_gang_init first")
    }
    guard gang.flags == 0 else { throw refuse(BERTH_BAD_ARGUMENT, "\(what)flags must be 0") }
    guard gang.domain < UInt32(cluster.catalog.topology.domains.count) else {
      throw refuse(BERTH_UNKNOWN_ID, "\(what)domain \(gang.domain) is unknown")
    }
    try checkLevel(gang.required_level, "\(what)required_level")
    try checkLevel(gang.preferred_level, "\(what)preferred_level")
    try checkLevel(gang.separate_level, "\(what)separate_level")
    try checkOrder(required: gang.required_level, preferred: gang.preferred_level, what)
    guard gang.role_count <= UInt32(BERTH_MAX_GANG_ROLES) else {
      throw refuse(BERTH_LIMIT, "\(what)\(gang.role_count) roles: at most \(BERTH_MAX_GANG_ROLES)")
    }
    guard gang.role_count > 0 else { throw refuse(BERTH_BAD_ARGUMENT, "\(what)role_count is 0: a gang has roles") }
    guard let records = gang.roles else { throw refuse(BERTH_NULL_POINTER, "\(what)roles is null") }
    var roles: [GangRequest.Role] = []
    for index in 0..<Int(gang.role_count) { roles.append(try readRole(records[index], "\(what)role \(index): ")) }
    let running = try readRunning(gang, roles, what)
    let most = roles.reduce(0) { $0 + $1.most }
    guard most + running.count <= Int(BERTH_MAX_GANG_MEMBERS) else {
      throw refuse(BERTH_LIMIT, "\(what)\(most + running.count) members: at most \(BERTH_MAX_GANG_MEMBERS)")
    }
    guard most > 0 else { throw refuse(BERTH_BAD_ARGUMENT, "\(what)max_members of all roles is 0") }
    try raiseMinima(&roles, to: Int(gang.min_members) - running.count, what)
    return GangRequest(
      roles: roles, domain: gang.domain, required: Int(gang.required_level), preferred: Int(gang.preferred_level),
      separate: Int(gang.separate_level), running: running, fabrics: try readFabrics(gang, roles.count, what))
  }

  private func checkLevel(_ level: UInt32, _ what: String) throws(EngineError) {
    let most = cluster.catalog.topology.levelKeys.count + 1
    guard level <= UInt32(most) else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what) \(level) is unknown: 0 is the cluster, the engine's levels follow, \(most) is the node")
    }
  }

  private func checkOrder(required: UInt32, preferred: UInt32, _ what: String) throws(EngineError) {
    guard preferred == 0 || preferred >= required else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what)preferred_level \(preferred) is wider than required_level \(required): what is required is met anyway")
    }
  }

  private func readRole(_ record: berth_gang_role, _ what: String) throws(EngineError) -> GangRequest.Role {
    guard record.reserved == (0, 0) else { throw refuse(BERTH_BAD_STRUCT, "\(what)reserved must be 0") }
    guard record.pod_class < UInt32(workload.classes.count) else {
      throw refuse(BERTH_UNKNOWN_ID, "\(what)class \(record.pod_class) is unknown")
    }
    guard record.min_members <= record.max_members else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what)min_members \(record.min_members) is more than max_members \(record.max_members)")
    }
    guard record.max_members <= UInt32(BERTH_MAX_GANG_MEMBERS) else {
      throw refuse(BERTH_LIMIT, "\(what)\(record.max_members) members: at most \(BERTH_MAX_GANG_MEMBERS)")
    }
    try checkLevel(record.required_level, "\(what)required_level")
    try checkLevel(record.preferred_level, "\(what)preferred_level")
    try checkLevel(record.spread_level, "\(what)spread_level")
    try checkOrder(required: record.required_level, preferred: record.preferred_level, what)
    guard (record.spread_level == 0) == (record.spread_members == 0) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)spread_level and spread_members go together: set both or none")
    }
    return GangRequest.Role(
      podClass: record.pod_class, least: Int(record.min_members), most: Int(record.max_members),
      required: Int(record.required_level), preferred: Int(record.preferred_level),
      spreadLevel: Int(record.spread_level), spreadMembers: Int(record.spread_members),
      slices: try readSlices(record, what))
  }

  private func readSlices(
    _ record: berth_gang_role, _ what: String
  ) throws(EngineError) -> [(level: Int, members: Int)] {
    guard record.slice_count <= UInt32(BERTH_MAX_GANG_SLICES) else {
      throw refuse(BERTH_LIMIT, "\(what)\(record.slice_count) slices: at most \(BERTH_MAX_GANG_SLICES)")
    }
    let all = [record.slices.0, record.slices.1, record.slices.2]
    var slices: [(level: Int, members: Int)] = []
    for (index, slice) in all.prefix(Int(record.slice_count)).enumerated() {
      let name = "\(what)slice \(index)"
      try checkLevel(slice.level, "\(name): level")
      guard slice.level > 0, slice.members > 0 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(name): level and members are at least 1")
      }
      if let wider = slices.last {
        guard Int(slice.level) > wider.level else {
          throw refuse(
            BERTH_BAD_ARGUMENT, "\(name): level \(slice.level) is not below \(wider.level): the widest comes first")
        }
        guard wider.members % Int(slice.members) == 0 else {
          throw refuse(
            BERTH_BAD_ARGUMENT, "\(name): \(slice.members) members do not divide the \(wider.members) of the one before"
          )
        }
      } else {
        for (field, count) in [("min_members", record.min_members), ("max_members", record.max_members)] {
          guard count % slice.members == 0 else {
            throw refuse(BERTH_BAD_ARGUMENT, "\(name): \(slice.members) members do not divide \(field) \(count)")
          }
        }
      }
      slices.append((Int(slice.level), Int(slice.members)))
    }
    return slices
  }

  private func readRunning(
    _ gang: berth_gang, _ roles: [GangRequest.Role], _ what: String
  ) throws(EngineError) -> [(slot: UInt32, role: Int)] {
    guard gang.running_count <= Int(BERTH_MAX_GANG_MEMBERS), gang.running_count >= 0 else {
      throw refuse(BERTH_LIMIT, "\(what)more than \(BERTH_MAX_GANG_MEMBERS) running members")
    }
    guard gang.running_count > 0 else { return [] }
    guard let records = gang.running else { throw refuse(BERTH_NULL_POINTER, "\(what)running is null") }
    var ids: [berth_pod_id] = []
    var running: [(slot: UInt32, role: Int)] = []
    for index in 0..<gang.running_count {
      let (record, name) = (records[index], "\(what)running member \(index): ")
      guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(name)reserved must be 0") }
      guard record.role < UInt32(roles.count) else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(name)role \(record.role): the gang has \(roles.count)")
      }
      let pod = try pods.get(record.pod, name)
      guard pod.podClass == roles[Int(record.role)].podClass else {
        throw refuse(
          BERTH_BAD_ARGUMENT, "\(name)its class is \(pod.podClass), that of role \(record.role) is another")
      }
      ids.append(record.pod)
      // a member whose node was removed runs nowhere: it is none
      if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
        running.append((slot, Int(record.role)))
      }
    }
    try ids.withUnsafeBufferPointer { ids throws(EngineError) in try check(ids, wanted: nil, "running members") }
    return running
  }

  /// What minMember asks beyond the minima is asked of the roles in order.
  private func raiseMinima(
    _ roles: inout [GangRequest.Role], to wanted: Int, _ what: String
  ) throws(EngineError) {
    var lacking = wanted - roles.reduce(0) { $0 + $1.least }
    for index in roles.indices where lacking > 0 {
      let step = roles[index].slices.first?.members ?? 1
      let more = min(roles[index].most - roles[index].least, (lacking + step - 1) / step * step)
      roles[index].least += more
      lacking -= more
    }
    guard lacking <= 0 else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what)min_members: \(wanted) more members are asked for than run, and all roles together have at most "
          + "\(wanted - lacking)")
    }
  }

  private func readFabrics(
    _ gang: berth_gang, _ roles: Int, _ what: String
  ) throws(EngineError) -> [GangFabric] {
    guard gang.fabric_count != 0 else { return [] }
    guard gang.fabric_count > 0, gang.fabric_count <= Int(BERTH_MAX_FABRIC_NODES) else {
      throw refuse(BERTH_LIMIT, "\(what)more than \(BERTH_MAX_FABRIC_NODES) fabrics")
    }
    guard roles == 1 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)fabrics are for gangs of one role, this one has \(roles)")
    }
    guard let records = gang.fabrics else { throw refuse(BERTH_NULL_POINTER, "\(what)fabrics is null") }
    let role = gang.roles.pointee
    guard gang.required_level == 0, gang.separate_level == 0, gang.running_count == 0,
      role.required_level == 0, role.preferred_level == 0, role.spread_members == 0, role.slice_count == 0
    else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what)fabrics say where members go: nothing else is required beside them, and no members run already")
    }
    var seen = Set<UInt32>()
    var fabrics: [GangFabric] = []
    for index in 0..<gang.fabric_count {
      fabrics.append(try readFabric(records[index], &seen, "\(what)fabric \(index): "))
    }
    return fabrics
  }

  private func readFabric(
    _ record: berth_fabric, _ seen: inout Set<UInt32>, _ what: String
  ) throws(EngineError) -> GangFabric {
    let sizes = (x: Int(record.x_size), y: Int(record.y_size), z: Int(record.z_size))
    switch Int(record.kind) {
    case BERTH_FABRIC_RING:
      guard sizes.y == 1, sizes.z == 1 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what)a ring's y_size and z_size are 1")
      }
    case BERTH_FABRIC_TORUS: break
    default: throw refuse(BERTH_BAD_ARGUMENT, "\(what)kind \(record.kind) is unknown: use BERTH_FABRIC_*")
    }
    let limit = Int(BERTH_MAX_FABRIC_NODES)
    guard sizes.x >= 1, sizes.y >= 1, sizes.z >= 1 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)a size is 0: each is at least 1")
    }
    guard sizes.x <= limit, sizes.y <= limit, sizes.z <= limit, sizes.x * sizes.y <= limit,
      sizes.x * sizes.y * sizes.z + seen.count <= limit
    else { throw refuse(BERTH_LIMIT, "\(what)more than \(limit) places in all fabrics") }
    guard let nodes = record.nodes else { throw refuse(BERTH_NULL_POINTER, "\(what)nodes is null") }
    var slots: [UInt32?] = []
    for place in 0..<sizes.x * sizes.y * sizes.z {
      if nodes[place] == UInt64.max {
        slots.append(nil)
        continue
      }
      let node = UInt32(try cluster.nodes.index(nodes[place], "\(what)place \(place): "))
      guard seen.insert(node).inserted else {
        throw refuse(BERTH_DUPLICATE, "\(what)place \(place): the node has another place already")
      }
      slots.append(cluster.nodes.slots[Int(node)])
    }
    return GangFabric(kind: Int(record.kind), sizes: sizes, slots: slots, boxes: try readBoxes(record, what))
  }

  private func readBoxes(
    _ record: berth_fabric, _ what: String
  ) throws(EngineError) -> [(x: Int, y: Int, z: Int)]? {
    guard let boxes = record.boxes else {
      guard record.box_count == 0 else { throw refuse(BERTH_NULL_POINTER, "\(what)boxes is null") }
      return nil
    }
    guard Int(record.kind) == BERTH_FABRIC_TORUS else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)boxes are for a torus")
    }
    guard record.box_count >= 0, record.box_count <= Int(BERTH_MAX_FABRIC_BOXES) else {
      throw refuse(BERTH_LIMIT, "\(what)\(record.box_count) boxes: at most \(BERTH_MAX_FABRIC_BOXES)")
    }
    var list: [(x: Int, y: Int, z: Int)] = []
    for index in 0..<record.box_count {
      let box = boxes[index]
      guard box.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(what)box \(index): reserved must be 0") }
      guard (1...record.x_size).contains(box.x), (1...record.y_size).contains(box.y),
        (1...record.z_size).contains(box.z)
      else { throw refuse(BERTH_BAD_ARGUMENT, "\(what)box \(index) is not within the torus") }
      list.append((Int(box.x), Int(box.y), Int(box.z)))
    }
    return list
  }
}
