/// A set of vectors of integers of one length: open addressing over one array, nothing allocated per member.
struct DemandSet {
  private let length: Int
  private var rows: [Int] = []
  /// Row number + 1, 0 where none is. A power of two.
  private var table = [Int32](repeating: 0, count: 1 << 10)
  private let limit: Int

  /// Takes at most `limit` vectors; more are ignored.
  init(length: Int, limit: Int) {
    self.length = length
    self.limit = limit
  }

  var count: Int { rows.count / length }

  func contains(_ vector: [Int]) -> Bool { table[slot(of: vector)] != 0 }

  mutating func insert(_ vector: [Int]) {
    assert(vector.count == length)
    if count == limit { return }
    let slot = slot(of: vector)
    if table[slot] != 0 { return }
    rows.append(contentsOf: vector)
    table[slot] = Int32(count)
    if count * 2 > table.count { grow() }
  }

  /// Where the vector is, or would be.
  private func slot(of vector: [Int]) -> Int {
    var slot = Self.hash(vector[...]) & (table.count - 1)
    while table[slot] != 0 {
      let first = (Int(table[slot]) - 1) * length
      var place = 0
      while place < length && rows[first + place] == vector[place] { place += 1 }
      if place == length { break }
      slot = (slot + 1) & (table.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    table = [Int32](repeating: 0, count: table.count * 2)
    for row in 0..<count {
      var slot = Self.hash(rows[row * length..<(row + 1) * length]) & (table.count - 1)
      while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
      table[slot] = Int32(row + 1)
    }
  }

  /// The finaliser of splitmix64 after each word.
  private static func hash(_ words: ArraySlice<Int>) -> Int {
    var mixed: UInt64 = 0
    for word in words {
      mixed = (mixed &+ UInt64(bitPattern: Int64(word))) &+ 0x9E37_79B9_7F4A_7C15
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      mixed ^= mixed >> 31
    }
    return Int(truncatingIfNeeded: mixed)
  }
}
