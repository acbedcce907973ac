// The slow, obvious cost of an assignment, and the cheapest of all. It shares nothing with the module but the numbers
// that name collectives.

struct OracleLink {
  var bytesPerSecond: Int
  var latency: Int
}

struct OracleFlow {
  var from: Int
  var to: Int
  var bytes: Int
  var messages: Int
}

/// Kinds by the names of the documentation.
enum OracleKind: Int, CaseIterable {
  case ringAllReduce = 1
  case ringAllGather, ringReduceScatter, treeAllReduce, broadcast, allToAll, halvingDoublingAllReduce, pipeline
}

enum Oracle {
  /// The groups of ranks that differ in the chosen dimensions only, each in order.
  static func groups(_ dimensions: [Int], _ chosen: Set<Int>) -> [[Int]] {
    let count = dimensions.reduce(1, *)
    func digits(_ rank: Int) -> [Int] {
      var rest = rank
      return dimensions.map { size in
        defer { rest /= size }
        return rest % size
      }
    }
    var groups: [[Int]: [Int]] = [:]
    for rank in 0..<count {
      let others = digits(rank).enumerated().filter { !chosen.contains($0.offset) }.map(\.element)
      groups[others, default: []].append(rank)
    }
    return groups.values.sorted { $0[0] < $1[0] }
  }

  /// What goes between the members 0..<size of a group in one operation.
  static func flows(_ kind: OracleKind, size: Int, bytes: Int) -> [OracleFlow] {
    guard size > 1 else { return [] }
    let chunk = Int((Double(bytes) / Double(size)).rounded(.up))
    var flows: [OracleFlow] = []
    func send(_ from: Int, _ to: Int, _ bytes: Int, _ messages: Int) {
      flows.append(OracleFlow(from: from, to: to, bytes: bytes, messages: messages))
    }
    switch kind {
    case .ringAllReduce, .ringAllGather, .ringReduceScatter:
      let rounds = (kind == .ringAllReduce ? 2 : 1) * (size - 1)
      for member in 0..<size { send(member, (member + 1) % size, rounds * chunk, rounds) }
    case .treeAllReduce, .broadcast:
      // Rank i joins in round k, 2^k <= i's lowest bit, from the rank that lacks this bit.
      for child in 1..<size {
        var bit = 1
        while child % (2 * bit) == 0 { bit *= 2 }
        send(child - bit, child, bytes, 1)
        if kind == .treeAllReduce { send(child, child - bit, bytes, 1) }
      }
    case .allToAll:
      for from in 0..<size {
        for to in 0..<size where to != from { send(from, to, chunk, 1) }
      }
    case .halvingDoublingAllReduce:
      var (distance, part) = (1, 2)
      while distance < size {
        for member in 0..<size {
          let partner = member / distance % 2 == 0 ? member + distance : member - distance
          send(member, partner, 2 * ((bytes + part - 1) / part), 2)
        }
        (distance, part) = (2 * distance, 2 * part)
      }
    case .pipeline:
      for member in 1..<size {
        send(member - 1, member, bytes, 1)
        send(member, member - 1, bytes, 1)
      }
    }
    return flows
  }

  /// The number of domains that two paths begin with in common.
  static func level(_ one: [UInt32], _ other: [UInt32]) -> Int {
    zip(one, other).prefix { $0 == $1 }.count
  }

  static func price(_ flow: OracleFlow, _ link: OracleLink) -> Int {
    let scaled = flow.bytes * 1_000_000_000_000
    let (whole, rest) = scaled.quotientAndRemainder(dividingBy: link.bytesPerSecond)
    return whole + (2 * rest >= link.bytesPerSecond ? 1 : 0) + flow.messages * link.latency * 1000
  }

  static func cost(_ flows: [OracleFlow], _ places: [Int], _ paths: [[UInt32]], _ links: [OracleLink]) -> Int {
    flows.reduce(0) { $0 + price($1, links[level(paths[places[$1.from]], paths[places[$1.to]])]) }
  }

  static func bytes(_ flows: [OracleFlow], _ places: [Int], _ paths: [[UInt32]], _ links: Int) -> [Int] {
    var sums = [Int](repeating: 0, count: links)
    for flow in flows { sums[level(paths[places[flow.from]], paths[places[flow.to]])] += flow.bytes }
    return sums
  }

  /// The least cost over all ways to put the ranks `open` on distinct places of `free`, the others staying.
  static func optimum(
    _ flows: [OracleFlow], _ places: [Int], open: [Int], free: [Int], _ paths: [[UInt32]], _ links: [OracleLink]
  ) -> Int {
    // Prices by flow and pair of places, or the permutations take minutes.
    let table = flows.map { flow in
      paths.map { one in paths.map { other in price(flow, links[level(one, other)]) } }
    }
    var places = places
    var free = free
    var best = Int.max
    func place(_ index: Int) {
      if index == open.count {
        var sum = 0
        for (flow, prices) in zip(flows, table) { sum += prices[places[flow.from]][places[flow.to]] }
        best = min(best, sum)
        return
      }
      for choice in index..<free.count {
        free.swapAt(index, choice)
        places[open[index]] = free[index]
        place(index + 1)
        free.swapAt(index, choice)
      }
    }
    place(0)
    return best
  }
}
