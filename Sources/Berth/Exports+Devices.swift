import BerthCore
import CBerth

@_cdecl("berth_machine_init")
public func machineInit(_ machine: UnsafeMutablePointer<berth_machine>?) {
  var fresh = berth_machine()
  fresh.struct_size = UInt32(MemoryLayout<berth_machine>.size)
  machine?.pointee = fresh
}

@_cdecl("berth_machine_intern")
public func machineIntern(
  _ engine: OpaquePointer?, _ machine: UnsafePointer<berth_machine>?, _ idOut: UnsafeMutablePointer<berth_machine_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let machine = try required(machine, "machine").pointee
    try checkStructSize(machine.struct_size, of: berth_machine.self, initialiser: "call berth_machine_init first")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internMachine(machine)
  }
}

@_cdecl("berth_machine_intern_standard")
public func machineInternStandard(
  _ engine: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ model: UnsafePointer<CChar>?, _ memoryMiB: UInt32,
  _ idOut: UnsafeMutablePointer<berth_machine_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let name = try required(name, "name")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internStandardMachine(name, model: model, memoryMiB: memoryMiB)
  }
}

@_cdecl("berth_machine_intern_matrix")
public func machineInternMatrix(
  _ engine: OpaquePointer?, _ text: UnsafePointer<CChar>?, _ model: UnsafePointer<CChar>?, _ memoryMiB: UInt32,
  _ idOut: UnsafeMutablePointer<berth_machine_id>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let text = try required(text, "text")
    let model = try required(model, "gpu_model")
    let out = try required(idOut, "id_out")
    out.pointee = try engine.internMatrixMachine(text, model: model, memoryMiB: memoryMiB)
  }
}

@_cdecl("berth_machine_read")
public func machineRead(
  _ engine: OpaquePointer?, _ machine: berth_machine_id, _ machineOut: UnsafeMutablePointer<berth_machine>?,
  _ gpusOut: UnsafeMutablePointer<berth_gpu>?, _ nicsOut: UnsafeMutablePointer<berth_nic>?,
  _ gpuLinksOut: UnsafeMutablePointer<UInt8>?, _ nicLinksOut: UnsafeMutablePointer<UInt8>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(machineOut, "machine_out")
    try checkStructSize(out.pointee.struct_size, of: berth_machine.self, initialiser: "call berth_machine_init first")
    try engine.readMachine(
      machine, into: out, gpus: gpusOut, nics: nicsOut, gpuLinks: gpuLinksOut, nicLinks: nicLinksOut)
  }
}

@_cdecl("berth_gpu_model_set")
public func gpuModelSet(_ engine: OpaquePointer?, _ model: UnsafePointer<CChar>?, _ worth: UInt32) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.setModel(required(model, "model"), worth: worth)
  }
}

@_cdecl("berth_nodes_set_machines")
public func nodesSetMachines(
  _ engine: OpaquePointer?, _ ids: UnsafePointer<berth_node_id>?, _ machines: UnsafePointer<berth_machine_id>?,
  _ count: UInt
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.setMachines(
      array(ids, count, "ids", atMost: BERTH_MAX_NODES), start(machines, count, "machines", atMost: BERTH_MAX_NODES))
  }
}

@_cdecl("berth_node_set_health")
public func nodeSetHealth(
  _ engine: OpaquePointer?, _ node: berth_node_id, _ sickGPUs: UInt32, _ sickNICs: UInt32
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.setHealth(node, sickGPUs: sickGPUs, sickNICs: sickNICs)
  }
}

@_cdecl("berth_node_read_devices")
public func nodeReadDevices(
  _ engine: OpaquePointer?, _ node: berth_node_id, _ machineOut: UnsafeMutablePointer<berth_machine_id>?,
  _ gpusOut: UnsafeMutablePointer<berth_gpu_state>?, _ functionsOut: UnsafeMutablePointer<UInt32>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(machineOut, "machine_out")
    out.pointee = try engine.readDevices(node, gpus: gpusOut, functions: functionsOut)
  }
}

@_cdecl("berth_fragmentation_read")
public func fragmentationRead(
  _ engine: OpaquePointer?, _ nodes: UnsafePointer<berth_node_id>?, _ count: UInt,
  _ milliOut: UnsafeMutablePointer<Double>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.readFragmentation(
      array(nodes, count, "nodes", atMost: BERTH_MAX_NODES), into: start(milliOut, count, "milli_out"))
  }
}

@_cdecl("berth_typical_pods_set")
public func typicalPodsSet(
  _ engine: OpaquePointer?, _ pods: UnsafePointer<berth_typical_pod>?, _ count: UInt, _ total: UInt64
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    try engine.setTypicalPods(array(pods, count, "pods", atMost: UInt32(BERTH_MAX_TYPICAL_PODS)), total: total)
  }
}
