import BerthCore
import CBerth

/// The cluster of a `ConstraintCase`: nodes in zones and racks, each with four pods, and the classes that are placed.
///
/// Nodes are those of scheduler_perf and larger ones, a rack of one kind; pods ask for a few hundred millicores and a few
/// hundred MiB. The pods that run already are of the same classes, spread over all nodes in a shuffled order.
public struct ConstraintCluster {
  static let podsPerNode = 4
  static let nodesPerRack = 40

  public let engine: Engine
  public let classes: [berth_class_id]
  public let nodes: [berth_node_id]

  /// Cores, GiB and pods of the kinds of nodes.
  private static let kinds: [(cores: Int64, gibibytes: Int64, pods: Int64)] = [
    (4, 32, 110), (8, 32, 110), (16, 64, 110), (16, 128, 250),
  ]

  public init(
    _ kind: ConstraintCase, nodes count: Int, zones: Int, classes classCount: Int, seed: UInt64,
    cpuLevel: CPULevel = .auto, allocator: UInt32 = UInt32(BERTH_ALLOCATOR_AUTO)
  ) throws {
    engine = try Engine.make(
      levels: ["topology.kubernetes.io/region", PodSpec.zone, "topology.kubernetes.io/rack"], cpuLevel: cpuLevel,
      allocator: allocator)
    let cpu = try engine.addResource("cpu", kind: UInt32(BERTH_RESOURCE_CPU))
    let memory = try engine.addResource("memory", kind: UInt32(BERTH_RESOURCE_MEMORY))
    let pods = try engine.addResource("pods", kind: UInt32(BERTH_RESOURCE_PODS))
    let both = [ScoreTerm.Resource(cpu), ScoreTerm.Resource(memory)]
    // kube-scheduler's default profile
    let profile = try engine.addProfile(
      "default-scheduler",
      [
        ScoreTerm(UInt32(BERTH_TERM_TAINT_TOLERATION), weight: 3),
        ScoreTerm(UInt32(BERTH_TERM_NODE_AFFINITY), weight: 2),
        ScoreTerm(UInt32(BERTH_TERM_LEAST_ALLOCATED), resources: both),
        ScoreTerm(UInt32(BERTH_TERM_POD_TOPOLOGY_SPREAD), weight: 2),
        ScoreTerm(UInt32(BERTH_TERM_INTER_POD_AFFINITY), weight: 2),
        ScoreTerm(UInt32(BERTH_TERM_BALANCED_ALLOCATION), resources: both),
        ScoreTerm(UInt32(BERTH_TERM_IMAGE_LOCALITY), weight: 1),
      ])
    var random = SeededRandom(seed: seed, stream: 1)
    nodes = try Self.addNodes(engine, [cpu, memory, pods], count, zones, &random)
    classes = try Self.addClasses(engine, kind, [cpu, memory, pods], profile, classCount, zones)
    try bindPods(&random)
  }

  private static func addNodes(
    _ engine: Engine, _ resources: [berth_resource_id], _ count: Int, _ zones: Int, _ random: inout SeededRandom
  ) throws -> [berth_node_id] {
    let region = try engine.addDomain("region")
    let zoneIDs = try (0..<zones).map { try engine.addDomain("zone-\($0)", below: region) }
    var records: [berth_node] = []
    var allocatable: [Int64] = []
    var rack = 0
    while records.count < count {
      var record = berth_node()
      record.domain = try engine.addDomain(
        "rack-\(rack)", below: zoneIDs[rack * nodesPerRack * zones / max(1, count) % zones])
      let kind = kinds[random.below(kinds.count)]
      for _ in 0..<min(nodesPerRack, count - records.count) {
        records.append(record)
        allocatable += [kind.cores * 1000, kind.gibibytes << 30, kind.pods]
      }
      rack += 1
    }
    return try engine.addNodes(
      records, resources: resources, allocatable: allocatable, names: records.indices.map { "node-\($0)" })
  }

  private static func addClasses(
    _ engine: Engine, _ kind: ConstraintCase, _ resources: [berth_resource_id], _ profile: berth_profile_id,
    _ count: Int, _ zones: Int
  ) throws -> [berth_class_id] {
    let team = try engine.internSelector("team", in: ["devops"])
    var classes: [berth_class_id] = []
    for index in 0..<count {
      let namespace = "namespace-\(index % 10)"
      try engine.setNamespace(namespace, [Label("team", "devops")])
      let requests = [
        Quantity(resources[0], Int64(100 * (1 + index % 4))),
        Quantity(resources[1], Int64(250 * (1 + index % 3)) << 20),
        Quantity(resources[2], 1),
      ]
      var spec = PodSpec(profile: profile, requests: requests)
      spec.namespace = namespace
      spec.labels = [Label("app", "app-\(index)")]
      spec.constrain(
        kind.part(index), app: try engine.internSelector("app", in: ["app-\(index)"]), team: team, zones: zones,
        index: index)
      classes.append(try engine.internClass(spec))
    }
    return classes
  }

  /// Four pods on every node, no two of a class where there are so many.
  private func bindPods(_ random: inout SeededRandom) throws {
    var order = nodes
    random.shuffle(&order)
    let batch = 1 << 18
    for first in stride(from: 0, to: order.count, by: batch) {
      var bound: [berth_class_id] = []
      var targets: [berth_node_id] = []
      for index in first..<min(first + batch, order.count) {
        for pod in 0..<Self.podsPerNode {
          bound.append(classes[(index * Self.podsPerNode + pod) % classes.count])
          targets.append(order[index])
        }
      }
      var ids = [berth_pod_id](repeating: 0, count: bound.count)
      try bound.withUnsafeBufferPointer { bound in
        try targets.withUnsafeBufferPointer { targets in
          try ids.withUnsafeMutableBufferPointer { ids in
            try engine.bind(bound, nodes: targets.baseAddress!, pods: ids.baseAddress!)
          }
        }
      }
    }
  }
}
