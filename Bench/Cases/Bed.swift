import BerthCore
import BerthSimulation
import CBerth

/// The cluster that the cases share: the one of `berth bench place`, in an engine of its own.
final class Bed {
  let place: PlaceCase
  let engine: Engine
  let resources: [berth_resource_id]
  let profile: berth_profile_id
  let nodes: [berth_node_id]
  let classes: [berth_class_id]

  static func nodeCount(_ size: CaseSize) -> Int { size == .small ? 4096 : 1_000_000 }
  static func classCount(_ size: CaseSize) -> Int { size == .small ? 32 : 100 }

  init(_ size: CaseSize, _ cpuLevel: CPULevel, profile choice: ProfileChoice = .binpack, pods: Int = 0) throws {
    let place = PlaceCase(
      nodes: Self.nodeCount(size), classes: Self.classCount(size), pods: pods, churn: 0, seed: 1)
    let engine = try Self.makeEngine(cpuLevel)
    let resources = try Self.addResources(engine)
    let profile = try choice.add(to: engine, cpu: resources[0], memory: resources[1])
    self.place = place
    self.engine = engine
    self.resources = resources
    self.profile = profile
    nodes = try NodeColumns(place).add(to: engine, resources)
    classes = try (0..<place.classCount).map { index in
      let width = resources.count
      return try engine.internClass(
        Self.spec(profile, resources, Array(place.classes[index * width..<(index + 1) * width]), index))
    }
  }

  /// Memory always comes from mmap: jemalloc's own instructions would be part of the counts.
  static func makeEngine(_ cpuLevel: CPULevel) throws -> Engine {
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    options.allocator = UInt32(BERTH_ALLOCATOR_MMAP)
    options.cpu_level = cpuLevel.code
    return try Engine(options: options)
  }

  static func addResources(_ engine: Engine) throws -> [berth_resource_id] {
    let kinds = [BERTH_RESOURCE_CPU, BERTH_RESOURCE_MEMORY, BERTH_RESOURCE_GPU]
    return try zip(PlaceCase.resourceNames, kinds).map { try engine.addResource($0, kind: UInt32($1)) }
  }

  /// The priority keeps classes apart that ask for the same.
  static func spec(
    _ profile: berth_profile_id, _ resources: [berth_resource_id], _ request: [Int64], _ priority: Int
  ) -> PodSpec {
    PodSpec(
      profile: profile, requests: zip(resources, request).map { Quantity($0, $1) }, priority: Int32(priority))
  }
}

/// The nodes of a case as the columns that `berth_nodes_add` takes.
struct NodeColumns {
  let nodes: [berth_node]
  let allocatable: [Int64]
  let requested: [Int64]

  init(_ place: PlaceCase, _ range: Range<Int>? = nil) {
    let range = range ?? place.nodes.indices
    nodes = range.map { _ in berth_node() }
    allocatable = range.flatMap { place.allocatable($0) }
    requested = range.flatMap { place.requested($0) }
  }

  func add(to engine: Engine, _ resources: [berth_resource_id]) throws -> [berth_node_id] {
    try engine.addNodes(nodes, resources: resources, allocatable: allocatable, requested: requested)
  }
}
