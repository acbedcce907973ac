import BerthRanks

/// Assigns the ranks of a gang that has its nodes.
struct GangRanker {
  let job: GangJob
  let network: RankNetwork
  let nodeNames: [String]
  let options: RankOptions

  init(_ job: GangJob, _ topology: NetworkTopology, iterations: Int) {
    self.job = job
    network = RankNetwork(topology, for: job)
    nodeNames = topology.nodes.map(\.name)
    var options = RankOptions()
    options.iterations = iterations
    self.options = options
  }

  /// Nil with a note where the members' number and the job's words do not go together, or are beyond the limits.
  func assign(_ members: [GangOutcome.Member], notes: inout [String]) -> RankOutcome? {
    guard let traffic = traffic(members, notes: &notes) else { return nil }
    do throws(RankError) {
      let units = units(members, byPod: traffic.isByPod)
      let found = try Ranks.assign(traffic.job, on: network.network(of: units), options: options)
      var outcome = outcome(found, units, traffic, before: found.bytesBefore)
      outcome.costBefore = found.costBefore
      outcome.placesBefore = Self.places(units, order: units.indices.map { UInt32($0) }, members)
      outcome.places = Self.places(units, order: found.placeOfRank, members)
      return outcome
    } catch {
      notes.append("no ranks: \(error)")
      return nil
    }
  }

  /// Lost ranks go to the replacements, and no other moves. `known`: by old member, its new number; lost ones are nil.
  func replace(
    _ before: RankOutcome, members: [GangOutcome.Member], known: [Int?], notes: inout [String]
  ) -> RankOutcome? {
    guard let traffic = traffic(members, notes: &notes) else { return nil }
    do throws(RankError) {
      let all = units(members, byPod: traffic.isByPod)
      let numbers = Dictionary(all.enumerated().map { ($1, $0) }) { first, _ in first }
      var places: [UInt32] = []
      var lost: [Int] = []
      var taken = Set<Int>()
      // GPUs of a node are told apart by their numbers, pods by theirs.
      for (rank, old) in before.placeOfRank.enumerated() {
        let unit = before.units[Int(old)]
        let member = known[unit.member]
        if let member, let now = numbers[RankUnit(member: member, node: unit.node, gpus: unit.gpus)] {
          places.append(UInt32(now))
          taken.insert(now)
        } else {
          places.append(0)
          lost.append(rank)
        }
      }
      guard !lost.isEmpty else { return Self.unmoved(before, all, places, members) }
      let free = all.indices.filter { !taken.contains($0) }.map { UInt32($0) }
      let found = try Ranks.replace(
        traffic.job, on: network.network(of: all), placeOfRank: places, lost: lost, replacements: free,
        options: options)
      var outcome = outcome(found, all, traffic, before: before.links.map(\.bytes))
      outcome.costBefore = before.cost
      outcome.places = Self.places(all, order: found.placeOfRank, members)
      outcome.movedRanks = traffic.isByPod ? Self.ranks(ofUnits: lost, all, found.placeOfRank) : lost
      return outcome
    } catch {
      notes.append("no ranks: \(error)")
      return nil
    }
  }

  /// Before nodes are chosen: how many pods are best placed together, and on which of the engine's levels.
  func multiples(pods: Int, gpusOfEach: Int, offers: [Int]) -> [(members: Int, level: Int)] {
    var ignored: [String] = []
    let podSize = max(1, gpusOfEach)
    guard job.traffic == nil, job.parallelism != nil,
      let traffic = try? RankTraffic.of(job, members: pods, units: pods * podSize, notes: &ignored),
      let found = try? Ranks.multiples(
        of: traffic.job, podSize: podSize, links: network.links.map(\.link), domainPods: network.largest(offers))
    else { return [] }
    return found.compactMap { multiple in multiple.level.map { (multiple.pods, network.engineLevel($0)) } }
  }

  // MARK: Steps

  private func traffic(_ members: [GangOutcome.Member], notes: inout [String]) -> RankTraffic? {
    let gpus = members.reduce(0) { $0 + $1.gpus.count }
    do throws(RankError) {
      return try RankTraffic.of(job, members: members.count, units: gpus > 0 ? gpus : members.count, notes: &notes)
    } catch {
      notes.append("no ranks: \(error)")
      return nil
    }
  }

  /// Role by role in the order of nodes' names as text: how pods come to their numbers elsewhere.
  private func units(_ members: [GangOutcome.Member], byPod: Bool) -> [RankUnit] {
    let order = members.indices.sorted {
      let (one, other) = (members[$0], members[$1])
      if one.role != other.role { return one.role < other.role }
      return one.node == other.node ? $0 < $1 : nodeNames[one.node] < nodeNames[other.node]
    }
    let hasGPUs = members.contains { !$0.gpus.isEmpty }
    return order.flatMap { index -> [RankUnit] in
      let member = members[index]
      if byPod || !hasGPUs { return [RankUnit(member: index, node: member.node, gpus: member.gpus)] }
      return member.gpus.map { RankUnit(member: index, node: member.node, gpus: [$0]) }
    }
  }

  private func outcome(
    _ found: RankAssignment, _ units: [RankUnit], _ traffic: RankTraffic, before: [Int64]
  ) -> RankOutcome {
    let links = network.links.enumerated().map { index, level in
      RankOutcome.LinkLevel(
        name: level.name, bytesPerSecond: level.link.bytesPerSecond, latencyNanoseconds: level.link.latencyNanoseconds,
        source: level.source, bytesBefore: before[index], bytes: found.bytes[index])
    }
    var notes = traffic.notes
    if network.usesLinkSpeed { notes.append("LinkSpeed is taken as Gbit/s") }
    if job.roles.count(where: { $0.gpus > 0 }) > 1 {
      notes.append("ranks are numbered over the GPUs of all roles together")
    }
    return RankOutcome(
      places: [], placesBefore: [], links: links, costBefore: 0, cost: found.cost, lowerBound: found.lowerBound,
      notes: notes, units: units, placeOfRank: found.placeOfRank)
  }

  /// Where units are pods, their GPUs have ranks in a row.
  private static func places(
    _ units: [RankUnit], order: [UInt32], _ members: [GangOutcome.Member]
  ) -> [RankOutcome.Place] {
    let hasGPUs = members.contains { !$0.gpus.isEmpty }
    return order.flatMap { place -> [RankOutcome.Place] in
      let unit = units[Int(place)]
      if !hasGPUs { return [RankOutcome.Place(member: unit.member, node: unit.node, gpu: nil)] }
      return unit.gpus.map { RankOutcome.Place(member: unit.member, node: unit.node, gpu: $0) }
    }
  }

  /// Pods without ranks were lost.
  private static func unmoved(
    _ before: RankOutcome, _ units: [RankUnit], _ placeOfRank: [UInt32], _ members: [GangOutcome.Member]
  ) -> RankOutcome {
    var outcome = before
    (outcome.units, outcome.placeOfRank, outcome.placesBefore) = (units, placeOfRank, [])
    outcome.places = places(units, order: placeOfRank, members)
    outcome.costBefore = before.cost
    for index in outcome.links.indices { outcome.links[index].bytesBefore = outcome.links[index].bytes }
    return outcome
  }

  private static func ranks(ofUnits lost: [Int], _ units: [RankUnit], _ placeOfRank: [UInt32]) -> [Int] {
    let isLost = Set(lost)
    var (next, result) = (0, [Int]())
    for (number, place) in placeOfRank.enumerated() {
      let size = max(1, units[Int(place)].gpus.count)
      if isLost.contains(number) { result += next..<next + size }
      next += size
    }
    return result
  }
}
