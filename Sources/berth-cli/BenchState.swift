import ArgumentParser
import BerthSimulation
import CBerth

struct BenchState: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "state",
    abstract: "Time the engine as a store of state: statements, forks, snapshots, journal, reservations, events.",
    discussion: """
      The cluster is that of `berth bench place`, with --pods pods running. Ratios are medians over --rounds rounds; a \
      round places the same 2,000 pods twice from the same state, with and without what is measured.

      What is measured:
        statement_ratio         placing inside a statement / outside
        statement_ns            one begin and discard with nothing between
        rollback_ns_per_change  taking placements back, each
        fork_ms                 one fork
        fork_bytes_percent      memory of an unchanged fork / its parent's,
                                mean over --forks that are alive at once
        fork_place_ns           the first 100 placements in a fork, each
        snapshot_seconds        whole state to a file, synced and renamed
        restore_seconds         the file to an engine that decides
        journal_ns_per_call     what recording adds to one placement
        reservation_ns          one reservation made, used and removed
        events_ratio            placing with events, counters and latencies
                                on / with all that can be switched off, off

      Examples:
        berth bench state --nodes 1000000 --json
        berth bench state --nodes 20000 --pods 5000 --forks 5000
      """)

  @Option(help: "Nodes of the cluster.")
  var nodes = 1_000_000

  @Option(help: "Pod classes.")
  var classes = 100

  @Option(help: "Pods that run before anything is measured.")
  var pods = 200_000

  @Option(help: "What makes a node good: binpack, spread or kube.")
  var profile = ProfileChoice.binpack

  @Option(help: "Rounds of every comparison.")
  var rounds = 40

  @Option(help: "Forks alive at once.")
  var forks = 1_000

  @Option(help: ArgumentHelp("Where snapshot and journal are written, and removed again.", valueName: "dir"))
  var directory = "."

  @Option(help: "Kernels to run; a level this CPU lacks is refused.")
  var cpuLevel = CPULevel.auto

  @OptionGroup var common: BenchOptions

  func validate() throws {
    try require("--nodes", nodes, in: 1...Int(BERTH_MAX_NODES))
    try require("--classes", classes, in: 1...Int(BERTH_MAX_CLASSES))
    try require("--pods", pods, in: 0...Int(BERTH_MAX_PODS) - 10_000)
    try require("--rounds", rounds, in: 1...100_000)
    try require("--forks", forks, in: 1...Int(BERTH_MAX_ENGINES) - 1)
  }

  func run() throws {
    var options = StateBench.Options()
    options.nodes = nodes
    options.classes = classes
    options.pods = pods
    options.profile = profile
    options.seed = common.seed
    options.rounds = rounds
    options.forks = forks
    options.directory = directory
    options.cpuLevel = cpuLevel
    var bench = StateBench(options)
    bench.note = { Terminal.printError($0) }
    let outcome = try bench.run()
    Terminal.printResult(common.json ? outcome.json.line : table(outcome))
  }

  private func table(_ outcome: StateBench.Outcome) -> String {
    var table = Table(
      "bench state: \(Figures.grouped(nodes)) nodes, \(Figures.grouped(classes)) classes, "
        + "\(Figures.grouped(pods)) pods, \(profile.rawValue), seed \(common.seed)")
    func time(_ name: String, _ nanoseconds: Double) { table.add(name, Figures.duration(nanoseconds: nanoseconds)) }
    time("one placement", outcome.placeNanoseconds)
    table.add("inside a statement", Figures.decimal(outcome.statementRatio, 3) + " times that")
    time("an empty statement", outcome.statementNanoseconds)
    time("rollback, each change", outcome.rollbackNanosecondsPerChange)
    table.add("with events on", Figures.decimal(outcome.eventsRatio, 3) + " times that")
    let forks = outcome.forks
    time("fork", forks.milliseconds * 1e6)
    time("slowest fork", forks.slowestMilliseconds * 1e6)
    table.add(
      "memory of a fork",
      Figures.bytes(Int(forks.bytes)) + ", " + Figures.decimal(forks.bytesPercent, 3) + " % of its parent")
    table.add("forks alive at once", Figures.grouped(forks.alive))
    time("first placements in a fork", forks.firstPlacementsNanoseconds)
    table.add("memory after 100 of them", Figures.bytes(Int(forks.bytesAfterPlacements)))
    time("dropping a fork", forks.destroyMilliseconds * 1e6)
    let records = outcome.records
    time("snapshot", records.snapshotSeconds * 1e9)
    table.add("its file", Figures.bytes(records.snapshotBytes))
    time("restore", records.restoreSeconds * 1e9)
    time("journal, each placement", records.journalNanosecondsPerCall)
    time("the same, buffered", records.bufferedNanosecondsPerCall)
    table.add("a record", Figures.decimal(records.journalBytesPerCall, 1) + " B")
    time("reservation made, used, removed", outcome.reservationNanoseconds)
    table.add("engine", Figures.bytes(outcome.before.bytes_allocated))
    table.add("CPU level", outcome.before.cpuLevelName)
    table.add("allocator", outcome.before.allocatorName)
    return table.text
  }
}
