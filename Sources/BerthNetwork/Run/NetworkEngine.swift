import BerthCore
import BerthKubernetes
import BerthSimulation
import CBerth

/// An engine whose levels, domains and nodes are a topology's.
final class NetworkEngine {
  struct Resource {
    var name: String
    var id: berth_resource_id
  }

  let engine: Engine
  let topology: NetworkTopology
  /// By the topology's nodes and domains.
  let nodes: [berth_node_id]
  let domains: [berth_domain_id]
  let resources: [Resource]
  /// Which of them the GPUs are.
  let gpuResource: String
  let profile: berth_profile_id
  /// By node: how many GPUs it has, and how many were in use from the start.
  let gpus: [Int]
  let gpusInUse: [Int]
  /// What was taken where the files are silent.
  let notes: [String]

  private let indices: [berth_node_id: Int]
  /// By node: no new pods, from the start or since it was lost.
  private var isClosed: [Bool]

  init(_ topology: NetworkTopology, for jobs: [GangJob], _ options: GangOptions) throws {
    self.topology = topology
    let engine = try Engine.make(levels: topology.levels.map(\.name))
    self.engine = engine
    domains = try Self.addDomains(topology, to: engine)
    gpuResource = Self.gpuName(topology, jobs)
    let capacities = NodeCapacities(topology, jobs, options, gpuResource: gpuResource)
    resources = try capacities.names.map { name in
      Resource(name: name, id: try engine.addResource(name, kind: Self.kind(name, gpu: capacities.gpuResource)))
    }
    profile = try engine.addProfile(
      "binpack", [ScoreTerm(UInt32(BERTH_TERM_BINPACK), resources: resources.prefix(3).map { .init($0.id) })])
    gpus = capacities.gpus
    let parts = gpus.map { $0 > 0 ? $0 : NodeCapacities.partsWithoutGPUs }
    let used = try options.busy?.used(topology.nodes, parts: parts, seed: options.seed) ?? gpus.map { _ in 0 }
    gpusInUse = zip(gpus, used).map { min($0, $1) }
    let records = topology.nodes.map { [domains] node in
      var record = berth_node()
      record.domain = domains[node.domain]
      record.flags = node.isClosed ? UInt32(BERTH_NODE_CORDONED) : 0
      return record
    }
    nodes = try engine.addNodes(
      records, resources: resources.map(\.id), allocatable: capacities.rows,
      requested: capacities.requested(used, of: parts), names: topology.nodes.map(\.name))
    indices = Dictionary(uniqueKeysWithValues: zip(nodes, topology.nodes.indices))
    notes = capacities.notes
    isClosed = topology.nodes.map(\.isClosed)
  }

  /// These nodes get no pods from now on.
  func close(_ lost: Set<Int>) throws {
    for node in lost { isClosed[node] = true }
    try lost.sorted().map { nodes[$0] }.withUnsafeBufferPointer { ids in
      try engine.cordonNodes(ids, cordoned: true)
    }
  }

  /// The topology's node.
  func index(of node: berth_node_id) -> Int { indices[node] ?? 0 }

  /// How the engine counts a level: 0 is the cluster, the topology's levels follow, then the node.
  func level(_ reference: NetworkTopology.LevelReference) -> Int {
    switch reference {
    case .cluster: 0
    case .level(let index): index + 1
    case .node: topology.levels.count + 1
    }
  }

  var nodeLevel: Int { topology.levels.count + 1 }

  /// "cluster", the topology's names, "node".
  func levelName(_ level: Int) -> String {
    level == 0 ? "cluster" : level > topology.levels.count ? "node" : topology.levels[level - 1].name
  }

  /// How many more pods with these requests each node takes now.
  func offers(_ requests: [BerthSimulation.Quantity]) throws -> [Int] {
    let state = try engine.resourceState(of: nodes, resources.map(\.id))
    let width = resources.count
    return nodes.indices.map { node in
      if isClosed[node] { return 0 }
      var most = Int64(GangJob.mostMembers)
      for request in requests where request.value > 0 {
        guard let column = resources.firstIndex(where: { $0.id == request.resource }) else { continue }
        let place = node * width + column
        most = min(most, max(0, state.allocatable[place] - state.requested[place]) / request.value)
      }
      return Int(most)
    }
  }

  /// GPUs that nobody has and somebody could get, by node.
  func freeGPUs() throws -> [Int] {
    guard let gpu = resources.first(where: { $0.name == gpuResource }) else { return gpus.map { _ in 0 } }
    let state = try engine.resourceState(of: nodes, [gpu.id])
    return nodes.indices.map { isClosed[$0] ? 0 : Int(state.allocatable[$0] - state.requested[$0]) }
  }

  // MARK: Making it

  private static func addDomains(_ topology: NetworkTopology, to engine: Engine) throws -> [berth_domain_id] {
    var ids: [berth_domain_id] = []
    ids.reserveCapacity(topology.domains.count)
    for (index, domain) in topology.domains.enumerated() {
      let name = domain.name.isEmpty ? "(unnamed \(index))" : domain.name
      ids.append(try engine.addDomain(name, below: domain.parent.map { ids[$0] } ?? 0))
    }
    return ids
  }

  /// The vendors' names of GPUs as a resource; the first one that a node or a pod has.
  private static func gpuName(_ topology: NetworkTopology, _ jobs: [GangJob]) -> String {
    let known = ["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe", "metax-tech.com/gpu"]
    return known.first { name in
      topology.nodes.contains { $0.allocatable[name] != nil }
        || jobs.contains { $0.roles.contains { $0.requests[name] != nil } }
    } ?? known[0]
  }

  private static func kind(_ name: String, gpu: String) -> UInt32 {
    switch name {
    case "cpu": UInt32(BERTH_RESOURCE_CPU)
    case "memory": UInt32(BERTH_RESOURCE_MEMORY)
    case "ephemeral-storage": UInt32(BERTH_RESOURCE_EPHEMERAL_STORAGE)
    case "pods": UInt32(BERTH_RESOURCE_PODS)
    case gpu: UInt32(BERTH_RESOURCE_GPU)
    default: UInt32(BERTH_RESOURCE_OTHER)
    }
  }
}
