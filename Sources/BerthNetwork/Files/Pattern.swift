import Foundation

/// A regular expression as Volcano's HyperNodes have it. Theirs are of Go's RE2, which takes time linear in the text;
/// ours search by trying, so what could take very long is refused: a repetition of what repeats itself.
struct Pattern: @unchecked Sendable {
  struct Mistake: Error {
    var message: String
  }

  // NSRegularExpression cannot be changed once it is made, and is documented as safe to share.
  private let expression: NSRegularExpression

  init(_ text: String) throws(Mistake) {
    guard text.utf8.count <= 1000 else { throw Mistake(message: "is longer than 1000 bytes") }
    if Self.nestsRepetitions(text) {
      throw Mistake(message: "'\(text)' repeats a group that repeats itself: write it without, as node-[0-9]+ does")
    }
    for unknown in ["(?=", "(?!", "(?<=", "(?<!", "(?>", "\\1", "\\2"] where text.contains(unknown) {
      throw Mistake(message: "'\(text)' has '\(unknown)', which Go's expressions do not have")
    }
    do {
      expression = try NSRegularExpression(pattern: text)
    } catch {
      throw Mistake(message: "'\(text)' is no regular expression: check its brackets, braces and backslashes")
    }
  }

  func matches(_ name: String) -> Bool {
    expression.firstMatch(in: name, range: NSRange(name.startIndex..., in: name)) != nil
  }

  /// Whether a group with a repetition or a choice within is repeated itself.
  private static func nestsRepetitions(_ text: String) -> Bool {
    var open: [Bool] = []
    var closed = false
    var isEscaped = false
    var isClass = false
    for character in text {
      defer { if character != ")" { closed = false } }
      if isEscaped {
        isEscaped = false
        continue
      }
      switch character {
      case "\\": isEscaped = true
      case "[" where !isClass: isClass = true
      case "]": isClass = false
      case _ where isClass: break
      case "(": open.append(false)
      case ")":
        closed = open.popLast() ?? false
        // What is within a group is within those around it.
        if closed, !open.isEmpty { open[open.count - 1] = true }
      case "*", "+", "{":
        if closed { return true }
        if !open.isEmpty { open[open.count - 1] = true }
      case "|": if !open.isEmpty { open[open.count - 1] = true }
      default: break
      }
    }
    return false
  }
}
