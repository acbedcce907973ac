import BerthCore
import CBerth

/// A cluster of eight-GPU hosts of four kinds, and pods in the proportions of Alibaba's openb trace (cluster-trace-gpu-v2023,
/// Table 1 of the FGD paper): 13.3 % ask for no GPU, 37.8 % for a share of one, 48.0 % for one, the others for 2, 4 or 8.
///
/// As in a cluster that lives, half of the hosts are full, a quarter is empty, and the others are filled to a random part.
public struct GPUCluster {
  public enum Policy: String, CaseIterable, Sendable {
    case binpack, fgd, berth
  }

  public let engine: Engine
  /// All different.
  public let classes: [berth_class_id]
  /// Of each class among pods, in millionths.
  public let weights: [Int]
  private let nodes: [berth_node_id]
  let kinds: [Kind]

  struct Kind {
    var cpuMilli: Int64
    var memoryMiB: Int64
    var gpus: Int
    var milli: Int
    var weight: Int
  }

  /// So many classes there can be: each part of the pods has one, and each class is a kind of typical pods.
  public static let classCounts = parts.count...Int(BERTH_MAX_TYPICAL_PODS)
  /// Pods by GPUs, of a thousand; -1: a share of one.
  private static let parts: [(share: Int, gpus: Int)] = [(133, 0), (378, -1), (480, 1), (2, 2), (2, 4), (5, 8)]
  /// Of a GPU in thousandths, as people ask for them: a few sizes.
  private static let shares = [50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 650, 750, 800]
  static let machines = ["dgx-a100-80gb", "dgx-h100", "pcie-8", "nvlink-pairs-8"]
  private static let nodesPerRack = 16
  private static let cpuMilli: Int64 = 128_000
  private static let memoryMiB: Int64 = 1 << 20
  static let gpusPerNode = 8

  /// `classCount`: one of `classCounts`.
  public init(
    nodes count: Int, policy: Policy, classes classCount: Int, seed: UInt64, cpuLevel: CPULevel = .auto,
    allocator: UInt32 = UInt32(BERTH_ALLOCATOR_AUTO)
  ) throws {
    engine = try Engine.make(
      levels: ["topology.kubernetes.io/zone", "topology.kubernetes.io/rack"], cpuLevel: cpuLevel, allocator: allocator)
    let cpu = try engine.addResource("cpu", kind: UInt32(BERTH_RESOURCE_CPU))
    let memory = try engine.addResource("memory", kind: UInt32(BERTH_RESOURCE_MEMORY))
    let gpu = try engine.addResource("nvidia.com/gpu-milli", kind: UInt32(BERTH_RESOURCE_GPU))
    let resources = [cpu, memory, gpu]
    var random = SeededRandom(seed: seed, stream: 1)
    kinds = Self.makeKinds(classCount, &random)
    weights = kinds.map(\.weight)
    nodes = try Self.addNodes(engine, resources, count)
    let profile = try Self.addProfile(engine, policy, resources)
    try engine.setTypicalPods(
      kinds.map {
        TypicalPod(cpuMilli: $0.cpuMilli, gpus: $0.gpus, milli: $0.milli, models: [], weight: $0.weight)
      })
    classes = try kinds.map { [engine] kind in
      let asked = [kind.cpuMilli, kind.memoryMiB, Int64(kind.gpus * kind.milli)]
      var spec = PodSpec(
        profile: profile, requests: zip(resources, asked).compactMap { $1 > 0 ? Quantity($0, $1) : nil })
      if kind.gpus > 0 { spec.devices = DeviceSpec(gpus: kind.gpus, milli: kind.milli, prefersLinks: kind.gpus > 1) }
      return try engine.internClass(spec)
    }
    try bindPods(&random)
  }

  /// Different kinds of pods; by number of GPUs they are as many, and weigh as much, as the trace has of a thousand.
  private static func makeKinds(_ count: Int, _ random: inout SeededRandom) -> [Kind] {
    precondition(classCounts.contains(count), "classes: \(classCounts)")
    var kinds: [Kind] = []
    var upTo = 0
    for part in parts {
      // one kind of each part at least; the others are shared out so that they add up
      let number = 1 + (count - parts.count) * (upTo + part.share) / 1000 - (count - parts.count) * upTo / 1000
      upTo += part.share
      var drawn: Set<[Int]> = []
      while drawn.count < number {
        let gpus = abs(part.gpus)
        let milli = part.gpus < 0 ? shares[random.below(shares.count)] : gpus > 0 ? 1000 : 0
        // hundredths of a core: whole cores alone would make too few kinds
        let cpu = 10 * (gpus == 0 ? 100 + random.below(3200) : gpus * (200 + random.below(1400)))
        guard drawn.insert([milli, cpu]).inserted else { continue }
        kinds.append(
          Kind(
            cpuMilli: Int64(cpu), memoryMiB: Int64(cpu) * 4096 / 1000, gpus: gpus, milli: milli,
            weight: part.share * 1000 / number))
      }
    }
    return kinds
  }

  private static func addProfile(
    _ engine: Engine, _ policy: Policy, _ resources: [berth_resource_id]
  ) throws -> berth_profile_id {
    switch policy {
    case .binpack:
      try engine.addProfile(
        "binpack",
        [
          ScoreTerm(UInt32(BERTH_TERM_BINPACK), resources: resources.map { ScoreTerm.Resource($0) }),
          ScoreTerm(UInt32(BERTH_TERM_GPU_LINKS)), ScoreTerm(UInt32(BERTH_TERM_GPU_REMAINDER)),
        ])
    case .fgd: try engine.addProfile("fgd", [ScoreTerm(UInt32(BERTH_TERM_GPU_FGD))])
    case .berth: try engine.addProfile("berth", [ScoreTerm(UInt32(BERTH_TERM_GPU_BERTH))])
    }
  }

  private static func addNodes(
    _ engine: Engine, _ resources: [berth_resource_id], _ count: Int
  ) throws -> [berth_node_id] {
    let zones = try (0..<4).map { try engine.addDomain("zone-\($0)") }
    let kinds = try machines.map { try engine.internMachine($0) }
    var records: [berth_node] = []
    var numbers: [berth_machine_id] = []
    var rack = 0
    while records.count < count {
      var record = berth_node()
      record.domain = try engine.addDomain("rack-\(rack)", below: zones[rack % zones.count])
      for _ in 0..<min(nodesPerRack, count - records.count) {
        records.append(record)
        numbers.append(kinds[rack / zones.count % kinds.count])
      }
      rack += 1
    }
    let row = [cpuMilli, memoryMiB, Int64(gpusPerNode * 1000)]
    var allocatable: [Int64] = []
    allocatable.reserveCapacity(count * row.count)
    for _ in 0..<count { allocatable += row }
    let ids = try engine.addNodes(records, resources: resources, allocatable: allocatable)
    try engine.setMachines(ids, numbers)
    return ids
  }

  /// Fills hosts with pods until a part of their GPUs is in use.
  private func bindPods(_ random: inout SeededRandom) throws {
    let drawn = drawer()
    var bound: [berth_class_id] = []
    var targets: [berth_node_id] = []
    func flush() throws {
      var ids = [berth_pod_id](repeating: 0, count: bound.count)
      try bound.withUnsafeBufferPointer { bound in
        guard bound.count > 0 else { return }
        try targets.withUnsafeBufferPointer { targets in
          try ids.withUnsafeMutableBufferPointer { ids in
            try engine.bind(bound, nodes: targets.baseAddress!, pods: ids.baseAddress!)
          }
        }
      }
      bound.removeAll(keepingCapacity: true)
      targets.removeAll(keepingCapacity: true)
    }
    for node in nodes {
      let quarter = random.below(4)
      if quarter == 0 { continue }
      var gpus = quarter == 1 ? 1 + random.below(Self.gpusPerNode - 1) : Self.gpusPerNode
      var (cpu, memory) = (Self.cpuMilli, Self.memoryMiB)
      var misses = 0
      while true {
        let place = drawn(&random)
        let kind = kinds[place]
        // a share is counted as a whole GPU, so that it is sure to find one
        guard gpus > 0 else { break }
        guard kind.gpus <= gpus, kind.cpuMilli <= cpu, kind.memoryMiB <= memory else {
          misses += 1
          if misses > 20 { break }
          continue
        }
        (gpus, cpu, memory) = (gpus - kind.gpus, cpu - kind.cpuMilli, memory - kind.memoryMiB)
        bound.append(classes[place])
        targets.append(node)
      }
      if bound.count >= 1 << 18 { try flush() }
    }
    try flush()
  }

  /// Draws places of classes by their weights.
  public func drawer() -> (inout SeededRandom) -> Int {
    var ends: [Int] = []
    for weight in weights { ends.append((ends.last ?? 0) + weight) }
    return { [ends] random in
      let value = random.below(ends.last ?? 1)
      var (low, high) = (0, ends.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if value < ends[middle] { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }
}
