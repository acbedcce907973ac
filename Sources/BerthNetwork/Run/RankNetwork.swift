import BerthRanks

/// The network between a gang's GPUs: the topology's levels, then the node, and what their links carry.
struct RankNetwork {
  struct Level {
    var name: String
    var link: Link
    var source: String
  }

  let topology: NetworkTopology
  /// Widest first, one more than there are levels.
  private(set) var links: [Level] = []
  /// The ranks' module has as many levels as an engine: with the node's the widest may be one too many.
  private let skipped: Int

  var levelCount: Int { topology.levels.count - skipped + 1 }

  init(_ topology: NetworkTopology, for job: GangJob) {
    self.topology = topology
    skipped = max(0, topology.levels.count + 1 - RankLimits.levels)
    let names =
      ["beyond \(Self.short(topology.levels[skipped].name))"]
      + topology.levels[skipped...].map { "within \(Self.short($0.name))" } + ["within the node"]
    for (index, name) in names.enumerated() {
      let outward = names.count - 2 - index
      links.append(Level(name: name, link: Self.usual(outward), source: "default"))
      if index > 0 && index < names.count - 1, let speed = linkSpeed(ofLevel: index - 1 + skipped) {
        links[index].link.bytesPerSecond = speed
        links[index].source = "LinkSpeed"
      }
    }
    for own in job.links {
      let index: Int
      switch topology.level(named: own.level) {
      case .cluster?: index = 0
      case .level(let level)? where level >= skipped: index = level - skipped + 1
      case .node?: index = links.count - 1
      default: continue
      }
      if let speed = own.bytesPerSecond {
        links[index].link.bytesPerSecond = Int64(min(max(speed, 1), Double(RankLimits.bytesPerSecond)))
      }
      if let latency = own.latencySeconds {
        let limit = Double(RankLimits.latencyNanoseconds)
        links[index].link.latencyNanoseconds = Int64(min(max(latency * 1e9, 0), limit).rounded())
      }
      links[index].source = "the job"
    }
  }

  /// "rack" of "cloud.example.com/rack".
  static func short(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }

  /// NVLink within the node, 400 Gbit/s on a leaf, halved on every level above.
  private static func usual(_ outward: Int) -> Link {
    if outward < 0 { return Link(bytesPerSecond: 450_000_000_000, latencyNanoseconds: 1000) }
    return Link(bytesPerSecond: 50_000_000_000 >> Int64(outward), latencyNanoseconds: Int64(3000 * (outward + 1)))
  }

  /// Slurm leaves the unit open; network cards are named by Gbit/s. The slowest switch counts.
  private func linkSpeed(ofLevel level: Int) -> Int64? {
    let speeds = topology.domains.filter { $0.level == level }.compactMap(\.linkSpeed).filter { $0 > 0 }
    guard let least = speeds.min(), least <= 1e6 else { return nil }
    return max(1, Int64(least * 125_000_000))
  }

  var usesLinkSpeed: Bool { links.contains { $0.source == "LinkSpeed" } }

  func network(of units: [RankUnit]) throws(RankError) -> Network {
    var domains: [UInt32] = []
    domains.reserveCapacity(units.count * levelCount)
    for unit in units {
      for level in skipped..<topology.levels.count {
        domains.append(UInt32(topology.domain(ofNode: unit.node, atLevel: level)))
      }
      domains.append(UInt32(unit.node))
    }
    return try Network(domains: domains, levels: levelCount, links: links.map(\.link))
  }

  /// By the network's levels, the most of something that one domain has, given what nodes have.
  func largest(_ ofNodes: [Int]) -> [Int] {
    var result: [Int] = []
    for level in skipped..<topology.levels.count {
      var sums: [Int: Int] = [:]
      for (node, value) in ofNodes.enumerated() where value > 0 {
        sums[topology.domain(ofNode: node, atLevel: level), default: 0] += value
      }
      result.append(sums.values.max() ?? 0)
    }
    return result + [ofNodes.max() ?? 0]
  }

  /// How the engine counts a level of the network.
  func engineLevel(_ level: Int) -> Int { level + skipped + 1 }
}
