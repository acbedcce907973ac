import CBerth

extension ClusterEngine {
  /// The class of a pod. `isRunning` leaves out what only placing looks at: the node a pod is bound to is no demand. Of
  /// a running pod, devices are asked for on the node that is said.
  func podClass(
    _ pod: Pod, _ surroundings: Surroundings, isRunning: Bool = false, on node: Int? = nil
  ) throws -> berth_class_id {
    let memory = CallMemory()
    var spec = berth_pod_spec()
    berth_pod_spec_init(&spec)
    spec.profile = profileID
    spec.priority = pod.priority
    spec.namespace_name = memory.text(pod.metadata.namespace)
    if !isRunning, let nodeName = pod.nodeName { spec.node_name = memory.text(nodeName) }
    setLabels(&spec, pod, memory)
    setRequests(&spec, pod.requests, memory)
    setNodeDemands(&spec, pod, memory)
    try setPodDemands(&spec, pod, surroundings, memory)
    if !isRunning || node != nil, !machineOfNode.isEmpty, let demand = try demand(pod, on: node, memory) {
      spec.devices = memory.list([demand])
    }
    var id: berth_class_id = 0
    try must(berth_class_intern(handle, &spec, &id))
    return id
  }

  private func setLabels(_ spec: inout berth_pod_spec, _ pod: Pod, _ memory: CallMemory) {
    let labels = records(pod.metadata.labels, memory)
    spec.labels = memory.list(labels)
    spec.label_count = UInt32(labels.count)
    spec.images = memory.texts(pod.images)
    spec.image_count = UInt32(pod.images.count)
    let ports = pod.hostPorts.map {
      berth_host_port(host_ip: memory.text($0.address), port: $0.port, protocol: $0.transport)
    }
    spec.host_ports = memory.list(ports)
    spec.host_port_count = UInt32(ports.count)
  }

  private func setRequests(_ spec: inout berth_pod_spec, _ requests: PodRequests, _ memory: CallMemory) {
    func quantity(_ resource: berth_resource_id, _ value: Int64) -> berth_quantity {
      berth_quantity(resource: resource, reserved: 0, value: value)
    }
    let held = requests.held.filter { counts($0.resource) }.map { quantity(resourceIDs[$0.resource]!, $0.value) }
    let counted = [quantity(countedCPU, requests.countedCPU), quantity(countedMemory, requests.countedMemory)]
    let all = held + counted
    spec.requests = memory.list(all)
    spec.request_count = UInt32(all.count)
    var scored: [berth_quantity] = []
    if requests.scoredCPU != requests.countedCPU { scored.append(quantity(countedCPU, requests.scoredCPU)) }
    if requests.scoredMemory != requests.countedMemory { scored.append(quantity(countedMemory, requests.scoredMemory)) }
    spec.scored = memory.list(scored)
    spec.scored_count = UInt32(scored.count)
  }

  private func setNodeDemands(_ spec: inout berth_pod_spec, _ pod: Pod, _ memory: CallMemory) {
    let selector = records(pod.nodeSelector, memory)
    spec.node_selector = memory.list(selector)
    spec.node_selector_count = UInt32(selector.count)
    let required = (pod.affinity.node.required ?? []).map { term($0, memory) }
    spec.required_terms = memory.list(required)
    spec.required_term_count = UInt32(required.count)
    let preferred = pod.affinity.node.preferred.map { term($0, memory) }
    spec.preferred_terms = memory.list(preferred)
    spec.preferred_term_count = UInt32(preferred.count)
    let tolerations = pod.tolerations.map { toleration in
      berth_toleration(
        key: memory.text(toleration.key), value: memory.text(toleration.value), op: toleration.op,
        effect: toleration.effect?.code ?? UInt32(BERTH_EFFECT_ANY))
    }
    spec.tolerations = memory.list(tolerations)
    spec.toleration_count = UInt32(tolerations.count)
  }

  private func setPodDemands(
    _ spec: inout berth_pod_spec, _ pod: Pod, _ surroundings: Surroundings, _ memory: CallMemory
  ) throws {
    var spread = pod.spread
    if spread.isEmpty, let selector = surroundings.defaultSelector(pod) {
      spread = SpreadConstraint.systemDefaults(selector)
      spec.flags |= UInt32(BERTH_POD_DEFAULT_SPREAD)
    }
    var constraints: [berth_spread_constraint] = []
    for constraint in spread { constraints.append(try record(constraint, memory)) }
    spec.spread_constraints = memory.list(constraints)
    spec.spread_constraint_count = UInt32(constraints.count)
    var terms: [berth_pod_affinity_term] = []
    for term in pod.affinity.pods { terms.append(try record(term, memory)) }
    spec.affinity_terms = memory.list(terms)
    spec.affinity_term_count = UInt32(terms.count)
  }

  // MARK: Records

  private func requirements(_ list: [Requirement], _ memory: CallMemory) -> [berth_requirement] {
    list.map { requirement in
      berth_requirement(
        key: memory.text(requirement.key), op: requirement.op.code, value_count: UInt32(requirement.values.count),
        values: memory.texts(requirement.values), is_field: requirement.isField ? 1 : 0, reserved: 0)
    }
  }

  private func term(_ term: NodeSelectorTerm, _ memory: CallMemory) -> berth_selector_term {
    let list = requirements(term.requirements, memory)
    return berth_selector_term(
      requirements: memory.list(list), requirement_count: UInt32(list.count), weight: term.weight)
  }

  private func selector(_ selector: LabelSelector?) throws -> berth_selector_id {
    guard let selector else { return BERTH_NO_SELECTOR }
    let memory = CallMemory()
    var id: berth_selector_id = 0
    let list = requirements(selector.requirements, memory)
    try must(berth_selector_intern(handle, list, list.count, &id))
    return id
  }

  private func record(_ constraint: SpreadConstraint, _ memory: CallMemory) throws -> berth_spread_constraint {
    berth_spread_constraint(
      topology_key: memory.text(constraint.topologyKey), selector: try selector(constraint.selector),
      max_skew: constraint.maxSkew, min_domains: constraint.minDomains,
      when_unsatisfiable: constraint.whenUnsatisfiable, node_affinity_policy: constraint.nodeAffinityPolicy,
      node_taints_policy: constraint.nodeTaintsPolicy, match_label_key_count: UInt32(constraint.matchLabelKeys.count),
      reserved: 0, match_label_keys: memory.texts(constraint.matchLabelKeys))
  }

  private func record(_ term: PodAffinityTerm, _ memory: CallMemory) throws -> berth_pod_affinity_term {
    berth_pod_affinity_term(
      topology_key: memory.text(term.topologyKey), selector: try selector(term.selector),
      namespace_selector: try selector(term.namespaceSelector), kind: term.kind, weight: term.weight,
      namespace_count: UInt32(term.namespaces.count), match_label_key_count: UInt32(term.matchLabelKeys.count),
      mismatch_label_key_count: UInt32(term.mismatchLabelKeys.count), reserved: 0,
      namespaces: memory.texts(term.namespaces), match_label_keys: memory.texts(term.matchLabelKeys),
      mismatch_label_keys: memory.texts(term.mismatchLabelKeys))
  }
}
