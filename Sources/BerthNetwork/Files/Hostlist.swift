/// Slurm's hostlist expressions: `tux[0-3,7],login1,rack[1-2]node[01-16]` (man topology.conf, man scontrol).
enum Hostlist {
  struct Mistake: Error {
    var message: String
  }

  /// As many hosts as one range of Slurm's may have, and more than any one line names.
  static let mostHosts = 65_536

  /// The names in their order. Of a range the lower bound's zeros say how wide all numbers are.
  static func expand(_ text: String) throws(Mistake) -> [String] {
    var result: [String] = []
    for part in try parts(text) {
      var names = [""]
      for piece in try pieces(part) {
        switch piece {
        case .text(let text): names = names.map { $0 + text }
        case .ranges(let ranges):
          guard names.count * ranges.count <= mostHosts else { throw tooMany(text) }
          names = names.flatMap { name in ranges.map { name + $0 } }
        }
      }
      result += names
      guard result.count <= mostHosts else { throw tooMany(text) }
    }
    return result
  }

  private enum Piece {
    case text(String)
    case ranges([String])
  }

  private static func tooMany(_ text: String) -> Mistake {
    Mistake(message: "'\(shortened(text))' names more than \(mostHosts) hosts: split it, or check its ranges")
  }

  /// Cut at the commas that no bracket encloses.
  private static func parts(_ text: String) throws(Mistake) -> [String] {
    var parts: [String] = []
    var part = ""
    var isInside = false
    for character in text {
      switch character {
      case "[":
        if isInside { throw Mistake(message: "'\(shortened(text))' has a '[' within brackets") }
        isInside = true
        part.append(character)
      case "]":
        if !isInside { throw Mistake(message: "'\(shortened(text))' has a ']' without '['") }
        isInside = false
        part.append(character)
      case "," where !isInside:
        parts.append(part)
        part = ""
      case "{", "}":
        throw Mistake(
          message: "'\(shortened(text))' calls a function (block{…}, switch{…}), which only slurmctld can expand: "
            + "name the hosts themselves")
      case " ", "\t", "\"", "'", "=":
        throw Mistake(message: "'\(shortened(text))' has a character that no host's name has")
      default: part.append(character)
      }
    }
    if isInside { throw Mistake(message: "'\(shortened(text))' lacks a ']'") }
    parts.append(part)
    if parts.contains("") { throw Mistake(message: "'\(shortened(text))' has an empty name: check its commas") }
    return parts
  }

  private static func pieces(_ part: String) throws(Mistake) -> [Piece] {
    var pieces: [Piece] = []
    var rest = part[...]
    while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
      if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
      pieces.append(.ranges(try numbers(rest[rest.index(after: open)..<close], part)))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
    return pieces
  }

  private static func numbers(_ list: Substring, _ part: String) throws(Mistake) -> [String] {
    var result: [String] = []
    for range in list.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = range.split(separator: "-", omittingEmptySubsequences: false)
      guard bounds.count <= 2, let low = number(bounds[0]), let high = number(bounds[bounds.count - 1]) else {
        throw Mistake(
          message:
            "'\(shortened(part))' has '\(shortened(String(range)))' where a number or a range like 0-7 is expected")
      }
      guard low <= high else {
        throw Mistake(message: "'\(shortened(part))' has a range that ends before it begins, '\(range)'")
      }
      guard high - low < mostHosts, result.count + high - low < mostHosts else { throw tooMany(part) }
      let width = bounds[0].utf8.count
      for value in low...high {
        let digits = "\(value)"
        result.append(String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits)
      }
    }
    return result
  }

  private static func number(_ text: Substring) -> Int? {
    let digits = text.utf8
    guard (1...18).contains(digits.count),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(text)
  }

  private static func shortened(_ text: String) -> String { text.count > 60 ? text.prefix(57) + "…" : text }
}
