import BerthCore
import CBerth

/// What a gang's placement must be like, from a look at every node: the lowest level on which a domain holds it, and the
/// fewest domains on the level below. Shares nothing with the engine's offers.
struct GangReference {
  private let cluster: GangCluster
  /// The deepest level on which some domain holds the gang, 0 the cluster, 5 a node; nil: none.
  private let level: Int?
  /// On that level: the fewest domains of the next one that are enough.
  private let fewest: Int
  /// Members that each node took before, by role.
  private let fits: [[Int64]]
  private let spec: GangSpec

  init(_ cluster: GangCluster, _ spec: GangSpec) {
    self.cluster = cluster
    self.spec = spec
    let (allocatable, requested) = try! cluster.engine.resourceState(of: cluster.nodes, cluster.resources)
    let asked = spec.roles.map { cluster.request(of: $0.podClass) }
    let fits = asked.map { asked in
      cluster.nodes.indices.map { node in
        (0..<3).reduce(Int64.max) { least, index in
          let free = max(0, allocatable[3 * node + index] - requested[3 * node + index])
          return asked[index] == 0 ? least : min(least, free / asked[index])
        }
      }
    }
    self.fits = fits
    let main = spec.roles.count - 1
    let wanted = Int64(spec.roles[main].members.upperBound)
    var found: Int?
    var least = Int.max
    for level in stride(from: 5, through: spec.requiredLevel, by: -1) where found == nil {
      let sums = Self.sums(cluster, fits[main], level)
      let others = (0..<main).map { (Self.sums(cluster, fits[$0], level), Int64(spec.roles[$0].members.upperBound)) }
      let candidates = sums.indices.filter { place in
        sums[place] >= wanted && others.allSatisfy { $0.0[place] >= $0.1 }
      }
      guard !candidates.isEmpty else { continue }
      found = level
      guard level < 5 else { continue }
      var children: [Int: [Int64]] = [:]
      let below = Self.sums(cluster, fits[main], level + 1)
      var parents = [Int](repeating: 0, count: below.count)
      for node in cluster.nodes.indices {
        parents[Self.place(cluster, node, level + 1)] = Self.place(cluster, node, level)
      }
      for (child, sum) in below.enumerated() { children[parents[child], default: []].append(sum) }
      for candidate in candidates {
        var left = wanted
        var count = 0
        for offer in children[candidate]!.sorted(by: >) where left > 0 {
          left -= offer
          count += 1
        }
        least = min(least, count)
      }
    }
    level = found
    fewest = least
  }

  private static func place(_ cluster: GangCluster, _ node: Int, _ level: Int) -> Int {
    level == 0 ? 0 : level == 5 ? node : Int(cluster.places[level - 1][node])
  }

  private static func sums(_ cluster: GangCluster, _ fits: [Int64], _ level: Int) -> [Int64] {
    let count = level == 0 ? 1 : level == 5 ? fits.count : Int(cluster.places[level - 1].last! + 1)
    var sums = [Int64](repeating: 0, count: count)
    for (node, fit) in fits.enumerated() { sums[place(cluster, node, level)] += fit }
    return sums
  }

  func check(_ placement: GangPlacement, name: String) throws {
    func fail(_ what: String) -> WrongDecision { WrongDecision(description: "\(name): \(what)") }
    guard placement.isPlaced else {
      if let level { throw fail("not placed, but a domain of level \(level) holds it") }
      return
    }
    guard let level else { throw fail("placed, but no domain holds it") }
    let index = Dictionary(uniqueKeysWithValues: cluster.nodes.enumerated().map { ($1, $0) })
    var taken = [[Int: Int64]](repeating: [:], count: spec.roles.count)
    for (entry, role) in zip(placement.placements, placement.roles) { taken[role][index[entry.node]!, default: 0] += 1 }
    for (role, counts) in taken.enumerated() {
      guard counts.values.reduce(0, +) == Int64(spec.roles[role].members.upperBound) else { throw fail("members lack") }
      for (node, count) in counts where count > fits[role][node] {
        throw fail("node \(node) holds \(fits[role][node])")
      }
    }
    let used = Set(taken.flatMap(\.keys))
    let opened = (0...5).map { level in Set(used.map { Self.place(cluster, $0, level) }).count }
    guard opened == placement.domains else { throw fail("domains \(placement.domains), they are \(opened)") }
    guard opened[level] == 1, level == 5 || opened[level + 1] > 1 || level == 5 else {
      throw fail("the lowest common level is \(level): \(opened)")
    }
    guard level == 5 || spec.roles.count > 1 || opened[level + 1] == fewest else {
      throw fail("\(opened[level + 1]) domains below level \(level), \(fewest) are enough")
    }
  }
}
