import BerthMemory
import CBerth

extension Engine {
  func applyAddResource(name: UnsafePointer<CChar>, kind: UInt32) throws(EngineError) -> berth_resource_id {
    let id = try cluster.resources.add(name: Text.read(name, "resource name"), kind: kind)
    cluster.forest.forgetPlans()  // default resources of terms may have changed
    undoLog.note { engine in
      engine.cluster.resources.removeLast()
      engine.cluster.forest.forgetPlans()
    }
    return id
  }

  func applyAddDomain(parent: berth_domain_id, name: UnsafePointer<CChar>) throws(EngineError) -> berth_domain_id {
    let leaves = cluster.catalog.topology.leaves.count
    let id = try cluster.catalog.topology.add(parent: parent, name: Text.read(name, "domain name"))
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
      let single = [BERTH_TERM_NODE_AFFINITY, BERTH_TERM_TAINT_TOLERATION, BERTH_TERM_PRICE]
      if single.contains(Int(term.kind)) && list.contains(where: { $0.kind == term.kind }) {
        throw refuse(BERTH_BAD_ARGUMENT, "term \(index) of profile \"\(name)\": this kind may occur once")
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
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(what): reserved must be 0") }
    guard record.kind >= 1, record.kind <= UInt32(BERTH_TERM_BEST_FIT) else {
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
    let scaled = term.isKind(BERTH_TERM_DOT_PRODUCT) || term.isKind(BERTH_TERM_BEST_FIT)
    guard !scaled || !term.resources.isEmpty else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): dot product and best fit need resources with a scale")
    }
    return term
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
    if term.isKind(BERTH_TERM_DOT_PRODUCT) || term.isKind(BERTH_TERM_BEST_FIT) {
      guard record.scale >= 1, record.scale <= Int64(BERTH_MAX_QUANTITY) else {
        throw refuse(
          record.scale < 1 ? BERTH_BAD_ARGUMENT : BERTH_LIMIT, "\(what): scale \(record.scale) is outside 1...2^50")
      }
    } else if record.scale != 0 {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): scale belongs to dot product and best fit; use 0")
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

  // MARK: Classes

  func applyInternClass(_ spec: berth_pod_spec) throws(EngineError) -> berth_class_id {
    guard spec.profile < UInt32(workload.profiles.count) else {
      throw refuse(BERTH_UNKNOWN_ID, "profile \(spec.profile) is unknown")
    }
    let said = try readRequests(spec)
    let placeability = try readPlaceability(spec)
    let specs = cluster.load.specs
    let requests = said.filter { $0.kind == .held }
    let interned = workload.classes.intern(
      requests, asks: specs.asks(requests, said: said), isBestEffort: specs.isBestEffort(requests),
      profile: spec.profile, priority: spec.priority, placeability: placeability)
    guard let (id, made) = interned else {
      throw refuse(BERTH_LIMIT, "an engine has at most \(BERTH_MAX_CLASSES) pod classes")
    }
    if let made {
      undoLog.note { engine in
        engine.workload.classes.removeLast(made)
        engine.cluster.forest.forgetPlans()
      }
    }
    return id
  }

  private func readRequests(_ spec: berth_pod_spec) throws(EngineError) -> [Request] {
    try readQuantities(spec.requests, UInt(spec.request_count), list: "requests", each: "request", read: readRequest)
  }

  /// Quantities of resources that occur once, ascending by resource, without zeros. `read` says what each one is.
  func readQuantities(
    _ records: UnsafePointer<berth_quantity>?, _ count: UInt, list name: String, each: String,
    read: (berth_quantity, String) throws(EngineError) -> Request
  ) throws(EngineError) -> [Request] {
    if count > 0 && records == nil { throw refuse(BERTH_NULL_POINTER, "\(name) is null") }
    guard count <= UInt(BERTH_MAX_RESOURCES) else {
      throw refuse(BERTH_LIMIT, "\(name): \(count), more than there can be resources")
    }
    var list: [Request] = []
    list.reserveCapacity(Int(count))
    for index in 0..<Int(count) {
      let record = records![index]
      guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(each) \(index): reserved must be 0") }
      try cluster.resources.check(record.resource, "\(each) \(index)")
      try Quantity.check(record.value, "\(each) \(index):")
      list.append(try read(record, "\(each) \(index)"))
    }
    list.sort { $0.resource < $1.resource }
    for index in list.indices.dropFirst() where list[index].resource == list[index - 1].resource {
      throw refuse(BERTH_DUPLICATE, "\(name): resource \(list[index].resource) occurs twice")
    }
    list.removeAll { $0.kind == .held && $0.value == 0 }
    guard list.count(where: { $0.kind == .held }) <= Int(BERTH_MAX_RESOURCES_PER_POD) else {
      throw refuse(BERTH_LIMIT, "\(name): \(list.count) resources, at most \(BERTH_MAX_RESOURCES_PER_POD)")
    }
    return list
  }

  /// What a spec says of a load resource is no request, save of a SPARE resource.
  private func readRequest(_ record: berth_quantity, _ what: String) throws(EngineError) -> Request {
    if cluster.load.specs.usage(record.resource) != nil {
      guard record.value >= 1 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): an estimate of USAGE resource \(record.resource) is at least 1")
      }
      return Request(resource: record.resource, value: record.value, kind: .scored)
    }
    if cluster.load.specs.limit(record.resource) != nil {
      guard record.value == 0 else {
        throw refuse(
          BERTH_BAD_ARGUMENT, "\(what): of LIMIT resource \(record.resource) only 0 can be said: no limit for the class"
        )
      }
      return Request(resource: record.resource, value: 0, kind: .limited)
    }
    return Request(resource: record.resource, value: record.value)
  }

  private func readPlaceability(_ spec: berth_pod_spec) throws(EngineError) -> Placeability {
    func check(_ count: UInt32, _ pointer: UnsafeRawPointer?, _ what: String) throws(EngineError) {
      if count > 0 && pointer == nil { throw refuse(BERTH_NULL_POINTER, "\(what) is null") }
      guard count <= 10_000 else { throw refuse(BERTH_LIMIT, "\(what): at most 10000") }
    }
    try check(spec.node_selector_count, UnsafeRawPointer(spec.node_selector), "node_selector")
    try check(spec.required_term_count, UnsafeRawPointer(spec.required_terms), "required_terms")
    try check(spec.preferred_term_count, UnsafeRawPointer(spec.preferred_terms), "preferred_terms")
    try check(spec.toleration_count, UnsafeRawPointer(spec.tolerations), "tolerations")
    var selector: [Requirement] = []
    for index in 0..<Int(spec.node_selector_count) {
      let record = spec.node_selector[index]
      let key = try Text.read(record.key, "key of node selector \(index)")
      let value = try Text.read(record.value, "value of node selector \"\(key)\"", allowsEmpty: true)
      guard !selector.contains(where: { $0.key == key }) else {
        throw refuse(BERTH_DUPLICATE, "node selector \(index): \"\(key)\" occurs twice")
      }
      selector.append(Requirement(key: key, op: UInt32(BERTH_OP_IN), values: [value], isField: false))
    }
    var required: [SelectorTerm] = []
    for index in 0..<Int(spec.required_term_count) {
      required.append(try readTerm(spec.required_terms[index], "required term \(index)", weights: 0...0))
    }
    var preferred: [SelectorTerm] = []
    for index in 0..<Int(spec.preferred_term_count) {
      preferred.append(try readTerm(spec.preferred_terms[index], "preferred term \(index)", weights: 1...100))
    }
    var tolerations: [Toleration] = []
    for index in 0..<Int(spec.toleration_count) {
      tolerations.append(try readToleration(spec.tolerations[index], index))
    }
    return Placeability(
      nodeSelector: sortedUnique(selector), required: sortedUnique(required), preferred: preferred.sorted(),
      tolerations: sortedUnique(tolerations))
  }

  private func sortedUnique<Value: Hashable & Comparable>(_ list: [Value]) -> [Value] { Set(list).sorted() }

  private func readTerm(
    _ record: berth_selector_term, _ what: String, weights: ClosedRange<UInt32>
  ) throws(EngineError) -> SelectorTerm {
    guard weights.contains(record.weight) else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): weight \(record.weight) is outside \(weights.lowerBound)...\(weights.upperBound)")
    }
    if record.requirement_count > 0 && record.requirements == nil {
      throw refuse(BERTH_NULL_POINTER, "\(what): requirements is null")
    }
    guard record.requirement_count <= 10_000 else { throw refuse(BERTH_LIMIT, "\(what): at most 10000 requirements") }
    var list: [Requirement] = []
    for index in 0..<Int(record.requirement_count) {
      list.append(try readRequirement(record.requirements[index], "\(what), requirement \(index)"))
    }
    return SelectorTerm(requirements: sortedUnique(list), weight: record.weight)
  }

  private func readRequirement(_ record: berth_requirement, _ what: String) throws(EngineError) -> Requirement {
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(what): reserved must be 0") }
    guard record.is_field <= 1 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): is_field is \(record.is_field): use 0 or 1")
    }
    guard record.op >= 1, record.op <= UInt32(BERTH_OP_LT) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): operator \(record.op) is unknown: use BERTH_OP_*")
    }
    let key = try Text.read(record.key, "\(what): key")
    if record.value_count > 0 && record.values == nil { throw refuse(BERTH_NULL_POINTER, "\(what): values is null") }
    guard record.value_count <= 10_000 else { throw refuse(BERTH_LIMIT, "\(what): at most 10000 values") }
    var values: [Name] = []
    for index in 0..<Int(record.value_count) {
      values.append(try Text.read(record.values[index], "\(what): value \(index)", allowsEmpty: true))
    }
    switch Int(record.op) {
    case BERTH_OP_EXISTS, BERTH_OP_DOES_NOT_EXIST:
      guard values.isEmpty else { throw refuse(BERTH_BAD_ARGUMENT, "\(what): Exists and DoesNotExist take no values") }
    case BERTH_OP_GT, BERTH_OP_LT:
      guard values.count == 1, Int64(values[0].description) != nil else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): Gt and Lt take one value, a 64-bit integer")
      }
    default:
      guard !values.isEmpty else { throw refuse(BERTH_BAD_ARGUMENT, "\(what): In and NotIn need values") }
    }
    if record.is_field == 1 {
      let isSet = Int(record.op) == BERTH_OP_IN || Int(record.op) == BERTH_OP_NOT_IN
      guard key == "metadata.name", isSet, values.count == 1 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): fields are metadata.name with In or NotIn and one value")
      }
    }
    return Requirement(key: key, op: record.op, values: sortedUnique(values), isField: record.is_field == 1)
  }

  private func readToleration(_ record: berth_toleration, _ index: Int) throws(EngineError) -> Toleration {
    let what = "toleration \(index)"
    guard record.op <= UInt32(BERTH_TOLERATION_EXISTS), record.effect <= UInt32(BERTH_EFFECT_NO_EXECUTE) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): operator \(record.op) or effect \(record.effect) is unknown")
    }
    let key = try Text.readOptional(record.key, "\(what): key")
    let value = try Text.readOptional(record.value, "\(what): value")
    let exists = Int(record.op) == BERTH_TOLERATION_EXISTS
    guard !key.isEmpty || exists else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): an empty key, which stands for every key, needs Exists")
    }
    guard !exists || value.isEmpty else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): Exists takes no value")
    }
    return Toleration(key: key, value: value, op: record.op, effect: record.effect)
  }
}
