/// Objects beside nodes, pods and workloads that decide something.

struct Service: Sendable {
  var metadata: Metadata
  /// Nil selects nothing.
  var selector: [Label]?
}

struct Namespace: Sendable {
  var name: String
  var labels: [Label]
}

struct PriorityClass: Sendable {
  var name: String
  var value: Int32
  var isDefault: Bool
}

extension ObjectReader {
  func service(_ fields: Fields) -> Service {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    let selector = self.fields("spec", in: fields) { fields in
      has("selector", in: fields) ? labels("selector", in: fields) : nil
    }
    return Service(metadata: metadata, selector: selector ?? nil)
  }

  func namespace(_ fields: Fields) -> Namespace {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    return Namespace(name: metadata.name, labels: metadata.labels)
  }

  func priorityClass(_ fields: Fields) -> PriorityClass {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    if !has("value", in: fields) { fail("value", "is required") }
    let value = integer("value", in: fields) ?? 0
    if Int32(exactly: value) == nil { fail("value", "must be a 32-bit number") }
    return PriorityClass(
      name: metadata.name, value: Int32(clamping: value), isDefault: flag("globalDefault", in: fields))
  }
}
