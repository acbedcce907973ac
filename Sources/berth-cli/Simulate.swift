import ArgumentParser
import BerthSimulation
import CBerth

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fill a large cluster, pod after pod, and see how fast and how well.",
    discussion: """
      Builds an empty cluster of zones and racks with five machine types (one of them with four GPUs, behind a taint), \
      draws pod classes as clusters see them (web, services, stores tied to a zone, caches on machines with much \
      memory, batch, GPU training) and places pods of random classes one at a time. Everything is drawn from --seed.

      --heatmap writes a PNG: a panel for each zone, one pixel a node in topology order, 8 by 8 pixels a rack. The \
      colour is the mean used share of the node's cpu, memory and GPUs, from violet (little) to yellow (full); slate \
      is a node without pods.

      Examples:
        berth simulate
        berth simulate --profile spread --heatmap spread.png
        berth simulate --nodes 10000 --zones 5 --pods 30000 --json
      """)

  @Option(help: "Nodes of the cluster.")
  var nodes = 1_000_000

  @Option(help: "Zones, of equal size.")
  var zones = 3

  @Option(help: "Pod classes.")
  var classes = 100

  @Option(help: "Pods that arrive, one at a time.")
  var pods = 1_000_000

  @Option(help: "What makes a node good. kube: LeastAllocated + BalancedAllocation as kube-scheduler computes them.")
  var profile = ProfileChoice.binpack

  @Option(help: "Seed of the whole case.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Write a picture of the cluster at the end.", valueName: "file.png"))
  var heatmap: String?

  @Option(
    help: ArgumentHelp("Write the engine's counters and histograms as Prometheus text.", valueName: "file.prom"))
  var metrics: String?

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    try require("--nodes", nodes, in: 1...Int(BERTH_MAX_NODES))
    try require("--zones", zones, in: 1...min(nodes, 1024))
    try require("--classes", classes, in: 1...Int(BERTH_MAX_CLASSES))
    try require("--pods", pods, in: 1...Int(BERTH_MAX_PODS))
  }

  func run() throws {
    var options = Simulation.Options()
    options.nodes = nodes
    options.zones = zones
    options.classes = classes
    options.pods = pods
    options.profile = profile
    options.seed = seed
    var bar = ProgressBar("placing")
    let outcome = try Simulation.run(options) { done, total in bar.update(done, of: total) }
    if let heatmap {
      try outcome.writeHeatmap(heatmap)
      Terminal.printError("heat map: \(heatmap)")
    }
    if let metrics {
      try ByteFile.write(metrics, text: outcome.metrics)
      Terminal.printError("metrics: \(metrics)")
    }
    Terminal.printResult(json ? outcome.json.line : table(outcome))
  }

  private func table(_ outcome: Simulation.Outcome) -> String {
    let latencies = outcome.latencies
    var speed = Table(
      "simulate: \(Figures.grouped(nodes)) nodes, \(Figures.grouped(zones)) zones, "
        + "\(Figures.grouped(classes)) classes, \(Figures.grouped(pods)) pods, \(profile.rawValue), seed \(seed)")
    speed.add("placements per minute", Figures.rate(outcome.placementsPerMinute))
    speed.add("placed", Figures.grouped(outcome.placed))
    speed.add("refused", Figures.grouped(pods - outcome.placed))
    speed.add("placing", Figures.duration(nanoseconds: outcome.placingSeconds * 1e9))
    speed.add("latency p50", Figures.duration(nanoseconds: latencies.percentile(50)))
    speed.add("latency p99", Figures.duration(nanoseconds: latencies.percentile(99)))
    speed.add("latency p99.9", Figures.duration(nanoseconds: latencies.percentile(99.9)))
    speed.add("build", Figures.duration(nanoseconds: outcome.buildSeconds * 1e9))
    speed.add("engine", Figures.bytes(outcome.info.bytes_allocated))
    let perNode = Double(outcome.info.node_bytes + outcome.info.index_bytes) / Double(nodes)
    speed.add("engine per node", Figures.decimal(perNode, 1) + " B")
    speed.add("process at its peak", Figures.bytes(outcome.peakResidentBytes))
    speed.add("allocator", outcome.info.allocatorName)
    speed.add("CPU level", outcome.info.cpuLevelName)
    var zones = Table("\nutilisation", head: ["zone", "nodes", "in use", "cpu", "memory", "GPU"])
    for zone in outcome.zones {
      zones.add(
        zone.name, Figures.grouped(zone.nodes), Figures.percent(Double(zone.usedNodes) / Double(max(zone.nodes, 1))),
        Figures.percent(zone.share(0)), Figures.percent(zone.share(1)), Figures.percent(zone.share(2)))
    }
    return speed.text + "\n" + zones.text
  }
}
