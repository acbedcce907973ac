/// Divides ranks among domains from the widest level inwards: each domain's share grows from one rank by the one that
/// is tied most closely to what is there already. For traffic without dimensions, of which nothing else is known.
struct Growing {
  private let traffic: Traffic
  private let slots: Slots
  private var slotOf: [UInt32]
  /// By rank: what ties it to the share that grows.
  private var tie: [Int64]
  /// By rank: which part it belongs to; a part is numbered by its first slot, and ends as a rank's own slot.
  private var part: [Int]

  static func assignment(_ traffic: Traffic, _ slots: Slots) -> [UInt32] {
    var growing = Growing(
      traffic: traffic, slots: slots, slotOf: [UInt32](repeating: 0, count: traffic.rankCount),
      tie: [Int64](repeating: 0, count: traffic.rankCount), part: [Int](repeating: 0, count: traffic.rankCount))
    growing.divide((0..<traffic.rankCount).map { $0 }, 0..<slots.count, 0)
    return growing.slotOf
  }

  private mutating func divide(_ ranks: [Int], _ range: Range<Int>, _ level: Int) {
    if level == slots.levelCount {
      for (rank, slot) in zip(ranks.sorted(), range) { slotOf[rank] = UInt32(slot) }
      return
    }
    var children: [Range<Int>] = []
    var slot = range.lowerBound
    while slot < range.upperBound {
      children.append(slots.range(of: slot, at: level + 1))
      slot = children[children.count - 1].upperBound
    }
    if children.count == 1 { return divide(ranks, range, level + 1) }
    // Large domains first: they have the most to lose by what others took before.
    children.sort { ($1.count, $0.lowerBound) < ($0.count, $1.lowerBound) }
    for rank in ranks { part[rank] = range.lowerBound - slots.count }
    var shares: [[Int]] = []
    var first = 0
    for child in children { shares.append(grow(ranks, &first, child, range.lowerBound - slots.count, level)) }
    for (child, share) in zip(children, shares) { divide(share, child, level + 1) }
  }

  /// Takes `child.count` ranks of those that are still in part `open`.
  private mutating func grow(
    _ ranks: [Int], _ first: inout Int, _ child: Range<Int>, _ open: Int, _ level: Int
  ) -> [Int] {
    var share: [Int] = []
    var queue = MaxHeap()
    var touched: [Int] = []
    while share.count < child.count {
      var next: Int?
      while let (weight, rank) = queue.pop() {
        if part[rank] == open, tie[rank] == weight {
          next = rank
          break
        }
      }
      while next == nil {
        if part[ranks[first]] == open { next = ranks[first] } else { first += 1 }
      }
      guard let rank = next else { break }
      part[rank] = child.lowerBound
      share.append(rank)
      for edge in traffic.starts[rank]..<traffic.starts[rank + 1] {
        let other = Int(traffic.targets[edge])
        guard part[other] == open else { continue }
        let kind = Int(traffic.kindOf[edge])
        tie[other] += max(0, traffic.price(kind, level) - traffic.price(kind, traffic.linkLevels - 1))
        touched.append(other)
        queue.push(tie[other], other)
      }
    }
    for rank in touched { tie[rank] = 0 }
    return share
  }
}

/// Ranks by weight, the heaviest and then the lowest first.
private struct MaxHeap {
  private var items: [(weight: Int64, rank: Int)] = []

  private func isBefore(_ one: Int, _ other: Int) -> Bool {
    (items[other].weight, items[one].rank) < (items[one].weight, items[other].rank)
  }

  mutating func push(_ weight: Int64, _ rank: Int) {
    items.append((weight, rank))
    var child = items.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (weight: Int64, rank: Int)? {
    guard let top = items.first, let last = items.popLast() else { return nil }
    if items.isEmpty { return top }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && isBefore(child, least) {
        least = child
      }
      if least == parent { return top }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
