/// The lines of a file of whole numbers with blanks between them; every number is read with its place and its name.
struct RoadefLines {
  let file: String
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0

  init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  /// Bytes not read yet: no count in the file can exceed it.
  var remaining: Int { bytes.count - position }

  /// The next number of this line.
  mutating func number(_ name: @autoclosure () -> String, in range: ClosedRange<Int>) throws(RoadefError) -> Int {
    skipBlanks()
    let start = position
    while let byte = peek(), !Self.isBlank(byte), byte != Self.lineFeed { position += 1 }
    let found = bytes[start..<position]
    if found.isEmpty {
      throw error(name(), range, found: peek() == nil ? "the end of the file" : "the end of the line")
    }
    guard let value = Self.value(found), range.contains(value) else {
      // A mangled file may hold a very long word, or bytes that no terminal should see.
      let text = String(decoding: found.prefix(24), as: UTF8.self).unicodeScalars.map { scalar in
        scalar.value < 0x20 || scalar.value == 0x7F ? "?" : String(scalar)
      }
      throw error(name(), range, found: "\"\(text.joined())\"\(found.count > 24 ? "..." : "")", at: start)
    }
    return value
  }

  /// The end of a line on which no further number stands.
  mutating func endLine(_ name: @autoclosure () -> String) throws(RoadefError) {
    skipBlanks()
    guard let byte = peek() else { return }
    guard byte == Self.lineFeed else {
      throw error("\(name()): expected the end of the line after as many numbers as its counts say, found more")
    }
    position += 1
    line += 1
    lineStart = position
  }

  /// The end of the file, but for empty lines.
  mutating func endFile(_ name: String) throws(RoadefError) {
    while true {
      try endLine(name)
      skipBlanks()
      guard let byte = peek() else { return }
      if byte != Self.lineFeed { throw error("\(name): expected the end of the file here, found more") }
    }
  }

  /// Goes over blanks and line breaks to the next number.
  mutating func skipLineBreaks() {
    skipBlanks()
    while peek() == Self.lineFeed {
      position += 1
      line += 1
      lineStart = position
      skipBlanks()
    }
  }

  func error(_ message: String, at place: Int? = nil) -> RoadefError {
    RoadefError(file: file, line: line, column: (place ?? position) - lineStart + 1, message: message)
  }

  private func error(_ name: String, _ range: ClosedRange<Int>, found: String, at place: Int? = nil) -> RoadefError {
    let expected =
      range.lowerBound == range.upperBound
      ? "\(range.lowerBound)" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return error("\(name): expected \(expected), found \(found)", at: place)
  }

  /// Decimal digits only; nil for anything else and for what exceeds 64 bits.
  private static func value(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = shifted.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = peek(), Self.isBlank(byte) { position += 1 }
  }

  /// A carriage return counts as a blank, so that files with CRLF are read, too.
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  private static let lineFeed = UInt8(ascii: "\n")
}
