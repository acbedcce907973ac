import BerthSearch
import Testing

@Suite struct LocalSearchTests {
  private func options(_ seed: UInt64, _ iterations: Int) -> LocalSearch.Options {
    var options = LocalSearch.Options()
    options.seed = seed
    options.iterations = iterations
    return options
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func smallProblemsAreSolved(seed: UInt64) {
    var problem = Packing(seed: seed, items: 6, bins: 3)
    let best = problem.reachableBest()
    let outcome = LocalSearch.run(&problem, options(seed, 20_000))
    #expect(outcome.objective == best && problem.objective == best && problem.isValid(problem.bins))
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func theBudgetOfMovesIsKept(seed: UInt64) {
    for budget in 0...3 {
      var problem = Packing(seed: seed, items: 6, bins: 3)
      let (first, best) = (problem.bins, problem.best(budget: budget))
      var options = options(seed, 20_000)
      options.budget = budget
      let outcome = LocalSearch.run(&problem, options)
      #expect(zip(first, problem.bins).count { $0 != $1 } <= budget)
      // With few moves some of the best cannot be reached step by step: the budget binds on the way, too.
      #expect(outcome.objective >= best && outcome.objective == problem.objective)
    }
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func aSeedAndItsIterationsDecideEverything(seed: UInt64) {
    let problem = Packing(seed: seed, items: 30, bins: 6)
    var (first, second, other) = (problem, problem, problem)
    let outcome = LocalSearch.run(&first, options(seed, 5_000))
    #expect(LocalSearch.run(&second, options(seed, 5_000)) == outcome)
    #expect(first.bins == second.bins && outcome.iterations == 5_000)
    // The clock has no say where it is not asked, and another seed takes another way.
    #expect(LocalSearch.run(&other, options(seed + 100, 5_000)).changes != outcome.changes)
  }

  @Test func theResultIsNeverWorseThanTheStart() {
    for iterations in [0, 1, 2, 1023, 1024, 1025] {
      var problem = Packing(seed: 7, items: 20, bins: 4)
      let before = problem.objective
      let outcome = LocalSearch.run(&problem, options(1, iterations))
      #expect(outcome.iterations == iterations && outcome.objective <= before)
      #expect(problem.objective == outcome.objective && problem.isValid(problem.bins))
    }
  }

  @Test func timeEndsASearch() {
    var problem = Packing(seed: 7, items: 20, bins: 4)
    var readings = 0
    var shares: [Double] = []
    let outcome = LocalSearch.run(
      &problem, LocalSearch.Options(),
      spent: {
        readings += 1
        return Double(readings) / 10
      }, progress: { share, _ in shares.append(share) })
    #expect(outcome.iterations == 10 * 1024 && shares.count == 10 && shares.last == 1 && shares == shares.sorted())
  }

  @Test func problemsWithoutChoiceEndAtOnce() {
    for (items, bins) in [(0, 3), (3, 1)] {
      var problem = Packing(seed: 1, items: items, bins: bins)
      #expect(LocalSearch.run(&problem, LocalSearch.Options()).iterations == 0)
    }
  }

  @Test func drawnNumbersKeepTheirBounds() {
    var random = SearchRandom(seed: 1)
    var above = [0, 0, 0]
    for _ in 0..<100_000 {
      #expect((0..<7).contains(random.below(7)))
      let value = random.halving()
      #expect(value > 0 && value <= 64)
      for bound in 1...3 where value > Double(bound) { above[bound - 1] += 1 }
    }
    // Half of them exceed 1, a quarter 2, an eighth 3; the seed is fixed.
    for (count, expected) in zip(above, [50_000, 25_000, 12_500]) { #expect(abs(count - expected) < 600) }
  }
}
