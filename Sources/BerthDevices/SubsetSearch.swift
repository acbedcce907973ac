/// The rule of `SubsetTables`, applied to all sets of a size: what fills the tables.
extension SubsetFacts {
  /// The best `count` of the free GPUs, 1...16; NICs only from `freeNICs`.
  func search(free: UInt16, count: Int, demand: LinkDemand, freeNICs: UInt16) -> Choice {
    guard count >= 1 && count <= free.nonzeroBitCount else { return .impossible }
    var best: UInt16 = 0
    var bestKey: UInt64 = 0
    var set = lowest(count, of: free)
    repeat {
      if let key = key(of: set, free: free, demand: demand, freeNICs: freeNICs) {
        // the set that has the lowest GPU in which two differ comes first
        let differing = set ^ best
        if best == 0 || key > bestKey || (key == bestKey && differing & (~differing &+ 1) & set != 0) {
          (best, bestKey) = (set, key)
        }
      }
    } while advance(&set, in: free)
    guard best != 0 else { return .impossible }
    return Choice(
      mask: best, quality: quality(of: best, demand: demand, freeNICs: freeNICs),
      remainder: remainder(of: free, without: best))
  }

  /// What orders sets, larger is better: least class and sum of weights (32 bits; 0 without preference), score of the
  /// NICs (16 bits), value of what remains (16 bits). Nil when the set does not satisfy what is required.
  private func key(of set: UInt16, free: UInt16, demand: LinkDemand, freeNICs: UInt16) -> UInt64? {
    let links = linkKeys[Int(set)]
    guard links >> 24 >= UInt32(demand.required.rawValue) else { return nil }
    var key = demand.preference == .bestLinks ? UInt64(links) : 0
    key <<= 16
    if demand.nics > 0 {
      let near = nearestNICs(of: set, count: Int(demand.nics), free: freeNICs)
      if demand.requiresNICs && near.sharing < Int(demand.nics) { return nil }
      key |= UInt64(near.score)
    }
    return key << 16 | UInt64(values[Int(free & ~set)])
  }

  private func quality(of set: UInt16, demand: LinkDemand, freeNICs: UInt16) -> UInt8 {
    let least = leastClass(of: set)
    let links = least == Self.noPairs ? 100 : LinkClass(rawValue: least).quality
    guard demand.nics > 0 else { return UInt8(links) }
    let near = nearestNICs(of: set, count: Int(demand.nics), free: freeNICs)
    return UInt8((3 * links + near.score / Int(demand.nics)) / 4)
  }

  /// 100 less the share of the machine's value that taking the set breaks, rounded down.
  func remainder(of free: UInt16, without set: UInt16) -> UInt8 {
    let total = Int(values[Int(allGPUs)])
    guard total > 0 else { return 100 }
    let loss = Int(values[Int(free)]) - Int(values[Int(free & ~set)])
    return UInt8(100 * (total - loss) / total)
  }

  private func lowest(_ count: Int, of mask: UInt16) -> UInt16 {
    var rest = mask
    for _ in 0..<count { rest &= rest - 1 }
    return mask & ~rest
  }

  /// The next set of equally many GPUs of `mask`; false after the last. Gosper's step, with the bits outside the mask
  /// set so that the carry runs over them: the lowest run of members moves its top member up by one place, the others
  /// go down to the lowest places.
  private func advance(_ set: inout UInt16, in mask: UInt16) -> Bool {
    let low = UInt32(set & (~set &+ 1))
    let sum = UInt32(set | ~mask) + low
    guard sum <= 0xFFFF else { return false }
    let moved = UInt16(sum) & mask
    set = moved | lowest(set.nonzeroBitCount - moved.nonzeroBitCount, of: mask)
    return true
  }
}
