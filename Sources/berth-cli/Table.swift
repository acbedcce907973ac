/// A table of text cells: a title, columns set flush, a rule below the head.
struct Table {
  private var rows: [[String]] = []
  private let title: String
  private let head: [String]
  /// Columns from this one on are set flush right: figures.
  private let figuresFrom: Int

  init(_ title: String, head: [String] = [], figuresFrom: Int = 1) {
    self.title = title
    self.head = head
    self.figuresFrom = figuresFrom
  }

  mutating func add(_ cells: String...) { rows.append(cells) }

  mutating func add(cells: [String]) { rows.append(cells) }

  var text: String {
    let all = (head.isEmpty ? [] : [head]) + rows
    let columns = all.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    var lines = [title]
    for (index, row) in all.enumerated() {
      let cells = row.enumerated().map { column, cell in
        let fill = String(repeating: " ", count: widths[column] - cell.count)
        return column >= figuresFrom ? fill + cell : cell + fill
      }
      lines.append("  " + Self.trimmed(cells.joined(separator: "  ")))
      if index == 0 && !head.isEmpty {
        lines.append("  " + widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "))
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
