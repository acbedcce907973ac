/// Draws a tree with lines of boxes: each node a line, its children below it.
///
///     cluster          12/32
///     ├─ rack-1         8/16
///     │  ├─ node-1       8/8
///     │  └─ … 1 more leaf
///     └─ rack-2         4/16
public enum TreeDrawing {
  public struct Node: Sendable, Equatable {
    public var label: String
    /// Set flush right in a column of their own, one column for each.
    public var notes: [String]
    public var children: [Node]

    public init(_ label: String, notes: [String] = [], children: [Node] = []) {
      self.label = label
      self.notes = notes
      self.children = children
    }

    var leafCount: Int { children.isEmpty ? 1 : children.reduce(0) { $0 + $1.leafCount } }
  }

  private struct Line {
    var text: String
    var notes: [String]
  }

  /// Lines of at most `width` characters. Of one node's children at most `mostChildren` are drawn, and of all at most
  /// `mostLines` or so: what is left out is counted. Labels are cut where they leave no room for the notes.
  public static func lines(root: Node, width: Int = 120, mostChildren: Int = 16, mostLines: Int = 200) -> [String] {
    var lines: [Line] = []
    draw(root, first: "", rest: "", mostChildren: max(1, mostChildren), mostLines: max(1, mostLines), &lines)
    let columns = lines.map(\.notes.count).max() ?? 0
    let widths = (0..<columns).map { column in
      lines.map { column < $0.notes.count ? $0.notes[column].count : 0 }.max() ?? 0
    }
    let noteWidth = widths.reduce(0) { $0 + $1 + 2 }
    let room = max(8, width - noteWidth)
    let textWidth = min(room, lines.map { $0.notes.isEmpty ? 0 : $0.text.count }.max() ?? 0)
    return lines.map { line in
      let most = line.notes.isEmpty ? max(8, width) : textWidth
      let text = line.text.count > most ? line.text.prefix(most - 1) + "…" : line.text[...]
      if line.notes.isEmpty { return String(text) }
      var result = text + String(repeating: " ", count: textWidth - text.count)
      for (column, note) in line.notes.enumerated() {
        result += "  " + String(repeating: " ", count: widths[column] - note.count) + note
      }
      while result.last == " " { result.removeLast() }
      return String(result)
    }
  }

  /// As deep as any topology is, many times over; deeper, what is below is counted only.
  private static let deepest = 64

  private static func draw(
    _ node: Node, first: String, rest: String, mostChildren: Int, mostLines: Int, _ lines: inout [Line]
  ) {
    lines.append(Line(text: first + node.label, notes: node.notes))
    let isTooDeep = rest.count > 3 * deepest
    // One more than the limit is drawn: a line that says "1 more" is no shorter.
    let wanted = node.children.count <= mostChildren + 1 ? node.children.count : mostChildren
    for (index, child) in node.children.enumerated() {
      if isTooDeep || index >= wanted || lines.count >= mostLines {
        let left = node.children[index...].reduce(0) { $0 + $1.leafCount }
        lines.append(Line(text: rest + "└─ … \(left) more \(left == 1 ? "leaf" : "leaves")", notes: []))
        return
      }
      let isLast = index == node.children.count - 1
      draw(
        child, first: rest + (isLast ? "└─ " : "├─ "), rest: rest + (isLast ? "   " : "│  "),
        mostChildren: mostChildren, mostLines: mostLines, &lines)
    }
  }
}
