import ArgumentParser
import BerthKubernetes
import BerthSimulation

struct CapacityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capacity",
    abstract: "How many more pods of one kind fit on a cluster, and what stops the next one.",
    discussion: """
      Places pods of one kind one after the other, as `berth place` does, until one fits nowhere. --pod takes a Pod, or \
      a workload, whose template is taken.

      Examples:
        kubectl get nodes,pods -A -o json > cluster.json
        berth capacity --cluster cluster.json --pod web.yaml
      """)

  @OptionGroup var input: ManifestOptions

  @Option(help: ArgumentHelp("The pod's manifest, YAML or JSON; - is standard input.", valueName: "file"))
  var pod: String

  func validate() throws {
    if input.cluster == "-" && pod == "-" { throw ValidationError("Only one file can be standard input.") }
  }

  func run() throws {
    let run = try CapacityRun(
      cluster: input.readCluster(), wanted: ManifestFile(pod, isDump: false).read(), isLenient: input.lenient)
    ManifestOptions.tell(run.notes, run.problems)
    try run.run()
    Terminal.printResult(input.json ? json(run) : table(run))
  }

  private func table(_ run: CapacityRun) -> String {
    var counts = Table("capacity for \(run.pod)")
    counts.add("nodes", Figures.grouped(run.nodeCount))
    counts.add("running pods", Figures.grouped(run.runningCount))
    counts.add("more pods that fit", Figures.grouped(run.fitting))
    counts.add("nodes that take them", Figures.grouped(run.usedNodes))
    return [counts.text, ManifestOptions.table(run.zones), "\nthe next one", "  " + run.message].joined(separator: "\n")
  }

  private func json(_ run: CapacityRun) -> String {
    let members: [(String, JSONValue)] = [
      ("pod", .text(run.pod)), ("nodes", .count(run.nodeCount)), ("running", .count(run.runningCount)),
      ("fitting", .count(run.fitting)), ("used_nodes", .count(run.usedNodes)),
      ("zones", ManifestOptions.json(run.zones)), ("message", .text(run.message)),
    ]
    return JSONValue.object(members + ManifestOptions.json(run.notes, run.problems)).line
  }
}
