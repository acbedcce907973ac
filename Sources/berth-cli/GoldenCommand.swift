import ArgumentParser
import BerthKubernetes
import BerthSimulation

struct GoldenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "golden",
    abstract: "Decide again what a real kube-scheduler decided, and compare.",
    discussion: """
      Reads recorded decisions, a case in each line of JSON, packed with gzip or plain: nodes, pods that run, the pod to \
      schedule, and what kube-scheduler made of it. Compared are the feasible nodes, of each other node the plugin that \
      refused first with its code and reasons, each plugin's weighted score of each node, totals, the best nodes, and \
      every assignment of a sequence. Recorded preemptions are skipped. Exit code 1 if anything differs.

      Example:
        berth golden recorded/*.jsonl.gz
      """)

  @Argument(help: ArgumentHelp("Recorded decisions.", valueName: "file"))
  var files: [String]

  @Flag(help: "Print one line of JSON.")
  var json = false

  func run() throws {
    var run = GoldenRun()
    for file in files {
      var bar = ProgressBar(file.split(separator: "/").last.map(String.init) ?? file)
      try run.replay(file) { done, total in bar.update(done, of: total) }
    }
    Terminal.printResult(json ? line(run) : table(run))
    if run.suites.contains(where: { $0.unequal > 0 }) { throw ExitCode(1) }
  }

  private func table(_ run: GoldenRun) -> String {
    var table = Table("recorded decisions", head: ["suite", "cases", "equal", "unequal", "skipped"])
    for suite in run.suites {
      table.add(suite.name, "\(suite.cases)", "\(suite.equal)", "\(suite.unequal)", "\(suite.skipped)")
    }
    let differences = run.suites.compactMap { suite in suite.firstDifference.map { "  \(suite.name) \($0)" } }
    return ([table.text] + (differences.isEmpty ? [] : ["\nfirst differences"] + differences)).joined(separator: "\n")
  }

  private func line(_ run: GoldenRun) -> String {
    let suites = run.suites.map { suite in
      JSONValue.object([
        ("suite", .text(suite.name)), ("cases", .count(suite.cases)), ("equal", .count(suite.equal)),
        ("unequal", .count(suite.unequal)), ("skipped", .count(suite.skipped)),
        ("first_difference", suite.firstDifference.map { .text($0) } ?? .null),
      ])
    }
    return JSONValue.object([("suites", .list(suites))]).line
  }
}
