import BerthRanks
import BerthSimulation

/// Nodes and ranks chosen together: ways to place a gang, of which the one with the cheapest ranks is taken.
struct GangChoices {
  struct Way {
    var words: String
    var spec: GangSpec
  }

  let translation: GangTranslation
  let ranker: GangRanker

  /// What the job says, and the same with multiples of pods that its parallelism would like to have together.
  func ways(triesMultiples: Bool) throws -> [Way] {
    let said = Way(words: "as the job says", spec: translation.spec)
    guard triesMultiples, let role = numberedRole, translation.spec.fabrics.isEmpty,
      translation.spec.roles[role].slices.isEmpty
    else { return [said] }
    let members = translation.spec.roles[role].members
    let offers = try translation.network.offers(translation.requests[role])
    let found = ranker.multiples(
      pods: members.upperBound, gpusOfEach: translation.job.roles[role].gpus, offers: offers)
    let bound = max(translation.spec.requiredLevel, translation.spec.roles[role].requiredLevel)
    let usable = found.filter { $0.level > bound && members.lowerBound % $0.members == 0 }
    return [said]
      + Self.sets(usable).map { slices in
        var spec = translation.spec
        spec.roles[role].slices = slices.map { (level: $0.level, members: $0.members) }
        return Way(words: words(slices), spec: spec)
      }
  }

  /// The one role whose pods have ranks.
  private var numberedRole: Int? {
    let roles = translation.job.roles
    let withGPUs = roles.indices.filter { roles[$0].gpus > 0 }
    if withGPUs.count == 1 { return withGPUs[0] }
    return withGPUs.isEmpty && roles.count == 1 ? 0 : nil
  }

  /// Some of the multiples together, widest level first: one for a level, each a multiple of the next. All of them come
  /// before their parts.
  static func sets(_ multiples: [(members: Int, level: Int)]) -> [[(members: Int, level: Int)]] {
    var result: [[(members: Int, level: Int)]] = []
    for mask in (1..<max(1, 1 << multiples.count)).sorted(by: { ($1.nonzeroBitCount, $0) < ($0.nonzeroBitCount, $1) }) {
      // The larger of two for one level is a multiple of the smaller.
      var set: [(members: Int, level: Int)] = []
      for (index, multiple) in multiples.enumerated().reversed() where mask >> index & 1 == 1 {
        if let last = set.last, multiple.level <= last.level { continue }
        set.append(multiple)
      }
      if !result.contains(where: { $0.elementsEqual(set) { $0 == $1 } }) { result.append(set) }
    }
    return result
  }

  private func words(_ slices: [(members: Int, level: Int)]) -> String {
    let parts = slices.map { slice in
      "\(slice.members) pods in each \(RankNetwork.short(translation.network.levelName(slice.level)))"
    }
    return "multiples of " + parts.joined(separator: ", ")
  }
}
