import BerthMemory
import CBerth

/// The container images that nodes report: interned sets, which node has which, and how many nodes have each image.
struct Images {
  /// Name -> size in bytes. Id 0 is the empty set.
  private(set) var sets: [[Name: Int64]] = [[:]]
  private var ids: [[Name: Int64]: UInt32] = [[:]: 0]
  /// The sets that have an image, ascending.
  private var setsWith: [Name: [UInt32]] = [:]
  /// Nodes by set.
  private var population: [Int64] = [0]
  /// By node index, as far as some node has images.
  private var byNode: PagedColumn<UInt32>
  /// Rises when a node comes, goes or gets other images while some node has images.
  private(set) var version: UInt64 = 0
  private(set) var bytes = 0

  init(in arena: Arena) { byNode = PagedColumn(in: arena) }

  func fork() -> Images {
    var fork = self
    fork.byNode = byNode.fork()
    return fork
  }

  var storage: [any SharedStorage] { [byNode] }

  /// The set's id, and whether it is a new one.
  mutating func intern(_ set: [Name: Int64]) -> (id: UInt32, isNew: Bool) {
    if let id = ids[set] { return (id, false) }
    let id = UInt32(sets.count)
    sets.append(set)
    ids[set] = id
    population.append(0)
    for name in set.keys { setsWith[name, default: []].append(id) }
    bytes += Self.bytes(set)
    return (id, true)
  }

  mutating func removeLast() {
    let set = sets.removeLast()
    ids[set] = nil
    population.removeLast()
    for name in set.keys {
      setsWith[name]!.removeLast()
      if setsWith[name]!.isEmpty { setsWith[name] = nil }
    }
    bytes -= Self.bytes(set)
  }

  private static func bytes(_ set: [Name: Int64]) -> Int { 128 + set.keys.reduce(0) { $0 + 72 + $1.bytes.count } }

  @inline(__always)
  func set(of node: UInt32) -> UInt32 { Int(node) < byNode.count ? byNode[Int(node)] : 0 }

  /// A node comes with these images, or goes with them.
  @inline(__always)
  mutating func join(_ node: UInt32, _ set: UInt32) {
    if set != 0 {
      if Int(node) >= byNode.count { byNode.grow(to: Int(node) + 1) }
      byNode[Int(node)] = set
      population[Int(set)] += 1
    }
    if sets.count > 1 { version += 1 }
  }

  @inline(__always)
  mutating func leave(_ node: UInt32) {
    let set = set(of: node)
    if set != 0 {
      byNode[Int(node)] = 0
      population[Int(set)] -= 1
    }
    if sets.count > 1 { version += 1 }
  }

  // MARK: ImageLocality (kube-scheduler v1.36, plugins/imagelocality)

  private static let least: Int64 = 23 << 20
  private static let mostPerContainer: Int64 = 1000 << 20

  /// The score of nodes by image set, of the sets that have one. `images`: one name for each container.
  func scores(_ images: [Name], nodes: Int) -> [UInt32: Int64] {
    let most = Self.mostPerContainer * Int64(images.count)
    var sums: [UInt32: Int64] = [:]
    for image in images.map(Self.normalised) {
      guard let having = setsWith[image] else { continue }
      let spread = Double(having.reduce(0) { $0 + population[Int($1)] }) / Double(nodes)
      for set in having where population[Int(set)] > 0 {
        // beyond the most that counts, sums need not grow
        sums[set] = min(most, (sums[set] ?? 0) + Int64(Double(sets[Int(set)][image]!) * spread))
      }
    }
    return sums.mapValues { 100 * (min(max($0, Self.least), most) - Self.least) / (most - Self.least) }
      .filter { $0.value != 0 }
  }

  /// As kube-scheduler compares image names: without a tag or digest they mean :latest.
  static func normalised(_ name: Name) -> Name {
    let colon = UInt8(ascii: ":")
    let slash = UInt8(ascii: "/")
    let tag = name.bytes.lastIndex(of: colon) ?? -1
    return tag <= (name.bytes.lastIndex(of: slash) ?? -1) ? Name(name.bytes + Array(":latest".utf8)) : name
  }
}
