import ArgumentParser
import BerthSimulation
import CBerth

struct BenchConstraints: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "constraints",
    abstract: "Time placing pods with Kubernetes' constraints, the cases of kube-scheduler's own performance suite.",
    discussion: """
      Every case has a cluster of its own, in zones and racks, that already holds four pods a node, of the same classes \
      that are placed. Pods are scored by kube-scheduler's default profile over all nodes, none are sampled.

      peer_threshold is what kube-scheduler's CI demands of itself at 5,000 nodes in pods a second, with API server and \
      binding; compare it with care.

      Examples:
        berth bench constraints --nodes 5000 --json
        berth bench constraints --nodes 1000000 --case 'hard spread'
      """)

  @Option(help: "Nodes of the cluster.")
  var nodes = 5_000

  @Option(help: "Zones they are in.")
  var zones = 5

  @Option(help: "Pod classes.")
  var classes = 100

  @Option(help: "Pods to place in each case.")
  var pods = 50_000

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp(
      "A case to run, may be given again; without it all: "
        + ConstraintCase.allCases.map(\.rawValue).joined(separator: ", ") + "."))
  var cases: [ConstraintCase] = []

  @Option(help: ArgumentHelp("Compare K decisions of each case with a look at every node.", valueName: "k"))
  var verify = 20

  @OptionGroup var common: BenchOptions

  func validate() throws {
    try require("--nodes", nodes, in: 1...Int(BERTH_MAX_NODES))
    try require("--zones", zones, in: 1...1000)
    try require("--classes", classes, in: 1...10_000)
    try require("--pods", pods, in: 1...10_000_000)
    try require("--verify", verify, in: 0...pods)
  }

  func run() throws {
    var options = ConstraintBench.Options()
    options.nodes = nodes
    options.zones = zones
    options.classes = classes
    options.pods = pods
    options.seed = common.seed
    options.verify = verify
    if !cases.isEmpty { options.cases = cases }
    var bench = ConstraintBench(options)
    bench.note = { Terminal.printError($0) }
    let results = try bench.run()
    if common.json { return BenchOptions.printCases(results.map { $0.json(nodes: nodes) }) }
    Terminal.printResult(table(results))
  }

  private func table(_ results: [ConstraintBench.Result]) -> String {
    var table = Table(
      "bench constraints: \(Figures.grouped(nodes)) nodes in \(zones) zones, \(Figures.grouped(classes)) classes, "
        + "\(Figures.grouped(pods)) pods a case, seed \(common.seed)")
    for result in results {
      table.add(
        result.kind.rawValue,
        Figures.grouped(Int(result.podsPerSecond)) + " pods/s, p99 "
          + Figures.duration(nanoseconds: result.latencies.percentile(99)) + ", placed "
          + Figures.grouped(result.placed) + ", verified \(result.verified), kube-scheduler's CI demands "
          + "\(result.kind.peerThreshold)")
    }
    return table.text
  }
}

extension ConstraintCase: ExpressibleByArgument {}
