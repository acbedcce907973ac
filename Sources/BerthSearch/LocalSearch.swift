/// Simulated annealing over moves, swaps and plans, in rounds that begin at the best assignment seen.
///
/// Bounded by iterations, the same seed makes the same changes on every machine. Bounded by time it does not.
public enum LocalSearch {
  public struct Options: Sendable {
    public var seed: UInt64 = 1
    /// Changes weighed before the search ends.
    public var iterations = Int.max
    /// Items that may lie elsewhere than where they began: the moves that may be spent.
    public var budget = Int.max
    public var rounds = Round.usual

    public init() {}
  }

  /// A cooling from one temperature to the lowest.
  public struct Round: Sendable {
    /// Part of the whole effort. The shares of all rounds add up to 1.
    public var share: Double
    /// Where it begins: a quantile, 0 to 1, of the changes for the worse that were found at the start. A change as bad
    /// as the temperature is made every second time.
    public var heat: Double

    public init(share: Double, heat: Double) {
      self.share = share
      self.heat = heat
    }

    /// A descent, which is all that a large problem has time for; a gentle round, which keeps what is good in the first
    /// assignment; a hot one, in which large items find places that small ones held; milder and milder ones, each of
    /// which begins at the best before it and may leave a valley. None of them is the best one for all problems.
    public static let usual = [
      Round(share: 0.15, heat: 0), Round(share: 0.2, heat: 0.2), Round(share: 0.3, heat: 0.97),
      Round(share: 0.1, heat: 0.4), Round(share: 0.1, heat: 0.2), Round(share: 0.08, heat: 0.05),
      Round(share: 0.07, heat: 0),
    ]
  }

  public struct Outcome: Equatable, Sendable {
    /// Of the best assignment, which the problem holds at the end.
    public var objective: Int
    /// Changes weighed.
    public var iterations: Int
    /// Changes made.
    public var changes: Int

    @inlinable
    init(objective: Int, iterations: Int, changes: Int) {
      self.objective = objective
      self.iterations = iterations
      self.changes = changes
    }
  }

  /// Searches until the iterations or the time are spent, and leaves the problem at the best assignment seen, which is
  /// never worse than the first.
  ///
  /// `spent` tells which share of the time is over, 0 to 1; `progress` is told the share of the whole. Both are called
  /// after every 1,024 changes. One of iterations and time must be bounded.
  @inlinable
  public static func run<Problem: AssignmentProblem>(
    _ problem: inout Problem, _ options: Options, spent: () -> Double = { 0 },
    progress: (_ share: Double, _ best: Int) -> Void = { _, _ in }
  ) -> Outcome {
    var search = Annealing(problem, options)
    var share = 0.0
    // With one bin nothing can move.
    if problem.itemCount > 0 && problem.binCount > 1 && options.iterations > 0 {
      search.sample(problem)
      while share < 1 {
        search.cool(share, &problem)
        for _ in 0..<min(1024, options.iterations - search.iterations) { search.step(&problem) }
        share = max(Double(search.iterations) / Double(options.iterations), spent())
        progress(min(share, 1), search.best.objective)
      }
      search.best.restore(&problem)
    }
    return Outcome(objective: search.best.objective, iterations: search.iterations, changes: search.changes)
  }
}
