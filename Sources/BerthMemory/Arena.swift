import CPlatform

/// An engine's own memory: every column and block comes from here and is freed in one go with the engine.
/// The only seam to the allocator; running out of memory inside a call is fatal, see `reserve` functions of the
/// structures for growth that can be refused before anything changes.
public final class Arena {
  @usableFromInline let handle: OpaquePointer

  /// `nil` when the wanted backend cannot be had in this process.
  public init?(backend: Int32) {
    guard let handle = bp_arena_create(backend) else { return nil }
    self.handle = handle
  }

  deinit { bp_arena_destroy(handle) }

  public var backend: Int32 { bp_arena_backend(handle) }

  /// Zeroed, 64-byte aligned.
  public func allocate(bytes: Int) -> UnsafeMutableRawPointer {
    guard let block = bp_arena_allocate(handle, bytes) else {
      fatalError("berth: out of memory (\(bytes) bytes)")
    }
    return block
  }

  public func free(_ block: UnsafeMutableRawPointer, bytes: Int) {
    bp_arena_free(handle, block, bytes)
  }

  public struct Statistics {
    public var allocated: UInt64 = 0
    public var mapped: UInt64 = 0
    public var allocations: UInt64 = 0
  }

  public func statistics() -> Statistics {
    var result = Statistics()
    bp_arena_statistics(handle, &result.allocated, &result.mapped, &result.allocations)
    return result
  }
}
