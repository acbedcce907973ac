import CBerth

/// What the machines of a cluster have in common, so that no pod has to look at every node.
struct Fleet {
  /// Each machine once.
  var entries: [Machines.Entry] = []
  var models: Set<String> = []
  /// Some node slices GPUs' time under the name of whole ones.
  var slicesPlainly = false
  /// Some node has GPUs that are only counted: `Node.countsInstances`.
  var countsInstances = false

  init() {}

  init(_ machines: some Sequence<Machines.Entry>, slicesPlainly: Bool) {
    var seen: Set<berth_machine_id> = []
    entries = machines.filter { seen.insert($0.id).inserted }.sorted { $0.id < $1.id }
    models = Set(entries.flatMap { $0.gpus.map(\.model) })
    self.slicesPlainly = slicesPlainly
  }
}

extension ClusterEngine {
  /// Says which machines the nodes are. What the engine refuses of a node is the node's fault.
  func setMachines() throws {
    var ids: [berth_node_id] = []
    var kinds: [berth_machine_id] = []
    for (index, node) in nodes.enumerated() {
      guard let gpus = node.gpus else { continue }
      do throws(MachineFailure) {
        let entry = try machines.entry(gpus.kind)
        if let none = gpus.sick.first(where: { $0 >= entry.gpus.count }) {
          let message = "there is no GPU\(none) among \(entry.gpus.count)"
          throw MachineFailure(list: "annotations", member: DeviceNames.sickGPUs, message: message)
        }
        machineOfNode[index] = entry
        ids.append(nodeIDs[index])
        kinds.append(entry.id)
      } catch {
        let path = "metadata.\(error.list)[\(error.member)]"
        problems.append(Problem("Node \(node.name)", path, error.message))
      }
    }
    fleet = Fleet(machineOfNode.values, slicesPlainly: nodes.contains { $0.gpus?.slicesPlainly ?? false })
    fleet.countsInstances = nodes.contains(where: \.countsInstances)
    try must(berth_nodes_set_machines(handle, ids, kinds, ids.count))
  }

  /// What a reader of the result should know of the nodes' devices.
  var notes: [String] {
    var notes: [String] = []
    let sliced = machineOfNode.keys.count { nodes[$0].gpus?.slicesPlainly ?? false }
    if sliced > 0 && sliced < machineOfNode.count {
      notes.append(
        "\(sliced) nodes slice the time of GPUs as \(DeviceNames.gpu) beside others that do not: a pod counts as one "
          + "slice only if its nodeSelector keeps it to such nodes, else as a whole GPU")
    }
    let counting = nodes.indices.count { nodes[$0].countsInstances && !hasMachine($0) }
    if counting > 0 {
      let others = ", and go only to pods whose nodeSelector keeps them to such nodes"
      notes.append(
        "\(counting) nodes have MIG instances as \(DeviceNames.gpu) (strategy single): these are counted, not placed one "
          + "by one" + (machineOfNode.isEmpty ? "" : others))
    }
    return notes
  }

  func setHealth() throws {
    for (index, node) in nodes.enumerated() where machineOfNode[index] != nil {
      guard let sick = node.gpus?.sick, !sick.isEmpty else { continue }
      try must(berth_node_set_health(handle, nodeIDs[index], DeviceAssignment.mask(sick), 0))
    }
  }

  // MARK: Demands

  /// What a pod asks for in the engine's words; nil: nothing. `node` is where it runs: what depends on the GPUs that it
  /// meets is known there, and has to be the same on all nodes that it may go to elsewhere.
  func demand(_ pod: Pod, on node: Int?, _ memory: CallMemory) throws -> berth_device_demand? {
    guard let request = pod.devices, !(request.isCount && countsInstances(pod, node)) else { return nil }
    var demand = berth_device_demand()
    demand.gpu_count = UInt32(request.gpuCount)
    demand.nic_count = UInt32(request.nicCount)
    demand.link_required = request.linkRequired
    if request.prefersLinks { demand.flags |= UInt32(BERTH_DEVICES_PREFER_LINKS) }
    if request.nicsBySwitch { demand.flags |= UInt32(BERTH_DEVICES_NICS_BY_SWITCH) }
    if let models = try modelsText(request) { demand.models = memory.text(models) }
    switch request.kind {
    case .instance: demand.mig_profile = memory.text(request.profile)
    case .slice: demand.flags |= UInt32(BERTH_DEVICES_TIME_SLICE)
    case .whole where request.isPlain && slicesPlainly(pod, node):
      try check(pod, request.gpuCount == 1, "a pod has one slice of a GPU's time, not \(request.gpuCount)")
      demand.flags |= UInt32(BERTH_DEVICES_TIME_SLICE)
      demand.flags &= ~UInt32(BERTH_DEVICES_PREFER_LINKS)
      demand.link_required = 0
    case .whole:
      demand.share_milli = 1000
      demand.memory_mib = request.memoryMiB
    case .share:
      demand.share_milli = min(request.milli, 999)
      demand.memory_mib = request.memoryMiB
      if request.memoryPercent > 0 { demand.memory_mib = try memoryShare(pod, request, node) }
    }
    return demand
  }

  private func check(_ pod: Pod, _ condition: Bool, _ message: String) throws {
    if !condition { throw Problem("Pod \(pod.path)", "spec.containers", message) }
  }

  /// The nodes with devices that a pod may go to, as far as its node selector tells.
  private func places(_ pod: Pod, _ node: Int?) -> [Int] {
    if let node { return [node] }
    return machineOfNode.keys.filter { index in
      pod.nodeSelector.allSatisfy { nodes[index].label($0.key) == $0.value }
    }
  }

  /// All GPUs that the pod could get are sliced, and go by the name of whole ones.
  private func slicesPlainly(_ pod: Pod, _ node: Int?) -> Bool {
    guard fleet.slicesPlainly else { return false }
    let places = places(pod, node)
    return !places.isEmpty && places.allSatisfy { nodes[$0].gpus?.slicesPlainly ?? false }
  }

  /// All GPUs that the pod could get are MIG instances that are counted like any other resource.
  private func countsInstances(_ pod: Pod, _ node: Int?) -> Bool {
    guard fleet.countsInstances, node == nil, places(pod, nil).isEmpty else { return false }
    return nodes.contains { node in
      node.countsInstances && pod.nodeSelector.allSatisfy { node.label($0.key) == $0.value }
    }
  }

  /// Per cent of a GPU's memory are MiB where all GPUs that the pod could get have equally much.
  private func memoryShare(_ pod: Pod, _ request: DeviceRequest, _ node: Int?) throws -> UInt32 {
    func sizes(_ entries: [Machines.Entry]) -> [UInt32] {
      let wanted = entries.flatMap(\.gpus).filter { gpu in
        request.models.isEmpty || request.models.contains { ModelNames.matches($0, gpu.model) }
      }
      return Set(wanted.map(\.memoryMiB)).sorted()
    }
    var found = node == nil ? sizes(fleet.entries) : []
    if found.count != 1 { found = sizes(places(pod, node).compactMap { machineOfNode[$0] }) }
    let list = found.map { "\($0)" }.joined(separator: ", ")
    try check(
      pod, found.count <= 1,
      "\(request.memoryPercent) per cent of a GPU's memory is not the same everywhere (\(list) MiB): ask for an amount, "
        + "or name models with \(DeviceNames.models)")
    return UInt32(max(1, UInt64(found.first ?? 1) * UInt64(request.memoryPercent) / 100))
  }

  /// The engine knows models by their full names, and refuses names that it never heard: these fit nowhere.
  private func modelsText(_ request: DeviceRequest) throws -> String? {
    guard !request.models.isEmpty || !request.exactModels.isEmpty else { return nil }
    var names = Set(request.exactModels)
    for name in names.subtracting(fleet.models) { try must(berth_gpu_model_set(handle, name, 0)) }
    for asked in request.models {
      let known = fleet.models.filter { ModelNames.matches(asked, $0) }
      names.formUnion(known)
      if known.isEmpty {
        try must(berth_gpu_model_set(handle, asked, 0))
        names.insert(asked)
      }
    }
    return names.sorted().joined(separator: "|")
  }

  // MARK: Claims

  /// Runs a pod that is there already, with the devices that it says it has.
  func bind(_ podClass: berth_class_id, to node: Int, _ pod: Pod, _ assignment: DeviceAssignment) throws -> berth_pod_id
  {
    var id: berth_pod_id = 0
    var claim = try claim(of: pod, on: node, assignment)
    try must(berth_pods_bind_claims(handle, [podClass], [nodeIDs[node]], &claim, 1, &id))
    return id
  }

  private func claim(of pod: Pod, on node: Int, _ assignment: DeviceAssignment) throws -> berth_claim {
    let memory = CallMemory()
    guard let demand = try demand(pod, on: node, memory), let machine = machineOfNode[node] else {
      return berth_claim()
    }
    var claim = berth_claim()
    claim.gpus = DeviceAssignment.mask(assignment.gpus)
    claim.mig_slices = DeviceAssignment.mask(assignment.migSlices)
    claim.share_milli = demand.share_milli
    if demand.flags & UInt32(BERTH_DEVICES_TIME_SLICE) != 0, let first = assignment.gpus.first,
      first < machine.gpus.count, machine.gpus[first].timeSlices > 0
    {
      claim.share_milli = 1000 / machine.gpus[first].timeSlices
    }
    if claim.share_milli < 1000 { claim.memory_mib = demand.memory_mib }
    claim.nics = DeviceAssignment.mask(assignment.nics)
    if assignment.nics.isEmpty && demand.nic_count > 0 { claim.nics = try freeNICs(node, Int(demand.nic_count)) }
    return claim
  }

  /// A pod that says its GPUs and not its NICs has the first free ones.
  private func freeNICs(_ node: Int, _ count: Int) throws -> UInt32 {
    var machine: berth_machine_id = 0
    var functions = [UInt32](repeating: 0, count: DeviceRequest.mostNICs)
    try must(berth_node_read_devices(handle, nodeIDs[node], &machine, nil, &functions))
    return DeviceAssignment.mask(Array(functions.indices.filter { functions[$0] > 0 }.prefix(count)))
  }

  /// The devices that a placed pod got; nil: none.
  func assignment(_ id: berth_pod_id, _ pod: Pod) throws -> DeviceAssignment? {
    guard pod.devices != nil else { return nil }
    var claim = berth_claim()
    try must(berth_claims_read(handle, [id], 1, &claim))
    guard claim.gpus != 0 else { return nil }
    return DeviceAssignment(
      gpus: DeviceAssignment.indices(claim.gpus), nics: DeviceAssignment.indices(claim.nics),
      shareMilli: Int(claim.share_milli), memoryMiB: Int(claim.memory_mib),
      migProfile: claim.mig_slices == 0 ? nil : pod.devices?.profile,
      migSlices: DeviceAssignment.indices(claim.mig_slices), source: nil)
  }

  func annotations(
    _ assignment: DeviceAssignment, _ pod: Pod, on node: Int
  ) -> [(name: String, value: String)] {
    guard let request = pod.devices, request.claims.isEmpty, let machine = machineOfNode[node] else { return [] }
    let memory = assignment.gpus.map { machine.gpus[$0].memoryMiB }
    return AssignmentAnnotations(assignment: assignment, request: request, memoryMiB: memory).all
  }
}
