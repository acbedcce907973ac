/// What one level of the network carries between two places.
public struct Link: Hashable, Sendable {
  /// 1...10^15.
  public var bytesPerSecond: Int64
  /// Of each message, 0...10^9.
  public var latencyNanoseconds: Int64

  public init(bytesPerSecond: Int64, latencyNanoseconds: Int64) {
    self.bytesPerSecond = bytesPerSecond
    self.latencyNanoseconds = latencyNanoseconds
  }

  /// Picoseconds that a flow of so many bytes in so many messages takes here: the bytes' time rounded to the nearest
  /// picosecond, halves up, and the messages' latencies. nil beyond `RankLimits.picoseconds`.
  public func picoseconds(bytes: Int64, messages: Int64) -> Int64? {
    let scaled = UInt64(bytes).multipliedFullWidth(by: 1_000_000_000_000)
    let (low, carry) = scaled.low.addingReportingOverflow(UInt64(bytesPerSecond) / 2)
    let high = scaled.high + (carry ? 1 : 0)
    guard high < UInt64(bytesPerSecond) else { return nil }
    let transfer = UInt64(bytesPerSecond).dividingFullWidth((high, low)).quotient
    let (waiting, overflow) = UInt64(messages).multipliedReportingOverflow(by: UInt64(latencyNanoseconds) * 1000)
    let limit = UInt64(RankLimits.picoseconds)
    guard !overflow, transfer <= limit, waiting <= limit, transfer + waiting <= limit else { return nil }
    return Int64(transfer + waiting)
  }
}

/// Places that ranks can take, one GPU each as a rule, in a tree of domains, and what the links of its levels carry.
///
/// Two places talk over the level of their lowest common ancestor: link level 0 where they share no domain (over the
/// core of the network), 1 where they share the widest only, and so on to `levelCount` within an innermost domain
/// (NVLink within a node, as a rule). A place and itself do not talk.
public struct Network: Sendable {
  public let placeCount: Int
  public let levelCount: Int
  /// By link level: `levelCount` + 1 of them.
  public let links: [Link]
  /// Domains of each place, widest first: [placeCount][levelCount], as given.
  public let domains: [UInt32]
  /// Places in depth-first order of the tree: the domains of a level in order of their numbers, those of one parent
  /// together, and the places of an innermost domain in order. Every domain is a range of it.
  let order: [UInt32]

  /// - Parameters:
  ///   - domains: [places][levels], widest level first. A number names one domain of its level, wherever it occurs on
  ///     that level, and says nothing on others.
  ///   - levels: 1...8.
  ///   - links: [levels + 1], from the widest: `links[0]` joins places that share no domain.
  /// - Throws: a list of the wrong length, a link out of range, a domain with two parents, too many places.
  public init(domains: [UInt32], levels: Int, links: [Link]) throws(RankError) {
    guard (1...RankLimits.levels).contains(levels) else {
      throw RankError(.badValue, "\(levels) levels: 1...\(RankLimits.levels)")
    }
    guard domains.count % levels == 0 else {
      throw RankError(.wrongCount, "\(domains.count) domains: not a multiple of the \(levels) levels")
    }
    let count = domains.count / levels
    guard (1...RankLimits.ranks).contains(count) else {
      throw RankError(.limit, "\(count) places: 1...\(RankLimits.ranks)")
    }
    guard links.count == levels + 1 else {
      throw RankError(.wrongCount, "\(links.count) links: \(levels) levels have \(levels + 1)")
    }
    for (level, link) in links.enumerated() {
      guard (1...RankLimits.bytesPerSecond).contains(link.bytesPerSecond) else {
        throw RankError(
          .badValue, "link level \(level): \(link.bytesPerSecond) bytes a second: 1...\(RankLimits.bytesPerSecond)")
      }
      guard (0...RankLimits.latencyNanoseconds).contains(link.latencyNanoseconds) else {
        throw RankError(
          .badValue,
          "link level \(level): latency of \(link.latencyNanoseconds) ns: 0...\(RankLimits.latencyNanoseconds)")
      }
    }
    try Self.checkParents(domains, levels)
    placeCount = count
    levelCount = levels
    self.links = links
    self.domains = domains
    order = Self.depthFirst(domains, levels, count)
  }

  /// The link level over which two different places talk.
  public func linkLevel(_ first: Int, _ second: Int) -> Int {
    var level = 0
    while level < levelCount, domains[first * levelCount + level] == domains[second * levelCount + level] {
      level += 1
    }
    return level
  }

  private static func checkParents(_ domains: [UInt32], _ levels: Int) throws(RankError) {
    for level in 1..<max(levels, 1) {
      var parents: [UInt32: UInt32] = [:]
      var last: (domain: UInt32, parent: UInt32)?
      for place in 0..<domains.count / levels {
        let domain = domains[place * levels + level]
        let parent = domains[place * levels + level - 1]
        // Places come node by node as a rule, so most of them need no look at the table.
        if let last, last == (domain, parent) { continue }
        last = (domain, parent)
        if let known = parents.updateValue(parent, forKey: domain), known != parent {
          throw RankError(
            .badValue,
            "place \(place): domain \(domain) of level \(level) is in domain \(parent) here and in \(known) elsewhere")
        }
      }
    }
  }

  private static func depthFirst(_ domains: [UInt32], _ levels: Int, _ count: Int) -> [UInt32] {
    var order = (0..<UInt32(count)).map { $0 }
    domains.withUnsafeBufferPointer { domains in
      order.sort { first, second in
        for level in 0..<levels {
          let one = domains[Int(first) * levels + level]
          let other = domains[Int(second) * levels + level]
          if one != other { return one < other }
        }
        return first < second
      }
    }
    return order
  }

  /// Whether no link level is dearer than a wider one, whatever goes over it.
  public var isMonotone: Bool {
    zip(links, links.dropFirst()).allSatisfy {
      $0.bytesPerSecond <= $1.bytesPerSecond && $0.latencyNanoseconds >= $1.latencyNanoseconds
    }
  }
}
