import BerthCore
import CBerth

/// One of topologySpreadConstraints[].
public struct SpreadConstraint: Hashable, Sendable {
  public var key: String
  public var selector: berth_selector_id
  public var maxSkew: UInt32
  /// Pods do not go where the skew would be larger; else they rather go elsewhere.
  public var isHard: Bool

  public init(_ key: String, _ selector: berth_selector_id, maxSkew: UInt32, isHard: Bool) {
    self.key = key
    self.selector = selector
    self.maxSkew = maxSkew
    self.isHard = isHard
  }

  fileprivate func record(_ scratch: Scratch) -> berth_spread_constraint {
    var record = berth_spread_constraint()
    record.topology_key = scratch.text(key)
    record.selector = selector
    record.max_skew = maxSkew
    record.when_unsatisfiable = UInt32(isHard ? BERTH_DO_NOT_SCHEDULE : BERTH_SCHEDULE_ANYWAY)
    return record
  }
}

/// A term of podAffinity or podAntiAffinity.
public struct PodAffinityTerm: Hashable, Sendable {
  /// BERTH_POD_AFFINITY_*, BERTH_POD_ANTI_AFFINITY_*
  public var kind: UInt32
  public var key: String
  public var selector: berth_selector_id
  /// BERTH_NO_SELECTOR: the pod's own namespace.
  public var namespaceSelector: berth_selector_id
  /// Preferred terms: 1...100; required ones: 0.
  public var weight: UInt32

  public init(
    _ kind: Int, _ key: String, _ selector: berth_selector_id,
    namespaceSelector: berth_selector_id = UInt32(BERTH_NO_SELECTOR), weight: UInt32 = 0
  ) {
    self.kind = UInt32(kind)
    self.key = key
    self.selector = selector
    self.namespaceSelector = namespaceSelector
    self.weight = weight
  }

  fileprivate func record(_ scratch: Scratch) -> berth_pod_affinity_term {
    var record = berth_pod_affinity_term()
    record.topology_key = scratch.text(key)
    record.selector = selector
    record.namespace_selector = namespaceSelector
    record.kind = kind
    record.weight = weight
    return record
  }
}

extension Scratch {
  /// What a spec says of other pods.
  func constrain(_ record: inout berth_pod_spec, _ spec: PodSpec) {
    record.labels = labels(spec.labels)
    record.label_count = UInt32(spec.labels.count)
    record.namespace_name = spec.namespace.map { text($0) }
    record.images = texts(spec.images)
    record.image_count = UInt32(spec.images.count)
    record.host_ports = array(
      spec.hostPorts.map { berth_host_port(host_ip: nil, port: $0, protocol: UInt32(BERTH_PROTOCOL_TCP)) })
    record.host_port_count = UInt32(spec.hostPorts.count)
    record.spread_constraints = array(spec.spread.map { $0.record(self) })
    record.spread_constraint_count = UInt32(spec.spread.count)
    if spec.spreadIsDefault { record.flags = UInt32(BERTH_POD_DEFAULT_SPREAD) }
    record.affinity_terms = array(spec.affinity.map { $0.record(self) })
    record.affinity_term_count = UInt32(spec.affinity.count)
  }
}

extension Engine {
  /// Pods (or namespaces) whose label has one of these values.
  public func internSelector(_ key: String, in values: [String]) throws(EngineError) -> berth_selector_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let requirement = berth_requirement(
      key: scratch.text(key), op: UInt32(BERTH_OP_IN), value_count: UInt32(values.count), values: scratch.texts(values),
      is_field: 0, reserved: 0)
    return try internSelector(UnsafeBufferPointer(start: scratch.array([requirement]), count: 1))
  }

  public func internImages(_ images: [(name: String, bytes: Int64)]) throws(EngineError) -> berth_image_set_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let records = images.map { berth_image(name: scratch.text($0.name), size_bytes: $0.bytes) }
    return try internImageSet(UnsafeBufferPointer(start: scratch.array(records), count: records.count))
  }

  public func setNamespace(_ name: String, _ labels: [Label]) throws(EngineError) {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    try setNamespace(
      name: scratch.text(name), labels: UnsafeBufferPointer(start: scratch.labels(labels), count: labels.count))
  }

  public func removeNamespace(_ name: String) throws(EngineError) {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    try removeNamespace(name: scratch.text(name))
  }
}
