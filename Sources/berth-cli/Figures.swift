import BerthSimulation

/// Figures as people read them.
enum Figures {
  /// 1234567 -> "1,234,567".
  static func grouped(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// With that many decimals, the whole part grouped.
  static func decimal(_ value: Double, _ decimals: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int64((abs(value) * Double(scale)).rounded())
    var text = grouped(scaled / scale)
    if decimals > 0 {
      let rest = String(scaled % scale)
      text += "." + String(repeating: "0", count: decimals - rest.count) + rest
    }
    return value < 0 && scaled > 0 ? "-" + text : text
  }

  /// Three significant digits and the unit that suits: "831 ns", "1.94 µs", "2.03 s".
  static func duration(nanoseconds: Double) -> String {
    scaled(nanoseconds, step: 1000, units: ["ns", "µs", "ms", "s"])
  }

  /// "35.9 MiB".
  static func bytes(_ count: some BinaryInteger) -> String {
    scaled(Double(count), step: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB"])
  }

  /// "31.2 M": for rates.
  static func rate(_ value: Double) -> String { scaled(value, step: 1000, units: ["", "k", "M", "G"]) }

  static func percent(_ part: Double) -> String { decimal(part * 100, 1) + " %" }

  private static func scaled(_ value: Double, step: Double, units: [String]) -> String {
    var value = value
    var unit = 0
    while abs(value) >= step && unit < units.count - 1 {
      value /= step
      unit += 1
    }
    let decimals = abs(value) >= 100 || (unit == 0 && value == value.rounded()) ? 0 : abs(value) >= 10 ? 1 : 2
    let text = decimal(value, decimals)
    return units[unit].isEmpty ? text : "\(text) \(units[unit])"
  }
}
