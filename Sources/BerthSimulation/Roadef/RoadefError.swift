/// What is wrong in a file of the challenge, and where. Lines and columns count from 1.
public struct RoadefError: Error, CustomStringConvertible, Equatable {
  public let file: String
  public let line: Int
  public let column: Int
  /// The field, what was expected and what was found.
  public let message: String

  public var description: String { "\(file):\(line):\(column): \(message)" }
}
