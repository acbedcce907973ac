import ArgumentParser
import BerthSimulation

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the engine on generated cases.",
    subcommands: [
      BenchPlace.self, BenchState.self, BenchConstraints.self, BenchGPU.self, BenchGang.self, BenchRank.self,
      BenchBoundary.self, BoundaryPlay.self,
    ])
}

/// What every benchmark takes.
struct BenchOptions: ParsableArguments {
  @Option(help: "Seed of all that is drawn.")
  var seed: UInt64 = 1

  @Flag(help: "Print one line of JSON.")
  var json = false

  static func printCases(_ cases: [JSONValue]) {
    Terminal.printResult(JSONValue.object([("cases", .list(cases))]).line)
  }
}
