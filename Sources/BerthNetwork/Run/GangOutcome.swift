import BerthRanks

/// What came of one job of a run.
public struct GangOutcome: Sendable {
  public struct Member: Sendable {
    /// Index into the job's roles.
    public var role: Int
    /// Within the role, in the order of the placement.
    public var index: Int
    /// Index into the topology's nodes.
    public var node: Int
    /// Of that node; those of others come first.
    public var gpus: [Int]
    /// Where the job's ranks could be assigned.
    public var ranks: [Int] = []
    var pod: UInt64
  }

  public struct Level: Sendable {
    public var name: String
    public var opened: Int
    /// In the order of levels, no placement opens fewer; nil where nothing is said.
    public var bound: Int?
    /// Members that would fit beside the gang in what it opened; nil where nothing is said.
    public var leftOver: Int?
  }

  /// A way to place the gang, and what its ranks would cost.
  public struct Choice: Sendable {
    /// "as the job says", "multiples of 4 pods in each rack".
    public var words: String
    public var isPlaced: Bool
    /// Picoseconds, after assignment.
    public var cost: Int64?
    public var isChosen = false
  }

  public var job: GangJob
  public var isPlaced: Bool
  /// The engine's sentence: where it is, or the proof that it is nowhere.
  public var message: String
  public var members: [Member] = []
  public var levels: [Level] = []
  /// "zone-a/rack-3"; empty: the cluster.
  public var commonDomain = ""
  public var commonLevel = ""
  /// Nil where nothing is preferred.
  public var preferredMet: Bool?
  /// Why a result is no proof: "steps", "roles", …; empty: proven.
  public var limits: [String] = []
  public var score: Int64 = 0
  public var scoreBound: Int64 = 0
  public var choices: [Choice] = []
  public var ranks: RankOutcome?
  public var tree: TreeDrawing.Node?
  public var notes: [String] = []
  /// After nodes were lost.
  public var failure: GangFailure?

  public var isRunning: Bool { isPlaced && failure?.isReplaced ?? true }
}

/// What a gang does about nodes that are gone.
public struct GangFailure: Sendable {
  public var lostNodes: [String]
  public var lostMembers: [GangOutcome.Member]
  public var isReplaced: Bool
  /// Of the replacements' placement.
  public var message: String
  /// All members afterwards: those that ran on, and their replacements.
  public var members: [GangOutcome.Member] = []
  /// Those of `members` that are new.
  public var replacements: [GangOutcome.Member] = []
  public var ranks: RankOutcome?
  public var tree: TreeDrawing.Node?
  public var notes: [String] = []
}

/// The ranks of a gang and what they cost, before and after.
public struct RankOutcome: Sendable {
  /// By rank: the member, and the GPU of its node; nil: the member has none.
  public struct Place: Sendable {
    public var member: Int
    public var node: Int
    public var gpu: Int?
  }

  public struct LinkLevel: Sendable {
    /// "within rack", "beyond zone".
    public var name: String
    public var bytesPerSecond: Int64
    public var latencyNanoseconds: Int64
    /// "the job", "LinkSpeed" or "default".
    public var source: String
    public var bytesBefore: Int64
    public var bytes: Int64
  }

  public var places: [Place]
  /// In the order of nodes' names, as pods are numbered without Berth; after a failure empty.
  public var placesBefore: [Place]
  /// Widest first.
  public var links: [LinkLevel]
  /// Picoseconds. After a failure: of the assignment that the failure ended.
  public var costBefore: Int64
  public var cost: Int64
  public var lowerBound: Int64
  public var isExact: Bool { cost == lowerBound }
  /// After a failure: these alone have new places.
  public var movedRanks: [Int] = []
  public var notes: [String] = []
  /// What the ranks' module numbers: GPUs, or pods where traffic is between pods.
  var units: [RankUnit] = []
  var placeOfRank: [UInt32] = []
}

/// A rank's place: a GPU, or a pod.
struct RankUnit: Sendable, Hashable {
  var member: Int
  var node: Int
  var gpus: [Int]
}
