// What an assignment costs, counted from scratch.

extension Traffic {
  /// Picoseconds of a job whose rank r is at slot slotOf[r].
  func cost(_ slotOf: [UInt32], _ slots: Slots) -> Int64 {
    var sum = keptCost(slotOf, slots)
    var pairs = [Int](repeating: 0, count: linkLevels)
    for clique in cliques {
      for level in 0..<linkLevels { pairs[level] = 0 }
      countPairs(clique, slotOf, slots, &pairs)
      for level in 0..<linkLevels { sum += Int64(pairs[level]) * price(clique.kind, level) }
    }
    return sum
  }

  /// Of all edges but the cliques'. Most of the time of an assignment goes by here, so arrays are read without checks:
  /// every index is a rank, a slot or a kind that `init` made.
  private func keptCost(_ slotOf: [UInt32], _ slots: Slots) -> Int64 {
    let (levels, width) = (slots.levelCount, linkLevels)
    var sum: Int64 = 0
    slotOf.withUnsafeBufferPointer { slotOf in
      slots.rows.withUnsafeBufferPointer { rows in
        targets.withUnsafeBufferPointer { targets in
          kindOf.withUnsafeBufferPointer { kindOf in
            prices.withUnsafeBufferPointer { prices in
              for rank in 0..<rankCount {
                let row = Int(slotOf[rank]) * levels
                for edge in starts[rank]..<starts[rank + 1] where targets[edge] > rank {
                  let other = Int(slotOf[Int(targets[edge])]) * levels
                  var level = 0
                  while level < levels, rows[row + level] == rows[other + level] { level += 1 }
                  sum += prices[Int(kindOf[edge]) * width + level]
                }
              }
            }
          }
        }
      }
    }
    return sum
  }

  /// Bytes over each link level, both directions together.
  func bytesByLevel(_ slotOf: [UInt32], _ slots: Slots) -> [Int64] {
    var sums = [Int64](repeating: 0, count: linkLevels)
    for rank in 0..<rankCount {
      for edge in starts[rank]..<starts[rank + 1] where targets[edge] > rank {
        let level = slots.linkLevel(Int(slotOf[rank]), Int(slotOf[Int(targets[edge])]))
        sums[level] += bytes[Int(kindOf[edge])]
      }
    }
    for clique in cliques {
      var pairs = [Int](repeating: 0, count: linkLevels)
      countPairs(clique, slotOf, slots, &pairs)
      for level in 0..<linkLevels { sums[level] += Int64(pairs[level]) * bytes[clique.kind] }
    }
    return sums
  }

  /// Adds the pairs of all groups by link level. A group's slots, sorted, are runs by domain on every level, and
  /// c members in a domain are c (c - 1) / 2 pairs whose link level is at least its own.
  private func countPairs(_ clique: Clique, _ slotOf: [UInt32], _ slots: Slots, _ pairs: inout [Int]) {
    var members = [UInt32](repeating: 0, count: clique.offsets.count)
    for base in clique.bases {
      for (index, offset) in clique.offsets.enumerated() { members[index] = slotOf[base + offset] }
      members.sort()
      pairs[0] += members.count * (members.count - 1) / 2
      for level in 1..<linkLevels {
        var (run, last) = (0, UInt32.max)
        for member in members {
          let domain = slots.rows[Int(member) * slots.levelCount + level - 1]
          run = domain == last ? run + 1 : 0
          last = domain
          pairs[level] += run
          pairs[level - 1] -= run
        }
      }
    }
  }
}
