import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let stateCases: [BenchCase] = [
    BenchCase(name: "statement.place", allocates: false) { try StatementRun($0, $1, isMeasuringRollback: false) },
    BenchCase(name: "statement.rollback", allocates: false) { try StatementRun($0, $1, isMeasuringRollback: true) },
    BenchCase(name: "fork.engine", allocates: true) { try ForkRun($0, $1, pods: 0) },
    BenchCase(name: "fork.place", allocates: true) { try ForkRun($0, $1, pods: 64) },
  ]
}

/// A batch of pods inside a statement, and taking it back.
final class StatementRun: BenchRun {
  private let bed: Bed
  private let isMeasuringRollback: Bool
  private let arrivals: [berth_class_id]
  private var placements: [berth_placement]
  private var statement: berth_statement_id = 0

  init(_ size: CaseSize, _ cpuLevel: CPULevel, isMeasuringRollback: Bool) throws {
    bed = try Bed(size, cpuLevel, pods: size == .small ? 1024 : 20_000)
    self.isMeasuringRollback = isMeasuringRollback
    let classes = bed.classes
    arrivals = bed.place.arrivals.map { classes[Int($0)] }
    placements = Array(repeating: berth_placement(), count: arrivals.count)
    // once before: what is noted then has its memory already
    try place()
    try takeBack()
    if isMeasuringRollback { try place() }
  }

  private func place() throws {
    statement = try bed.engine.beginStatement()
    try bed.engine.placeAll(arrivals, into: &placements)
  }

  private func takeBack() throws { try bed.engine.discard(statement) }

  var operations: Int { arrivals.count }

  func step() throws { if isMeasuringRollback { try takeBack() } else { try place() } }

  func reset() throws { if isMeasuringRollback { try place() } else { try takeBack() } }

  var checksum: Checksum { Checksum(of: placements) }

  func info() -> berth_engine_info { bed.engine.info() }
}

/// Forks that are made, changed a little and dropped.
final class ForkRun: BenchRun {
  private let bed: Bed
  private let arrivals: [berth_class_id]
  private var placements: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel, pods: Int) throws {
    bed = try Bed(size, cpuLevel, pods: pods)
    let classes = bed.classes
    arrivals = bed.place.arrivals.map { classes[Int($0)] }
    placements = Array(repeating: berth_placement(), count: arrivals.count)
  }

  let operations = 8

  func step() throws {
    for _ in 0..<operations {
      let fork = try bed.engine.fork()
      if !arrivals.isEmpty { try fork.placeAll(arrivals, into: &placements) }
    }
  }

  func reset() throws {}

  var checksum: Checksum { Checksum(of: placements) }

  func info() -> berth_engine_info { bed.engine.info() }
}
