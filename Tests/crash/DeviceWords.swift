import BerthCore
import BerthSimulation
import CBerth

/// What the stream knows of devices, and its calls about them. Like the rest of it, a call that is refused leaves nothing
/// here.
struct DeviceWords {
  private var machines: [berth_machine_id] = [UInt32(BERTH_NO_MACHINE)]
  private static let models = ["A100-SXM4-80GB", "H100-SXM5-80GB", "T4"]
  private static let standard = ["dgx-a100-80gb", "dgx-h100", "flat-4", "dgx-2"]
  private static let topology = "\tGPU0\tGPU1\tNIC0\nGPU0\tX\tNV4\tPIX\nGPU1\tNV4\tX\tSYS\nNIC0\tPIX\tSYS\tX\n"

  /// Makes one more machine, or tells of a model or of typical pods.
  mutating func extend(_ engine: Engine, _ random: inout SeededRandom) throws {
    let model = Self.models[random.below(Self.models.count)]
    switch random.below(6) {
    case 0...1:
      machines.append(
        try engine.internStandardMachine(Self.standard[random.below(Self.standard.count)], model: nil, memoryMiB: 0))
    case 2: machines.append(try engine.internMatrixMachine(Self.topology, model: model, memoryMiB: 40_960))
    case 3: machines.append(try internPair(engine, model, memory: 1000 * UInt32(1 + random.below(3))))
    case 4: try engine.setModel(model, worth: UInt32(random.below(101)))
    default: try setTypicalPods(engine, &random)
    }
  }

  /// Two GPUs that take turns, and a NIC.
  private func internPair(_ engine: Engine, _ model: String, memory: UInt32) throws(EngineError) -> berth_machine_id {
    var nic = berth_nic(numa_node: 0, pcie_switch: 0, virtual_functions: 2)
    let links: [UInt8] = [0, 20, 20, 0]
    let copy = Array(model.utf8CString)
    return try copy.withUnsafeBufferPointer { text throws(EngineError) in
      let gpu = berth_gpu(
        model: text.baseAddress, memory_mib: memory, numa_node: 0, pcie_switch: 0, time_slices: 4, reserved: 0)
      return try [gpu, gpu].withUnsafeBufferPointer { gpus throws(EngineError) in
        try links.withUnsafeBufferPointer { links throws(EngineError) in
          try withUnsafePointer(to: &nic) { nic throws(EngineError) in
            var machine = berth_machine()
            machine.struct_size = UInt32(MemoryLayout<berth_machine>.size)
            (machine.gpu_count, machine.nic_count) = (2, 1)
            (machine.gpus, machine.nics, machine.gpu_links) = (gpus.baseAddress, nic, links.baseAddress)
            return try engine.internMachine(machine)
          }
        }
      }
    }
  }

  private func setTypicalPods(_ engine: Engine, _ random: inout SeededRandom) throws {
    let pods = (0..<random.below(4)).map { index in
      berth_typical_pod(
        cpu: Int64(1000 * index), gpu_count: UInt32(min(index, 1)), share_milli: index == 0 ? 0 : 500,
        weight: 1 + UInt64(random.below(9)), models: nil)
    }
    let total = UInt64(random.below(2) * 100)
    try pods.withUnsafeBufferPointer { pods throws(EngineError) in try engine.setTypicalPods(pods, total: total) }
  }

  /// A class that asks for devices: whole GPUs, a share, a turn, an instance, or a NIC.
  func internClass(
    _ engine: Engine, _ profile: berth_profile_id, cpu: berth_resource_id, _ random: inout SeededRandom
  ) throws -> berth_class_id {
    var demand = berth_device_demand()
    demand.gpu_count = 1
    let kind = random.below(6)
    switch kind {
    case 0...1: (demand.gpu_count, demand.share_milli) = ([1, 2, 4][random.below(3)], 1000)
    case 2: (demand.share_milli, demand.memory_mib) = (UInt32(100 + random.below(400)), UInt32(random.below(500)))
    case 3: demand.flags = UInt32(BERTH_DEVICES_TIME_SLICE)
    case 4: break
    default: (demand.gpu_count, demand.nic_count) = (0, 1)
    }
    if kind == 0 { demand.flags = UInt32(BERTH_DEVICES_PREFER_LINKS) }
    let request = berth_quantity(resource: cpu, reserved: 0, value: Int64(100 + random.below(900)))
    return try "1g.10gb".withCString { text throws(EngineError) in
      if kind == 4 { demand.mig_profile = text }
      return try withUnsafePointer(to: demand) { demand throws(EngineError) in
        try withUnsafePointer(to: request) { request throws(EngineError) in
          var spec = berth_pod_spec()
          spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
          (spec.profile, spec.requests, spec.request_count, spec.devices) = (profile, request, 1, demand)
          return try engine.internClass(spec)
        }
      }
    }
  }

  // MARK: Nodes and pods

  /// Makes a call about some node or pod; gives the pod that is new.
  func call(
    _ engine: Engine, _ nodes: [berth_node_id], _ classes: [berth_class_id], _ pods: [berth_pod_id],
    _ random: inout SeededRandom
  ) throws -> berth_pod_id? {
    let node = nodes[random.below(nodes.count)]
    switch random.below(6) {
    case 0...2: try tell(engine, of: node, &random)
    case 3: return try bind(engine, classes[random.below(classes.count)], to: node)
    default: if !pods.isEmpty { try change(engine, pods[random.below(pods.count)], to: node, &random) }
    }
    return nil
  }

  /// Says what a node has, or what of it is sick.
  private func tell(_ engine: Engine, of node: berth_node_id, _ random: inout SeededRandom) throws {
    if random.below(3) == 0 {
      return try engine.setHealth(node, sickGPUs: UInt32(random.below(4)), sickNICs: UInt32(random.below(2)))
    }
    let machine = machines[random.below(machines.count)]
    try withUnsafePointer(to: machine) { machine throws(EngineError) in
      try withUnsafePointer(to: node) { node throws(EngineError) in
        try engine.setMachines(UnsafeBufferPointer(start: node, count: 1), machine)
      }
    }
  }

  /// Binds a pod with the devices that it would get.
  private func bind(_ engine: Engine, _ podClass: berth_class_id, to node: berth_node_id) throws -> berth_pod_id {
    let claim = try engine.previewClaim(podClass, on: node)
    var pod = berth_pod_id()
    try withUnsafePointer(to: podClass) { podClass throws(EngineError) in
      try withUnsafePointer(to: node) { node throws(EngineError) in
        try withUnsafePointer(to: claim) { claim throws(EngineError) in
          try engine.bind(UnsafeBufferPointer(start: podClass, count: 1), nodes: node, claims: claim, pods: &pod)
        }
      }
    }
    return pod
  }

  /// Resizes a share, or moves a pod.
  private func change(
    _ engine: Engine, _ pod: berth_pod_id, to node: berth_node_id, _ random: inout SeededRandom
  ) throws {
    if random.below(2) == 0 {
      return try engine.resizeClaim(pod, shareMilli: UInt32(random.below(600)), memoryMiB: UInt32(random.below(900)))
    }
    try withUnsafePointer(to: pod) { pod throws(EngineError) in
      try withUnsafePointer(to: node) { node throws(EngineError) in
        try engine.move(UnsafeBufferPointer(start: pod, count: 1), to: node)
      }
    }
  }
}
