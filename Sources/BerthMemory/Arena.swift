import CPlatform
import Synchronization

/// The memory of a family of engines: an engine and its forks. Every column and block comes from here; an engine that
/// ends before its family gives back what only it held, the last one everything in one go.
/// The only seam to the allocator, for several threads at once; running out of memory inside a call is fatal, see
/// `reserve` functions of the structures for growth that can be refused before anything changes.
public final class Arena: @unchecked Sendable {
  @usableFromInline let handle: OpaquePointer
  private let members = Atomic<Int>(1)

  /// `nil` when the wanted backend cannot be had in this process.
  public init?(backend: Int32) {
    guard let handle = bp_arena_create(backend) else { return nil }
    self.handle = handle
  }

  deinit { bp_arena_destroy(handle) }

  public var backend: Int32 { bp_arena_backend(handle) }

  /// Engines that live. An engine that finds itself alone stays so until it is forked.
  public var engines: Int { members.load(ordering: .acquiring) }
  public func join() { members.add(1, ordering: .relaxed) }
  /// After the engine gave back what it held.
  public func leave() { members.subtract(1, ordering: .releasing) }

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
    /// Counted blocks that some engine holds, and their bytes with headers.
    public var blocks: UInt64 = 0
    public var blockBytes: UInt64 = 0
  }

  public func statistics() -> Statistics {
    var result = Statistics()
    bp_arena_statistics(handle, &result.allocated, &result.mapped, &result.allocations)
    bp_blocks_statistics(handle, &result.blocks, &result.blockBytes)
    return result
  }
}

/// A counted block: memory that engines of a family share until one of them writes. See `blocks.h`.
public struct SharedBlock {
  public static let largest = Int(BP_BLOCK_LIMIT)
  private static let header = Int(BP_BLOCK_HEADER)

  public let base: UnsafeMutableRawPointer

  @inlinable @inline(__always)
  public init(_ base: UnsafeMutableRawPointer) { self.base = base }

  /// A new block that the caller alone holds; its content is undefined.
  public init(bytes: Int, in arena: Arena) {
    guard let block = bp_block_allocate(arena.handle, bytes) else {
      fatalError("berth: out of memory (a block of \(bytes) bytes)")
    }
    base = block
  }

  /// A copy that the caller alone holds.
  public func copy(in arena: Arena) -> SharedBlock {
    let copy = SharedBlock(bytes: bytes, in: arena)
    copy.base.copyMemory(from: base, byteCount: bytes)
    return copy
  }

  public var bytes: Int { bp_block_bytes(base) }
  public var heldBytes: Int { bytes + Self.header }
  public var references: UInt32 { bp_block_references(base) }
  public var isShared: Bool { references != 1 }

  public func retain() { bp_block_retain(base) }

  /// True for its last holder, who frees what the block itself holds, and then the block.
  public func drop() -> Bool { bp_block_drop(base) != 0 }
  public func free(in arena: Arena) { bp_block_free(arena.handle, base) }

  public func release(in arena: Arena) {
    if drop() { free(in: arena) }
  }

  /// What a block for so many bytes takes, with its header.
  public static func heldBytes(for bytes: Int) -> Int { (bytes + 63) & ~63 + header }
}
