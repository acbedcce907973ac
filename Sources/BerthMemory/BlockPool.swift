/// Where the blocks of a pool are.
public struct BlockView {
  @usableFromInline var pages: UnsafePointer<UnsafeMutableRawPointer>?
  @usableFromInline var owned: UnsafePointer<Bool>?
  @usableFromInline let shift: Int
  @usableFromInline let blockBytes: Int

  @inlinable @inline(__always)
  public subscript(index: UInt32) -> UnsafeMutableRawPointer {
    let page = pages.unsafelyUnwrapped[Int(index) &>> shift]
    return page + (Int(index) & ((1 &<< shift) &- 1)) &* blockBytes
  }

  /// Whether the block may be written to; if not, `BlockPool.own` comes first.
  @inlinable @inline(__always)
  public func owns(_ index: UInt32) -> Bool { owned.unsafelyUnwrapped[Int(index) &>> shift] }
}

/// Blocks of one size, named by 32-bit indices, in pages that forks share. Freed blocks are taken again first.
/// No block moves but when its page is owned: see `PageTable`.
public struct BlockPool {
  public let blockBytes: Int
  /// What it takes to find a block, in a place of its own: readers hold on to it without counting references.
  public let view: UnsafeMutablePointer<BlockView>
  private let shift: Int
  private unowned(unsafe) let arena: Arena
  private var table: PageTable
  private var free: PagedColumn<UInt32>
  private var used = 0

  /// `blockBytes` must be a multiple of 64.
  public init(blockBytes: Int, in arena: Arena) {
    precondition(blockBytes > 0 && blockBytes % 64 == 0)
    var shift = 0
    while (blockBytes << (shift + 1)) <= SharedBlock.largest { shift += 1 }
    self.init(
      blockBytes: blockBytes, shift: shift, table: PageTable(pageBytes: blockBytes << shift, in: arena),
      free: PagedColumn(in: arena), used: 0)
  }

  private init(blockBytes: Int, shift: Int, table: PageTable, free: PagedColumn<UInt32>, used: Int) {
    self.blockBytes = blockBytes
    self.shift = shift
    self.table = table
    self.free = free
    self.used = used
    arena = table.arena
    view = arena.allocate(bytes: MemoryLayout<BlockView>.stride).bindMemory(to: BlockView.self, capacity: 1)
    view.initialize(to: BlockView(pages: nil, owned: nil, shift: shift, blockBytes: blockBytes))
    refreshView()
  }

  private func refreshView() {
    view.pointee.pages = table.pages
    view.pointee.owned = table.ownership
  }

  /// A block for reading.
  @inlinable @inline(__always)
  public subscript(index: UInt32) -> UnsafeMutableRawPointer { view.pointee[index] }

  /// Makes sure that a block may be written to.
  @inline(never)
  public func own(_ index: UInt32) {
    if !table.owns(Int(index) >> shift) { table.own(Int(index) >> shift) }
  }

  /// A block whose content is undefined.
  public mutating func allocate() -> UInt32 {
    free.count > 0 ? free.removeLast() : takeFresh()
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
    if used >> shift == table.count {
      table.append()
      refreshView()
    }
    used += 1
    return UInt32(used - 1)
  }

  // MARK: Families

  public func fork() -> BlockPool {
    BlockPool(blockBytes: blockBytes, shift: shift, table: table.fork(), free: free.fork(), used: used)
  }
}

extension BlockPool: SharedStorage {
  public var bytes: Int { table.bytes + free.bytes }
  public var ownBytes: Int { table.ownBytes + free.ownBytes }

  public func countHeld(alone: Bool) -> Int? {
    guard let blocks = table.countHeld(alone: alone), let places = free.countHeld(alone: alone) else { return nil }
    return blocks + places
  }

  public func giveBack() {
    table.giveBack()
    free.giveBack()
    arena.free(view, bytes: MemoryLayout<BlockView>.stride)
  }
}
