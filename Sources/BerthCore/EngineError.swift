import CBerth

/// Why a call was refused: the status of the C boundary and one sentence that names the cause and the cure.
public struct EngineError: Error, CustomStringConvertible {
  public let status: berth_status
  public let message: String

  public init(_ status: UInt32, _ message: String) {
    self.status = status
    self.message = message
  }

  public var description: String { message }
}
