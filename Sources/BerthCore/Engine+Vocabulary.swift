import BerthMemory
import CBerth

extension Engine {
  func applyAddResource(name: UnsafePointer<CChar>, kind: UInt32) throws(EngineError) -> berth_resource_id {
    let name = try Text.read(name, "resource name")
    if ResourceTable.isCounted(kind: kind) {
      guard cluster.nodes.slots.count == 0, workload.classes.count == 0 else {
        throw refuse(BERTH_SEALED, "COUNTED resource \"\(name)\": add it before the first node and the first class")
      }
      guard cluster.resources.counted.count < ShapeTable.maxDims else {
        throw refuse(BERTH_LIMIT, "an engine has at most \(ShapeTable.maxDims) COUNTED resources")
      }
    }
    let id = try cluster.resources.add(name: name, kind: kind)
    forgetTerms()
    undoLog.note { engine in
      engine.cluster.resources.removeLast()
      engine.forgetTerms()
    }
    return id
  }

  /// Default resources of terms may have changed.
  private func forgetTerms() {
    cluster.forest.forgetPlans()
    planner.slotIndexes.forgetAll()
    planner.offerTables.forgetAll()
  }

  func applyAddDomain(parent: berth_domain_id, name: UnsafePointer<CChar>) throws(EngineError) -> berth_domain_id {
    let leaves = cluster.catalog.topology.leaves.count
    let id = try cluster.catalog.topology.add(parent: parent, name: Text.read(name, "domain name", allowsEmpty: true))
    if cluster.catalog.topology.leaves.count > leaves { cluster.rows.addDomain() }
    undoLog.note { engine in
      if engine.cluster.catalog.topology.removeLast() { engine.cluster.rows.removeLastDomain() }
    }
    return id
  }

  func applyInternLabelSet(
    _ labels: UnsafeBufferPointer<berth_label>
  ) throws(EngineError) -> berth_label_set_id {
    var set: [Name: Name] = [:]
    for index in 0..<labels.count {
      let key = try Text.read(labels[index].key, "key of label \(index)")
      let value = try Text.read(labels[index].value, "value of label \"\(key)\"", allowsEmpty: true)
      guard set[key] == nil else { throw refuse(BERTH_DUPLICATE, "label \"\(key)\" occurs twice") }
      guard !cluster.catalog.isLevelKey(key) else {
        throw refuse(BERTH_BAD_ARGUMENT, "label \"\(key)\" is a topology level: it comes from the node's domain")
      }
      set[key] = value
    }
    let (id, isNew) = cluster.catalog.labels.intern(set)
    if isNew { undoLog.note { $0.cluster.catalog.labels.removeLast() } }
    return id
  }

  func applyInternTaintSet(
    _ taints: UnsafeBufferPointer<berth_taint>
  ) throws(EngineError) -> berth_taint_set_id {
    var list: [Taint] = []
    for index in 0..<taints.count {
      let record = taints[index]
      guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "berth_taint.reserved must be 0") }
      guard record.effect >= 1, record.effect <= UInt32(BERTH_EFFECT_NO_EXECUTE) else {
        throw refuse(BERTH_BAD_ARGUMENT, "effect \(record.effect) of taint \(index): use BERTH_EFFECT_*, not ANY")
      }
      let taint = Taint(
        key: try Text.read(record.key, "key of taint \(index)"),
        value: try Text.readOptional(record.value, "value of taint \(index)"), effect: record.effect)
      guard !list.contains(where: { $0.key == taint.key && $0.effect == taint.effect }) else {
        throw refuse(BERTH_DUPLICATE, "taint \"\(taint.key)\" occurs twice with the same effect")
      }
      list.append(taint)
    }
    let (id, isNew) = cluster.catalog.taintSets.intern(list)
    if isNew { undoLog.note { $0.cluster.catalog.taintSets.removeLast() } }
    return id
  }

  // MARK: Profiles

  func applyAddProfile(
    name: UnsafePointer<CChar>, terms: UnsafeBufferPointer<berth_term>
  ) throws(EngineError) -> berth_profile_id {
    let name = try Text.read(name, "profile name")
    guard workload.profileNames[name] == nil else {
      throw refuse(BERTH_DUPLICATE, "profile \"\(name)\" exists already")
    }
    guard workload.profiles.count < Int(BERTH_MAX_PROFILES) else {
      throw refuse(BERTH_LIMIT, "an engine has at most \(BERTH_MAX_PROFILES) profiles")
    }
    guard terms.count >= 1 else { throw refuse(BERTH_BAD_ARGUMENT, "profile \"\(name)\" has no terms") }
    guard terms.count <= Int(BERTH_MAX_TERMS) else {
      throw refuse(BERTH_LIMIT, "profile \"\(name)\" has \(terms.count) terms: at most \(BERTH_MAX_TERMS)")
    }
    var list: [Profile.Term] = []
    for index in 0..<terms.count {
      let term = try readTerm(terms[index], "term \(index) of profile \"\(name)\"")
      let single = [
        BERTH_TERM_NODE_AFFINITY, BERTH_TERM_TAINT_TOLERATION, BERTH_TERM_PRICE, BERTH_TERM_IMAGE_LOCALITY,
        BERTH_TERM_POD_TOPOLOGY_SPREAD, BERTH_TERM_INTER_POD_AFFINITY, BERTH_TERM_GPU_LINKS, BERTH_TERM_GPU_REMAINDER,
        BERTH_TERM_GPU_MODEL,
      ]
      if single.contains(Int(term.kind)) && list.contains(where: { $0.kind == term.kind }) {
        throw refuse(BERTH_BAD_ARGUMENT, "term \(index) of profile \"\(name)\": this kind may occur once")
      }
      if term.isPolicy && list.contains(where: \.isPolicy) {
        throw refuse(
          BERTH_BAD_ARGUMENT, "term \(index) of profile \"\(name)\": a profile has at most one fragmentation policy")
      }
      list.append(term)
    }
    let id = UInt32(workload.profiles.count)
    workload.profiles.append(Profile(name: name, terms: list, resources: cluster.resources))
    workload.profileNames[name] = id
    undoLog.note { engine in
      engine.workload.profileNames[engine.workload.profiles.removeLast().name] = nil
      engine.cluster.forest.forgetPlans()
    }
    return id
  }

  private func readTerm(_ record: berth_term, _ what: String) throws(EngineError) -> Profile.Term {
    let isKnown =
      (BERTH_TERM_LEAST_ALLOCATED...BERTH_TERM_GPU_MODEL).contains(Int(record.kind))
      || (BERTH_TERM_GPU_RANDOM...BERTH_TERM_GPU_BERTH).contains(Int(record.kind))
    guard isKnown else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): kind \(record.kind) is unknown: use BERTH_TERM_*")
    }
    guard record.weight.isFinite, record.weight == record.weight.rounded() else {
      throw refuse(BERTH_BAD_NUMBER, "\(what): weight \(record.weight) is not a whole number")
    }
    guard record.weight >= 1, record.weight <= Double(BERTH_MAX_WEIGHT) else {
      throw refuse(
        record.weight < 1 ? BERTH_BAD_ARGUMENT : BERTH_LIMIT,
        "\(what): weight \(record.weight) is outside 1...\(BERTH_MAX_WEIGHT)")
    }
    var term = Profile.Term(kind: record.kind, weight: Int64(record.weight), resources: [], points: [])
    let isPodAffinity = term.isKind(BERTH_TERM_INTER_POD_AFFINITY)
    guard isPodAffinity || (record.hard_pod_affinity_weight == 0 && record.flags == 0) else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): hard_pod_affinity_weight and flags belong to INTER_POD_AFFINITY: use 0")
    }
    guard record.hard_pod_affinity_weight <= 100, record.flags <= UInt16(BERTH_TERM_IGNORE_EXISTING_PREFERENCES) else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what): hard_pod_affinity_weight \(record.hard_pod_affinity_weight) is outside 0...100, or flags unknown")
    }
    term.hardPodAffinityWeight = Int64(record.hard_pod_affinity_weight)
    term.ignoresExistingPreferences = record.flags != 0
    guard record.resource_count <= UInt32(BERTH_MAX_RESOURCES_PER_NODE) else {
      throw refuse(BERTH_LIMIT, "\(what): at most \(BERTH_MAX_RESOURCES_PER_NODE) resources")
    }
    if record.resource_count > 0 && record.resources == nil {
      throw refuse(BERTH_NULL_POINTER, "\(what): resources is null")
    }
    for index in 0..<Int(record.resource_count) {
      term.resources.append(try readResource(record.resources[index], term, "\(what), resource \(index)"))
    }
    try readPoints(record, &term, what)
    if term.kind >= UInt32(BERTH_TERM_GPU_LINKS) { try checkDeviceTerm(term, what) }
    let scaled = term.isKind(BERTH_TERM_DOT_PRODUCT) || term.isKind(BERTH_TERM_BEST_FIT)
    guard !scaled || !term.resources.isEmpty else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): dot product and best fit need resources with a scale")
    }
    return term
  }

  /// Policies that weigh cpu against GPUs say what counts as 1 of either; the others have no resources.
  private func checkDeviceTerm(_ term: Profile.Term, _ what: String) throws(EngineError) {
    guard term.needsScales else {
      guard term.resources.isEmpty else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): this kind takes no resources")
      }
      return
    }
    let kinds = term.resources.map { cluster.resources.resources[Int($0.resource)].kind }.sorted()
    guard kinds == [UInt32(BERTH_RESOURCE_CPU), UInt32(BERTH_RESOURCE_GPU)] else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): this kind needs two resources with a scale, one of kind CPU and one of kind GPU")
    }
  }

  private func readResource(
    _ record: berth_term_resource, _ term: Profile.Term, _ what: String
  ) throws(EngineError) -> (resource: UInt32, weight: Int64, scale: Int64) {
    try cluster.resources.check(record.resource, what)
    guard !term.resources.contains(where: { $0.resource == record.resource }) else {
      throw refuse(BERTH_DUPLICATE, "\(what): the resource occurs twice")
    }
    guard record.weight >= 1, record.weight <= UInt32(BERTH_MAX_WEIGHT) else {
      throw refuse(
        record.weight < 1 ? BERTH_BAD_ARGUMENT : BERTH_LIMIT,
        "\(what): weight \(record.weight) is outside 1...\(BERTH_MAX_WEIGHT)")
    }
    let before = term.isKind(BERTH_TERM_BALANCED_ALLOCATION) || term.isKind(BERTH_TERM_DOT_PRODUCT)
    guard !before || !cluster.resources.isUsage(record.resource) else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what): USAGE resource \(record.resource) is for terms that look at what is free after placing")
    }
    guard cluster.load.specs.limit(record.resource) == nil else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): LIMIT resource \(record.resource) is for no term: score its USAGE resource")
    }
    let native = term.isKind(BERTH_TERM_BINPACK) || term.isKind(BERTH_TERM_SPREAD)
    guard !native || record.weight == 1 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): binpack and spread weigh all resources 1")
    }
    if term.isKind(BERTH_TERM_DOT_PRODUCT) || term.isKind(BERTH_TERM_BEST_FIT) || term.needsScales {
      guard record.scale >= 1, record.scale <= Int64(BERTH_MAX_QUANTITY) else {
        throw refuse(
          record.scale < 1 ? BERTH_BAD_ARGUMENT : BERTH_LIMIT, "\(what): scale \(record.scale) is outside 1...2^50")
      }
    } else if record.scale != 0 {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): scale belongs to dot product, best fit and clustering; use 0")
    }
    return (record.resource, Int64(record.weight), record.scale)
  }

  private func readPoints(
    _ record: berth_term, _ term: inout Profile.Term, _ what: String
  ) throws(EngineError) {
    let needs = term.isKind(BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO)
    guard needs == (record.point_count > 0) else {
      throw refuse(
        BERTH_BAD_ARGUMENT, needs ? "\(what): the shape has no points" : "\(what): points belong to the capacity ratio")
    }
    guard needs else { return }
    guard record.point_count <= 101 else { throw refuse(BERTH_LIMIT, "\(what): at most 101 points") }
    guard let points = record.points else { throw refuse(BERTH_NULL_POINTER, "\(what): points is null") }
    for index in 0..<Int(record.point_count) {
      let point = points[index]
      guard point.utilization_percent <= 100, point.score <= 10 else {
        throw refuse(
          BERTH_BAD_ARGUMENT,
          "\(what), point \(index): utilization \(point.utilization_percent) outside 0...100 or score "
            + "\(point.score) outside 0...10")
      }
      if let last = term.points.last, last.utilization >= Int64(point.utilization_percent) {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what), point \(index): utilizations must rise")
      }
      // kube-scheduler scales the configured 0...10 to its node scores of 0...100
      term.points.append(Point(utilization: Int64(point.utilization_percent), score: Int64(point.score) * 10))
    }
  }
}
