import BerthCore
import CBerth

/// What a pod asks of devices; the part of berth_device_demand that the scenarios use.
public struct DeviceSpec: Hashable, Sendable {
  public var gpus: Int
  /// Of each GPU; 1000 is whole.
  public var milli: Int
  /// Models that will do; empty: any.
  public var models: [String]
  public var prefersLinks: Bool

  public init(gpus: Int, milli: Int = 1000, models: [String] = [], prefersLinks: Bool = false) {
    (self.gpus, self.milli, self.models, self.prefersLinks) = (gpus, milli, models, prefersLinks)
  }
}

/// A kind of typical pods; see berth_typical_pod.
public struct TypicalPod: Hashable, Sendable {
  public var cpuMilli: Int64
  public var gpus: Int
  /// Of each GPU; 0 without.
  public var milli: Int
  public var models: [String]
  /// How many of them there are among all.
  public var weight: Int

  public init(cpuMilli: Int64, gpus: Int, milli: Int, models: [String], weight: Int) {
    self.cpuMilli = cpuMilli
    (self.gpus, self.milli, self.models, self.weight) = (gpus, milli, models, weight)
  }
}

extension Scratch {
  func demand(_ spec: DeviceSpec) -> berth_device_demand {
    berth_device_demand(
      gpu_count: UInt32(spec.gpus), share_milli: UInt32(spec.milli), memory_mib: 0, link_required: 0, nic_count: 0,
      flags: spec.prefersLinks ? UInt32(BERTH_DEVICES_PREFER_LINKS) : 0, models: models(spec.models), mig_profile: nil)
  }

  fileprivate func models(_ names: [String]) -> UnsafePointer<CChar>? {
    names.isEmpty ? nil : text(names.joined(separator: "|"))
  }
}

extension Engine {
  /// GPUs of one model without links or memory to speak of: what a trace says of a host that only counts them.
  public func internCountedGPUs(model: String, count: Int) throws(EngineError) -> berth_machine_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let gpu = berth_gpu(
      model: scratch.text(model), memory_mib: 1, numa_node: 0, pcie_switch: UInt16(BERTH_NO_SWITCH), time_slices: 0,
      reserved: 0)
    var machine = berth_machine()
    machine.struct_size = UInt32(MemoryLayout<berth_machine>.size)
    machine.gpu_count = UInt32(count)
    machine.gpus = scratch.array([berth_gpu](repeating: gpu, count: count))
    machine.gpu_links = scratch.array(
      (0..<count * count).map { UInt8($0 / count == $0 % count ? BERTH_LINK_NONE : BERTH_LINK_SYSTEM) })
    return try internMachine(machine)
  }

  public func internMachine(
    _ name: String, model: String? = nil, memoryMiB: UInt32 = 0
  ) throws(EngineError) -> berth_machine_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    return try internStandardMachine(scratch.text(name), model: model.map { scratch.text($0) }, memoryMiB: memoryMiB)
  }

  public func setMachines(_ nodes: [berth_node_id], _ machines: [berth_machine_id]) throws(EngineError) {
    precondition(nodes.count == machines.count, "one machine per node")
    var refused: EngineError?
    nodes.withUnsafeBufferPointer { nodes in
      machines.withUnsafeBufferPointer { machines in
        guard let first = machines.baseAddress else { return }
        do throws(EngineError) { try setMachines(nodes, first) } catch { refused = error }
      }
    }
    if let refused { throw refused }
  }

  /// `total`: of all pods, typical or not; 0: there are no others.
  public func setTypicalPods(_ pods: [TypicalPod], total: Int = 0) throws(EngineError) {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let records = pods.map {
      berth_typical_pod(
        cpu: $0.cpuMilli, gpu_count: UInt32($0.gpus), share_milli: UInt32($0.milli), weight: UInt64($0.weight),
        models: scratch.models($0.models))
    }
    try setTypicalPods(UnsafeBufferPointer(start: scratch.array(records), count: records.count), total: UInt64(total))
  }

  /// Makes a model known; see berth_gpu_model_set.
  public func setModel(_ model: String, worth: UInt32 = 0) throws(EngineError) {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    try setModel(scratch.text(model), worth: worth)
  }

  /// Which devices a pod holds.
  public func claim(of pod: berth_pod_id) throws(EngineError) -> berth_claim {
    var claim = berth_claim()
    try withUnsafePointer(to: pod) { pod throws(EngineError) in
      try readClaims(UnsafeBufferPointer(start: pod, count: 1), into: &claim)
    }
    return claim
  }

  /// How fragmented a node's GPUs are to the typical pods, in milli-GPU.
  public func fragmentation(of node: berth_node_id) throws(EngineError) -> Double {
    var milli = 0.0
    try withUnsafePointer(to: node) { node throws(EngineError) in
      try readFragmentation(UnsafeBufferPointer(start: node, count: 1), into: &milli)
    }
    return milli
  }
}
