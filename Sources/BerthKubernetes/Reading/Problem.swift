/// What is wrong with an object, and where in it.
public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
  /// "Pod default/web-1", or the file where it is of no object.
  public var object: String
  /// "spec.topologySpreadConstraints[0].maxSkew"; empty where it is of the object as a whole.
  public var path: String
  public var message: String
  /// Of the object's file; nil where its parser does not tell, or the object's name says enough.
  public var line: Int?

  public init(_ object: String, _ path: String = "", _ message: String, line: Int? = nil) {
    self.object = object
    self.path = path
    self.message = message
    self.line = line
  }

  public var description: String {
    let place = line.map { "\(object), line \($0)" } ?? object
    return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
  }
}

/// Input that was refused as a whole: nothing of it has been done.
public struct BadInput: Error, Sendable {
  public var problems: [Problem]

  package init(problems: [Problem]) { self.problems = problems }
}
