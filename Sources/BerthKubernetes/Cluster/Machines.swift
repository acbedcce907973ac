import CBerth

/// The machines of a cluster's nodes, as the engine has them.
final class Machines {
  /// A machine as it was interned.
  struct Entry {
    var id: berth_machine_id
    var gpus: [GPU]
    /// Virtual functions by NIC.
    var nics: [UInt32]
  }

  struct GPU {
    var model: String
    var memoryMiB: UInt32
    var timeSlices: UInt32
  }

  private let handle: OpaquePointer?
  private var entries: [NodeGPUs.Kind: Result<Entry, MachineFailure>] = [:]

  init(_ handle: OpaquePointer?) { self.handle = handle }

  /// The machine of a kind; equal kinds are looked up. Throws the engine's sentence.
  func entry(_ kind: NodeGPUs.Kind) throws(MachineFailure) -> Entry {
    if let known = entries[kind] { return try known.get() }
    do throws(MachineFailure) {
      let entry = try make(kind)
      entries[kind] = .success(entry)
      return entry
    } catch {
      entries[kind] = .failure(error)
      throw error
    }
  }

  private func make(_ kind: NodeGPUs.Kind) throws(MachineFailure) -> Entry {
    if !kind.slices.isEmpty { return try read(try SliceMachine(kind.slices).intern(handle)) }
    var id: berth_machine_id = 0
    if let text = kind.topology {
      let status = berth_machine_intern_matrix(handle, text, kind.model, kind.memoryMiB, &id)
      try must(status, "annotations", DeviceNames.topology)
    } else if let name = kind.machine {
      let status =
        kind.model.isEmpty
        ? berth_machine_intern_standard(handle, name, nil, kind.memoryMiB, &id)
        : berth_machine_intern_standard(handle, name, kind.model, kind.memoryMiB, &id)
      try must(status, "annotations", DeviceNames.machine)
    } else {
      id = try flat(kind)
    }
    var entry = try read(id)
    if kind.machine != nil || kind.topology != nil, kind.count > 0, kind.count != entry.gpus.count {
      let name = kind.machine == nil ? DeviceNames.topology : DeviceNames.machine
      throw MachineFailure(
        list: "annotations", member: name,
        message: "has \(entry.gpus.count) GPUs, and the node says that it has \(kind.count)")
    }
    if kind.replicas > 1 || kind.nicUnits > 0 { entry = try amended(entry, kind) }
    return entry
  }

  /// Of a model that the engine does not know and whose memory nothing says, whole GPUs can be had, and no promises of
  /// memory: 1 MiB.
  private func flat(_ kind: NodeGPUs.Kind) throws(MachineFailure) -> berth_machine_id {
    var id: berth_machine_id = 0
    let name = "flat-\(kind.count)"
    let model = kind.model.isEmpty ? "unknown" : kind.model
    if berth_machine_intern_standard(handle, name, model, kind.memoryMiB, &id) != BERTH_OK {
      let memory = kind.memoryMiB == 0 ? 1 : kind.memoryMiB
      try must(berth_machine_intern_standard(handle, name, model, memory, &id), "labels", DeviceNames.product)
    }
    return id
  }

  private func must(_ status: berth_status, _ list: String, _ member: String) throws(MachineFailure) {
    guard status == BERTH_OK else { throw MachineFailure(list: list, member: member, message: handle.lastSentence) }
  }

  // MARK: Records

  private struct Buffers {
    var record = berth_machine()
    var gpus = [berth_gpu](repeating: berth_gpu(), count: DeviceRequest.mostGPUs)
    var nics = [berth_nic](repeating: berth_nic(), count: DeviceRequest.mostNICs)
    var gpuLinks = [UInt8](repeating: 0, count: DeviceRequest.mostGPUs * DeviceRequest.mostGPUs)
    var nicLinks = [UInt8](repeating: 0, count: DeviceRequest.mostGPUs * DeviceRequest.mostNICs)
  }

  private func buffers(_ id: berth_machine_id) throws(MachineFailure) -> Buffers {
    var all = Buffers()
    berth_machine_init(&all.record)
    try must(
      berth_machine_read(handle, id, &all.record, &all.gpus, &all.nics, &all.gpuLinks, &all.nicLinks), "labels",
      DeviceNames.product)
    return all
  }

  private func read(_ id: berth_machine_id) throws(MachineFailure) -> Entry {
    let all = try buffers(id)
    let gpus = all.gpus.prefix(Int(all.record.gpu_count)).map { gpu in
      GPU(model: String(cString: gpu.model), memoryMiB: gpu.memory_mib, timeSlices: gpu.time_slices)
    }
    return Entry(
      id: id, gpus: Array(gpus), nics: all.nics.prefix(Int(all.record.nic_count)).map(\.virtual_functions))
  }

  /// With slices of time, and as many NICs or functions of them as the node's resource counts.
  private func amended(_ entry: Entry, _ kind: NodeGPUs.Kind) throws(MachineFailure) -> Entry {
    var all = try buffers(entry.id)
    if kind.replicas > 1 {
      for index in entry.gpus.indices { all.gpus[index].time_slices = kind.replicas }
    }
    let hasNICs = !entry.nics.isEmpty
    if kind.nicUnits > 0 { setNICs(&all, kind.nicUnits) }
    var id: berth_machine_id = 0
    let memory = CallMemory()
    all.record.gpus = memory.list(Array(all.gpus.prefix(entry.gpus.count)))
    all.record.nics = memory.list(Array(all.nics.prefix(Int(all.record.nic_count))))
    all.record.gpu_links = memory.list(Array(all.gpuLinks.prefix(entry.gpus.count * entry.gpus.count)))
    all.record.nic_links =
      hasNICs ? memory.list(Array(all.nicLinks.prefix(entry.gpus.count * entry.nics.count))) : nil
    try must(berth_machine_intern(handle, &all.record, &id), "labels", DeviceNames.product)
    return try read(id)
  }

  /// NICs that are known share the units. Of others, up to 16 units are NICs of their own, as a plugin for SR-IOV or
  /// whole devices counts them; more are pods that share one, as the RDMA shared device plugin counts them.
  private func setNICs(_ all: inout Buffers, _ units: Int) {
    if all.record.nic_count > 0 {
      let each = max(1, min(255, units / Int(all.record.nic_count)))
      for index in 0..<Int(all.record.nic_count) { all.nics[index].virtual_functions = UInt32(each) }
    } else {
      let count = units <= DeviceRequest.mostNICs ? units : 1
      all.record.nic_count = UInt32(count)
      let functions = UInt32(units <= DeviceRequest.mostNICs ? 1 : min(units, 255))
      for index in 0..<count {
        all.nics[index] = berth_nic(numa_node: 0, pcie_switch: UInt16(BERTH_NO_SWITCH), virtual_functions: functions)
      }
    }
  }
}

/// Why a node's machine is refused, by the label or annotation that says it.
struct MachineFailure: Error {
  var list: String
  var member: String
  var message: String
}
