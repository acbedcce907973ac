import ArgumentParser
import BerthSimulation

extension ReplayPolicy: ExpressibleByArgument {}

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Place the pods of a real trace and report how much of the cluster they fill.",
    discussion: """
      The files have the format of Alibaba's openb trace (cluster-trace-gpu-v2023), comma-separated with column names \
      in the first line, read strictly: an error names file, line and column.
        nodes  sn,cpu_milli,memory_mib,gpu,model
        pods   name,cpu_milli,memory_mib,num_gpu,gpu_milli[,gpu_spec,...]
      gpu_spec `A|B` asks for a node whose model is A or B. GPUs count in thousandths over a whole node \
      (num_gpu times gpu_milli): which GPU a shared one lands on is not modelled yet. Pods stay once placed, a pod \
      that fits nowhere is refused and not tried again.

      Policies:
        random   any node where the pod fits, each equally likely (--seed)
        bestfit  least free cpu and GPU after placing   } as in the FGD paper,
        dotprod  least free times requested cpu and GPU } ATC '23
        binpack  fullest node over cpu, memory and GPU

      Pods arrive in the order of the file, or with --shuffle in an order drawn from --seed.

      Examples:
        berth replay --nodes nodes.csv --pods pods.csv --policy bestfit
        berth replay --nodes nodes.csv --pods pods.csv --policy random \\
                     --shuffle --seed 42 --json
      """)

  @Option(help: ArgumentHelp("The list of nodes.", valueName: "file.csv"))
  var nodes: String

  @Option(help: ArgumentHelp("The list of pods.", valueName: "file.csv"))
  var pods: String

  @Option(help: "How a node is chosen.")
  var policy = ReplayPolicy.binpack

  @Option(help: "Seed of the random policy and of --shuffle.")
  var seed: UInt64 = 1

  @Flag(help: "Shuffle the order of arrival.")
  var shuffle = false

  @Flag(help: "Print one line of JSON.")
  var json = false

  func run() throws {
    let trace = try OpenbTrace(nodesPath: nodes, podsPath: pods)
    var options = Replay.Options()
    options.policy = policy
    options.seed = seed
    options.shuffle = shuffle
    let outcome = try Replay.run(trace, options)
    Terminal.printResult(json ? outcome.json.line : table(outcome))
  }

  private func table(_ outcome: Replay.Outcome) -> String {
    var counts = Table("replay: \(policy.rawValue) on \(Figures.grouped(outcome.nodes)) nodes, seed \(seed)")
    counts.add("arrived", Figures.grouped(outcome.arrived))
    counts.add("placed", Figures.grouped(outcome.placed))
    counts.add("refused", Figures.grouped(outcome.arrived - outcome.placed))
    counts.add("pod classes", Figures.grouped(outcome.classes))
    counts.add("latency p50", Figures.duration(nanoseconds: outcome.latencies.percentile(50)))
    counts.add("latency p99", Figures.duration(nanoseconds: outcome.latencies.percentile(99)))
    counts.add("placing", Figures.duration(nanoseconds: outcome.seconds * 1e9))
    // In the units people count in: cores, GiB, whole GPUs.
    let units: [(name: String, divisor: Double)] = [("cpu, cores", 1000), ("memory, GiB", 1024), ("GPU", 1000)]
    var shares = Table("\nallocation", head: ["", "allocated", "capacity", "share"])
    for (allocation, unit) in zip(outcome.allocations, units) {
      shares.add(
        unit.name, Figures.decimal(Double(allocation.used) / unit.divisor, 0),
        Figures.decimal(Double(allocation.capacity) / unit.divisor, 0), Figures.percent(allocation.share))
    }
    return counts.text + "\n" + shares.text
  }
}
