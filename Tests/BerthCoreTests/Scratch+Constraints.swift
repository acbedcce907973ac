import BerthOracle
import CBerth

/// What a pod says of ports and of other pods, as the header wants it.
extension Scratch {
  /// Constraints of topology spread keep their order, other lists take a random one.
  func fillIn(
    _ spec: inout berth_pod_spec, _ pod: PodSpec, resource: (String) -> UInt32, selector: (LabelSelector?) -> UInt32,
    random: inout Random
  ) {
    spec.flags = pod.spreadsByDefault ? UInt32(BERTH_POD_DEFAULT_SPREAD) : 0
    spec.namespace_name = pod.namespace == "default" && random.chance(0.5) ? nil : text(pod.namespace)
    spec.node_name = pod.nodeName.map { text($0) }
    let labels = labels(random.shuffled(pod.labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    spec.labels = labels.baseAddress
    spec.label_count = UInt32(labels.count)
    let scored = quantities(
      random.shuffled(pod.scored.sorted { $0.key < $1.key }).map { (resource: resource($0.key), value: $0.value) })
    spec.scored = scored.baseAddress
    spec.scored_count = UInt32(scored.count)
    let ports = random.shuffled(pod.hostPorts).map { port in
      let isEvery = port.address == HostPort.everyAddress
      let address: String? = isEvery ? random.pick([nil, "", HostPort.everyAddress]) : port.address
      return berth_host_port(
        host_ip: address.map { text($0) }, port: UInt32(port.port), protocol: code(port.transport))
    }
    spec.host_ports = UnsafePointer(array(ports))
    spec.host_port_count = UInt32(ports.count)
    spec.images = texts(random.shuffled(pod.images))
    spec.image_count = UInt32(pod.images.count)
    let constraints = pod.spreadConstraints.map { constraint($0, selector: selector, &random) }
    spec.spread_constraints = UnsafePointer(array(constraints))
    spec.spread_constraint_count = UInt32(constraints.count)
    let terms = random.shuffled(pod.affinityTerms).map { term($0, selector: selector, &random) }
    spec.affinity_terms = UnsafePointer(array(terms))
    spec.affinity_term_count = UInt32(terms.count)
    if let devices = pod.devices { spec.devices = UnsafePointer(array([demand(devices, random: &random)])) }
  }

  private func constraint(
    _ constraint: SpreadConstraint, selector: (LabelSelector?) -> UInt32, _ random: inout Random
  ) -> berth_spread_constraint {
    var record = berth_spread_constraint()
    record.topology_key = text(constraint.topologyKey)
    record.selector = selector(constraint.selector)
    record.max_skew = UInt32(constraint.maxSkew)
    record.min_domains = UInt32(constraint.minDomains ?? 0)
    record.when_unsatisfiable = UInt32(constraint.isRequired ? BERTH_DO_NOT_SCHEDULE : BERTH_SCHEDULE_ANYWAY)
    record.node_affinity_policy = code(constraint.affinityPolicy)
    record.node_taints_policy = code(constraint.taintsPolicy)
    record.match_label_keys = texts(random.shuffled(constraint.matchLabelKeys))
    record.match_label_key_count = UInt32(constraint.matchLabelKeys.count)
    return record
  }

  private func term(
    _ term: PodAffinityTerm, selector: (LabelSelector?) -> UInt32, _ random: inout Random
  ) -> berth_pod_affinity_term {
    var record = berth_pod_affinity_term()
    record.topology_key = text(term.topologyKey)
    record.selector = selector(term.selector)
    record.namespace_selector = selector(term.namespaceSelector)
    record.kind = code(term.kind)
    record.weight = UInt32(term.weight)
    record.namespaces = texts(random.shuffled(term.namespaces))
    record.namespace_count = UInt32(term.namespaces.count)
    record.match_label_keys = texts(random.shuffled(term.matchLabelKeys))
    record.match_label_key_count = UInt32(term.matchLabelKeys.count)
    record.mismatch_label_keys = texts(random.shuffled(term.mismatchLabelKeys))
    record.mismatch_label_key_count = UInt32(term.mismatchLabelKeys.count)
    return record
  }

  func images(_ images: [(name: String, size: Int64)]) -> UnsafeBufferPointer<berth_image> {
    buffer(images.map { berth_image(name: text($0.name), size_bytes: $0.size) })
  }
}

func code(_ op: Toleration.Operator) -> UInt32 {
  switch op {
  case .equal: UInt32(BERTH_TOLERATION_EQUAL)
  case .exists: UInt32(BERTH_TOLERATION_EXISTS)
  case .gt: UInt32(BERTH_TOLERATION_GT)
  case .lt: UInt32(BERTH_TOLERATION_LT)
  }
}

private func code(_ transport: HostPort.Transport) -> UInt32 {
  switch transport {
  case .tcp: UInt32(BERTH_PROTOCOL_TCP)
  case .udp: UInt32(BERTH_PROTOCOL_UDP)
  case .sctp: UInt32(BERTH_PROTOCOL_SCTP)
  }
}

private func code(_ policy: SpreadConstraint.Policy?) -> UInt32 {
  switch policy {
  case nil: UInt32(BERTH_POLICY_DEFAULT)
  case .honor: UInt32(BERTH_POLICY_HONOR)
  case .ignore: UInt32(BERTH_POLICY_IGNORE)
  }
}

private func code(_ kind: PodAffinityTerm.Kind) -> UInt32 {
  switch kind {
  case .requiredAffinity: UInt32(BERTH_POD_AFFINITY_REQUIRED)
  case .preferredAffinity: UInt32(BERTH_POD_AFFINITY_PREFERRED)
  case .requiredAntiAffinity: UInt32(BERTH_POD_ANTI_AFFINITY_REQUIRED)
  case .preferredAntiAffinity: UInt32(BERTH_POD_ANTI_AFFINITY_PREFERRED)
  }
}

func code(_ reason: Reason) -> UInt32 {
  switch reason {
  case .unschedulable: UInt32(BERTH_REASON_UNSCHEDULABLE)
  case .nodeName: UInt32(BERTH_REASON_NODE_NAME)
  case .taint: UInt32(BERTH_REASON_TAINT)
  case .affinity: UInt32(BERTH_REASON_AFFINITY)
  case .hostPorts: UInt32(BERTH_REASON_HOST_PORTS)
  case .insufficient: UInt32(BERTH_REASON_INSUFFICIENT_RESOURCE)
  case .spreadLabel: UInt32(BERTH_REASON_SPREAD_LABEL)
  case .spread: UInt32(BERTH_REASON_SPREAD)
  case .podAffinity: UInt32(BERTH_REASON_POD_AFFINITY)
  case .podAntiAffinity: UInt32(BERTH_REASON_POD_ANTI_AFFINITY)
  case .existingAntiAffinity: UInt32(BERTH_REASON_EXISTING_ANTI_AFFINITY)
  case .noSuchDevices: UInt32(BERTH_REASON_NO_SUCH_DEVICES)
  case .devicesTaken: UInt32(BERTH_REASON_DEVICES_TAKEN)
  }
}
