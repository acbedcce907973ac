import CBerth
import CKernels

/// Pools that a class cannot tell apart: equal values of its topology keys, equal raw scores. A part is what decides
/// whole domains: its filters and normalised scores are looked up when a pod is placed, never node by node.
final class SlotParts {
  struct Part: Hashable {
    /// Of the keys that pools decide, in the order of `keys`.
    var values: [Int32]
    var affinity: Int64
    var taints: Int64
    var lacksHostname: Bool
    var image: Int64
  }
  static let none = UInt16.max
  static let most = 4096

  private(set) var parts: [Part] = []
  private var ids: [Part: UInt16] = [:]
  /// Topology keys that pools decide, ascending.
  let keys: [Int]
  private let usesHostname: Bool
  private let filter: Filter
  private let imageScores: [UInt32: Int64]
  let hasImages: Bool
  /// By pool, for nodes without an image score: its part; `none`: the class may not go there.
  private(set) var byPool: UnsafeMutablePointer<UInt16>
  private var poolCount = 0
  private var capacity = 0
  private let memory: SlotMemory
  private var byPoolAndImage: [UInt64: UInt16] = [:]
  private var pools = PoolWatch()
  private var isBegun = false

  init(keys: [Int], usesHostname: Bool, filter: Filter, imageScores: [UInt32: Int64], in memory: SlotMemory) {
    self.memory = memory
    self.keys = keys
    self.usesHostname = usesHostname
    self.filter = filter
    self.imageScores = imageScores
    hasImages = !imageScores.isEmpty
    byPool = memory.take(0).bindMemory(to: UInt16.self, capacity: 1)
  }

  deinit { memory.give(byPool, capacity * 2) }

  @inline(__always)
  func prefetch(pool: Int) { bk_prefetch(byPool + pool) }

  /// Looks at pools that came. False where a pool has another meaning now, or parts are too many.
  @inline(__always)
  func refresh(_ cluster: Cluster) -> Bool { pools.isCurrent(cluster.catalog) || extend(cluster) }

  @inline(never)
  private func extend(_ cluster: Cluster) -> Bool {
    let isFirst = !isBegun
    isBegun = true
    let count = cluster.catalog.pools.count
    guard pools.isGrown(cluster.catalog) || isFirst, poolCount <= count else { return false }
    _ = pools.catchUp(cluster.catalog)
    cluster.constraints.refreshPlaces(cluster.catalog)
    let wanted = count + count / 4 + 1
    let larger = memory.take(wanted * 2).bindMemory(to: UInt16.self, capacity: wanted)
    larger.initialize(from: byPool, count: poolCount)
    memory.give(byPool, capacity * 2)
    (byPool, capacity) = (larger, wanted)
    while poolCount < count {
      guard let part = part(ofPool: poolCount, image: 0, cluster) else { return false }
      byPool[poolCount] = part
      poolCount += 1
    }
    return true
  }

  private func part(ofPool pool: Int, image: Int64, _ cluster: Cluster) -> UInt16? {
    let catalog = cluster.catalog
    let value = { (requirement: Requirement) in catalog.poolValue(pool, requirement) }
    let placeability = filter.placeability
    guard catalog.refusal(placeability, pool: pool, value) == nil else { return Self.none }
    let part = Part(
      values: keys.map { cluster.constraints.topology.value($0, pool: pool, leaf: 0, node: 0, catalog) },
      affinity: placeability.preference(value), taints: placeability.intolerable(catalog.taints(pool: pool)),
      lacksHostname: usesHostname && catalog.pools.pools[pool].lacksHostname, image: image)
    if let id = ids[part] { return id }
    guard parts.count < Self.most else { return nil }
    let id = UInt16(parts.count)
    parts.append(part)
    ids[part] = id
    return id
  }

  /// The part of a node with these images; nil where there are too many.
  func part(pool: Int, set: UInt32, _ cluster: Cluster) -> UInt16? {
    guard byPool[pool] != Self.none, let score = imageScores[set] else { return byPool[pool] }
    let key = UInt64(pool) << 32 | UInt64(score)
    if let id = byPoolAndImage[key] { return id }
    let id = part(ofPool: pool, image: score, cluster)
    byPoolAndImage[key] = id
    return id
  }
}
