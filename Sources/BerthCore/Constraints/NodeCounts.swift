/// Counts by node index, of few nodes among many: a hash table with linear probing, whose cells are index + 1 in the
/// upper and the count in the lower half. Copies share it until one of them changes.
struct NodeCounts {
  private var cells: [UInt64]
  /// How many nodes have a count.
  private(set) var used = 0

  init() { cells = [UInt64](repeating: 0, count: 16) }

  var bytes: Int { cells.count * 8 }

  @inline(__always)
  private static func home(_ node: UInt32, _ mask: Int) -> Int {
    // Fibonacci hashing: neighbours, which come often together, land far apart
    Int(truncatingIfNeeded: (UInt64(node) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  @inline(__always)
  subscript(node: UInt32) -> Int64 {
    cells.withUnsafeBufferPointer { cells in
      let mask = cells.count - 1
      var place = Self.home(node, mask)
      while true {
        let cell = cells[place]
        if cell == 0 { return 0 }
        if cell >> 32 == UInt64(node) + 1 { return Int64(cell & 0xFFFF_FFFF) }
        place = (place + 1) & mask
      }
    }
  }

  /// Adds to a node's count, which stays at least 0; returns what it was before.
  @inline(__always) @discardableResult
  mutating func add(_ node: UInt32, _ change: Int64) -> Int64 {
    if used * 2 >= cells.count { grow() }
    let mask = cells.count - 1
    var place = Self.home(node, mask)
    while cells[place] != 0 && cells[place] >> 32 != UInt64(node) + 1 { place = (place + 1) & mask }
    let old = Int64(cells[place] & 0xFFFF_FFFF)
    let new = old + change
    if new == 0 {
      if cells[place] != 0 { remove(at: place) }
    } else {
      if cells[place] == 0 { used += 1 }
      cells[place] = (UInt64(node) + 1) << 32 | UInt64(new)
    }
    return old
  }

  /// Closes the gap, so that probing needs no marks of what has gone.
  private mutating func remove(at hole: Int) {
    let mask = cells.count - 1
    var hole = hole
    var place = (hole + 1) & mask
    used -= 1
    while cells[place] != 0 {
      let home = Self.home(UInt32(truncatingIfNeeded: (cells[place] >> 32) - 1), mask)
      if (place - home) & mask >= (place - hole) & mask {
        cells[hole] = cells[place]
        hole = place
      }
      place = (place + 1) & mask
    }
    cells[hole] = 0
  }

  private mutating func grow() {
    let old = cells
    cells = [UInt64](repeating: 0, count: old.count * 2)
    let mask = cells.count - 1
    for cell in old where cell != 0 {
      var place = Self.home(UInt32(truncatingIfNeeded: (cell >> 32) - 1), mask)
      while cells[place] != 0 { place = (place + 1) & mask }
      cells[place] = cell
    }
  }

  /// Every node with a count, in no particular order.
  func visit(_ body: (UInt32, Int64) -> Void) {
    for cell in cells where cell != 0 {
      body(UInt32(truncatingIfNeeded: (cell >> 32) - 1), Int64(cell & 0xFFFF_FFFF))
    }
  }
}
