/// Where the blocks of a pool are.
public struct BlockView {
  @usableFromInline var chunks: UnsafePointer<UnsafeMutableRawPointer>?
  @usableFromInline let shift: Int
  @usableFromInline let blockBytes: Int

  @inlinable @inline(__always)
  public subscript(index: UInt32) -> UnsafeMutableRawPointer {
    let chunk = chunks.unsafelyUnwrapped[Int(index) &>> shift]
    return chunk + (Int(index) & ((1 &<< shift) &- 1)) &* blockBytes
  }
}

/// Blocks of one size, named by 32-bit indices, in chunks of 4 to 8 MiB, so that huge pages serve most of them, and no
/// block ever moves once the first chunk is full. Freed blocks are taken again first. This indirection is where forks will share blocks.
public struct BlockPool {
  public let blockBytes: Int
  /// What it takes to find a block, in a place of its own: readers hold on to it without counting references.
  public let view: UnsafeMutablePointer<BlockView>
  private let shift: Int
  private let arena: Arena
  private var chunks: Column<UnsafeMutableRawPointer>
  private var free: Column<UInt32>
  private var used = 0
  private var firstChunkBlocks = 0

  /// `blockBytes` must be a multiple of 64.
  public init(blockBytes: Int, in arena: Arena) {
    precondition(blockBytes > 0 && blockBytes % 64 == 0)
    self.blockBytes = blockBytes
    self.arena = arena
    var shift = 0
    while (blockBytes << (shift + 1)) <= (8 << 20) { shift += 1 }
    self.shift = shift
    view = arena.allocate(bytes: MemoryLayout<BlockView>.stride).bindMemory(to: BlockView.self, capacity: 1)
    view.pointee = BlockView(chunks: nil, shift: shift, blockBytes: blockBytes)
    chunks = Column(in: arena)
    free = Column(in: arena)
  }

  /// What the pool holds of the arena.
  public var bytes: Int {
    guard chunks.count > 0 else { return 0 }
    return (firstChunkBlocks + (chunks.count - 1) << shift) * blockBytes + chunks.bytes + free.bytes
  }

  @inlinable @inline(__always)
  public subscript(index: UInt32) -> UnsafeMutableRawPointer { view.pointee[index] }

  /// A block whose content is undefined (zero only when it is fresh). Pointers into the pool taken before are invalid
  /// afterwards while the pool is small: its first chunk grows by copying.
  public mutating func allocate() -> UInt32 {
    if free.count > 0 {
      let index = free[free.count - 1]
      free.resize(free.count - 1)
      return index
    }
    return takeFresh()
  }

  public mutating func release(_ index: UInt32) {
    free.append(index)
  }

  /// Makes room for `count` blocks, so that taking them asks the arena for nothing.
  public mutating func reserve(_ count: Int) {
    while free.count < count {
      free.reserve(free.count + count)
      free.append(takeFresh())
    }
  }

  private mutating func takeFresh() -> UInt32 {
    let perChunk = 1 << shift
    if used < perChunk {
      if used == firstChunkBlocks { growFirstChunk(to: min(perChunk, max(4, used * 4))) }
    } else if used >> shift == chunks.count {
      chunks.append(arena.allocate(bytes: perChunk * blockBytes))
    }
    view.pointee.chunks = UnsafePointer(chunks.pointer)
    used += 1
    return UInt32(used - 1)
  }

  private mutating func growFirstChunk(to blocks: Int) {
    let fresh = arena.allocate(bytes: blocks * blockBytes)
    if chunks.count == 0 {
      chunks.append(fresh)
    } else {
      fresh.copyMemory(from: chunks[0], byteCount: used * blockBytes)
      arena.free(chunks[0], bytes: firstChunkBlocks * blockBytes)
      chunks[0] = fresh
    }
    firstChunkBlocks = blocks
  }
}
