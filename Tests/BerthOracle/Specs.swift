/// What a cluster is made of and what a pod asks for: plain values, resources and labels keyed by their names.
///
/// This module is the yardstick the engine is held against. It is written straight from the definitions, looks at every
/// node for every decision, and shares nothing with the engine: not its types, not its header, not its arithmetic.

public enum ResourceKind: Sendable {
  case other, cpu, memory, gpu, ephemeralStorage, pods
  /// Held and scored, but no node is refused for it.
  case counted
  /// The same for an extended resource, which is scored only for pods that request it.
  case ignored

  public var refusesNobody: Bool { self == .counted || self == .ignored }
}

public enum Effect: Hashable, Sendable { case noSchedule, preferNoSchedule, noExecute }

public struct Taint: Hashable, Sendable {
  public var key: String
  public var value: String
  public var effect: Effect

  public init(key: String, value: String = "", effect: Effect) {
    self.key = key
    self.value = value
    self.effect = effect
  }
}

public struct Toleration: Hashable, Sendable {
  /// `gt` and `lt`: the taint's value is greater or less than the toleration's.
  public enum Operator: Hashable, Sendable { case equal, exists, gt, lt }

  /// Empty with `exists`: every key.
  public var key: String
  public var op: Operator
  public var value: String
  /// nil: every effect.
  public var effect: Effect?

  public init(key: String = "", op: Operator, value: String = "", effect: Effect? = nil) {
    self.key = key
    self.op = op
    self.value = value
    self.effect = effect
  }
}

public struct Requirement: Hashable, Sendable {
  public enum Operator: Hashable, Sendable { case `in`, notIn, exists, doesNotExist, gt, lt }

  public var key: String
  public var op: Operator
  public var values: [String]
  /// The key is the field metadata.name, not a label.
  public var isField: Bool

  public init(key: String, op: Operator, values: [String] = [], isField: Bool = false) {
    self.key = key
    self.op = op
    self.values = values
    self.isField = isField
  }
}

public struct SelectorTerm: Hashable, Sendable {
  public var requirements: [Requirement]
  /// 1...100 for a preferred term, 0 for a required one.
  public var weight: Int64

  public init(_ requirements: [Requirement], weight: Int64 = 0) {
    self.requirements = requirements
    self.weight = weight
  }
}

public struct PodSpec: Hashable, Sendable {
  public var profile: String
  public var priority: Int32 = 0
  public var requests: [String: Int64] = [:]
  public var nodeSelector: [String: String] = [:]
  public var requiredTerms: [SelectorTerm] = []
  public var preferredTerms: [SelectorTerm] = []
  public var tolerations: [Toleration] = []
  public var namespace = "default"
  public var labels: [String: String] = [:]
  /// The only node that will do; nil: any.
  public var nodeName: String?
  /// Counted resources: what counts in the pod's own scores instead of its request.
  public var scored: [String: Int64] = [:]
  public var hostPorts: [HostPort] = []
  /// One for each container.
  public var images: [String] = []
  public var spreadConstraints: [SpreadConstraint] = []
  /// The spread constraints are the cluster's, not the pod's own.
  public var spreadsByDefault = false
  public var affinityTerms: [PodAffinityTerm] = []
  public var devices: DeviceDemand?

  public init(profile: String) { self.profile = profile }
}

public struct NodeSpec: Sendable {
  /// The domain on the last level, as `Oracle.addDomain` numbered it; 0 in a cluster without levels.
  public var domain: Int
  public var labels: [String: String] = [:]
  public var taints: [Taint] = []
  public var cordoned = false
  public var tieKey: UInt32 = 0
  public var price: Int64 = 0
  public var allocatable: [String: Int64] = [:]
  /// Bytes by name.
  public var images: [String: Int64] = [:]
  /// The node's name does not stand in for the label kubernetes.io/hostname.
  public var lacksHostname = false

  public init(domain: Int) { self.domain = domain }
}

public enum TermKind: CaseIterable, Sendable {
  case leastAllocated, mostAllocated, requestedToCapacityRatio, balancedAllocation, nodeAffinity, taintToleration
  case binpack, spread, price, dotProduct, bestFit
  case imageLocality, podTopologySpread, interPodAffinity
  case gpuLinks, gpuRemainder, gpuModel
  case gpuRandom, gpuBestFit, gpuDotProduct, gpuPacking, gpuClustering, gpuFGD, gpuBerth

  /// A profile has one of these at most; it decides which GPU a share is taken of, too.
  public static let policies: Set<TermKind> = [
    .gpuRandom, .gpuBestFit, .gpuDotProduct, .gpuPacking, .gpuClustering, .gpuFGD, .gpuBerth,
  ]
  /// About devices.
  public static let ofDevices = policies.union([.gpuLinks, .gpuRemainder, .gpuModel])
  /// These know what counts as 1 of cpu and of GPUs.
  public static let scaledPolicies: Set<TermKind> = [.gpuBestFit, .gpuDotProduct, .gpuClustering]
}

public struct TermResource: Sendable {
  public var name: String
  public var weight: Int64
  /// Dot product and best fit, of devices, too: the quantity that counts as 1.
  public var scale: Int64

  public init(_ name: String, weight: Int64 = 1, scale: Int64 = 0) {
    self.name = name
    self.weight = weight
    self.scale = scale
  }
}

public struct ShapePoint: Sendable {
  public var utilization: Int64
  public var score: Int64

  public init(_ utilization: Int64, _ score: Int64) {
    self.utilization = utilization
    self.score = score
  }
}

public struct Term: Sendable {
  public var kind: TermKind
  public var weight: Int64
  public var resources: [TermResource]
  public var points: [ShapePoint]
  /// Inter-pod affinity: what a running pod's required affinity weighs.
  public var hardWeight: Int64 = 0
  /// Inter-pod affinity: running pods have no say where the pod itself prefers nothing.
  public var ignoresExistingPreferences = false

  public init(_ kind: TermKind, weight: Int64 = 1, resources: [TermResource] = [], points: [ShapePoint] = []) {
    self.kind = kind
    self.weight = weight
    self.resources = resources
    self.points = points
  }
}
