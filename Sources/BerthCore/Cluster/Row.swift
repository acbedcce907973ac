/// A node's row, for reading: what a decision needs of one node, in one or two cache lines.
///
///     0 leaf u32 | 4 node index u32 | 8 shape u32 | 12 pool u16 | 14 - | 16 tie u32 | 20 generation u32 | 24 used i64[dims]
///
/// It is void once the node's group has been written to: whoever changes nodes takes a `MutableRow` first.
struct Row {
  static let headerBytes = 24
  let base: UnsafeRawPointer

  @inline(__always) var leaf: UInt32 { base.load(fromByteOffset: 0, as: UInt32.self) }
  @inline(__always) var node: UInt32 { base.load(fromByteOffset: 4, as: UInt32.self) }
  @inline(__always) var shape: UInt32 { base.load(fromByteOffset: 8, as: UInt32.self) }
  @inline(__always) var pool: UInt16 { base.load(fromByteOffset: 12, as: UInt16.self) }
  @inline(__always) var tie: UInt32 { base.load(fromByteOffset: 16, as: UInt32.self) }
  /// The node's generation, beside its index: a placement makes the node's id of both.
  @inline(__always) var generation: UInt32 { base.load(fromByteOffset: 20, as: UInt32.self) }
  @inline(__always) var id: UInt64 { UInt64(generation) << 32 | UInt64(node) }
  @inline(__always) var used: UnsafePointer<Int64> {
    (base + Self.headerBytes).assumingMemoryBound(to: Int64.self)
  }
}

/// A row that no other engine reaches. It stays where it is until its group gets larger or the engine is forked.
struct MutableRow {
  let base: UnsafeMutableRawPointer

  @inline(__always) var row: Row { Row(base: UnsafeRawPointer(base)) }
  @inline(__always) var leaf: UInt32 {
    get { row.leaf }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 0, as: UInt32.self) }
  }
  @inline(__always) var node: UInt32 {
    get { row.node }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 4, as: UInt32.self) }
  }
  @inline(__always) var shape: UInt32 {
    get { row.shape }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 8, as: UInt32.self) }
  }
  @inline(__always) var pool: UInt16 {
    get { row.pool }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 12, as: UInt16.self) }
  }
  @inline(__always) var tie: UInt32 {
    get { row.tie }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 16, as: UInt32.self) }
  }
  @inline(__always) var generation: UInt32 {
    get { row.generation }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 20, as: UInt32.self) }
  }
  @inline(__always) var id: UInt64 { row.id }
  @inline(__always) var used: UnsafeMutablePointer<Int64> {
    (base + Row.headerBytes).assumingMemoryBound(to: Int64.self)
  }
}
