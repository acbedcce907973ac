/// The change log: which slots changed, in order. State trees are current after every change and do not read it; slot
/// indexes catch up from it when they are asked. It is kept in a ring, from when the first index wants it.
struct ChangeLog {
  /// A slot whose node changed. What became of it is read from its row: entries only say where to look.
  struct Entry {
    fileprivate var word: UInt64
    @inline(__always) var slot: UInt32 { UInt32(truncatingIfNeeded: word) }
    /// The pool that the node was in before, where it has left the slot or its pool; nil for changes of quantities.
    @inline(__always) var pool: UInt16? { word >> 32 == 0 ? nil : UInt16(truncatingIfNeeded: (word >> 32) - 1) }
  }
  private(set) var length: UInt64 = 0
  private var ring: [UInt64] = []
  /// Where the ring begins to be filled.
  private var start: UInt64 = 0
  /// How long the log was when a node left its slot or pool last.
  private(set) var lastLeaving: UInt64 = 0
  /// Rises when slots get other numbers: everything that was read is void.
  private(set) var generation: UInt64 = 0

  @inline(__always)
  mutating func append(_ slot: UInt32) { append(UInt64(slot)) }

  /// A node leaves its slot or its pool.
  @inline(__always)
  mutating func append(_ slot: UInt32, leaving pool: UInt16) {
    append(UInt64(slot) | (UInt64(pool) + 1) << 32)
    lastLeaving = length
  }

  @inline(__always)
  private mutating func append(_ word: UInt64) {
    if !ring.isEmpty { ring[Int(truncatingIfNeeded: length) & (ring.count - 1)] = word }
    length += 1
  }

  mutating func slotsMoved() { generation += 1 }

  /// Keeps at least the last `count` entries from now on.
  mutating func keep(_ count: Int) {
    guard ring.count < count else { return }
    var capacity = 1 << 12
    while capacity < count { capacity *= 2 }
    ring = [UInt64](repeating: 0, count: capacity)
    start = length
  }

  /// Whether all entries from a position on are there.
  @inline(__always)
  func holds(from position: UInt64) -> Bool { position >= start && length - position <= UInt64(ring.count) }

  @inline(__always)
  func visit(from position: UInt64, _ body: (Entry) -> Void) {
    ring.withUnsafeBufferPointer { ring in
      for index in position..<length { body(Entry(word: ring[Int(truncatingIfNeeded: index) & (ring.count - 1)])) }
    }
  }

  /// The same, with every entry shown twice before its turn, so that what it needs can be brought in: where it is first,
  /// `distance` entries later what is there.
  @inline(__always)
  func visitAhead(
    from position: UInt64, by distance: UInt64, far: (Entry) -> Void, near: (Entry) -> Void, body: (Entry) -> Void
  ) {
    ring.withUnsafeBufferPointer { ring in
      let mask = ring.count - 1
      @inline(__always)
      func entry(_ index: UInt64) -> Entry { Entry(word: ring[Int(truncatingIfNeeded: index) & mask]) }
      for index in position..<min(position + 2 * distance, length) { far(entry(index)) }
      for index in position..<min(position + distance, length) { near(entry(index)) }
      for index in position..<length {
        if index + 2 * distance < length { far(entry(index + 2 * distance)) }
        if index + distance < length { near(entry(index + distance)) }
        body(entry(index))
      }
    }
  }

  var bytes: Int { ring.count * 8 }
}
