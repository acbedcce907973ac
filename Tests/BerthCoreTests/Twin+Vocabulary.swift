import BerthCore
import BerthOracle
import CBerth

/// Commands that name things, and the ids they get.
extension Twin {
  func resource(_ name: String) -> UInt32 { book.resourceIds[name]! }

  func addResource(_ name: String, _ kind: ResourceKind) throws {
    note("add resource \(name) \(kind)")
    let scratch = Scratch()
    let text = scratch.text(name)
    book.resourceIds[name] = try change("add resource \(name)", keeping: scratch) { engine throws(EngineError) in
      try engine.addResource(name: text, kind: code(kind))
    }
    book.oracle.addResource(name, kind)
  }

  @discardableResult func addDomain(parent: Int, name: String) throws -> Int {
    note("add domain \(name) below \(parent)")
    let scratch = Scratch()
    let (above, text) = (book.domainIds[parent]!, scratch.text(name))
    let id = try change("add domain \(name)", keeping: scratch) { engine throws(EngineError) in
      try engine.addDomain(parent: above, name: text)
    }
    let domain = book.oracle.addDomain(parent: parent, name: name)
    book.domainIds[domain] = id
    return domain
  }

  func labelSet(_ labels: [String: String]) throws -> UInt32 {
    let scratch = Scratch()
    let list = scratch.labels(random.shuffled(labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    let id = try change("intern labels \(labels)", keeping: scratch) { engine throws(EngineError) in
      try engine.internLabelSet(list)
    }
    if let known = book.labelSetIds[labels] { try check(known == id, "labels \(labels) have ids \(known) and \(id)") }
    book.labelSetIds[labels] = id
    return id
  }

  func taintSet(_ taints: [Taint]) throws -> UInt32 {
    let scratch = Scratch()
    let list = scratch.taints(taints)
    let id = try change("intern taints \(taints)", keeping: scratch) { engine throws(EngineError) in
      try engine.internTaintSet(list)
    }
    if let known = book.taintSetIds[taints] { try check(known == id, "taints \(taints) have ids \(known) and \(id)") }
    book.taintSetIds[taints] = id
    return id
  }

  func imageSet(_ images: [String: Int64]) throws -> UInt32 {
    let scratch = Scratch()
    let list = scratch.images(random.shuffled(images.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    let id = try change("intern images \(images)", keeping: scratch) { engine throws(EngineError) in
      try engine.internImageSet(list)
    }
    if let known = book.imageSetIds[images] { try check(known == id, "images \(images) have ids \(known) and \(id)") }
    book.imageSetIds[images] = id
    return id
  }

  /// Known ones are asked for again now and then, in another order.
  private func intern(_ selector: LabelSelector) throws {
    let ordered = selector.map { Requirement(key: $0.key, op: $0.op, values: $0.values.sorted()) }.sorted {
      "\($0)" < "\($1)"
    }
    if book.selectorIds[selector] != nil && !random.chance(0.05) { return }
    let scratch = Scratch()
    let list = scratch.requirements(selector, &random)
    let id = try change("intern selector \(selector)", keeping: scratch) { engine throws(EngineError) in
      try engine.internSelector(list)
    }
    if let known = book.selectorIds[ordered] { try check(known == id, "\(selector) has ids \(known) and \(id)") }
    book.selectorIds[ordered] = id
    book.selectorIds[selector] = id
  }

  /// That were interned; nil: none.
  private func selector(_ selector: LabelSelector?) -> UInt32 {
    selector.map { book.selectorIds[$0]! } ?? UInt32(BERTH_NO_SELECTOR)
  }

  func setNamespace(_ name: String, _ labels: [String: String]) throws {
    note("namespace \(name) has labels \(labels)")
    let scratch = Scratch()
    let text = scratch.text(name)
    let list = scratch.labels(random.shuffled(labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    try perform("set namespace \(name)", keeping: scratch) { engine throws(EngineError) in
      try engine.setNamespace(name: text, labels: list)
    }
    book.oracle.setNamespace(name, labels)
  }

  func removeNamespace(_ name: String) throws {
    let scratch = Scratch()
    let text = scratch.text(name)
    if book.oracle.namespaces[name] == nil {
      return try refused("remove namespace \(name), which was not told", BERTH_UNKNOWN_ID) {
        engine throws(EngineError) in try engine.removeNamespace(name: text)
      }
    }
    note("namespace \(name) is forgotten")
    try perform("remove namespace \(name)", keeping: scratch) { engine throws(EngineError) in
      try engine.removeNamespace(name: text)
    }
    book.oracle.removeNamespace(name)
  }

  func addProfile(_ name: String, _ terms: [Term]) throws {
    note("add profile \(name): \(terms)")
    let scratch = Scratch()
    let (text, list) = (scratch.text(name), scratch.terms(terms, resource: resource))
    book.profileIds[name] = try change("add profile \(name) \(terms)", keeping: scratch) { engine throws(EngineError) in
      try engine.addProfile(name: text, terms: list)
    }
    book.oracle.addProfile(name, terms)
  }

  func podClass(_ pod: PodSpec) throws -> UInt32 {
    for selector in pod.selectors { try intern(selector) }
    let scratch = Scratch()
    let spec = scratch.spec(
      pod, profile: book.profileIds[pod.profile]!, resource: resource, selector: selector, random: &random)
    let asBatch = random.chance(0.2)
    let id = try change("intern class \(pod)", keeping: scratch) { engine throws(EngineError) in
      if !asBatch { return try engine.internClass(spec) }
      var ids: [UInt32] = [0, 0]
      try engine.internClasses(scratch.buffer([spec, spec]), ids: &ids)
      if ids[0] != ids[1] { throw EngineError(UInt32(BERTH_CORRUPT), "equal specs in a batch are classes \(ids)") }
      return ids[0]
    }
    if let known = book.classIds[pod] { try check(known == id, "class \(pod) has ids \(known) and \(id)") }
    if book.classIds[pod] == nil { note("class \(id): \(pod)") }
    book.classIds[pod] = id
    book.oracle.classNumbers[pod] = UInt64(id)
    return id
  }
}

extension PodSpec {
  /// All that its constraints name.
  fileprivate var selectors: [LabelSelector] {
    spreadConstraints.compactMap(\.selector) + affinityTerms.compactMap(\.selector)
      + affinityTerms.compactMap(\.namespaceSelector)
  }
}
