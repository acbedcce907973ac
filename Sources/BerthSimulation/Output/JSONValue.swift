#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A JSON value whose members keep their order, so that two runs' lines can be compared by eye.
public indirect enum JSONValue: Sendable {
  case integer(Int64)
  case unsigned(UInt64)
  case number(Double)
  case text(String)
  case boolean(Bool)
  case null
  case list([JSONValue])
  case object([(String, JSONValue)])

  public static func count(_ value: some BinaryInteger) -> JSONValue {
    Int64(exactly: value).map { .integer($0) } ?? .unsigned(UInt64(value))
  }

  /// One line, without blanks at the ends.
  public var line: String {
    var text = ""
    append(to: &text)
    return text
  }

  private func append(to line: inout String) {
    switch self {
    case .integer(let value): line += String(value)
    case .unsigned(let value): line += String(value)
    // JSON has no infinities; a figure that could not be computed is null.
    case .number(let value): line += value.isFinite ? "\(value)" : "null"
    case .text(let value): Self.appendQuoted(value, to: &line)
    case .boolean(let value): line += value ? "true" : "false"
    case .null: line += "null"
    case .list(let values):
      line += "["
      for (index, value) in values.enumerated() {
        if index > 0 { line += ", " }
        value.append(to: &line)
      }
      line += "]"
    case .object(let members):
      line += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { line += ", " }
        Self.appendQuoted(member.0, to: &line)
        line += ": "
        member.1.append(to: &line)
      }
      line += "}"
    }
  }

  private static func appendQuoted(_ text: String, to line: inout String) {
    line += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": line += "\\\""
      case "\\": line += "\\\\"
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: line.unicodeScalars.append(scalar)
      }
    }
    line += "\""
  }
}

extension Double {
  /// Rounded to that many significant digits: figures of a measurement, not of arithmetic.
  public func significant(_ digits: Int) -> Double {
    guard self != 0, isFinite else { return self }
    let decimals = digits - 1 - Int(log10(abs(self)).rounded(.down))
    let scale = pow(10, Double(abs(decimals)))
    return decimals >= 0 ? (self * scale).rounded() / scale : (self / scale).rounded() * scale
  }
}
