import CBerth

/// A name, key or value. Compared byte by byte, as Kubernetes and C do it: Swift's String takes canonically equivalent
/// texts (an accent as one or two code points) for equal.
struct Name: Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
  let bytes: [UInt8]

  init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  init(stringLiteral text: String) { bytes = Array(text.utf8) }

  var isEmpty: Bool { bytes.isEmpty }
  var description: String { String(decoding: bytes, as: UTF8.self) }

  static func < (a: Name, b: Name) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

/// Text that comes over the boundary.
enum Text {
  /// A checked copy; `what` names it in messages.
  static func read(
    _ pointer: UnsafePointer<CChar>?, _ what: @autoclosure () -> String, allowsEmpty: Bool = false
  ) throws(EngineError) -> Name {
    guard let pointer else { throw EngineError(UInt32(BERTH_NULL_POINTER), "\(what()) is null") }
    let limit = Int(BERTH_MAX_TEXT_BYTES)
    var length = 0
    while length <= limit && pointer[length] != 0 { length += 1 }
    guard length <= limit else {
      throw EngineError(UInt32(BERTH_BAD_TEXT), "\(what()) is longer than \(limit) bytes")
    }
    guard length > 0 || allowsEmpty else { throw EngineError(UInt32(BERTH_BAD_TEXT), "\(what()) is empty") }
    guard let text = String(validatingCString: pointer) else {
      throw EngineError(UInt32(BERTH_BAD_TEXT), "\(what()) is not UTF-8")
    }
    return Name(text.utf8)
  }

  static func readOptional(_ pointer: UnsafePointer<CChar>?, _ what: String) throws(EngineError) -> Name {
    pointer == nil ? "" : try read(pointer, what, allowsEmpty: true)
  }
}

/// 64-bit quantities that come over the boundary.
enum Quantity {
  @inline(__always)
  static func check(
    _ value: Int64, atMost limit: Int64 = Int64(BERTH_MAX_QUANTITY), _ what: @autoclosure () -> String
  ) throws(EngineError) {
    guard value >= 0, value <= limit else {
      throw refuse(
        value < 0 ? BERTH_BAD_QUANTITY : BERTH_LIMIT, "\(what()) \(value) is outside 0...\(limit)")
    }
  }
}

@inline(__always)
func refuse(_ status: Int, _ message: String) -> EngineError { EngineError(UInt32(status), message) }
