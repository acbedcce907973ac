import CBerth
import Foundation

/// The engine's words with the job's names.
enum GangMessages {
  /// Roles by name instead of number.
  static func text(_ message: String, _ job: GangJob, _ network: NetworkEngine) -> String {
    var result = ""
    var rest = message[...]
    while let found = rest.range(of: "of role ") {
      result += rest[..<found.upperBound].dropLast(8)
      let digits = rest[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
      if let role = Int(digits), job.roles.indices.contains(role) {
        result += "of \(job.roles[role].name)"
      } else {
        result += "of role \(digits)"
      }
      rest = rest[found.upperBound...].dropFirst(digits.count)
    }
    return result + rest
  }

  static func limits(_ limits: UInt32) -> [String] {
    let words = [
      (BERTH_GANG_LIMIT_STEPS, "steps"), (BERTH_GANG_LIMIT_ROLES, "roles"), (BERTH_GANG_LIMIT_STATES, "states"),
      (BERTH_GANG_LIMIT_CONSTRAINTS, "constraints"), (BERTH_GANG_LIMIT_SCORES, "scores"),
      (BERTH_GANG_LIMIT_ORDER, "order"),
    ]
    return words.filter { limits & UInt32($0.0) != 0 }.map(\.1)
  }
}
