import BerthCore
import BerthSimulation
import CBerth

extension BenchCase {
  static let placementCases: [BenchCase] = ProfileChoice.allCases.map { profile in
    BenchCase(name: "place.\(profile.rawValue)", allocates: false) { size, cpuLevel in
      try PlacementRun(size, cpuLevel, profile)
    }
  }
}

/// A batch of pods of random classes, each seeing the ones before it.
final class PlacementRun: BenchRun {
  private let bed: Bed
  private let arrivals: [berth_class_id]
  private var placements: [berth_placement]

  init(_ size: CaseSize, _ cpuLevel: CPULevel, _ profile: ProfileChoice) throws {
    bed = try Bed(size, cpuLevel, profile: profile, pods: size == .small ? 1024 : 20_000)
    let classes = bed.classes
    arrivals = bed.place.arrivals.map { classes[Int($0)] }
    placements = Array(repeating: berth_placement(), count: arrivals.count)
  }

  var operations: Int { arrivals.count }

  func step() throws { try bed.engine.placeAll(arrivals, into: &placements) }

  func reset() throws {
    try bed.engine.releaseAll(placements.lazy.filter { $0.outcome == UInt32(BERTH_PLACED) }.map(\.pod))
  }

  var checksum: Checksum { Checksum(of: placements) }

  func info() -> berth_engine_info { bed.engine.info() }
}

extension Engine {
  /// Places into a buffer that exists already: an array that comes back would be an allocation of this side's own.
  func placeAll(
    _ classes: [berth_class_id], flags: UInt32 = 0, into placements: inout [berth_placement]
  ) throws(EngineError) {
    precondition(placements.count >= classes.count, "a placement for every class")
    var refused: EngineError?
    classes.withUnsafeBufferPointer { classes in
      placements.withUnsafeMutableBufferPointer { placements in
        guard let first = placements.baseAddress else { return }
        do throws(EngineError) { try place(classes, flags: flags, into: first) } catch { refused = error }
      }
    }
    if let refused { throw refused }
  }

  func bindAll(
    _ classes: [berth_class_id], to nodes: [berth_node_id], pods: inout [berth_pod_id]
  ) throws(EngineError) {
    precondition(nodes.count == classes.count && pods.count == classes.count, "a node and a pod for every class")
    var refused: EngineError?
    classes.withUnsafeBufferPointer { classes in
      nodes.withUnsafeBufferPointer { nodes in
        pods.withUnsafeMutableBufferPointer { pods in
          guard let nodes = nodes.baseAddress, let pods = pods.baseAddress else { return }
          do throws(EngineError) { try bind(classes, nodes: nodes, pods: pods) } catch { refused = error }
        }
      }
    }
    if let refused { throw refused }
  }

  func releaseAll(_ pods: [berth_pod_id]) throws(EngineError) {
    var refused: EngineError?
    pods.withUnsafeBufferPointer { pods in
      do throws(EngineError) { try release(pods) } catch { refused = error }
    }
    if let refused { throw refused }
  }
}

extension Checksum {
  init(of placements: [berth_placement]) {
    self.init()
    for placement in placements { add(placement) }
  }

  mutating func add(_ placement: berth_placement) {
    add(UInt64(placement.node))
    add(UInt64(bitPattern: placement.score))
  }

  mutating func add(_ number: UInt64) {
    add(Int32(truncatingIfNeeded: number))
    add(Int32(truncatingIfNeeded: number >> 32))
  }
}
