/// Which rank goes to which place: the assignment and the figures to it.
public struct RankAssignment: Equatable, Sendable {
  /// By rank.
  public var placeOfRank: [UInt32]
  /// Picoseconds of the order that the caller gave, and bytes over each of its link levels, widest first. After a
  /// failure: of nothing, since the old places are gone; 0 and empty.
  public var costBefore: Int64
  public var bytesBefore: [Int64]
  /// Picoseconds of this one.
  public var cost: Int64
  /// Bytes over each link level, widest first, both directions together.
  public var bytes: [Int64]
  /// Picoseconds that no assignment costs less than.
  public var lowerBound: Int64
  /// Proven: no assignment is cheaper.
  public var isExact: Bool { cost == lowerBound }
  /// Exchanges and arrangements that were weighed.
  public var iterations: Int
}

public struct RankOptions: Equatable, Sendable {
  /// What the search may weigh at most: exchanges of ranks, arrangements. Candidates that are built whole come before
  /// and do not count. 0: only those.
  public var iterations = 20_000
  /// Jobs of up to so many ranks are solved by trying all arrangements that could be better; at most 10.
  public var exhaustiveRanks = 8

  public init() {}
}

/// Assigning ranks to places so that a job's traffic takes the least time on the links in sum.
public enum Ranks {
  /// Finds the cheapest assignment it can, and what it can prove about it.
  ///
  /// Never dearer than the order as given, which is kept where nothing cheaper is found. Ranks of one innermost domain
  /// take its places in ascending order. The same arguments give the same answer on every machine.
  ///
  /// - Parameters:
  ///   - order: the place of each rank as it is now; without it, rank r at place r.
  /// - Throws: a job of another number of ranks than the network has places, an order that is no permutation,
  ///   `RankLimits` exceeded.
  public static func assign(
    _ job: Job, on network: Network, order: [UInt32]? = nil, options: RankOptions = RankOptions()
  ) throws(RankError) -> RankAssignment {
    guard job.rankCount == network.placeCount else {
      throw RankError(.wrongCount, "\(job.rankCount) ranks and \(network.placeCount) places: as many of each")
    }
    guard options.iterations >= 0, (0...10).contains(options.exhaustiveRanks) else {
      throw RankError(
        .badValue, "\(options.iterations) iterations, all arrangements of \(options.exhaustiveRanks): 0... and 0...10")
    }
    let given = order ?? (0..<UInt32(job.rankCount)).map { $0 }
    try check(given, count: job.rankCount, places: network.placeCount)
    let traffic = try Traffic(job, on: network)
    var solver = Solver(job, traffic, Slots(network))
    solver.solve(given, options)
    return solver.result
  }

  /// What an assignment costs, in picoseconds, and the bytes over each link level, widest first.
  ///
  /// - Throws: as `assign`; there may be more places than ranks.
  public static func cost(
    of placeOfRank: [UInt32], _ job: Job, on network: Network
  ) throws(RankError) -> (picoseconds: Int64, bytes: [Int64]) {
    try check(placeOfRank, count: job.rankCount, places: network.placeCount)
    let traffic = try Traffic(job, on: network)
    let slots = Slots(network)
    let slotOf = slots.slots(ofPlaces: placeOfRank)
    return (traffic.cost(slotOf, slots), traffic.bytesByLevel(slotOf, slots))
  }

  static func check(_ placeOfRank: [UInt32], count: Int, places: Int) throws(RankError) {
    guard placeOfRank.count == count else {
      throw RankError(.wrongCount, "places of \(placeOfRank.count) ranks: the job has \(count)")
    }
    var isTaken = [Bool](repeating: false, count: places)
    for (rank, place) in placeOfRank.enumerated() {
      guard place < places else {
        throw RankError(.unknown, "rank \(rank) at place \(place): places are 0..<\(places)")
      }
      guard !isTaken[Int(place)] else {
        throw RankError(.duplicate, "rank \(rank) at place \(place): another rank is there")
      }
      isTaken[Int(place)] = true
    }
  }
}

extension Slots {
  /// The slots of places that are all among these.
  func slots(ofPlaces places: [UInt32]) -> [UInt32] {
    var table = [UInt32](repeating: 0, count: Int(self.places.max() ?? 0) + 1)
    for (slot, place) in self.places.enumerated() { table[Int(place)] = UInt32(slot) }
    return places.map { table[Int($0)] }
  }
}
