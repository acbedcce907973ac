import ArgumentParser
import BerthKubernetes
import BerthNetwork
import BerthSimulation

struct GangCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gang",
    abstract: "Where would a gang go, and which rank runs on which GPU?",
    discussion: """
      Reads a network's topology and jobs whose pods run together, in whatever words they are (docs/gangs-in-files.md): \
      Slurm's, Volcano's, Kueue's, Koordinator's, KAI's, Kubernetes' own, or ours. Each job is placed whole or not at \
      all, one after the other, over as few domains as can be; then its ranks get their GPUs so that their traffic takes \
      the least time on the links, and what a failure of nodes would change can be asked. Nothing is changed anywhere.

      What files leave open is taken and said: --gpus-per-node, --cpu-per-node, --memory-per-node for nodes; 450 GB/s \
      within a node, 50 GB/s on the narrowest level and half of it on each wider one, unless the job's `links` or Slurm's \
      LinkSpeed say otherwise. Without Berth, pods are numbered in the order of nodes' names: that is "before".

      Where a job's parallelism would like so many pods to be together, the gang is tried with multiples of them, too, \
      and goes where its ranks are cheapest.

      Examples:
        berth gang --topology docs/examples/topology.conf \\
          --job docs/examples/pretrain.yaml --busy docs/examples/busy.txt
        berth gang --topology topology.conf --job train.yaml --busy 60% --seed 7
        berth gang --topology topology.yaml --topology nodes.json \\
          --job train.yaml --lost node-17
        kubectl get nodes -o json | berth gang --topology - --job train.yaml \\
          --level-key topology.kubernetes.io/zone --level-key example.com/rack
        berth gang --topology topology.conf --job train.yaml --output hostfile

      Exit code 1: a gang has no place, and the message proves it. 2: mistakes in a file.
      """)

  @OptionGroup(title: "The network") var network: GangNetworkOptions

  @Option(help: ArgumentHelp("Jobs, YAML or JSON; may be given again. - is standard input.", valueName: "file"))
  var job: [String]

  @Option(
    help: ArgumentHelp(
      "Takes a node away afterwards: its members are replaced, the others stay, and only lost ranks move. May be given "
        + "again.", valueName: "node"))
  var lost: [String] = []

  @Flag(help: "Place only as the job says: no multiples of pods that its parallelism would like.")
  var plain = false

  enum Output: String, ExpressibleByArgument, CaseIterable {
    case text, hostfile, rankfile, nccl, jobset, pytorchjob, mpijob
    case indexedJob = "indexed-job"

    var export: GangExport? { GangExport(rawValue: rawValue) }
  }

  @Option(help: "text, or the ranks for what starts the job: one job, and docs/ranks.md has the forms.")
  var output = Output.text

  @Option(help: ArgumentHelp("Write the output there instead of standard output.", valueName: "file"))
  var outputFile: String?

  @Option(help: "Pods of each child job of a JobSet; without it, all are of one.")
  var podsPerJob: Int?

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    if json && output != .text { throw ValidationError("--json and --output \(output.rawValue): one of them.") }
    if (network.topology + job).count(where: { $0 == "-" }) > 1 {
      throw ValidationError("Only one file can be standard input.")
    }
    if let podsPerJob {
      guard output == .jobset else { throw ValidationError("--pods-per-job is for --output jobset.") }
      try require("--pods-per-job", podsPerJob, in: 1...GangJob.mostMembers)
    }
  }

  func run() throws {
    var jobs: [GangJob] = []
    for path in job { jobs += try JobFile.read(path: path) }
    for (index, own) in jobs.enumerated() where jobs[..<index].contains(where: { $0.name == own.name }) {
      throw ValidationError("--job: there are two jobs '\(own.name)': rename one.")
    }
    if output.export != nil && jobs.count > 1 {
      let names = jobs.map(\.name).joined(separator: ", ")
      throw ValidationError("--output \(output.rawValue) is for one job, and there are \(jobs.count): \(names).")
    }
    var options = try network.options()
    options.triesMultiples = !plain
    let run = try GangRun(network.read(), jobs, options)
    try run.run()
    if !lost.isEmpty { try run.lose(lost) }
    try tell(run)
    if run.outcomes.contains(where: { !$0.isRunning }) { throw ExitCode(1) }
  }

  private func tell(_ run: GangRun) throws {
    if json || output != .text { tellNotes(run) }
    guard let export = output.export else {
      try put(json ? run.json.line : GangReport(run, isStyled: outputFile == nil).text)
      return
    }
    let outcome = run.outcomes[0]
    guard outcome.isRunning else { return Terminal.printError(outcome.failure?.message ?? outcome.message) }
    guard let ranks = outcome.failure?.ranks ?? outcome.ranks else {
      throw GangRefusal(description: "\(outcome.job.name): there are no ranks to write")
    }
    var text: String
    do { text = try export.text(ranks, in: run.topology, podsPerJob: podsPerJob) } catch {
      throw GangRefusal(description: "--output \(output.rawValue): \(error); --output rankfile can say any order")
    }
    if text.last == "\n" { text.removeLast() }
    try put(text)
  }

  /// Beside results for machines, people read on standard error.
  private func tellNotes(_ run: GangRun) {
    var notes = run.notes
    for outcome in run.outcomes {
      let own = outcome.notes + (outcome.ranks?.notes ?? []) + (outcome.failure?.notes ?? [])
      notes += own.map { "\(outcome.job.name): \($0)" }
    }
    ManifestOptions.tell(notes, [])
  }

  private func put(_ text: String) throws {
    guard let outputFile else { return Terminal.printResult(text) }
    try ByteFile.write(outputFile, text: text + "\n")
  }
}

/// What cannot be done with a sound input.
struct GangRefusal: Error, CustomStringConvertible {
  let description: String
}

/// The network that gangs are placed on.
struct GangNetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The topology; given again where one file has the levels and another the nodes. - is standard input.",
      valueName: "file"))
  var topology: [String]

  @Option(help: "The topology's format, where the content does not say it.")
  var topologyFormat: TopologyFormat?

  @Option(help: ArgumentHelp("Which of several topologies of the file.", valueName: "name"))
  var topologyName: String?

  @Option(
    help: ArgumentHelp("A label of nodes that is a level, the widest first; given again for each.", valueName: "key"))
  var levelKey: [String] = []

  @Option(help: "GPUs of nodes of which the files do not say it; 8 where they say nothing else either.")
  var gpusPerNode: Int?

  @Option(help: ArgumentHelp("Cores of such nodes; 192 without it.", valueName: "quantity"))
  var cpuPerNode: String?

  @Option(help: ArgumentHelp("Memory of such nodes; 2Ti without it.", valueName: "quantity"))
  var memoryPerNode: String?

  @Option(
    help: ArgumentHelp(
      "What is in use before: a share of all GPUs (0.6 or 60%), most of it whole nodes, drawn by --seed; or a file of "
        + "lines \"node gpus-in-use\".", valueName: "share|file"))
  var busy: String?

  @Option(help: "Seed of --busy.")
  var seed: UInt64 = 1

  func validate() throws {
    if let gpusPerNode { try require("--gpus-per-node", gpusPerNode, in: 0...1024) }
  }

  func read() throws -> NetworkTopology {
    try TopologyFile(
      format: topologyFormat, labelKeys: levelKey, name: topologyName, gpusPerNode: gpusPerNode
    ).read(paths: topology)
  }

  func options() throws -> GangOptions {
    var options = GangOptions()
    options.seed = seed
    if let gpusPerNode { options.gpusPerNode = gpusPerNode }
    try options.setNode(cpu: cpuPerNode, memory: memoryPerNode)
    options.busy = try busy.map { try Busy.read($0) }
    return options
  }
}

extension TopologyFormat: ExpressibleByArgument {}
