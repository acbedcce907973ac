import CBerth

/// The machines of `berth simulate`: what a large cluster buys, zone by zone and rack by rack.
struct Fleet {
  struct MachineType {
    var name: String
    var cores: Int64
    var memoryGiB: Int64
    var gpus: Int64
    /// Of all racks.
    var percent: Int

    /// What the kubelet leaves to pods: it keeps some cpu and memory for the system, as on a real node.
    var allocatable: [Int64] {
      let memory = memoryGiB * 1024
      return [cores * 1000 - 60 - 10 * cores, memory - 255 - memory * 6 / 100, gpus, 110]
    }
  }

  static let types = [
    MachineType(name: "standard-8", cores: 8, memoryGiB: 32, gpus: 0, percent: 30),
    MachineType(name: "standard-16", cores: 16, memoryGiB: 64, gpus: 0, percent: 28),
    MachineType(name: "compute-16", cores: 16, memoryGiB: 32, gpus: 0, percent: 16),
    MachineType(name: "memory-16", cores: 16, memoryGiB: 128, gpus: 0, percent: 14),
    MachineType(name: "gpu-32x4", cores: 32, memoryGiB: 256, gpus: 4, percent: 12),
  ]
  static let resources: [(name: String, kind: UInt32)] = [
    ("cpu", UInt32(BERTH_RESOURCE_CPU)), ("memory", UInt32(BERTH_RESOURCE_MEMORY)),
    ("nvidia.com/gpu", UInt32(BERTH_RESOURCE_GPU)), ("pods", UInt32(BERTH_RESOURCE_PODS)),
  ]
  static let zoneLevel = "topology.kubernetes.io/zone"
  static let typeLabel = "node.kubernetes.io/instance-type"
  static let gpuTaint = Taint("nvidia.com/gpu", "present", .noSchedule)
  /// Nodes of a rack are bought together and alike; 8 by 8 pixels of the heat map.
  static let rackSize = 64

  /// Nodes of each zone, which differ by one at most.
  let zoneSizes: [Int]
  /// Index into `types` of each node, zone after zone, rack after rack.
  let typeOfNode: [UInt8]

  static func zoneName(_ zone: Int) -> String { "zone-\(zone + 1)" }

  init(nodes: Int, zones: Int, random: inout SeededRandom) {
    zoneSizes = (0..<zones).map { nodes / zones + ($0 < nodes % zones ? 1 : 0) }
    var typeOfNode = [UInt8]()
    typeOfNode.reserveCapacity(nodes)
    for size in zoneSizes {
      for first in stride(from: 0, to: size, by: Self.rackSize) {
        let type = Self.draw(&random)
        typeOfNode += repeatElement(UInt8(type), count: min(Self.rackSize, size - first))
      }
    }
    self.typeOfNode = typeOfNode
  }

  private static func draw(_ random: inout SeededRandom) -> Int {
    var rest = random.below(100)
    for (index, type) in types.enumerated() {
      if rest < type.percent { return index }
      rest -= type.percent
    }
    return types.count - 1
  }
}
