/// A label, or a member of any other map of texts.
struct Label: Hashable, Comparable, Sendable {
  var key: String
  var value: String

  static func < (one: Self, other: Self) -> Bool { (one.key, one.value) < (other.key, other.value) }
}

/// The controller that an object belongs to.
struct Owner: Hashable, Sendable {
  var kind: String
  var name: String
}

/// What every object has.
struct Metadata: Sendable {
  var name = ""
  var namespace = "default"
  var labels: [Label] = []
  /// Those of `DeviceNames.annotations`.
  var annotations: [String: String] = [:]
  var owner: Owner?
  var isTerminating = false

  /// "default/web-1".
  var path: String { "\(namespace)/\(name)" }

  func label(_ key: String) -> String? { labels.first { $0.key == key }?.value }
}

extension ObjectReader {
  /// `metadata`. The name is checked where there is one: templates have none.
  func metadata(in fields: Fields) -> Metadata {
    self.fields("metadata", in: fields) { fields in
      var metadata = Metadata()
      metadata.name = text("name", in: fields) ?? (text("generateName", in: fields).map { $0 + "0" } ?? "")
      if !metadata.name.isEmpty, let wrong = LabelSyntax.wrongSubdomain(metadata.name) { fail("name", wrong) }
      if let namespace = text("namespace", in: fields), !namespace.isEmpty {
        metadata.namespace = namespace
        if let wrong = LabelSyntax.wrongSubdomain(namespace) { fail("namespace", wrong) }
      }
      metadata.labels = labels("labels", in: fields)
      metadata.annotations = annotations(in: fields)
      metadata.owner =
        list("ownerReferences", in: fields) { fields -> Owner? in
          guard flag("controller", in: fields) else { return nil }
          return Owner(kind: text("kind", in: fields) ?? "", name: text("name", in: fields) ?? "")
        }.first
      metadata.isTerminating = has("deletionTimestamp", in: fields)
      return metadata
    } ?? Metadata()
  }

  private func annotations(in fields: Fields) -> [String: String] {
    let read = members("annotations", in: fields) { name, fields -> String? in
      DeviceNames.isAnnotation(name) ? text(member: name, in: fields) : nil
    }
    return Dictionary(read.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// A map of labels, by key.
  func labels(_ key: String, in fields: Fields) -> [Label] {
    members(key, in: fields) { name, fields -> Label? in
      let before = problems.count
      if let wrong = LabelSyntax.wrongKey(name) { fail(member: name, wrong) }
      let value = text(member: name, in: fields)
      if let value, let wrong = LabelSyntax.wrongValue(value) { fail(member: name, wrong) }
      guard problems.count == before, let value else { return nil }
      return Label(key: name, value: value)
    }.map(\.value)
  }

  /// A map of quantities, by resource; none is below 0.
  func quantities(_ key: String, in fields: Fields) -> [String: Quantity] {
    let members = members(key, in: fields) { name, fields -> Quantity? in
      if let wrong = LabelSyntax.wrongKey(name) {
        fail(member: name, wrong)
        return nil
      }
      guard let quantity = quantity(member: name, in: fields) else { return nil }
      if quantity < .zero { fail(member: name, "must not be negative") }
      return max(quantity, .zero)
    }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
  }
}
