import BerthCore
import BerthKubernetes
import BerthRanks
import BerthSimulation
import CBerth

/// Jobs of a file, placed on a topology one after the other, with their ranks; and what becomes of them when nodes
/// fail.
public final class GangRun {
  public let topology: NetworkTopology
  public let options: GangOptions
  /// By job, in the order of the files.
  public private(set) var outcomes: [GangOutcome] = []
  /// Of the topology and what was taken where it is silent. Those of jobs are in their outcomes.
  public let notes: [String]

  let network: NetworkEngine
  private let translations: [GangTranslation]
  /// By node, the GPUs of the jobs' members. Those of others come first.
  private var held: [Int: Set<Int>] = [:]

  /// Nothing is placed yet. All that is wrong with any job is told at once.
  public init(_ topology: NetworkTopology, _ jobs: [GangJob], _ options: GangOptions = GangOptions()) throws {
    self.topology = topology
    self.options = options
    network = try NetworkEngine(topology, for: jobs, options)
    translations = try jobs.map { [network] job in try GangTranslation(job, network) }
    let problems = translations.flatMap(\.problems)
    guard problems.isEmpty else { throw BadInput(problems: problems) }
    notes = topology.notes + network.notes
  }

  public var nodeCount: Int { topology.nodes.count }
  /// With GPUs in use before the jobs.
  public var gpuCounts: (all: Int, inUse: Int) {
    (network.gpus.reduce(0, +), network.gpusInUse.reduce(0, +))
  }

  /// "zone-a/rack-1", from the widest level down.
  public func path(ofNode node: Int) -> String {
    topology.path(ofDomain: topology.nodes[node].domain).filter { !$0.isEmpty }.joined(separator: "/")
  }

  /// Places every job; one that has no place leaves the others theirs.
  public func run() throws {
    for translation in translations { outcomes.append(try place(translation)) }
  }

  // MARK: One job

  private func place(_ translation: GangTranslation) throws -> GangOutcome {
    let ranker = GangRanker(translation.job, topology, iterations: options.iterations)
    var notes = translation.job.notes + translation.notes
    let found = try best(translation, ranker, &notes)
    var outcome = try outcome(translation, found.spec, &notes)
    outcome.choices = found.choices
    if outcome.isPlaced {
      outcome.ranks = ranker.assign(outcome.members, notes: &notes)
      Self.number(&outcome.members, outcome.ranks)
      outcome.tree = try GangTree(network, translation.job, translation.requests).drawing(outcome.members)
    }
    outcome.notes = notes
    return outcome
  }

  /// The way to place the gang whose ranks are cheapest, tried without placing it.
  private func best(
    _ translation: GangTranslation, _ ranker: GangRanker, _ notes: inout [String]
  ) throws -> (spec: GangSpec, choices: [GangOutcome.Choice]) {
    let ways = try GangChoices(translation: translation, ranker: ranker).ways(triesMultiples: options.triesMultiples)
    var choices: [GangOutcome.Choice] = []
    for way in ways {
      let tried = try network.engine.placeGang(way.spec, dryRun: true)
      var choice = GangOutcome.Choice(words: way.words, isPlaced: tried.isPlaced && isWithin(translation.job, tried))
      var unsaid: [String] = []
      if choice.isPlaced {
        choice.cost = ranker.assign(members(tried, translation.job), notes: &unsaid)?.cost
      }
      choices.append(choice)
      // Without a plain placement there is none with multiples.
      if choices.count == 1 && !tried.isPlaced { break }
    }
    let placed = choices.indices.filter { choices[$0].isPlaced }
    let chosen = placed.min { (choices[$0].cost ?? .max, $0) < (choices[$1].cost ?? .max, $1) }
    if let chosen {
      choices[chosen].isChosen = true
      return (ways[chosen].spec, choices)
    }
    if let plain = translation.specWithoutWishes, try network.engine.placeGang(plain, dryRun: true).isPlaced {
      notes.append("slices that are wishes are given up: there is no place for all of them")
      return (plain, choices)
    }
    return (translation.spec, choices)
  }

  /// Slurm's --switches.
  private func isWithin(_ job: GangJob, _ placement: GangPlacement) -> Bool {
    job.maxLeaves.map { placement.domains[topology.levels.count] <= $0 } ?? true
  }

  private func outcome(
    _ translation: GangTranslation, _ spec: GangSpec, _ notes: inout [String]
  ) throws -> GangOutcome {
    let job = translation.job
    var placed = try network.engine.placeGang(spec)
    var message = GangMessages.text(try network.engine.gangMessage(placed.result), job, network)
    if placed.isPlaced, !isWithin(job, placed) {
      try network.engine.release(placed.placements.map(\.pod))
      let opened = placed.domains[topology.levels.count]
      message =
        "the gang needs \(opened) domains of \(topology.levels.last?.name ?? ""), and at most \(job.maxLeaves ?? 0) "
        + "are asked for"
      placed.result.outcome = UInt32(BERTH_GANG_BOUNDED)
    }
    var outcome = GangOutcome(job: job, isPlaced: placed.isPlaced, message: message)
    outcome.limits = GangMessages.limits(placed.result.limits)
    guard placed.isPlaced else { return outcome }
    outcome.members = members(placed, job)
    hold(outcome.members)
    outcome.levels = levels(placed, isFabric: !spec.fabrics.isEmpty)
    outcome.commonLevel = network.levelName(Int(placed.result.common_level))
    if placed.result.common_domain != UInt32(BERTH_NO_DOMAIN), placed.result.common_level > 0,
      let index = network.domains.firstIndex(of: placed.result.common_domain)
    {
      outcome.commonDomain = topology.path(ofDomain: index).joined(separator: "/")
    }
    let wishes =
      spec.preferredLevel > 0 && !translation.isPackedByDefault || spec.roles.contains { $0.preferredLevel > 0 }
    if wishes { outcome.preferredMet = placed.result.preferred_met == 1 }
    (outcome.score, outcome.scoreBound) = (placed.result.score, placed.result.score_bound)
    return outcome
  }

  /// Domains by level without the cluster; of fabrics nothing is said of bounds and what is left over.
  private func levels(_ placed: GangPlacement, isFabric: Bool) -> [GangOutcome.Level] {
    (1..<placed.domains.count).map { level in
      GangOutcome.Level(
        name: network.levelName(level), opened: placed.domains[level],
        bound: isFabric ? nil : placed.domainsBound[level], leftOver: isFabric ? nil : placed.leftOver[level])
    }
  }

  /// With the first GPUs of their nodes that nobody has.
  private func members(_ placed: GangPlacement, _ job: GangJob) -> [GangOutcome.Member] {
    var free: [Int: ArraySlice<Int>] = [:]
    var counts = [Int](repeating: 0, count: job.roles.count)
    return zip(placed.placements, placed.roles).map { placement, role in
      let node = network.index(of: placement.node)
      let others = network.gpusInUse[node]..<max(network.gpusInUse[node], network.gpus[node])
      let left = free[node] ?? others.filter { held[node]?.contains($0) != true }[...]
      let wanted = job.roles[role].gpus
      free[node] = left.dropFirst(wanted)
      defer { counts[role] += 1 }
      return GangOutcome.Member(
        role: role, index: counts[role], node: node, gpus: Array(left.prefix(wanted)), pod: placement.pod)
    }
  }

  private func hold(_ members: [GangOutcome.Member]) {
    for member in members where !member.gpus.isEmpty { held[member.node, default: []].formUnion(member.gpus) }
  }

  private static func number(_ members: inout [GangOutcome.Member], _ ranks: RankOutcome?) {
    for (rank, place) in (ranks?.places ?? []).enumerated() { members[place.member].ranks.append(rank) }
  }

  // MARK: Failure

  /// Takes nodes away, once: members on them are replaced, those on others stay, and only lost ranks move.
  public func lose(_ names: [String]) throws {
    let places = Dictionary(topology.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
    let problems = names.filter { places[$0] == nil }.map {
      Problem("--lost", "", "'\($0)' is no node of the topology")
    }
    guard problems.isEmpty else { throw BadInput(problems: problems) }
    let lost = Set(names.compactMap { places[$0] })
    try network.close(lost)
    for index in outcomes.indices where outcomes[index].isPlaced {
      guard outcomes[index].members.contains(where: { lost.contains($0.node) }) else { continue }
      outcomes[index].failure = try replace(translations[index], outcomes[index], lost)
    }
  }

  private func replace(
    _ translation: GangTranslation, _ before: GangOutcome, _ lost: Set<Int>
  ) throws -> GangFailure {
    let job = translation.job
    // In a ring or a torus no node can stand in for another: the gang gets neighbours elsewhere.
    let isWhole = !translation.spec.fabrics.isEmpty
    let gone = before.members.filter { isWhole || lost.contains($0.node) }
    let stay = before.members.filter { !isWhole && !lost.contains($0.node) }
    try network.engine.release(gone.map(\.pod))
    for member in gone { held[member.node]?.subtract(member.gpus) }
    let lostNames = Set(before.members.map(\.node)).intersection(lost).sorted().map { topology.nodes[$0].name }
    var failure = GangFailure(lostNodes: lostNames, lostMembers: gone, isReplaced: false, message: "")
    if isWhole { failure.notes.append("neighbours cannot be replaced one by one: the whole gang moves") }
    let plan = GangReplacement(translation, network, gone: gone, stay: stay, notes: &failure.notes)
    let placed = try plan.place()
    failure.isReplaced = placed.isPlaced
    failure.message = GangMessages.text(try network.engine.gangMessage(placed.result), job, network)
    guard placed.isPlaced else {
      failure.members = stay
      return failure
    }
    failure.replacements = members(placed, job)
    for index in failure.replacements.indices {
      // They take the numbers of those that are gone.
      let role = failure.replacements[index].role
      let numbers = gone.filter { $0.role == role }.map(\.index)
      let turn = failure.replacements[index].index
      if turn < numbers.count { failure.replacements[index].index = numbers[turn] }
    }
    hold(failure.replacements)
    failure.members = (stay + failure.replacements).map { member in
      var member = member
      member.ranks = []
      return member
    }
    let ranker = GangRanker(job, topology, iterations: options.iterations)
    if isWhole {
      failure.ranks = ranker.assign(failure.members, notes: &failure.notes)
    } else if let ranks = before.ranks {
      var next = -1
      let known = before.members.map { member -> Int? in
        if lost.contains(member.node) { return nil }
        next += 1
        return next
      }
      failure.ranks = ranker.replace(ranks, members: failure.members, known: known, notes: &failure.notes)
    }
    Self.number(&failure.members, failure.ranks)
    failure.replacements = Array(failure.members.suffix(failure.replacements.count))
    failure.tree = try GangTree(network, job, translation.requests).drawing(failure.members)
    return failure
  }
}
