import ArgumentParser
import BerthSimulation
import CBerth
import Foundation

struct BenchBoundary: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boundary",
    abstract: "Compare the same placements from Swift, C, Go and Python.",
    discussion: """
      Programs in each language read the same snapshot and the same arrivals, place them, and must decide the same. \
      Bench/boundary/build.sh builds them (`make bench-boundary` builds and runs all); Swift is this command, which \
      calls the engine's own method.

      They play slice by slice: each places the same 10,000 pods, then it is the next one's turn. Overheads are medians \
      over all slices of what a program needed over what Swift needed for the same slice. Times are CPU times of the \
      whole process, so that a busy machine has little say. A round starts the programs anew; they play once to warm \
      up, then --repeats times.

      Two cases are played: the cluster of `berth bench place`, and a single node where a decision is as cheap as one \
      can be. Each is played with --pods-per-call pods in a call and with one.

      What is measured:
        ns_per_placement_batched  the cluster, many pods in a call
        overhead_percent_batched  that over Swift's
        ns_per_placement_single   the cluster, one pod in a call
        overhead_percent_single   that over Swift's
        ns_per_call_single        what a call of one pod costs beside its
                                  decision: one pod in a call on the single
                                  node, less Swift's time for a pod of a batch
        ns_per_call_single_with_decision
                                  the same call as a whole

      All engines take memory from mmap, which every process has. A program that decides otherwise ends the command \
      with exit code 1.

      Examples:
        make bench-boundary
        berth bench boundary --nodes 1000000 --json
      """)

  @Option(help: "Nodes of the cluster.")
  var nodes = 100_000

  @Option(help: "Pod classes.")
  var classes = 100

  @Option(help: "Pods that are placed.")
  var pods = 200_000

  @Option(help: "Pods in a call, where many are.")
  var podsPerCall = 1_000

  @Option(help: "What makes a node good: binpack, spread or kube.")
  var profile = ProfileChoice.binpack

  @Option(help: "Rounds; each starts the programs anew.")
  var rounds = 3

  @Option(help: "Plays in a round after the one that warms up.")
  var repeats = 3

  @Option(help: ArgumentHelp("Where the programs are: c, go, python; those that are there run.", valueName: "dir"))
  var programs = ".build/boundary"

  @Option(help: ArgumentHelp("Keep the cases there, to run a program by hand.", valueName: "dir"))
  var dump: String?

  @OptionGroup var common: BenchOptions

  func validate() throws {
    try require("--nodes", nodes, in: 1...Int(BERTH_MAX_NODES))
    try require("--classes", classes, in: 1...Int(BERTH_MAX_CLASSES))
    try require("--pods", pods, in: 1...100_000_000)
    try require("--pods-per-call", podsPerCall, in: 1...100_000_000)
    try require("--rounds", rounds, in: 1...1000)
    try require("--repeats", repeats, in: 1...1000)
  }

  func run() throws {
    let found = BoundaryProgram.found(in: programs)
    guard !found.isEmpty else {
      throw BoundaryFailure(
        "no program c, go or python in \(programs): run `make bench-boundary`, or name their directory (--programs)")
    }
    let missing = BoundaryProgram.languages.filter { !found.contains($0) }
    if !missing.isEmpty { Terminal.printError("not in \(programs), left out: \(missing.joined(separator: ", "))") }

    let directory = dump ?? FileManager.default.temporaryDirectory.path + "/berth-boundary-\(getpid())"
    defer { if dump == nil { try? FileManager.default.removeItem(atPath: directory) } }
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let cluster = BoundaryCase("\(directory)/cluster")
    let node = BoundaryCase("\(directory)/single-node")
    Terminal.printError("drawing \(nodes) nodes, \(classes) classes, \(pods) pods")
    try cluster.writeCluster(nodes: nodes, classes: classes, pods: pods, profile: profile, seed: common.seed)
    try node.writeSingleNode(pods: pods)
    try play(["swift"] + found, cluster, node)
  }

  private func play(_ languages: [String], _ cluster: BoundaryCase, _ node: BoundaryCase) throws {
    var bar = ProgressBar("playing")
    var plays = 0
    let sizes = podsPerCall == 1 ? [1] : [podsPerCall, 1]
    var contests = [cluster, node].map {
      BoundaryContest($0, languages: languages, programs: programs, pods: pods)
    }
    let allPlays = rounds * contests.count * sizes.count * (repeats + 1)
    // A program that has ended is told by its pipe, not by a signal.
    signal(SIGPIPE, SIG_IGN)
    for _ in 0..<rounds {
      for index in contests.indices {
        try contests[index].playRound(repeats: repeats, podsPerCall: sizes) {
          plays += 1
          bar.update(plays, of: allPlays)
        }
      }
    }
    signal(SIGPIPE, SIG_DFL)
    let figures = BoundaryFigures(
      languages, clusterBatched: contests[0].times[podsPerCall]!, clusterSingle: contests[0].times[1]!,
      nodeBatched: contests[1].times[podsPerCall]!, nodeSingle: contests[1].times[1]!)
    Terminal.printResult(common.json ? line(figures, contests[0]) : table(figures, contests[0]))
  }

  private func line(_ figures: BoundaryFigures, _ contest: BoundaryContest) -> String {
    JSONValue.object([
      ("case", .text("boundary")), ("profile", .text(profile.rawValue)), ("seed", .count(common.seed)),
      ("nodes", .count(nodes)), ("classes", .count(classes)), ("placements", .count(pods)),
      ("placed", .count(contest.placed)), ("pods_per_call", .count(podsPerCall)), ("rounds", .count(rounds)),
      ("repeats", .count(repeats)), ("allocator", .text(contest.allocator)), ("cpu_level", .text(contest.cpuLevel)),
      ("digest", .text(contest.digest)), ("languages", figures.json),
    ]).line
  }

  private func table(_ figures: BoundaryFigures, _ contest: BoundaryContest) -> String {
    var table = Table(
      "bench boundary: \(Figures.grouped(pods)) placements on \(Figures.grouped(nodes)) nodes, "
        + "\(Figures.grouped(podsPerCall)) in a call or one, \(profile.rawValue), seed \(common.seed)",
      head: ["language", "batched", "over Swift", "one by one", "over Swift", "a call", "with its decision"])
    for language in figures.languages {
      table.add(
        language.name, Figures.duration(nanoseconds: language.batched),
        Figures.percent(language.batchedOverheadPercent / 100), Figures.duration(nanoseconds: language.single),
        Figures.percent(language.singleOverheadPercent / 100), Figures.duration(nanoseconds: language.call),
        Figures.duration(nanoseconds: language.callWithDecision))
    }
    return table.text
      + "\n  \(Figures.grouped(contest.placed)) placed, digest \(contest.digest) in every language; CPU level "
      + "\(contest.cpuLevel)"
  }
}
