import Yams

/// YAML's documents. Plain scalars are what kubectl takes them for: YAML 1.1, so that
/// `yes` is true, and what is quoted is text.
package struct YAMLDocuments {
  /// Aliases let a small file describe a huge tree; this many values are more than any cluster's manifests.
  private static let limit = 5_000_000
  private static let depthLimit = 500

  private var count = 0

  package static func read(_ text: String, file: String) throws(Problem) -> [Value] {
    do {
      var reader = YAMLDocuments()
      var documents: [Value] = []
      let parser = try Parser(yaml: text)
      while let node = try parser.nextRoot() { documents.append(try reader.value(node, depth: 0)) }
      return documents
    } catch let problem as Problem {
      throw Problem(file, "", problem.message)
    } catch {
      throw Problem(file, "", "is no YAML: \("\(error)".split(separator: "\n").joined(separator: " "))")
    }
  }

  private mutating func value(_ node: Yams.Node, depth: Int) throws -> Value {
    count += 1
    guard count <= Self.limit else { throw Problem("", "", "describes more than \(Self.limit) values") }
    guard depth <= Self.depthLimit else { throw Problem("", "", "is nested more than \(Self.depthLimit) deep") }
    switch node {
    case .scalar(let scalar): return Self.value(scalar)
    case .sequence(let sequence):
      var list: [Value] = []
      for element in sequence { list.append(try value(element, depth: depth + 1)) }
      return .list(list)
    case .mapping(let mapping): return try members(mapping, depth: depth)
    case .alias: throw Problem("", "", "has an alias without anchor")
    }
  }

  private mutating func members(_ mapping: Yams.Node.Mapping, depth: Int) throws -> Value {
    var members: [Fields.Member] = []
    var merged: [Fields] = []
    for (key, node) in mapping {
      guard let name = key.scalar?.string else { throw Problem("", "", "has a mapping whose key is no scalar") }
      let inner = try value(node, depth: depth + 1)
      switch (name, inner) {
      case ("<<", .object(let fields)): merged.append(fields)
      case ("<<", .list(let list)):
        for case .object(let fields) in list { merged.append(fields) }
      default: members.append(Fields.Member(name: name, value: inner, line: key.mark?.line ?? 0))
      }
    }
    // What is merged stands behind, where the mapping's own members are found first.
    for fields in merged { members += fields.members }
    return .object(Fields(members: members))
  }

  private static func value(_ scalar: Yams.Node.Scalar) -> Value {
    let text = scalar.string
    guard scalar.style == .plain || scalar.style == .any else { return .text(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y": return .boolean(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N": return .boolean(false)
    default: return number(text) ?? .text(text)
    }
  }

  private static func number(_ text: String) -> Value? {
    guard let first = text.utf8.first, first < UInt8(ascii: ":") else { return nil }
    let bare = text.filter { $0 != "_" }
    let digits = bare.drop { $0 == "+" || $0 == "-" }
    if digits.first != "0" || digits.count == 1, let whole = Int64(bare) { return .integer(whole) }
    for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)] where bare.hasPrefix(prefix) {
      if let whole = Int64(bare.dropFirst(prefix.count), radix: radix) { return .integer(whole) }
    }
    let isDecimal = bare.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".eE+-".utf8.contains(byte)
    }
    return isDecimal ? Double(bare).map { .decimal($0) } : nil
  }
}
