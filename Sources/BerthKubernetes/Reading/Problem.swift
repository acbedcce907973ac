/// What is wrong with an object, and where in it.
public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
  /// "Pod default/web-1", or the file where it is of no object.
  public var object: String
  /// "spec.topologySpreadConstraints[0].maxSkew"; empty where it is of the object as a whole.
  public var path: String
  public var message: String

  public init(_ object: String, _ path: String = "", _ message: String) {
    self.object = object
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? "\(object): \(message)" : "\(object): \(path): \(message)" }
}

/// Input that was refused as a whole: nothing of it has been done.
public struct BadInput: Error, Sendable {
  public var problems: [Problem]
}
