/// One field of a CSV file and where it begins.
package struct CSVField: Equatable {
  package var text: String
  package var line: Int
  package var column: Int
}

/// Splits a CSV file into records, strictly by RFC 4180 with LF or CRLF.
///
/// Quotes stand around a whole field or not at all, a quote within is doubled, and the last record ends with a line
/// break: a file that was cut off in its last field could not be told from a whole one otherwise.
package struct CSVParser {
  private let file: String
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var column = 1

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  package init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
    // The byte order mark of some editors is no part of the first name.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next record's fields; nil at the end of the file.
  package mutating func nextRecord() throws(CSVError) -> [CSVField]? {
    if position == bytes.count { return nil }
    var fields = [CSVField]()
    while true {
      fields.append(try nextField())
      guard let byte = peek() else {
        throw error(
          "expected a line break after the last record: the file is cut off here, or its last line break is missing")
      }
      switch byte {
      case Self.comma: advance()
      case Self.lineFeed:
        advance()
        return fields
      default:
        // A field ends before a comma, a line feed or a carriage return only.
        let place = (line, column)
        advance()
        guard peek() == Self.lineFeed else {
          throw error("expected a line feed after the carriage return", at: place)
        }
        advance()
        return fields
      }
    }
  }

  private mutating func nextField() throws(CSVError) -> CSVField {
    let place = (line, column)
    let text = peek() == Self.quote ? try quotedText(from: place) : try plainText()
    guard let text = String(validating: text, as: UTF8.self) else { throw error("expected UTF-8 text", at: place) }
    return CSVField(text: text, line: place.0, column: place.1)
  }

  private mutating func plainText() throws(CSVError) -> [UInt8] {
    var text = [UInt8]()
    while let byte = peek(), byte != Self.comma, byte != Self.lineFeed, byte != Self.carriageReturn {
      if byte == Self.quote {
        throw error("expected no quote within a field that does not begin with one: quote the whole field")
      }
      if byte == 0 { throw error("expected text, found a zero byte") }
      text.append(byte)
      advance()
    }
    return text
  }

  private mutating func quotedText(from place: (Int, Int)) throws(CSVError) -> [UInt8] {
    advance()
    var text = [UInt8]()
    while let byte = peek() {
      if byte == 0 { throw error("expected text, found a zero byte") }
      advance()
      if byte != Self.quote {
        text.append(byte)
      } else if peek() == Self.quote {
        text.append(byte)
        advance()
      } else {
        if let next = peek(), next != Self.comma, next != Self.lineFeed, next != Self.carriageReturn {
          throw error("expected a comma or the end of the line after the closing quote")
        }
        return text
      }
    }
    throw error("expected a closing quote before the end of the file", at: place)
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func advance() {
    let byte = bytes[position]
    position += 1
    if byte == Self.lineFeed {
      line += 1
      column = 1
    } else if byte & 0xC0 != 0x80 {
      // Continuation bytes of UTF-8 belong to the character before them. This counts the character just passed.
      column += 1
    }
  }

  private func error(_ message: String, at place: (Int, Int)? = nil) -> CSVError {
    CSVError(file: file, line: place?.0 ?? line, column: place?.1 ?? column, message: message)
  }
}
