/// How many pods of some kind each domain has: one number for each value of a topology key. It changes with every pod
/// that comes or goes, and is never counted anew.
struct DomainCount {
  /// Which pods count. Equal ones are one count, whichever classes ask for it.
  enum Pods: Hashable {
    /// Pods that match all of these.
    case matching([PodMatcher])
    /// Pods that have this term.
    case carrying(CarriedTerm)
    /// Pods that take this port.
    case holding(HostPort)
  }
  struct Identity: Hashable {
    var pods: Pods
    /// A topology key's number, or `eachNode`.
    var key: Int
    /// Only pods on these nodes, and not those that are being deleted: the rules of topology spread. `allPods`: the
    /// rules of pod affinity.
    var inclusion: Int
    /// The domain of nodes that lack the key; `TopologyKeys.none`: their pods do not count.
    var lacking = TopologyKeys.none
    static let eachNode = -1
    static let allPods = -1
  }

  let identity: Identity
  /// By value, where nodes are few domains; else by node.
  private var byValue: [Int64] = []
  private(set) var byNode = NodeCounts()
  let isByNode: Bool
  /// All pods that are counted in some domain.
  private(set) var total: Int64 = 0

  /// Of topology spread: the domains that are there, nodes in each, and how many domains have how many pods.
  private var members: [Int32] = []
  private(set) var domains: Int64 = 0
  private var histogram: [Int64] = [0]
  private(set) var minimum = 0

  /// The domains that changed, in order, for slot indexes to catch up with; kept from when the first one wants it.
  private(set) var changed: [Int32] = []
  /// How many were dropped before them.
  private(set) var dropped = 0
  private var isWatched = false
  private static let mostChanged = 1 << 12

  init(_ identity: Identity, isByNode: Bool) {
    self.identity = identity
    self.isByNode = isByNode
    isOfSpread = identity.inclusion != Identity.allPods
  }

  /// Pods that are being deleted do not count, and the fewest pods in a domain are known.
  let isOfSpread: Bool
  var bytes: Int {
    byValue.capacity * 8 + members.capacity * 4 + histogram.capacity * 8 + byNode.bytes + changed.capacity * 4 + 256
  }

  @inline(__always)
  subscript(value: Int32) -> Int64 {
    if isByNode { return byNode[UInt32(bitPattern: value)] }
    return Int(value) < byValue.count ? byValue[Int(value)] : 0
  }

  /// Pods come to (or leave) a domain.
  @inline(__always)
  mutating func add(_ value: Int32, _ change: Int64) {
    total += change
    if isWatched { note(value) }
    let old: Int64
    if isByNode {
      old = byNode.add(UInt32(bitPattern: value), change)
    } else {
      reserve(Int(value))
      old = byValue[Int(value)]
      byValue[Int(value)] += change
    }
    if isOfSpread && hasMembers(value) { move(from: Int(old), to: Int(old + change)) }
  }

  // MARK: What changed

  /// Room for some changes comes at once, so that placing a few pods asks for no memory.
  mutating func watch() {
    if !isWatched { changed.reserveCapacity(1024) }
    isWatched = true
  }

  /// The end of the list of changes.
  var position: Int { dropped + changed.count }

  @inline(__always)
  private mutating func note(_ value: Int32) {
    if changed.count == Self.mostChanged {
      dropped += changed.count
      changed.removeAll(keepingCapacity: true)
    }
    changed.append(value)
  }

  // MARK: Topology spread

  private func hasMembers(_ value: Int32) -> Bool {
    isByNode || (Int(value) < members.count && members[Int(value)] > 0)
  }

  /// A node that is included comes to a domain, or leaves it. Its pods are counted while it is there: it comes before
  /// them and leaves after them.
  mutating func addMember(_ value: Int32, _ change: Int32) {
    guard isOfSpread else { return }
    if isByNode {
      domains += Int64(change)
      histogram[0] += Int64(change)
      if change > 0 { minimum = 0 }
      settleMinimum()
      return
    }
    reserve(Int(value))
    let old = members[Int(value)]
    members[Int(value)] += change
    let count = Int(byValue[Int(value)])
    if old == 0 {
      domains += 1
      enter(count)
    } else if old + change == 0 {
      domains -= 1
      histogram[count] -= 1
      settleMinimum()
    }
  }

  private mutating func reserve(_ value: Int) {
    guard value >= byValue.count else { return }
    let count = max(value + 1, byValue.count * 2)
    byValue.append(contentsOf: repeatElement(0, count: count - byValue.count))
    if isOfSpread { members.append(contentsOf: repeatElement(0, count: count - members.count)) }
  }

  @inline(__always)
  private mutating func move(from old: Int, to new: Int) {
    histogram[old] -= 1
    enter(new)
    settleMinimum()
  }

  private mutating func enter(_ count: Int) {
    while histogram.count <= count { histogram.append(0) }
    histogram[count] += 1
    if count < minimum || domains == 1 { minimum = count }
  }

  private mutating func settleMinimum() {
    guard domains > 0 else {
      minimum = 0
      return
    }
    while histogram[minimum] == 0 { minimum += 1 }
  }
}

/// Pods of some namespaces that a selector selects.
struct PodMatcher: Hashable {
  /// nil: none.
  var requirements: [Requirement]?
  /// Sorted, each once; nil: every namespace.
  var namespaces: [Name]?

  func matches(_ pod: PodTraits) -> Bool {
    guard let requirements else { return false }
    if let namespaces, !namespaces.contains(pod.namespace) { return false }
    return requirements.match(pod.labels)
  }
}

/// An affinity term of running pods, as pods to be placed meet it.
struct CarriedTerm: Hashable {
  var kind: UInt32
  var weight: Int64
  var topologyKey: Name
  var requirements: [Requirement]?
  var namespaces: [Name]
  var namespaceSelector: [Requirement]?

  func matches(_ pod: PodTraits, _ namespaces: Namespaces) -> Bool {
    guard let requirements else { return false }
    let isSeen =
      self.namespaces.contains(pod.namespace)
      || (namespaceSelector?.match(namespaces.labels[pod.namespace] ?? [:]) ?? false)
    return isSeen && requirements.match(pod.labels)
  }
}
