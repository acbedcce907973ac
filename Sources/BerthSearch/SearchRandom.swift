/// The search's random numbers: splitmix64, whose whole state is one word.
///
/// The same seed gives the same numbers on every machine; no statistics beyond that of a search are asked of it.
public struct SearchRandom: RandomNumberGenerator, Sendable {
  @usableFromInline
  var state: UInt64

  @inlinable
  public init(seed: UInt64) { state = seed }

  @inlinable
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in 0..<bound: the high word of draw x bound, whose bias is below bound / 2^64.
  @inlinable
  public mutating func below(_ bound: Int) -> Int {
    assert(bound > 0, "below: the bound must be positive")
    return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
  }

  /// A number above 0 that exceeds x with probability about 2^-x: minus the binary logarithm of a fraction, straight
  /// between powers of two.
  ///
  /// Within 9 % of the logarithm, and the same bits on every machine, which no mathematical library promises.
  @inlinable
  public mutating func halving() -> Double {
    let bits = next()
    let zeros = bits.leadingZeroBitCount
    if zeros == 64 { return 64 }
    // The bits below the leading one, as a fraction in [0, 1).
    let fraction = Double(((bits << UInt64(zeros)) << 1) >> 11) * 0x1p-53
    return Double(zeros) + 1 - fraction
  }
}
