import BerthCore
import CBerth

/// The engine's calls with Swift's strings and arrays, as the scenarios use them.
extension Engine {
  /// An empty engine whose levels have these label keys, widest first.
  public static func make(
    levels: [String] = [], cpuLevel: CPULevel = .auto, allocator: UInt32 = UInt32(BERTH_ALLOCATOR_AUTO)
  ) throws(EngineError) -> Engine {
    let scratch = Scratch()
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    options.allocator = allocator
    options.cpu_level = cpuLevel.code
    options.level_count = UInt32(levels.count)
    options.level_keys = scratch.texts(levels)
    defer { withExtendedLifetime(scratch) {} }
    return try Engine(options: options)
  }

  public func addResource(_ name: String, kind: UInt32) throws(EngineError) -> berth_resource_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    return try addResource(name: scratch.text(name), kind: kind)
  }

  public func addDomain(_ name: String, below parent: berth_domain_id = 0) throws(EngineError) -> berth_domain_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    return try addDomain(parent: parent, name: scratch.text(name))
  }

  public func internLabels(_ labels: [Label]) throws(EngineError) -> berth_label_set_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    return try internLabelSet(UnsafeBufferPointer(start: scratch.labels(labels), count: labels.count))
  }

  public func internTaints(_ taints: [Taint]) throws(EngineError) -> berth_taint_set_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let records = taints.map {
      berth_taint(key: scratch.text($0.key), value: scratch.text($0.value), effect: $0.effect.code, reserved: 0)
    }
    return try internTaintSet(UnsafeBufferPointer(start: scratch.array(records), count: records.count))
  }

  /// Adds nodes; `allocatable` and `requested` are [node][resource], row by row.
  public func addNodes(
    _ nodes: [berth_node], resources: [berth_resource_id], allocatable: [Int64], requested: [Int64]? = nil,
    names: [String]? = nil
  ) throws(EngineError) -> [berth_node_id] {
    precondition(allocatable.count == nodes.count * resources.count, "allocatable: one row per node")
    precondition(requested.map { $0.count == allocatable.count } ?? true, "requested: the shape of allocatable")
    precondition(names.map { $0.count == nodes.count } ?? true, "names: one per node")
    let scratch = Scratch()
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.resource_count = UInt32(resources.count)
    batch.count = nodes.count
    batch.names = names.flatMap { scratch.texts($0) }
    var ids = [berth_node_id](repeating: 0, count: nodes.count)
    var refused: EngineError?
    // The columns of millions of nodes are passed in place rather than copied into the scratch.
    nodes.withUnsafeBufferPointer { nodes in
      resources.withUnsafeBufferPointer { resources in
        allocatable.withUnsafeBufferPointer { allocatable in
          (requested ?? []).withUnsafeBufferPointer { told in
            ids.withUnsafeMutableBufferPointer { ids in
              batch.nodes = nodes.baseAddress
              batch.resources = resources.baseAddress
              batch.allocatable = allocatable.baseAddress
              batch.requested = requested == nil ? nil : told.baseAddress
              guard let first = ids.baseAddress else { return }
              do throws(EngineError) { try addNodes(batch, ids: first) } catch { refused = error }
            }
          }
        }
      }
    }
    withExtendedLifetime(scratch) {}
    if let refused { throw refused }
    return ids
  }

  public func addProfile(_ name: String, _ terms: [ScoreTerm]) throws(EngineError) -> berth_profile_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let records = terms.map { term in
      var record = berth_term()
      record.kind = term.kind
      record.weight = term.weight
      record.resource_count = UInt32(term.resources.count)
      record.resources = scratch.array(
        term.resources.map { berth_term_resource(resource: $0.id, weight: $0.weight, scale: $0.scale) })
      return record
    }
    return try addProfile(
      name: scratch.text(name), terms: UnsafeBufferPointer(start: scratch.array(records), count: records.count))
  }

  public func internClass(_ spec: PodSpec) throws(EngineError) -> berth_class_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    return try internClass(scratch.podSpec(spec))
  }

  /// The candidates of a class, best first; at most `limit`.
  public func candidates(of podClass: berth_class_id, limit: Int) throws(EngineError) -> [berth_candidate] {
    let buffer = UnsafeMutablePointer<berth_candidate>.allocate(capacity: limit)
    defer { buffer.deallocate() }
    let count = try readCandidates(of: podClass, count: limit, into: buffer, termScores: nil)
    return Array(UnsafeBufferPointer(start: buffer, count: count))
  }

  /// Decides for one pod; it is assumed unless this is a dry run.
  public func placeOne(_ podClass: berth_class_id, dryRun: Bool = false) throws(EngineError) -> berth_placement {
    var placement = berth_placement()
    try withUnsafePointer(to: podClass) { podClass throws(EngineError) in
      try place(
        UnsafeBufferPointer(start: podClass, count: 1), flags: dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0,
        into: &placement)
    }
    return placement
  }
}

extension Engine {
  public func releaseOne(_ pod: berth_pod_id) throws(EngineError) {
    try withUnsafePointer(to: pod) { pod throws(EngineError) in
      try release(UnsafeBufferPointer(start: pod, count: 1))
    }
  }

  /// Allocatable and requested of nodes, [node][resource], row by row.
  public func resourceState(
    of nodes: [berth_node_id], _ resources: [berth_resource_id]
  ) throws(EngineError) -> (allocatable: [Int64], requested: [Int64]) {
    var allocatable = [Int64](repeating: 0, count: nodes.count * resources.count)
    var requested = allocatable
    var refused: EngineError?
    nodes.withUnsafeBufferPointer { nodes in
      resources.withUnsafeBufferPointer { resources in
        do throws(EngineError) {
          try readNodes(
            nodes, resources: resources, states: nil, allocatable: &allocatable, requested: &requested)
        } catch { refused = error }
      }
    }
    if let refused { throw refused }
    return (allocatable, requested)
  }

  /// Binds one pod to a node.
  public func bindOne(_ podClass: berth_class_id, to node: berth_node_id) throws(EngineError) -> berth_pod_id {
    var pod = berth_pod_id()
    try withUnsafePointer(to: podClass) { podClass throws(EngineError) in
      try withUnsafePointer(to: node) { node throws(EngineError) in
        try bind(UnsafeBufferPointer(start: podClass, count: 1), nodes: node, pods: &pod)
      }
    }
    return pod
  }
}

extension Scratch {
  func labels(_ labels: [Label]) -> UnsafePointer<berth_label>? {
    array(labels.map { berth_label(key: text($0.key), value: text($0.value)) })
  }

  func podSpec(_ spec: PodSpec) -> berth_pod_spec {
    var record = berth_pod_spec()
    record.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    record.priority = spec.priority
    record.profile = spec.profile
    record.request_count = UInt32(spec.requests.count)
    record.requests = array(
      spec.requests.map { berth_quantity(resource: $0.resource, reserved: 0, value: $0.value) })
    record.node_selector = labels(spec.nodeSelector)
    record.node_selector_count = UInt32(spec.nodeSelector.count)
    if !spec.requiredAffinity.isEmpty {
      let requirements = spec.requiredAffinity.map { demand in
        berth_requirement(
          key: text(demand.key), op: UInt32(BERTH_OP_IN), value_count: UInt32(demand.values.count),
          values: texts(demand.values), is_field: 0, reserved: 0)
      }
      record.required_terms = array([
        berth_selector_term(
          requirements: array(requirements), requirement_count: UInt32(requirements.count), weight: 0)
      ])
      record.required_term_count = 1
    }
    record.tolerations = array(
      spec.tolerations.map { toleration in
        berth_toleration(
          key: text(toleration.key), value: toleration.value.map { text($0) },
          op: UInt32(toleration.value == nil ? BERTH_TOLERATION_EXISTS : BERTH_TOLERATION_EQUAL),
          effect: toleration.effect.code)
      })
    record.toleration_count = UInt32(spec.tolerations.count)
    constrain(&record, spec)
    if let devices = spec.devices { record.devices = array([demand(devices)]) }
    return record
  }
}
