/// The authors' result tables: per cent by workload, policy, seed and arrived per cent.
public struct FragmentationReference: Sendable {
  /// How far a cell may be from the authors': they sum floats in another order.
  static let allocationTolerance = 0.011
  static let fragmentationTolerance = 0.006
  /// Arrived per cent of the columns.
  private static let bins = 0...130

  private struct Key: Hashable {
    var workload: String
    var policy: String
    var seed: Int
  }
  private let allocations: [Key: [Double?]]
  private let fragmentations: [Key: [Double?]]

  /// Reads analysis_allo_discrete.csv and analysis_frag_discrete.csv of a folder. Throws `FileError` or `CSVError`.
  public init(_ folder: String) throws {
    allocations = try Self.table("\(folder)/analysis_allo_discrete.csv")
    fragmentations = try Self.table("\(folder)/analysis_frag_discrete.csv")
  }

  private static func table(_ path: String) throws -> [Key: [Double?]] {
    let table = try CSVTable(path: path, required: ["workload", "sc_policy", "seed"] + bins.map(String.init))
    var rows: [Key: [Double?]] = [:]
    for record in table.records {
      let key = Key(
        workload: record.text("workload"), policy: record.text("sc_policy"),
        seed: Int(try record.number("seed", in: 0...Int64(Int32.max))))
      var cells: [Double?] = []
      for bin in bins {
        let text = record.text("\(bin)")
        let value = Double(text)
        guard value?.isFinite ?? text.isEmpty else {
          throw record.error("\(bin)", "expected a number or nothing, found \"\(text)\"")
        }
        cells.append(value)
      }
      rows[key] = cells
    }
    return rows
  }

  /// How many cells the authors have of a run, and how many of them are not met.
  public func compare(_ outcome: FragmentationRun.Outcome) -> (cells: Int, unequal: Int) {
    guard let published = outcome.policy.published else { return (0, 0) }
    let key = Key(workload: "openb_pod_list_\(outcome.workload)", policy: published, seed: outcome.seed)
    var (cells, unequal) = (0, 0)
    func compare(_ row: [Double?]?, _ tolerance: Double, _ own: (Int) -> Double?) {
      for (bin, wanted) in (row ?? []).enumerated() {
        guard let wanted else { continue }
        cells += 1
        if own(bin).map({ abs($0 - wanted) > tolerance }) ?? true { unequal += 1 }
      }
    }
    compare(allocations[key], Self.allocationTolerance, outcome.course.allocation)
    compare(fragmentations[key], Self.fragmentationTolerance, outcome.course.fragmentation)
    return (cells, unequal)
  }
}

extension FragmentationRun.Outcome {
  /// In per cent of all GPUs when so many per cent were asked for; if arrivals end before, or leap over it: the last
  /// figures before.
  public var allocationAt100: Double { course.last(upTo: 100).allocation }
  public var allocationAt130: Double { course.last(upTo: 130).allocation }
  public var fragmentationAt130: Double { course.last(upTo: 130).fragmentation }

  /// `bound`: nil if it was not asked for.
  public func json(_ compared: (cells: Int, unequal: Int), bound: AllocationBound? = nil) -> JSONValue {
    let bounds = bound.map { [("bound_at_100", JSONValue.number($0.at100)), ("bound_at_130", .number($0.at130))] }
    return .object(
      [
        ("workload", .text(workload)), ("policy", .text(policy.rawValue)), ("seed", .count(seed)),
        ("cells", .count(compared.cells)), ("unequal", .count(compared.unequal)),
        ("seconds", .number(seconds.significant(4))), ("allocation_at_100", .number(allocationAt100)),
        ("allocation_at_130", .number(allocationAt130)),
        ("fragmentation_at_130", .number(fragmentationAt130)),
        ("arrived", .count(arrived)), ("placed", .count(placed)),
      ] + (bounds ?? []))
  }
}

/// Rows in the form of the authors' tables.
public enum FragmentationTables {
  /// Writes allocation.csv and fragmentation.csv into a folder, one row for each outcome. Throws `FileError`.
  public static func write(_ outcomes: [FragmentationRun.Outcome], into folder: String) throws {
    try ByteFile.makeDirectory(folder)
    try ByteFile.write("\(folder)/allocation.csv", text: text(outcomes) { $0.course.allocation(at: $1) })
    try ByteFile.write("\(folder)/fragmentation.csv", text: text(outcomes) { $0.course.fragmentation(at: $1) })
  }

  private static func text(
    _ outcomes: [FragmentationRun.Outcome], _ cell: (FragmentationRun.Outcome, Int) -> Double?
  ) -> String {
    let bins = 0...130
    let head = "workload,policy,seed," + bins.map(String.init).joined(separator: ",") + "\n"
    return outcomes.reduce(into: head) { text, outcome in
      let cells = bins.map { cell(outcome, $0).map { "\($0)" } ?? "" }
      text += "\(outcome.workload),\(outcome.policy.rawValue),\(outcome.seed)," + cells.joined(separator: ",") + "\n"
    }
  }
}
