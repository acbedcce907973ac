import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let constraintCases: [BenchCase] =
    [
      ("hard-spread", ConstraintCase.hardSpread), ("anti-affinity", .podAntiAffinity),
      ("default-spread", .defaultSpread), ("preferred-affinity", .preferredAffinity),
    ].map { name, kind in
      BenchCase(name: "place.\(name)", allocates: false) { size, cpuLevel in
        try ConstraintRun(size, cpuLevel, kind)
      }
    } + [
      BenchCase(name: "slots.build", allocates: true) { size, cpuLevel in try SlotBuildRun(size, cpuLevel) },
      BenchCase(name: "slots.catchup", allocates: false) { size, cpuLevel in try SlotCatchUpRun(size, cpuLevel) },
    ]
}

extension ConstraintCluster {
  /// The cluster of a size, with indexes for all its classes.
  fileprivate init(_ size: CaseSize, _ cpuLevel: CPULevel, _ kind: ConstraintCase) throws {
    try self.init(
      kind, nodes: size == .small ? 4096 : 200_000, zones: 5, classes: size == .small ? 16 : 100, seed: 1,
      cpuLevel: cpuLevel, allocator: UInt32(BERTH_ALLOCATOR_MMAP))
    for podClass in classes { _ = try engine.placeOne(podClass, dryRun: true) }
  }
}

/// A batch of pods with constraints on each other.
final class ConstraintRun: BenchRun {
  private let cluster: ConstraintCluster
  private let arrivals: [berth_class_id]
  private var placements: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel, _ kind: ConstraintCase) throws {
    let cluster = try ConstraintCluster(size, cpuLevel, kind)
    self.cluster = cluster
    var random = SeededRandom(seed: 4)
    arrivals = (0..<(size == .small ? 1024 : 20_000)).map { _ in cluster.classes[random.below(cluster.classes.count)] }
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

/// The first decisions of classes that need an index of their own. A fork has none: it is what a step begins with.
final class SlotBuildRun: BenchRun {
  private let cluster: ConstraintCluster
  private var fork: Engine
  private var decisions: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    cluster = try ConstraintCluster(size, cpuLevel, .mixed)
    fork = cluster.engine.fork()
    decisions = Array(repeating: berth_placement(), count: cluster.classes.count)
  }

  var operations: Int { decisions.count }

  func step() throws {
    try fork.placeAll(cluster.classes, flags: UInt32(BERTH_PLACE_DRY_RUN), into: &decisions)
  }

  func reset() throws { fork = cluster.engine.fork() }

  var checksum: Checksum { Checksum(of: decisions) }

  func info() -> berth_engine_info { fork.info() }
}

/// Pods leave random nodes, then one decision of every class: what it costs to bring its index up to date.
final class SlotCatchUpRun: BenchRun {
  private let cluster: ConstraintCluster
  private let bound: [berth_class_id]
  private let targets: [berth_node_id]
  private var pods: [berth_pod_id]
  private var decisions: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    let cluster = try ConstraintCluster(size, cpuLevel, .hardSpread)
    self.cluster = cluster
    var random = SeededRandom(seed: 5)
    // fewer than an index reads rather than being built anew
    bound = (0..<(size == .small ? 1024 : 20_000)).map { cluster.classes[$0 % cluster.classes.count] }
    targets = bound.map { _ in cluster.nodes[random.below(cluster.nodes.count)] }
    pods = Array(repeating: 0, count: bound.count)
    decisions = Array(repeating: berth_placement(), count: cluster.classes.count)
    try reset()
  }

  var operations: Int { bound.count }

  func step() throws {
    try cluster.engine.releaseAll(pods)
    try decide()
  }

  func reset() throws {
    try cluster.engine.bindAll(bound, to: targets, pods: &pods)
    try decide()
  }

  private func decide() throws {
    try cluster.engine.placeAll(cluster.classes, flags: UInt32(BERTH_PLACE_DRY_RUN), into: &decisions)
  }

  var checksum: Checksum { Checksum(of: decisions) }

  func info() -> berth_engine_info { cluster.engine.info() }
}
