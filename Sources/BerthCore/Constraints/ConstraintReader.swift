import CBerth

/// Reads what a spec says of other pods, checked.
struct ConstraintReader {
  /// How many selectors the engine has.
  let selectors: Int

  private static let most: UInt32 = 10_000

  private func check(
    _ count: UInt32, _ pointer: UnsafeRawPointer?, _ what: String, atMost limit: UInt32 = most
  ) throws(EngineError) {
    if count > 0 && pointer == nil { throw refuse(BERTH_NULL_POINTER, "\(what) is null") }
    guard count <= limit else { throw refuse(BERTH_LIMIT, "\(what): at most \(limit)") }
  }

  func traits(_ spec: berth_pod_spec) throws(EngineError) -> PodTraits {
    try check(spec.label_count, UnsafeRawPointer(spec.labels), "labels")
    try check(spec.host_port_count, UnsafeRawPointer(spec.host_ports), "host_ports")
    try check(
      spec.spread_constraint_count, UnsafeRawPointer(spec.spread_constraints), "spread_constraints",
      atMost: BERTH_MAX_SPREAD_CONSTRAINTS)
    try check(
      spec.affinity_term_count, UnsafeRawPointer(spec.affinity_terms), "affinity_terms",
      atMost: BERTH_MAX_AFFINITY_TERMS)
    var traits = PodTraits()
    if let name = spec.namespace_name { traits.namespace = try Text.read(name, "namespace_name") }
    traits.labels = try Self.labels(UnsafeBufferPointer(start: spec.labels, count: Int(spec.label_count)))
    for index in 0..<Int(spec.host_port_count) {
      traits.hostPorts.append(try port(spec.host_ports[index], "host port \(index)"))
    }
    traits.hostPorts = Set(traits.hostPorts).sorted()
    for index in 0..<Int(spec.spread_constraint_count) {
      traits.spread.append(try spread(spec.spread_constraints[index], "spread constraint \(index)"))
    }
    traits.spreadIsDefault = spec.flags & UInt32(BERTH_POD_DEFAULT_SPREAD) != 0
    guard !traits.spreadIsDefault || !traits.spread.contains(where: \.isHard) else {
      throw refuse(BERTH_BAD_ARGUMENT, "BERTH_POD_DEFAULT_SPREAD: default constraints are SCHEDULE_ANYWAY")
    }
    if traits.spread.isEmpty { traits.spreadIsDefault = false }
    for index in 0..<Int(spec.affinity_term_count) {
      traits.affinity.append(try term(spec.affinity_terms[index], traits.namespace, "affinity term \(index)"))
    }
    traits.affinity.sort()
    return traits
  }

  static func labels(_ records: UnsafeBufferPointer<berth_label>) throws(EngineError) -> [Name: Name] {
    var labels: [Name: Name] = [:]
    for (index, record) in records.enumerated() {
      let key = try Text.read(record.key, "key of label \(index)")
      let value = try Text.read(record.value, "value of label \"\(key)\"", allowsEmpty: true)
      guard labels.updateValue(value, forKey: key) == nil else {
        throw refuse(BERTH_DUPLICATE, "label \"\(key)\" occurs twice")
      }
    }
    return labels
  }

  func images(_ spec: berth_pod_spec) throws(EngineError) -> [Name] {
    try check(spec.image_count, UnsafeRawPointer(spec.images), "images")
    var images: [Name] = []
    for index in 0..<Int(spec.image_count) {
      images.append(try Text.read(spec.images[index], "image \(index)", allowsEmpty: true))
    }
    return images.sorted()
  }

  private func port(_ record: berth_host_port, _ what: String) throws(EngineError) -> HostPort {
    guard record.port >= 1, record.port <= 65535 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): port \(record.port) is outside 1...65535")
    }
    guard record.protocol <= UInt32(BERTH_PROTOCOL_SCTP) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): protocol \(record.protocol) is unknown: use BERTH_PROTOCOL_*")
    }
    var address = try Text.readOptional(record.host_ip, "\(what): host_ip")
    if address == "0.0.0.0" { address = "" }
    return HostPort(address: address, port: UInt16(record.port), proto: UInt8(record.protocol))
  }

  private func spread(_ record: berth_spread_constraint, _ what: String) throws(EngineError) -> SpreadConstraint {
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(what): reserved must be 0") }
    let key = try Text.read(record.topology_key, "\(what): topology_key")
    guard record.max_skew >= 1, record.max_skew <= UInt32(Int32.max) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): max_skew \(record.max_skew): must be positive, and below 2^31")
    }
    guard record.when_unsatisfiable >= 1, record.when_unsatisfiable <= UInt32(BERTH_SCHEDULE_ANYWAY) else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what): when_unsatisfiable \(record.when_unsatisfiable): use BERTH_DO_NOT_SCHEDULE or BERTH_SCHEDULE_ANYWAY")
    }
    let isHard = Int(record.when_unsatisfiable) == BERTH_DO_NOT_SCHEDULE
    guard record.min_domains <= UInt32(Int32.max), isHard || record.min_domains == 0 else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): min_domains \(record.min_domains): below 2^31, and for DO_NOT_SCHEDULE only")
    }
    let policies = [record.node_affinity_policy, record.node_taints_policy]
    guard policies.allSatisfy({ $0 <= UInt32(BERTH_POLICY_IGNORE) }) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): a policy is unknown: use BERTH_POLICY_*")
    }
    return SpreadConstraint(
      topologyKey: key,
      selector: try selector(
        record.selector, (record.match_label_keys, record.match_label_key_count), (nil, 0), what),
      maxSkew: Int64(record.max_skew), minDomains: Int64(record.min_domains), isHard: isHard,
      honorsAffinity: Int(record.node_affinity_policy) != BERTH_POLICY_IGNORE,
      honorsTaints: Int(record.node_taints_policy) == BERTH_POLICY_HONOR)
  }

  private func term(
    _ record: berth_pod_affinity_term, _ namespace: Name, _ what: String
  ) throws(EngineError) -> PodAffinityTerm {
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "\(what): reserved must be 0") }
    guard record.kind >= 1, record.kind <= UInt32(BERTH_POD_ANTI_AFFINITY_PREFERRED) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): kind \(record.kind) is unknown: use BERTH_POD_AFFINITY_*")
    }
    let isPreferred =
      Int(record.kind) == BERTH_POD_AFFINITY_PREFERRED || Int(record.kind) == BERTH_POD_ANTI_AFFINITY_PREFERRED
    guard isPreferred ? (1...100).contains(record.weight) : record.weight == 0 else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what): weight \(record.weight) is \(isPreferred ? "outside 1...100" : "for preferred terms")")
    }
    let key = try Text.read(record.topology_key, "\(what): topology_key")
    try check(record.namespace_count, UnsafeRawPointer(record.namespaces), "\(what): namespaces")
    var namespaces: [Name] = []
    for index in 0..<Int(record.namespace_count) {
      namespaces.append(try Text.read(record.namespaces[index], "\(what): namespace \(index)"))
    }
    let namespaceSelector = record.namespace_selector
    guard namespaceSelector == UInt32(BERTH_NO_SELECTOR) || Int(namespaceSelector) < selectors else {
      throw refuse(BERTH_UNKNOWN_ID, "\(what): namespace selector \(namespaceSelector) is unknown")
    }
    if namespaces.isEmpty && namespaceSelector == UInt32(BERTH_NO_SELECTOR) { namespaces = [namespace] }
    return PodAffinityTerm(
      kind: record.kind, topologyKey: key,
      selector: try selector(
        record.selector, (record.match_label_keys, record.match_label_key_count),
        (record.mismatch_label_keys, record.mismatch_label_key_count), what),
      namespaces: Set(namespaces).sorted(), namespaceSelector: namespaceSelector, weight: Int64(record.weight))
  }

  private typealias Keys = (UnsafePointer<UnsafePointer<CChar>?>?, UInt32)

  private func selector(
    _ id: UInt32, _ match: Keys, _ mismatch: Keys, _ what: String
  ) throws(EngineError) -> PodSelector {
    guard id == UInt32(BERTH_NO_SELECTOR) || Int(id) < selectors else {
      throw refuse(BERTH_UNKNOWN_ID, "\(what): selector \(id) is unknown")
    }
    return PodSelector(
      id: id, matchLabelKeys: try keys(match, "\(what): match_label_keys"),
      mismatchLabelKeys: try keys(mismatch, "\(what): mismatch_label_keys"))
  }

  private func keys(_ list: Keys, _ what: String) throws(EngineError) -> [Name] {
    try check(list.1, UnsafeRawPointer(list.0), what)
    var keys: [Name] = []
    for index in 0..<Int(list.1) { keys.append(try Text.read(list.0![index], "\(what): key \(index)")) }
    return Set(keys).sorted()
  }
}
