import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let gpuCases: [BenchCase] = GPUCluster.Policy.allCases.map { policy in
    BenchCase(name: "place.gpu-\(policy.rawValue)", allocates: false) { size, cpuLevel in
      try GPURun(size, cpuLevel, policy)
    }
  }
}

/// A batch of pods that ask for GPUs, on hosts of four kinds.
final class GPURun: BenchRun {
  private let cluster: GPUCluster
  private let arrivals: [berth_class_id]
  private var placements: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel, _ policy: GPUCluster.Policy) throws {
    let cluster = try GPUCluster(
      nodes: size == .small ? 2048 : 100_000, policy: policy, classes: size == .small ? 16 : 100, seed: 2,
      cpuLevel: cpuLevel, allocator: UInt32(BERTH_ALLOCATOR_MMAP))
    self.cluster = cluster
    for podClass in cluster.classes { _ = try cluster.engine.placeOne(podClass, dryRun: true) }
    var random = SeededRandom(seed: 4)
    let drawn = cluster.drawer()
    arrivals = (0..<(size == .small ? 512 : 20_000)).map { _ in cluster.classes[drawn(&random)] }
    placements = Array(repeating: berth_placement(), count: arrivals.count)
  }

  var operations: Int { arrivals.count }

  func step() throws { try cluster.engine.placeAll(arrivals, into: &placements) }

  func reset() throws {
    try cluster.engine.releaseAll(placements.filter { $0.outcome == UInt32(BERTH_PLACED) }.map(\.pod))
  }

  var checksum: Checksum { Checksum(of: placements) }

  func info() -> berth_engine_info { cluster.engine.info() }
}
