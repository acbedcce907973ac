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
    let scratch = Scratch()
    let spec = scratch.spec(pod, profile: book.profileIds[pod.profile]!, resource: resource, random: &random)
    let id = try change("intern class \(pod)", keeping: scratch) { engine throws(EngineError) in
      try engine.internClass(spec)
    }
    if let known = book.classIds[pod] { try check(known == id, "class \(pod) has ids \(known) and \(id)") }
    if book.classIds[pod] == nil { note("class \(id): \(pod)") }
    book.classIds[pod] = id
    book.oracle.classNumbers[pod] = UInt64(id)
    return id
  }
}
