import BerthCore
import BerthSimulation
import CBerth

/// The cluster that the cases share: the one of `berth bench place`, in an engine of its own.
struct Bed {
  let place: PlaceCase
  let cluster: PlaceCluster

  var engine: Engine { cluster.engine }
  var classes: [berth_class_id] { cluster.classes }

  /// Memory always comes from mmap: jemalloc's own instructions would be part of the counts.
  init(
    _ size: CaseSize, _ cpuLevel: CPULevel, profile: ProfileChoice = .binpack, pods: Int = 0, empty: Bool = false
  ) throws {
    place = PlaceCase(
      nodes: empty ? 0 : Self.nodeCount(size), classes: size == .small ? 32 : 100, pods: pods, churn: 0, seed: 1)
    cluster = try PlaceCluster(
      place, profile: profile, cpuLevel: cpuLevel, allocator: UInt32(BERTH_ALLOCATOR_MMAP))
  }

  static func nodeCount(_ size: CaseSize) -> Int { size == .small ? 4096 : 1_000_000 }
}
