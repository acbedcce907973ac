/// Which pools a class may use: exactly, and hashed to 64 bits for the summaries of the trees.
struct PoolMask {
  /// One bit a pool.
  var words: UnsafePointer<UInt64>?
  /// Pool p is bit p & 63: a superset of what is allowed.
  var hashed: UInt64
  /// Bits that stand for allowed pools only.
  var certain: UInt64
  /// Every pool there is.
  var allowsAll: Bool

  static var none: PoolMask { PoolMask(words: nil, hashed: 0, certain: 0, allowsAll: false) }

  @inline(__always)
  func lanes(_ pools: UnsafePointer<UInt16>, count: Int) -> UInt64 {
    guard let words else { return allowsAll ? .max : 0 }
    var lanes: UInt64 = 0
    for lane in 0..<count {
      let pool = pools[lane]
      lanes |= ((words[Int(pool >> 6)] >> UInt64(pool & 63)) & 1) << UInt64(lane)
    }
    return lanes
  }
}
