/// A growable array of trivial values, in pages that forks share: one column of a structure of arrays. New cells are
/// zero. Reading is free of checks in release builds, owners keep indices valid; writing owns the cell's page first.
public struct PagedColumn<Value> {
  @usableFromInline var table: PageTable
  @usableFromInline var used = 0
  @usableFromInline var capacity = 0
  @inlinable public var count: Int { used }

  @inlinable static var pageBytes: Int { 16 << 10 }
  /// Cells of a page, as a power of two: a shift and a mask find a cell.
  @inlinable static var shift: Int {
    Int.bitWidth - 1 - (pageBytes / MemoryLayout<Value>.stride).leadingZeroBitCount
  }
  @inlinable static var mask: Int { (1 << shift) - 1 }

  public init(in arena: Arena) {
    table = PageTable(pageBytes: MemoryLayout<Value>.stride << Self.shift, in: arena)
  }

  @inlinable @inline(__always)
  public subscript(index: Int) -> Value {
    get {
      assert(index >= 0 && index < count)
      return pointer(index).pointee
    }
    nonmutating set {
      assert(index >= 0 && index < count)
      ownedPointer(index).pointee = newValue
    }
  }

  /// A cell for reading, and those that follow it in its page; valid until the page is owned or the column grows.
  @inlinable @inline(__always)
  public func pointer(_ index: Int) -> UnsafePointer<Value> {
    UnsafePointer(table.page(index >> Self.shift).assumingMemoryBound(to: Value.self) + (index & Self.mask))
  }

  /// The same for writing.
  @inlinable @inline(__always)
  public func ownedPointer(_ index: Int) -> UnsafeMutablePointer<Value> {
    table.ownedPage(index >> Self.shift).assumingMemoryBound(to: Value.self) + (index & Self.mask)
  }

  // MARK: Growth

  /// Room for `wanted` cells. A column of less than a page grows by doubling, or to just that much when `exact`.
  @inlinable @inline(__always)
  public mutating func reserve(_ wanted: Int, exact: Bool = false) {
    if wanted > capacity { enlarge(wanted, exact: exact) }
  }

  @usableFromInline @inline(never)
  mutating func enlarge(_ wanted: Int, exact: Bool) {
    let perPage = 1 << Self.shift
    let unit = max(1, 64 / MemoryLayout<Value>.stride)
    let first = min(perPage, exact ? wanted : max(wanted, capacity * 2, unit))
    if table.count == 0 {
      table.append(bytes: first * MemoryLayout<Value>.stride)
      capacity = first
    } else if capacity < perPage {
      table.growOnlyPage(to: first * MemoryLayout<Value>.stride)
      capacity = first
    }
    while capacity < wanted {
      table.append()
      capacity += perPage
    }
  }

  @inlinable
  public mutating func append(_ value: Value) {
    reserve(used + 1)
    ownedPointer(used).pointee = value
    used += 1
  }

  @inlinable @discardableResult
  public mutating func removeLast() -> Value {
    used -= 1
    return pointer(used).pointee
  }

  @inlinable public mutating func removeLast(_ cells: Int) { used -= cells }

  /// More cells, all of them zero.
  @inlinable
  public mutating func grow(to newCount: Int, exact: Bool = false) {
    reserve(newCount, exact: exact)
    while used < newCount {
      let end = min(newCount, (used >> Self.shift + 1) << Self.shift)
      let bytes = (end - used) * MemoryLayout<Value>.stride
      UnsafeMutableRawPointer(ownedPointer(used)).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      used = end
    }
  }

  /// Where `cells` more cells come to stand if they may not be spread over two pages.
  public static func start(after count: Int, cells: Int) -> Int {
    precondition(cells <= 1 << shift)
    let fits = count & mask + cells <= 1 << shift
    return fits ? count : (count >> shift + 1) << shift
  }

  /// Adds cells side by side; their first index.
  public mutating func append(contentsOf values: UnsafeBufferPointer<Value>) -> Int {
    guard let source = values.baseAddress, !values.isEmpty else { return count }
    let start = Self.start(after: count, cells: values.count)
    grow(to: start + values.count)
    ownedPointer(start).update(from: source, count: values.count)
    return start
  }

  // MARK: Families

  public func fork() -> PagedColumn {
    var fork = self
    fork.table = table.fork()
    return fork
  }

  /// No cells, and no memory.
  public mutating func clear() {
    table.giveBack()
    self = PagedColumn(in: table.arena)
  }
}

extension PagedColumn: SharedStorage {
  public var bytes: Int { table.bytes }
  public var ownBytes: Int { table.ownBytes }
  public func countHeld(alone: Bool) -> Int? { table.countHeld(alone: alone) }
  public func giveBack() { table.giveBack() }
}
