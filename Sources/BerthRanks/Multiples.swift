/// A number of pods that should lie in one domain together, with multiples of it.
public struct RankMultiple: Hashable, Sendable {
  public var pods: Int
  public var ranks: Int
  /// Bit i: groups over dimension i are whole in it.
  public var dimensions: UInt32
  /// The innermost level, 0 the widest, with a domain that is large enough, and none of whose larger ones is needed;
  /// nil where the job's own size is the first that would do.
  public var level: Int?

  public init(pods: Int, ranks: Int, dimensions: UInt32, level: Int?) {
    self.pods = pods
    self.ranks = ranks
    self.dimensions = dimensions
    self.level = level
  }
}

extension Ranks {
  /// How many pods are best placed together, before nodes are chosen: a domain that gets a multiple of `pods` keeps
  /// whole groups, and none of their traffic leaves it.
  ///
  /// Dimensions are nested heaviest first, by what each rank gains where its groups stay together; a dimension without
  /// traffic comes last. Sizes of one pod or less say nothing, nor does the whole job; of what is left the up to three
  /// smallest are told, innermost first, each a divisor of the next.
  ///
  /// - Parameters:
  ///   - podSize: ranks of a pod; it must divide the ranks of the job.
  ///   - links: as of the network to be, [levels + 1].
  ///   - domainPods: by level, widest first, how many pods the largest domain can take; may be empty.
  /// - Throws: a pod size that does not divide the job, a list of the wrong length, what `Network` refuses of links.
  public static func multiples(
    of job: Job, podSize: Int, links: [Link], domainPods: [Int] = []
  ) throws(RankError) -> [RankMultiple] {
    guard podSize >= 1, job.rankCount % podSize == 0 else {
      throw RankError(.badValue, "pods of \(podSize) ranks: must divide the job's \(job.rankCount)")
    }
    guard domainPods.isEmpty || domainPods.count == links.count - 1 else {
      throw RankError(.wrongCount, "\(domainPods.count) sizes of domains: one for each of \(links.count - 1) levels")
    }
    let levels = links.count - 1
    guard levels >= 1 else { throw RankError(.wrongCount, "\(links.count) links: at least 2") }
    // Where a single place is does not matter: prices come from the links alone.
    let network = try Network(domains: [UInt32](repeating: 0, count: levels), levels: levels, links: links)
    let traffic = try Traffic(job, on: network)
    var result: [RankMultiple] = []
    var ranks = 1
    var mask: UInt32 = 0
    for dimension in Nesting.heaviestFirst(job, traffic) where result.count < 3 {
      ranks *= job.dimensions[dimension]
      mask |= 1 << UInt32(dimension)
      guard ranks < job.rankCount else { break }
      // A size that cuts pods apart cannot be asked for, but a later one may be whole again.
      guard ranks > podSize, ranks % podSize == 0 else { continue }
      let pods = ranks / podSize
      result.append(
        RankMultiple(pods: pods, ranks: ranks, dimensions: mask, level: domainPods.lastIndex { $0 >= pods }))
    }
    return result
  }
}
