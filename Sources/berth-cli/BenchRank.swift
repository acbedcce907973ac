import ArgumentParser
import BerthRanks
import BerthSimulation

struct BenchRank: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "Compare orders of a training job's ranks by what they cost on the network.",
    discussion: """
      A job got nodes of eight GPUs on a cluster in use: 1 to 16 on each leaf, unequal numbers of leaves to a spine and \
      of spines to a superpod. Its pods came to them in no order. The cost of an order is the time that all bytes and \
      messages of a step take on the links they cross, in sum: 450 GB/s within a node, 50 on a leaf, 25, 12.5 and \
      6.25 beyond. docs/ranks.md has the definitions.

      Orders: pods as they came; by node name as text ("host-10" < "host-2"); by the names of domains, level by level, \
      as Kueue does; and Berth's. JSON has costs in picoseconds. bound is what no order costs less than; exact says that Berth's is proven to be best.

      Examples:
        berth bench rank --json
        berth bench rank --gpus 8192 --case ring --repeat 20
        berth bench rank --gpus 512 --verify
      """)

  @Option(help: "GPUs of the job, a power of two from 64; may be given again. Without it 64, 512, 2048 and 8192.")
  var gpus: [Int] = []

  @Option(
    name: .customLong("case"),
    help: ArgumentHelp(
      "A case to run, may be given again; without it all: "
        + RankBench.Traffic.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ") + "."))
  var cases: [RankBench.Traffic] = []

  @Option(name: .customLong("repeat"), help: "Times each assignment is made.")
  var repetitions = 5

  @Flag(help: "Recompute every cost flow by flow; ends with exit code 1 at the first that differs.")
  var verify = false

  @OptionGroup var common: BenchOptions

  func validate() throws {
    for count in gpus {
      try require("--gpus", count, in: 64...131_072)
      guard count & (count - 1) == 0 else { throw ValidationError("--gpus \(count): a power of two") }
    }
    try require("--repeat", repetitions, in: 1...1000)
  }

  func run() throws {
    var options = RankBench.Options()
    if !gpus.isEmpty { options.gpus = gpus }
    if !cases.isEmpty { options.traffic = cases }
    options.repetitions = repetitions
    options.verify = verify
    options.seed = common.seed
    var bench = RankBench(options)
    bench.note = { Terminal.printError($0) }
    let results = try bench.run()
    if common.json { return BenchOptions.printCases(results.map(\.json)) }
    var table = Table("bench rank: cost of an order over the best possible (at least the bound), seed \(common.seed)")
    for result in results {
      let bound = Double(max(result.assignment.lowerBound, 1))
      func over(_ cost: Int64) -> String { "\((Double(cost) / bound).significant(4))" }
      table.add(
        "\(Figures.grouped(result.gpus)) GPUs, \(result.traffic.rawValue)",
        "pods \(over(result.podOrder)), names \(over(result.nameOrder)), tree \(over(result.treeOrder)), berth "
          + over(result.assignment.cost) + (result.assignment.isExact ? " (exact)" : "")
          + ", \(result.meanMilliseconds.significant(3)) ms" + (verify ? ", verified \(result.verified)" : ""))
    }
    Terminal.printResult(table.text)
  }
}

extension RankBench.Traffic: ExpressibleByArgument {}
