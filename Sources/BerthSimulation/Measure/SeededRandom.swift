/// A reproducible random generator: xoshiro256** whose state is filled by splitmix64.
///
/// The same seed and stream give the same numbers on every machine. Streams keep the parts of a case apart: asking for
/// more pods changes no node. Anyone can rebuild it in a few lines of Python, which is why it stands here and why
/// Swift's own shuffling (whose use of the generator is not documented) is not used.
public struct SeededRandom: RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// The state is outputs 1 to 4 of splitmix64 started at `splitmix64(seed) xor stream`.
  public init(seed: UInt64, stream: UInt64 = 0) {
    var source = seed
    var filler = Self.splitmix(&source) ^ stream
    state = (
      Self.splitmix(&filler), Self.splitmix(&filler), Self.splitmix(&filler), Self.splitmix(&filler)
    )
  }

  private static func splitmix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  public mutating func next() -> UInt64 {
    let scaled = state.1 &* 5
    let result = ((scaled << 7) | (scaled >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// A number in 0..<bound: the high word of draw x bound. The bias is below bound / 2^64, so one draw always does.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "below: the bound must be positive")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in [0, 1): the upper 53 bits of a draw.
  public mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Fisher and Yates from the last element down; element i changes places with `below(i + 1)`.
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }
}
