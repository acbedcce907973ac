import CBerth

/// An engine that holds a cluster of Kubernetes' objects, through the C functions alone.
final class ClusterEngine {
  private(set) var handle: OpaquePointer?
  let profile: SchedulerProfile
  /// In the order in which they were given, which within a domain is that of ties.
  let nodes: [Node]
  private(set) var nodeIDs: [berth_node_id] = []
  private var nodeIndex: [berth_node_id: Int] = [:]
  private var indexOfName: [String: Int] = [:]
  private(set) var resourceIDs: [String: berth_resource_id] = [:]
  private var resourceNames: [berth_resource_id: String] = [:]
  private(set) var countedCPU: berth_resource_id = 0
  private(set) var countedMemory: berth_resource_id = 0
  private(set) var profileID: berth_profile_id = 0
  /// Resources that some node lists.
  private var listed: Set<String> = []
  private(set) lazy var machines = Machines(handle)
  /// By node; nil: it has no devices that are placed one by one.
  var machineOfNode: [Int: Machines.Entry] = [:]
  var fleet = Fleet()
  /// What is wrong with nodes' devices.
  var problems: [Problem] = []

  /// `pods` are all that will ever be spoken of: resources are declared before the first node. Without devices, GPUs
  /// are resources like others, as kube-scheduler sees them.
  init(
    nodes: [Node], pods: [Pod], namespaces: [Namespace], profile: SchedulerProfile, levels: [String],
    withDevices: Bool = true
  ) throws {
    self.nodes = nodes
    self.profile = profile
    let memory = CallMemory()
    var options = berth_engine_options()
    berth_engine_options_init(&options)
    options.level_count = UInt32(levels.count)
    options.level_keys = memory.texts(levels)
    try must(berth_engine_create(&options, &handle))
    try declareResources(nodes, pods)
    try addProfile()
    for namespace in namespaces {
      let labels = records(namespace.labels, memory)
      try must(berth_namespace_set(handle, namespace.name, memory.list(labels), labels.count))
    }
    try addNodes(levels)
    if withDevices { try setMachines() }
  }

  deinit { if handle != nil { _ = berth_engine_destroy(handle) } }

  func must(_ status: berth_status) throws(EngineFailure) {
    guard status == BERTH_OK else { throw EngineFailure(description: handle.lastSentence) }
  }

  /// Of an id that this engine gave out.
  func index(of id: berth_node_id) -> Int { nodeIndex[id]! }

  func nodeID(_ name: String) -> berth_node_id? { indexOfName[name].map { nodeIDs[$0] } }

  func hasMachine(_ node: Int) -> Bool { machineOfNode[node] != nil }

  /// Whether what a pod requests of it is counted: of what stands for devices, if a node of this cluster counts it.
  func counts(_ resource: String) -> Bool {
    machineOfNode.isEmpty || !DeviceNames.isCountedByDevices(resource) || listed.contains(resource)
  }

  func resourceName(_ id: berth_resource_id) -> String { resourceNames[id] ?? "" }

  func records(_ labels: [Label], _ memory: CallMemory) -> [berth_label] {
    labels.map { berth_label(key: memory.text($0.key), value: memory.text($0.value)) }
  }

  // MARK: Building

  private func declareResources(_ nodes: [Node], _ pods: [Pod]) throws {
    var names: Set = [Resources.cpu, Resources.memory, Resources.pods]
    for node in nodes { listed.formUnion(node.allocatable.map(\.resource)) }
    names.formUnion(listed)
    for pod in pods { names.formUnion(pod.requests.held.map(\.resource)) }
    for term in profile.terms { names.formUnion(term.resources.map(\.name)) }
    for name in names.sorted() {
      let id = try declare(name, kind(name))
      resourceIDs[name] = id
    }
    // No resource of Kubernetes has a blank in its name.
    countedCPU = try declare("cpu counted", BERTH_RESOURCE_COUNTED)
    countedMemory = try declare("memory counted", BERTH_RESOURCE_COUNTED)
  }

  private func declare(_ name: String, _ kind: Int) throws -> berth_resource_id {
    var id: berth_resource_id = 0
    try must(berth_resource_add(handle, name, UInt32(kind), &id))
    resourceNames[id] = name
    return id
  }

  private func kind(_ name: String) -> Int {
    switch name {
    case Resources.cpu: BERTH_RESOURCE_CPU
    case Resources.memory: BERTH_RESOURCE_MEMORY
    case Resources.pods: BERTH_RESOURCE_PODS
    case Resources.ephemeralStorage: BERTH_RESOURCE_EPHEMERAL_STORAGE
    default:
      profile.ignores(name)
        ? BERTH_RESOURCE_IGNORED : name.hasSuffix("/gpu") ? BERTH_RESOURCE_GPU : BERTH_RESOURCE_OTHER
    }
  }

  private func addProfile() throws {
    let memory = CallMemory()
    let terms = profile.terms.map { term in
      let resources = term.resources.map { name, weight in
        let counted = [Resources.cpu: countedCPU, Resources.memory: countedMemory]
        let id = SchedulerProfile.countsDefaults(term.plugin) ? counted[name] ?? resourceIDs[name]! : resourceIDs[name]!
        return berth_term_resource(resource: id, weight: weight, scale: 0)
      }
      return berth_term(
        kind: UInt32(term.kind), resource_count: UInt32(resources.count), point_count: UInt32(term.points.count),
        hard_pod_affinity_weight: term.hardPodAffinityWeight, flags: term.flags, weight: Double(term.weight),
        resources: memory.list(resources), points: memory.list(term.points))
    }
    try must(berth_profile_add(handle, "default-scheduler", terms, terms.count, &profileID))
  }

  private func addNodes(_ levels: [String]) throws {
    guard !nodes.isEmpty else { return }
    let memory = CallMemory()
    let resources = resourceIDs.keys.sorted().filter { name in
      nodes.contains { $0.allocatable.contains { $0.resource == name } }
    }
    var domains = DomainBuilder(levels)
    var rows: [berth_node] = []
    var allocatable: [Int64] = []
    for node in nodes {
      rows.append(try row(node, try domains.domain(of: node, in: self), levels, memory))
      let amounts = Dictionary(node.allocatable.map { ($0.resource, $0.value) }) { first, _ in first }
      allocatable += resources.map { amounts[$0] ?? 0 }
      allocatable += [amounts[Resources.cpu] ?? 0, amounts[Resources.memory] ?? 0]
    }
    let columns = resources.map { resourceIDs[$0]! } + [countedCPU, countedMemory]
    var batch = berth_node_batch()
    berth_node_batch_init(&batch)
    batch.count = rows.count
    batch.resource_count = UInt32(columns.count)
    batch.nodes = memory.list(rows)
    batch.resources = memory.list(columns)
    batch.allocatable = memory.list(allocatable)
    batch.names = memory.texts(nodes.map(\.name))
    nodeIDs = [berth_node_id](repeating: 0, count: nodes.count)
    try must(berth_nodes_add(handle, &batch, &nodeIDs))
    nodeIndex = Dictionary(uniqueKeysWithValues: nodeIDs.enumerated().map { ($1, $0) })
    indexOfName = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.name, $0) })
  }

  private func row(
    _ node: Node, _ domain: berth_domain_id, _ levels: [String], _ memory: CallMemory
  ) throws -> berth_node {
    let hostname = node.label(Self.hostnameKey)
    var row = berth_node()
    row.domain = domain
    row.flags =
      (node.isCordoned ? UInt32(BERTH_NODE_CORDONED) : 0) | (hostname == nil ? UInt32(BERTH_NODE_NO_HOSTNAME) : 0)
    let labels = node.labels.filter { label in
      !levels.contains(label.key) && !(label.key == Self.hostnameKey && label.value == node.name)
    }
    let labelRecords = records(labels, memory)
    try must(berth_label_set_intern(handle, labelRecords, labelRecords.count, &row.labels))
    let taints = node.taints.map { taint in
      berth_taint(key: memory.text(taint.key), value: memory.text(taint.value), effect: taint.effect.code, reserved: 0)
    }
    try must(berth_taint_set_intern(handle, taints, taints.count, &row.taints))
    let images = node.images.map { berth_image(name: memory.text($0.name), size_bytes: $0.sizeBytes) }
    try must(berth_image_set_intern(handle, images, images.count, &row.images))
    return row
  }

  static let hostnameKey = "kubernetes.io/hostname"
}

extension Effect {
  var code: UInt32 {
    switch self {
    case .noSchedule: UInt32(BERTH_EFFECT_NO_SCHEDULE)
    case .preferNoSchedule: UInt32(BERTH_EFFECT_PREFER_NO_SCHEDULE)
    case .noExecute: UInt32(BERTH_EFFECT_NO_EXECUTE)
    }
  }
}
