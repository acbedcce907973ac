import CBerth

// berth_resource_add, berth_domain_add, berth_label_set_intern, berth_taint_set_intern, berth_profile_add

struct ResourceAdd: Call {
  static let kind = CallKind.resourceAdd
  let name: UnsafePointer<CChar>
  let type: UInt32

  func apply(to engine: Engine) throws(EngineError) -> berth_resource_id {
    try engine.applyAddResource(name: name, kind: type)
  }

  func write(to record: inout RecordWriter) {
    record.put(name)
    record.put(type)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(name: try scratch.name(&record), type: try record.take())
  }
}

struct DomainAdd: Call {
  static let kind = CallKind.domainAdd
  let parent: berth_domain_id
  let name: UnsafePointer<CChar>

  func apply(to engine: Engine) throws(EngineError) -> berth_domain_id {
    try engine.applyAddDomain(parent: parent, name: name)
  }

  func write(to record: inout RecordWriter) {
    record.put(parent)
    record.put(name)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(parent: try record.take(), name: try scratch.name(&record))
  }
}

struct LabelSetIntern: Call {
  static let kind = CallKind.labelSetIntern
  let labels: UnsafeBufferPointer<berth_label>

  func apply(to engine: Engine) throws(EngineError) -> berth_label_set_id { try engine.applyInternLabelSet(labels) }

  func write(to record: inout RecordWriter) { record.put(labels) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(labels: try scratch.labels(&record))
  }
}

extension RecordWriter {
  mutating func put(_ labels: UnsafeBufferPointer<berth_label>) {
    put(UInt64(labels.count))
    for label in labels {
      put(label.key)
      put(label.value)
    }
  }
}

extension CallScratch {
  func labels(_ record: inout RecordReader) throws(EngineError) -> UnsafeBufferPointer<berth_label> {
    try list(&record, bytes: 4, "labels") { record throws(EngineError) in
      berth_label(key: try self.text(&record), value: try self.text(&record))
    }
  }
}

struct TaintSetIntern: Call {
  static let kind = CallKind.taintSetIntern
  let taints: UnsafeBufferPointer<berth_taint>

  func apply(to engine: Engine) throws(EngineError) -> berth_taint_set_id { try engine.applyInternTaintSet(taints) }

  func write(to record: inout RecordWriter) {
    record.put(UInt64(taints.count))
    for taint in taints {
      record.put(taint.key)
      record.put(taint.value)
      record.put(taint.effect)
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(
      taints: try scratch.list(&record, bytes: 8, "taints") { record throws(EngineError) in
        berth_taint(
          key: try scratch.text(&record), value: try scratch.text(&record), effect: try record.take(), reserved: 0)
      })
  }
}

struct ProfileAdd: Call {
  static let kind = CallKind.profileAdd
  let name: UnsafePointer<CChar>
  let terms: UnsafeBufferPointer<berth_term>

  func apply(to engine: Engine) throws(EngineError) -> berth_profile_id {
    try engine.applyAddProfile(name: name, terms: terms)
  }

  func write(to record: inout RecordWriter) {
    record.put(name)
    record.put(UInt64(terms.count))
    for term in terms {
      record.put(term.kind)
      record.put(term.weight.bitPattern)
      record.put(term.hard_pod_affinity_weight)
      record.put(term.flags)
      record.put(UInt64(term.resource_count))
      for resource in UnsafeBufferPointer(start: term.resources, count: Int(term.resource_count)) {
        record.put(resource.resource)
        record.put(resource.weight)
        record.put(resource.scale)
      }
      record.put(UInt64(term.point_count))
      for point in UnsafeBufferPointer(start: term.points, count: Int(term.point_count)) {
        record.put(point.utilization_percent)
        record.put(point.score)
      }
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(
      name: try scratch.name(&record),
      terms: try scratch.list(&record, bytes: 32, "terms") { record throws(EngineError) in
        let (kind, weight) = (try record.take(UInt32.self), Double(bitPattern: try record.take()))
        let (hard, flags) = (try record.take(UInt16.self), try record.take(UInt16.self))
        let resources = try scratch.list(&record, bytes: 16, "resources") { record throws(EngineError) in
          berth_term_resource(resource: try record.take(), weight: try record.take(), scale: try record.take())
        }
        let points = try scratch.list(&record, bytes: 8, "points") { record throws(EngineError) in
          berth_shape_point(utilization_percent: try record.take(), score: try record.take())
        }
        return berth_term(
          kind: kind, resource_count: UInt32(clamping: resources.count), point_count: UInt32(clamping: points.count),
          hard_pod_affinity_weight: hard, flags: flags, weight: weight, resources: resources.baseAddress,
          points: points.baseAddress)
      })
  }
}
