import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let nodeCases: [BenchCase] = [
    BenchCase(name: "node.add", allocates: true) { size, cpuLevel in try NodeAddRun(size, cpuLevel) }
  ]
}

/// Nodes join in one batch; the decision after it shows that they are in the index.
final class NodeAddRun: BenchRun {
  private let bed: Bed
  private let nodes: [berth_node]
  private let allocatable: [Int64]
  private let requested: [Int64]
  private var added: [berth_node_id] = []
  private var decision = berth_placement()

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    bed = try Bed(size, cpuLevel, empty: true)
    let joining = PlaceCase(nodes: Bed.nodeCount(size), classes: 1, pods: 0, churn: 0, seed: 1)
    nodes = joining.nodes.map { _ in berth_node() }
    (allocatable, requested) = joining.columns(joining.nodes.indices)
  }

  var operations: Int { nodes.count }

  func step() throws {
    added = try bed.engine.addNodes(
      nodes, resources: bed.cluster.resources, allocatable: allocatable, requested: requested)
    decision = try bed.engine.placeOne(bed.classes[0], dryRun: true)
  }

  func reset() throws {
    var refused: EngineError?
    added.withUnsafeBufferPointer { added in
      do throws(EngineError) { try bed.engine.removeNodes(added) } catch { refused = error }
    }
    if let refused { throw refused }
  }

  /// The score only: ids carry generations, which grow from step to step.
  var checksum: Checksum {
    var sum = Checksum()
    sum.add(UInt64(bitPattern: decision.score))
    return sum
  }

  func info() -> berth_engine_info { bed.engine.info() }
}
