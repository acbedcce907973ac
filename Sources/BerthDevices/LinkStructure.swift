/// What the choice of GPUs depends on, without names and memory: machines of equal structure share their tables.
public struct LinkStructure: Hashable, Sendable {
  public let gpuCount: Int
  public let nicCount: Int
  /// Row by row, see `Machine.links`.
  public let links: [LinkClass]
  /// By GPU, then by NIC, see `Machine.nicLinks`.
  public let nicLinks: [LinkClass]
  /// Sets of at least two GPUs that are worth keeping whole, as masks: larger ones first, then by mask.
  ///
  /// In the sense of HiveD's cells (Zhao et al., OSDI 2020), here found in the machine instead of written down:
  /// - all GPUs of the machine;
  /// - the GPUs of each NUMA node;
  /// - the GPUs below each PCIe switch;
  /// - for each link class of the machine but its weakest: each group of GPUs that links of that class or better hold
  ///   together, if every pair of the group has such a link.
  /// Equal sets count once. GPUs without any structure are one cell.
  public let cells: [UInt16]

  public init(_ machine: Machine) {
    gpuCount = machine.gpus.count
    nicCount = machine.nics.count
    links = machine.links
    nicLinks = machine.nicLinks
    cells = Self.cells(of: machine)
  }

  /// The value of a cell that is wholly free: a quarter of its size squared (2: 1, 4: 4, 8: 16, 16: 64).
  ///
  /// It grows like the pairs of GPUs that the cell holds together. A cell is thus worth twice its two halves put
  /// together, on top of them; so whole machines are kept before halves and halves before pairs.
  public static func value(ofCell cell: UInt16) -> Int { cell.nonzeroBitCount * cell.nonzeroBitCount / 4 }

  /// The value of a set of free GPUs: the sum over the cells that are wholly free.
  public func value(ofFree free: UInt16) -> Int {
    var sum = 0
    for cell in cells where cell & ~free == 0 { sum += Self.value(ofCell: cell) }
    return sum
  }

  private static func cells(of machine: Machine) -> [UInt16] {
    let count = machine.gpus.count
    var sets: Set<UInt16> = [UInt16(truncatingIfNeeded: 1 << count - 1)]
    func add(_ belongs: (Int) -> Bool) {
      var mask: UInt16 = 0
      for gpu in 0..<count where belongs(gpu) { mask |= 1 << UInt16(gpu) }
      sets.insert(mask)
    }
    for gpu in machine.gpus {
      add { machine.gpus[$0].numaNode == gpu.numaNode }
      if gpu.pcieSwitch != Machine.noSwitch { add { machine.gpus[$0].pcieSwitch == gpu.pcieSwitch } }
    }
    let classes = Set(machine.links).subtracting([.itself])
    for least in classes where least != classes.min() {
      for group in groups(of: machine, linkedBy: least) where isWhole(group, machine, least) { sets.insert(group) }
    }
    return sets.filter { $0.nonzeroBitCount >= 2 }
      .sorted { ($1.nonzeroBitCount, $0) < ($0.nonzeroBitCount, $1) }
  }

  /// The connected groups of GPUs over links of a class or better.
  private static func groups(of machine: Machine, linkedBy least: LinkClass) -> [UInt16] {
    let count = machine.gpus.count
    var rest = UInt16(truncatingIfNeeded: 1 << count - 1)
    var groups: [UInt16] = []
    while rest != 0 {
      var group = rest & (~rest &+ 1)
      var front = group
      while front != 0 {
        let gpu = front.trailingZeroBitCount
        front &= front - 1
        for other in 0..<count where machine.link(gpu, other) >= least && group >> UInt16(other) & 1 == 0 {
          group |= 1 << UInt16(other)
          front |= 1 << UInt16(other)
        }
      }
      rest &= ~group
      groups.append(group)
    }
    return groups
  }

  private static func isWhole(_ group: UInt16, _ machine: Machine, _ least: LinkClass) -> Bool {
    let members = (0..<machine.gpus.count).filter { group >> UInt16($0) & 1 == 1 }
    return members.allSatisfy { left in members.allSatisfy { left == $0 || machine.link(left, $0) >= least } }
  }
}

extension Machine {
  public var structure: LinkStructure { LinkStructure(self) }
}
