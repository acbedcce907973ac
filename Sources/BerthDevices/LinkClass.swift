/// How two devices of a machine are connected; a larger raw value is a better link, so that the least over the pairs of
/// a set is the quality of the set.
///
/// The classes are those of the legend of `nvidia-smi topo -m`. The raw values are spaced by family: PCIe paths
/// 1...5, NVLink with n lanes 16 + n (17...63), NVSwitch 64; 0 is a device and itself. Any other value is unknown.
public struct LinkClass: RawRepresentable, Hashable, Comparable, Sendable {
  public let rawValue: UInt8

  /// Any value can be made; `isKnown` tells whether it stands for a link.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// X: a device and itself. As a demand: no link is asked for.
  public static let itself = LinkClass(rawValue: 0)
  /// SYS: PCIe and the interconnect between NUMA nodes.
  public static let crossSocket = LinkClass(rawValue: 1)
  /// NODE: PCIe and the interconnect between host bridges of one NUMA node.
  public static let sameNode = LinkClass(rawValue: 2)
  /// PHB: PCIe and one host bridge, as a rule the CPU.
  public static let hostBridge = LinkClass(rawValue: 3)
  /// PXB: several PCIe switches, no host bridge.
  public static let multipleSwitches = LinkClass(rawValue: 4)
  /// PIX: one PCIe switch at most.
  public static let singleSwitch = LinkClass(rawValue: 5)
  /// Any GPU to any other at full speed, through NVSwitches.
  public static let nvSwitch = LinkClass(rawValue: 64)
  /// Lanes that one NVLink bond can have here; today's GPUs have 18 in all.
  public static let maxLanes = 47

  /// NV#: a bond of so many NVLink lanes, 1...`maxLanes`.
  public static func nvLink(lanes: Int) -> LinkClass {
    precondition(lanes >= 1 && lanes <= maxLanes, "an NVLink has 1...\(maxLanes) lanes, not \(lanes)")
    return LinkClass(rawValue: UInt8(16 + lanes))
  }

  /// Lanes of an NVLink; 0 for all other classes.
  public var lanes: Int { rawValue > 16 && rawValue < 64 ? Int(rawValue) - 16 : 0 }

  /// Whether the value stands for a link between two devices.
  public var isKnown: Bool { (1...5).contains(rawValue) || (17...64).contains(rawValue) }

  /// Whether it is a path over PCIe alone.
  public var isPCIe: Bool { (1...5).contains(rawValue) }

  @inlinable
  public static func < (left: LinkClass, right: LinkClass) -> Bool { left.rawValue < right.rawValue }

  /// What a pair adds to the sum of a set; it rises strictly with the class.
  ///
  /// The scores of NVIDIA go-gpuallocator (`besteffort_policy.go`): SYS 10, NODE 20, PHB 30, PXB 40, PIX 50, NVLink 100
  /// for each lane. There, a switched pair counts its lanes, too; here it has one value above every bond: 4800.
  public var weight: Int {
    switch rawValue {
    case 1...5: 10 * Int(rawValue)
    case 17...63: 100 * lanes
    case 64: 100 * (Self.maxLanes + 1)
    default: 0
    }
  }

  /// 0...100, the same on every machine, so that machines can be compared: SYS 10, NODE 20, PHB 30, PXB 40, PIX 50,
  /// NVLink 60 and 2 more for each of its first 18 lanes, NVSwitch 100.
  public var quality: Int {
    switch rawValue {
    case 1...5: 10 * Int(rawValue)
    case 17...63: 60 + 2 * min(lanes, 18)
    case 64: 100
    default: 0
    }
  }

  /// 0...100 for the link of a NIC to its nearest GPU: PIX 100, PXB 90, PHB 50, NODE 40, SYS 10. Between PXB and PHB is
  /// the step that matters: whether data passes by the CPU.
  public var nicQuality: Int {
    switch rawValue {
    case 1: 10
    case 2: 40
    case 3: 50
    case 4: 90
    case 5: 100
    default: 0
    }
  }

  /// Reads a cell of `nvidia-smi topo -m`, in which NVSwitch does not occur; nil for any other text. SOC is how older
  /// drivers call SYS; PSB, a switch on the board of a double GPU, counts as PIX.
  public init?(text: some Collection<UInt8>) {
    for (name, link) in Self.names where name.withUTF8Buffer({ text.elementsEqual($0) }) {
      self = link
      return
    }
    guard text.count >= 3, text.count <= 4, text.starts(with: "NV".utf8) else { return nil }
    var lanes = 0
    for byte in text.dropFirst(2) {
      guard byte >= 48, byte <= 57 else { return nil }
      lanes = lanes * 10 + Int(byte - 48)
    }
    guard lanes >= 1, lanes <= Self.maxLanes else { return nil }
    self = .nvLink(lanes: lanes)
  }

  private static let names: [(StaticString, LinkClass)] = [
    ("X", .itself), ("SYS", .crossSocket), ("SOC", .crossSocket), ("NODE", .sameNode), ("PHB", .hostBridge),
    ("PXB", .multipleSwitches), ("PIX", .singleSwitch), ("PSB", .singleSwitch),
  ]
}

extension LinkClass: CustomStringConvertible {
  /// The name in `nvidia-smi topo -m`; "NVSwitch" for a switched pair, "link 9" for an unknown value.
  public var description: String {
    switch rawValue {
    case 0: "X"
    case 1: "SYS"
    case 2: "NODE"
    case 3: "PHB"
    case 4: "PXB"
    case 5: "PIX"
    case 17...63: "NV\(lanes)"
    case 64: "NVSwitch"
    default: "link \(rawValue)"
    }
  }
}
