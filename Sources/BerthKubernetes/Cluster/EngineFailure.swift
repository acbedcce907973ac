import CBerth

/// What the engine said when it refused a call.
public struct EngineFailure: Error, CustomStringConvertible, Sendable {
  public var description: String
}

extension OpaquePointer? {
  /// The sentence that belongs to the engine's last refusal; without an engine, the thread's.
  var lastSentence: String {
    var text = [CChar](repeating: 0, count: 4096)
    guard berth_engine_last_error(self, &text, text.count, nil) == BERTH_OK else { return "the engine gave no reason" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
