import ArgumentParser
import BerthSimulation

@main
struct BerthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "berth",
    abstract: "Decide where pods run: simulate, replay and measure the Berth scheduling engine.",
    discussion: """
      With --json a command prints exactly one line of JSON on standard output; progress and notes always go to \
      standard error. Exit code 0: done. 1: the data or the engine refused, and the message says where. 2: wrong usage.

      A first look:
        berth simulate
        berth simulate --nodes 50000 --pods 50000 --heatmap nodes.png
        berth bench place --nodes 100000 --verify 50
      """,
    version: Version.text,
    subcommands: [Simulate.self, ReplayCommand.self, SnapshotCommand.self, JournalCommand.self, Bench.self])

  /// ArgumentParser ends the process with 64 on wrong usage and 1 on everything else; Berth's codes are in the help.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      if code == .success {
        Terminal.printResult(fullMessage(for: error))
        exit()
      }
      if code == .validationFailure {
        Terminal.printError(fullMessage(for: error))
        exit(withError: ExitCode(2))
      }
      Terminal.printError("berth: \(error)")
      exit(withError: ExitCode(1))
    }
  }
}
