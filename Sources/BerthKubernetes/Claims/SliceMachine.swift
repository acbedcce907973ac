import CBerth

/// The machine of a node whose devices a driver lists.
struct SliceMachine {
  private let gpus: [SliceDevice]

  /// Whole GPUs, in the engine's order.
  init(_ devices: [SliceDevice]) { gpus = devices }

  /// Devices below one PCIe root are the closest that attributes tell of; links between GPUs, they say nothing of.
  func intern(_ handle: OpaquePointer?) throws(MachineFailure) -> berth_machine_id {
    let memory = CallMemory()
    var roots: [String] = []
    let records = gpus.map { gpu -> berth_gpu in
      var pcieSwitch = UInt16(BERTH_NO_SWITCH)
      if let root = gpu.pcieRoot {
        if !roots.contains(root) { roots.append(root) }
        pcieSwitch = UInt16(roots.firstIndex(of: root)!)
      }
      let numaNode = UInt16(clamping: max(0, min(gpu.numaNode ?? 0, 63)))
      return berth_gpu(
        model: memory.text(gpu.model), memory_mib: gpu.memoryMiB, numa_node: numaNode, pcie_switch: pcieSwitch,
        time_slices: 0, reserved: 0)
    }
    var links: [UInt8] = []
    for (row, one) in gpus.enumerated() {
      for (column, other) in gpus.enumerated() {
        links.append(row == column ? UInt8(BERTH_LINK_NONE) : Self.link(one, other))
      }
    }
    var machine = berth_machine()
    berth_machine_init(&machine)
    machine.gpu_count = UInt32(records.count)
    machine.gpus = memory.list(records)
    machine.gpu_links = memory.list(links)
    var id: berth_machine_id = 0
    guard berth_machine_intern(handle, &machine, &id) == BERTH_OK else {
      throw MachineFailure(list: "resourceSlices", member: gpus[0].driver, message: handle.lastSentence)
    }
    return id
  }

  private static func link(_ one: SliceDevice, _ other: SliceDevice) -> UInt8 {
    if let root = one.pcieRoot, root == other.pcieRoot { return UInt8(BERTH_LINK_MULTI_SWITCH) }
    if let node = one.numaNode, node == other.numaNode { return UInt8(BERTH_LINK_NODE) }
    return UInt8(BERTH_LINK_SYSTEM)
  }
}

/// The devices of one node, as its slices list them.
struct NodeSlices {
  /// In the engine's order: by minor number.
  var gpus: [SliceDevice] = []
  /// Instances that GPUs can be cut into, each with the index of its GPU.
  var partitions: [(gpu: Int, device: SliceDevice)] = []
  /// Of other drivers.
  var others: [SliceDevice] = []
  /// Of the driver for GPUs, and of no kind that is placed.
  var passedOver = 0

  init(_ devices: [SliceDevice]) {
    others = devices.filter { $0.driver != SliceDevice.gpuDriver }
    let own = devices.filter { $0.driver == SliceDevice.gpuDriver }
    gpus = own.filter(\.isWholeGPU).sorted { ($0.order, $0.name) < ($1.order, $1.name) }
    for device in own where !device.isWholeGPU {
      let gpu = device.counterSet.flatMap { set in gpus.firstIndex { $0.counterSet == set } }
      if let gpu, device.isPartition, device.profile != nil, !device.memorySlices.isEmpty {
        partitions.append((gpu, device))
      } else {
        passedOver += 1
      }
    }
  }

  /// What an assignment's devices are called.
  func devices(_ assignment: DeviceAssignment) -> [SliceDevice] {
    guard !assignment.migSlices.isEmpty else { return assignment.gpus.map { gpus[$0] } }
    return partitions.filter { partition in
      assignment.gpus == [partition.gpu] && partition.device.memorySlices == assignment.migSlices
        && partition.device.profile == assignment.migProfile
    }.prefix(1).map(\.device)
  }

  /// What devices of these names are, as indices and memory slices; nil: they are not all here.
  func assignment(_ results: [ResourceClaim.Result]) -> DeviceAssignment? {
    var assignment = DeviceAssignment()
    for result in results {
      if let gpu = gpus.firstIndex(where: { $0.name == result.device && $0.pool == result.pool }) {
        assignment.gpus.append(gpu)
      } else if let part = partitions.first(where: { $0.device.name == result.device && $0.device.pool == result.pool })
      {
        assignment.gpus.append(part.gpu)
        assignment.migSlices += part.device.memorySlices
        assignment.migProfile = part.device.profile
      } else {
        return nil
      }
    }
    assignment.gpus.sort()
    return assignment
  }
}
