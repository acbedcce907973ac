/// What Kubernetes lets be a name, a label's key and a label's value. Each answers what is wrong, or nil.
package enum LabelSyntax {
  package static func wrongKey(_ key: String) -> String? {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return "a label key has at most one '/'" }
    if parts.count == 2 {
      if parts[0].isEmpty { return "the prefix of a label key must not be empty" }
      if let wrong = wrongSubdomain(String(parts[0])) { return "the prefix of a label key \(wrong)" }
    }
    let name = parts[parts.count - 1]
    if name.isEmpty { return "the name of a label key must not be empty" }
    if name.utf8.count > 63 { return "the name of a label key must be no more than 63 characters" }
    return isWord(name) ? nil : "a label key \(wordRule)"
  }

  static func wrongValue(_ value: String) -> String? {
    if value.utf8.count > 63 { return "a label value must be no more than 63 characters" }
    return value.isEmpty || isWord(value[...]) ? nil : "a label value \(wordRule)"
  }

  /// A DNS subdomain, as names of pods and nodes are.
  static func wrongSubdomain(_ name: String) -> String? {
    if name.utf8.count > 253 { return "must be no more than 253 characters" }
    let isFine = name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.utf8.first, let last = part.utf8.last else { return false }
      return isLowerOrDigit(first) && isLowerOrDigit(last)
        && part.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
    return isFine ? nil : "must consist of lower case letters, digits, '-' or '.', with a letter or digit at each end"
  }

  private static let wordRule = "consists of letters, digits, '-', '_' or '.', with a letter or digit at each end"

  private static func isWord(_ word: Substring) -> Bool {
    guard let first = word.utf8.first, let last = word.utf8.last else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && word.utf8.allSatisfy {
        isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
