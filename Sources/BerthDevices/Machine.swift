/// The devices of a host: up to 16 GPUs, up to 16 NICs, and how they are connected.
///
/// A value that is valid from its making on. Hosts of one type have equal machines, so that whoever holds many keeps
/// each value once.
public struct Machine: Hashable, Sendable {
  public static let maxGPUs = 16
  public static let maxNICs = 16
  /// NUMA nodes are numbered 0..<64.
  public static let maxNUMANodes = 64
  /// The PCIe switch of a device that hangs at a host bridge.
  public static let noSwitch: UInt8 = .max

  public struct GPU: Hashable, Sendable {
    /// As `nvidia-smi` or the label `nvidia.com/gpu.product` has it; see `GPUModel.named`.
    public var model: String
    public var memoryMiB: UInt32
    /// 0..<`maxNUMANodes`.
    public var numaNode: UInt8
    /// Devices of one number are connected without passing a host bridge; `noSwitch`: none.
    public var pcieSwitch: UInt8
    /// Into how many replicas the device plugin slices time; 0: not at all.
    public var timeSlices: UInt8

    public init(
      model: String, memoryMiB: UInt32, numaNode: UInt8 = 0, pcieSwitch: UInt8 = Machine.noSwitch,
      timeSlices: UInt8 = 0
    ) {
      self.model = model
      self.memoryMiB = memoryMiB
      self.numaNode = numaNode
      self.pcieSwitch = pcieSwitch
      self.timeSlices = timeSlices
    }

    /// Whether the model can be partitioned (Multi-Instance GPU); false for models that `GPUModel.all` does not have.
    public var isMIGCapable: Bool { GPUModel.named(model)?.mig != nil }
  }

  public struct NIC: Hashable, Sendable {
    /// The name of the RDMA device, e.g. mlx5_0.
    public var name: String
    public var numaNode: UInt8
    public var pcieSwitch: UInt8
    /// SR-IOV virtual functions that pods can have; 0: the device as a whole.
    public var virtualFunctions: UInt16

    public init(
      name: String, numaNode: UInt8 = 0, pcieSwitch: UInt8 = Machine.noSwitch, virtualFunctions: UInt16 = 0
    ) {
      self.name = name
      self.numaNode = numaNode
      self.pcieSwitch = pcieSwitch
      self.virtualFunctions = virtualFunctions
    }
  }

  public let gpus: [GPU]
  public let nics: [NIC]
  /// Row by row, `gpus.count` squared; symmetric, the diagonal is `.itself`.
  public let links: [LinkClass]
  /// By GPU, then by NIC: `gpus.count` * `nics.count` PCIe classes.
  public let nicLinks: [LinkClass]
  /// Whether the NVSwitch domain is wider than the host, as in a rack of GB200 NVL72: then the domain is a level of the
  /// cluster's topology, too.
  public let nvSwitchSpansHosts: Bool

  /// Checks everything. Without `nicLinks`, they follow from switches and NUMA nodes: PIX below one switch, NODE in one
  /// NUMA node, else SYS.
  public init(
    gpus: [GPU], nics: [NIC] = [], links: [LinkClass], nicLinks: [LinkClass]? = nil, nvSwitchSpansHosts: Bool = false
  ) throws(MachineError) {
    try Self.check(gpus: gpus, nics: nics)
    try Self.check(links: links, count: gpus.count)
    if let nicLinks { try Self.check(nicLinks: nicLinks, gpus: gpus.count, nics: nics.count) }
    self.gpus = gpus
    self.nics = nics
    self.links = links
    self.nicLinks =
      nicLinks
      ?? gpus.flatMap { gpu in
        nics.map { Self.pcieLink(gpu.numaNode, gpu.pcieSwitch, $0.numaNode, $0.pcieSwitch) }
      }
    self.nvSwitchSpansHosts = nvSwitchSpansHosts
  }

  /// The link between two GPUs.
  public func link(_ left: Int, _ right: Int) -> LinkClass { links[left * gpus.count + right] }

  /// The link between a GPU and a NIC.
  public func nicLink(gpu: Int, nic: Int) -> LinkClass { nicLinks[gpu * nics.count + nic] }

  /// The path over PCIe between two devices, as far as NUMA nodes and switches tell.
  static func pcieLink(_ node: UInt8, _ pcieSwitch: UInt8, _ otherNode: UInt8, _ otherSwitch: UInt8) -> LinkClass {
    if pcieSwitch == otherSwitch && pcieSwitch != noSwitch { return .singleSwitch }
    return node == otherNode ? .sameNode : .crossSocket
  }
}

/// Why a machine is refused: which device, what was expected of it, and what was found.
public struct MachineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// GPU3, NIC0, GPU1-GPU2, or "machine".
  public let device: String
  public let expected: String
  public let found: String

  public init(device: String, expected: String, found: String) {
    self.device = device
    self.expected = expected
    self.found = found
  }

  public var description: String { "\(device): expected \(expected), found \(found)" }
}

extension Machine {
  private static func check(gpus: [GPU], nics: [NIC]) throws(MachineError) {
    guard gpus.count >= 1 && gpus.count <= maxGPUs else {
      throw MachineError(device: "machine", expected: "1...\(maxGPUs) GPUs", found: "\(gpus.count)")
    }
    guard nics.count <= maxNICs else {
      throw MachineError(device: "machine", expected: "at most \(maxNICs) NICs", found: "\(nics.count)")
    }
    for (index, gpu) in gpus.enumerated() {
      guard !gpu.model.isEmpty else {
        throw MachineError(device: "GPU\(index)", expected: "the name of a model", found: "an empty name")
      }
      guard gpu.memoryMiB > 0 else {
        throw MachineError(device: "GPU\(index)", expected: "memory of at least 1 MiB", found: "0")
      }
      try check(numaNode: gpu.numaNode, of: "GPU\(index)")
    }
    for (index, nic) in nics.enumerated() { try check(numaNode: nic.numaNode, of: "NIC\(index)") }
  }

  private static func check(numaNode: UInt8, of device: String) throws(MachineError) {
    guard numaNode < maxNUMANodes else {
      throw MachineError(device: device, expected: "a NUMA node in 0..<\(maxNUMANodes)", found: "\(numaNode)")
    }
  }

  private static func check(links: [LinkClass], count: Int) throws(MachineError) {
    guard links.count == count * count else {
      throw MachineError(
        device: "machine", expected: "\(count) x \(count) = \(count * count) links between GPUs",
        found: "\(links.count)")
    }
    for row in 0..<count {
      guard links[row * count + row] == .itself else {
        throw MachineError(
          device: "GPU\(row)", expected: "X on the diagonal", found: "\(links[row * count + row])")
      }
      for column in 0..<count where column != row {
        let link = links[row * count + column]
        guard link.isKnown else {
          throw MachineError(
            device: "GPU\(row)-GPU\(column)", expected: "a link class (1...5, 17...64)", found: "\(link.rawValue)")
        }
        // above the diagonal the mirrored cell was not looked at yet: the message comes from below it
        guard column > row || links[column * count + row] == link else {
          throw MachineError(
            device: "GPU\(row)-GPU\(column)", expected: "\(links[column * count + row]) as in the other direction",
            found: "\(link)")
        }
      }
    }
  }

  private static func check(nicLinks: [LinkClass], gpus: Int, nics: Int) throws(MachineError) {
    guard nicLinks.count == gpus * nics else {
      throw MachineError(
        device: "machine", expected: "\(gpus) x \(nics) = \(gpus * nics) links between GPUs and NICs",
        found: "\(nicLinks.count)")
    }
    for (index, link) in nicLinks.enumerated() where !link.isPCIe {
      throw MachineError(
        device: "GPU\(index / nics)-NIC\(index % nics)", expected: "a PCIe link class (1...5)",
        found: "\(link.rawValue)")
    }
  }
}
