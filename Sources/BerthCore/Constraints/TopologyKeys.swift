import CBerth

/// The topology keys of constraints, and which value each node has of each. Values are interned as small numbers; equal
/// label values are one domain, wherever the nodes are (Kubernetes compares label values).
struct TopologyKeys {
  /// What tells a node's value.
  enum Source {
    /// Its pool: a label, or a level whose domains are part of pools.
    case pool
    /// Its leaf domain: a deeper level.
    case leaf
    /// The node itself: kubernetes.io/hostname, as long as no label set says another hostname. The value is its index.
    case node
    /// The hostname where some label set says one: compared as text.
    case hostname
  }
  struct Key {
    let name: Name
    let source: Source
    fileprivate(set) var ids: [Name: Int32] = [:]
    /// By pool or leaf; -1: has none. Of hostnames by pool: -2, the node's name stands in.
    fileprivate(set) var values: [Int32] = []
    /// How many values there are; 0 where the source is the node.
    var count: Int { ids.count }
  }
  static let none: Int32 = -1
  private static let byName: Int32 = -2

  private(set) var keys: [Key] = []
  private var ids: [Name: Int] = [:]
  /// What of the catalog was seen.
  private var pools = PoolWatch()
  private var topologyVersion = 0
  private var leavesSeen = 0
  private var saysHostnames = false

  /// The key's number.
  mutating func intern(_ name: Name, _ catalog: NodeCatalog) -> Int {
    if let id = ids[name] { return id }
    let source: Source
    if name == Label.hostname {
      source = catalog.labels.mentionHostname ? .hostname : .node
    } else {
      source =
        catalog.isPerNode(Requirement(key: name, op: UInt32(BERTH_OP_EXISTS), values: [], isField: false))
        ? .leaf : .pool
    }
    if keys.isEmpty { saysHostnames = catalog.labels.mentionHostname }
    ids[name] = keys.count
    keys.append(Key(name: name, source: source))
    extend(keys.count - 1, catalog)
    return keys.count - 1
  }

  /// Whether hostnames are told otherwise than when keys were interned: everything that stands on values is void.
  func isVoid(_ catalog: NodeCatalog) -> Bool {
    saysHostnames != catalog.labels.mentionHostname && ids[Label.hostname] != nil
  }

  mutating func clear() { self = TopologyKeys() }

  /// Looks at pools and leaf domains that came since the last call.
  @inline(__always)
  mutating func refresh(_ catalog: NodeCatalog) {
    guard !keys.isEmpty else { return }
    if !pools.isCurrent(catalog) || leavesSeen != catalog.topology.leaves.count
      || topologyVersion != catalog.topology.version
    {
      extendAll(catalog)
    }
  }

  @inline(never)
  private mutating func extendAll(_ catalog: NodeCatalog) {
    let isNew = topologyVersion != catalog.topology.version
    for pool in pools.catchUp(catalog) {
      for key in keys.indices where pool < keys[key].values.count && keys[key].source != .leaf {
        keys[key].values[pool] = value(key, pool: pool, catalog)
      }
    }
    topologyVersion = catalog.topology.version
    leavesSeen = catalog.topology.leaves.count
    for key in keys.indices {
      if isNew && keys[key].source == .leaf { keys[key].values.removeAll(keepingCapacity: true) }
      // pools that were taken back: their ids mean others when they come again
      let surplus = keys[key].values.count - catalog.pools.count
      if keys[key].source != .leaf && surplus > 0 { keys[key].values.removeLast(surplus) }
      extend(key, catalog)
    }
  }

  private mutating func extend(_ key: Int, _ catalog: NodeCatalog) {
    switch keys[key].source {
    case .leaf:
      while keys[key].values.count < catalog.topology.leaves.count {
        let name = catalog.domainName(
          catalog.topology.leaves[keys[key].values.count], of: keys[key].name)
        keys[key].values.append(intern(name, in: key))
      }
    default:
      while keys[key].values.count < catalog.pools.count {
        keys[key].values.append(value(key, pool: keys[key].values.count, catalog))
      }
    }
  }

  private mutating func value(_ key: Int, pool: Int, _ catalog: NodeCatalog) -> Int32 {
    let record = catalog.pools.pools[pool]
    switch keys[key].source {
    case .node: return record.lacksHostname ? Self.none : 0
    case .hostname:
      if let own = catalog.labels.sets[Int(record.labels)][Label.hostname] { return intern(own, in: key) }
      return record.lacksHostname ? Self.none : Self.byName
    default:
      let wanted = Requirement(key: keys[key].name, op: UInt32(BERTH_OP_EXISTS), values: [], isField: false)
      return intern(catalog.poolValue(pool, wanted), in: key)
    }
  }

  private mutating func intern(_ name: Name?, in key: Int) -> Int32 {
    guard let name else { return Self.none }
    if let id = keys[key].ids[name] { return id }
    let id = Int32(keys[key].ids.count)
    keys[key].ids[name] = id
    return id
  }

  /// The value of an empty label, whether a node has one or not.
  mutating func emptyValue(_ key: Int) -> Int32 { intern("", in: key) }

  /// A node's value; `none` where it lacks the key. `refresh` came before.
  @inline(__always)
  mutating func value(_ key: Int, pool: Int, leaf: UInt32, node: UInt32, _ catalog: NodeCatalog) -> Int32 {
    switch keys[key].source {
    case .pool: return keys[key].values[pool]
    case .leaf: return keys[key].values[Int(leaf)]
    case .node: return keys[key].values[pool] < 0 ? Self.none : Int32(bitPattern: node)
    case .hostname:
      let value = keys[key].values[pool]
      return value == Self.byName ? intern(catalog.names.name(of: node), in: key) : value
    }
  }
}

/// Which pools a table by pool has seen: new ones, and ids that got another meaning.
struct PoolWatch {
  private var seen = 0
  private var seenReused = 0
  private var epoch: UInt64 = 0

  @inline(__always)
  func isCurrent(_ catalog: NodeCatalog) -> Bool {
    seen == catalog.pools.count && seenReused == catalog.pools.reused.count && epoch == catalog.pools.epoch
  }

  /// Whether nothing but new pools came.
  func isGrown(_ catalog: NodeCatalog) -> Bool {
    epoch == catalog.pools.epoch && seenReused == catalog.pools.reused.count && seen <= catalog.pools.count
  }

  /// The pools below those seen before whose meaning is another now. Pools beyond are for the caller to see.
  mutating func catchUp(_ catalog: NodeCatalog) -> [Int] {
    var changed: [Int] = []
    if epoch != catalog.pools.epoch {
      changed = Array(0..<catalog.pools.count)
    } else {
      changed = catalog.pools.reused[seenReused...].map { Int($0) }
    }
    epoch = catalog.pools.epoch
    seen = catalog.pools.count
    seenReused = catalog.pools.reused.count
    return changed
  }
}
