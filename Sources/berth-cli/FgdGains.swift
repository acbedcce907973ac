import BerthSimulation

/// What berth gains over fgd, seed by seed, where both have run.
struct FgdGains {
  private struct Pair {
    var workload: String
    var at100: Double
    var at130: Double
    /// What the bound leaves fgd to gain.
    var room100: Double?
    var room130: Double?
  }
  private let pairs: [Pair]

  /// nil: no seed has both.
  init?(_ results: [FgdCommand.Result]) {
    pairs = results.filter { $0.outcome.policy == .fgd }.compactMap { fgd in
      let own = results.first {
        $0.outcome.policy == .berth && $0.outcome.workload == fgd.outcome.workload
          && $0.outcome.seed == fgd.outcome.seed
      }
      return own.map { own in
        Pair(
          workload: fgd.outcome.workload, at100: own.outcome.allocationAt100 - fgd.outcome.allocationAt100,
          at130: own.outcome.allocationAt130 - fgd.outcome.allocationAt130,
          room100: fgd.bound.map { $0.at100 - fgd.outcome.allocationAt100 },
          room130: fgd.bound.map { $0.at130 - fgd.outcome.allocationAt130 })
      }
    }
    if pairs.isEmpty { return nil }
  }

  var table: String {
    let hasBounds = pairs.allSatisfy { $0.room100 != nil }
    var table = Table(
      "What berth gains over fgd, in points: mean over seeds",
      head: ["workload", "seeds", "at 100", "at 130", "least at 130"] + (hasBounds ? ["room 100", "room 130"] : []))
    var rest = pairs[...]
    while let first = rest.first {
      let group = rest.prefix { $0.workload == first.workload }
      rest = rest.dropFirst(group.count)
      func mean(_ figure: (Pair) -> Double) -> Double { group.reduce(0) { $0 + figure($1) } / Double(group.count) }
      let rooms = hasBounds ? [mean { $0.room100! }, mean { $0.room130! }] : []
      let figures = [mean(\.at100), mean(\.at130), group.map(\.at130).min()!] + rooms
      table.add(cells: [first.workload, "\(group.count)"] + figures.map(signed))
    }
    return table.text
  }

  private func signed(_ points: Double) -> String {
    let text = Figures.decimal(points, 2)
    return text.hasPrefix("-") ? text : "+" + text
  }
}
