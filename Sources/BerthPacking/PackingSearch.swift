/// Patterns of all states, enumerated once, and what is done with them for given needs: the linear relaxation proves a
/// no or says what is useful, error diffusion finds a yes, and what these leave open is searched.
struct PackingSearch {
  enum Result {
    case placed([PackingGroup])
    case impossible(RolePacking.Obstacle)
    case bounded
  }

  let problem: PackingProblem
  let patterns: [NodePatterns]
  private let stepLimit: Int
  private let stepsOfPatterns: Int

  /// States by how many patterns can be used, fewest first.
  private(set) var order: [Int] = []
  /// [state] Patterns within the budget at the prices of the whole.
  private(set) var useful: [[Int]] = []

  /// Enumerates the patterns; nil if that takes more steps than the limit, or sums could leave 64 bits.
  init?(_ problem: PackingProblem, stepLimit: Int) {
    var steps = stepLimit
    var patterns: [NodePatterns] = []
    for state in 0..<problem.stateCount {
      guard let next = NodePatterns(problem, state: state, steps: &steps) else { return nil }
      patterns.append(next)
    }
    if problem.volume > 0x1p50 { return nil }
    self.problem = problem
    self.patterns = patterns
    self.stepLimit = stepLimit
    stepsOfPatterns = stepLimit - steps
  }

  /// Searches anew; what was enumerated before is kept.
  mutating func run(_ needs: [Int]) -> Result {
    var steps = stepLimit - stepsOfPatterns
    let counts = problem.counts
    let states = counts.indices.filter { counts[$0] > 0 }
    if states.isEmpty { return .impossible(.search) }
    let whole = PackingRelaxation(patterns, counts, states[...], needs: needs, steps: &steps)
    let prices = PackingPrices(
      whole.prices, volume: problem.volume, patterns, counts, states, from: 0, steps: &steps)
    let budget = prices.rest[0] - prices.worth(needs)
    if budget < 0 { return .impossible(.prices(prices.prices)) }
    useful = patterns.indices.map { state in
      (0..<patterns[state].count).filter {
        prices.best[state] - patterns[state].worth($0, prices.prices) <= budget
      }
    }
    order = states.sorted { (useful[$0].count, $0) < (useful[$1].count, $1) }
    let diffusion = PackingDiffusion(self, whole, states, prices, needs)
    if let groups = diffusion.run(&steps) { return .placed(groups) }
    let merge = PackingMerge(patterns, counts, useful: useful, needs: needs)
    var branch = PackingBranch(merge.patterns, merge.counts, useful: merge.useful)
    switch branch.run(merge.needs, steps: steps) {
    case .found: return .placed(merge.unpack(branch.trail))
    case .none: return .impossible(.search)
    case .stopped: return .bounded
    }
  }
}
