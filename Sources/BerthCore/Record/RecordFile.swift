import CBerth

/// What snapshots and journals have in common. All numbers are little-endian.
///
///     prologue  magic u64 | format u32 | ABI u32 | 0 u64 | XXH64 of the 24 bytes before
///     record    one frame or more; all but the last say that the record goes on
///     frame     head: payload bytes u32 | kind u16 | 1 if the record goes on u16 | number of the record u64 | check u64
///               payload
///               chain u64
///
/// check is XXH64 of the head's first 16 bytes with the previous frame's chain as the seed, chain is XXH64 of the payload
/// with check as the seed. So a frame stands for everything before it, the length is known to be right before it is
/// followed, and one number, the last chain, is the sum of the whole.
///
/// A file is written front to back, so a crash leaves a beginning of what was to be written. A frame that the file ends
/// in the middle of is *torn*; one whose bytes are all there and whose check or chain differs is *altered*. (Bytes
/// before the head's check is complete tell nothing; a head that is complete and right tells how long the frame is.)
enum RecordFile {
  static let format: UInt32 = 1
  static let prologueBytes = 32
  static let headBytes = 24
  static let tailBytes = 8
  /// A longer payload goes into several frames.
  static let maxPayload = 16 << 20

  enum Content: UInt64 {
    case snapshot = 0x0A53_4854_5245_4289  // 0x89 "BERTHS" newline
    case journal = 0x0A4A_4854_5245_4289  // 0x89 "BERTHJ" newline

    var name: String { self == .snapshot ? "snapshot" : "journal" }
    /// The chain before the first frame.
    var seed: UInt64 { rawValue }
  }

  static func putPrologue(_ content: Content, into writer: inout RecordWriter) {
    let start = writer.count
    writer.put(content.rawValue)
    writer.put(format)
    writer.put(UInt32(BERTH_ABI_VERSION))
    writer.put(UInt64(0))
    writer.put(XXHash64.hash(UnsafeRawBufferPointer(rebasing: writer.bytes[start...]), seed: 0))
  }

  static func checkPrologue(_ bytes: UnsafeRawBufferPointer, _ content: Content, path: String) throws(EngineError) {
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    guard bytes.count >= 8, word(0) == content.rawValue else {
      throw refuse(BERTH_BAD_FILE, "\(path), offset 0: this is no Berth \(content.name)")
    }
    guard bytes.count >= prologueBytes else {
      throw refuse(BERTH_BAD_FILE, "\(path), offset \(bytes.count): cut within the first \(prologueBytes) bytes")
    }
    guard XXHash64.hash(UnsafeRawBufferPointer(rebasing: bytes[..<24]), seed: 0) == word(24) else {
      throw refuse(BERTH_BAD_FILE, "\(path), offset 8: the first \(prologueBytes) bytes are altered")
    }
    let (format, abi) = (UInt32(truncatingIfNeeded: word(8)), UInt32(truncatingIfNeeded: word(8) >> 32))
    guard format == Self.format, abi == UInt32(BERTH_ABI_VERSION), word(16) == 0 else {
      throw refuse(
        BERTH_BAD_FILE,
        "\(path), offset 8: a \(content.name) of format \(format) and ABI \(abi), this library reads format "
          + "\(Self.format) and ABI \(BERTH_ABI_VERSION)")
    }
  }

  /// Makes frames of a record whose payload stands in `writer` from `start + headBytes` on. Returns the last chain.
  static func seal(
    _ writer: inout RecordWriter, from start: Int, kind: UInt16, goesOn: Bool = false, number: UInt64, chain: UInt64
  ) -> UInt64 {
    let total = writer.count - start - headBytes
    let frames = max(1, (total + maxPayload - 1) / maxPayload)
    writer.skip(frames * (headBytes + tailBytes) - headBytes)
    // from the last one on, each moves up by the room that the frames before it need
    for index in stride(from: frames - 1, to: 0, by: -1) {
      let from = start + headBytes + index * maxPayload
      (writer.base + from + index * (headBytes + tailBytes)).copyMemory(
        from: writer.base + from, byteCount: min(maxPayload, total - index * maxPayload))
    }
    var chain = chain
    for index in 0..<frames {
      let frame = start + index * (headBytes + maxPayload + tailBytes)
      let length = min(maxPayload, total - index * maxPayload)
      writer.set(UInt32(length), at: frame)
      writer.set(kind, at: frame + 4)
      writer.set(UInt16(goesOn || index < frames - 1 ? 1 : 0), at: frame + 6)
      writer.set(number, at: frame + 8)
      let check = XXHash64.hash(UnsafeRawBufferPointer(start: writer.base + frame, count: 16), seed: chain)
      writer.set(check, at: frame + 16)
      chain = XXHash64.hash(
        UnsafeRawBufferPointer(start: writer.base + frame + headBytes, count: length), seed: check)
      writer.set(chain, at: frame + headBytes + length)
    }
    return chain
  }
}
