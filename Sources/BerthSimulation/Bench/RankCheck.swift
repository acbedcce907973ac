import BerthRanks

/// The cost of an order of ranks, flow by flow from the definitions of the collectives: nothing of the assignment's own
/// arithmetic, groups or trees is used.
struct RankCheck {
  private let job: Job
  private let paths: [[UInt32]]

  init(_ job: Job, _ allocation: RankAllocation) {
    self.job = job
    paths = allocation.paths
  }

  /// Picoseconds, whatever their size.
  func picoseconds(_ placeOfRank: [UInt32]) -> Int128 {
    var sum: Int128 = 0
    for collective in job.collectives {
      let size = job.dimensions.indices.filter { collective.dimensions >> UInt32($0) & 1 == 1 }
        .reduce(1) { $0 * job.dimensions[$1] }
      for rank in 0..<job.rankCount {
        for (index, bytes, messages) in sent(collective, from: self.index(rank, collective.dimensions), size) {
          let level = level(placeOfRank[rank], placeOfRank[member(index, of: rank, collective.dimensions)])
          sum += price(
            Int128(bytes) * Int128(collective.times), Int128(messages) * Int128(collective.times),
            RankAllocation.links[level])
        }
      }
    }
    return sum
  }

  /// A rank's number in its group.
  private func index(_ rank: Int, _ mask: UInt32) -> Int {
    var (rest, index, stride) = (rank, 0, 1)
    for (dimension, size) in job.dimensions.enumerated() {
      if mask >> UInt32(dimension) & 1 == 1 {
        index += rest % size * stride
        stride *= size
      }
      rest /= size
    }
    return index
  }

  /// The rank with a number in another's group.
  private func member(_ index: Int, of rank: Int, _ mask: UInt32) -> Int {
    var (rest, index, stride, result) = (rank, index, 1, 0)
    for (dimension, size) in job.dimensions.enumerated() {
      if mask >> UInt32(dimension) & 1 == 1 {
        result += index % size * stride
        index /= size
      } else {
        result += rest % size * stride
      }
      rest /= size
      stride *= size
    }
    return result
  }

  /// What a member of a group sends, and to whom.
  private func sent(_ collective: Collective, from index: Int, _ size: Int) -> [(to: Int, bytes: Int, messages: Int)] {
    guard size > 1 else { return [] }
    let bytes = Int(collective.bytes)
    let chunk = (bytes + size - 1) / size
    switch collective.kind {
    case .ringAllReduce: return [((index + 1) % size, 2 * (size - 1) * chunk, 2 * (size - 1))]
    case .ringAllGather, .ringReduceScatter: return [((index + 1) % size, (size - 1) * chunk, size - 1)]
    case .treeAllReduce, .broadcast:
      let lowest = index == 0 ? size : index & -index
      var children: [Int] = []
      var bit = 1
      while bit < lowest, index + bit < size {
        children.append(index + bit)
        bit *= 2
      }
      let up = index == 0 || collective.kind == .broadcast ? [] : [index - lowest]
      return (children + up).map { ($0, bytes, 1) }
    case .allToAll: return (0..<size).filter { $0 != index }.map { ($0, chunk, 1) }
    case .halvingDoublingAllReduce:
      return (0..<size.trailingZeroBitCount).map { bit in
        (index ^ 1 << bit, 2 * ((bytes + (2 << bit) - 1) / (2 << bit)), 2)
      }
    case .pipeline: return [index - 1, index + 1].filter { (0..<size).contains($0) }.map { ($0, bytes, 1) }
    }
  }

  private func level(_ one: UInt32, _ other: UInt32) -> Int {
    let gpus = RankAllocation.gpusPerNode
    return zip(paths[Int(one) / gpus], paths[Int(other) / gpus]).prefix { $0 == $1 }.count
  }

  private func price(_ bytes: Int128, _ messages: Int128, _ link: Link) -> Int128 {
    let speed = Int128(link.bytesPerSecond)
    return (2 * bytes * 1_000_000_000_000 + speed) / (2 * speed) + messages * Int128(link.latencyNanoseconds) * 1000
  }
}
