/// What is wrong in a CSV file, and where. Lines and columns count from 1; columns count characters.
public struct CSVError: Error, CustomStringConvertible, Equatable {
  public let file: String
  public let line: Int
  public let column: Int
  /// What was expected and what was found.
  public let message: String

  package init(file: String, line: Int, column: Int, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  public var description: String { "\(file):\(line):\(column): \(message)" }
}
