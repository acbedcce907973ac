import ArgumentParser
import BerthSimulation

struct RoadefCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roadef",
    abstract: "Reassign processes to machines: Google's problem of the ROADEF/EURO challenge 2012.",
    discussion: """
      Reads an instance in the challenge's format and lowers its objective (load, balance and moving costs) by local \
      search under its rules: capacities with transient use, conflicts, spread and dependencies. The files are read \
      strictly: an error names file, line, column and field, and what was expected. The result is checked from \
      scratch; the exit code is 1 if it were not valid.

      The published objective comes from a README.txt in the model's folder that names the instance \
      (`a1_1 49528750/44306501`: first and published objective), else from --published. The lower bound is the load \
      and balance cost of a single machine with all capacities together; moving costs nothing there.

      With --iterations the result depends on files and --seed alone; with --seconds on the machine, too.

      Examples:
        berth roadef model_a1_1.txt assignment_a1_1.txt
        berth roadef model_a1_4.txt assignment_a1_4.txt --seconds 60 --output new.txt
        berth roadef model_a1_2.txt assignment_a1_2.txt --iterations 100000000 --json
      """)

  @Argument(help: ArgumentHelp("The instance.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("Where its processes run at first.", valueName: "assignment"))
  var assignment: String

  @Option(help: "Time for the search, in seconds. (default: 10)")
  var seconds: Double?

  @Option(help: "Changes to weigh, instead of a time.")
  var iterations: Int?

  @Option(help: "Seed of the search.")
  var seed: UInt64 = 1

  @Option(help: "Published objective, where no reference file has it.")
  var published: Int?

  @Option(help: ArgumentHelp("Write the new assignment, in the format of the first.", valueName: "file"))
  var output: String?

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    if seconds != nil && iterations != nil { throw ValidationError("Give one of --seconds and --iterations.") }
    if let seconds, !(seconds > 0 && seconds <= 1e6) {
      throw ValidationError("--seconds is \(seconds); give a number above 0 and up to 1,000,000.")
    }
    if let iterations { try require("--iterations", iterations, in: 0...1_000_000_000_000_000) }
    if let published { try require("--published", published, in: 0...Int.max) }
  }

  func run() throws {
    var options = RoadefRun.Options()
    options.iterations = iterations
    options.seed = seed
    if let seconds { options.seconds = seconds }
    var bar = ProgressBar("searching")
    let outcome = try RoadefRun.run(
      modelPath: model, assignmentPath: assignment, published: published, options
    ) { share, _ in bar.update(Int(share * 1000), of: 1000) }
    if let published, let found = outcome.publishedObjective, found != published {
      Terminal.printError("published objective: \(found), from \(RoadefReference.fileName); --published is not used")
    }
    if let output {
      try outcome.assignment.write(output)
      Terminal.printError("assignment: \(output)")
    }
    Terminal.printResult(json ? outcome.json.line : table(outcome))
    if !outcome.isValid { throw ExitCode(1) }
  }

  private func table(_ outcome: RoadefRun.Outcome) -> String {
    var table = Table(
      "roadef: \(outcome.instance), \(Figures.grouped(outcome.machines)) machines, "
        + "\(Figures.grouped(outcome.processes)) processes, seed \(seed)")
    table.add("initial objective", Figures.grouped(outcome.initialObjective))
    table.add("objective", Figures.grouped(outcome.objective))
    table.add("published objective", outcome.publishedObjective.map { Figures.grouped($0) } ?? "unknown")
    table.add("lower bound", Figures.grouped(outcome.lowerBound))
    table.add("moved processes", Figures.grouped(outcome.movedProcesses))
    table.add("changes weighed", Figures.grouped(outcome.iterations))
    table.add("searching", Figures.duration(nanoseconds: outcome.seconds * 1e9))
    table.add("checked from scratch", outcome.isValid ? "valid" : "NOT VALID")
    return table.text
  }
}
