import BerthMemory

/// A place of a table that is none.
enum Place {
  static let none: UInt32 = .max
}

/// Short lists of values in one column. Whoever owns a list keeps its first cell; `Place.none` is the empty list.
struct Chains<Value> {
  private struct Cell {
    var value: Value
    var next: UInt32
  }
  private var cells: PagedColumn<Cell>
  private var firstFree = Place.none

  init(in arena: Arena) { cells = PagedColumn(in: arena) }

  var storage: [any SharedStorage] { [cells] }

  func fork() -> Chains {
    var fork = self
    fork.cells = cells.fork()
    return fork
  }

  @inline(__always)
  func next(_ cell: UInt32) -> UInt32 { cells[Int(cell)].next }

  @inline(__always)
  subscript(cell: UInt32) -> Value { cells[Int(cell)].value }

  @inline(__always)
  func change(_ cell: UInt32, _ body: (inout Value) -> Void) { body(&cells.ownedPointer(Int(cell)).pointee.value) }

  /// Puts a value before a list: its first cell from now on.
  mutating func push(_ value: Value, before next: UInt32) -> UInt32 {
    let fresh = Cell(value: value, next: next)
    guard firstFree != Place.none else {
      cells.append(fresh)
      return UInt32(cells.count - 1)
    }
    let cell = firstFree
    firstFree = cells[Int(cell)].next
    cells[Int(cell)] = fresh
    return cell
  }

  /// Makes a list of values in their order.
  mutating func make(_ values: some BidirectionalCollection<Value>) -> UInt32 {
    var first = Place.none
    for value in values.reversed() { first = push(value, before: first) }
    return first
  }

  mutating func free(_ first: UInt32) {
    var cell = first
    while cell != Place.none {
      let next = cells[Int(cell)].next
      cells.ownedPointer(Int(cell)).pointee.next = firstFree
      firstFree = cell
      cell = next
    }
  }

  @inline(__always)
  func forEach(_ first: UInt32, _ body: (UInt32, Value) -> Void) {
    var cell = first
    while cell != Place.none {
      let found = cells[Int(cell)]
      body(cell, found.value)
      cell = found.next
    }
  }

  func values(_ first: UInt32) -> [Value] {
    var list: [Value] = []
    forEach(first) { _, value in list.append(value) }
    return list
  }
}

/// Lists of a table's places, each place in one list at most. The order within a list says nothing.
struct PlaceLists {
  private struct Links {
    var previous: UInt32
    var next: UInt32
  }
  private var links: PagedColumn<Links>

  init(in arena: Arena) { links = PagedColumn(in: arena) }

  var storage: [any SharedStorage] { [links] }

  func fork() -> PlaceLists {
    var fork = self
    fork.links = links.fork()
    return fork
  }

  @inline(__always)
  func next(_ place: UInt32) -> UInt32 { links[Int(place)].next }

  /// Puts a place before a list: its first from now on.
  mutating func push(_ place: UInt32, before first: UInt32) -> UInt32 {
    if Int(place) >= links.count { links.grow(to: Int(place) + 1) }
    links[Int(place)] = Links(previous: Place.none, next: first)
    if first != Place.none { links.ownedPointer(Int(first)).pointee.previous = place }
    return place
  }

  /// Takes a place out of a list; returns the list's first from now on.
  func remove(_ place: UInt32, from first: UInt32) -> UInt32 {
    let own = links[Int(place)]
    if own.next != Place.none { links.ownedPointer(Int(own.next)).pointee.previous = own.previous }
    if own.previous == Place.none { return own.next }
    links.ownedPointer(Int(own.previous)).pointee.next = own.next
    return first
  }
}
