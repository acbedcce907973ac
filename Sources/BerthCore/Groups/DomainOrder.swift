import CBerth

/// All domains by level in topology order, and where the lanes of their nodes are: the ground that offers are laid out
/// on. Level 0 is the cluster, level `depth` has the domains with nodes.
final class DomainOrder {
  private(set) var depth = 0
  /// Domain ids by level and place.
  private(set) var ids: [[UInt32]] = [[UInt32(BERTH_ROOT_DOMAIN)]]
  /// By level above the last, one more entry than domains: the places of a domain's children on the next level.
  private(set) var firstChild: [[Int32]] = []
  /// By level: the places of the domains' parents on the level before.
  private(set) var parents: [[Int32]] = [[0]]
  /// By domain id: its place on its level.
  private(set) var places: [Int32] = [0]
  /// By label: the place of its leaf domain, and the number of its first lane.
  private(set) var leafOfLabel: [Int32] = []
  private(set) var laneOfLabel: [Int32] = []
  /// `laneOfLabel` where it is looked up for every node.
  private(set) var lanes = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  private(set) var laneCount = 0
  /// By place on the last level, one more entry than domains: lanes of its nodes.
  private(set) var firstLane: [Int32] = []
  /// By place on the last level: its labels.
  private(set) var labels: [Range<Int>] = []
  /// Rises when anything of it changes.
  private(set) var version: UInt64 = 0

  private var domainCount = 0
  private var topologyVersion = -1
  private var layout = UInt64.max

  /// Brings it up to date; cheap where nothing has changed.
  @inline(__always)
  func refresh(_ cluster: Cluster) {
    let topology = cluster.catalog.topology
    if topology.domains.count == domainCount && topology.version == topologyVersion && cluster.rows.layout == layout {
      return
    }
    rebuild(cluster)
  }

  var bytes: Int {
    ids.reduce(0) { $0 + $1.count * 16 } + places.count * 4 + leafOfLabel.count * 8 + labels.count * 24
  }

  @inline(never)
  private func rebuild(_ cluster: Cluster) {
    let topology = cluster.catalog.topology
    version += 1
    if topology.domains.count != domainCount || topology.version != topologyVersion { orderDomains(topology) }
    (domainCount, topologyVersion, layout) = (topology.domains.count, topology.version, cluster.rows.layout)
    let rows = cluster.rows
    leafOfLabel = [Int32](repeating: -1, count: rows.labelCount)
    laneOfLabel = [Int32](repeating: -1, count: rows.labelCount)
    firstLane = []
    labels = []
    var lane = 0
    for (place, domain) in ids[depth].enumerated() {
      firstLane.append(Int32(lane))
      let range = rows.ranges[topology.domains[Int(domain)].leafOrdinal]
      let own = Int(range.first)..<Int(range.first + range.used)
      labels.append(own)
      for label in own {
        leafOfLabel[label] = Int32(place)
        laneOfLabel[label] = Int32(lane)
        lane += Int(rows.groups[label].lanes)
      }
    }
    firstLane.append(Int32(lane))
    laneCount = lane
    lanes.deallocate()
    lanes = .allocate(capacity: max(1, laneOfLabel.count))
    lanes.initialize(from: laneOfLabel, count: laneOfLabel.count)
  }

  deinit { lanes.deallocate() }

  private func orderDomains(_ topology: Topology) {
    depth = topology.levelKeys.count
    places = [Int32](repeating: 0, count: topology.domains.count)
    ids = [[UInt32(BERTH_ROOT_DOMAIN)]]
    parents = [[0]]
    firstChild = []
    for level in 0..<depth {
      var next: [UInt32] = []
      var owners: [Int32] = []
      var first: [Int32] = []
      for (place, domain) in ids[level].enumerated() {
        first.append(Int32(next.count))
        for child in topology.domains[Int(domain)].children {
          places[Int(child)] = Int32(next.count)
          next.append(child)
          owners.append(Int32(place))
        }
      }
      first.append(Int32(next.count))
      firstChild.append(first)
      ids.append(next)
      parents.append(owners)
    }
  }

  func children(_ level: Int, _ place: Int) -> Range<Int> {
    Int(firstChild[level][place])..<Int(firstChild[level][place + 1])
  }

  /// The places on the last level of a domain.
  func leaves(_ level: Int, _ place: Int) -> Range<Int> { descendants(level, place, on: depth) }

  /// The places of a domain's descendants on a level at or below its own.
  func descendants(_ level: Int, _ place: Int, on wanted: Int) -> Range<Int> {
    var range = place..<(place + 1)
    for level in level..<max(level, wanted) {
      range = Int(firstChild[level][range.lowerBound])..<Int(firstChild[level][range.upperBound])
    }
    return range
  }

  /// The place of a domain's ancestor on a level at or above its own.
  func ancestor(_ level: Int, _ place: Int, on wanted: Int) -> Int {
    var place = place
    for level in stride(from: level, to: wanted, by: -1) { place = Int(parents[level][place]) }
    return place
  }

  /// The same where nodes are the level behind the last, by lane.
  func home(_ level: Int, _ place: Int, on wanted: Int) -> Int {
    guard level > depth else { return ancestor(level, place, on: wanted) }
    return wanted > depth ? place : ancestor(depth, leaf(ofLane: place), on: wanted)
  }

  @inline(__always)
  func lane(_ slot: UInt32) -> Int { Int(lanes[Int(slot >> 6)]) + Int(slot & 63) }

  @inline(__always)
  func leaf(_ slot: UInt32) -> Int { Int(leafOfLabel[Int(slot >> 6)]) }
}
