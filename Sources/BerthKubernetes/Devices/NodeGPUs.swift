import CBerth

/// What a node says of its GPUs and NICs: what the engine's machine of it is made of.
struct NodeGPUs: Hashable, Sendable {
  /// Kinds of machines are told apart by this; the rest is a node's own.
  struct Kind: Hashable, Sendable {
    /// A machine that the engine knows by name.
    var machine: String?
    /// What `nvidia-smi topo -m` printed.
    var topology: String?
    /// As the node's label has it; "": nothing says it.
    var model = ""
    /// Of each GPU; 0: nothing says it.
    var memoryMiB: UInt32 = 0
    /// GPUs, not replicas of them; 0: as the machine has them.
    var count = 0
    /// Into how many slices each GPU's time is cut; 0: not at all.
    var replicas: UInt32 = 0
    /// NICs that pods may ask for, as a resource counts them.
    var nicUnits = 0
    /// Devices that resource slices list, in place of all the above.
    var slices: [SliceDevice] = []
  }

  var kind = Kind()
  /// The slices go by the name nvidia.com/gpu, and not by one of their own.
  var slicesPlainly = false
  /// Indices.
  var sick: [Int] = []
}

extension ObjectReader {
  /// Nil where nothing says that the node has GPUs. Labels are those of NVIDIA's GPU feature discovery, counts those of
  /// the device plugins of NVIDIA, Alibaba Cloud, Volcano and Koordinator.
  func gpus(_ node: Node, _ fields: Fields) -> NodeGPUs? {
    if node.countsInstances { return nil }
    return self.fields("metadata", in: fields) { _ in
      let before = problems.count
      var gpus = NodeGPUs()
      gpus.kind.model = node.label(DeviceNames.product) ?? node.label(DeviceNames.koordinatorModel) ?? ""
      gpus.kind.machine = node.annotations[DeviceNames.machine]
      gpus.kind.topology = node.annotations[DeviceNames.topology]
      if gpus.kind.machine != nil && gpus.kind.topology != nil {
        fail("annotations", member: DeviceNames.topology, "contradicts \(DeviceNames.machine)")
      }
      setSlicing(node, &gpus)
      setCounts(node, &gpus)
      gpus.sick = sick(node)
      if problems.count > before { return nil }
      let isNamed = gpus.kind.machine != nil || gpus.kind.topology != nil
      if gpus.kind.topology != nil && gpus.kind.model.isEmpty {
        fail("annotations", member: DeviceNames.topology, "needs the label \(DeviceNames.product) beside it")
      }
      if !isNamed && gpus.kind.count == 0 {
        if !gpus.sick.isEmpty { fail("annotations", member: DeviceNames.sickGPUs, "is of a node without GPUs") }
        return nil
      }
      return gpus
    } ?? nil
  }

  private func label(_ name: String, of node: Node, atMost most: Int64) -> Int? {
    guard let text = node.label(name) else { return nil }
    guard let value = Int64(text), (0...most).contains(value) else {
      fail("labels", member: name, "'\(text)' is no number between 0 and \(most)")
      return nil
    }
    return Int(value)
  }

  /// Time slicing: replicas of each GPU, under the name nvidia.com/gpu or nvidia.com/gpu.shared. GPUs that processes
  /// share by MPS are sliced, too.
  private func setSlicing(_ node: Node, _ gpus: inout NodeGPUs) {
    if node.amount(DeviceNames.sharedGPU) > 0 && node.label(DeviceNames.replicas) == nil {
      fail(
        "labels", member: DeviceNames.replicas,
        "is required: \(DeviceNames.sharedGPU) does not say of how many GPUs it is")
    }
    guard let replicas = label(DeviceNames.replicas, of: node, atMost: 1 << 20), replicas > 1 else { return }
    let isRenamed = node.amount(DeviceNames.sharedGPU) > 0
    let strategy = node.label(DeviceNames.sharingStrategy)
    guard isRenamed || strategy != "none" else { return }
    if replicas > 31 {
      fail("labels", member: DeviceNames.replicas, "\(replicas) slices of a GPU: at most 31 are placed one by one")
    }
    gpus.kind.replicas = UInt32(min(replicas, 31))
    gpus.slicesPlainly = !isRenamed
  }

  private func setCounts(_ node: Node, _ gpus: inout NodeGPUs) {
    let replicas = Int64(max(1, gpus.kind.replicas))
    let plain = node.amount(DeviceNames.gpu) + node.amount(DeviceNames.sharedGPU)
    let aliyun = node.amount("aliyun.com/gpu-count")
    let volcano = node.amount("volcano.sh/gpu-number")
    let koordinator = node.amount("koordinator.sh/gpu-core") / 100
    let listed: Int64 = [(plain + replicas - 1) / replicas, aliyun, volcano, koordinator].first { $0 > 0 } ?? 0
    let count: Int64 = label(DeviceNames.count, of: node, atMost: 1 << 20).map { Int64($0) } ?? listed
    if count > Int64(DeviceRequest.mostGPUs) {
      let hint = node.label(DeviceNames.count) == nil ? ": the label \(DeviceNames.count) says how many are real" : ""
      fail(
        "labels", member: DeviceNames.count,
        "\(count) GPUs: at most \(DeviceRequest.mostGPUs) of a node are placed one by one\(hint)")
    }
    if count == 0, let mig = node.allocatable.first(where: { $0.resource.hasPrefix(DeviceNames.migPrefix) }),
      mig.value > 0
    {
      fail("labels", member: DeviceNames.count, "is required: \(mig.resource) does not say of how many GPUs it is")
    }
    gpus.kind.count = Int(min(count, 16))
    let told = label(DeviceNames.memory, of: node, atMost: Int64(BERTH_MAX_GPU_MEMORY_MIB)) ?? 0
    let sums = [
      node.amount("aliyun.com/gpu-mem") << 10, node.amount("volcano.sh/gpu-memory"),
      node.amount("koordinator.sh/gpu-memory") >> 20,
    ]
    let each = count > 0 ? (sums.first { $0 > 0 } ?? 0) / count : 0
    gpus.kind.memoryMiB = UInt32(clamping: told > 0 ? Int64(told) : min(each, Int64(BERTH_MAX_GPU_MEMORY_MIB)))
    let nics = node.allocatable.filter { DeviceNames.isNIC($0.resource) }
    gpus.kind.nicUnits = nics.reduce(0) { sum, nic in
      sum + Int(min(nic.resource == DeviceNames.koordinatorRDMA ? nic.value / 100 : nic.value, 1 << 20))
    }
  }

  private func sick(_ node: Node) -> [Int] {
    for name in [DeviceNames.sickGPUs, DeviceNames.volcanoSickGPUs] {
      guard let text = node.annotations[name], !text.isEmpty else { continue }
      if let list = IndexList.read(text) { return list }
      fail("annotations", member: name, "'\(text)' is no list of indices below 16: 3,5")
    }
    return []
  }
}

extension Node {
  /// Under MIG strategy `single`, feature discovery and device plugin speak of instances as of GPUs: the node's GPUs
  /// cannot be told from its labels, and the resource is counted like any other. Where no GPU is cut, the strategy changes
  /// nothing (NVIDIA/k8s-device-plugin internal/lm/mig-strategy.go, newMigStrategySingleLabeler).
  var countsInstances: Bool {
    label(DeviceNames.migStrategy) == "single" && label(DeviceNames.product)?.contains("-MIG-") ?? false
  }

  /// Of what is allocatable.
  func amount(_ resource: String) -> Int64 { allocatable.first { $0.resource == resource }?.value ?? 0 }
}
