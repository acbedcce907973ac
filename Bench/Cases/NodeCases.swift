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
  private let engine: Engine
  private let resources: [berth_resource_id]
  private let podClass: berth_class_id
  private let columns: NodeColumns
  private var added: [berth_node_id] = []
  private var decision = berth_placement()

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    let place = PlaceCase(nodes: Bed.nodeCount(size), classes: 1, pods: 0, churn: 0, seed: 1)
    engine = try Bed.makeEngine(cpuLevel)
    resources = try Bed.addResources(engine)
    let profile = try ProfileChoice.binpack.add(to: engine, cpu: resources[0], memory: resources[1])
    podClass = try engine.internClass(Bed.spec(profile, resources, place.classes, 0))
    columns = NodeColumns(place)
  }

  var operations: Int { columns.nodes.count }

  func step() throws {
    added = try columns.add(to: engine, resources)
    decision = try engine.placeOne(podClass, dryRun: true)
  }

  func reset() throws {
    var refused: EngineError?
    added.withUnsafeBufferPointer { added in
      do throws(EngineError) { try engine.removeNodes(added) } catch { refused = error }
    }
    if let refused { throw refused }
  }

  /// The score only: ids carry generations, which grow from step to step.
  var checksum: Checksum {
    var sum = Checksum()
    sum.add(UInt64(bitPattern: decision.score))
    return sum
  }

  func info() -> berth_engine_info { engine.info() }
}
