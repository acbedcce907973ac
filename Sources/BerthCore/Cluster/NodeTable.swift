import BerthMemory
import CBerth

/// Stable node ids: an index, and a generation that tells a stale id from a live one.
struct NodeTable {
  private static let free: UInt32 = .max
  /// By node index; `free` while there is no such node.
  private(set) var slots: PagedColumn<UInt32>
  private var generations: PagedColumn<UInt32>
  private var freeIndices: PagedColumn<UInt32>
  private(set) var count = 0

  init(in arena: Arena) {
    slots = PagedColumn(in: arena)
    generations = PagedColumn(in: arena)
    freeIndices = PagedColumn(in: arena)
  }

  func fork() -> NodeTable {
    var fork = self
    fork.slots = slots.fork()
    fork.generations = generations.fork()
    fork.freeIndices = freeIndices.fork()
    return fork
  }

  var storage: [any SharedStorage] { [slots, generations, freeIndices] }
  var bytes: Int { storage.reduce(0) { $0 + $1.bytes } }

  mutating func reserve(_ additional: Int) {
    let fresh = additional - freeIndices.count
    if fresh > 0 {
      slots.reserve(slots.count + fresh, exact: slots.count == 0)
      generations.reserve(slots.count + fresh, exact: slots.count == 0)
    }
  }

  mutating func add(slot: UInt32) -> UInt32 {
    count += 1
    if freeIndices.count > 0 {
      let index = freeIndices.removeLast()
      slots[Int(index)] = slot
      return index
    }
    slots.append(slot)
    generations.append(1)
    return UInt32(slots.count - 1)
  }

  mutating func remove(_ index: UInt32) {
    slots[Int(index)] = Self.free
    generations[Int(index)] += 1
    // a place whose generations are used up is not used again, or a very old id would be taken for a live one
    if generations[Int(index)] < .max { freeIndices.append(index) }
    count -= 1
  }

  /// Takes back the last `add`.
  mutating func withdraw(_ index: UInt32) {
    count -= 1
    if generations[Int(index)] == 1 && Int(index) == slots.count - 1 {
      slots.removeLast()
      generations.removeLast()
    } else {
      slots[Int(index)] = Self.free
      freeIndices.append(index)
    }
  }

  /// Takes back the last `remove`; the node is where it was.
  mutating func reinstate(_ index: UInt32, slot: UInt32) {
    if generations[Int(index)] < .max { freeIndices.removeLast() }
    generations[Int(index)] -= 1
    slots[Int(index)] = slot
    count += 1
  }

  // MARK: Snapshots

  var indexCount: Int { slots.count }

  /// Free indices, the one that is taken next last.
  func visitFree(_ body: (UInt32) -> Void) {
    for place in 0..<freeIndices.count { body(freeIndices[place]) }
  }

  func isLive(_ index: UInt32) -> Bool { slots[Int(index)] != Self.free }

  /// One more index, without a node.
  mutating func restore(generation: UInt32) {
    slots.append(Self.free)
    generations.append(generation)
  }

  mutating func restoreFree(_ index: UInt32) { freeIndices.append(index) }

  /// A node at an index that has none.
  mutating func restore(_ index: UInt32, slot: UInt32) {
    slots[Int(index)] = slot
    count += 1
  }

  // MARK: Slots

  mutating func move(_ index: UInt32, to slot: UInt32) { slots[Int(index)] = slot }

  @inline(__always)
  func id(_ index: UInt32) -> berth_node_id { UInt64(generations[Int(index)]) << 32 | UInt64(index) }

  @inline(__always)
  func generation(_ index: UInt32) -> UInt32 { generations[Int(index)] }

  /// The slot of the node that had this index in this generation, if it is still there.
  @inline(__always)
  func slot(index: UInt32, generation: UInt32) -> UInt32? {
    guard generations[Int(index)] == generation, slots[Int(index)] != Self.free else { return nil }
    return slots[Int(index)]
  }

  func index(
    _ id: berth_node_id, _ place: @autoclosure () -> String = ""
  ) throws(EngineError) -> UInt32 {
    let index = UInt32(truncatingIfNeeded: id)
    let generation = UInt32(truncatingIfNeeded: id >> 32)
    guard Int(index) < slots.count, generation > 0, generation <= generations[Int(index)] else {
      throw EngineError(UInt32(BERTH_UNKNOWN_ID), "\(place())node \(id) was never given out by this engine")
    }
    guard generation == generations[Int(index)], slots[Int(index)] != Self.free else {
      throw EngineError(UInt32(BERTH_STALE_ID), "\(place())node \(id) was removed")
    }
    return index
  }

  mutating func relabel(_ map: [UInt32]) -> UInt64 {
    var moved: UInt64 = 0
    for index in 0..<slots.count where slots[index] != Self.free {
      let label = Int(slots[index] >> 6)
      guard label < map.count, map[label] != UInt32(label) else { continue }
      slots[index] = map[label] << 6 | slots[index] & 63
      moved += 1
    }
    return moved
  }
}

/// Names of nodes: text in the arena, found by hash. Nameless nodes cost nothing while no node has a name.
struct NameTable {
  private let arena: Arena
  private var text: PagedColumn<UInt8>  // no name is spread over two pages
  private var garbage = 0
  private var offsets: PagedColumn<UInt32>  // by node index: offset + 1, 0: nameless
  private var lengths: PagedColumn<UInt16>
  private var buckets: PagedColumn<UInt32>  // node index + 1, 0: empty
  private(set) var count = 0

  init(in arena: Arena) {
    self.arena = arena
    text = PagedColumn(in: arena)
    offsets = PagedColumn(in: arena)
    lengths = PagedColumn(in: arena)
    buckets = PagedColumn(in: arena)
  }

  func fork() -> NameTable {
    var fork = self
    fork.text = text.fork()
    fork.offsets = offsets.fork()
    fork.lengths = lengths.fork()
    fork.buckets = buckets.fork()
    return fork
  }

  var storage: [any SharedStorage] { [text, offsets, lengths, buckets] }

  /// Text of live and, until the next clean-up, of removed nodes, and what pages have left over.
  var textBytes: Int { text.count }

  /// What `textBytes` comes to with one more name.
  static func textBytes(_ bytes: Int, adding name: Name) -> Int {
    PagedColumn<UInt8>.start(after: bytes, cells: name.bytes.count) + name.bytes.count
  }

  var bytes: Int { storage.reduce(0) { $0 + $1.bytes } }

  private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash ^ hash >> 31
  }

  private func name(_ node: UInt32) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: text.pointer(Int(offsets[Int(node)]) - 1), count: Int(lengths[Int(node)]))
  }

  func find(_ wanted: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard buckets.count > 0 else { return nil }
    let mask = buckets.count - 1
    var bucket = Int(truncatingIfNeeded: Self.hash(wanted)) & mask
    while buckets[bucket] != 0 {
      let node = buckets[bucket] - 1
      if name(node).elementsEqual(wanted) { return node }
      bucket = (bucket + 1) & mask
    }
    return nil
  }

  func find(_ wanted: Name) -> UInt32? { wanted.bytes.withUnsafeBufferPointer { find($0) } }

  func name(of node: UInt32) -> Name? {
    guard Int(node) < offsets.count, offsets[Int(node)] != 0 else { return nil }
    return Name(name(node))
  }

  /// The name must be new.
  mutating func add(_ node: UInt32, _ wanted: UnsafeBufferPointer<UInt8>) {
    if (count + 1) * 2 > buckets.count { rehash(max(64, buckets.count * 2)) }
    if Int(node) >= offsets.count {
      offsets.grow(to: Int(node) + 1)
      lengths.grow(to: Int(node) + 1)
    }
    offsets[Int(node)] = UInt32(text.append(contentsOf: wanted)) + 1
    lengths[Int(node)] = UInt16(wanted.count)
    count += 1
    insert(node)
  }

  private func insert(_ node: UInt32) {
    let mask = buckets.count - 1
    var bucket = Int(truncatingIfNeeded: Self.hash(name(node))) & mask
    while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
    buckets[bucket] = node + 1
  }

  mutating func remove(_ node: UInt32) {
    guard Int(node) < offsets.count, offsets[Int(node)] != 0 else { return }
    let mask = buckets.count - 1
    var hole = Int(truncatingIfNeeded: Self.hash(name(node))) & mask
    while buckets[hole] != node + 1 { hole = (hole + 1) & mask }
    var next = (hole + 1) & mask
    while buckets[next] != 0 {
      let wanted = Int(truncatingIfNeeded: Self.hash(name(buckets[next] - 1))) & mask
      if (next - wanted) & mask >= (next - hole) & mask {
        buckets[hole] = buckets[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    buckets[hole] = 0
    garbage += Int(lengths[Int(node)])
    offsets[Int(node)] = 0
    count -= 1
    if garbage > 4096 && garbage * 2 > text.count { compact() }
  }

  private mutating func rehash(_ size: Int) {
    buckets.clear()
    buckets.grow(to: size, exact: true)
    for node in 0..<offsets.count where offsets[node] != 0 { insert(UInt32(node)) }
  }

  /// Drops the text of removed nodes.
  private mutating func compact() {
    var fresh = PagedColumn<UInt8>(in: arena)
    for node in 0..<offsets.count where offsets[node] != 0 {
      let start = fresh.append(contentsOf: name(UInt32(node)))
      offsets[node] = UInt32(start) + 1
    }
    text.giveBack()
    text = fresh
    garbage = 0
  }
}
