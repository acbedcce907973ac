import BerthDevices

/// The rule of `SubsetTables`, written from its text: slow, and without any code of the module but the machine's links.
struct BruteForce {
  let machine: Machine
  let count: Int
  /// By mask: what does not depend on the demand.
  private let least: [Int]
  private let sums: [Int]
  private let values: [Int]
  /// By mask: place in the order of sorted lists of indices.
  private let places: [Int]

  private static let noPairs = 1_000

  init(_ machine: Machine) {
    self.machine = machine
    count = machine.gpus.count
    let masks = 1 << count
    let links = machine.links.map { Int($0.rawValue) }
    let weights = links.map(Self.weight)
    let cells = Self.cells(machine, links).map { (mask: $0, value: $0.nonzeroBitCount * $0.nonzeroBitCount / 4) }
    var (least, sums, values) = ([Int](), [Int](), [Int]())
    for mask in 0..<masks {
      var (worst, sum, value) = (Self.noPairs, 0, 0)
      for left in 0..<count where mask >> left & 1 == 1 {
        for right in left + 1..<max(count, left + 1) where mask >> right & 1 == 1 {
          worst = min(worst, links[left * count + right])
          sum += weights[left * count + right]
        }
      }
      for cell in cells where cell.mask & mask == cell.mask { value += cell.value }
      least.append(worst)
      sums.append(sum)
      values.append(value)
    }
    (self.least, self.sums, self.values) = (least, sums, values)
    var places = [Int](repeating: 0, count: masks)
    for (place, mask) in Self.listed(Array(0..<count)).enumerated() { places[mask] = place }
    self.places = places
  }

  /// All sets of the given GPUs in the order of their sorted lists of indices, a list before those that go on from it.
  private static func listed(_ gpus: [Int]) -> [Int] {
    [0] + gpus.indices.flatMap { first in listed(Array(gpus[(first + 1)...])).map { $0 | 1 << gpus[first] } }
  }

  static func members(_ mask: UInt16) -> [Int] { (0..<16).filter { mask & 1 << UInt16($0) != 0 } }

  /// The sets of two or more GPUs that are the machine, a NUMA node, or a PCIe switch; or whose pairs all have a class
  /// better than the weakest one, while no GPU outside has a link of that class to a member.
  private static func cells(_ machine: Machine, _ links: [Int]) -> Set<Int> {
    let all = Array(machine.gpus.indices)
    var sets: [[Int]] = [all]
    for gpu in machine.gpus {
      sets.append(all.filter { machine.gpus[$0].numaNode == gpu.numaNode })
      if gpu.pcieSwitch != 255 { sets.append(all.filter { machine.gpus[$0].pcieSwitch == gpu.pcieSwitch }) }
    }
    let used = Set(links.filter { $0 > 0 })
    for level in used where level > used.min() ?? 0 {
      func isLinked(_ left: Int, _ right: Int) -> Bool { left == right || links[left * all.count + right] >= level }
      for gpu in all {
        // a set of this kind is any of its members with all that the member is linked to
        let inside = all.filter { isLinked(gpu, $0) }
        let isWhole = inside.allSatisfy { member in all.allSatisfy { isLinked(member, $0) == inside.contains($0) } }
        if isWhole { sets.append(inside) }
      }
    }
    return Set(sets.filter { $0.count >= 2 }.map { $0.reduce(0) { $0 | 1 << $1 } })
  }

  private static func weight(_ link: Int) -> Int {
    if link == 64 { return 4_800 }
    return link > 16 ? 100 * (link - 16) : 10 * link
  }

  private static func quality(_ link: Int) -> Int {
    if link == noPairs || link == 64 { return 100 }
    return link > 16 ? 60 + 2 * min(link - 16, 18) : 10 * link
  }

  /// What orders sets before the remainder does, and the quality.
  struct Rank {
    var links: (least: Int, sum: Int)
    var nics: Int
    var quality: Int
  }

  /// By set: nil if the demand refuses it.
  func ranks(_ demand: LinkDemand, freeNICs: UInt16 = .max) -> [Rank?] {
    (0..<1 << count).map { rank($0, demand, freeNICs) }
  }

  func rank(_ mask: Int, _ demand: LinkDemand, _ freeNICs: UInt16) -> Rank? {
    guard least[mask] >= Int(demand.required.rawValue) else { return nil }
    var rank = Rank(links: (0, 0), nics: 0, quality: Self.quality(least[mask]))
    if demand.preference == .bestLinks { rank.links = (least[mask], sums[mask]) }
    let wanted = Int(demand.nics)
    guard wanted > 0 else { return rank }
    // how good each free NIC's best link to the set is, the nearest first
    var best: [Int] = []
    for nic in 0..<machine.nics.count where freeNICs >> UInt16(nic) & 1 == 1 {
      var link = 0
      for gpu in 0..<count where mask >> gpu & 1 == 1 {
        link = max(link, Int(machine.nicLinks[gpu * machine.nics.count + nic].rawValue))
      }
      best.append(link)
    }
    best.sort(by: >)
    if demand.requiresNICs && (best.count < wanted || best[wanted - 1] < 4) { return nil }
    for link in best.prefix(wanted) { rank.nics += [0, 10, 40, 50, 90, 100][link] }
    rank.quality = (3 * rank.quality + rank.nics / wanted) / 4
    return rank
  }

  /// By size, from 0: the best set of the free GPUs. `ranks` come from the demand.
  func choices(free: Int, ranks: [Rank?]) -> [Choice] {
    var best = [(mask: Int, rank: Rank)?](repeating: nil, count: count + 1)
    var mask = free
    while mask != 0 {
      if let rank = ranks[mask] {
        let size = mask.nonzeroBitCount
        let isFirstOrBetter = best[size].map { isBetter(mask, rank, $0.mask, $0.rank, free: free) } ?? true
        if isFirstOrBetter { best[size] = (mask, rank) }
      }
      mask = (mask - 1) & free
    }
    return best.enumerated().map { size, found in
      if size == 0 { return Choice(mask: 0, quality: 100, remainder: 100) }
      guard let found else { return Choice(mask: 0, quality: 0, remainder: 255) }
      return Choice(
        mask: UInt16(found.mask), quality: UInt8(found.rank.quality),
        remainder: UInt8(remainder(free: free, taken: found.mask)))
    }
  }

  private func isBetter(_ mask: Int, _ rank: Rank, _ other: Int, _ otherRank: Rank, free: Int) -> Bool {
    if rank.links.least != otherRank.links.least { return rank.links.least > otherRank.links.least }
    if rank.links.sum != otherRank.links.sum { return rank.links.sum > otherRank.links.sum }
    if rank.nics != otherRank.nics { return rank.nics > otherRank.nics }
    let (left, otherLeft) = (values[free ^ mask], values[free ^ other])
    return left != otherLeft ? left > otherLeft : places[mask] < places[other]
  }

  func value(ofFree free: Int) -> Int { values[free] }

  /// The nearest free NICs, the lowest first among equally near ones.
  func nearestNICs(of gpus: Int, wanted: Int, freeNICs: UInt16) -> UInt16 {
    var found: [(link: Int, nic: Int)] = []
    for nic in machine.nics.indices where freeNICs >> UInt16(nic) & 1 == 1 {
      let links = (0..<count).filter { gpus >> $0 & 1 == 1 }.map { Int(machine.nicLink(gpu: $0, nic: nic).rawValue) }
      if let link = links.max() { found.append((link, nic)) }
    }
    found.sort { ($1.link, $0.nic) < ($0.link, $1.nic) }
    return found.prefix(wanted).reduce(0) { $0 | 1 << UInt16($1.nic) }
  }

  func remainder(free: Int, taken: Int) -> Int {
    let total = values[values.count - 1]
    return total == 0 ? 100 : 100 * (total - values[free] + values[free & ~taken]) / total
  }
}
