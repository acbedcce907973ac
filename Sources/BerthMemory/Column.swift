/// A growable array of trivial values in an arena, for what is small: a fork makes one of its own.
/// Cells are reached without bounds checks in release builds; owners keep indices valid.
public struct Column<Value> {
  /// Kept alive by the engine, as in `PageTable`.
  @usableFromInline unowned(unsafe) let arena: Arena
  @usableFromInline var base: UnsafeMutablePointer<Value>?
  public private(set) var count = 0
  public private(set) var capacity = 0

  public init(in arena: Arena) {
    self.arena = arena
  }

  public var bytes: Int { capacity * MemoryLayout<Value>.stride }

  @inlinable @inline(__always)
  public subscript(index: Int) -> Value {
    get {
      assert(index >= 0 && index < count)
      return base.unsafelyUnwrapped[index]
    }
    nonmutating set {
      assert(index >= 0 && index < count)
      base.unsafelyUnwrapped[index] = newValue
    }
  }

  /// The cells; valid until the column grows.
  @inlinable public var pointer: UnsafeMutablePointer<Value> { base.unsafelyUnwrapped }

  /// Room for `wanted` cells, at least half as much again as there was.
  public mutating func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    let unit = max(1, 64 / MemoryLayout<Value>.stride)
    let target = max(wanted, capacity + capacity / 2, unit)
    let fresh = arena.allocate(bytes: target * MemoryLayout<Value>.stride).bindMemory(to: Value.self, capacity: target)
    if let base {
      fresh.update(from: base, count: count)
      arena.free(base, bytes: bytes)
    }
    base = fresh
    capacity = target
  }

  public mutating func append(_ value: Value) {
    reserve(count + 1)
    base.unsafelyUnwrapped[count] = value
    count += 1
  }

  /// Drops the last cells; their room stays.
  public mutating func truncate(to newCount: Int) {
    assert(newCount <= count)
    count = newCount
  }

  /// No cells, and no memory.
  public mutating func free() {
    giveBack()
    base = nil
    count = 0
    capacity = 0
  }
}

extension Column: SharedStorage {
  public var ownBytes: Int { bytes }
  public func countHeld(alone: Bool) -> Int? { 0 }
  public func giveBack() {
    if let base { arena.free(base, bytes: bytes) }
  }
}
