import Foundation

/// A value of JSON or YAML.
package indirect enum Value: Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case decimal(Double)
  case text(String)
  case list([Value])
  case object(Fields)

  /// What JSONSerialization gives. Types are compared before anything is cast: casts that fail try to bridge whole trees.
  package init(decoded value: Any) {
    let kind = Swift.type(of: value)
    if kind == String.self {
      self = .text(value as! String)
    } else if kind == [String: Any].self {
      let members = (value as! [String: Any]).map { Fields.Member(name: $0, value: Value(decoded: $1)) }
      self = .object(Fields(members: members))
    } else if kind == [Any].self {
      self = .list((value as! [Any]).map { Value(decoded: $0) })
    } else if let number = value as? NSNumber {
      // Foundation keeps true and false as numbers of one signed byte, and makes no others of those.
      if String(cString: number.objCType) == "c" {
        self = .boolean(number.boolValue)
      } else {
        self = Int64(exactly: number).map { .integer($0) } ?? .decimal(number.doubleValue)
      }
    } else {
      self = .null
    }
  }
}

/// An object's members. They are few and looked up by name: a list serves better than a hash table.
package struct Fields: Sendable {
  package struct Member: Sendable {
    package var name: String
    package var value: Value
    /// Of the text, from 1; 0 where its parser does not tell.
    package var line = 0

    package init(name: String, value: Value, line: Int = 0) {
      self.name = name
      self.value = value
      self.line = line
    }
  }

  package var members: [Member] = []

  package init(members: [Member] = []) { self.members = members }

  /// Nil where it is missing or null.
  package subscript(name: String) -> Value? {
    for member in members where member.name == name {
      if case .null = member.value { return nil }
      return member.value
    }
    return nil
  }

  package func text(_ name: String) -> String? {
    guard case .text(let text)? = self[name] else { return nil }
    return text
  }

  package func object(_ name: String) -> Fields? {
    guard case .object(let fields)? = self[name] else { return nil }
    return fields
  }

  /// The line on which a member stands; 0 where it is not known.
  func line(_ name: String) -> Int { members.first { $0.name == name }?.line ?? 0 }
}
