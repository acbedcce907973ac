/// Exchanges ranks, and whole blocks of ranks, as long as that makes an assignment cheaper.
///
/// Proposals are drawn from a fixed sequence: a rank, one of those it talks to, and a slot in the other's domain one
/// level further in than where the two meet now; the rank's block goes there, and the block there comes back. Only
/// gains are taken. The same input gives the same result on every machine; the count of proposals bounds the work.
struct SwapSearch {
  private let traffic: Traffic
  private let slots: Slots
  /// Slot by position, and position by slot: blocks are aligned ranges of positions.
  private let order: [UInt32]
  private var positionOf: [UInt32]
  private(set) var slotOf: [UInt32]
  private var rankAt: [UInt32]
  private var state: UInt64 = 0x6265_7274_6820_7261
  private(set) var iterations = 0

  init(_ traffic: Traffic, _ slots: Slots, _ slotOf: [UInt32], order: [UInt32]) {
    self.traffic = traffic
    self.slots = slots
    self.order = order
    self.slotOf = slotOf
    positionOf = order
    rankAt = slotOf
    for (position, slot) in order.enumerated() { positionOf[Int(slot)] = UInt32(position) }
    for (rank, slot) in slotOf.enumerated() { rankAt[Int(slot)] = UInt32(rank) }
  }

  /// Weighs so many proposals, a block of b ranks counting as b, with blocks of the sizes in turn.
  /// - Returns: what was gained.
  mutating func run(_ limit: Int, blockSizes: [Int]) -> Int64 {
    var gained: Int64 = 0
    var turn = 0
    while iterations < limit {
      let size = blockSizes[turn % blockSizes.count]
      turn += 1
      iterations += size
      guard let (rank, slot) = proposal() else { continue }
      let first = Int(positionOf[Int(slotOf[rank])]) / size
      let second = Int(positionOf[slot]) / size
      if first != second { gained -= exchange(first, second, size) }
    }
    return gained
  }

  private mutating func proposal() -> (rank: Int, slot: Int)? {
    let rank = below(traffic.rankCount)
    let kept = traffic.starts[rank + 1] - traffic.starts[rank]
    let choice = below(kept + traffic.cliques.count + 1)
    var partner: Int
    if choice < kept {
      partner = Int(traffic.targets[traffic.starts[rank] + choice])
    } else if choice < kept + traffic.cliques.count {
      let clique = traffic.cliques[choice - kept]
      partner = Int(clique.baseOf[rank]) + clique.offsets[below(clique.offsets.count)]
    } else {
      partner = below(traffic.rankCount)
    }
    guard partner != rank else { return nil }
    let level = slots.linkLevel(Int(slotOf[rank]), Int(slotOf[partner]))
    guard level < slots.levelCount else { return nil }
    let range = slots.range(of: Int(slotOf[partner]), at: level + 1)
    return (rank, range.lowerBound + below(range.count))
  }

  /// Exchanges two blocks of positions if that is cheaper. 0 or the change.
  private mutating func exchange(_ first: Int, _ second: Int, _ size: Int) -> Int64 {
    let before = twiceCost(first, second, size)
    swap(first, second, size)
    let change = twiceCost(first, second, size) - before
    if change < 0 { return change / 2 }
    swap(first, second, size)
    return 0
  }

  private mutating func swap(_ first: Int, _ second: Int, _ size: Int) {
    for index in 0..<size {
      let (one, other) = (Int(order[first * size + index]), Int(order[second * size + index]))
      rankAt.swapAt(one, other)
      slotOf[Int(rankAt[one])] = UInt32(one)
      slotOf[Int(rankAt[other])] = UInt32(other)
    }
  }

  /// Twice what all edges of the blocks' ranks cost: an edge within the blocks is met from both of its ends.
  private func twiceCost(_ first: Int, _ second: Int, _ size: Int) -> Int64 {
    var sum: Int64 = 0
    for block in [first, second] {
      for position in block * size..<(block + 1) * size {
        let slot = Int(order[position])
        let rank = Int(rankAt[slot])
        func add(_ other: Int, _ kind: Int) {
          let otherSlot = Int(slotOf[other])
          let otherBlock = Int(positionOf[otherSlot]) / size
          let price = traffic.price(kind, slots.linkLevel(slot, otherSlot))
          sum += otherBlock == first || otherBlock == second ? price : 2 * price
        }
        for edge in traffic.starts[rank]..<traffic.starts[rank + 1] {
          add(Int(traffic.targets[edge]), Int(traffic.kindOf[edge]))
        }
        for clique in traffic.cliques where !clique.isConstant {
          let base = Int(clique.baseOf[rank])
          for offset in clique.offsets where base + offset != rank { add(base + offset, clique.kind) }
        }
      }
    }
    return sum
  }

  /// Splitmix64 from a fixed seed: a number in 0..<bound.
  private mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)).multipliedFullWidth(by: UInt64(bound)).high)
  }
}
