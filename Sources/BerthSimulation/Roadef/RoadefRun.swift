import BerthSearch

/// A search on an instance of the challenge, and what an independent checker says of its result.
public enum RoadefRun {
  public struct Options: Sendable {
    /// Time for the search, without reading; of no account if `iterations` is given.
    public var seconds = 10.0
    /// Changes weighed; the result then depends on the seed alone.
    public var iterations: Int?
    public var seed: UInt64 = 1

    public init() {}
  }

  /// The first assignment breaks a rule, so that no search can begin there.
  public struct Refusal: Error, CustomStringConvertible {
    public let description: String
  }

  public struct Outcome: Sendable {
    public let instance: String
    public let machines: Int
    public let processes: Int
    public let initialObjective: Int
    public let objective: Int
    public let publishedObjective: Int?
    public let lowerBound: Int
    public let seconds: Double
    public let iterations: Int
    /// Processes that end on another machine than they began on.
    public let movedProcesses: Int
    /// Whether the checker finds no broken rule and the same objective as the search.
    public let isValid: Bool
    public let assignment: RoadefAssignment

    public var json: JSONValue {
      .object([
        ("instance", .text(instance)), ("machines", .count(machines)), ("processes", .count(processes)),
        ("initial_objective", .count(initialObjective)), ("objective", .count(objective)),
        ("published_objective", publishedObjective.map { .count($0) } ?? .null), ("lower_bound", .count(lowerBound)),
        ("seconds", .number(seconds.significant(4))), ("iterations", .count(iterations)),
        ("moved_processes", .count(movedProcesses)), ("valid", .boolean(isValid)),
      ])
    }
  }

  /// Reads both files and searches. `published` counts where no reference file beside the model knows the instance.
  public static func run(
    modelPath: String, assignmentPath: String, published: Int?, _ options: Options,
    progress: (_ share: Double, _ best: Int) -> Void
  ) throws -> Outcome {
    let model = try RoadefModel(path: modelPath)
    let initial = try RoadefAssignment(path: assignmentPath, model: model)
    if let broken = RoadefChecker.brokenRule(model, initial: initial, assignment: initial) {
      throw Refusal(description: "\(assignmentPath): expected an assignment that obeys the rules, but \(broken)")
    }
    let initialObjective = RoadefChecker.objective(model, initial: initial, assignment: initial)
    let start = MonotonicClock.now()
    let (result, found) = search(model, initial, options, progress: progress)
    let seconds = Double(MonotonicClock.now() - start) / 1e9
    let objective = RoadefChecker.objective(model, initial: initial, assignment: result)
    let broken = RoadefChecker.brokenRule(model, initial: initial, assignment: result)
    return Outcome(
      instance: RoadefReference.instance(modelPath), machines: model.machines.count,
      processes: model.processes.count, initialObjective: initialObjective, objective: objective,
      publishedObjective: RoadefReference.published(beside: modelPath, initialObjective: initialObjective)
        ?? published,
      lowerBound: model.lowerBound, seconds: seconds, iterations: found.iterations,
      movedProcesses: zip(initial.machines, result.machines).count { $0 != $1 },
      isValid: broken == nil && objective == found.objective, assignment: result)
  }

  static func search(
    _ model: RoadefModel, _ initial: RoadefAssignment, _ options: Options,
    progress: (_ share: Double, _ best: Int) -> Void = { _, _ in }
  ) -> (RoadefAssignment, LocalSearch.Outcome) {
    var search = LocalSearch.Options()
    search.seed = options.seed
    let start = MonotonicClock.now()
    var state = RoadefState(RoadefTables(model), initial: initial.machines, assignment: initial.machines)
    let outcome: LocalSearch.Outcome
    if let iterations = options.iterations {
      search.iterations = iterations
      outcome = LocalSearch.run(&state, search, progress: progress)
    } else {
      let nanoseconds = options.seconds * 1e9
      outcome = LocalSearch.run(
        &state, search, spent: { Double(MonotonicClock.now() - start) / nanoseconds }, progress: progress)
    }
    return (RoadefAssignment(machines: state.machines), outcome)
  }
}
