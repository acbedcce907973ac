import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let catchUpCases: [BenchCase] = [
    BenchCase(name: "catchup.pods", allocates: false) { size, cpuLevel in try PodChangesRun(size, cpuLevel) },
    BenchCase(name: "catchup.cordon", allocates: true) { size, cpuLevel in try CordonRun(size, cpuLevel) },
  ]
}

/// Pods leave random nodes, then one decision: what it costs to bring the index up to date after changes.
final class PodChangesRun: BenchRun {
  private let bed: Bed
  private let bound: [berth_class_id]
  private let targets: [berth_node_id]
  private var pods: [berth_pod_id]
  private var decision = [berth_placement()]

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    bed = try Bed(size, cpuLevel, pods: size == .small ? 1024 : 20_000)
    let bed = bed
    var random = SeededRandom(seed: 2)
    bound = bed.place.arrivals.map { bed.classes[Int($0)] }
    targets = bound.map { _ in bed.cluster.nodes[random.below(bed.cluster.nodes.count)] }
    pods = Array(repeating: 0, count: bound.count)
    try reset()
  }

  var operations: Int { pods.count }

  func step() throws {
    try bed.engine.releaseAll(pods)
    try decide()
  }

  func reset() throws {
    try bed.engine.bindAll(bound, to: targets, pods: &pods)
    try decide()
  }

  private func decide() throws(EngineError) {
    decision[0] = try bed.engine.placeOne(bed.classes[0], dryRun: true)
  }

  var checksum: Checksum { Checksum(of: decision) }

  func info() -> berth_engine_info { bed.engine.info() }
}

/// A sixteenth of the nodes is cordoned, then one decision: nodes change their pool.
final class CordonRun: BenchRun {
  private let bed: Bed
  private let changed: [berth_node_id]
  private var decision = berth_placement()

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    bed = try Bed(size, cpuLevel)
    var nodes = bed.cluster.nodes
    var random = SeededRandom(seed: 3)
    random.shuffle(&nodes)
    changed = Array(nodes.prefix(nodes.count / 16))
  }

  var operations: Int { changed.count }

  func step() throws { try cordon(true) }

  func reset() throws { try cordon(false) }

  private func cordon(_ cordoned: Bool) throws {
    var refused: EngineError?
    changed.withUnsafeBufferPointer { changed in
      do throws(EngineError) { try bed.engine.cordonNodes(changed, cordoned: cordoned) } catch { refused = error }
    }
    if let refused { throw refused }
    decision = try bed.engine.placeOne(bed.classes[0], dryRun: true)
  }

  var checksum: Checksum { Checksum(of: [decision]) }

  func info() -> berth_engine_info { bed.engine.info() }
}
