/// Machines that go by a name. What the public sources leave to the maker of a host is chosen as the entries say; NUMA
/// nodes are one per CPU socket. Who knows better reads the host's `nvidia-smi topo -m` (`TopologyText`).
public struct StandardMachine: Sendable {
  public let name: String
  /// The GPU model when the caller names none.
  public let defaultModel: String
  /// Whether it is made with the model that the caller names.
  public let takesModel: Bool
  private let make: @Sendable (GPUModel) throws(MachineError) -> Machine

  private init(
    _ name: String, _ defaultModel: String, takesModel: Bool = false,
    _ make: @escaping @Sendable (GPUModel) throws(MachineError) -> Machine
  ) {
    self.name = name
    self.defaultModel = defaultModel
    self.takesModel = takesModel
    self.make = make
  }

  /// The machine of a name; `model` for those that take one, by any name that `GPUModel.named` knows. An unknown model
  /// needs its memory in MiB and is taken to have no NVLink; `memoryMiB` 0: that of the model.
  public static func machine(
    named name: String, model: String? = nil, memoryMiB: UInt32 = 0
  ) throws(MachineError) -> Machine {
    guard let standard = all.first(where: { $0.name == name }) else {
      let names = sold.map(\.name).joined(separator: ", ")
      throw MachineError(device: "machine", expected: "one of \(names), flat-1 ... flat-16", found: "\"\(name)\"")
    }
    return try standard.machine(model: model, memoryMiB: memoryMiB)
  }

  /// See `machine(named:model:memoryMiB:)`.
  public func machine(model: String? = nil, memoryMiB: UInt32 = 0) throws(MachineError) -> Machine {
    let wanted = model ?? defaultModel
    let known = GPUModel.named(wanted)
    if !takesModel, let model, known != GPUModel.named(defaultModel) {
      throw MachineError(device: "machine", expected: "\(defaultModel), as \(name) has them", found: "\"\(model)\"")
    }
    guard known != nil || memoryMiB > 0 else {
      throw MachineError(device: "machine", expected: "a known GPU model, or its memory", found: "\"\(wanted)\"")
    }
    let gpu = GPUModel(
      name: known?.name ?? wanted, memoryMiB: memoryMiB > 0 ? memoryMiB : known?.memoryMiB ?? 0,
      nvLinkLanes: known?.nvLinkLanes ?? 0)
    return try make(gpu)
  }

  /// All of them: hosts that are sold, then flat-1 ... flat-16.
  public static let all: [StandardMachine] = sold + flat

  private static let sold: [StandardMachine] = [
    // NVIDIA DGX A100 User Guide: 8 GPUs on 6 NVSwitches; two GPUs and two of the 8 compute NICs (ConnectX-6) below
    // each of four PCIe switches, two of these per socket. Storage NICs are left out.
    StandardMachine("dgx-a100-40gb", "A100-SXM4-40GB") { gpu throws(MachineError) in
      try switched(gpu, count: 8, perSwitch: 2, nics: 8, perNICSwitch: 2)
    },
    StandardMachine("dgx-a100-80gb", "A100-SXM4-80GB") { gpu throws(MachineError) in
      try switched(gpu, count: 8, perSwitch: 2, nics: 8, perNICSwitch: 2)
    },
    // NVIDIA HGX A100 4-GPU: no NVSwitch; each pair has 4 of the 12 lanes. Two GPUs per socket, each at its own port.
    // With a model of 18 lanes, it is the HGX H100 4-GPU: 6 lanes a pair.
    StandardMachine("hgx-a100-4", "A100-SXM4-40GB", takesModel: true) { gpu throws(MachineError) in
      guard gpu.nvLinkLanes >= 3 else {
        throw MachineError(device: "machine", expected: "a GPU model with NVLink", found: "\"\(gpu.name)\"")
      }
      return try bridged(gpu, count: 4) { _, _ in gpu.nvLinkLanes / 3 }
    },
    // NVIDIA DGX H100 User Guide: 8 GPUs on 4 NVSwitches, one compute NIC (ConnectX-7) beside each GPU below its own
    // PCIe switch, four GPUs per socket.
    StandardMachine("dgx-h100", "H100-SXM5-80GB") { gpu throws(MachineError) in
      try switched(gpu, count: 8, perSwitch: 1, nics: 8, perNICSwitch: 1)
    },
    // NVIDIA HGX H100/H200 8-GPU baseboards in common hosts: two GPUs below each of four PCIe switches; NICs are up to
    // the maker of the host: none here.
    StandardMachine("hgx-h100-8", "H100-SXM5-80GB") { gpu throws(MachineError) in
      try switched(gpu, count: 8, perSwitch: 2)
    },
    StandardMachine("hgx-h200-8", "H200-SXM5-141GB") { gpu throws(MachineError) in
      try switched(gpu, count: 8, perSwitch: 2)
    },
    // Usual PCIe servers: two GPUs below each PCIe switch, half of the switches per socket, a NIC below the first
    // switch of each socket.
    StandardMachine("pcie-8", "L40S", takesModel: true) { gpu throws(MachineError) in
      try bridged(gpu, count: 8, perSwitch: 2, nics: 2) { _, _ in 0 }
    },
    StandardMachine("pcie-4", "L40S", takesModel: true) { gpu throws(MachineError) in
      try bridged(gpu, count: 4, perSwitch: 2, nics: 2) { _, _ in 0 }
    },
    // The same with NVLink bridges (NVIDIA A100/H100 PCIe product briefs: bridges join two adjacent cards).
    StandardMachine("nvlink-pairs-8", "A100-PCIE-80GB", takesModel: true) { gpu throws(MachineError) in
      try pairs(gpu, count: 8)
    },
    StandardMachine("nvlink-pairs-4", "A100-PCIE-80GB", takesModel: true) { gpu throws(MachineError) in
      try pairs(gpu, count: 4)
    },
    // NVIDIA GB200 NVL72: a compute tray has two Grace CPUs with two GPUs each and four ConnectX-7 NICs at the CPUs'
    // own ports; the NVSwitches stand in other trays and join 18 hosts.
    StandardMachine("gb200-nvl72", "GB200") { gpu throws(MachineError) in
      let tray = try switched(gpu, count: 4, perSwitch: 0, nics: 4, perNICSwitch: 0)
      return try Machine(
        gpus: tray.gpus, nics: tray.nics, links: tray.links, nicLinks: tray.nicLinks, nvSwitchSpansHosts: true)
    },
    // NVIDIA DGX-1 with Tesla V100 System Architecture (white paper): the hybrid cube mesh, 6 lanes a GPU; four PCIe
    // switches with two GPUs and one NIC each.
    StandardMachine("dgx-1-v100", "V100-SXM2-32GB") { gpu throws(MachineError) in
      try bridged(gpu, count: 8, perSwitch: 2, nics: 4) { cubeMesh[$0][$1] }
    },
    // NVIDIA DGX-2: 16 GPUs on 12 NVSwitches, two baseboards of eight, two GPUs and a NIC below each PCIe switch.
    StandardMachine("dgx-2", "V100-SXM3-32GB") { gpu throws(MachineError) in
      try switched(gpu, count: 16, perSwitch: 2, nics: 8, perNICSwitch: 1)
    },
  ]

  /// Nothing is known of the links: every pair has the weakest class, so that none is promised.
  private static let flat: [StandardMachine] = (1...Machine.maxGPUs).map { count in
    StandardMachine("flat-\(count)", "T4", takesModel: true) { gpu throws(MachineError) in
      let links = (0..<count * count).map { $0 % (count + 1) == 0 ? LinkClass.itself : .crossSocket }
      return try Machine(
        gpus: (0..<count).map { _ in Machine.GPU(model: gpu.name, memoryMiB: gpu.memoryMiB) }, links: links)
    }
  }

  /// NVLink lanes between the GPUs of a DGX-1 with V100.
  private static let cubeMesh: [[Int]] = [
    [0, 1, 1, 2, 2, 0, 0, 0],
    [1, 0, 2, 1, 0, 2, 0, 0],
    [1, 2, 0, 2, 0, 0, 1, 0],
    [2, 1, 2, 0, 0, 0, 0, 1],
    [2, 0, 0, 0, 0, 1, 1, 2],
    [0, 2, 0, 0, 1, 0, 2, 1],
    [0, 0, 1, 0, 1, 2, 0, 2],
    [0, 0, 0, 1, 2, 1, 2, 0],
  ]
}

extension StandardMachine {
  /// GPUs of two sockets, the first half at socket 0; `perSwitch` 0: at the host bridges.
  private static func gpus(_ gpu: GPUModel, count: Int, perSwitch: Int) -> [Machine.GPU] {
    (0..<count).map {
      Machine.GPU(
        model: gpu.name, memoryMiB: gpu.memoryMiB, numaNode: $0 < count / 2 ? 0 : 1,
        pcieSwitch: perSwitch > 0 ? UInt8($0 / perSwitch) : Machine.noSwitch)
    }
  }

  /// NICs of two sockets, like `gpus`; `spacing`: of the numbers of the switches.
  private static func nics(count: Int, perSwitch: Int, spacing: Int = 1) -> [Machine.NIC] {
    (0..<count).map {
      Machine.NIC(
        name: "mlx5_\($0)", numaNode: $0 < count / 2 ? 0 : 1,
        pcieSwitch: perSwitch > 0 ? UInt8($0 / perSwitch * spacing) : Machine.noSwitch)
    }
  }

  /// Every GPU to every other through NVSwitches.
  private static func switched(
    _ gpu: GPUModel, count: Int, perSwitch: Int, nics nicCount: Int = 0, perNICSwitch: Int = 0
  ) throws(MachineError) -> Machine {
    let links = (0..<count * count).map { $0 % (count + 1) == 0 ? LinkClass.itself : .nvSwitch }
    return try Machine(
      gpus: gpus(gpu, count: count, perSwitch: perSwitch), nics: nics(count: nicCount, perSwitch: perNICSwitch),
      links: links)
  }

  /// NVLink where `lanes` are not 0, else what PCIe gives.
  private static func bridged(
    _ gpu: GPUModel, count: Int, perSwitch: Int = 0, nics nicCount: Int = 0, lanes: (Int, Int) -> Int
  ) throws(MachineError) -> Machine {
    let gpus = gpus(gpu, count: count, perSwitch: perSwitch)
    var links: [LinkClass] = []
    for (row, left) in gpus.enumerated() {
      for (column, right) in gpus.enumerated() {
        let bond = row == column ? 0 : lanes(row, column)
        if bond > 0 {
          links.append(.nvLink(lanes: bond))
        } else {
          let path = Machine.pcieLink(left.numaNode, left.pcieSwitch, right.numaNode, right.pcieSwitch)
          links.append(row == column ? .itself : path)
        }
      }
    }
    let switches = perSwitch > 0 ? count / perSwitch : 0
    let spacing = nicCount > 0 ? max(1, switches / nicCount) : 1
    return try Machine(
      gpus: gpus, nics: nics(count: nicCount, perSwitch: perSwitch > 0 ? 1 : 0, spacing: spacing), links: links)
  }

  private static func pairs(_ gpu: GPUModel, count: Int) throws(MachineError) -> Machine {
    guard gpu.nvLinkLanes > 0 else {
      throw MachineError(device: "machine", expected: "a GPU model with NVLink", found: "\"\(gpu.name)\"")
    }
    return try bridged(gpu, count: count, perSwitch: 2, nics: 2) { $0 / 2 == $1 / 2 ? gpu.nvLinkLanes : 0 }
  }
}
