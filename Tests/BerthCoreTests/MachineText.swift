import BerthOracle

/// What `nvidia-smi topo -m` prints of a random host, and what a reader must make of it.
struct MachineText {
  let model: String
  let memory: Int
  private let gpus: Int
  private let nics: Int
  /// GPUs, then NICs: lanes of NVLink count from 17 on, as the header counts links.
  private var links: [[Int]]
  private let numaNodes: [Int]
  private let isTabbed: Bool

  private static let models = [("G2", 18), ("A100-SXM4-80GB", 12), ("V100-SXM2-32GB", 6), ("T4", 18)]

  init(_ random: inout Random) {
    model = random.pick(MachineText.models).0
    memory = random.pick([1, 16_384, 81_920])
    gpus = random.pick([1, 2, 2, 4, 4, 8, random.int(1...8)])
    nics = random.pick([0, 0, 1, 2, 4])
    numaNodes = (0..<gpus).map { _ in random.int(0...1) }
    isTabbed = random.chance(0.5)
    let kinds = random.pick([[1, 2], [1, 5], [1, 2, 3, 4, 5], [1, 2, 3], [4], [1]])
    let bonds = random.pick([[], [1], [2, 4], [12], [6, 18]])
    let count = gpus + nics
    links = [[Int]](repeating: [Int](repeating: Link.none, count: count), count: count)
    for row in 0..<count {
      for column in 0..<row {
        let isBond = row < gpus && !bonds.isEmpty && random.chance(0.7)
        let link = isBond ? Link.nvLink(random.pick(bonds)) : random.pick(kinds)
        (links[row][column], links[column][row]) = (link, link)
      }
    }
  }

  var text: String {
    let separator = isTabbed ? "\t" : "   "
    let names = (0..<gpus).map { "GPU\($0)" } + (0..<nics).map { "NIC\($0)" }
    let header = [""] + names + ["CPU Affinity", "NUMA Affinity"]
    var lines = [header.joined(separator: separator)]
    for (row, name) in names.enumerated() {
      var cells = [name] + links[row].map(word)
      if row < gpus { cells += ["0-31", "\(numaNodes[row])"] }
      lines.append(cells.joined(separator: separator))
    }
    return lines.joined(separator: "\n") + "\n\nLegend:\n\n  X    = Self\n"
  }

  private func word(_ link: Int) -> String {
    link > 16 ? "NV\(link - 16)" : ["X", "SYS", "NODE", "PHB", "PXB", "PIX"][link]
  }

  /// Two GPUs with more lanes than they have are switched.
  private var linksOfGPUs: [[Int]] {
    let lanes = MachineText.models.first { $0.0 == model }!.1
    func isBond(_ link: Int) -> Bool { link > 16 }
    let switched = (0..<gpus).map { row in
      links[row].prefix(gpus).filter(isBond).reduce(0) { $0 + $1 - 16 } > lanes
    }
    return (0..<gpus).map { row in
      (0..<gpus).map { column in
        let link = links[row][column]
        return isBond(link) && switched[row] && switched[column] ? Link.nvSwitch : link
      }
    }
  }

  /// The devices below a device's switch, which are more than one.
  private func neighbours(_ device: Int) -> Set<Int> {
    var group: Set<Int> = [device]
    func isBelow(_ other: Int) -> Bool {
      group.contains { [Link.multiSwitch, Link.singleSwitch].contains(links[$0][other]) }
    }
    while let next = links.indices.first(where: { !group.contains($0) && isBelow($0) }) { group.insert(next) }
    return group
  }

  /// What is wrong with the machine that was read; nil: nothing.
  func complaint(about machine: Machine) -> String? {
    guard machine.gpus.count == gpus, machine.nics.count == nics else { return "the wrong number of devices" }
    if machine.gpus.contains(where: { $0.model != model || $0.memory != memory || $0.timeSlices != 0 }) {
      return "GPUs that are no \(model) with \(memory) MiB"
    }
    if machine.links != linksOfGPUs { return "links \(machine.links), not \(linksOfGPUs)" }
    let nicLinks = (0..<gpus).map { Array(links[$0].dropFirst(gpus)) }
    if machine.nicLinks != nicLinks { return "links of NICs \(machine.nicLinks), not \(nicLinks)" }
    if machine.gpus.map(\.numaNode) != numaNodes { return "NUMA nodes other than \(numaNodes)" }
    if machine.nics.contains(where: { $0.functions != 1 }) { return "NICs that are not one function each" }
    for (index, nic) in machine.nics.enumerated() {
      let near = (0..<gpus).first { links[$0][gpus + index] > Link.system }
      if let near, nic.numaNode != numaNodes[near] { return "NIC\(index) at NUMA node \(nic.numaNode)" }
    }
    let switches = machine.gpus.map(\.pcieSwitch) + machine.nics.map(\.pcieSwitch)
    for device in links.indices {
      let group = neighbours(device)
      let same = switches[device].map { number in Set(links.indices.filter { switches[$0] == number }) } ?? [device]
      if same != group || (group.count == 1) != (switches[device] == nil) {
        return "devices \(same.sorted()) below the switch of device \(device), not \(group.sorted())"
      }
    }
    return nil
  }
}
