/// Words of a text with their places, without the escape sequences that underline the header of `nvidia-smi topo -m`.
struct TopologyTextLines {
  struct Word {
    var bytes: [UInt8] = []
    /// Of its first byte in the line as it was given, from 1.
    var column: Int

    func isText(_ text: StaticString) -> Bool { text.withUTF8Buffer { bytes.elementsEqual($0) } }
    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// At most 24 characters; what is not printable ASCII becomes a question mark.
    var quoted: String {
      let shown = bytes.prefix(24).map { $0 > 32 && $0 < 127 ? $0 : UInt8(ascii: "?") }
      return "\"\(String(decoding: shown, as: UTF8.self))\(bytes.count > 24 ? "..." : "")\""
    }

    /// The number after a prefix, when the word is just these two and the number is at most 9,999.
    func number(after prefix: StaticString) -> Int? {
      let length = prefix.utf8CodeUnitCount
      let fits = bytes.count > length && bytes.count <= length + 4
      guard fits, prefix.withUTF8Buffer({ bytes.starts(with: $0) }) else { return nil }
      var number = 0
      for byte in bytes.dropFirst(length) {
        guard byte >= 48 && byte <= 57 else { return nil }
        number = number * 10 + Int(byte - 48)
      }
      return number
    }

    /// Letters, digits and _ - . only, with a letter at the front.
    var isDeviceName: Bool {
      func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= 97 && (byte | 32) <= 122 }
      return bytes.count <= 64 && isLetter(bytes[0])
        && bytes.allSatisfy { isLetter($0) || ($0 >= 48 && $0 <= 57) || $0 == 45 || $0 == 46 || $0 == 95 }
    }
  }

  struct Line {
    /// From 1.
    var number: Int
    /// Not empty.
    var words: [Word]
    /// One beyond the last byte.
    var endColumn: Int
  }

  /// Lines that have words.
  private(set) var lines: [Line] = []
  /// Where the text ends.
  private(set) var lastLine = 1

  init(_ text: some Collection<UInt8>) {
    var words: [Word] = []
    var word: Word?
    var column = 0
    var escape = Escape.none
    func end() {
      if let word { words.append(word) }
      word = nil
    }
    for byte in text {
      column += 1
      if byte == 10 {
        end()
        if !words.isEmpty { lines.append(Line(number: lastLine, words: words, endColumn: column)) }
        (words, column, escape) = ([], 0, .none)
        lastLine += 1
      } else if escape.takes(byte) {
        continue
      } else if byte == 32 || (byte >= 9 && byte <= 13) {
        end()
      } else {
        if word == nil { word = Word(column: column) }
        word?.bytes.append(byte)
      }
    }
    end()
    if !words.isEmpty { lines.append(Line(number: lastLine, words: words, endColumn: column + 1)) }
  }

  /// A control sequence (ECMA-48): ESC [, parameters 0x20...0x3F, a final byte 0x40...0x7E; or ESC, intermediate bytes
  /// 0x20...0x2F, and a final byte.
  private enum Escape {
    case none
    case began
    case parameters

    mutating func takes(_ byte: UInt8) -> Bool {
      switch self {
      case .none:
        if byte == 27 { self = .began }
        return byte == 27
      case .began:
        if byte < 0x20 || byte > 0x2F { self = byte == UInt8(ascii: "[") ? .parameters : .none }
        return true
      case .parameters:
        if byte < 0x20 || byte > 0x3F { self = .none }
        return true
      }
    }
  }
}
