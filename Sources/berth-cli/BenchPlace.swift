import ArgumentParser
import BerthSimulation
import CBerth

struct BenchPlace: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "place",
    abstract: "Time one placement after the other on a cluster that is partly full.",
    discussion: """
      The case is drawn from --seed: five machine shapes in equal shares, each node filled to one random fraction \
      (0 to 999)/1200 of cpu and memory, its free GPUs uniform; classes of 1 to 16 cores, 1 to 16 times 4 GiB, and \
      in one of three cases 1, 2, 4 or 8 GPUs; each pod has a random class. Classes that ask for the same differ in \
      priority, so that the engine really has as many as asked. With --churn F, after each placement one running \
      pod placed earlier leaves with probability F.

      What is measured:
        seconds                placing alone, refusals included; building,
                               departures and verification are timed apart
        placements_per_minute  placed pods per minute of placing
        p50_ns, p99_ns         from every 16th placement
        departure_ns           mean of one departure
        class_ready_ns         p99 of a new class: intern and first decision
        full_scan_ns_per_node  a decision by scanning all leaves, per node
        bytes_per_node         rows and state trees at the end, as the
                               engine reports them
        checksum               FNV-1a over all decisions: equal for equal
                               options on every machine, path and CPU level
        verified               decisions that agreed with rules written
                               apart from the engine (--verify)

      Examples:
        berth bench place --profile spread --churn 0.5 --verify 100
        berth bench place --nodes 10000 --pods 20000 --json
        berth bench place --nodes 1000 --pods 5000 --dump /tmp/place
      """)

  @Option(help: "Nodes of the cluster.")
  var nodes = 1_000_000

  @Option(help: "Pod classes.")
  var classes = 100

  @Option(help: "Pods that arrive, one at a time.")
  var pods = 200_000

  @Option(help: "Probability, 0 to 1, that a running pod leaves after a placement.")
  var churn = 0.0

  @Option(help: "What makes a node good. kube: LeastAllocated + BalancedAllocation as kube-scheduler computes them.")
  var profile = ProfileChoice.binpack

  @Option(help: "Compare this many random decisions with rules written apart from the engine.")
  var verify = 0

  @Option(help: ArgumentHelp("Write case and decisions as .npy files.", valueName: "dir"))
  var dump: String?

  @Option(help: "Kernels to run; a level this CPU lacks is refused.")
  var cpuLevel = CPULevel.auto

  @Option(help: "Force one way of searching; every path gives the same decisions.")
  var path = SearchPath.auto

  @OptionGroup var common: BenchOptions

  func validate() throws {
    try require("--nodes", nodes, in: 1...Int(BERTH_MAX_NODES))
    try require("--classes", classes, in: 1...Int(BERTH_MAX_CLASSES) - PlaceBench.extraClasses)
    try require("--pods", pods, in: 1...Int(BERTH_MAX_PODS))
    try require("--verify", verify, in: 0...Int(BERTH_MAX_PODS))
    guard churn >= 0 && churn <= 1 else { throw ValidationError("--churn is \(churn); give a number from 0 to 1.") }
  }

  func run() throws {
    var options = PlaceBench.Options()
    options.nodes = nodes
    options.classes = classes
    options.pods = pods
    options.churn = churn
    options.profile = profile
    options.seed = common.seed
    options.verify = verify
    options.cpuLevel = cpuLevel
    options.path = path
    var bench = PlaceBench(options)
    bench.note = { Terminal.printError($0) }
    let outcome = try bench.run()
    if let dump { try outcome.dump(to: dump) }
    Terminal.printResult(common.json ? outcome.json.line : table(outcome))
  }

  private func table(_ outcome: PlaceBench.Outcome) -> String {
    let info = outcome.placed
    let latencies = outcome.latencies
    var table = Table(
      "bench place: \(Figures.grouped(nodes)) nodes, \(Figures.grouped(classes)) classes, "
        + "\(Figures.grouped(pods)) pods, \(profile.rawValue), seed \(common.seed)")
    table.add("placements per minute", Figures.rate(outcome.placementsPerMinute))
    table.add("placed", Figures.grouped(outcome.placedCount))
    table.add("refused", Figures.grouped(outcome.decisions.count - outcome.placedCount))
    table.add("placing", Figures.duration(nanoseconds: outcome.placingSeconds * 1e9))
    table.add("latency p50", Figures.duration(nanoseconds: latencies.percentile(50)))
    table.add("latency p99", Figures.duration(nanoseconds: latencies.percentile(99)))
    if let departure = outcome.departureNanoseconds {
      table.add("departures", Figures.grouped(outcome.departures.count))
      table.add("one departure", Figures.duration(nanoseconds: departure))
    }
    table.add("new class ready, p99", Figures.duration(nanoseconds: outcome.newClasses.percentile(99)))
    table.add("full scan per node", Figures.decimal(outcome.fullScanNanosecondsPerNode, 3) + " ns")
    table.add("build", Figures.duration(nanoseconds: outcome.buildSeconds * 1e9))
    table.add("engine per node", Figures.decimal(outcome.bytesPerNode, 1) + " B")
    table.add("state trees", Figures.bytes(info.index_bytes))
    table.add("engine", Figures.bytes(info.bytes_allocated))
    table.add("process at its peak", Figures.bytes(outcome.peakResidentBytes))
    for (name, rate) in outcome.countersPerPlacement.prefix(3) {
      table.add(name.replacing("_", with: " ") + " per placement", Figures.decimal(rate, 2))
    }
    table.add("allocator", info.allocatorName)
    table.add("CPU level", info.cpuLevelName)
    table.add("checksum", outcome.checksum.text)
    table.add("verified", verify > 0 ? "\(Figures.grouped(outcome.verified)) decisions" : "none (--verify K)")
    return table.text
  }
}
