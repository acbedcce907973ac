import CBerth

// berth_class_intern, berth_classes_intern

struct ClassesIntern: Call {
  static let kind = CallKind.classesIntern
  let specs: UnsafeBufferPointer<berth_pod_spec>
  var ids: UnsafeMutablePointer<berth_class_id>

  var results: UnsafeMutableRawBufferPointer {
    get { UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: ids, count: specs.count)) }
    set { if let start = newValue.baseAddress { ids = start.assumingMemoryBound(to: berth_class_id.self) } }
  }

  func apply(to engine: Engine) throws(EngineError) { try engine.applyInternClasses(specs, ids: ids) }

  func write(to record: inout RecordWriter) {
    record.put(UInt64(specs.count))
    for spec in specs { ClassIntern(spec: spec).write(to: &record) }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let specs = try scratch.list(&record, bytes: 100, "specs") { record throws(EngineError) in
      try ClassIntern.read(&record, scratch).spec
    }
    return Self(specs: specs, ids: scratch.allocate(berth_class_id.self, specs.count))
  }

  func write(_ answer: Void, to record: inout RecordWriter) {
    for index in 0..<specs.count { record.put(ids[index]) }
  }
}

struct ClassIntern: Call {
  static let kind = CallKind.classIntern
  let spec: berth_pod_spec

  func apply(to engine: Engine) throws(EngineError) -> berth_class_id { try engine.applyInternClass(spec) }

  func write(to record: inout RecordWriter) {
    record.put(spec.priority)
    record.put(spec.profile)
    record.put(spec.flags)
    record.put(Self.list(spec.requests, spec.request_count))
    record.put(Self.list(spec.scored, spec.scored_count))
    record.put(Self.list(spec.node_selector, spec.node_selector_count))
    for terms in [
      Self.list(spec.required_terms, spec.required_term_count),
      Self.list(spec.preferred_terms, spec.preferred_term_count),
    ] {
      record.put(terms) { term, record in
        record.put(term.weight)
        record.put(Self.list(term.requirements, term.requirement_count))
      }
    }
    record.put(Self.list(spec.tolerations, spec.toleration_count)) { toleration, record in
      record.put(toleration.key)
      record.put(toleration.value)
      record.put(toleration.op)
      record.put(toleration.effect)
    }
    record.put(spec.namespace_name)
    record.put(spec.node_name)
    record.put(Self.list(spec.labels, spec.label_count))
    record.put(Self.list(spec.images, spec.image_count)) { $1.put($0) }
    record.put(Self.list(spec.host_ports, spec.host_port_count)) { port, record in
      record.put(port.host_ip)
      record.put(port.port)
      record.put(port.protocol)
    }
    record.put(Self.list(spec.spread_constraints, spec.spread_constraint_count), Self.write)
    record.put(Self.list(spec.affinity_terms, spec.affinity_term_count), Self.write)
    record.put(UnsafeBufferPointer(start: spec.devices, count: spec.devices == nil ? 0 : 1), Self.write)
  }

  private static func write(_ demand: berth_device_demand, to record: inout RecordWriter) {
    record.put(demand.gpu_count)
    record.put(demand.share_milli)
    record.put(demand.memory_mib)
    record.put(demand.link_required)
    record.put(demand.nic_count)
    record.put(demand.flags)
    record.put(demand.models)
    record.put(demand.mig_profile)
  }

  private static func list<T>(_ start: UnsafePointer<T>?, _ count: UInt32) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(start: start, count: Int(count))
  }

  private static func write(_ constraint: berth_spread_constraint, to record: inout RecordWriter) {
    record.put(constraint.topology_key)
    record.put(constraint.selector)
    record.put(constraint.max_skew)
    record.put(constraint.min_domains)
    record.put(constraint.when_unsatisfiable)
    record.put(constraint.node_affinity_policy)
    record.put(constraint.node_taints_policy)
    record.put(list(constraint.match_label_keys, constraint.match_label_key_count)) { $1.put($0) }
  }

  private static func write(_ term: berth_pod_affinity_term, to record: inout RecordWriter) {
    record.put(term.topology_key)
    record.put(term.selector)
    record.put(term.namespace_selector)
    record.put(term.kind)
    record.put(term.weight)
    record.put(list(term.namespaces, term.namespace_count)) { $1.put($0) }
    record.put(list(term.match_label_keys, term.match_label_key_count)) { $1.put($0) }
    record.put(list(term.mismatch_label_keys, term.mismatch_label_key_count)) { $1.put($0) }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.priority = try record.take()
    spec.profile = try record.take()
    spec.flags = try record.take()
    set(try scratch.quantities(&record, "requests"), &spec.requests, &spec.request_count)
    set(try scratch.quantities(&record, "scored"), &spec.scored, &spec.scored_count)
    set(try scratch.labels(&record), &spec.node_selector, &spec.node_selector_count)
    set(try terms(&record, scratch), &spec.required_terms, &spec.required_term_count)
    set(try terms(&record, scratch), &spec.preferred_terms, &spec.preferred_term_count)
    let tolerations = try scratch.list(&record, bytes: 12, "tolerations") { record throws(EngineError) in
      berth_toleration(
        key: try scratch.text(&record), value: try scratch.text(&record), op: try record.take(),
        effect: try record.take())
    }
    set(tolerations, &spec.tolerations, &spec.toleration_count)
    spec.namespace_name = try scratch.text(&record)
    spec.node_name = try scratch.text(&record)
    set(try scratch.labels(&record), &spec.labels, &spec.label_count)
    set(try scratch.texts(&record, "images"), &spec.images, &spec.image_count)
    let ports = try scratch.list(&record, bytes: 10, "host ports") { record throws(EngineError) in
      berth_host_port(host_ip: try scratch.text(&record), port: try record.take(), protocol: try record.take())
    }
    set(ports, &spec.host_ports, &spec.host_port_count)
    let spread = try scratch.list(&record, bytes: 34, "spread constraints") { record throws(EngineError) in
      try constraint(&record, scratch)
    }
    set(spread, &spec.spread_constraints, &spec.spread_constraint_count)
    let affinity = try scratch.list(&record, bytes: 42, "affinity terms") { record throws(EngineError) in
      try affinityTerm(&record, scratch)
    }
    set(affinity, &spec.affinity_terms, &spec.affinity_term_count)
    let demands = try scratch.list(&record, bytes: 28, "device demands") { record throws(EngineError) in
      berth_device_demand(
        gpu_count: try record.take(), share_milli: try record.take(), memory_mib: try record.take(),
        link_required: try record.take(), nic_count: try record.take(), flags: try record.take(),
        models: try scratch.text(&record), mig_profile: try scratch.text(&record))
    }
    guard demands.count <= 1 else { throw record.bad("\(demands.count) device demands: at most one") }
    if !demands.isEmpty { spec.devices = demands.baseAddress }
    return Self(spec: spec)
  }

  private static func set<T>(
    _ list: UnsafeBufferPointer<T>, _ start: inout UnsafePointer<T>?, _ count: inout UInt32
  ) {
    (start, count) = (list.baseAddress, UInt32(clamping: list.count))
  }

  private static func constraint(
    _ record: inout RecordReader, _ scratch: CallScratch
  ) throws(EngineError) -> berth_spread_constraint {
    var constraint = berth_spread_constraint()
    constraint.topology_key = try scratch.text(&record)
    constraint.selector = try record.take()
    constraint.max_skew = try record.take()
    constraint.min_domains = try record.take()
    constraint.when_unsatisfiable = try record.take()
    constraint.node_affinity_policy = try record.take()
    constraint.node_taints_policy = try record.take()
    set(
      try scratch.texts(&record, "match label keys"), &constraint.match_label_keys, &constraint.match_label_key_count)
    return constraint
  }

  private static func affinityTerm(
    _ record: inout RecordReader, _ scratch: CallScratch
  ) throws(EngineError) -> berth_pod_affinity_term {
    var term = berth_pod_affinity_term()
    term.topology_key = try scratch.text(&record)
    term.selector = try record.take()
    term.namespace_selector = try record.take()
    term.kind = try record.take()
    term.weight = try record.take()
    set(try scratch.texts(&record, "namespaces"), &term.namespaces, &term.namespace_count)
    set(try scratch.texts(&record, "match label keys"), &term.match_label_keys, &term.match_label_key_count)
    set(try scratch.texts(&record, "mismatch label keys"), &term.mismatch_label_keys, &term.mismatch_label_key_count)
    return term
  }

  private static func terms(
    _ record: inout RecordReader, _ scratch: CallScratch
  ) throws(EngineError) -> UnsafeBufferPointer<berth_selector_term> {
    try scratch.list(&record, bytes: 12, "terms") { record throws(EngineError) in
      let weight = try record.take(UInt32.self)
      let requirements = try scratch.requirements(&record)
      return berth_selector_term(
        requirements: requirements.baseAddress, requirement_count: UInt32(clamping: requirements.count),
        weight: weight)
    }
  }
}

extension RecordWriter {
  /// A count, and the elements.
  mutating func put<T>(_ list: UnsafeBufferPointer<T>, _ element: (T, inout RecordWriter) -> Void) {
    put(UInt64(list.count))
    for value in list { element(value, &self) }
  }

  mutating func put(_ requirements: UnsafeBufferPointer<berth_requirement>) {
    put(requirements) { requirement, record in
      record.put(requirement.key)
      record.put(requirement.op)
      record.put(requirement.is_field)
      record.put(UnsafeBufferPointer(start: requirement.values, count: Int(requirement.value_count))) { $1.put($0) }
    }
  }
}

extension CallScratch {
  func requirements(
    _ record: inout RecordReader
  ) throws(EngineError) -> UnsafeBufferPointer<berth_requirement> {
    try list(&record, bytes: 18, "requirements") { record throws(EngineError) in
      let (key, op, isField) = (try self.text(&record), try record.take(UInt32.self), try record.take(UInt32.self))
      let values = try self.texts(&record, "values")
      return berth_requirement(
        key: key, op: op, value_count: UInt32(clamping: values.count), values: values.baseAddress,
        is_field: isField, reserved: 0)
    }
  }

  func texts(
    _ record: inout RecordReader, _ what: String
  ) throws(EngineError) -> UnsafeBufferPointer<UnsafePointer<CChar>?> {
    try list(&record, bytes: 2, what) { record throws(EngineError) in try self.text(&record) }
  }
}

extension RecordWriter {
  mutating func put(_ quantities: UnsafeBufferPointer<berth_quantity>) {
    put(UInt64(quantities.count))
    for quantity in quantities {
      put(quantity.resource)
      put(quantity.value)
    }
  }
}

extension CallScratch {
  func quantities(
    _ record: inout RecordReader, _ what: String
  ) throws(EngineError) -> UnsafeBufferPointer<berth_quantity> {
    try list(&record, bytes: 12, what) { record throws(EngineError) in
      berth_quantity(resource: try record.take(), reserved: 0, value: try record.take())
    }
  }
}
