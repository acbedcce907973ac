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
        LabelSetIntern(labels: scratch.labels(sets[index + 1]))
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
    writer.section(.selectors) {
      let selectors = cluster.constraints.selectors.selectors
      $0.write(selectors.count) { index, scratch in
        SelectorIntern(requirements: scratch.buffer(selectors[index].map(scratch.requirement)))
      }
    }
    writer.section(.namespaces) {
      let namespaces = cluster.constraints.namespaces.labels.sorted { $0.key < $1.key }
      $0.write(namespaces.count) { index, scratch in
        NamespaceSet(name: scratch.text(namespaces[index].key), labels: scratch.labels(namespaces[index].value))
      }
    }
    writer.section(.imageSets) {
      let sets = cluster.catalog.images.sets
      $0.write(sets.count - 1) { index, scratch in
        ImageSetIntern(
          images: scratch.buffer(
            sets[index + 1].sorted { $0.key < $1.key }.map {
              berth_image(name: scratch.text($0.key), size_bytes: $0.value)
            }))
      }
    }
    writeMachines(writer)
    writer.section(.profiles) {
      let profiles = workload.profiles
      $0.write(profiles.count) { index, scratch in
        ProfileAdd(
          name: scratch.text(profiles[index].name), terms: scratch.buffer(profiles[index].terms.map(scratch.term)))
      }
    }
    writer.section(.classes) {
      $0.write(workload.classes.count) { index, scratch in
        ClassIntern(spec: scratch.spec(of: UInt32(index), self))
      }
    }
  }

  func restoreVocabulary(_ reader: SnapshotReader) throws(EngineError) {
    try restoreResources(reader.whole(.resources))
    try restore(DomainAdd.self, from: 1, reader.whole(.domains))
    try restore(LabelSetIntern.self, from: 1, reader.whole(.labelSets))
    try restore(TaintSetIntern.self, from: 1, reader.whole(.taintSets))
    try restore(SelectorIntern.self, from: 0, reader.whole(.selectors))
    try restoreNamespaces(reader.whole(.namespaces))
    try restore(ImageSetIntern.self, from: 1, reader.whole(.imageSets))
    try restoreMachines(reader)
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

  private func restoreNamespaces(_ reader: consuming RecordReader) throws(EngineError) {
    var section = reader
    for index in 0..<(try section.takeCount(of: 2, "entries")) {
      let scratch = CallScratch()
      let call = try NamespaceSet.read(&section, scratch)
      do throws(EngineError) {
        try call.apply(to: self)
      } catch {
        throw section.bad("entry \(index) is refused: \(error.message)")
      }
      guard cluster.constraints.namespaces.labels.count == index + 1 else {
        throw section.bad("entry \(index) says a namespace again")
      }
    }
    try section.finish()
  }

  /// Makes the calls of a section.
  func restore<C: Call>(
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
  func write<C: Call>(_ count: Int, _ entry: (Int, CallScratch) -> C) {
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

  fileprivate func labels(_ set: [Name: Name]) -> UnsafeBufferPointer<berth_label> {
    labels(set.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  private func labels(_ list: [(Name, Name)]) -> UnsafeBufferPointer<berth_label> {
    buffer(list.map { berth_label(key: text($0.0), value: text($0.1)) })
  }

  fileprivate func requirement(_ requirement: Requirement) -> berth_requirement {
    let values = buffer(requirement.values.map { Optional(text($0)) })
    return berth_requirement(
      key: text(requirement.key), op: requirement.op, value_count: UInt32(values.count),
      values: values.baseAddress, is_field: requirement.isField ? 1 : 0, reserved: 0)
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
      kind: term.kind, resource_count: UInt32(resources.count), point_count: UInt32(points.count),
      hard_pod_affinity_weight: UInt16(term.hardPodAffinityWeight), flags: term.ignoresExistingPreferences ? 1 : 0,
      weight: Double(term.weight), resources: resources.baseAddress, points: points.baseAddress)
  }

  fileprivate func spec(of podClass: UInt32, _ engine: Engine) -> berth_pod_spec {
    let (classes, load) = (engine.workload.classes, engine.cluster.load.specs)
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
    spec.node_name = placeability.nodeName.map(text)
    let scored = buffer(
      classes.asks(podClass).filter { $0.kind == .scored && engine.cluster.resources.isCounted($0.resource) }.map {
        berth_quantity(resource: $0.resource, reserved: 0, value: $0.value)
      })
    (spec.scored, spec.scored_count) = (scored.baseAddress, UInt32(scored.count))
    let images = buffer(classes.images(record).map { Optional(text($0)) })
    (spec.images, spec.image_count) = (images.baseAddress, UInt32(images.count))
    set(engine.cluster.constraints.traits[Int(record.traits)], in: &spec)
    spec.devices = demand(engine.cluster.devices.demands.values[Int(record.devices)], engine.cluster.devices)
    return spec
  }

  private func set(_ traits: PodTraits, in spec: inout berth_pod_spec) {
    if traits.spreadIsDefault { spec.flags = UInt32(BERTH_POD_DEFAULT_SPREAD) }
    spec.namespace_name = UnsafePointer(text(traits.namespace))
    let labels = labels(traits.labels)
    (spec.labels, spec.label_count) = (labels.baseAddress, UInt32(labels.count))
    let ports = buffer(
      traits.hostPorts.map {
        berth_host_port(host_ip: text($0.address), port: UInt32($0.port), protocol: UInt32($0.proto))
      })
    (spec.host_ports, spec.host_port_count) = (ports.baseAddress, UInt32(ports.count))
    let spread = buffer(traits.spread.map(constraint))
    (spec.spread_constraints, spec.spread_constraint_count) = (spread.baseAddress, UInt32(spread.count))
    let terms = buffer(traits.affinity.map(affinityTerm))
    (spec.affinity_terms, spec.affinity_term_count) = (terms.baseAddress, UInt32(terms.count))
  }

  private func names(_ list: [Name]) -> UnsafeBufferPointer<UnsafePointer<CChar>?> {
    buffer(list.map { Optional(text($0)) })
  }

  private func constraint(_ constraint: SpreadConstraint) -> berth_spread_constraint {
    let keys = names(constraint.selector.matchLabelKeys)
    return berth_spread_constraint(
      topology_key: text(constraint.topologyKey), selector: constraint.selector.id,
      max_skew: UInt32(constraint.maxSkew), min_domains: UInt32(constraint.minDomains),
      when_unsatisfiable: UInt32(constraint.isHard ? BERTH_DO_NOT_SCHEDULE : BERTH_SCHEDULE_ANYWAY),
      node_affinity_policy: UInt32(constraint.honorsAffinity ? BERTH_POLICY_HONOR : BERTH_POLICY_IGNORE),
      node_taints_policy: UInt32(constraint.honorsTaints ? BERTH_POLICY_HONOR : BERTH_POLICY_IGNORE),
      match_label_key_count: UInt32(keys.count), reserved: 0, match_label_keys: keys.baseAddress)
  }

  private func affinityTerm(_ term: PodAffinityTerm) -> berth_pod_affinity_term {
    let namespaces = names(term.namespaces)
    let match = names(term.selector.matchLabelKeys)
    let mismatch = names(term.selector.mismatchLabelKeys)
    return berth_pod_affinity_term(
      topology_key: text(term.topologyKey), selector: term.selector.id, namespace_selector: term.namespaceSelector,
      kind: term.kind, weight: UInt32(term.weight), namespace_count: UInt32(namespaces.count),
      match_label_key_count: UInt32(match.count), mismatch_label_key_count: UInt32(mismatch.count), reserved: 0,
      namespaces: namespaces.baseAddress, match_label_keys: match.baseAddress,
      mismatch_label_keys: mismatch.baseAddress)
  }

  private func selectorTerm(_ term: SelectorTerm) -> berth_selector_term {
    let requirements = buffer(term.requirements.map(requirement))
    return berth_selector_term(
      requirements: requirements.baseAddress, requirement_count: UInt32(requirements.count), weight: term.weight)
  }
}
