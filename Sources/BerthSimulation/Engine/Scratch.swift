/// C strings and arrays that live as long as this object: what a call across the C structs points into.
///
/// `Engine` takes the structs of berth.h, whose pointers must stay valid during the call only. Nested arrays (terms of
/// requirements of values) would need a pyramid of closures otherwise.
final class Scratch {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// A zero-terminated copy.
  func text(_ string: String) -> UnsafePointer<CChar> {
    var string = string
    return string.withUTF8 { utf8 in
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: utf8.count + 1)
      for (index, byte) in utf8.enumerated() { copy[index] = CChar(bitPattern: byte) }
      copy[utf8.count] = 0
      blocks.append(UnsafeMutableRawPointer(copy))
      return UnsafePointer(copy)
    }
  }

  /// A copy of trivial elements; null when there are none.
  func array<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element>? {
    guard !elements.isEmpty else { return nil }
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
    copy.initialize(from: elements, count: elements.count)
    blocks.append(UnsafeMutableRawPointer(copy))
    return UnsafePointer(copy)
  }

  func texts(_ strings: [String]) -> UnsafePointer<UnsafePointer<CChar>?>? {
    array(strings.map { Optional(text($0)) })
  }
}
