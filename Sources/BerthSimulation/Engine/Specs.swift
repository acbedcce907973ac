import BerthCore
import CBerth

/// A label of a node, or a demand of a node selector.
public struct Label: Hashable, Sendable {
  public var key: String
  public var value: String

  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

public enum TaintEffect: Sendable {
  case any, noSchedule, preferNoSchedule, noExecute

  /// The constant of berth.h.
  var code: UInt32 {
    switch self {
    case .any: UInt32(BERTH_EFFECT_ANY)
    case .noSchedule: UInt32(BERTH_EFFECT_NO_SCHEDULE)
    case .preferNoSchedule: UInt32(BERTH_EFFECT_PREFER_NO_SCHEDULE)
    case .noExecute: UInt32(BERTH_EFFECT_NO_EXECUTE)
    }
  }
}

public struct Taint: Hashable, Sendable {
  public var key: String
  public var value: String
  public var effect: TaintEffect

  public init(_ key: String, _ value: String = "", _ effect: TaintEffect) {
    self.key = key
    self.value = value
    self.effect = effect
  }
}

/// Tolerates the key whatever its value (`value` nil: Exists) or with that value (Equal).
public struct Toleration: Hashable, Sendable {
  public var key: String
  public var value: String?
  public var effect: TaintEffect

  public init(_ key: String, value: String? = nil, effect: TaintEffect = .any) {
    self.key = key
    self.value = value
    self.effect = effect
  }
}

/// One required term of node affinity: the label's value is one of these.
public struct AffinityIn: Hashable, Sendable {
  public var key: String
  public var values: [String]

  public init(_ key: String, in values: [String]) {
    self.key = key
    self.values = values
  }
}

public struct Quantity: Hashable, Sendable {
  public var resource: berth_resource_id
  public var value: Int64

  public init(_ resource: berth_resource_id, _ value: Int64) {
    self.resource = resource
    self.value = value
  }
}

/// What a pod asks for; the part of berth_pod_spec that the scenarios use.
public struct PodSpec: Hashable, Sendable {
  public var profile: berth_profile_id
  public var requests: [Quantity]
  public var priority: Int32
  public var nodeSelector: [Label] = []
  /// Requirements of the one required term; all must hold.
  public var requiredAffinity: [AffinityIn] = []
  public var tolerations: [Toleration] = []
  /// What other pods' selectors see; nil: the namespace "default".
  public var labels: [Label] = []
  public var namespace: String?
  public var images: [String] = []
  /// Of TCP, on all addresses.
  public var hostPorts: [UInt32] = []
  public var spread: [SpreadConstraint] = []
  /// The spread constraints are the cluster's defaults.
  public var spreadIsDefault = false
  public var affinity: [PodAffinityTerm] = []
  public var devices: DeviceSpec?

  public init(profile: berth_profile_id, requests: [Quantity], priority: Int32 = 0) {
    self.profile = profile
    self.requests = requests
    self.priority = priority
  }
}

/// A score term of a profile.
public struct ScoreTerm: Sendable {
  public struct Resource: Sendable {
    public var id: berth_resource_id
    public var weight: UInt32
    /// Dot product and best fit: what counts as 1. Other terms: 0.
    public var scale: Int64

    public init(_ id: berth_resource_id, weight: UInt32 = 1, scale: Int64 = 0) {
      self.id = id
      self.weight = weight
      self.scale = scale
    }
  }

  /// A BERTH_TERM_* constant.
  public var kind: UInt32
  public var weight: Double
  public var resources: [Resource]

  public init(_ kind: UInt32, weight: Double = 1, resources: [Resource] = []) {
    self.kind = kind
    self.weight = weight
    self.resources = resources
  }
}
