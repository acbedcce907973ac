/// Texts and lists that records of a call point to, for as long as this lives.
final class CallMemory {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  func text(_ text: String) -> UnsafePointer<CChar> {
    var text = text
    return text.withUTF8 { bytes in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
      for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
      copy[bytes.count] = 0
      blocks.append(copy)
      return UnsafePointer(copy)
    }
  }

  /// Null where there is nothing. Records have nothing that must be torn down.
  func list<T: BitwiseCopyable>(_ elements: [T]) -> UnsafePointer<T>? {
    guard !elements.isEmpty else { return nil }
    let copy = UnsafeMutablePointer<T>.allocate(capacity: elements.count)
    copy.initialize(from: elements, count: elements.count)
    blocks.append(copy)
    return UnsafePointer(copy)
  }

  func texts(_ texts: [String]) -> UnsafePointer<UnsafePointer<CChar>?>? {
    list(texts.map { Optional(text($0)) })
  }
}
