import ArgumentParser
import BerthSimulation

extension FragmentationPolicy: ExpressibleByArgument {}

struct FgdCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fgd",
    abstract: "Run the experiments of the FGD paper and compare every figure with the authors' tables.",
    discussion: """
      Beware of Fragmentation (USENIX ATC 2023): pods of the openb trace arrive one after the other until they ask for \
      130 % of all GPUs. Whoever fits is placed, the others are refused, nobody leaves. The better the policy keeps GPUs \
      in useful pieces, the more of them are in use at the end.

      --trace is a folder with openb_node_list_gpu_node.csv and openb_pod_list_WORKLOAD.csv; --reference one with the \
      authors' tables (analysis_allo_discrete.csv, analysis_frag_discrete.csv) and, in arrivals/ and node_order/, the \
      order of pods and nodes of each workload and seed.

      Policies:
        random         any node and GPU that fit
        bestfit        the least left
        dotprod        the least free times requested
        gpupacking     used GPUs, then used nodes
        gpuclustering  pods with equal numbers of GPUs together
        fgd            the least fragmentation gained
        berth          Berth's own, see docs/decisions/0009

      cells counts the authors' figures that were compared, unequal those off by more than 0.01 points (allocation) or \
      0.005 (fragmentation); random and berth have none. Where arrivals end before 100 or 130 %, figures are the last ones.

      --bound adds what no policy can exceed that places whoever fits, even one that knows all arrivals beforehand; some \
      seconds for each workload and seed.

      Examples:
        berth fgd --trace openb --reference fgd-reference --policy fgd --seed 42
        berth fgd --trace openb --reference fgd-reference --all
        berth fgd --trace openb --reference fgd-reference --all --bound --workload default
        berth fgd --trace openb --reference fgd-reference --all --policy berth --json
      """)

  @Option(help: ArgumentHelp("The folder of the trace.", valueName: "folder"))
  var trace: String

  @Option(help: ArgumentHelp("The folder of the authors' tables and orders.", valueName: "folder"))
  var reference: String

  @Option(help: "Which list of pods: openb_pod_list_WORKLOAD.csv (default: default; with --all: each).")
  var workload: String?

  @Option(help: "Who decides (default: fgd; with --all: each).")
  var policy: FragmentationPolicy?

  @Option(help: "Which order of arrival (default: 42; with --all: each).")
  var seed: Int?

  @Flag(help: "Run all workloads, policies and seeds that the other options leave open.")
  var all = false

  @Flag(help: "Also say how far any policy could get.")
  var bound = false

  @Option(
    help: ArgumentHelp(
      "Write allocation.csv and fragmentation.csv there, in per cent by arrived per cent, as the authors' tables are.",
      valueName: "folder"))
  var output: String?

  @Flag(help: "Print one line of JSON: an object, with --all a list.")
  var json = false

  /// A run and what it is held against.
  struct Result {
    var outcome: FragmentationRun.Outcome
    var compared: (cells: Int, unequal: Int)
    /// Of its workload and seed.
    var bound: AllocationBound?
  }

  func run() throws {
    let tables = try FragmentationReference(reference)
    let workloads = all && workload == nil ? try FragmentationWorkload.names(in: reference) : [workload ?? "default"]
    let policies = all && policy == nil ? FragmentationPolicy.allCases : [policy ?? .fgd]
    var results: [Result] = []
    var progress = ProgressBar("experiments")
    for (index, name) in workloads.enumerated() {
      let data = try FragmentationWorkload(named: name, trace: trace, reference: reference)
      let seeds = seed.map { [$0] } ?? (all ? data.seeds : [42])
      let steps = seeds.count * (policies.count + (bound ? 1 : 0))
      var done = index * steps
      func advance() {
        done += 1
        if all || bound { progress.update(done, of: workloads.count * steps) }
      }
      var bounds: [Int: AllocationBound] = [:]
      for seed in seeds where bound {
        bounds[seed] = try AllocationBound(data, seed: seed)
        advance()
      }
      for policy in policies {
        for seed in seeds {
          let outcome = try FragmentationRun.run(data, policy, seed: seed)
          results.append(Result(outcome: outcome, compared: tables.compare(outcome), bound: bounds[seed]))
          advance()
        }
      }
    }
    if let output { try FragmentationTables.write(results.map(\.outcome), into: output) }
    if json {
      let lines = results.map { $0.outcome.json($0.compared, bound: $0.bound) }
      Terminal.printResult((all ? JSONValue.list(lines) : lines[0]).line)
    } else {
      Terminal.printResult(([table(results)] + (FgdGains(results).map { [$0.table] } ?? [])).joined(separator: "\n\n"))
    }
  }

  /// Means over seeds.
  private func table(_ results: [Result]) -> String {
    var table = Table(
      "GPUs in use, per cent of all, when so many per cent have been asked for: mean over seeds",
      head: ["workload", "policy", "seeds", "at 100", "at 130"] + (bound ? ["bound 100", "bound 130"] : [])
        + ["cells", "unequal", "a run"], figuresFrom: 2)
    var rest = results[...]
    while let first = rest.first {
      let group = rest.prefix {
        $0.outcome.workload == first.outcome.workload && $0.outcome.policy == first.outcome.policy
      }
      rest = rest.dropFirst(group.count)
      func mean(_ figure: (Result) -> Double) -> Double {
        group.reduce(0) { $0 + figure($1) } / Double(group.count)
      }
      let bounds = group.compactMap(\.bound).isEmpty ? [] : [mean { $0.bound!.at100 }, mean { $0.bound!.at130 }]
      let figures = [mean(\.outcome.allocationAt100), mean(\.outcome.allocationAt130)] + bounds
      table.add(
        cells: [first.outcome.workload, first.outcome.policy.rawValue, "\(group.count)"]
          + figures.map { Figures.decimal($0, 2) } + [
            Figures.grouped(group.reduce(0) { $0 + $1.compared.cells }),
            Figures.grouped(group.reduce(0) { $0 + $1.compared.unequal }),
            Figures.duration(nanoseconds: mean(\.outcome.seconds) * 1e9),
          ])
    }
    return table.text
  }
}
