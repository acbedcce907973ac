import BerthMemory

/// The pods of each node, as a chain through the pods, and what traits each has. Kept while counts by domain are.
struct NodePods {
  /// Links are pod index + 1, 0: none.
  private struct Cell {
    var next: UInt32
    var previous: UInt32
    /// traits << 1 | 1 while the pod is being deleted
    var tag: UInt32
  }
  private var first: PagedColumn<UInt32>
  private var cells: PagedColumn<Cell>

  init(in arena: Arena) {
    first = PagedColumn(in: arena)
    cells = PagedColumn(in: arena)
  }

  func fork() -> NodePods {
    var fork = self
    fork.first = first.fork()
    fork.cells = cells.fork()
    return fork
  }

  var storage: [any SharedStorage] { [first, cells] }
  var bytes: Int { first.bytes + cells.bytes }

  var nodeCount: Int { first.count }

  mutating func reserve(nodes: Int, pods: Int) {
    if nodes > first.count { first.grow(to: nodes) }
    if pods > cells.count { cells.grow(to: pods) }
  }

  mutating func clear() {
    first.clear()
    cells.clear()
  }

  @inline(__always)
  func link(_ pod: UInt32, traits: UInt32, isTerminating: Bool, to node: UInt32) {
    let next = first[Int(node)]
    cells[Int(pod)] = Cell(next: next, previous: 0, tag: traits << 1 | (isTerminating ? 1 : 0))
    if next != 0 { cells.ownedPointer(Int(next - 1)).pointee.previous = pod + 1 }
    first[Int(node)] = pod + 1
  }

  @inline(__always)
  func unlink(_ pod: UInt32, from node: UInt32) {
    let cell = cells[Int(pod)]
    if cell.previous == 0 {
      first[Int(node)] = cell.next
    } else {
      cells.ownedPointer(Int(cell.previous - 1)).pointee.next = cell.next
    }
    if cell.next != 0 { cells.ownedPointer(Int(cell.next - 1)).pointee.previous = cell.previous }
  }

  func clearChain(of node: UInt32) { first[Int(node)] = 0 }

  func setTerminating(_ pod: UInt32, _ value: Bool) {
    let cell = cells.ownedPointer(Int(pod))
    cell.pointee.tag = cell.pointee.tag & ~1 | (value ? 1 : 0)
  }

  /// Every pod of a node with its traits, in no particular order.
  @inline(__always)
  func visit(_ node: UInt32, _ body: (_ pod: UInt32, _ traits: UInt32, _ isTerminating: Bool) -> Void) {
    var link = first[Int(node)]
    while link != 0 {
      let cell = cells[Int(link - 1)]
      body(link - 1, cell.tag >> 1, cell.tag & 1 != 0)
      link = cell.next
    }
  }
}
