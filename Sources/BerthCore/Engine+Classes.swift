import BerthMemory
import CBerth

// Pod classes: what a spec says, checked and interned.

extension Engine {
  func applyInternClasses(
    _ specs: UnsafeBufferPointer<berth_pod_spec>, ids: UnsafeMutablePointer<berth_class_id>
  ) throws(EngineError) {
    var interned: [berth_class_id] = []
    interned.reserveCapacity(specs.count)
    try atomically { () throws(EngineError) in
      for (index, spec) in specs.enumerated() {
        do throws(EngineError) {
          interned.append(try applyInternClass(spec))
        } catch {
          throw EngineError(error.status, "entry \(index): \(error.message)")
        }
      }
    }
    for (index, id) in interned.enumerated() { ids[index] = id }
  }

  func applyInternClass(_ spec: berth_pod_spec) throws(EngineError) -> berth_class_id {
    guard spec.profile < UInt32(workload.profiles.count) else {
      throw refuse(BERTH_UNKNOWN_ID, "profile \(spec.profile) is unknown")
    }
    guard spec.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "berth_pod_spec.reserved must be 0") }
    guard spec.flags & ~UInt32(BERTH_POD_DEFAULT_SPREAD) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "flags \(spec.flags): only BERTH_POD_DEFAULT_SPREAD is known")
    }
    let said = try readRequests(spec)
    let placeability = try readPlaceability(spec)
    let reader = ConstraintReader(selectors: cluster.constraints.selectors.selectors.count)
    let traits = try reader.traits(spec)
    let images = try reader.images(spec)
    let demand =
      try spec.devices.map { record throws(EngineError) in try cluster.devices.read(record.pointee) } ?? .none
    let specs = cluster.load.specs
    var requests = said.filter { $0.kind == .held || $0.kind == .counted }
    let scored = try readScored(spec, &requests)
    guard let (devices, isNewDemand) = cluster.devices.intern(demand) else {
      throw refuse(BERTH_LIMIT, "classes ask for links and NICs in more than \(BERTH_MAX_LINK_DEMANDS) ways")
    }
    let (id, isNewTraits) = cluster.constraints.intern(traits)
    if isNewTraits { undoLog.note { $0.cluster.constraints.removeLastTraits() } }
    if isNewDemand { undoLog.note { $0.removeLastDemand() } }
    let interned = workload.classes.intern(
      PodClasses.Spec(
        requests: requests, asks: specs.asks(requests, said: said) + scored,
        isBestEffort: specs.isBestEffort(requests), profile: spec.profile, priority: spec.priority,
        placeability: placeability, traits: id, isConstrained: traits.isConstrained, images: images,
        devices: devices, scoresDevices: workload.profiles[Int(spec.profile)].policy != .none))
    guard let (podClass, made) = interned else {
      if isNewTraits && !undoLog.isRecording { cluster.constraints.removeLastTraits() }
      if isNewDemand && !undoLog.isRecording { removeLastDemand() }
      throw refuse(BERTH_LIMIT, "an engine has at most \(BERTH_MAX_CLASSES) pod classes")
    }
    if let made {
      undoLog.note { engine in
        engine.planner.forget(podClass)
        engine.workload.classes.removeLast(made)
        engine.cluster.forest.forgetPlans()
      }
    }
    return podClass
  }

  /// What counts in the pod's own scores instead of what it requests of COUNTED resources.
  private func readScored(_ spec: berth_pod_spec, _ requests: inout [Request]) throws(EngineError) -> [Request] {
    let said = try readQuantities(
      spec.scored, UInt(spec.scored_count), list: "scored", each: "scored quantity"
    ) { record, what throws(EngineError) in
      guard Int(cluster.resources.resources[Int(record.resource)].kind) == BERTH_RESOURCE_COUNTED else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): resource \(record.resource) is not COUNTED")
      }
      return Request(resource: record.resource, value: record.value, kind: .scored)
    }
    var scored: [Request] = []
    for own in said {
      let held = requests.firstIndex { $0.resource == own.resource }
      if own.value == held.map({ requests[$0].value }) ?? 0 { continue }
      if let held { requests[held].kind = .charged }
      scored.append(own)
    }
    return scored
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
    list.removeAll { ($0.kind == .held || $0.kind == .counted) && $0.value == 0 }
    guard list.count(where: { $0.kind == .held || $0.kind == .counted }) <= Int(BERTH_MAX_RESOURCES_PER_POD) else {
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
    let isCounted = cluster.resources.isCounted(record.resource)
    return Request(resource: record.resource, value: record.value, kind: isCounted ? .counted : .held)
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
      nodeName: try spec.node_name.map { name throws(EngineError) in try Text.read(name, "node_name") },
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

  func readRequirement(_ record: berth_requirement, _ what: String) throws(EngineError) -> Requirement {
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
    guard record.op <= UInt32(BERTH_TOLERATION_LT), record.effect <= UInt32(BERTH_EFFECT_NO_EXECUTE) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): operator \(record.op) or effect \(record.effect) is unknown")
    }
    let key = try Text.readOptional(record.key, "\(what): key")
    let value = try Text.readOptional(record.value, "\(what): value")
    let exists = Int(record.op) == BERTH_TOLERATION_EXISTS
    guard !key.isEmpty || exists else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): an empty key, which stands for every key, needs Exists")
    }
    let compares = Int(record.op) == BERTH_TOLERATION_GT || Int(record.op) == BERTH_TOLERATION_LT
    guard !compares || Int64(value.description) != nil else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): Gt and Lt take a 64-bit integer")
    }
    guard !exists || value.isEmpty else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): Exists takes no value")
    }
    return Toleration(key: key, value: value, op: record.op, effect: record.effect)
  }
}
