import CBerth

// berth_gang_place, berth_gangs_place, berth_gang_shrink

struct GangsPlace: Call {
  static let kind = CallKind.gangsPlace
  let gangs: UnsafeBufferPointer<berth_gang>
  let flags: UInt32
  let capacity: Int

  func apply(to engine: Engine) throws(EngineError) -> GangAnswer {
    try engine.applyGangs(gangs, flags: flags, capacity: capacity)
  }

  func write(to record: inout RecordWriter) {
    record.put(flags)
    record.put(UInt64(capacity))
    record.put(UInt64(gangs.count))
    for gang in gangs { Self.write(gang, to: &record) }
  }

  static func write(_ gang: berth_gang, to record: inout RecordWriter) {
    for value in [
      gang.domain, gang.required_level, gang.preferred_level, gang.separate_level, gang.min_members,
    ] { record.put(value) }
    record.put(UInt64(gang.role_count))
    for role in UnsafeBufferPointer(start: gang.roles, count: Int(gang.role_count)) {
      for value in [
        role.pod_class, role.min_members, role.max_members, role.required_level, role.preferred_level,
        role.spread_level, role.spread_members, role.slice_count,
      ] { record.put(value) }
      for slice in [role.slices.0, role.slices.1, role.slices.2] {
        record.put(slice.level)
        record.put(slice.members)
      }
    }
    record.put(UInt64(gang.running_count))
    for member in UnsafeBufferPointer(start: gang.running, count: gang.running_count) {
      record.put(member.pod)
      record.put(member.role)
    }
    record.put(UInt64(gang.fabric_count))
    for fabric in UnsafeBufferPointer(start: gang.fabrics, count: gang.fabric_count) {
      for value in [fabric.kind, fabric.x_size, fabric.y_size, fabric.z_size] { record.put(value) }
      let count = Int(fabric.x_size) * Int(fabric.y_size) * Int(fabric.z_size)
      record.put(UnsafeBufferPointer(start: fabric.nodes, count: count))
      record.put(fabric.boxes != nil)
      record.put(UInt64(fabric.box_count))
      for box in UnsafeBufferPointer(start: fabric.boxes, count: fabric.box_count) {
        for value in [box.x, box.y, box.z] { record.put(value) }
      }
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let flags = try record.take(UInt32.self)
    let capacity = try record.take(UInt64.self)
    let gangs = try scratch.list(&record, bytes: 44, "gangs") { record throws(EngineError) in
      try readGang(&record, scratch)
    }
    return Self(gangs: gangs, flags: flags, capacity: Int(clamping: capacity))
  }

  static func readGang(
    _ record: inout RecordReader, _ scratch: CallScratch
  ) throws(EngineError) -> berth_gang {
    var gang = berth_gang()
    gang.struct_size = UInt32(MemoryLayout<berth_gang>.size)
    gang.domain = try record.take()
    gang.required_level = try record.take()
    gang.preferred_level = try record.take()
    gang.separate_level = try record.take()
    gang.min_members = try record.take()
    let roles = try scratch.list(&record, bytes: 56, "roles") { record throws(EngineError) in
      var role = berth_gang_role()
      role.pod_class = try record.take()
      role.min_members = try record.take()
      role.max_members = try record.take()
      role.required_level = try record.take()
      role.preferred_level = try record.take()
      role.spread_level = try record.take()
      role.spread_members = try record.take()
      role.slice_count = try record.take()
      role.slices.0 = berth_gang_slice(level: try record.take(), members: try record.take())
      role.slices.1 = berth_gang_slice(level: try record.take(), members: try record.take())
      role.slices.2 = berth_gang_slice(level: try record.take(), members: try record.take())
      return role
    }
    (gang.roles, gang.role_count) = (UnsafePointer(roles.baseAddress), UInt32(clamping: roles.count))
    let running = try scratch.list(&record, bytes: 12, "running members") { record throws(EngineError) in
      berth_gang_member(pod: try record.take(), role: try record.take(), reserved: 0)
    }
    (gang.running, gang.running_count) = (UnsafePointer(running.baseAddress), running.count)
    let fabrics = try scratch.list(&record, bytes: 33, "fabrics") { record throws(EngineError) in
      try readFabric(&record, scratch)
    }
    (gang.fabrics, gang.fabric_count) = (UnsafePointer(fabrics.baseAddress), fabrics.count)
    return gang
  }

  private static func readFabric(
    _ record: inout RecordReader, _ scratch: CallScratch
  ) throws(EngineError) -> berth_fabric {
    var fabric = berth_fabric()
    fabric.kind = try record.take()
    fabric.x_size = try record.take()
    fabric.y_size = try record.take()
    fabric.z_size = try record.take()
    let nodes: UnsafeBufferPointer<berth_node_id> = try scratch.array(&record, "places")
    // compared as wide as it can be: the sizes are the file's
    let places = UInt64(fabric.x_size).multipliedFullWidth(by: UInt64(fabric.y_size))
    let (all, over) = places.low.multipliedReportingOverflow(by: UInt64(fabric.z_size))
    guard places.high == 0, !over, all == UInt64(nodes.count) else {
      throw record.bad("a fabric has \(nodes.count) places, not those of its sizes")
    }
    fabric.nodes = nodes.baseAddress
    let hasBoxes = try record.takeFlag("whether boxes are declared")
    let boxes = try scratch.list(&record, bytes: 12, "boxes") { record throws(EngineError) in
      berth_fabric_box(x: try record.take(), y: try record.take(), z: try record.take(), reserved: 0)
    }
    (fabric.boxes, fabric.box_count) = (hasBoxes ? UnsafePointer(boxes.baseAddress) : nil, boxes.count)
    return fabric
  }

  func write(_ answer: GangAnswer, to record: inout RecordWriter) {
    record.putMembers(answer.placements, roles: answer.roles, results: answer.results)
  }

  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String {
    "members go to other nodes here, or results differ"
  }
}

struct GangShrink: Call {
  static let kind = CallKind.gangShrink
  let members: UnsafeBufferPointer<berth_pod_id>
  let keep: Int

  func apply(to engine: Engine) throws(EngineError) -> [berth_pod_id] { try engine.applyShrink(members, keep: keep) }

  func write(to record: inout RecordWriter) {
    record.put(UInt64(keep))
    record.put(members)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let keep = Int(clamping: try record.take(UInt64.self))
    return Self(members: try scratch.array(&record, "members"), keep: keep)
  }

  func write(_ answer: [berth_pod_id], to record: inout RecordWriter) { for pod in answer { record.put(pod) } }
}

extension RecordWriter {
  /// Of gangs that were placed: the nodes, for those who read a journal, and the sum of everything.
  mutating func putMembers<Result>(_ placements: [berth_placement], roles: [UInt32], results: [Result]) {
    for placement in placements { put(placement.node) }
    let start = count
    for (placement, role) in zip(placements, roles) {
      put(placement.pod)
      put(placement.score)
      put(role)
    }
    for result in results { withUnsafeBytes(of: result) { put(raw: $0) } }
    putSum(from: start)
  }
}
