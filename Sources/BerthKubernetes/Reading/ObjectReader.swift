/// Reads one object's fields, and notes what is wrong with them under its path. What is wrong is left out of the
/// result, so that the rest of the object is still checked.
package final class ObjectReader {
  private enum Step {
    case field(String)
    case index(Int)
    case key(String)
  }

  /// "Pod default/web-1".
  package var object: String
  /// Whether what the API server fills in when an object is created is filled in here.
  let fillsDefaults: Bool
  package private(set) var problems: [Problem] = []
  private var path: [Step] = []
  /// Whether mistakes name lines: of texts that a person wrote, and that are more than one object's fields.
  private let namesLines: Bool
  /// The objects that are being read, from the outermost, and the line on which each step of the path stands.
  private var scopes: [Fields] = []
  private var lines: [Int] = []

  init(object: String, fillsDefaults: Bool) {
    self.object = object
    self.fillsDefaults = fillsDefaults
    namesLines = false
  }

  /// Of an object whose fields know their lines.
  package init(object: String, root: Fields) {
    self.object = object
    fillsDefaults = true
    namesLines = root.members.contains { $0.line > 0 }
    scopes = [root]
  }

  /// Where in the text the reader is; nil where nothing tells.
  package var line: Int? {
    guard namesLines else { return nil }
    return lines.last { $0 > 0 } ?? scopes.first?.members.first { $0.line > 0 }?.line
  }

  // MARK: Problems

  package func fail(_ message: String) {
    problems.append(Problem(object, pathText, message, line: line))
  }

  package func fail(_ key: String, _ message: String) { within(.field(key)) { fail(message) } }

  /// Of a member of the map that is being read.
  package func fail(member: String, _ message: String) { within(.key(member)) { fail(message) } }

  package func fail(_ key: String, index: Int, _ message: String) {
    within(.field(key)) { within(.index(index)) { fail(message) } }
  }

  package func fail(_ key: String, member: String, _ message: String) {
    within(.field(key)) { within(.key(member)) { fail(message) } }
  }

  /// Of a resource that a container requests; once, however often it is found.
  package func fail(_ key: String, index: Int, resource: String, _ message: String) {
    within(.field(key)) {
      within(.index(index)) {
        within(.field("resources")) {
          within(.field("requests")) {
            within(.key(resource)) {
              if problems.last?.path != pathText || problems.last?.message != message { fail(message) }
            }
          }
        }
      }
    }
  }

  private var pathText: String {
    var text = ""
    for step in path {
      switch step {
      case .field(let name): text += text.isEmpty ? name : ".\(name)"
      case .index(let index): text += "[\(index)]"
      case .key(let key): text += "[\(key)]"
      }
    }
    return text
  }

  private func within<T>(_ step: Step, _ body: () -> T) -> T {
    path.append(step)
    if namesLines { lines.append(line(step)) }
    defer {
      path.removeLast()
      if namesLines { lines.removeLast() }
    }
    return body()
  }

  private func line(_ step: Step) -> Int {
    switch step {
    case .field(let name), .key(let name): scopes.last?.line(name) ?? 0
    // Elements of a list have no names: where an object in it begins is told by its first member.
    case .index: 0
    }
  }

  private func inside<T>(_ fields: Fields, _ body: () -> T) -> T {
    guard namesLines else { return body() }
    scopes.append(fields)
    if let first = fields.members.first, case .index? = path.last { lines[lines.count - 1] = first.line }
    defer { scopes.removeLast() }
    return body()
  }

  // MARK: Fields

  /// Refuses fields beside these: a misspelt constraint would silently be none.
  package func allow(_ names: [String], in fields: Fields) {
    let unknown = fields.members.filter { !names.contains($0.name) }
    for name in unknown.map(\.name).sorted() { fail(name, "unknown field") }
  }

  package func has(_ key: String, in fields: Fields) -> Bool { fields[key] != nil }

  package func text(_ key: String, in fields: Fields) -> String? { text(.field(key), key, fields) }

  package func text(member: String, in fields: Fields) -> String? { text(.key(member), member, fields) }

  private func text(_ step: Step, _ key: String, _ fields: Fields) -> String? {
    guard let value = fields[key] else { return nil }
    guard case .text(let text) = value else {
      within(step) { fail("must be a string") }
      return nil
    }
    if hasZero(text) { within(step) { fail("must not contain a zero byte") } }
    return hasZero(text) ? nil : text
  }

  /// A string that must be there and not be empty.
  package func requiredText(_ key: String, in fields: Fields) -> String? {
    guard has(key, in: fields) else {
      fail(key, "is required")
      return nil
    }
    guard let text = text(key, in: fields) else { return nil }
    if text.isEmpty { fail(key, "must not be empty") }
    return text.isEmpty ? nil : text
  }

  package func integer(_ key: String, in fields: Fields) -> Int64? {
    guard let value = fields[key] else { return nil }
    if case .integer(let number) = value { return number }
    fail(key, "must be a whole number")
    return nil
  }

  package func flag(_ key: String, in fields: Fields) -> Bool {
    guard let value = fields[key] else { return false }
    if case .boolean(let flag) = value { return flag }
    fail(key, "must be true or false")
    return false
  }

  /// A quantity; numbers may stand without quotes.
  package func quantity(member: String, in fields: Fields) -> Quantity? {
    let text: String
    switch fields[member] {
    case nil: return nil
    case .text(let own)?: text = own
    case .integer(let number)?: text = "\(number)"
    case .decimal(let number)?: text = "\(number)"
    default:
      fail(member: member, "must be a quantity")
      return nil
    }
    if let quantity = Quantity(text) { return quantity }
    fail(member: member, "'\(text)' is no quantity")
    return nil
  }

  /// An object within; nil where it is missing.
  @discardableResult package func fields<T>(_ key: String, in fields: Fields, _ body: (Fields) -> T) -> T? {
    guard let value = fields[key] else { return nil }
    guard case .object(let inner) = value else {
      fail(key, "must be an object")
      return nil
    }
    return within(.field(key)) { inside(inner) { body(inner) } }
  }

  /// A list of objects; what the body answers nil for is left out.
  package func list<T>(_ key: String, in fields: Fields, _ body: (Fields) -> T?) -> [T] {
    elements(key, in: fields).enumerated().compactMap { index, element in
      guard case .object(let inner) = element else {
        fail(key, index: index, "must be an object")
        return nil
      }
      return within(.field(key)) { within(.index(index)) { inside(inner) { body(inner) } } }
    }
  }

  package func texts(_ key: String, in fields: Fields) -> [String] {
    elements(key, in: fields).enumerated().compactMap { index, element in
      guard case .text(let text) = element else {
        fail(key, index: index, "must be a string")
        return nil
      }
      if hasZero(text) { fail(key, index: index, "must not contain a zero byte") }
      return hasZero(text) ? nil : text
    }
  }

  /// The members of an object, by name; values are read with the body, under the member's path.
  func members<T>(_ key: String, in fields: Fields, _ body: (String, Fields) -> T?) -> [(name: String, value: T)] {
    self.fields(key, in: fields) { inner in
      inner.members.map(\.name).sorted().compactMap { name in body(name, inner).map { (name, $0) } }
    } ?? []
  }

  // MARK: Values

  /// The engine's texts end with one.
  private func hasZero(_ text: String) -> Bool { text.utf8.contains(0) }

  private func elements(_ key: String, in fields: Fields) -> [Value] {
    guard let value = fields[key] else { return [] }
    guard case .list(let list) = value else {
      fail(key, "must be a list")
      return []
    }
    return list
  }
}
