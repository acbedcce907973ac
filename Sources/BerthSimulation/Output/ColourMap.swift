/// The colours of a heat map: a palette of 256, of which the first two stand for no node and an empty node.
struct ColourMap {
  static let background: UInt8 = 0
  static let empty: UInt8 = 1
  /// Palette entries of utilisation 0 to 1.
  private static let first = 2
  private static let last = 255

  /// From dark violet over blue and green to yellow: lightness rises all the way, so the order also shows in grey and
  /// to people who do not tell red from green.
  private static let stops: [(red: Double, green: Double, blue: Double)] = [
    (62, 30, 112), (58, 74, 158), (40, 116, 168), (32, 152, 152), (70, 186, 116), (152, 212, 74), (252, 230, 74),
  ]

  /// Red, green, blue of each palette entry.
  static let palette: [UInt8] = {
    var bytes: [UInt8] = [14, 16, 22, 34, 38, 52]
    for entry in first...last {
      let place = Double(entry - first) / Double(last - first) * Double(stops.count - 1)
      let lower = min(Int(place), stops.count - 2)
      let part = place - Double(lower)
      let (from, to) = (stops[lower], stops[lower + 1])
      for (low, high) in [(from.red, to.red), (from.green, to.green), (from.blue, to.blue)] {
        bytes.append(UInt8((low + (high - low) * part).rounded()))
      }
    }
    return bytes
  }()

  /// The palette entry of a used share; beyond 1 (over-committed) it stays at the last.
  static func entry(_ share: Double) -> UInt8 {
    UInt8(first + Int((min(max(share, 0), 1) * Double(last - first)).rounded()))
  }
}
