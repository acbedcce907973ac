/// Lines of the Prometheus text format, version 0.0.4. Names, helps and labels are the engine's own words, so nothing
/// has to be escaped.
struct PrometheusText {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""

  /// A family with its samples, each after its labels.
  mutating func add(_ kind: Kind, _ name: String, _ help: String, _ samples: [(labels: String, value: UInt64)]) {
    begin(kind, name, help)
    for sample in samples { add(name, sample.labels, "\(sample.value)") }
  }

  mutating func add(_ kind: Kind, _ name: String, _ help: String, _ value: UInt64) {
    add(kind, name, help, [("", value)])
  }

  mutating func begin(_ kind: Kind, _ name: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func add(_ name: String, _ labels: String, _ value: String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  /// Nanoseconds as seconds, to the last digit.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard rest > 0 else { return "\(whole)" }
    let digits = "\(rest)"
    var fraction = Substring(String(repeating: "0", count: 9 - digits.utf8.count) + digits)
    while fraction.last == "0" { fraction.removeLast() }
    return "\(whole).\(fraction)"
  }
}
