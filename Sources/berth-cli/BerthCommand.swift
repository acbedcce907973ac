import ArgumentParser
import BerthKubernetes
import BerthSimulation

@main
struct BerthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "berth",
    abstract: "Decide where pods run: ask about a cluster, simulate, replay and measure.",
    discussion: """
      With --json a command prints exactly one line of JSON on standard output; progress and notes always go to \
      standard error. Exit code 0: done. 1: the data or the engine refused, and the message says where. 2: wrong usage, or manifests with mistakes.

      A first look:
        kubectl get nodes,pods -A -o json > cluster.json
        berth place --cluster cluster.json --pods deployment.yaml
        berth gang --topology topology.conf --job train.yaml
        berth simulate
        berth simulate --nodes 50000 --pods 50000 --heatmap nodes.png
        berth bench place --nodes 100000 --verify 50
      """,
    version: Version.text,
    subcommands: [
      PlaceCommand.self, CapacityCommand.self, GangCommand.self, Simulate.self, ReplayCommand.self,
      SnapshotCommand.self, JournalCommand.self, GoldenCommand.self, MachinesCommand.self, FgdCommand.self,
      RoadefCommand.self, Bench.self,
    ])

  /// ArgumentParser ends the process with 64 on wrong usage and 1 on everything else; Berth's codes are in the help.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as BadInput {
      ManifestOptions.show(error.problems)
      exit(withError: ExitCode(2))
    } catch {
      let code = exitCode(for: error)
      if code == .success {
        Terminal.printResult(fullMessage(for: error))
        exit()
      }
      // The result has been printed, and the code is all there is to say.
      if error is ExitCode { exit(withError: code) }
      if code == .validationFailure {
        Terminal.printError(fullMessage(for: error))
        exit(withError: ExitCode(2))
      }
      Terminal.printError("berth: \(error)")
      exit(withError: ExitCode(1))
    }
  }
}
