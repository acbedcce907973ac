import ArgumentParser

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the engine on generated cases.",
    subcommands: [BenchPlace.self, BenchState.self, BenchConstraints.self, BenchGPU.self])
}
