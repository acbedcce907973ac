/// The places of a network, or some of them, in depth-first order: slot s is the s-th of them.
///
/// Every domain is a range of slots, so that counting and packing need no tables of children.
struct Slots {
  let count: Int
  let levelCount: Int
  /// The place of each slot.
  let places: [UInt32]
  /// [count][levelCount]: the domain of each slot, those of a level numbered in the order of slots.
  let rows: [UInt32]
  /// For each level the first slot of each domain, and the count behind the last.
  let starts: [[UInt32]]

  /// - Parameter isUsed: nil for all places.
  init(_ network: Network, where isUsed: [Bool]? = nil) {
    let levels = network.levelCount
    let places = isUsed.map { used in network.order.filter { used[Int($0)] } } ?? network.order
    var rows = [UInt32](repeating: 0, count: places.count * levels)
    var starts = [[UInt32]](repeating: [], count: levels)
    for level in 0..<levels {
      var last: UInt32?
      for (slot, place) in places.enumerated() {
        let domain = network.domains[Int(place) * levels + level]
        if domain != last { starts[level].append(UInt32(slot)) }
        last = domain
        rows[slot * levels + level] = UInt32(starts[level].count - 1)
      }
      starts[level].append(UInt32(places.count))
    }
    count = places.count
    levelCount = levels
    self.places = places
    self.rows = rows
    self.starts = starts
  }

  @inline(__always)
  func linkLevel(_ first: Int, _ second: Int) -> Int {
    var level = 0
    while level < levelCount, rows[first * levelCount + level] == rows[second * levelCount + level] { level += 1 }
    return level
  }

  /// The slots of the domain of link level `level` that the slot is in: all of them for 0.
  func range(of slot: Int, at level: Int) -> Range<Int> {
    if level == 0 { return 0..<count }
    let domain = Int(rows[slot * levelCount + level - 1])
    return Int(starts[level - 1][domain])..<Int(starts[level - 1][domain + 1])
  }

  /// How many domains of a level there are of each size, by size. Levels count from 0, the widest.
  func sizes(at level: Int) -> [(size: Int, count: Int)] {
    var counts: [Int: Int] = [:]
    for (start, end) in zip(starts[level], starts[level].dropFirst()) { counts[Int(end - start), default: 0] += 1 }
    return counts.map { (size: $0.key, count: $0.value) }.sorted { $0.size < $1.size }
  }
}
