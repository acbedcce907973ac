import CBerth

/// Domains: a tree of at most `BERTH_MAX_LEVELS` levels whose leaves hold nodes. Depth first with siblings in the order
/// of their addition, it is the topology order.
struct Topology {
  struct Domain {
    var name: Name
    var parent: UInt32
    var level: Int  // 0: the cluster itself
    var children: [UInt32] = []
    var byName: [Name: UInt32] = [:]
    /// Place among the leaf domains in the order of creation: the index of its slot range; -1: no leaf.
    var leafOrdinal = -1
  }
  let levelKeys: [Name]
  private(set) var domains: [Domain]
  /// Domain ids of the leaves, by leaf ordinal.
  private(set) var leaves: [UInt32] = []
  private var cachedOrder: [UInt32] = []
  /// Rises when a domain is taken back: what was known of leaves by their ordinals may be of others now.
  private(set) var version = 0

  init(levelKeys: [Name]) {
    self.levelKeys = levelKeys
    domains = [Domain(name: "", parent: 0, level: 0)]
    if levelKeys.isEmpty { makeLeaf(0) }
  }

  private mutating func makeLeaf(_ id: UInt32) {
    domains[Int(id)].leafOrdinal = leaves.count
    leaves.append(id)
  }

  mutating func add(parent: UInt32, name: Name) throws(EngineError) -> UInt32 {
    guard parent < UInt32(domains.count) else {
      throw EngineError(UInt32(BERTH_UNKNOWN_ID), "parent domain \(parent) is unknown")
    }
    let level = domains[Int(parent)].level + 1
    guard level <= levelKeys.count else {
      throw EngineError(
        UInt32(BERTH_BAD_ARGUMENT),
        "domain \(parent) is on the last of \(levelKeys.count) levels: the depth is set when the engine is created")
    }
    guard domains[Int(parent)].byName[name] == nil else {
      throw EngineError(UInt32(BERTH_DUPLICATE), "domain \"\(name)\" exists already below domain \(parent)")
    }
    guard domains.count < 1 << 24 else {
      throw EngineError(UInt32(BERTH_LIMIT), "an engine has at most 16777216 domains")
    }
    let id = UInt32(domains.count)
    domains.append(Domain(name: name, parent: parent, level: level))
    domains[Int(parent)].children.append(id)
    domains[Int(parent)].byName[name] = id
    if level == levelKeys.count { makeLeaf(id) }
    return id
  }

  /// Takes back the last `add`; true if it was a leaf.
  mutating func removeLast() -> Bool {
    version += 1
    let domain = domains.removeLast()
    domains[Int(domain.parent)].children.removeLast()
    domains[Int(domain.parent)].byName[domain.name] = nil
    cachedOrder = []
    if domain.leafOrdinal >= 0 { leaves.removeLast() }
    return domain.leafOrdinal >= 0
  }

  /// The leaf ordinal that nodes of a domain go to.
  func leafOrdinal(_ domain: UInt32) throws(EngineError) -> UInt32 {
    guard domain < UInt32(domains.count) else {
      throw EngineError(UInt32(BERTH_UNKNOWN_ID), "domain \(domain) is unknown")
    }
    let ordinal = domains[Int(domain)].leafOrdinal
    guard ordinal >= 0 else {
      throw EngineError(
        UInt32(BERTH_BAD_ARGUMENT),
        "domain \(domain) is on level \(domains[Int(domain)].level) of \(levelKeys.count): nodes go to the last level")
    }
    return UInt32(ordinal)
  }

  /// Leaf ordinals in topology order.
  mutating func order() -> [UInt32] {
    if cachedOrder.count == leaves.count { return cachedOrder }
    cachedOrder = leafOrdinals(of: UInt32(BERTH_ROOT_DOMAIN))
    return cachedOrder
  }

  /// Whether a domain is another one, or lies in it.
  func contains(_ domain: UInt32, _ other: UInt32) -> Bool {
    var id = other
    while domains[Int(id)].level > domains[Int(domain)].level { id = domains[Int(id)].parent }
    return id == domain
  }

  /// The leaf ordinals of a domain, in topology order.
  func leafOrdinals(of domain: UInt32) -> [UInt32] {
    var ordinals: [UInt32] = []
    var stack = [domain]
    while let id = stack.popLast() {
      if domains[Int(id)].leafOrdinal >= 0 { ordinals.append(UInt32(domains[Int(id)].leafOrdinal)) }
      stack.append(contentsOf: domains[Int(id)].children.reversed())
    }
    return ordinals
  }

  /// Whether a leaf is the last in topology order.
  func isLast(leaf ordinal: UInt32) -> Bool {
    var id = leaves[Int(ordinal)]
    while id != 0 {
      let parent = domains[Int(id)].parent
      guard domains[Int(parent)].children.last == id else { return false }
      id = parent
    }
    return true
  }

  /// The ancestor of a leaf on a level (1 is the first); 0 when there is no such level.
  func ancestor(ofLeaf ordinal: UInt32, level: Int) -> UInt32 {
    var id = leaves[Int(ordinal)]
    while domains[Int(id)].level > level { id = domains[Int(id)].parent }
    return id
  }
}
