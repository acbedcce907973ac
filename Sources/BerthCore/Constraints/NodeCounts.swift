/// Counts by node index, of few nodes among many: a hash table with linear probing, whose cells are index + 1 in the
/// upper 26 bits and the count in the others: as many as all terms of all pods of an engine. Copies share it until one of
/// them changes.
struct NodeCounts {
  private final class Storage {
    let cells: UnsafeMutablePointer<UInt64>
    let count: Int

    init(count: Int) {
      self.count = count
      cells = .allocate(capacity: count)
      cells.initialize(repeating: 0, count: count)
    }

    deinit { cells.deallocate() }
  }
  private static let shift: UInt64 = 38
  private static let most: UInt64 = 1 << shift - 1
  private var storage: Storage
  // of the storage: to go through it would count references
  private var cells: UnsafeMutablePointer<UInt64>
  private var mask: Int
  /// How many nodes have a count.
  private(set) var used = 0

  init() {
    storage = Storage(count: 16)
    (cells, mask) = (storage.cells, 15)
  }

  var bytes: Int { (mask + 1) * 8 }

  @inline(__always)
  private static func home(_ node: UInt32, _ mask: Int) -> Int {
    // Fibonacci hashing: neighbours, which come often together, land far apart
    Int(truncatingIfNeeded: (UInt64(node) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  @inline(__always)
  subscript(node: UInt32) -> Int64 {
    var place = Self.home(node, mask)
    while true {
      let cell = cells[place]
      if cell == 0 { return 0 }
      if cell >> Self.shift == UInt64(node) + 1 { return Int64(cell & Self.most) }
      place = (place + 1) & mask
    }
  }

  /// Adds to a node's count, which stays at least 0; returns what it was before.
  @inline(__always) @discardableResult
  mutating func add(_ node: UInt32, _ change: Int64) -> Int64 {
    if !isKnownUniquelyReferenced(&storage) || used * 2 > mask { renew() }
    var place = Self.home(node, mask)
    while cells[place] != 0 && cells[place] >> Self.shift != UInt64(node) + 1 { place = (place + 1) & mask }
    let old = Int64(cells[place] & Self.most)
    let new = old + change
    if new == 0 {
      if cells[place] != 0 { remove(at: place) }
    } else {
      if cells[place] == 0 { used += 1 }
      cells[place] = (UInt64(node) + 1) << Self.shift | UInt64(new)
    }
    return old
  }

  /// Closes the gap, so that probing needs no marks of what has gone.
  private mutating func remove(at hole: Int) {
    var hole = hole
    var place = (hole + 1) & mask
    used -= 1
    while cells[place] != 0 {
      let home = Self.home(UInt32(truncatingIfNeeded: (cells[place] >> Self.shift) - 1), mask)
      if (place - home) & mask >= (place - hole) & mask {
        cells[hole] = cells[place]
        hole = place
      }
      place = (place + 1) & mask
    }
    cells[hole] = 0
  }

  /// A table of its own, with room.
  @inline(never)
  private mutating func renew() {
    let fresh = Storage(count: used * 2 > mask ? (mask + 1) * 2 : mask + 1)
    let freshMask = fresh.count - 1
    for index in 0...mask where cells[index] != 0 {
      var place = Self.home(UInt32(truncatingIfNeeded: (cells[index] >> Self.shift) - 1), freshMask)
      while fresh.cells[place] != 0 { place = (place + 1) & freshMask }
      fresh.cells[place] = cells[index]
    }
    storage = fresh
    (cells, mask) = (fresh.cells, freshMask)
  }

  /// Every node with a count, in no particular order.
  func visit(_ body: (UInt32, Int64) -> Void) {
    for index in 0...mask where cells[index] != 0 {
      body(UInt32(truncatingIfNeeded: (cells[index] >> Self.shift) - 1), Int64(cells[index] & Self.most))
    }
  }
}
