/// A Kubernetes quantity, exact: a number of 10^-9 units, which is as fine as Kubernetes counts. Quantities are added
/// as they are; only a sum is rounded, up, to whole units or thousandths.
package struct Quantity: Hashable, Comparable, Sendable {
  package var nanos: Int128

  package static let zero = Quantity(nanos: 0)

  init(nanos: Int128) { self.nanos = nanos }

  /// Nil where the text is no quantity: a number with an optional sign, then a suffix (n u m k M G T P E, Ki to Ei) or a
  /// decimal exponent. What is finer than 10^-9 is rounded up, what leaves 64 bits ends at the highest value.
  package init?(_ text: some StringProtocol) {
    var rest = Substring(text).utf8[...]
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      isNegative = sign == UInt8(ascii: "-")
      rest.removeFirst()
    }
    guard let number = Self.takeNumber(&rest), let scale = Self.scale(String(Substring(rest))) else { return nil }
    let value = Self.scaled(number.mantissa, tens: number.tens + scale.tens + 9, twos: scale.twos)
    nanos = isNegative ? -value : value
  }

  /// ceil, away from zero as Kubernetes rounds.
  package var units: Int64 { rounded(by: 1_000_000_000) }
  package var thousandths: Int64 { rounded(by: 1_000_000) }

  package static func < (one: Self, other: Self) -> Bool { one.nanos < other.nanos }
  static func + (one: Self, other: Self) -> Self { Quantity(nanos: one.nanos + other.nanos) }

  private func rounded(by divisor: Int128) -> Int64 {
    let (quotient, rest) = nanos.quotientAndRemainder(dividingBy: divisor)
    return Int64(clamping: rest == 0 ? quotient : quotient + rest.signum())
  }

  private static let highest = Int128(Int64.max) * 1_000_000_000

  /// Digits with at most one point among them, at least one digit. 30 significant ones are exact, which is more than 64
  /// bits and nine decimals hold; the others can only make it a little more.
  private static func takeNumber(_ text: inout Substring.UTF8View) -> (mantissa: UInt128, tens: Int)? {
    var mantissa: UInt128 = 0
    var tens = 0
    var digits = 0
    var hasPoint = false
    var isCut = false
    while let byte = text.first {
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
        digits += 1
        let digit = UInt128(byte - UInt8(ascii: "0"))
        if mantissa < Self.power(10, 29)! {
          mantissa = mantissa * 10 + digit
          tens -= hasPoint ? 1 : 0
        } else {
          isCut = isCut || digit != 0
          tens += hasPoint ? 0 : 1
        }
      } else {
        break
      }
      text.removeFirst()
    }
    guard digits > 0 else { return nil }
    return (mantissa + (isCut ? 1 : 0), tens)
  }

  private static func scale(_ suffix: String) -> (tens: Int, twos: Int)? {
    switch suffix {
    case "": return (0, 0)
    case "n": return (-9, 0)
    case "u": return (-6, 0)
    case "m": return (-3, 0)
    case "k": return (3, 0)
    case "M": return (6, 0)
    case "G": return (9, 0)
    case "T": return (12, 0)
    case "P": return (15, 0)
    case "E": return (18, 0)
    case "Ki": return (0, 10)
    case "Mi": return (0, 20)
    case "Gi": return (0, 30)
    case "Ti": return (0, 40)
    case "Pi": return (0, 50)
    case "Ei": return (0, 60)
    default:
      guard suffix.hasPrefix("e") || suffix.hasPrefix("E"), suffix.utf8.count > 1 else { return nil }
      // An exponent of more digits than these is out of every range, and must not overflow here.
      return Int(suffix.dropFirst()).map { (max(-1000, min($0, 1000)), 0) }
    }
  }

  /// ceil(mantissa x 10^tens x 2^twos), at most the highest value.
  private static func scaled(_ mantissa: UInt128, tens: Int, twos: Int) -> Int128 {
    guard mantissa != 0 else { return 0 }
    var mantissa = mantissa
    var tens = tens
    // 2^60 x 30 digits is more than 128 bits: give digits up, rounding up, until there is room.
    while mantissa.leadingZeroBitCount < twos {
      mantissa = (mantissa + 9) / 10
      tens += 1
    }
    mantissa <<= UInt128(twos)
    if tens < 0 {
      guard let divisor = power(10, -tens) else { return 1 }
      let (quotient, rest) = mantissa.quotientAndRemainder(dividingBy: divisor)
      return min(Int128(clamping: rest == 0 ? quotient : quotient + 1), highest)
    }
    guard let factor = power(10, tens) else { return highest }
    let (product, overflow) = mantissa.multipliedReportingOverflow(by: factor)
    return overflow ? highest : min(Int128(clamping: product), highest)
  }

  private static func power(_ base: UInt128, _ exponent: Int) -> UInt128? {
    guard exponent <= 38 else { return nil }
    return (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
