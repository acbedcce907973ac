/// A short text that equal templates share: FNV-1a over the template with its members in order, in the letters that
/// Kubernetes writes such hashes with.
struct TemplateHash {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  static func text(of template: Fields) -> String {
    var hasher = TemplateHash()
    hasher.add(.object(template))
    let letters = Array("bcdfghjklmnpqrstvwxz2456789")
    var text = ""
    for _ in 0..<10 {
      text.append(letters[Int(hasher.hash % UInt64(letters.count))])
      hasher.hash /= UInt64(letters.count)
    }
    return text
  }

  private mutating func add(_ value: Value) {
    switch value {
    case .null: add("~")
    case .boolean(let flag): add("\(flag)")
    case .integer(let number): add("\(number)")
    case .decimal(let number): add("\(number)")
    case .text(let text): add("'\(text)")
    case .list(let list):
      add("[\(list.count)")
      for element in list { add(element) }
    case .object(let fields):
      add("{\(fields.members.count)")
      for member in fields.members.sorted(by: { $0.name < $1.name }) {
        add(member.name)
        add(member.value)
      }
    }
  }

  /// A text and its end, so that "ab", "c" differs from "a", "bc".
  private mutating func add(_ text: String) {
    for byte in text.utf8 { add(byte) }
    add(0xFF)
  }

  private mutating func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
