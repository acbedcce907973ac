/// Draws that repeat exactly from a seed: splitmix64.
struct Random: RandomNumberGenerator {
  private var state: UInt64

  init(seed: Int) {
    state = UInt64(truncatingIfNeeded: seed)
    // Neighbouring seeds would otherwise draw the same numbers a little later.
    state = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func int64(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }

  mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }

  mutating func pick<C: Collection>(_ values: C) -> C.Element { values.randomElement(using: &self)! }

  mutating func shuffled<T>(_ values: [T]) -> [T] { values.shuffled(using: &self) }

  /// `count` of the values, in random order.
  mutating func sample<T>(_ values: [T], _ count: Int) -> [T] { Array(shuffled(values).prefix(count)) }

  /// Up to `limit`, small numbers as likely as large ones.
  mutating func logarithmic(upTo limit: Int64) -> Int64 {
    let bits = int(0...(Int64.bitWidth - limit.leadingZeroBitCount))
    return min(limit, bits == 0 ? 0 : int64((1 << (bits - 1))...((1 << bits) - 1)))
  }

  /// 0 with probability 1/3, else anything: some commands are missing altogether, some dominate.
  mutating func swarmWeight() -> Double { chance(1.0 / 3) ? 0 : Double.random(in: 0.1...1, using: &self) }
}
