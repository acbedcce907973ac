/// Orders slots so that blocks of nested sizes lie whole in domains as far as their sizes allow.
///
/// `ratios` [r1, r2, ...] stand for blocks of r1 slots, of r1 r2 slots, and so on to one block of all slots. From the
/// innermost domains outwards, each domain makes as many whole blocks of each size as it can of what its children left
/// over, and hands the rest to its parent. A domain of s slots thus contains floor(s / b) whole blocks of each size b,
/// its children's included, on every level at once: no assignment keeps more groups of b together anywhere.
///
/// What children leave over is joined largest remainder first, each filled up with the largest that still fits, so that
/// a block that must straddle does so over few domains.
struct Packing {
  /// members[j]: the blocks of size j that each block of size j + 1 has, ratios[j] in a row.
  private var members: [[UInt32]]
  private let ratios: [Int]

  /// The slots in the order of the blocks, each block of each size in a row. The ratios' product is the slots' count.
  static func order(_ slots: Slots, ratios: [Int]) -> [UInt32] {
    var packing = Packing(members: ratios.map { _ in [] }, ratios: ratios)
    var left = [[UInt32]](repeating: [], count: ratios.count + 1)
    // On the first pass each innermost domain is a parent of its slots, on the last the root of the widest domains.
    left[0] = (0..<UInt32(slots.count)).map { $0 }
    var bounds = [[Int]](repeating: [], count: ratios.count + 1)
    bounds[0] = Array(0...slots.count)
    for size in 1...ratios.count { bounds[size] = [Int](repeating: 0, count: slots.count + 1) }
    for level in stride(from: slots.levelCount, through: 0, by: -1) {
      let children = Self.children(slots, ofDomainsAt: level)
      packing.gather(children, &left, &bounds)
    }
    var order: [UInt32] = []
    order.reserveCapacity(slots.count)
    packing.unfold(left[ratios.count][0], ratios.count, into: &order)
    return order
  }

  /// The ranges of child domains of each domain of a link level; a slot is a domain of the level behind the last.
  private static func children(_ slots: Slots, ofDomainsAt level: Int) -> [Range<Int>] {
    func starts(_ level: Int) -> [UInt32]? { level == 0 ? nil : slots.starts[level - 1] }
    let parents = starts(level) ?? [0, UInt32(slots.count)]
    guard level < slots.levelCount else {
      return zip(parents, parents.dropFirst()).map { Int($0)..<Int($1) }
    }
    let inner = slots.starts[level]
    var ranges: [Range<Int>] = []
    var child = 0
    for end in parents.dropFirst() {
      let first = child
      while inner[child] < end { child += 1 }
      ranges.append(first..<child)
    }
    return ranges
  }

  /// Joins what the children of each domain left over. left[j] has blocks of size j, child by child; bounds[j] where
  /// those of each child begin, and the count behind the last.
  private mutating func gather(_ domains: [Range<Int>], _ left: inout [[UInt32]], _ bounds: inout [[Int]]) {
    // Blocks that the domains themselves made of smaller ones, domain by domain.
    var fresh: [UInt32] = []
    var freshBounds = [Int](repeating: 0, count: domains.count + 1)
    for size in 0...ratios.count {
      var rest: [UInt32] = []
      var restBounds = [0]
      var made: [UInt32] = []
      var madeBounds = [0]
      for (domain, children) in domains.enumerated() {
        let old = left[size][bounds[size][children.lowerBound]..<bounds[size][children.upperBound]]
        let new = fresh[freshBounds[domain]..<freshBounds[domain + 1]]
        let whole = size == ratios.count ? 0 : (old.count + new.count) / ratios[size]
        if whole == 0 {
          rest += old
          rest += new
        } else {
          // Single pieces, as slots in their node, have no remainders to match.
          let single = new.isEmpty && old.count == children.count
          let pieces = single ? old : joined(children, old, bounds[size], new, ratios[size])[...]
          let used = pieces.startIndex + whole * ratios[size]
          for start in stride(from: pieces.startIndex, to: used, by: ratios[size]) {
            made.append(make(pieces[start..<start + ratios[size]], size))
          }
          rest += pieces[used...]
        }
        restBounds.append(rest.count)
        madeBounds.append(made.count)
      }
      left[size] = rest
      bounds[size] = restBounds
      (fresh, freshBounds) = (made, madeBounds)
    }
  }

  /// The pieces in the order in which they make blocks.
  private func joined(
    _ children: Range<Int>, _ old: ArraySlice<UInt32>, _ bounds: [Int], _ new: ArraySlice<UInt32>, _ ratio: Int
  ) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(old.count + new.count)
    // Remainders by their size; those of early children are taken first, from the end.
    var byCount = [[ArraySlice<UInt32>]](repeating: [], count: ratio)
    func add(_ pieces: ArraySlice<UInt32>) {
      let whole = pieces.startIndex + pieces.count / ratio * ratio
      result += pieces[..<whole]
      byCount[pieces.endIndex - whole].append(pieces[whole...])
    }
    for child in children { add(old[bounds[child]..<bounds[child + 1]]) }
    add(new)
    byCount[0] = []
    for count in 1..<max(ratio, 1) { byCount[count].reverse() }
    var largest = ratio - 1
    while true {
      while largest > 0, byCount[largest].isEmpty { largest -= 1 }
      guard largest > 0, let first = byCount[largest].popLast() else { return result }
      result += first
      var need = ratio - first.count
      while need > 0 {
        if let fits = (1...need).last(where: { !byCount[$0].isEmpty }), let next = byCount[fits].popLast() {
          result += next
          need -= fits
        } else if let longer = (need..<ratio).first(where: { !byCount[$0].isEmpty }),
          let next = byCount[longer].popLast()
        {
          result += next.prefix(need)
          byCount[longer - need].append(next.dropFirst(need))
          need = 0
        } else {
          return result
        }
      }
    }
  }

  private mutating func make(_ pieces: ArraySlice<UInt32>, _ size: Int) -> UInt32 {
    members[size] += pieces
    return UInt32(members[size].count / ratios[size] - 1)
  }

  private func unfold(_ block: UInt32, _ size: Int, into order: inout [UInt32]) {
    let ratio = ratios[size - 1]
    for piece in members[size - 1][Int(block) * ratio..<(Int(block) + 1) * ratio] {
      if size == 1 { order.append(piece) } else { unfold(piece, size - 1, into: &order) }
    }
  }
}
