/// A network as a tree of domains with nodes below its last level, and the shape that its links have within.
public struct NetworkTopology: Sendable, Equatable {
  public struct Level: Sendable, Equatable {
    /// A node label's key, or what the file calls the level.
    public var name: String
    /// What else jobs may call it: label keys of a named layer, "tier-2" of a named tier.
    public var aliases: [String]

    public init(_ name: String, aliases: [String] = []) {
      self.name = name
      self.aliases = aliases
    }
  }

  public struct Domain: Sendable, Equatable {
    /// Empty where nothing names it: a level that the file leaves out above or below what it does name.
    public var name: String
    /// Index into `levels`.
    public var level: Int
    /// Index into `domains`, lower than the domain's own; nil at the widest level.
    public var parent: Int?
    /// Slurm's LinkSpeed, in units that are the file's own.
    public var linkSpeed: Double?
  }

  public struct Node: Sendable, Equatable {
    public var name: String
    /// Index into `domains`, of the last level.
    public var domain: Int
    public var labels: [String: String]
    /// By name, cpu in thousandths, everything else in whole units; empty: nothing says what the node has.
    public var allocatable: [String: Int64]
    /// Nil: nothing says how many.
    public var gpus: Int?
    /// No new pods: cordoned.
    public var isClosed: Bool
  }

  /// What a level of nodes is called: jobs may ask for one node.
  public static let nodeLevelNames = ["kubernetes.io/hostname", "NodeTopologyLayer", "node"]

  /// What jobs call the whole network: Koordinator's built-in layer.
  public static let clusterLevelNames = ["ClusterTopologyLayer", "cluster"]

  /// What jobs call the last level, whatever its name: Volcano's soft mode wants the lowest tier that can be.
  public static let narrowestLevelName = "narrowest"

  /// Widest first.
  public var levels: [Level]
  /// In the file's order, parents before their children.
  public var domains: [Domain]
  public var nodes: [Node]
  public var shape: Shape
  /// Whether a job may run below several domains of the widest level. Slurm's trees are separate fabrics.
  public var spansTops: Bool
  /// What a reader should know of how the file was understood.
  public var notes: [String]

  /// A level that a job names.
  public enum LevelReference: Sendable, Hashable, Comparable {
    case cluster
    case level(Int)
    case node

    /// Widest first.
    public static func < (one: Self, other: Self) -> Bool { one.depth < other.depth }

    private var depth: Int {
      switch self {
      case .cluster: -1
      case .level(let index): index
      case .node: Int.max
      }
    }
  }

  /// Nil where no level has this name. The file's own levels come before the words for nodes and the whole.
  public func level(named name: String) -> LevelReference? {
    if let index = levels.firstIndex(where: { $0.name == name || $0.aliases.contains(name) }) { return .level(index) }
    if Self.nodeLevelNames.contains(name) { return .node }
    if name == Self.narrowestLevelName { return .level(levels.count - 1) }
    return Self.clusterLevelNames.contains(name) ? .cluster : nil
  }

  /// Names from the widest level down to the domain.
  public func path(ofDomain index: Int) -> [String] {
    var names: [String] = []
    var domain: Int? = index
    while let current = domain {
      names.append(domains[current].name)
      domain = domains[current].parent
    }
    return names.reversed()
  }

  /// The domain of a level in which a node lies.
  public func domain(ofNode node: Int, atLevel level: Int) -> Int {
    var domain = nodes[node].domain
    while domains[domain].level > level, let parent = domains[domain].parent { domain = parent }
    return domain
  }

  /// Indices of the domains of a level.
  public func domains(atLevel level: Int) -> [Int] { domains.indices.filter { domains[$0].level == level } }

  /// What contradicts the rules above, for tests and for those who make topologies themselves; nil: nothing.
  public var inconsistency: String? {
    if levels.isEmpty { return "no level" }
    for (index, domain) in domains.enumerated() {
      guard levels.indices.contains(domain.level) else { return "domain \(index): level \(domain.level)" }
      if let parent = domain.parent {
        guard (0..<index).contains(parent), domains[parent].level == domain.level - 1 else {
          return "domain \(index): parent \(parent)"
        }
      } else if domain.level != 0 {
        return "domain \(index): no parent at level \(domain.level)"
      }
    }
    for node in nodes {
      guard domains.indices.contains(node.domain), domains[node.domain].level == levels.count - 1 else {
        return "node \(node.name): domain \(node.domain)"
      }
    }
    if Set(nodes.map(\.name)).count != nodes.count { return "a node twice" }
    return shape.inconsistency(nodeCount: nodes.count, domainCount: domains.count)
  }
}
