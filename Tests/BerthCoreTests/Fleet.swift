import BerthOracle

/// A cluster as it is found in the field, and the pods that come to it.
struct Fleet {
  static let zone = "topology.kubernetes.io/zone"
  private static let machine = "node.kubernetes.io/instance-type"
  private static let machines: [(name: String, cpu: Int64, memory: Int64, gpus: Int64, price: Int64)] = [
    ("general-64", 64_000, 256 << 30, 0, 2_900_000), ("general-32", 32_000, 128 << 30, 0, 1_450_000),
    ("memory-96", 96_000, 768 << 30, 0, 6_800_000), ("gpu-8", 128_000, 1024 << 30, 8, 32_000_000),
  ]

  private let twin: Twin
  private var classes: [PodSpec] = []

  init(_ twin: Twin, nodes: Int) throws {
    self.twin = twin
    for (name, kind) in [
      ("cpu", ResourceKind.cpu), ("memory", .memory), ("ephemeral-storage", .ephemeralStorage), ("pods", .pods),
      ("nvidia.com/gpu", .gpu),
    ] { try twin.addResource(name, kind) }
    try twin.addProfile(
      "kubernetes",
      [
        Term(.taintToleration, weight: 3), Term(.nodeAffinity, weight: 2), Term(.leastAllocated),
        Term(.balancedAllocation),
      ])
    try twin.addProfile("packing", [Term(.binpack, weight: 10), Term(.mostAllocated, weight: 1000)])
    try twin.addProfile("cheapest", [Term(.price), Term(.spread)])
    let scales = [TermResource("cpu", scale: 128_000), TermResource("memory", weight: 2, scale: 1024 << 30)]
    try twin.addProfile(
      "fit", [Term(.bestFit, resources: scales), Term(.dotProduct, weight: 3, resources: scales.reversed())])
    let zones = try (0..<3).map { try twin.addDomain(parent: 0, name: "zone-\($0)") }
    try addNodes(nodes, zones)
    for _ in 0..<60 { classes.append(makePod()) }
  }

  private func addNodes(_ count: Int, _ zones: [Int]) throws {
    var nodes: [Twin.NewNode] = []
    for index in 0..<count {
      let type = Fleet.machines[min(3, twin.random.int(0...5) / 2 + twin.random.int(0...1))]
      var spec = NodeSpec(domain: zones[index % 3])
      spec.labels = [Fleet.machine: type.name, "pool": type.gpus > 0 ? "gpu" : "general"]
      if type.gpus > 0 { spec.taints = [Taint(key: "nvidia.com/gpu", value: "present", effect: .noSchedule)] }
      if twin.random.chance(0.1) { spec.taints.append(Taint(key: "maintenance", effect: .preferNoSchedule)) }
      spec.cordoned = twin.random.chance(0.01)
      spec.price = type.price
      // What the kernel and the kubelet keep differs by some pages from machine to machine.
      spec.allocatable = [
        "cpu": type.cpu - 110, "memory": type.memory - (3 << 30) - 4096 * twin.random.int64(0...4000),
        "ephemeral-storage": (500 << 30) - twin.random.int64(0...1000), "pods": 110,
      ]
      if type.gpus > 0 { spec.allocatable["nvidia.com/gpu"] = type.gpus }
      var node = Twin.NewNode(spec: spec, name: "node-\(index)")
      node.untold = ["cpu": 250, "memory": 419_430_400, "pods": 4]
      nodes.append(node)
    }
    try twin.addNodes(nodes)
  }

  private func makePod() -> PodSpec {
    var pod = PodSpec(profile: "")
    pod.requests = [
      "cpu": twin.random.pick([100, 250, 500, 1000, 1500, 4000, 8000]),
      "memory": twin.random.pick([128 << 20, 512 << 20, 1_000_000_000, 3 << 30, 17_179_869_183]), "pods": 1,
    ]
    if twin.random.chance(0.2) { pod.requests["ephemeral-storage"] = 10_000_000_000 }
    if twin.random.chance(0.15) {
      pod.requests["nvidia.com/gpu"] = twin.random.pick([1, 2, 8])
      pod.tolerations = [Toleration(key: "nvidia.com/gpu", op: .exists)]
    }
    if twin.random.chance(0.2) { pod.nodeSelector = [Fleet.zone: "zone-\(twin.random.int(0...2))"] }
    if twin.random.chance(0.2) {
      let types = Fleet.machines.map(\.name)
      pod.requiredTerms = [
        SelectorTerm([Requirement(key: Fleet.machine, op: .in, values: twin.random.sample(types, 2))])
      ]
    }
    if twin.random.chance(0.3) {
      pod.preferredTerms = [
        SelectorTerm([Requirement(key: Fleet.zone, op: .in, values: ["zone-1"])], weight: 80),
        SelectorTerm([Requirement(key: Fleet.machine, op: .notIn, values: ["memory-96"])], weight: 20),
      ]
    }
    return pod
  }

  mutating func pod(_ profile: String) -> PodSpec {
    var pod = twin.random.pick(classes)
    pod.profile = profile
    return pod
  }
}
