import CPlatform

/// One zeroed block for all that an `Offers` keeps.
final class OfferMemory {
  let bytes: Int
  private let block: UnsafeMutableRawPointer
  private var taken = 0
  fileprivate static let line = 64

  fileprivate init(bytes: Int) {
    self.bytes = bytes
    block = .allocate(byteCount: bytes, alignment: Self.line)
    bp_populate(block, bytes)
    clear()
  }

  fileprivate func clear() {
    block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    taken = 0
  }

  func take<T>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
    let start = block + taken
    taken += (count * MemoryLayout<T>.stride + Self.line - 1) / Self.line * Self.line
    precondition(taken <= bytes, "more is taken of a block than it has")
    return start.bindMemory(to: T.self, capacity: max(1, count))
  }

  deinit { block.deallocate() }
}

/// Blocks that were given back. To be given fresh memory by the system takes longer than to fill it.
final class OfferMemoryPool {
  private var spare: [OfferMemory] = []
  private static let mostSpare = 4

  /// A zeroed block of which so many parts are taken.
  func take(bytes: Int, parts: Int) -> OfferMemory {
    let least = bytes + parts * OfferMemory.line
    guard let index = spare.firstIndex(where: { $0.bytes == least }) else { return OfferMemory(bytes: least) }
    let memory = spare.remove(at: index)
    memory.clear()
    return memory
  }

  func give(_ memory: OfferMemory) {
    // those of another layout go first
    if spare.count == Self.mostSpare { spare.removeFirst() }
    spare.append(memory)
  }

  var bytes: Int { spare.reduce(0) { $0 + $1.bytes } }
}
