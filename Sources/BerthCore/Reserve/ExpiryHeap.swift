import BerthMemory

/// Places in the order in which they lapse: the earliest expiry first, then the smallest serial.
struct ExpiryHeap {
  private struct Entry {
    var expiry: Int64
    var serial: UInt64
    var place: UInt32

    func lapses(before other: Entry) -> Bool { (expiry, serial) < (other.expiry, other.serial) }
  }
  private var entries: PagedColumn<Entry>
  /// By place: where its entry stands + 1, 0: it does not lapse.
  private var positions: PagedColumn<UInt32>

  init(in arena: Arena) {
    entries = PagedColumn(in: arena)
    positions = PagedColumn(in: arena)
  }

  var storage: [any SharedStorage] { [entries, positions] }

  func fork() -> ExpiryHeap {
    var fork = self
    fork.entries = entries.fork()
    fork.positions = positions.fork()
    return fork
  }

  var count: Int { entries.count }

  /// The next one to lapse by then.
  func due(_ time: Int64) -> UInt32? {
    entries.count > 0 && entries[0].expiry <= time ? entries[0].place : nil
  }

  func contains(_ place: UInt32) -> Bool { Int(place) < positions.count && positions[Int(place)] != 0 }

  mutating func add(_ place: UInt32, expiry: Int64, serial: UInt64) {
    if Int(place) >= positions.count { positions.grow(to: Int(place) + 1) }
    let entry = Entry(expiry: expiry, serial: serial, place: place)
    entries.append(entry)
    rise(entries.count - 1, entry)
  }

  mutating func remove(_ place: UInt32) {
    guard contains(place) else { return }
    let gap = Int(positions[Int(place)]) - 1
    let last = entries.removeLast()
    positions[Int(place)] = 0
    // the last entry fills the gap, and finds its height from there
    if last.place != place { rise(sink(gap, last), last) }
  }

  private func set(_ index: Int, _ entry: Entry) {
    entries[index] = entry
    positions[Int(entry.place)] = UInt32(index) + 1
  }

  private func rise(_ start: Int, _ entry: Entry) {
    var index = start
    while index > 0, entry.lapses(before: entries[(index - 1) / 2]) {
      set(index, entries[(index - 1) / 2])
      index = (index - 1) / 2
    }
    set(index, entry)
  }

  private func sink(_ start: Int, _ entry: Entry) -> Int {
    var index = start
    while 2 * index + 1 < entries.count {
      var child = 2 * index + 1
      if child + 1 < entries.count, entries[child + 1].lapses(before: entries[child]) { child += 1 }
      guard entries[child].lapses(before: entry) else { break }
      set(index, entries[child])
      index = child
    }
    return index
  }

  /// Whether no entry lapses before the one above it, and every position is right; for `validate`.
  func isOrdered() -> Bool {
    (0..<entries.count).allSatisfy { index in
      Int(positions[Int(entries[index].place)]) == index + 1
        && (index == 0 || !entries[index].lapses(before: entries[(index - 1) / 2]))
    }
  }

  func expiry(_ place: UInt32) -> Int64? {
    contains(place) ? entries[Int(positions[Int(place)]) - 1].expiry : nil
  }
}
