import Testing

@testable import BerthNetwork

struct TreeDrawingTests {
  private func tree(_ racks: Int, _ nodes: Int) -> TreeDrawing.Node {
    TreeDrawing.Node(
      "cluster", notes: ["4/\(racks * nodes)"],
      children: (0..<racks).map { rack in
        TreeDrawing.Node(
          "rack-\(rack)", notes: ["\(rack)/\(nodes)"], children: (0..<nodes).map { TreeDrawing.Node("n\(rack)-\($0)") })
      })
  }

  @Test func aTreeIsDrawnWithItsNotesInColumns() {
    let root = TreeDrawing.Node(
      "cluster", notes: ["12/16", "8"],
      children: [
        TreeDrawing.Node("rack-1", notes: ["8/8"], children: [TreeDrawing.Node("n1", notes: ["8/8", "8"])]),
        TreeDrawing.Node("rack-2", notes: ["4/8"]),
      ])
    #expect(
      TreeDrawing.lines(root: root) == [
        "cluster    12/16  8",
        "├─ rack-1    8/8",
        "│  └─ n1     8/8  8",
        "└─ rack-2    4/8",
      ])
  }

  @Test func whatIsLeftOutIsCounted() {
    #expect(
      TreeDrawing.lines(root: tree(5, 3), mostChildren: 2).suffix(5) == [
        "├─ rack-1   1/3", "│  ├─ n1-0", "│  ├─ n1-1", "│  └─ n1-2", "└─ … 9 more leaves",
      ])
    let short = TreeDrawing.lines(root: tree(50, 50), mostLines: 20)
    #expect(short.count <= 22 && short.last == "└─ … 2400 more leaves")
  }

  @Test func linesKeepToTheWidth() {
    let root = TreeDrawing.Node(
      "cluster", children: [TreeDrawing.Node(String(repeating: "long", count: 40), notes: ["1/2"])])
    let lines = TreeDrawing.lines(root: root, width: 40)
    #expect(lines.allSatisfy { $0.count <= 40 } && lines[1].hasSuffix("…  1/2"))
  }

  @Test(arguments: [0, 1, 5, 200]) func anyWidthWill(width: Int) {
    #expect(!TreeDrawing.lines(root: tree(2, 2), width: width, mostChildren: 0, mostLines: 0).isEmpty)
  }
}
