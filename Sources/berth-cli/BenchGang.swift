import ArgumentParser
import BerthSimulation
import CBerth

struct BenchGang: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gang",
    abstract: "Time placing gangs of eight-GPU pods in a network of racks, spines, superpods and zones.",
    discussion: """
      The cluster is 70 % full: racks of 16 hosts, spines of 64 racks, superpods of 16 spines, four zones. Gangs of 8 to \
      4,096 workers, alone or with a master, are packed as low and tight as can be; others are asked for where they \
      cannot be, and the proof is timed. Classes of workers take turns, so each has to hear of what the others did.

      microseconds: mean of a call that chooses and places the whole gang, for a class in use. cold: the same for a class \
      that the engine has never seen, interning included, as a dry run.

      The last cases are those of peers at their own size: KAI's gang of 512 pods and its unschedulable gang on 500 nodes, \
      Kueue's 15,000 topology-aware workloads on 640 nodes, kube-scheduler's gangs of four on 5,000 nodes in 50 racks. \
      Peers' figures are end to end, with an API server; these are decisions alone.

      Examples:
        berth bench gang --nodes 1000000 --json
        berth bench gang --nodes 100000 --gangs 1000 --verify 50
      """)

  @Option(help: "Hosts of the cluster.")
  var nodes = 1_000_000

  @Option(help: "Gangs of each case; a quarter of that for the largest ones.")
  var gangs = 200

  @Option(help: "Classes of workers that take turns.")
  var classes = 8

  @Option(help: ArgumentHelp("Compare K gangs of each case with a look at every node.", valueName: "k"))
  var verify = 10

  @Option(help: "Only cases with so many workers (a master not counted); may be given again.")
  var workers: [Int] = []

  @OptionGroup var common: BenchOptions

  func validate() throws {
    try require("--nodes", nodes, in: 64...Int(BERTH_MAX_NODES))
    try require("--gangs", gangs, in: 1...1_000_000)
    try require("--classes", classes, in: 1...1000)
    try require("--verify", verify, in: 0...gangs)
  }

  func run() throws {
    var options = GangBench.Options()
    options.nodes = nodes
    options.gangs = gangs
    options.classes = classes
    options.seed = common.seed
    options.verify = verify
    options.workers = Set(workers)
    options.hasPeers = workers.isEmpty
    var bench = GangBench(options)
    bench.note = { Terminal.printError($0) }
    let results = try bench.run()
    if common.json { return BenchOptions.printCases(results.map(\.json)) }
    var table = Table("bench gang: \(Figures.grouped(nodes)) hosts with eight GPUs, 70 % full, seed \(common.seed)")
    for result in results {
      table.add(
        "\(result.name), \(Figures.grouped(result.members)) members",
        Figures.duration(nanoseconds: result.latencies.mean) + ", p99 "
          + Figures.duration(nanoseconds: result.latencies.percentile(99)) + ", cold "
          + Figures.duration(nanoseconds: result.cold.mean)
          + ", proven \(result.proven) of \(result.latencies.count), verified \(result.verified)")
    }
    Terminal.printResult(table.text)
  }
}
