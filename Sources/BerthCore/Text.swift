import CBerth

/// Text that comes over the boundary.
enum Text {
  /// A checked copy; `what` names it in messages.
  static func read(
    _ pointer: UnsafePointer<CChar>?, _ what: @autoclosure () -> String, allowsEmpty: Bool = false
  ) throws(EngineError) -> String {
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
    return text
  }

  static func readOptional(_ pointer: UnsafePointer<CChar>?, _ what: String) throws(EngineError) -> String {
    pointer == nil ? "" : try read(pointer, what, allowsEmpty: true)
  }
}

@inline(__always)
func refuse(_ status: Int, _ message: String) -> EngineError { EngineError(UInt32(status), message) }
