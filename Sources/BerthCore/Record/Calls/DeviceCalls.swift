import BerthDevices
import CBerth

// berth_machine_intern (and its other forms), berth_gpu_model_set, berth_nodes_set_machines, berth_node_set_health,
// berth_typical_pods_set

struct MachineIntern: Call {
  static let kind = CallKind.machineIntern
  let machine: Machine

  func apply(to engine: Engine) throws(EngineError) -> berth_machine_id { try engine.applyInternMachine(machine) }

  func write(to record: inout RecordWriter) {
    record.put(machine.nvSwitchSpansHosts)
    record.put(UInt8(machine.gpus.count))
    record.put(UInt8(machine.nics.count))
    for gpu in machine.gpus {
      record.put(Name(Array(gpu.model.utf8)))
      record.put(gpu.memoryMiB)
      record.put(gpu.numaNode)
      record.put(gpu.pcieSwitch)
      record.put(gpu.timeSlices)
    }
    for nic in machine.nics {
      record.put(Name(Array(nic.name.utf8)))
      record.put(nic.numaNode)
      record.put(nic.pcieSwitch)
      record.put(nic.virtualFunctions)
    }
    for link in machine.links + machine.nicLinks { record.put(link.rawValue) }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let spansHosts = try record.takeFlag("whether NVSwitch spans hosts")
    let gpuCount = Int(try record.take(UInt8(1)...UInt8(BERTH_MAX_GPUS_PER_NODE), "the number of GPUs"))
    let lastNode = UInt8(MachineReader.lastNUMANode)
    let nicCount = Int(try record.take(UInt8(0)...UInt8(BERTH_MAX_NICS_PER_NODE), "the number of NICs"))
    var gpus: [Machine.GPU] = []
    for _ in 0..<gpuCount {
      let model = try record.takeName("a GPU's model")
      try MachineReader.checkModel(model, "model")
      gpus.append(
        Machine.GPU(
          model: model.description,
          memoryMiB: try record.take(1...UInt32(BERTH_MAX_GPU_MEMORY_MIB), "a GPU's memory"),
          numaNode: try record.take(0...lastNode, "a GPU's NUMA node"), pcieSwitch: try record.take(),
          timeSlices: try record.take(0...MachineReader.maxTimeSlices, "a GPU's time slices")))
    }
    var nics: [Machine.NIC] = []
    for _ in 0..<nicCount {
      nics.append(
        Machine.NIC(
          name: try record.takeName("a NIC's name", allowsEmpty: true).description,
          numaNode: try record.take(0...lastNode, "a NIC's NUMA node"), pcieSwitch: try record.take(),
          virtualFunctions: try record.take(1...255, "a NIC's functions")))
    }
    var links: [LinkClass] = []
    for _ in 0..<gpuCount * (gpuCount + nicCount) { links.append(LinkClass(rawValue: try record.take())) }
    do throws(MachineError) {
      return Self(
        machine: try Machine(
          gpus: gpus, nics: nics, links: Array(links.prefix(gpuCount * gpuCount)),
          nicLinks: Array(links.dropFirst(gpuCount * gpuCount)), nvSwitchSpansHosts: spansHosts))
    } catch {
      throw record.bad(error.description)
    }
  }
}

struct GPUModelSet: Call {
  static let kind = CallKind.gpuModelSet
  let model: UnsafePointer<CChar>
  let worth: UInt32

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetModel(model, worth: worth) }

  func write(to record: inout RecordWriter) {
    record.put(model)
    record.put(worth)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(model: try scratch.name(&record), worth: try record.take())
  }
}

struct NodesSetMachines: Call {
  static let kind = CallKind.nodesSetMachines
  let ids: UnsafeBufferPointer<berth_node_id>
  let machines: UnsafePointer<berth_machine_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetMachines(ids, machines) }

  func write(to record: inout RecordWriter) {
    record.put(ids)
    record.putAll(UnsafeBufferPointer(start: machines, count: ids.count))
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let ids: UnsafeBufferPointer<berth_node_id> = try scratch.array(&record, "nodes")
    return Self(ids: ids, machines: try scratch.values(&record, ids.count))
  }
}

struct NodeSetHealth: Call {
  static let kind = CallKind.nodeSetHealth
  let node: berth_node_id
  let sickGPUs: UInt32
  let sickNICs: UInt32

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetHealth(node, gpus: sickGPUs, nics: sickNICs) }

  func write(to record: inout RecordWriter) {
    record.put(node)
    record.put(sickGPUs)
    record.put(sickNICs)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(node: try record.take(), sickGPUs: try record.take(), sickNICs: try record.take())
  }
}

struct TypicalPodsSet: Call {
  static let kind = CallKind.typicalPodsSet
  let pods: UnsafeBufferPointer<berth_typical_pod>
  let total: UInt64

  func apply(to engine: Engine) throws(EngineError) { try engine.applySetTypicalPods(pods, total: total) }

  func write(to record: inout RecordWriter) {
    record.put(total)
    record.put(pods) { pod, record in
      record.put(pod.cpu)
      record.put(pod.gpu_count)
      record.put(pod.share_milli)
      record.put(pod.weight)
      record.put(pod.models)
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let total = try record.take(UInt64.self)
    return Self(
      pods: try scratch.list(&record, bytes: 26, "typical pods") { record throws(EngineError) in
        berth_typical_pod(
          cpu: try record.take(), gpu_count: try record.take(), share_milli: try record.take(),
          weight: try record.take(), models: try scratch.text(&record))
      }, total: total)
  }
}
