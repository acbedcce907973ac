import Yams

/// Writes objects as YAML documents, members in their order.
enum YAMLText {
  static func of(_ documents: [Value]) throws -> String {
    try Yams.serialize(nodes: documents.map(node), indent: 2, width: -1, explicitStart: documents.count > 1)
  }

  private static func node(_ value: Value) -> Yams.Node {
    switch value {
    case .null: Yams.Node("null", Tag(.null))
    case .boolean(let flag): Yams.Node(flag ? "true" : "false", Tag(.bool))
    case .integer(let number): Yams.Node("\(number)", Tag(.int))
    case .decimal(let number): Yams.Node("\(number)", Tag(.float))
    // Quoted, so that "0" and "true" stay texts.
    case .text(let text): Yams.Node(text, Tag(.str), isBare(text) ? .plain : .singleQuoted)
    case .list(let list): Yams.Node(list.map(node))
    case .object(let fields): Yams.Node(fields.members.map { (Yams.Node($0.name, Tag(.str), .plain), node($0.value)) })
    }
  }

  /// Names and paths that no reader takes for anything else.
  private static func isBare(_ text: String) -> Bool {
    guard let first = text.utf8.first, (UInt8(ascii: "A")...UInt8(ascii: "z")).contains(first) else { return false }
    let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    return !words.contains(text.lowercased())
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "./-_".utf8.contains(byte)
      }
  }
}

extension Value {
  static func object(_ members: [(String, Value)]) -> Value {
    .object(Fields(members: members.map { Fields.Member(name: $0.0, value: $0.1) }))
  }
}
