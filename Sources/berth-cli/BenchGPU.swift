import ArgumentParser
import BerthSimulation
import CBerth

struct BenchGPU: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpu",
    abstract: "Time placing pods on GPUs of eight-GPU hosts of four kinds.",
    discussion: """
      A quarter of the hosts each is a DGX A100, a DGX H100, eight GPUs on PCIe, and four NVLink pairs. Pods come in the \
      proportions of Alibaba's openb trace: shares of a GPU, one, two, four and eight of them, and none. Half of the \
      hosts are full before, a quarter is empty, the others are filled to a random part. Each decision is the best \
      (host, GPUs) of the whole cluster.

      Policies: binpack (fullest over cpu, memory and GPU, plus links and remainder of the chosen GPUs), fgd, berth.

      Examples:
        berth bench gpu --nodes 1000000 --json
        berth bench gpu --nodes 100000 --policy fgd --verify 200
      """)

  @Option(help: "Hosts of the cluster.")
  var nodes = 100_000

  @Option(help: "Pod classes, all different and all typical pods: 6 to 1,024.")
  var classes = 100

  @Option(help: "Pods to place for each policy.")
  var pods = 300_000

  @Option(help: "A policy, may be given again; without it all.")
  var policy: [GPUCluster.Policy] = []

  @Option(help: ArgumentHelp("Compare K decisions of each policy with a look at every node.", valueName: "k"))
  var verify = 20

  @OptionGroup var common: BenchOptions

  func validate() throws {
    try require("--nodes", nodes, in: 1...Int(BERTH_MAX_NODES))
    try require("--classes", classes, in: GPUCluster.classCounts)
    try require("--pods", pods, in: 1...10_000_000)
    try require("--verify", verify, in: 0...pods)
  }

  func run() throws {
    var options = GPUBench.Options()
    options.nodes = nodes
    options.classes = classes
    options.pods = pods
    options.seed = common.seed
    options.verify = verify
    if !policy.isEmpty { options.policies = policy }
    var bench = GPUBench(options)
    bench.note = { Terminal.printError($0) }
    let results = try bench.run()
    if common.json { return BenchOptions.printCases(results.map(\.json)) }
    var table = Table(
      "bench gpu: \(Figures.grouped(nodes)) hosts with eight GPUs, \(Figures.grouped(classes)) classes, "
        + "\(Figures.grouped(pods)) pods a policy, seed \(common.seed)")
    for result in results {
      table.add(
        result.policy.rawValue,
        Figures.grouped(Int(result.podsPerSecond)) + " pods/s, p99 "
          + Figures.duration(nanoseconds: result.latencies.percentile(99)) + ", placed "
          + Figures.grouped(result.placed) + ", verified \(result.verified), ready after "
          + Figures.duration(nanoseconds: result.readySeconds * 1e9))
    }
    Terminal.printResult(table.text)
  }
}

extension GPUCluster.Policy: ExpressibleByArgument {}
