import BerthOracle
import CBerth

/// A machine, and the way in which an engine is told of it.
enum MachineSource {
  case custom(Machine)
  case standard(String, model: String?, memory: Int)
  case text(MachineText)
}

/// Random machines, and pods that ask for what is in them.
extension Swarm {
  static let gpuModels = [
    "A100-SXM4-40GB", "A100-SXM4-80GB", "A30", "NVIDIA H100 80GB HBM3", "T4", "G2", "V100M32",
  ]
  private static let standardMachines: [(name: String, models: [String])] = [
    ("dgx-a100-40gb", []), ("dgx-a100-80gb", []), ("hgx-a100-4", ["A100-SXM4-80GB", "H100-SXM5-80GB"]),
    ("dgx-h100", []), ("hgx-h100-8", []), ("hgx-h200-8", []), ("pcie-8", ["A30", "T4", "G2"]),
    ("pcie-4", ["A30", "G2"]),
    ("nvlink-pairs-8", []), ("nvlink-pairs-4", []), ("gb200-nvl72", []), ("dgx-1-v100", []),
    ("flat-1", ["G2", "A30"]), ("flat-2", ["G2", "T4"]), ("flat-4", []), ("flat-8", ["T4", "G2", "V100M32"]),
  ]

  mutating func machineSource() -> MachineSource {
    switch random.int(0...5) {
    case 0: return .text(MachineText(&random))
    case 1...2:
      let (name, models) = random.pick(Swarm.standardMachines)
      let model = models.isEmpty || random.chance(0.2) ? nil : random.pick(models)
      return .standard(name, model: model, memory: model == "G2" || model == "V100M32" ? 23_028 : 0)
    default: return .custom(machine())
    }
  }

  private mutating func machine() -> Machine {
    let count = random.pick([1, 2, 2, 4, 4, 8, 8, random.int(1...9), random.chance(0.1) ? random.int(10...16) : 3])
    let nicCount = random.pick([0, 0, 1, 2, 4, 8, random.int(0...16)])
    let models = random.sample(Swarm.gpuModels, random.pick([1, 1, 2, 3]))
    let memory = random.pick([1, 15_360, 40_960, 81_920])
    let slices = random.pick([[0], [0], [2], [0, 3, 4], [7, 31], [1]])
    let gpus = (0..<count).map { index in
      var gpu = Machine.GPU(random.pick(models), memory: random.chance(0.1) ? 2 * memory : memory)
      gpu.numaNode = random.chance(0.8) ? 2 * index / count : random.int(0...63)
      gpu.pcieSwitch = random.pick([nil, index / 2, index / 4, random.int(0...2)])
      gpu.timeSlices = random.pick(slices)
      return gpu
    }
    let nics = (0..<nicCount).map { index in
      var nic = Machine.NIC(functions: random.pick([1, 1, 2, 3, 255]))
      nic.numaNode = 2 * index / nicCount
      nic.pcieSwitch = random.pick([nil, index / 2, index, 254])
      return nic
    }
    var nicLinks: [[Int]]?
    if random.chance(0.5) { nicLinks = gpus.map { _ in nics.map { _ in random.int(1...5) } } }
    return Machine(
      gpus: gpus, nics: nics, links: gpuLinks(count), nicLinks: nicLinks, isWide: random.chance(0.1))
  }

  /// Pairs, halves, all alike, or anything.
  private mutating func gpuLinks(_ count: Int) -> [[Int]] {
    let style = random.int(0...3)
    let kinds = random.pick([[1, 2], [1, 5, 33], [17, 18, 28], [1, 2, 3, 4, 5, 17, 34, 63, 64]])
    var links = [[Int]](repeating: [Int](repeating: Link.none, count: count), count: count)
    let (near, far) = (random.pick([Link.nvSwitch, Link.nvLink(4), Link.singleSwitch]), random.pick([1, 2, 3]))
    for row in 0..<count {
      for column in 0..<row {
        let link =
          switch style {
          case 0: row / 2 == column / 2 ? near : far
          case 1: 2 * row / count == 2 * column / count ? near : far
          case 2: near
          default: random.pick(kinds)
          }
        (links[row][column], links[column][row]) = (link, link)
      }
    }
    return links
  }

  // MARK: Demands

  /// Of devices that machines have, as a rule.
  mutating func demand(of machines: [Machine], models: [String]) -> DeviceDemand {
    let machine = machines.isEmpty ? nil : random.pick(machines)
    let gpu = machine.map { random.pick($0.gpus) }
    let memory = gpu?.memory ?? 16_384
    let kind: DeviceDemand.Kind =
      switch random.int(0...9) {
      case 0...3: .whole(random.pick([1, 1, 2, 2, 3, 4, machine?.gpus.count ?? 1, random.chance(0.2) ? 16 : 1]))
      case 4...6: .share(milli: random.pick([0, 100, 100, 250, 300, 500, 999]))
      case 7: .timeSlice
      case 8: .instance(migProfile(gpu?.model))
      default: .noGPU
      }
    var demand = DeviceDemand(kind)
    demand.nics = kind == .noGPU ? random.pick([1, 1, 2, 16]) : random.pick([0, 0, 0, 1, 2])
    if kind == .noGPU { return demand }
    demand.nicsBySwitch = random.chance(0.3)
    if random.chance(0.3) && !models.isEmpty {
      demand.models = Set(random.sample(models, random.int(1...min(3, models.count))))
    }
    switch kind {
    case .whole:
      if random.chance(0.3) { demand.memory = random.pick([1, memory, memory + 1, Int(BERTH_MAX_GPU_MEMORY_MIB)]) }
      if random.chance(0.4) { demand.linkRequired = random.pick([1, 2, 3, 4, 5, 17, 20, 63, 64]) }
      demand.prefersLinks = random.chance(0.5)
    case .share(let milli):
      let parts = [memory / 10, memory / 4, memory / 3, memory, 1, random.int(0...memory)]
      demand.memory = milli > 0 && random.chance(0.4) ? 0 : max(1, random.pick(parts))
    case .timeSlice, .instance, .noGPU: break
    }
    return demand
  }

  private mutating func migProfile(_ model: String?) -> String {
    let names =
      switch model {
      case "A30": ["4g.24gb", "2g.12gb", "1g.6gb", "1g.6gb"]
      case "A100-SXM4-40GB": ["7g.40gb", "4g.20gb", "3g.20gb", "2g.10gb", "1g.10gb", "1g.5gb", "1g.5gb"]
      case "H200-SXM5-141GB": ["3g.71gb", "1g.18gb"]
      default: ["7g.80gb", "4g.40gb", "3g.40gb", "2g.20gb", "1g.20gb", "1g.10gb", "1g.10gb"]
      }
    return random.chance(0.1) ? "1g.47gb" : random.pick(names)
  }

  /// Part of a GPU, to which a share is resized.
  mutating func part(of memory: Int) -> (milli: Int, memory: Int) {
    let milli = random.pick([0, 1, 50, 100, 300, 500, 999])
    let rest = random.pick([0, 1, memory / 4, memory / 2, memory, memory + 1])
    return (milli, milli == 0 ? max(1, rest) : rest)
  }

  mutating func typicalPods(models: [String]) -> [TypicalPod] {
    // sizes that a GPU may be cut into well, badly, or in many ways
    let shares = random.pick([[100, 300, 500, 1000, 1], [220, 320, 460, 650, 810, 1000], [random.int(1...999), 500]])
    return (0..<random.pick([0, 1, 2, 5, 12])).map { _ in
      let gpus = random.pick([0, 1, 1, 1, 2, 8])
      let milli = gpus == 0 ? 0 : gpus > 1 ? 1000 : random.pick(shares)
      let capacity = max(1, random.pick(shapes)["cpu"] ?? 1000)
      var pod = TypicalPod(
        cpu: random.pick([0, 1, capacity / 10, capacity / 2, capacity]), gpus: gpus, milli: milli,
        weight: random.pick([1, 1, 3, 1 << 20, random.int64(1...1000)]))
      if gpus > 0 && random.chance(0.3) && !models.isEmpty { pod.models = [random.pick(models)] }
      return pod
    }
  }

  /// What counts as 1, of cpu and of GPUs; nil where these are not known.
  mutating func deviceScales(_ known: [String]) -> [TermResource]? {
    func kind(_ name: String) -> ResourceKind? { resources.first { $0.name == name }?.kind }
    guard let cpu = known.first(where: { kind($0) == .cpu }),
      let gpu = known.filter({ kind($0) == .gpu }).randomElement(using: &random)
    else { return nil }
    let capacity = max(1, random.pick(shapes)[cpu] ?? 1)
    let scales = [
      TermResource(
        cpu, weight: random.pick([1, 3]), scale: random.pick([capacity, min(Swarm.largest, 2 * capacity), 1])),
      TermResource(gpu, scale: random.pick([8000, 8000, 4000, 1, Swarm.largest])),
    ]
    return random.shuffled(scales)
  }
}

extension TermKind {
  static let withoutDevices = allCases.filter { !ofDevices.contains($0) }
  static let onlyDevices = allCases.filter { ofDevices.contains($0) }
}
