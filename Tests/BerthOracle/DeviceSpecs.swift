/// What devices a node has, and what a pod asks for of them.

/// How close two devices are: more is closer.
public enum Link {
  /// A device and itself; in a demand: no matter how.
  public static let none = 0
  public static let system = 1
  public static let node = 2
  public static let hostBridge = 3
  public static let multiSwitch = 4
  public static let singleSwitch = 5
  public static let nvSwitch = 64

  public static func nvLink(_ lanes: Int) -> Int { 16 + lanes }

  /// What a pair adds to the sum of its set.
  static func weight(_ link: Int) -> Int {
    switch link {
    case 1...5: 10 * link
    case nvSwitch: 4800
    default: 100 * (link - 16)
    }
  }

  /// 0...100.
  static func quality(_ link: Int) -> Int {
    switch link {
    case 1...5: 10 * link
    case nvSwitch: 100
    default: 60 + 2 * min(link - 16, 18)
    }
  }

  /// Of a NIC: 0...100.
  static func nicQuality(_ link: Int) -> Int { [0, 10, 40, 50, 90, 100][link] }
}

public struct Machine: Hashable, Sendable {
  public struct GPU: Hashable, Sendable {
    public var model: String
    /// In MiB.
    public var memory: Int
    public var numaNode = 0
    /// nil: it is at a host bridge.
    public var pcieSwitch: Int?
    /// 0: its time is not sliced.
    public var timeSlices = 0

    public init(_ model: String, memory: Int) {
      self.model = model
      self.memory = memory
    }

    /// What one time slice takes.
    var sliceMilli: Int { 1000 / timeSlices }
  }

  public struct NIC: Hashable, Sendable {
    public var numaNode = 0
    public var pcieSwitch: Int?
    public var functions: Int

    public init(functions: Int) { self.functions = functions }
  }

  public let gpus: [GPU]
  public let nics: [NIC]
  /// Between GPUs.
  public let links: [[Int]]
  /// By GPU and NIC.
  public let nicLinks: [[Int]]
  public let isWide: Bool
  /// Sets of GPUs that are worth keeping whole, bit by bit: they are asked for more often than all else.
  let cells: [UInt32]

  /// Links of NICs: nil: as switches and NUMA nodes say.
  public init(gpus: [GPU], nics: [NIC] = [], links: [[Int]], nicLinks: [[Int]]? = nil, isWide: Bool = false) {
    self.gpus = gpus
    self.nics = nics
    self.links = links
    self.nicLinks = nicLinks ?? gpus.map { gpu in nics.map { Machine.path(gpu, $0) } }
    self.isWide = isWide
    cells = Machine.cells(gpus, links).map(Machine.bits).sorted()
  }

  private static func path(_ gpu: GPU, _ nic: NIC) -> Int {
    if let own = gpu.pcieSwitch, own == nic.pcieSwitch { return Link.singleSwitch }
    return gpu.numaNode == nic.numaNode ? Link.node : Link.system
  }

  /// All GPUs, those of each NUMA node, those below each switch, and for every link but the weakest each group that such
  /// links or better hold together, if all of its pairs have them. A single GPU is no cell.
  private static func cells(_ gpus: [GPU], _ links: [[Int]]) -> Set<Set<Int>> {
    let all = Set(gpus.indices)
    var cells: Set<Set<Int>> = [all]
    for gpu in gpus {
      cells.insert(all.filter { gpus[$0].numaNode == gpu.numaNode })
      if let pcieSwitch = gpu.pcieSwitch { cells.insert(all.filter { gpus[$0].pcieSwitch == pcieSwitch }) }
    }
    let kinds = Set(links.joined()).subtracting([Link.none])
    for least in kinds where least != kinds.min() {
      for gpu in gpus.indices {
        var group: Set<Int> = [gpu]
        while let next = all.subtracting(group).first(where: { new in group.contains { links[$0][new] >= least } }) {
          group.insert(next)
        }
        let isWhole = group.allSatisfy { left in group.allSatisfy { left == $0 || links[left][$0] >= least } }
        if isWhole { cells.insert(group) }
      }
    }
    return cells.filter { $0.count >= 2 }
  }

  /// The value of free GPUs: that of all cells that are wholly free.
  func value(ofFree free: Set<Int>) -> Int {
    let bits = Machine.bits(free)
    return cells.filter { $0 & ~bits == 0 }.reduce(0) { $0 + $1.nonzeroBitCount * $1.nonzeroBitCount / 4 }
  }

  private static func bits(_ gpus: Set<Int>) -> UInt32 { gpus.reduce(0) { $0 | 1 << UInt32($1) } }
}

public struct DeviceDemand: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case whole(Int)
    case share(milli: Int)
    case timeSlice
    /// Of a MIG profile.
    case instance(String)
    /// NICs only.
    case noGPU
  }

  public var kind: Kind
  /// In MiB. Whole GPUs: each has so much at least; a share takes it.
  public var memory = 0
  /// One of these; empty: any.
  public var models: Set<String> = []
  public var linkRequired = Link.none
  public var prefersLinks = false
  public var nics = 0
  /// Data of the NICs passes no host bridge.
  public var nicsBySwitch = false

  public init(_ kind: Kind) { self.kind = kind }

  public var count: Int {
    switch kind {
    case .whole(let count): count
    case .share, .timeSlice, .instance: 1
    case .noGPU: 0
    }
  }

  func allows(_ model: String) -> Bool { models.isEmpty || models.contains(model) }
}

/// The devices that a pod holds.
public struct Claim: Hashable, Sendable {
  public enum Kind: Hashable, Sendable { case whole, share, timeSlice, instance, noGPU }

  public var kind: Kind
  /// Ascending, as all lists of devices.
  public var gpus: [Int] = []
  public var nics: [Int] = []
  /// Of each GPU; none for instances.
  public var milli = 0
  /// Taken of a share's GPU.
  public var memory = 0
  /// Memory slices of an instance.
  public var slices: Set<Int> = []

  public init(_ kind: Kind) { self.kind = kind }
}

/// Pods that the fragmentation policies keep room for.
public struct TypicalPod: Hashable, Sendable {
  public var cpu: Int64
  /// 0: asks for none.
  public var gpus: Int
  /// Of each GPU.
  public var milli: Int
  public var weight: Int64
  public var models: Set<String> = []

  public init(cpu: Int64, gpus: Int, milli: Int, weight: Int64) {
    self.cpu = cpu
    self.gpus = gpus
    self.milli = milli
    self.weight = weight
  }
}
