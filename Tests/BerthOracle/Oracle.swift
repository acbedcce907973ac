/// The slow, obvious scheduler: its state and the commands that change it.
///
/// It is a value: a copy is what a fork starts from and what a statement goes back to.
///
/// Commands trust their caller: whether a command is to be refused is asked of the engine alone, and a refused one never
/// comes here. Ids are small integers counted from 0 and never used twice.
public struct Oracle {
  public struct Domain {
    public let parent: Int?
    public let name: String
    public let depth: Int
    public var children: [Int] = []
    /// Last level only: the node at each position, nil where one has left.
    public var slots: [Int?] = []
  }

  public struct Node {
    public var spec: NodeSpec
    public let name: String?
    public var pods: Set<Int> = []
    /// What its pods request, and what runs there without being told pod by pod.
    public var used: [String: Int64]
    /// nil: no devices.
    public var machine: Machine?
    public var sickGPUs: Set<Int> = []
    public var sickNICs: Set<Int> = []
    /// What random policies know it by.
    public var number: UInt64 = 0
  }

  public struct Pod {
    public let spec: PodSpec
    /// nil once the node has been removed.
    public var node: Int?
    public var bound: Bool
    /// Being deleted.
    public var terminating = false
    public var assignedAt: Int64
    public var claim: Claim?
  }

  public let levelKeys: [String]
  public let tiesByKey: Bool
  /// In the order they were added.
  public private(set) var resources: [String] = []
  public private(set) var kinds: [String: ResourceKind] = [:]
  public private(set) var domains: [Domain]
  public internal(set) var nodes: [Int: Node] = [:]
  public internal(set) var pods: [Int: Pod] = [:]
  /// The pods that say something of others.
  var podsWithTerms: Set<Int> = []
  /// The labels of the namespaces that were told.
  public private(set) var namespaces: [String: [String: String]] = [:]
  public private(set) var profiles: [String: [Term]] = [:]
  /// In milliseconds.
  public private(set) var now: Int64 = 0
  public var load = Load()
  public internal(set) var reservations: [Int: Reservation] = [:]
  /// What pods have taken of live reservations, in the order of taking.
  public internal(set) var uses: [Int: [Use]] = [:]
  /// Which specs are one class: told by whoever knows.
  public var classNumbers: [PodSpec: UInt64] = [:]
  public internal(set) var typicalPods: [TypicalPod] = []
  /// All pods, those that are not typical too.
  public internal(set) var typicalTotal: Int64 = 0
  /// As the fleet was when the typical pods were told.
  var market = Market()
  /// By model: 0...100.
  public var modelWorths: [String: Int] = [:]
  /// By what random policies will know the next pods: told by whoever knows.
  public var podNumbers: [UInt64] = []
  private var nodesMade = 0
  private var podsMade = 0
  var reservationsMade = 0

  public init(levelKeys: [String] = [], tiesByKey: Bool = false) {
    self.levelKeys = levelKeys
    self.tiesByKey = tiesByKey
    domains = [Domain(parent: nil, name: "", depth: 0)]
  }

  // MARK: Resources, domains, profiles, namespaces

  public mutating func addResource(_ name: String, _ kind: ResourceKind) {
    precondition(kinds[name] == nil)
    resources.append(name)
    kinds[name] = kind
  }

  public mutating func addDomain(parent: Int, name: String) -> Int {
    precondition(domains[parent].depth < levelKeys.count)
    domains.append(Domain(parent: parent, name: name, depth: domains[parent].depth + 1))
    domains[parent].children.append(domains.count - 1)
    return domains.count - 1
  }

  public mutating func addProfile(_ name: String, _ terms: [Term]) {
    precondition(profiles[name] == nil)
    profiles[name] = terms
  }

  public mutating func setNamespace(_ name: String, _ labels: [String: String]) { namespaces[name] = labels }

  public mutating func removeNamespace(_ name: String) { namespaces[name] = nil }

  // MARK: Nodes

  public mutating func addNode(_ spec: NodeSpec, name: String? = nil, untold: [String: Int64] = [:]) -> Int {
    let id = nodesMade
    nodesMade += 1
    nodes[id] = Node(spec: spec, name: name, used: untold)
    load.untold[id] = untold
    takeLowestFreeSlot(id, in: spec.domain)
    return id
  }

  public mutating func numberNode(_ id: Int, _ number: UInt64) { nodes[id]!.number = number }

  /// Replaces everything but the name, the pods and what runs there untold.
  public mutating func updateNode(_ id: Int, _ spec: NodeSpec) {
    let oldDomain = nodes[id]!.spec.domain
    nodes[id]!.spec = spec
    if oldDomain != spec.domain {
      leaveSlot(id, in: oldDomain)
      takeLowestFreeSlot(id, in: spec.domain)
    }
  }

  public mutating func removeNode(_ id: Int) {
    for reservation in reservations.keys.filter({ reservations[$0]!.node == id }) { endReservation(reservation) }
    let node = nodes.removeValue(forKey: id)!
    leaveSlot(id, in: node.spec.domain)
    for pod in node.pods { (pods[pod]!.node, pods[pod]!.claim) = (nil, nil) }
    load.reports[id] = nil
  }

  public mutating func cordonNode(_ id: Int, _ cordoned: Bool) { nodes[id]!.spec.cordoned = cordoned }

  public func findNode(_ name: String) -> Int? { nodes.first { $0.value.name == name }?.key }

  /// Depth first through the domains, siblings in the order they were added, nodes by position.
  public func topologyOrder() -> [Int] {
    var order: [Int] = []
    func walk(_ domain: Int) {
      for slot in domains[domain].slots { if let node = slot { order.append(node) } }
      for child in domains[domain].children { walk(child) }
    }
    walk(0)
    return order
  }

  public enum Hostname: Hashable {
    case name, missing, nameless
  }

  /// What sets nodes apart for selectors and tolerations, as far as it is not particular to few nodes.
  public struct Pool: Hashable {
    let labels: [String: String]
    let taints: [Taint]
    let cordoned: Bool
    /// What kubernetes.io/hostname is where the labels do not say it.
    let hostname: Hostname
    /// The node's domain on the second level, or on the last if there are fewer.
    let zone: Int
  }

  public var pools: Set<Pool> {
    Set(
      nodes.values.map { node in
        var zone = node.spec.domain
        while domains[zone].depth > 2 { zone = domains[zone].parent! }
        return Pool(
          labels: node.spec.labels, taints: node.spec.taints, cordoned: node.spec.cordoned,
          hostname: node.spec.lacksHostname ? .missing : node.name == nil ? .nameless : .name, zone: zone)
      })
  }

  private mutating func takeLowestFreeSlot(_ id: Int, in domain: Int) {
    precondition(domains[domain].depth == levelKeys.count)
    if let free = domains[domain].slots.firstIndex(of: nil) {
      domains[domain].slots[free] = id
    } else {
      domains[domain].slots.append(id)
    }
  }

  private mutating func leaveSlot(_ id: Int, in domain: Int) {
    domains[domain].slots[domains[domain].slots.firstIndex(of: id)!] = nil
  }

  // MARK: Pods

  /// A pod on a node, bound already or assumed until it is confirmed; with the devices it has, or those it gets.
  public mutating func addPod(
    _ spec: PodSpec, as identity: Identity = Identity(), on node: Int, bound: Bool, claim: Claim? = nil
  ) -> Int {
    let id = podsMade
    podsMade += 1
    pods[id] = Pod(spec: spec, node: nil, bound: bound, assignedAt: now)
    enter(id, node, claim ?? choice(spec, seeingOwn(spec, identity, on: node)))
    takeOwn(id, identity)
    podNumbers = Array(podNumbers.dropFirst())
    return id
  }

  var nextPodNumber: UInt64 { podNumbers.first ?? 0 }

  /// Whether `addPod` finds devices for a pod.
  public func hasDevices(for spec: PodSpec, on node: Int) -> Bool {
    spec.devices == nil || choice(spec, self.node(node)) != nil
  }

  mutating func enter(_ id: Int, _ node: Int, _ claim: Claim?) {
    let spec = pods[id]!.spec
    precondition((spec.devices == nil) == (claim == nil))
    (pods[id]!.node, pods[id]!.claim) = (node, claim)
    if !spec.affinityTerms.isEmpty { podsWithTerms.insert(id) }
    nodes[node]!.pods.insert(id)
    for (name, value) in load.held(spec.requests) { nodes[node]!.used[name, default: 0] += value }
  }

  /// What a pod held is free again.
  mutating func leave(_ id: Int) {
    giveBack(id)
    podsWithTerms.remove(id)
    guard let node = pods[id]!.node else { return }
    (pods[id]!.node, pods[id]!.claim) = (nil, nil)
    nodes[node]!.pods.remove(id)
    for (name, value) in load.held(pods[id]!.spec.requests) { nodes[node]!.used[name]! -= value }
  }

  public mutating func confirmPod(_ id: Int) {
    precondition(!pods[id]!.bound)
    pods[id]!.bound = true
  }

  public mutating func terminatePod(_ id: Int) { pods[id]!.terminating = true }

  /// Forgets an assumed pod or releases any.
  public mutating func removePod(_ id: Int) {
    leave(id)
    pods[id] = nil
  }

  // MARK: Time

  public mutating func setTime(_ time: Int64) {
    precondition(time >= now)
    now = time
    lapseReservations()
  }
}
