/// Where each process runs: the machine of process 0, of process 1, and so on, with blanks between them.
public struct RoadefAssignment: Equatable, Sendable {
  public var machines: [Int]

  public init(machines: [Int]) { self.machines = machines }

  /// Reads an assignment file for that model. Throws `RoadefError` with file, line and column, or `FileError`.
  public init(path: String, model: RoadefModel) throws {
    try self.init(file: path, bytes: try ByteFile.read(path), model: model)
  }

  /// The numbers may stand on one line or on many.
  init(file: String, bytes: [UInt8], model: RoadefModel) throws(RoadefError) {
    var lines = RoadefLines(file: file, bytes: bytes)
    machines = []
    for process in model.processes.indices {
      lines.skipLineBreaks()
      machines.append(try lines.number("machine of process \(process)", in: 0...model.machines.count - 1))
    }
    try lines.endFile("after the machine of the last of \(model.processes.count) processes")
  }

  /// The file's content: one line.
  public var text: String { machines.map(String.init).joined(separator: " ") + "\n" }

  public func write(_ path: String) throws(FileError) { try ByteFile.write(path, text: text) }
}
