/// XXH64, the 64-bit hash by Yann Collet, after its published specification: `xxhsum -H1` gives the same numbers. Files
/// are summed with it. It reads several bytes a cycle, and any change confined to one word of 8 bytes changes a lane.
enum XXHash64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  @inline(__always)
  private static func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { value << by | value >> (64 - by) }

  @inline(__always)
  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotate(lane &+ word &* prime2, 31) &* prime1
  }

  @inline(__always)
  private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
    (hash ^ round(0, lane)) &* prime1 &+ prime4
  }

  @inline(__always)
  private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    guard let base = bytes.baseAddress else { return finish(seed &+ prime5, bytes, from: 0) }
    var offset = 0
    var hash = seed &+ prime5
    if bytes.count >= 32 {
      var a = seed &+ prime1 &+ prime2
      var b = seed &+ prime2
      var c = seed
      var d = seed &- prime1
      let last = bytes.count - 32
      while offset <= last {
        a = round(a, word(base, offset))
        b = round(b, word(base, offset + 8))
        c = round(c, word(base, offset + 16))
        d = round(d, word(base, offset + 24))
        offset += 32
      }
      hash = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18)
      hash = merge(merge(merge(merge(hash, a), b), c), d)
    }
    return finish(hash, bytes, from: offset)
  }

  private static func finish(_ start: UInt64, _ bytes: UnsafeRawBufferPointer, from first: Int) -> UInt64 {
    var hash = start &+ UInt64(bytes.count)
    if let base = bytes.baseAddress {
      var offset = first
      while offset + 8 <= bytes.count {
        hash = rotate(hash ^ round(0, word(base, offset)), 27) &* prime1 &+ prime4
        offset += 8
      }
      if offset + 4 <= bytes.count {
        let half = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        hash = rotate(hash ^ UInt64(half) &* prime1, 23) &* prime2 &+ prime3
        offset += 4
      }
      while offset < bytes.count {
        hash = rotate(hash ^ UInt64(bytes[offset]) &* prime5, 11) &* prime1
        offset += 1
      }
    }
    hash = (hash ^ hash >> 33) &* prime2
    hash = (hash ^ hash >> 29) &* prime3
    return hash ^ hash >> 32
  }
}
