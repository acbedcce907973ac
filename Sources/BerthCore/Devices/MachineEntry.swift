import BerthDevices
import CBerth

/// An interned machine: what is looked at again and again, beside the description. Never changes; forks share it.
final class MachineEntry: Sendable {
  let id: UInt32
  let machine: Machine
  let gpuCount: Int
  /// All GPUs.
  let all: UInt16
  /// MiB by GPU.
  let memory: SIMD16<UInt32>
  /// Free virtual functions by NIC when nobody has any.
  let functions: [UInt8]
  /// The engine's id of each GPU's model.
  let models: [UInt32]
  /// A time slice of each GPU in milli; 0: it is not sliced.
  let slices: SIMD16<UInt16>
  /// All GPUs are of one model.
  let isUniform: Bool
  /// Equal where typical pods see no difference: machines with one model, or the machine itself. Never 0.
  let ground: UInt32
  /// What it was made of: equal ones are one machine.
  var identity: Identity { Identity(machine) }
  struct Identity: Hashable {
    private let machine: Machine
    /// By their bytes: texts that look alike are equal as strings.
    private let models: [Name]

    init(_ machine: Machine) {
      self.machine = machine
      models = machine.gpus.map { Name(Array($0.model.utf8)) }
    }
  }

  init(id: UInt32, _ machine: Machine, models: [UInt32]) {
    self.id = id
    self.machine = machine
    self.models = models
    gpuCount = machine.gpus.count
    all = UInt16(truncatingIfNeeded: 1 << gpuCount - 1)
    var (memory, slices) = (SIMD16<UInt32>.zero, SIMD16<UInt16>.zero)
    for (index, gpu) in machine.gpus.enumerated() {
      memory[index] = gpu.memoryMiB
      slices[index] = gpu.timeSlices == 0 ? 0 : UInt16(1000 / Int(gpu.timeSlices))
    }
    (self.memory, self.slices) = (memory, slices)
    isUniform = Set(models).count == 1
    ground = isUniform ? 1 << 31 | models[0] : id
    functions = machine.nics.map { UInt8($0.virtualFunctions) }
  }

  static func isLink(_ value: UInt8) -> Bool { value == 0 || LinkClass(rawValue: value).isKnown }

  /// Some model has a MIG profile of that name.
  static func isProfile(_ name: String) -> Bool {
    GPUModel.all.contains { $0.mig?.index(of: name) != nil }
  }

  static func profile(_ name: String, of model: String) -> MIGProfile? {
    GPUModel.named(model)?.mig.flatMap { mig in mig.index(of: name).map { mig.profiles[$0] } }
  }

  /// The least link to a NIC that passes no host bridge.
  static let switchLink = LinkDemand.sharedSwitch

  /// GPUs of some models (none: any).
  func gpus(of wanted: [UInt32]) -> UInt16 {
    guard !wanted.isEmpty else { return all }
    var mask: UInt16 = 0
    for (gpu, model) in models.enumerated() where wanted.contains(model) { mask |= 1 << UInt16(gpu) }
    return mask
  }
}

/// Reads machines that come over the boundary.
enum MachineReader {
  static let maxTimeSlices: UInt8 = 31
  static let lastNUMANode = UInt16(Machine.maxNUMANodes - 1)

  static func machine(_ record: berth_machine) throws(EngineError) -> Machine {
    guard record.flags & ~UInt32(BERTH_MACHINE_WIDE_NVSWITCH) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "flags \(record.flags): use BERTH_MACHINE_*")
    }
    guard record.gpu_count <= UInt32(BERTH_MAX_GPUS_PER_NODE), record.nic_count <= UInt32(BERTH_MAX_NICS_PER_NODE)
    else {
      throw refuse(
        BERTH_LIMIT,
        "\(record.gpu_count) GPUs and \(record.nic_count) NICs: at most \(BERTH_MAX_GPUS_PER_NODE) and "
          + "\(BERTH_MAX_NICS_PER_NODE)")
    }
    let (gpuCount, nicCount) = (Int(record.gpu_count), Int(record.nic_count))
    guard gpuCount == 0 || record.gpus != nil else { throw refuse(BERTH_NULL_POINTER, "gpus is null") }
    guard nicCount == 0 || record.nics != nil else { throw refuse(BERTH_NULL_POINTER, "nics is null") }
    guard gpuCount == 0 || record.gpu_links != nil else { throw refuse(BERTH_NULL_POINTER, "gpu_links is null") }
    var gpus: [Machine.GPU] = []
    for index in 0..<gpuCount { gpus.append(try gpu(record.gpus[index], index)) }
    var nics: [Machine.NIC] = []
    for index in 0..<nicCount { nics.append(try nic(record.nics[index], index)) }
    func links(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [LinkClass] {
      UnsafeBufferPointer(start: start, count: count).map { LinkClass(rawValue: $0) }
    }
    return try checked { () throws(MachineError) in
      try Machine(
        gpus: gpus, nics: nics, links: links(record.gpu_links, gpuCount * gpuCount),
        nicLinks: record.nic_links.map { links($0, gpuCount * nicCount) },
        nvSwitchSpansHosts: record.flags & UInt32(BERTH_MACHINE_WIDE_NVSWITCH) != 0)
    }
  }

  /// The module's refusals in the engine's words.
  static func checked(_ body: () throws(MachineError) -> Machine) throws(EngineError) -> Machine {
    do throws(MachineError) {
      return try normal(try body())
    } catch {
      throw refuse(BERTH_BAD_ARGUMENT, error.description)
    }
  }

  /// A machine as berth_machine can say it, so that one is the same whichever way it came: NICs have no names, and one
  /// without virtual functions is had by one pod.
  private static func normal(_ machine: Machine) throws(MachineError) -> Machine {
    try Machine(
      gpus: machine.gpus,
      nics: machine.nics.map {
        Machine.NIC(
          name: "", numaNode: $0.numaNode, pcieSwitch: $0.pcieSwitch, virtualFunctions: max(1, $0.virtualFunctions))
      }, links: machine.links, nicLinks: machine.nicLinks, nvSwitchSpansHosts: machine.nvSwitchSpansHosts)
  }

  static func checkModel(_ name: Name, _ what: String) throws(EngineError) {
    guard !name.bytes.contains(UInt8(ascii: "|")) else {
      throw refuse(BERTH_BAD_TEXT, "\(what) \"\(name)\" has a |, which stands between models in demands")
    }
  }

  private static func gpu(_ record: berth_gpu, _ index: Int) throws(EngineError) -> Machine.GPU {
    let model = try Text.read(record.model, "model of GPU\(index)")
    guard record.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "GPU\(index): reserved must be 0") }
    try checkModel(model, "GPU\(index): model")
    guard record.memory_mib >= 1, record.memory_mib <= UInt32(BERTH_MAX_GPU_MEMORY_MIB) else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "GPU\(index): memory_mib \(record.memory_mib) is outside 1...\(BERTH_MAX_GPU_MEMORY_MIB)")
    }
    guard record.time_slices <= UInt32(maxTimeSlices) else {
      throw refuse(BERTH_BAD_ARGUMENT, "GPU\(index): time_slices \(record.time_slices) is outside 0...\(maxTimeSlices)")
    }
    try place(record.numa_node, record.pcie_switch, "GPU\(index)")
    return Machine.GPU(
      model: model.description, memoryMiB: record.memory_mib, numaNode: UInt8(record.numa_node),
      pcieSwitch: UInt8(record.pcie_switch), timeSlices: UInt8(record.time_slices))
  }

  private static func nic(_ record: berth_nic, _ index: Int) throws(EngineError) -> Machine.NIC {
    guard record.virtual_functions >= 1, record.virtual_functions <= 255 else {
      throw refuse(BERTH_BAD_ARGUMENT, "NIC\(index): virtual_functions \(record.virtual_functions) is outside 1...255")
    }
    try place(record.numa_node, record.pcie_switch, "NIC\(index)")
    return Machine.NIC(
      name: "", numaNode: UInt8(record.numa_node), pcieSwitch: UInt8(record.pcie_switch),
      virtualFunctions: UInt16(record.virtual_functions))
  }

  private static func place(_ node: UInt16, _ pcieSwitch: UInt16, _ what: String) throws(EngineError) {
    guard node <= lastNUMANode else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): numa_node \(node) is outside 0...\(lastNUMANode)")
    }
    guard pcieSwitch <= UInt16(BERTH_NO_SWITCH) else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): pcie_switch \(pcieSwitch) is outside 0...\(BERTH_NO_SWITCH)")
    }
  }
}
