import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let scanCases: [BenchCase] = [SearchPath.scan, .rows].map { path in
    BenchCase(name: "full.\(path.rawValue)", allocates: false) { size, cpuLevel in
      try ScanRun(size, cpuLevel, path)
    }
  }
}

/// Decisions with the search forced over every node: the block kernels at full stretch, and their scalar twin.
final class ScanRun: BenchRun {
  private let bed: Bed
  private let decided: [berth_class_id]
  private var placements: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel, _ path: SearchPath) throws {
    bed = try Bed(size, cpuLevel)
    try bed.engine.setPath(path.code)
    decided = Array(bed.classes.prefix(4))
    placements = Array(repeating: berth_placement(), count: decided.count)
  }

  /// Blocks of 64 nodes looked at: to compare with the kernels alone.
  var operations: Int { decided.count * bed.cluster.nodes.count / 64 }

  func step() throws {
    try bed.engine.placeAll(decided, flags: UInt32(BERTH_PLACE_DRY_RUN), into: &placements)
  }

  /// A dry run has taken everything back itself.
  func reset() throws {}

  var checksum: Checksum { Checksum(of: placements) }

  func info() -> berth_engine_info { bed.engine.info() }
}
