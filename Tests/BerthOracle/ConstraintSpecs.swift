/// What a pod says of ports, and of other pods.

/// A port of the node that a pod takes.
public struct HostPort: Hashable, Sendable {
  public enum Transport: Hashable, Sendable { case tcp, udp, sctp }

  public static let everyAddress = "0.0.0.0"

  public var address: String
  public var port: Int
  public var transport: Transport

  public init(_ port: Int, _ transport: Transport = .tcp, address: String = everyAddress) {
    self.address = address
    self.port = port
    self.transport = transport
  }
}

/// All requirements together; none at all select everything. Where there may be no selector, nil selects nothing.
public typealias LabelSelector = [Requirement]

public struct SpreadConstraint: Hashable, Sendable {
  /// Whether nodes that the pod's node affinity or taints exclude are left out.
  public enum Policy: Hashable, Sendable { case honor, ignore }

  public var topologyKey: String
  public var selector: LabelSelector?
  public var maxSkew: Int64
  /// nil: not said.
  public var minDomains: Int64?
  /// DoNotSchedule, not ScheduleAnyway.
  public var isRequired: Bool
  /// nil: honor.
  public var affinityPolicy: Policy?
  /// nil: ignore.
  public var taintsPolicy: Policy?
  public var matchLabelKeys: [String] = []

  public init(_ topologyKey: String, _ selector: LabelSelector?, maxSkew: Int64 = 1, isRequired: Bool) {
    self.topologyKey = topologyKey
    self.selector = selector
    self.maxSkew = maxSkew
    self.isRequired = isRequired
  }
}

public struct PodAffinityTerm: Hashable, Sendable {
  public enum Kind: CaseIterable, Hashable, Sendable {
    case requiredAffinity, preferredAffinity, requiredAntiAffinity, preferredAntiAffinity
  }

  public var kind: Kind
  /// 1...100 for a preferred term, 0 for a required one.
  public var weight: Int64
  public var topologyKey: String
  public var selector: LabelSelector?
  public var namespaces: [String] = []
  public var namespaceSelector: LabelSelector?
  public var matchLabelKeys: [String] = []
  public var mismatchLabelKeys: [String] = []

  public init(_ kind: Kind, _ topologyKey: String, _ selector: LabelSelector?, weight: Int64 = 0) {
    self.kind = kind
    self.topologyKey = topologyKey
    self.selector = selector
    self.weight = weight
  }
}
