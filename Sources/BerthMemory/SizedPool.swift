/// Blocks of many sizes (multiples of 64 bytes, up to 16 KiB) carved from chunks of up to 2 MiB, so that huge pages
/// serve them; freed blocks are reused by size. Blocks never move.
public struct SizedPool {
  private let arena: Arena
  private var chunks: Column<UnsafeMutableRawPointer>
  private var chunkBytes: Column<Int>
  private var freeLists: Column<UnsafeMutableRawPointer?>
  private var cursor: UnsafeMutableRawPointer?
  private var left = 0
  private static let largest = 16 << 10

  public init(in arena: Arena) {
    self.arena = arena
    chunks = Column(in: arena)
    chunkBytes = Column(in: arena)
    freeLists = Column(in: arena)
  }

  public var bytes: Int {
    var sum = freeLists.bytes + chunks.bytes + chunkBytes.bytes
    for index in 0..<chunkBytes.count { sum += chunkBytes[index] }
    return sum
  }

  /// Zeroed.
  public mutating func allocate(bytes wanted: Int) -> UnsafeMutableRawPointer {
    let bytes = (wanted + 63) & ~63
    precondition(bytes <= Self.largest)
    if freeLists.count == 0 { freeLists.resize(Self.largest / 64 + 1) }
    if let block = freeLists[bytes / 64] {
      freeLists[bytes / 64] = block.load(as: UnsafeMutableRawPointer?.self)
      block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      return block
    }
    if left < bytes {
      let size = chunks.count == 0 ? 64 << 10 : 2 << 20
      let chunk = arena.allocate(bytes: size)
      chunks.append(chunk)
      chunkBytes.append(size)
      cursor = chunk
      left = size
    }
    let block = cursor.unsafelyUnwrapped
    cursor = block + bytes
    left -= bytes
    return block
  }

  public mutating func release(_ block: UnsafeMutableRawPointer, bytes wanted: Int) {
    let bytes = (wanted + 63) & ~63
    block.storeBytes(of: freeLists[bytes / 64], as: UnsafeMutableRawPointer?.self)
    freeLists[bytes / 64] = block
  }
}
