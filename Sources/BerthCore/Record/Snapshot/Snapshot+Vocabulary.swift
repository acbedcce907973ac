import CBerth

// Resources, domains, label and taint sets, profiles and classes stand in a snapshot as the calls that make them, in
// the order of their ids. Making them again checks everything there is to check.

extension Engine {
  func writeVocabulary(_ writer: SnapshotWriter) {
    writer.section(.resources) { writer in
      let resources = cluster.resources.resources
      writer.out.put(UInt64(resources.count))
      for (index, resource) in resources.enumerated() {
        let scratch = CallScratch()
        let name = scratch.text(resource.name)
        let load = cluster.load.specs.record(of: UInt32(index))
        writer.out.put(load != nil)
        if let load {
          LoadResourceAdd(name: name, spec: load).write(to: &writer.out)
        } else {
          ResourceAdd(name: name, type: resource.kind).write(to: &writer.out)
        }
        withExtendedLifetime(scratch) {}
        writer.pause()
      }
    }
    writer.section(.domains) {
      let domains = cluster.catalog.topology.domains
      $0.write(domains.count - 1) { index, scratch in
        DomainAdd(parent: domains[index + 1].parent, name: scratch.text(domains[index + 1].name))
      }
    }
    writer.section(.labelSets) {
      let sets = cluster.catalog.labels.sets
      $0.write(sets.count - 1) { index, scratch in
        LabelSetIntern(labels: scratch.labels(sets[index + 1].sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
      }
    }
    writer.section(.taintSets) {
      let sets = cluster.catalog.taintSets.sets
      $0.write(sets.count - 1) { index, scratch in
        TaintSetIntern(
          taints: scratch.buffer(
            sets[index + 1].map {
              berth_taint(key: scratch.text($0.key), value: scratch.text($0.value), effect: $0.effect, reserved: 0)
            }))
      }
    }
    writer.section(.profiles) {
      let profiles = workload.profiles
      $0.write(profiles.count) { index, scratch in
        ProfileAdd(
          name: scratch.text(profiles[index].name), terms: scratch.buffer(profiles[index].terms.map(scratch.term)))
      }
    }
    writer.section(.classes) {
      $0.write(workload.classes.count) { index, scratch in
        ClassIntern(spec: scratch.spec(of: UInt32(index), workload.classes, cluster.load.specs))
      }
    }
  }

  func restoreVocabulary(_ reader: SnapshotReader) throws(EngineError) {
    try restoreResources(reader.whole(.resources))
    try restore(DomainAdd.self, from: 1, reader.whole(.domains))
    try restore(LabelSetIntern.self, from: 1, reader.whole(.labelSets))
    try restore(TaintSetIntern.self, from: 1, reader.whole(.taintSets))
    try restore(ProfileAdd.self, from: 0, reader.whole(.profiles))
    try restore(ClassIntern.self, from: 0, reader.whole(.classes))
  }

  /// Resources of both kinds, in the order of their ids.
  private func restoreResources(_ reader: consuming RecordReader) throws(EngineError) {
    var section = reader
    for index in 0..<(try section.takeCount(of: 3, "entries")) {
      if try section.takeFlag("whether a resource is of load") {
        try restoreEntry(LoadResourceAdd.self, index, from: 0, &section)
      } else {
        try restoreEntry(ResourceAdd.self, index, from: 0, &section)
      }
    }
    try section.finish()
  }

  /// Makes the calls of a section.
  private func restore<C: Call>(
    _ type: C.Type, from first: UInt32, _ reader: consuming RecordReader
  ) throws(EngineError) where C.Answer == UInt32 {
    var section = reader
    for index in 0..<(try section.takeCount(of: 2, "entries")) {
      try restoreEntry(type, index, from: first, &section)
    }
    try section.finish()
  }

  /// Makes the call of an entry: they give ids in a row.
  private func restoreEntry<C: Call>(
    _ type: C.Type, _ index: Int, from first: UInt32, _ section: inout RecordReader
  ) throws(EngineError) where C.Answer == UInt32 {
    let scratch = CallScratch()
    let call = try C.read(&section, scratch)
    let id: UInt32
    do throws(EngineError) {
      id = try call.apply(to: self)
    } catch {
      throw section.bad("entry \(index) is refused: \(error.message)")
    }
    guard UInt64(id) == UInt64(first) + UInt64(index) else {
      throw section.bad("entry \(index) says what has the id \(id) already")
    }
  }
}

extension SnapshotWriter {
  fileprivate func write<C: Call>(_ count: Int, _ entry: (Int, CallScratch) -> C) {
    out.put(UInt64(count))
    for index in 0..<count {
      let scratch = CallScratch()
      entry(index, scratch).write(to: &out)
      withExtendedLifetime(scratch) {}
      pause()
    }
  }
}

extension CallScratch {
  func buffer<T>(_ values: [T]) -> UnsafeBufferPointer<T> {
    let copy = allocate(T.self, values.count)
    copy.initialize(from: values, count: values.count)
    return UnsafeBufferPointer(start: copy, count: values.count)
  }

  func text(_ name: Name) -> UnsafePointer<CChar> {
    let copy = allocate(UInt8.self, name.bytes.count + 1)
    copy.initialize(from: name.bytes + [0], count: name.bytes.count + 1)
    return UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self)
  }

  fileprivate func labels(_ list: [(Name, Name)]) -> UnsafeBufferPointer<berth_label> {
    buffer(list.map { berth_label(key: text($0.0), value: text($0.1)) })
  }

  fileprivate func term(_ term: Profile.Term) -> berth_term {
    let resources = buffer(
      term.resources.map {
        berth_term_resource(resource: $0.resource, weight: UInt32($0.weight), scale: $0.scale)
      })
    let points = buffer(
      term.points.map {
        // the engine keeps scores as kube-scheduler scales them, to 0...100
        berth_shape_point(utilization_percent: UInt32($0.utilization), score: UInt32($0.score / 10))
      })
    return berth_term(
      kind: term.kind, resource_count: UInt32(resources.count), point_count: UInt32(points.count), reserved: 0,
      weight: Double(term.weight), resources: resources.baseAddress, points: points.baseAddress)
  }

  fileprivate func spec(of podClass: UInt32, _ classes: PodClasses, _ load: LoadSpecs) -> berth_pod_spec {
    let record = classes.records[Int(podClass)]
    let placeability = classes.filters[Int(record.filter)].placeability
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.priority = record.priority
    spec.profile = record.profile
    let requests = buffer(
      (Array(classes.requests(podClass)) + load.said(classes.asks(podClass))).map {
        berth_quantity(resource: $0.resource, reserved: 0, value: $0.value)
      })
    (spec.requests, spec.request_count) = (requests.baseAddress, UInt32(requests.count))
    let selector = labels(placeability.nodeSelector.map { ($0.key, $0.values[0]) })
    (spec.node_selector, spec.node_selector_count) = (selector.baseAddress, UInt32(selector.count))
    let required = buffer(placeability.required.map(selectorTerm))
    (spec.required_terms, spec.required_term_count) = (required.baseAddress, UInt32(required.count))
    let preferred = buffer(placeability.preferred.map(selectorTerm))
    (spec.preferred_terms, spec.preferred_term_count) = (preferred.baseAddress, UInt32(preferred.count))
    let tolerations = buffer(
      placeability.tolerations.map {
        berth_toleration(key: text($0.key), value: text($0.value), op: $0.op, effect: $0.effect)
      })
    (spec.tolerations, spec.toleration_count) = (tolerations.baseAddress, UInt32(tolerations.count))
    return spec
  }

  private func selectorTerm(_ term: SelectorTerm) -> berth_selector_term {
    let requirements = buffer(
      term.requirements.map { requirement in
        let values = buffer(requirement.values.map { Optional(text($0)) })
        return berth_requirement(
          key: text(requirement.key), op: requirement.op, value_count: UInt32(values.count),
          values: values.baseAddress, is_field: requirement.isField ? 1 : 0, reserved: 0)
      })
    return berth_selector_term(
      requirements: requirements.baseAddress, requirement_count: UInt32(requirements.count), weight: term.weight)
  }
}
