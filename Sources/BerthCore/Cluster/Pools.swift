import CBerth

/// A taint, as in Kubernetes.
struct Taint: Hashable {
  var key: Name
  var value: Name
  var effect: UInt32
}

/// Interned label sets and taint lists. Id 0 is the empty one.
struct LabelSets {
  private(set) var sets: [[Name: Name]] = [[:]]
  private var ids: [[Name: Name]: UInt32] = [[:]: 0]
  /// Some node may have a hostname label other than its name.
  private(set) var mentionHostname = false
  /// An estimate: what keys, values and the two tables take.
  private(set) var bytes = 0

  /// The set's id, and whether it is a new one.
  mutating func intern(_ set: [Name: Name]) -> (id: UInt32, isNew: Bool) {
    if let id = ids[set] { return (id, false) }
    let id = UInt32(sets.count)
    sets.append(set)
    ids[set] = id
    if set[Label.hostname] != nil { mentionHostname = true }
    bytes += Self.bytes(set)
    return (id, true)
  }

  private static func bytes(_ set: [Name: Name]) -> Int {
    128 + set.reduce(0) { $0 + 96 + $1.key.bytes.count + $1.value.bytes.count }
  }

  mutating func removeLast() {
    let set = sets.removeLast()
    ids[set] = nil
    bytes -= Self.bytes(set)
    if set[Label.hostname] != nil { mentionHostname = sets.contains { $0[Label.hostname] != nil } }
  }
}

struct TaintSets {
  private(set) var sets: [[Taint]] = [[]]
  private var ids: [[Taint]: UInt32] = [[]: 0]

  /// The list's id, and whether it is a new one.
  mutating func intern(_ set: [Taint]) -> (id: UInt32, isNew: Bool) {
    if let id = ids[set] { return (id, false) }
    let id = UInt32(sets.count)
    sets.append(set)
    ids[set] = id
    return (id, true)
  }

  mutating func removeLast() { ids[sets.removeLast()] = nil }
}

enum Label {
  static let hostname: Name = "kubernetes.io/hostname"
  static let unschedulableTaint: Name = "node.kubernetes.io/unschedulable"
}

/// Pools: nodes that no selector or toleration on labels (but a hostname), taints, cordon or zone can tell apart.
struct PoolTable {
  struct Pool: Hashable {
    var labels: UInt32
    var taints: UInt32
    var isCordoned: Bool
    /// What kubernetes.io/hostname is where the labels do not say it.
    var hostname: Hostname
    var lacksHostname: Bool { hostname != .name }
    /// The node's domain on the deepest pooled level.
    var zone: UInt32
  }
  enum Hostname: UInt8 {
    /// The node's name.
    case name
    /// Missing: the node said so, or it has no name.
    case missing, nameless
  }

  /// Levels whose domains are part of the pool: region and zone, by custom. Deeper ones have too many domains.
  static let pooledLevels = 2

  private(set) var pools: [Pool] = []
  private var ids: [Pool: UInt16] = [:]
  private(set) var population: [UInt32] = []
  private(set) var live = 0
  /// Ids that got another meaning, in order; when the list is full it begins anew and `epoch` rises.
  private(set) var reused: [UInt16] = []
  private(set) var epoch: UInt64 = 0
  private var last: (pool: Pool, id: UInt16)?
  /// Ids that this batch was given and no node has joined yet: they keep their meaning until the batch is done.
  private var promised: Set<UInt16> = []

  var count: Int { pools.count }

  /// Before the pools of a batch are asked for: the nodes of the last one have joined theirs, or it was refused.
  mutating func beginBatch() {
    promised.removeAll(keepingCapacity: true)
    last = nil
  }

  /// The pool's id, and what takes it back if it is a new one; nil when there are too many.
  mutating func intern(_ pool: Pool) -> (id: UInt16, made: Made?)? {
    if let last, last.pool == pool { return (last.id, nil) }
    var made: Made?
    if ids[pool] == nil {
      made = make(pool)
      if made == nil { return nil }
    }
    let id = ids[pool].unsafelyUnwrapped
    if population[Int(id)] == 0 { promised.insert(id) }
    last = (pool, id)
    return (id, made)
  }

  /// A new meaning of an id.
  struct Made {
    var id: UInt16
    /// What it meant before; nil: it is one more.
    var before: Pool?
  }

  /// Takes back the last id that was made; no node is in it any more. Filters look at all pools again.
  mutating func unmake(_ made: Made) {
    ids[pools[Int(made.id)]] = nil
    if let before = made.before {
      pools[Int(made.id)] = before
      ids[before] = made.id
    } else {
      pools.removeLast()
      population.removeLast()
    }
    beginBatch()
    epoch += 1
    reused.removeAll(keepingCapacity: true)
  }

  /// A new id, or that of a pool without nodes once there are no new ones.
  private mutating func make(_ pool: Pool) -> Made? {
    let id: UInt16
    var before: Pool?
    if pools.count < Int(BERTH_MAX_POOLS) {
      id = UInt16(pools.count)
      pools.append(pool)
      population.append(0)
    } else {
      let empty = population.indices.first { population[$0] == 0 && !promised.contains(UInt16($0)) }
      guard let empty else { return nil }
      id = UInt16(empty)
      before = pools[empty]
      ids[pools[empty]] = nil
      pools[empty] = pool
      if reused.count == Int(BERTH_MAX_POOLS) {
        reused.removeAll(keepingCapacity: true)
        epoch += 1
      }
      reused.append(id)
    }
    ids[pool] = id
    return Made(id: id, before: before)
  }

  mutating func join(_ id: UInt16) {
    population[Int(id)] += 1
    if population[Int(id)] == 1 { live += 1 }
  }

  mutating func leave(_ id: UInt16) {
    population[Int(id)] -= 1
    if population[Int(id)] == 0 { live -= 1 }
  }
}
