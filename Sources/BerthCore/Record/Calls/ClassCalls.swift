import CBerth

// berth_class_intern

struct ClassIntern: Call {
  static let kind = CallKind.classIntern
  let spec: berth_pod_spec

  func apply(to engine: Engine) throws(EngineError) -> berth_class_id { try engine.applyInternClass(spec) }

  func write(to record: inout RecordWriter) {
    record.put(spec.priority)
    record.put(spec.profile)
    record.put(UnsafeBufferPointer(start: spec.requests, count: Int(spec.request_count)))
    record.put(UnsafeBufferPointer(start: spec.node_selector, count: Int(spec.node_selector_count)))
    Self.write(UnsafeBufferPointer(start: spec.required_terms, count: Int(spec.required_term_count)), to: &record)
    Self.write(UnsafeBufferPointer(start: spec.preferred_terms, count: Int(spec.preferred_term_count)), to: &record)
    record.put(UInt64(spec.toleration_count))
    for toleration in UnsafeBufferPointer(start: spec.tolerations, count: Int(spec.toleration_count)) {
      record.put(toleration.key)
      record.put(toleration.value)
      record.put(toleration.op)
      record.put(toleration.effect)
    }
  }

  private static func write(_ terms: UnsafeBufferPointer<berth_selector_term>, to record: inout RecordWriter) {
    record.put(UInt64(terms.count))
    for term in terms {
      record.put(term.weight)
      record.put(UInt64(term.requirement_count))
      for requirement in UnsafeBufferPointer(start: term.requirements, count: Int(term.requirement_count)) {
        record.put(requirement.key)
        record.put(requirement.op)
        record.put(requirement.is_field)
        record.put(UInt64(requirement.value_count))
        for value in UnsafeBufferPointer(start: requirement.values, count: Int(requirement.value_count)) {
          record.put(value)
        }
      }
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.priority = try record.take()
    spec.profile = try record.take()
    let requests = try scratch.quantities(&record, "requests")
    (spec.requests, spec.request_count) = (requests.baseAddress, UInt32(clamping: requests.count))
    let selector = try scratch.labels(&record)
    (spec.node_selector, spec.node_selector_count) = (selector.baseAddress, UInt32(clamping: selector.count))
    let required = try terms(&record, scratch)
    (spec.required_terms, spec.required_term_count) = (required.baseAddress, UInt32(clamping: required.count))
    let preferred = try terms(&record, scratch)
    (spec.preferred_terms, spec.preferred_term_count) = (preferred.baseAddress, UInt32(clamping: preferred.count))
    let tolerations = try scratch.list(&record, bytes: 12, "tolerations") { record throws(EngineError) in
      berth_toleration(
        key: try scratch.text(&record), value: try scratch.text(&record), op: try record.take(),
        effect: try record.take())
    }
    (spec.tolerations, spec.toleration_count) = (tolerations.baseAddress, UInt32(clamping: tolerations.count))
    return Self(spec: spec)
  }

  private static func terms(
    _ record: inout RecordReader, _ scratch: CallScratch
  ) throws(EngineError) -> UnsafeBufferPointer<berth_selector_term> {
    try scratch.list(&record, bytes: 12, "terms") { record throws(EngineError) in
      let weight = try record.take(UInt32.self)
      let requirements = try scratch.list(&record, bytes: 18, "requirements") { record throws(EngineError) in
        let (key, op, isField) = (try scratch.text(&record), try record.take(UInt32.self), try record.take(UInt32.self))
        let values = try scratch.list(&record, bytes: 2, "values") { record throws(EngineError) in
          try scratch.text(&record)
        }
        return berth_requirement(
          key: key, op: op, value_count: UInt32(clamping: values.count), values: values.baseAddress,
          is_field: isField, reserved: 0)
      }
      return berth_selector_term(
        requirements: requirements.baseAddress, requirement_count: UInt32(clamping: requirements.count),
        weight: weight)
    }
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
