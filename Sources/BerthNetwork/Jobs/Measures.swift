import BerthKubernetes

/// Numbers with units as people write them of networks.
enum Measures {
  /// Bytes per second: "400Gbit/s", "400Gbps", "50GB/s", or a Kubernetes quantity of bytes, "50G".
  static func bandwidth(_ text: String) -> Double? {
    let units: [(suffix: String, factor: Double)] = [
      ("bit/s", 0.125), ("bps", 0.125), ("b/s", 0.125), ("B/s", 1), ("Bps", 1), ("bit", 0.125),
    ]
    for (suffix, factor) in units where text.hasSuffix(suffix) {
      return positive(bytes(String(text.dropLast(suffix.count)).trimmed).map { $0 * factor })
    }
    return positive(bytes(text.trimmed))
  }

  /// Bytes: a Kubernetes quantity, with a B behind it or without.
  static func bytes(_ text: String) -> Double? {
    let bare = text.hasSuffix("B") ? String(text.dropLast()).trimmed : text
    // A kilobyte is written with a large K as often.
    let usual = bare.hasSuffix("K") ? bare.dropLast() + "k" : bare[...]
    guard let quantity = Quantity(usual), quantity >= .zero else { return nil }
    return Double(quantity.nanos) / 1e9
  }

  /// Seconds: "1.5us", "200ns", "1ms", "3s", "2m", "1h", or a number of them.
  static func seconds(_ text: String) -> Double? {
    let units: [(suffix: String, factor: Double)] = [
      ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("", 1),
    ]
    for (suffix, factor) in units where text.hasSuffix(suffix) {
      let number = String(text.dropLast(suffix.count)).trimmed
      guard number.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }), let value = Double(number) else {
        return nil
      }
      return value.isFinite && value >= 0 && (value * factor).isFinite ? value * factor : nil
    }
    return nil
  }

  private static func positive(_ value: Double?) -> Double? { value.flatMap { $0 > 0 && $0.isFinite ? $0 : nil } }
}

extension String {
  var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace ?? false { text.removeFirst() }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return String(text)
  }
}
