import Glibc

/// Values as bytes: little-endian, without padding. The buffer grows as needed and is used again for the next record.
struct RecordWriter: ~Copyable {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var count = 0
  private(set) var capacity: Int

  init(capacity: Int = 4096) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Room for so many bytes more.
  @inline(__always)
  mutating func reserve(_ additional: Int) {
    if count + additional > capacity { grow(additional) }
  }

  @inline(never)
  private mutating func grow(_ additional: Int) {
    capacity = max(count + additional, capacity * 2)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    fresh.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = fresh
  }

  /// Forgets what was written from `place` on.
  mutating func cut(to place: Int) { count = place }

  /// Forgets the first bytes.
  mutating func drop(_ first: Int) {
    memmove(base, base + first, count - first)
    count -= first
  }

  /// Leaves a gap, to be filled by `set`.
  mutating func skip(_ bytes: Int) {
    reserve(bytes)
    count += bytes
  }

  func set<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at place: Int) {
    base.storeBytes(of: value.littleEndian, toByteOffset: place, as: T.self)
  }

  @inline(__always)
  mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    reserve(MemoryLayout<T>.size)
    putReserved(value)
  }

  /// For a run of values that `reserve` made room for.
  @inline(__always)
  mutating func putReserved<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    base.storeBytes(of: value.littleEndian, toByteOffset: count, as: T.self)
    count += MemoryLayout<T>.size
  }

  mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }

  /// A count, then so many values.
  mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ values: UnsafeBufferPointer<T>) {
    put(UInt64(values.count))
    putAll(values)
  }

  /// The values without their count.
  mutating func putAll<T: FixedWidthInteger & BitwiseCopyable>(_ values: UnsafeBufferPointer<T>) {
    reserve(values.count * MemoryLayout<T>.size)
    for value in values { putReserved(value) }
  }

  mutating func put(raw bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// A text of at most `BERTH_MAX_TEXT_BYTES`: its length in 16 bits, then the bytes.
  mutating func put(_ name: Name) {
    name.bytes.withUnsafeBufferPointer { text in
      put(UInt16(text.count))
      put(raw: UnsafeRawBufferPointer(text))
    }
  }

  /// A C string of an accepted call, null as a length that no text has.
  mutating func put(_ text: UnsafePointer<CChar>?) {
    guard let text else { return put(RecordReader.nullText) }
    let length = strlen(text)
    put(UInt16(length))
    put(raw: UnsafeRawBufferPointer(start: text, count: length))
  }
}
