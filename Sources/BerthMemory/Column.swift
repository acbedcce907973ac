/// A growable array of trivial values in an arena: one column of a structure of arrays. New cells are zero.
/// Cells are reached without bounds checks in release builds; owners keep indices valid.
public struct Column<Value> {
  @usableFromInline let arena: Arena
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

  /// Room for `wanted` cells: exactly that much when `exact` (bulk loads), else at least half as much again.
  public mutating func reserve(_ wanted: Int, exact: Bool = false) {
    guard wanted > capacity else { return }
    let unit = max(1, 64 / MemoryLayout<Value>.stride)
    let target = exact ? wanted : max(wanted, capacity + capacity / 2, unit)
    let fresh = arena.allocate(bytes: target * MemoryLayout<Value>.stride).bindMemory(to: Value.self, capacity: target)
    if let base {
      fresh.update(from: base, count: count)
      arena.free(base, bytes: bytes)
    }
    base = fresh
    capacity = target
  }

  /// Sets the number of cells; new ones are zero.
  public mutating func resize(_ newCount: Int, exact: Bool = false) {
    reserve(newCount, exact: exact)
    if newCount < count, let base {
      let tail = UnsafeMutableRawPointer(base + newCount)
      tail.initializeMemory(as: UInt8.self, repeating: 0, count: (count - newCount) * MemoryLayout<Value>.stride)
    }
    count = newCount
  }

  public mutating func append(_ value: Value) {
    reserve(count + 1)
    base.unsafelyUnwrapped[count] = value
    count += 1
  }

  public mutating func free() {
    if let base { arena.free(base, bytes: bytes) }
    base = nil
    count = 0
    capacity = 0
  }
}
