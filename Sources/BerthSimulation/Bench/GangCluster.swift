import BerthCore
import CBerth

/// A cluster of eight-GPU hosts in racks, spines, superpods and zones, filled to a share by what runs there untold.
public struct GangCluster {
  public struct Shape: Sendable {
    public var nodesPerRack = 16
    public var racksPerSpine = 64
    public var spinesPerSuperpod = 16
    public var zones = 4
    /// Of the GPUs, in use before any gang comes.
    public var fill = 0.7

    public init() {}
  }

  public static let levels = [
    "topology.kubernetes.io/zone", "network/superpod", "network/spine", "network/rack",
  ]
  static let cpuMilli: Int64 = 128_000
  static let memoryMiB: Int64 = 1 << 20
  static let gpus: Int64 = 8

  public let engine: Engine
  public let resources: [berth_resource_id]
  public let nodes: [berth_node_id]
  /// By node: the places of its domains on each level, widest first.
  let places: [[Int32]]
  let profile: berth_profile_id

  public init(nodes count: Int, _ shape: Shape, seed: UInt64, cpuLevel: CPULevel = .auto) throws {
    engine = try Engine.make(levels: Self.levels, cpuLevel: cpuLevel)
    let cpu = try engine.addResource("cpu", kind: UInt32(BERTH_RESOURCE_CPU))
    let memory = try engine.addResource("memory", kind: UInt32(BERTH_RESOURCE_MEMORY))
    let gpu = try engine.addResource("nvidia.com/gpu", kind: UInt32(BERTH_RESOURCE_GPU))
    resources = [cpu, memory, gpu]
    profile = try engine.addProfile(
      "binpack",
      [ScoreTerm(UInt32(BERTH_TERM_BINPACK), resources: resources.map { ScoreTerm.Resource($0) })])
    let racks = (count + shape.nodesPerRack - 1) / shape.nodesPerRack
    let spines = (racks + shape.racksPerSpine - 1) / shape.racksPerSpine
    let superpods = (spines + shape.spinesPerSuperpod - 1) / shape.spinesPerSuperpod
    let perZone = (superpods + shape.zones - 1) / shape.zones
    var last = [-1, -1, -1, -1]
    var ids: [berth_domain_id] = [0, 0, 0, 0]
    var records: [berth_node] = []
    var places = [[Int32]](repeating: [], count: 4)
    for node in 0..<count {
      let rack = node / shape.nodesPerRack
      let spine = rack / shape.racksPerSpine
      let superpod = spine / shape.spinesPerSuperpod
      for (level, place) in [superpod / perZone, superpod, spine, rack].enumerated() {
        if last[level] != place {
          last[level] = place
          ids[level] = try engine.addDomain("\(place)", below: level == 0 ? 0 : ids[level - 1])
        }
        places[level].append(Int32(place))
      }
      var record = berth_node()
      record.domain = ids[3]
      records.append(record)
    }
    self.places = places
    let (allocatable, requested) = Self.columns(count, shape.fill, seed: seed)
    nodes = try engine.addNodes(records, resources: resources, allocatable: allocatable, requested: requested)
  }

  /// A quarter of what is in use is spread over partly full nodes, the rest fills nodes: so large gangs find room, but
  /// not everywhere.
  private static func columns(_ count: Int, _ fill: Double, seed: UInt64) -> ([Int64], [Int64]) {
    var random = SeededRandom(seed: seed, stream: 1)
    let full = Int(1_000_000 * fill * 0.875)
    let partly = Int(1_000_000 * fill * 0.25)
    var allocatable: [Int64] = []
    var requested: [Int64] = []
    allocatable.reserveCapacity(3 * count)
    requested.reserveCapacity(3 * count)
    for _ in 0..<count {
      allocatable += [cpuMilli, memoryMiB, gpus]
      let drawn = random.below(1_000_000)
      let used = drawn < full ? 8 : drawn < full + partly ? Int64(1 + random.below(7)) : 0
      let cpu = used == 0 ? 0 : used * Int64(8_000 + 1_000 * random.below(7))
      requested += [cpu, cpu * 8, used]
    }
    return (allocatable, requested)
  }

  /// What pods of a class ask of the resources.
  private final class Requests {
    var byClass: [berth_class_id: [Int64]] = [:]
  }
  private let requests = Requests()

  /// Pods with so many GPUs and thousandths of a core.
  public func podClass(gpus: Int64, cpuMilli: Int64) throws -> berth_class_id {
    let asked = [cpuMilli, cpuMilli * 8, gpus]
    let quantities = zip(resources, asked).compactMap { $1 > 0 ? Quantity($0, $1) : nil }
    let podClass = try engine.internClass(PodSpec(profile: profile, requests: quantities))
    requests.byClass[podClass] = asked
    return podClass
  }

  func request(of podClass: berth_class_id) -> [Int64] { requests.byClass[podClass]! }
}
