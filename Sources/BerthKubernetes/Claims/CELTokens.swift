/// A part of a CEL expression that is not understood, or not supported, here.
struct CELProblem: Error, Equatable {
  var message: String
}

/// The words of a CEL expression.
struct CELTokens {
  enum Token: Equatable {
    case name(String)
    case text(String)
    case number(Int64)
    /// An operator or a bracket.
    case sign(String)
    case end
  }

  private let bytes: [UInt8]
  private var offset = 0
  /// Where the token that comes next begins, from 1.
  private(set) var column = 1
  private(set) var next = Token.end

  init(_ text: String) throws(CELProblem) {
    bytes = Array(text.utf8)
    try advance()
  }

  mutating func take() throws(CELProblem) -> Token {
    let token = next
    try advance()
    return token
  }

  /// Takes a sign if it comes next.
  mutating func takes(_ sign: String) throws(CELProblem) -> Bool {
    guard next == .sign(sign) else { return false }
    try advance()
    return true
  }

  mutating func expect(_ sign: String) throws(CELProblem) {
    if try !takes(sign) { throw problem("'\(sign)' is expected") }
  }

  func problem(_ message: String) -> CELProblem { CELProblem(message: "column \(column): \(message)") }

  // MARK: Reading

  private mutating func advance() throws(CELProblem) {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
    column = offset + 1
    guard offset < bytes.count else {
      next = .end
      return
    }
    let byte = bytes[offset]
    if Self.isLetter(byte) {
      next = .name(word { Self.isLetter($0) || Self.isDigit($0) })
    } else if Self.isDigit(byte) {
      let digits = word { Self.isDigit($0) || Self.isLetter($0) || $0 == UInt8(ascii: ".") }
      guard let number = Int64(digits) else { throw problem("'\(digits)': only whole numbers are supported") }
      next = .number(number)
    } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      next = .text(try text(byte))
    } else {
      next = .sign(try sign())
    }
  }

  private mutating func word(_ condition: (UInt8) -> Bool) -> String {
    let start = offset
    while offset < bytes.count, condition(bytes[offset]) { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func text(_ quote: UInt8) throws(CELProblem) -> String {
    var content: [UInt8] = []
    offset += 1
    while offset < bytes.count, bytes[offset] != quote {
      if bytes[offset] == UInt8(ascii: "\\") {
        offset += 1
        let escapes: [UInt8: UInt8] = [0x22: 0x22, 0x27: 0x27, 0x5C: 0x5C, 0x6E: 0x0A, 0x74: 0x09]
        guard offset < bytes.count, let byte = escapes[bytes[offset]] else {
          throw problem("this escape is not supported")
        }
        content.append(byte)
      } else {
        content.append(bytes[offset])
      }
      offset += 1
    }
    if offset >= bytes.count { throw problem("the text does not end") }
    offset += 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func sign() throws(CELProblem) -> String {
    let two = String(decoding: bytes[offset..<min(offset + 2, bytes.count)], as: UTF8.self)
    if ["==", "!=", "<=", ">=", "&&", "||"].contains(two) {
      offset += 2
      return two
    }
    let one = String(decoding: bytes[offset..<offset + 1], as: UTF8.self)
    guard "()[].,<>!-".contains(one) else {
      let rest = String(decoding: bytes[offset...].prefix(1), as: UTF8.self)
      throw problem("'\(rest)' is not supported: only comparisons, in, !, && and || are")
    }
    offset += 1
    return one
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || byte == UInt8(ascii: "_")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
