/// An instance of Google's machine reassignment problem, as in the subject of the ROADEF/EURO challenge 2012.
///
/// Processes run on machines and may be moved to lower a cost. Quantities have no unit: the data are anonymous. Names
/// follow the subject; indices count from 0 in the order of the file.
public struct RoadefModel: Equatable, Sendable {
  public struct Resource: Equatable, Sendable {
    /// Whether a moved process uses the resource on the machine it leaves, too.
    public var isTransient: Bool
    /// Weight of the cost of load above the safety capacity.
    public var loadWeight: Int
  }

  public struct Machine: Equatable, Sendable {
    /// Machines of one neighbourhood can serve each other's dependencies.
    public var neighbourhood: Int
    /// Services spread over locations.
    public var location: Int
    /// Hard limit of use, by resource.
    public var capacities: [Int]
    /// Use above it costs, by resource.
    public var safetyCapacities: [Int]
    /// Cost of moving any process from here, by machine it goes to.
    public var moveCosts: [Int32]
  }

  public struct Service: Equatable, Sendable {
    /// Least number of locations over which its processes run.
    public var minimumSpread: Int
    /// Services that must run in each neighbourhood in which this one runs.
    public var dependencies: [Int]
  }

  public struct Process: Equatable, Sendable {
    public var service: Int
    /// What it uses, by resource.
    public var requirements: [Int]
    /// Cost of moving it at all.
    public var moveCost: Int
  }

  /// Where a machine has A free of `first`, it should have at least `target` x A free of `second`.
  public struct Balance: Equatable, Sendable {
    public var first: Int
    public var second: Int
    public var target: Int
    public var weight: Int
  }

  public var resources: [Resource]
  public var machines: [Machine]
  public var services: [Service]
  public var processes: [Process]
  public var balances: [Balance]
  public var processMoveWeight: Int
  public var serviceMoveWeight: Int
  public var machineMoveWeight: Int
}
