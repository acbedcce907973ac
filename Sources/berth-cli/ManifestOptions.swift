import ArgumentParser
import BerthKubernetes
import BerthSimulation

/// What the commands that read Kubernetes' objects have in common.
struct ManifestOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The cluster: what `kubectl get nodes,pods -A -o json` (or yaml) prints; - is standard input.", valueName: "file")
  )
  var cluster: String

  @Flag(help: "Leave out objects with mistakes and go on with what is sound.")
  var lenient = false

  @Flag(help: "Print one line of JSON.")
  var json = false

  func readCluster() -> Manifests {
    var bar = ProgressBar("reading")
    return ManifestFile(cluster, isDump: true).read { done, total in bar.update(done, of: total) }
  }

  /// Notes, and mistakes that were passed over, go to standard error.
  static func tell(_ notes: [String], _ problems: [Problem]) {
    for note in notes { Terminal.printError("note: \(note)") }
    if !problems.isEmpty { show(problems) }
  }

  static func show(_ problems: [Problem]) {
    let most = 100
    for problem in problems.prefix(most) { Terminal.printError("\(problem)") }
    if problems.count > most { Terminal.printError("and \(Figures.grouped(problems.count - most)) more") }
    Terminal.printError("berth: \(Figures.grouped(problems.count)) \(problems.count == 1 ? "mistake" : "mistakes")")
  }

  static func json(_ notes: [String], _ problems: [Problem]) -> [(String, JSONValue)] {
    [
      ("notes", .list(notes.map { .text($0) })),
      (
        "problems",
        .list(
          problems.map { problem in
            .object([
              ("object", .text(problem.object)), ("path", .text(problem.path)), ("message", .text(problem.message)),
            ])
          })
      ),
    ]
  }

  static func json(_ zones: [PlacementRun.Zone]) -> JSONValue {
    .list(
      zones.map { zone in
        .object([("zone", .text(zone.name)), ("nodes", .count(zone.nodes)), ("placed", .count(zone.placed))])
      })
  }

  static func table(_ zones: [PlacementRun.Zone]) -> String {
    var table = Table("\nzones", head: ["zone", "nodes", "placed"])
    for zone in zones {
      table.add(zone.name.isEmpty ? "(none)" : zone.name, Figures.grouped(zone.nodes), Figures.grouped(zone.placed))
    }
    return table.text
  }
}
