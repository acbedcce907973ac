import Testing

@testable import BerthSimulation

/// The challenge's instances, if they are there.
@Suite(.enabled(if: RoadefCase.folder != nil, "no data/roadef-2012 in the shared folder ($BERTH_SHARED)"))
struct RoadefInstanceTests {
  private func run(_ instance: String, iterations: Int, seed: UInt64 = 1) throws -> RoadefRun.Outcome {
    let folder = try #require(RoadefCase.folder)
    var options = RoadefRun.Options()
    options.iterations = iterations
    options.seed = seed
    return try RoadefRun.run(
      modelPath: "\(folder)/model_\(instance).txt", assignmentPath: "\(folder)/assignment_\(instance).txt",
      published: nil, options, progress: { _, _ in })
  }

  @Test(arguments: [
    ("a1_1", 49_528_750, 44_306_501), ("a1_2", 1_061_649_570, 910_605_872), ("a1_3", 583_662_270, 583_373_593),
    ("a1_4", 632_499_600, 363_300_984), ("a1_5", 782_189_690, 737_552_275),
  ])
  func objectivesAreThoseThatOthersComputed(instance: String, initial: Int, published: Int) throws {
    let outcome = try run(instance, iterations: 0)
    #expect(outcome.initialObjective == initial && outcome.objective == initial && outcome.isValid)
    #expect(outcome.publishedObjective == published && outcome.movedProcesses == 0)
    #expect(outcome.lowerBound <= published)
  }

  /// 44,306,501 is the best objective that has been published for a1_1, and both seeds reach it.
  @Test(arguments: [1, 3] as [UInt64])
  func theSmallestInstanceIsSolved(seed: UInt64) throws {
    let outcome = try run("a1_1", iterations: 1_000_000, seed: seed)
    #expect(outcome.objective == 44_306_501 && outcome.isValid)
  }

  @Test func theLineOfJSONHasItsKeys() throws {
    let line = try run("a1_1", iterations: 1_000).json.line
    #expect(line.hasPrefix("{\"instance\": \"a1_1\", \"machines\": 4, \"processes\": 100, \"initial_objective\": "))
    #expect(line.contains("\"published_objective\": 44306501") && line.hasSuffix("\"valid\": true}"))
  }
}
