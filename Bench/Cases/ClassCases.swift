import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let classCases: [BenchCase] = [
    BenchCase(name: "class.build", allocates: true) { size, cpuLevel in try ClassRun(size, cpuLevel) }
  ]
}

/// Classes nobody has seen before: intern each and decide for it once.
final class ClassRun: BenchRun {
  private let bed: Bed
  let operations: Int
  /// Classes stay in the engine, so every step brings others; priorities keep them apart.
  private var priority = 1_000_000
  private var decisions: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    bed = try Bed(size, cpuLevel)
    operations = size == .small ? 256 : 1000
    decisions = Array(repeating: berth_placement(), count: operations)
  }

  func step() throws {
    for index in 0..<operations {
      let request = bed.place.request(index % bed.place.classCount)
      let podClass = try bed.engine.internClass(
        PlaceCluster.spec(
          request, bed.cluster.resources, bed.cluster.profile, priority: Int32(priority + index)))
      decisions[index] = try bed.engine.placeOne(podClass, dryRun: true)
    }
  }

  func reset() throws { priority += operations }

  var checksum: Checksum { Checksum(of: decisions) }

  func info() -> berth_engine_info { bed.engine.info() }
}
