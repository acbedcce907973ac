import BerthDevices
import CBerth

// Which devices nodes have: machines, models, health.

extension Engine {
  // MARK: Machines

  func applyInternMachine(_ machine: Machine) throws(EngineError) -> berth_machine_id {
    if let id = cluster.devices.machineID(of: MachineEntry.Identity(machine)) { return id }
    guard cluster.devices.machines.count < Int(BERTH_MAX_MACHINES) else {
      throw refuse(BERTH_LIMIT, "an engine knows at most \(BERTH_MAX_MACHINES) machines")
    }
    let known = cluster.devices.modelNames.count
    var models: [UInt32] = []
    for (index, gpu) in machine.gpus.enumerated() {
      let name = Name(Array(gpu.model.utf8))
      guard let id = cluster.devices.intern(model: name) else {
        cluster.devices.removeModels(from: known)
        throw refuse(BERTH_LIMIT, "GPU\(index): model \"\(name)\": an engine knows at most \(BERTH_MAX_GPU_MODELS)")
      }
      models.append(id)
    }
    let id = UInt32(cluster.devices.machines.count + 1)
    cluster.devices.add(MachineEntry(id: id, machine, models: models))
    undoLog.note { engine in
      engine.cluster.devices.removeLastMachine()
      engine.cluster.devices.removeModels(from: known)
      engine.planner.deviceScorer.forgetAll()
    }
    return id
  }

  /// A machine of docs/machines.md.
  static func standardMachine(
    _ name: UnsafePointer<CChar>, model: UnsafePointer<CChar>?, memoryMiB: UInt32
  ) throws(EngineError) -> Machine {
    let name = try Text.read(name, "name of the machine").description
    guard StandardMachine.all.contains(where: { $0.name == name }) else {
      let known = StandardMachine.all.map(\.name).joined(separator: ", ")
      throw refuse(BERTH_UNKNOWN_ID, "there is no standard machine \"\(name)\": \(known)")
    }
    try check(memoryMiB: memoryMiB)
    let model = try model.map { text throws(EngineError) in try gpuModel(text) }
    return try MachineReader.checked { () throws(MachineError) in
      try StandardMachine.machine(named: name, model: model, memoryMiB: memoryMiB)
    }
  }

  /// The machine that `nvidia-smi topo -m` printed.
  static func matrixMachine(
    _ text: UnsafePointer<CChar>, model: UnsafePointer<CChar>, memoryMiB: UInt32
  ) throws(EngineError) -> Machine {
    try check(memoryMiB: memoryMiB)
    let model = try gpuModel(model)
    guard memoryMiB > 0 || GPUModel.named(model) != nil else {
      throw refuse(BERTH_BAD_ARGUMENT, "gpu_model \"\(model)\" is not known: memory_mib must say what it has")
    }
    let limit = Int(BERTH_MAX_TOPOLOGY_BYTES)
    var length = 0
    while length <= limit && text[length] != 0 { length += 1 }
    guard length <= limit else { throw refuse(BERTH_BAD_TEXT, "text is longer than \(limit) bytes") }
    let bytes = UnsafeRawBufferPointer(start: text, count: length)
    let machine: Machine
    do throws(TopologyTextError) {
      machine = try TopologyText.machine(from: bytes, model: model, memoryMiB: memoryMiB)
    } catch {
      throw refuse(BERTH_BAD_TEXT, error.description)
    }
    return try MachineReader.checked { machine }
  }

  private static func check(memoryMiB: UInt32) throws(EngineError) {
    guard memoryMiB <= UInt32(BERTH_MAX_GPU_MEMORY_MIB) else {
      throw refuse(BERTH_LIMIT, "memory_mib \(memoryMiB): at most \(BERTH_MAX_GPU_MEMORY_MIB)")
    }
  }

  private static func gpuModel(_ text: UnsafePointer<CChar>) throws(EngineError) -> String {
    let name = try Text.read(text, "gpu_model")
    try MachineReader.checkModel(name, "gpu_model")
    return name.description
  }

  func applySetModel(_ text: UnsafePointer<CChar>, worth: UInt32) throws(EngineError) {
    let name = try Text.read(text, "model")
    try MachineReader.checkModel(name, "model")
    guard worth <= 100 else { throw refuse(BERTH_BAD_ARGUMENT, "worth \(worth) is outside 0...100") }
    let known = cluster.devices.modelNames.count
    guard let model = cluster.devices.intern(model: name) else {
      throw refuse(BERTH_LIMIT, "model \"\(name)\": an engine knows at most \(BERTH_MAX_GPU_MODELS)")
    }
    let before = cluster.devices.setWorth(model, UInt8(worth))
    planner.slotIndexes.forgetAll()
    planner.offerTables.forgetAll()
    undoLog.note { engine in
      _ = engine.cluster.devices.setWorth(model, before)
      engine.cluster.devices.removeModels(from: known)
      engine.planner.slotIndexes.forgetAll()
      engine.planner.offerTables.forgetAll()
    }
  }

  /// The demand interned last is taken back.
  func removeLastDemand() {
    cluster.devices.removeLastDemand()
    planner.deviceScorer.forgetAll()
  }

  // MARK: Nodes

  func applySetMachines(
    _ ids: UnsafeBufferPointer<berth_node_id>, _ machines: UnsafePointer<berth_machine_id>
  ) throws(EngineError) {
    try checkNodes(ids)
    for (index, id) in ids.enumerated() {
      guard machines[index] <= UInt32(cluster.devices.machines.count) else {
        throw refuse(BERTH_UNKNOWN_ID, "entry \(index): machine \(machines[index]) is unknown")
      }
      let node = try cluster.nodes.index(id)
      if let devices = cluster.devices.of(node), !devices.pointee.isUntouched(cluster.devices.machines) {
        throw refuse(
          BERTH_WRONG_STATE, "entry \(index): pods hold devices of \(name(of: cluster.nodes.slots[Int(node)]))")
      }
    }
    try undoLog.check(ids.count)
    for (index, id) in ids.enumerated() {
      setDevices(try cluster.nodes.index(id), cluster.devices.machine(machines[index]).map(NodeDevices.init))
      emit(BERTH_EVENT_NODE_DEVICES, node: id)
    }
  }

  private func setDevices(_ node: UInt32, _ devices: NodeDevices?) {
    let before = cluster.devices.set(node, devices)
    cluster.log.append(cluster.nodes.slots[Int(node)])
    undoLog.note { $0.setDevices(node, before) }
  }

  func applySetHealth(_ id: berth_node_id, gpus: UInt32, nics: UInt32) throws(EngineError) {
    let node = try cluster.nodes.index(id)
    let slot = cluster.nodes.slots[Int(node)]
    guard let devices = cluster.devices.of(node)?.pointee, let machine = cluster.devices.machine(devices.machine) else {
      throw refuse(BERTH_WRONG_STATE, "\(name(of: slot)) has no machine")
    }
    guard gpus & ~UInt32(machine.all) == 0 else {
      let gpu = (gpus & ~UInt32(machine.all)).trailingZeroBitCount
      throw refuse(BERTH_BAD_ARGUMENT, "\(name(of: slot)): sick_gpus names GPU\(gpu) of \(machine.gpuCount)")
    }
    let allNICs = UInt32(truncatingIfNeeded: 1 << machine.functions.count - 1)
    guard nics & ~allNICs == 0 else {
      let nic = (nics & ~allNICs).trailingZeroBitCount
      throw refuse(BERTH_BAD_ARGUMENT, "\(name(of: slot)): sick_nics names NIC\(nic) of \(machine.functions.count)")
    }
    guard devices.sick != UInt16(gpus) || devices.sickNICs != UInt16(nics) else { return }
    try undoLog.check(1)
    setHealth(node, gpus: UInt16(gpus), nics: UInt16(nics))
    emit(BERTH_EVENT_NODE_DEVICES, node: id)
  }

  private func setHealth(_ node: UInt32, gpus: UInt16, nics: UInt16) {
    let before = cluster.devices.of(node)!.pointee
    cluster.devices.setSick(node, gpus: gpus, nics: nics)
    cluster.log.append(cluster.nodes.slots[Int(node)])
    undoLog.note { $0.setHealth(node, gpus: before.sick, nics: before.sickNICs) }
  }

  // MARK: Reading

  public func readFragmentation(
    _ ids: UnsafeBufferPointer<berth_node_id>, into milli: UnsafeMutablePointer<Double>
  ) throws(EngineError) {
    for index in 0..<ids.count { _ = try cluster.nodes.index(ids[index], "entry \(index): ") }
    for (index, id) in ids.enumerated() {
      let node = try cluster.nodes.index(id)
      guard let devices = cluster.devices.of(node), let machine = cluster.devices.machine(devices.pointee.machine)
      else {
        milli[index] = 0
        continue
      }
      let cpu = cluster.freeCPU(cluster.rows.row(cluster.nodes.slots[Int(node)]))
      milli[index] = planner.deviceScorer.fragmentation.now(
        devices.pointee.healthyMilli, cpu: max(0, cpu), machine, cluster.devices.typical)
    }
  }

  public func readDevices(
    _ id: berth_node_id, gpus: UnsafeMutablePointer<berth_gpu_state>?, functions: UnsafeMutablePointer<UInt32>?
  ) throws(EngineError) -> berth_machine_id {
    let node = try cluster.nodes.index(id)
    guard let devices = cluster.devices.of(node)?.pointee, let machine = cluster.devices.machine(devices.machine) else {
      return UInt32(BERTH_NO_MACHINE)
    }
    let memory = devices.memory
    for gpu in 0..<machine.gpuCount {
      gpus?[gpu] = berth_gpu_state(
        free_milli: UInt32(devices.milli[gpu]), free_memory_mib: memory[gpu], mig_slices: UInt32(devices.slices[gpu]),
        is_sick: devices.sick >> UInt16(gpu) & 1 != 0 ? 1 : 0)
    }
    for nic in 0..<machine.functions.count { functions?[nic] = UInt32(devices.functions[nic]) }
    return devices.machine
  }

  /// A machine as it was interned; arrays hold the most that a machine can have.
  public func readMachine(
    _ id: berth_machine_id, into record: UnsafeMutablePointer<berth_machine>, gpus: UnsafeMutablePointer<berth_gpu>?,
    nics: UnsafeMutablePointer<berth_nic>?, gpuLinks: UnsafeMutablePointer<UInt8>?,
    nicLinks: UnsafeMutablePointer<UInt8>?
  ) throws(EngineError) {
    guard id >= 1, id <= UInt32(cluster.devices.machines.count), let entry = cluster.devices.machine(id) else {
      throw refuse(BERTH_UNKNOWN_ID, "machine \(id) is unknown")
    }
    let machine = entry.machine
    for (index, gpu) in machine.gpus.enumerated() {
      let model = cluster.devices.modelNames.values[Int(entry.models[index])]
      gpus?[index] = berth_gpu(
        model: modelTexts.text(of: model), memory_mib: gpu.memoryMiB, numa_node: UInt16(gpu.numaNode),
        pcie_switch: UInt16(gpu.pcieSwitch), time_slices: UInt32(gpu.timeSlices), reserved: 0)
    }
    for (index, nic) in machine.nics.enumerated() {
      nics?[index] = berth_nic(
        numa_node: UInt16(nic.numaNode), pcie_switch: UInt16(nic.pcieSwitch),
        virtual_functions: UInt32(nic.virtualFunctions))
    }
    for (index, link) in machine.links.enumerated() { gpuLinks?[index] = link.rawValue }
    for (index, link) in machine.nicLinks.enumerated() { nicLinks?[index] = link.rawValue }
    record.pointee.flags = machine.nvSwitchSpansHosts ? UInt32(BERTH_MACHINE_WIDE_NVSWITCH) : 0
    (record.pointee.gpu_count, record.pointee.nic_count) = (UInt32(machine.gpus.count), UInt32(machine.nics.count))
    (record.pointee.gpus, record.pointee.nics) = (UnsafePointer(gpus), UnsafePointer(nics))
    (record.pointee.gpu_links, record.pointee.nic_links) = (UnsafePointer(gpuLinks), UnsafePointer(nicLinks))
  }
}

extension NodeDevices {
  /// No pod holds anything of it.
  func isUntouched(_ machines: [MachineEntry]) -> Bool {
    isFree && machines[Int(machine) - 1].functions.enumerated().allSatisfy { functions[$0.offset] == $0.element }
  }
}
