import CPlatform

/// Pages of one size behind a table of pointers, all in plain memory. A fork copies the table only: pages are counted
/// blocks, and whoever writes to one first copies it, unless it has been the only holder all along or has become it.
///
/// A pointer into a page that was taken for reading is void once the page has been taken for writing; one that was
/// taken for writing holds until the table is forked or the page's place freed.
///
/// A table is a plain value: its owner keeps the arena alive, so that no reference is counted where tables are read.
public struct PageTable {
  @usableFromInline unowned(unsafe) let arena: Arena
  public let pageBytes: Int
  @usableFromInline var cells: UnsafeMutablePointer<UnsafeMutableRawPointer>?
  /// Pages that no other engine reaches.
  @usableFromInline var owned: UnsafeMutablePointer<Bool>?
  public private(set) var count = 0
  private var capacity = 0

  /// Pages may be smaller than `pageBytes` only while there is but one.
  public init(pageBytes: Int, in arena: Arena) {
    precondition(pageBytes > 0 && pageBytes <= SharedBlock.largest)
    self.pageBytes = pageBytes
    self.arena = arena
  }

  // MARK: Pages

  @inlinable @inline(__always)
  public func page(_ index: Int) -> UnsafeMutableRawPointer { cells.unsafelyUnwrapped[index] }

  @inlinable @inline(__always)
  public func owns(_ index: Int) -> Bool { owned.unsafelyUnwrapped[index] }

  @inlinable @inline(__always)
  public func ownedPage(_ index: Int) -> UnsafeMutableRawPointer {
    if !owns(index) { own(index) }
    return page(index)
  }

  public var pages: UnsafePointer<UnsafeMutableRawPointer>? { UnsafePointer(cells) }
  public var ownership: UnsafePointer<Bool>? { UnsafePointer(owned) }

  @inline(never)
  public func own(_ index: Int) { own(index, copied: { _ in }, dropped: { _ in }) }

  /// Makes a page this table's own. `copied` sees the copy where one was needed, before the other holders can let go
  /// of the original; `dropped` sees the original if they all did meanwhile.
  public func own(
    _ index: Int, copied: (UnsafeMutableRawPointer) -> Void, dropped: (UnsafeMutableRawPointer) -> Void
  ) {
    let old = SharedBlock(page(index))
    if old.isShared {
      let copy = old.copy(in: arena)
      copied(copy.base)
      cells.unsafelyUnwrapped[index] = copy.base
      if old.drop() {
        dropped(old.base)
        old.free(in: arena)
      }
    }
    owned.unsafelyUnwrapped[index] = true
  }

  /// One more page, whose content is undefined.
  public mutating func append(bytes: Int? = nil) {
    if count == capacity { reserve(max(8, capacity * 2)) }
    cells.unsafelyUnwrapped[count] = SharedBlock(bytes: bytes ?? pageBytes, in: arena).base
    owned.unsafelyUnwrapped[count] = true
    count += 1
  }

  /// Makes the only page larger; it moves.
  public mutating func growOnlyPage(to bytes: Int) {
    precondition(count == 1 && bytes <= pageBytes)
    let old = SharedBlock(page(0))
    let fresh = SharedBlock(bytes: bytes, in: arena)
    fresh.base.copyMemory(from: old.base, byteCount: min(bytes, old.bytes))
    cells.unsafelyUnwrapped[0] = fresh.base
    owned.unsafelyUnwrapped[0] = true
    old.release(in: arena)
  }

  private static func tableBytes(_ capacity: Int) -> Int {
    capacity * (MemoryLayout<UnsafeMutableRawPointer>.stride + MemoryLayout<Bool>.stride)
  }

  /// Pointers first, then the flags.
  private mutating func reserve(_ wanted: Int) {
    let fresh = arena.allocate(bytes: Self.tableBytes(wanted))
    let freshCells = fresh.bindMemory(to: UnsafeMutableRawPointer.self, capacity: wanted)
    let freshOwned = (fresh + wanted * MemoryLayout<UnsafeMutableRawPointer>.stride)
      .bindMemory(to: Bool.self, capacity: wanted)
    if let cells, let owned {
      freshCells.update(from: cells, count: count)
      freshOwned.update(from: owned, count: count)
      arena.free(cells, bytes: Self.tableBytes(capacity))
    }
    cells = freshCells
    owned = freshOwned
    capacity = wanted
  }

  // MARK: Families

  /// A table of the same pages; from now on neither owns any of them.
  public func fork() -> PageTable {
    var fork = PageTable(pageBytes: pageBytes, in: arena)
    guard count > 0, let cells, let owned else { return fork }
    fork.reserve(count)
    fork.count = count
    fork.cells.unsafelyUnwrapped.update(from: cells, count: count)
    owned.update(repeating: false, count: count)
    bp_blocks_retain(Self.optionals(cells), count)
    return fork
  }

  /// As C takes them.
  private static func optionals(
    _ cells: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) -> UnsafePointer<UnsafeMutableRawPointer?> {
    UnsafeRawPointer(cells).assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
  }

  /// Lets go of all pages; the table is of no use afterwards. `dropped` sees those that nobody else holds.
  public func giveBack(dropped: ((UnsafeMutableRawPointer) -> Void)? = nil) {
    guard let cells else { return }
    if let dropped {
      for index in 0..<count where SharedBlock(cells[index]).drop() {
        dropped(cells[index])
        SharedBlock(cells[index]).free(in: arena)
      }
    } else {
      bp_blocks_release(arena.handle, Self.optionals(cells), count)
    }
    arena.free(cells, bytes: Self.tableBytes(capacity))
  }

  // MARK: Figures

  /// What the table and its pages take, shared or not.
  public var bytes: Int {
    guard count > 0 else { return 0 }
    let pages = count == 1 ? SharedBlock(page(0)).heldBytes : count * SharedBlock.heldBytes(for: pageBytes)
    return pages + Self.tableBytes(capacity)
  }

  /// What it takes of its own: the table, and the pages that it owns.
  public var ownBytes: Int {
    guard count > 0 else { return 0 }
    var pages = 0
    for index in 0..<count where owns(index) { pages += 1 }
    let size = count == 1 ? SharedBlock(page(0)).heldBytes : SharedBlock.heldBytes(for: pageBytes)
    return pages * size + Self.tableBytes(capacity)
  }

  /// Counts the pages; nil when one contradicts what is said of ownership: see `SharedStorage`.
  public func countHeld(alone: Bool) -> Int? {
    for index in 0..<count {
      let references = SharedBlock(page(index)).references
      if references == 0 || ((owns(index) || alone) && references != 1) { return nil }
    }
    return count
  }
}
