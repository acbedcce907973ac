extension Ranks {
  /// Gives lost ranks new places and leaves all others where they are: no assignment moves fewer. Of those that move
  /// no more it looks for the cheapest: all of them if `options.iterations` suffices for a search with bounds, else the
  /// best of a greedy one and exchanges.
  ///
  /// `lowerBound` is that of assignments that leave the other ranks where they are; it is the cost where all were
  /// weighed. `costBefore` is 0 and `bytesBefore` empty: what was before is gone.
  ///
  /// - Parameters:
  ///   - network: at least the places of the ranks that stay, and the replacements.
  ///   - placeOfRank: by rank, as it was; those of lost ranks are not looked at.
  ///   - lost: ranks whose places are gone, each once.
  ///   - replacements: places that lost ranks can take, each once, at least as many as lost ranks.
  /// - Throws: fewer replacements than lost ranks, one that is taken or occurs twice, what `cost` refuses.
  public static func replace(
    _ job: Job, on network: Network, placeOfRank: [UInt32], lost: [Int], replacements: [UInt32],
    options: RankOptions = RankOptions()
  ) throws(RankError) -> RankAssignment {
    guard options.iterations >= 0 else {
      throw RankError(.badValue, "\(options.iterations) iterations: at least 0")
    }
    let isLost = try check(placeOfRank, lost, job)
    let used = try check(replacements, placeOfRank, isLost, lost, network)
    let traffic = try Traffic(job, on: network)
    let slots = Slots(network, where: used)
    var places = placeOfRank
    for rank in lost { places[rank] = replacements[0] }
    var slotOf = slots.slots(ofPlaces: places)
    for rank in lost { slotOf[rank] = Placing.nowhere }
    let free = slots.slots(ofPlaces: replacements).map { Int($0) }.sorted()
    var placing = Placing(
      traffic, slots, fixed: slotOf, ranks: lost.sorted(), free: free, limit: options.iterations)
    let (found, isExact) = placing.run()
    let cost = traffic.cost(found, slots)
    let bound = cost - placing.bestCost + placing.leastCost
    return RankAssignment(
      placeOfRank: found.map { slots.places[Int($0)] }, costBefore: 0, bytesBefore: [], cost: cost,
      bytes: traffic.bytesByLevel(found, slots), lowerBound: isExact ? cost : bound, iterations: placing.steps)
  }

  private static func check(_ placeOfRank: [UInt32], _ lost: [Int], _ job: Job) throws(RankError) -> [Bool] {
    guard placeOfRank.count == job.rankCount else {
      throw RankError(.wrongCount, "places of \(placeOfRank.count) ranks: the job has \(job.rankCount)")
    }
    var isLost = [Bool](repeating: false, count: job.rankCount)
    for rank in lost {
      guard isLost.indices.contains(rank) else {
        throw RankError(.unknown, "lost rank \(rank): ranks are 0..<\(job.rankCount)")
      }
      guard !isLost[rank] else { throw RankError(.duplicate, "rank \(rank) is lost twice") }
      isLost[rank] = true
    }
    return isLost
  }

  /// The places that are in use afterwards, or could be.
  private static func check(
    _ replacements: [UInt32], _ placeOfRank: [UInt32], _ isLost: [Bool], _ lost: [Int], _ network: Network
  ) throws(RankError) -> [Bool] {
    guard !lost.isEmpty else { throw RankError(.wrongCount, "no rank is lost: at least one") }
    guard replacements.count >= lost.count else {
      throw RankError(
        .wrongCount, "\(replacements.count) replacements for \(lost.count) lost ranks: at least as many")
    }
    var used = [Bool](repeating: false, count: network.placeCount)
    for (rank, place) in placeOfRank.enumerated() where !isLost[rank] {
      guard used.indices.contains(Int(place)) else {
        throw RankError(.unknown, "rank \(rank) at place \(place): places are 0..<\(network.placeCount)")
      }
      guard !used[Int(place)] else {
        throw RankError(.duplicate, "rank \(rank) at place \(place): another rank is there")
      }
      used[Int(place)] = true
    }
    for place in replacements {
      guard used.indices.contains(Int(place)) else {
        throw RankError(.unknown, "replacement \(place): places are 0..<\(network.placeCount)")
      }
      guard !used[Int(place)] else {
        throw RankError(.duplicate, "replacement \(place) is named twice, or a rank is there that is not lost")
      }
      used[Int(place)] = true
    }
    return used
  }
}
