import BerthKubernetes
import Foundation

/// Bytes that each member sends to each other one in a step of the program, row by sender.
public struct TrafficMatrix: Sendable, Equatable {
  public var size: Int
  /// `size` rows of `size`.
  public var bytes: [Double]

  /// 4,096 members: 128 MiB of numbers.
  public static let mostMembers = 4096

  public subscript(from: Int, to: Int) -> Double { bytes[from * size + to] }

  /// A text of one row a line, numbers between commas or blanks; `#` begins a comment. Anything but finite numbers from
  /// 0 is refused.
  public static func read(_ text: String, file: String) throws(Problem) -> TrafficMatrix {
    var rows: [[Double]] = []
    for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = raw.prefix { $0 != "#" }.split { $0 == "," || $0 == ";" || $0.isWhitespace }
      if words.isEmpty { continue }
      guard words.count <= mostMembers, rows.count < mostMembers else {
        throw Problem(
          file, "", "more than \(mostMembers) members: leave small flows out, or group ranks", line: index + 1)
      }
      var row: [Double] = []
      for (column, word) in words.enumerated() { row.append(try number(word, file, index + 1, column + 1)) }
      if let first = rows.first, first.count != row.count {
        throw Problem(
          file, "", "has \(row.count) numbers where \(first.count) are expected, as in the first row", line: index + 1)
      }
      rows.append(row)
    }
    guard let first = rows.first else { throw Problem(file, "", "has no numbers: rows of bytes are expected") }
    guard rows.count == first.count else {
      throw Problem(file, "", "has \(rows.count) rows of \(first.count) numbers: as many rows as columns are expected")
    }
    return TrafficMatrix(size: rows.count, bytes: rows.flatMap(\.self))
  }

  private static func number(_ word: Substring, _ file: String, _ line: Int, _ column: Int) throws(Problem) -> Double {
    guard let value = Double(word), value.isFinite, value >= 0 else {
      let shown = word.count > 40 ? word.prefix(37) + "…" : word
      throw Problem(file, "", "number \(column), '\(shown)', is no finite number from 0", line: line)
    }
    return value
  }
}
