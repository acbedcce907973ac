/// What is asked for a gang. Levels are counted from 0, the cluster, over the topology levels to the node.
public struct GangSpec: Sendable {
  /// New members come in multiples in each domain of a level.
  public struct Slice: Sendable {
    public var level: Int
    public var members: Int

    public init(_ level: Int, _ members: Int) {
      self.level = level
      self.members = members
    }
  }

  public struct Role: Sendable {
    public var pod: PodSpec
    public var least: Int
    public var most: Int
    /// 0 stands for no such demand, here and below.
    public var requiredLevel = 0
    public var preferredLevel = 0
    public var spreadLevel = 0
    public var spreadMembers = 0
    /// Widest level first.
    public var slices: [Slice] = []

    public init(_ pod: PodSpec, _ least: Int, upTo most: Int? = nil) {
      self.pod = pod
      self.least = least
      self.most = most ?? least
    }
  }

  /// A member that runs already.
  public struct Member: Sendable {
    public var pod: Int
    public var role: Int

    public init(_ pod: Int, role: Int = 0) {
      self.pod = pod
      self.role = role
    }
  }

  public var roles: [Role]
  public var running: [Member] = []
  /// 0: anywhere.
  public var domain = 0
  public var requiredLevel = 0
  public var preferredLevel = 0
  public var separateLevel = 0
  /// Running ones included.
  public var leastMembers = 0

  public init(_ roles: [Role]) { self.roles = roles }

  /// Whether it is to be packed at all: it says something of a level.
  public var isPacked: Bool {
    requiredLevel > 0 || preferredLevel > 0 || separateLevel > 0
      || roles.contains { role in
        role.requiredLevel > 0 || role.preferredLevel > 0 || role.spreadMembers > 0 || !role.slices.isEmpty
      }
  }

  /// What each role has at least: what the roles' minima lack to the gang's own is asked of the first that have more.
  public var minima: [Int] {
    var minima = roles.map(\.least)
    var lacking = leastMembers - running.count - minima.reduce(0, +)
    for (index, role) in roles.enumerated() where lacking > 0 {
      let multiple = role.slices.first?.members ?? 1
      let more = min(role.most - role.least, (lacking + multiple - 1) / multiple * multiple)
      minima[index] += more
      lacking -= more
    }
    return minima
  }
}

/// What a placement of a gang comes to; less is better, except for the score.
public struct GangMeasure: Equatable, Sendable {
  /// Opened, by level.
  public var domains: [Int]
  /// By level, in what is opened.
  public var leftOver: [Int]
  public var score: Int64

  /// The deepest level on which one domain holds all.
  public var commonLevel: Int { domains.lastIndex { $0 <= 1 }! }

  /// In the order in which they count: domains from wide to narrow, then what is left over from the common domain down,
  /// then around it from narrow to wide.
  public var aims: [Int] {
    Array(domains.dropFirst()) + leftOver[commonLevel...] + leftOver[..<commonLevel].reversed()
  }

  public func isBetter(than other: GangMeasure) -> Bool {
    aims == other.aims ? score > other.score : aims.lexicographicallyPrecedes(other.aims)
  }
}

/// What speaks against a placement of a gang.
public enum GangRule: Equatable, Sendable {
  case domain(node: Int)
  case room(node: Int)
  case gangLevel
  case roleLevel(Int)
  case slice(role: Int, level: Int)
  case spread(role: Int)
  case separate
}
