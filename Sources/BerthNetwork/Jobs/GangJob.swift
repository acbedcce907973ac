/// Pods that run together or not at all, and how near to one another they are to be. Levels are names, as the file has
/// them: `NetworkTopology.level(named:)` knows which they are.
public struct GangJob: Sendable, Equatable {
  /// In one domain of a level.
  public struct Closeness: Sendable, Equatable {
    /// All in one domain of this level, or not at all.
    public var required: String?
    /// All in one domain of this level if that can be, else of the next wider one, and so on up to what is required.
    public var preferred: String?

    public init(required: String? = nil, preferred: String? = nil) {
      self.required = required
      self.preferred = preferred
    }

    public var isEmpty: Bool { required == nil && preferred == nil }
  }

  /// Consecutive pods, counted from a role's first, that are to be in one domain of a level. Slices of an outer entry
  /// are cut into those of the next.
  public struct Slice: Sendable, Equatable {
    public var level: String
    /// Pods.
    public var size: Int
    /// Otherwise a wish.
    public var isRequired: Bool

    public init(level: String, size: Int, isRequired: Bool = true) {
      self.level = level
      self.size = size
      self.isRequired = isRequired
    }
  }

  /// At most so many pods in one domain.
  public struct Spread: Sendable, Equatable {
    public var level: String
    public var maxPerDomain: Int
  }

  /// Pods of one template.
  public struct Role: Sendable, Equatable {
    public var name: String
    /// The gang does not start with fewer.
    public var min: Int
    public var max: Int
    /// Of each pod, by name: cpu in thousandths, everything else in whole units.
    public var requests: [String: Int64]
    /// Whole GPUs of each pod.
    public var gpus: Int
    public var closeness = Closeness()
    /// From the widest level to the narrowest; at most three.
    public var slices: [Slice] = []
    public var spread: Spread?

    public init(name: String, min: Int, max: Int, requests: [String: Int64] = [:], gpus: Int = 0) {
      self.name = name
      self.min = min
      self.max = max
      self.requests = requests
      self.gpus = gpus
    }
  }

  /// Roles that are to be near to one another, as a whole.
  public struct RoleGroup: Sendable, Equatable {
    public var name: String
    /// Indices into `roles`.
    public var roles: [Int]
    public var closeness: Closeness
  }

  /// Roles no two of which share a domain of a level.
  public struct Separation: Sendable, Equatable {
    public var level: String
    /// Indices into `roles`, at least two.
    public var roles: [Int]
  }

  public var name: String
  /// The gang does not start with fewer pods.
  public var minMember: Int
  public var roles: [Role]
  /// Of the gang as a whole.
  public var closeness = Closeness()
  public var groups: [RoleGroup] = []
  public var separations: [Separation] = []
  public var parallelism: Parallelism?
  public var traffic: TrafficMatrix?
  public var links: [LevelLink] = []
  /// Slurm's --switches: at most so many domains of the narrowest level.
  public var maxLeaves: Int?
  public var priority: Int32 = 0
  /// Nil: it does not end by itself, or nothing says when.
  public var runtimeSeconds: Double?
  public var submitSeconds: Double = 0
  /// What the file says and this cannot: none of it is dropped silently.
  public var notes: [String] = []

  public init(name: String, minMember: Int, roles: [Role]) {
    self.name = name
    self.minMember = minMember
    self.roles = roles
  }

  /// Pods at most; ranks follow the roles' order, and within a role the pods'.
  public var memberCount: Int { roles.reduce(0) { $0 + $1.max } }

  public var leastMemberCount: Int { roles.reduce(0) { $0 + $1.min } }

  /// Processes of the parallel program: one for each GPU, or for each pod where no role has any.
  public var rankCount: Int {
    let gpus = roles.reduce(0) { $0 + $1.max * $1.gpus }
    return gpus > 0 ? gpus : memberCount
  }

  /// More pods than these are a slip of the finger.
  public static let mostMembers = 1_000_000
  public static let mostSlices = 3
}

/// What a link of a level carries: between two nodes that have no narrower domain in common.
public struct LevelLink: Sendable, Equatable {
  public var level: String
  public var bytesPerSecond: Double?
  public var latencySeconds: Double?
}
