/// FNV-1a, 64 bits, over little-endian numbers: two runs that decided alike have the same one.
public struct Checksum: Equatable, Sendable {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  public mutating func add(_ number: Int32) {
    var rest = UInt32(bitPattern: number)
    for _ in 0..<4 {
      value = (value ^ UInt64(rest & 0xFF)) &* 0x100_0000_01B3
      rest >>= 8
    }
  }

  /// A word in one step, which FNV-1a takes byte by byte: programs in other languages have to keep up.
  public mutating func add(word: UInt64) { value = (value ^ word) &* 0x100_0000_01B3 }

  /// 16 hexadecimal digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
