/// Finds its way through JSON without decoding it: where values begin and end, and what members are called. It looks
/// only at brackets and strings; whether the rest is JSON, the decoder says of what is kept.
struct JSONScanner {
  struct SyntaxError: Error {
    var offset: Int
    var message: String
  }

  let bytes: UnsafeBufferPointer<UInt8>
  var offset = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { offset >= bytes.count }

  mutating func skipBlanks() {
    while offset < bytes.count, bytes[offset] <= UInt8(ascii: " ") { offset += 1 }
  }

  /// The next byte behind blanks, which stays.
  mutating func peek() throws(SyntaxError) -> UInt8 {
    skipBlanks()
    guard offset < bytes.count else { throw error("the text ends within a value") }
    return bytes[offset]
  }

  /// Passes over the value that comes next, and answers where it is.
  mutating func skipValue() throws(SyntaxError) -> Range<Int> {
    let first = try peek()
    let start = offset
    switch first {
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "{"), UInt8(ascii: "["): try skipNested()
    default: skipWord()
    }
    guard offset > start else { throw error("a value is expected here") }
    return start..<offset
  }

  /// Calls the body for each member of the object that comes next, standing before its value: the body passes over it.
  mutating func eachMember(_ body: (_ key: Range<Int>, inout JSONScanner) throws -> Void) throws {
    try expect(UInt8(ascii: "{"))
    if try peek() == UInt8(ascii: "}") { return try expect(UInt8(ascii: "}")) }
    while true {
      guard try peek() == UInt8(ascii: "\"") else { throw error("a member's name is expected here") }
      let start = offset
      try skipString()
      let key = start + 1..<offset - 1
      try expect(UInt8(ascii: ":"))
      try body(key, &self)
      guard try goesOn(UInt8(ascii: "}")) else { return }
    }
  }

  /// Calls the body for each element of the array that comes next, standing before it.
  mutating func eachElement(_ body: (inout JSONScanner) throws -> Void) throws {
    try expect(UInt8(ascii: "["))
    if try peek() == UInt8(ascii: "]") { return try expect(UInt8(ascii: "]")) }
    while true {
      try body(&self)
      guard try goesOn(UInt8(ascii: "]")) else { return }
    }
  }

  func error(_ message: String) -> SyntaxError { SyntaxError(offset: min(offset, bytes.count), message: message) }

  /// The string between these quotes, unless it is written with escapes.
  func plainText(_ range: Range<Int>) -> String? {
    let part = UnsafeBufferPointer(rebasing: bytes[range])
    return part.contains(UInt8(ascii: "\\")) ? nil : String(decoding: part, as: UTF8.self)
  }

  private mutating func goesOn(_ end: UInt8) throws(SyntaxError) -> Bool {
    let next = try peek()
    offset += 1
    if next == end { return false }
    if next == UInt8(ascii: ",") { return true }
    offset -= 1
    throw error("',' or '\(Character(UnicodeScalar(end)))' is expected here")
  }

  private mutating func expect(_ byte: UInt8) throws(SyntaxError) {
    guard try peek() == byte else { throw error("'\(Character(UnicodeScalar(byte)))' is expected here") }
    offset += 1
  }

  private mutating func skipString() throws(SyntaxError) {
    offset += 1
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte == UInt8(ascii: "\"") { return }
      if byte == UInt8(ascii: "\\") { offset += 1 }
    }
    throw error("the text ends within a string")
  }

  private mutating func skipNested() throws(SyntaxError) {
    var depth = 0
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        try skipString()
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      offset += 1
      if depth == 0 { return }
    }
    throw error("the text ends within an object or array")
  }

  /// A number, true, false or null.
  private mutating func skipWord() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0...UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"): return
      default: offset += 1
      }
    }
  }
}
