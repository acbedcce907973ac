import CPlatform

/// Memory of all slot indexes of an engine: small blocks of few sizes out of large chunks, for which huge pages are asked.
/// A change of a node touches one block of every class; on small pages most of these would miss the TLB, too.
final class SlotMemory {
  private static let firstChunk = 64 << 10
  private static let largestChunk = 2 << 20
  private var chunks: [UnsafeMutableRawPointer] = []
  private var chunkBytes = firstChunk / 2
  private var next: UnsafeMutableRawPointer?
  private var left = 0
  /// Given back, by size; each begins with the next one's address.
  private var free: [Int: UnsafeMutableRawPointer] = [:]

  deinit { for chunk in chunks { chunk.deallocate() } }

  private static func size(_ bytes: Int) -> Int { max(64, (bytes + 63) & ~63) }

  /// 64-byte aligned, its content undefined.
  func take(_ bytes: Int) -> UnsafeMutableRawPointer {
    let size = Self.size(bytes)
    if let block = free[size] {
      free[size] = block.load(as: UnsafeMutableRawPointer?.self)
      return block
    }
    if size > left { makeChunk(for: size) }
    let block = next.unsafelyUnwrapped
    next = block + size
    left -= size
    return block
  }

  func give(_ block: UnsafeMutableRawPointer, _ bytes: Int) {
    block.storeBytes(of: free[Self.size(bytes)], as: UnsafeMutableRawPointer?.self)
    free[Self.size(bytes)] = block
  }

  private func makeChunk(for size: Int) {
    chunkBytes = min(2 * chunkBytes, Self.largestChunk)
    let bytes = max(size, chunkBytes)
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: chunkBytes)
    if bytes >= Self.largestChunk { bp_prefer_huge_pages(chunk, bytes) }
    chunks.append(chunk)
    (next, left) = (chunk, bytes)
  }
}
