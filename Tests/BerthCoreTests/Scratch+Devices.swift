import BerthCore
import BerthOracle
import CBerth

/// Machines, demands and claims as the header wants them.
extension Scratch {
  func machine(_ machine: Machine, derivesNICLinks: Bool) -> berth_machine {
    var record = berth_machine()
    record.struct_size = UInt32(MemoryLayout<berth_machine>.size)
    record.flags = machine.isWide ? UInt32(BERTH_MACHINE_WIDE_NVSWITCH) : 0
    record.gpu_count = UInt32(machine.gpus.count)
    record.nic_count = UInt32(machine.nics.count)
    record.gpus = UnsafePointer(
      array(
        machine.gpus.map {
          berth_gpu(
            model: text($0.model), memory_mib: UInt32($0.memory), numa_node: UInt16($0.numaNode),
            pcie_switch: code(pcieSwitch: $0.pcieSwitch), time_slices: UInt32($0.timeSlices), reserved: 0)
        }))
    record.nics = UnsafePointer(
      array(
        machine.nics.map {
          berth_nic(
            numa_node: UInt16($0.numaNode), pcie_switch: code(pcieSwitch: $0.pcieSwitch),
            virtual_functions: UInt32($0.functions))
        }))
    record.gpu_links = UnsafePointer(array(machine.links.joined().map { UInt8($0) }))
    record.nic_links = derivesNICLinks ? nil : UnsafePointer(array(machine.nicLinks.joined().map { UInt8($0) }))
    return record
  }

  /// nil: no GPU of any model is meant.
  func models(_ models: Set<String>, _ random: inout Random) -> UnsafePointer<CChar>? {
    if models.isEmpty { return random.chance(0.5) ? nil : text("") }
    return text(random.shuffled(models.sorted()).joined(separator: "|"))
  }

  func demand(_ demand: DeviceDemand, random: inout Random) -> berth_device_demand {
    var record = berth_device_demand()
    record.gpu_count = UInt32(demand.count)
    record.memory_mib = UInt32(demand.memory)
    record.link_required = UInt32(demand.linkRequired)
    record.nic_count = UInt32(demand.nics)
    record.models = models(demand.models, &random)
    switch demand.kind {
    case .whole: record.share_milli = 1000
    case .share(let milli): record.share_milli = UInt32(milli)
    case .timeSlice: record.flags |= UInt32(BERTH_DEVICES_TIME_SLICE)
    case .instance(let profile): record.mig_profile = text(profile)
    case .noGPU: break
    }
    if demand.prefersLinks { record.flags |= UInt32(BERTH_DEVICES_PREFER_LINKS) }
    if demand.nicsBySwitch { record.flags |= UInt32(BERTH_DEVICES_NICS_BY_SWITCH) }
    return record
  }

  func typicalPods(_ pods: [TypicalPod], random: inout Random) -> UnsafeBufferPointer<berth_typical_pod> {
    var records: [berth_typical_pod] = []
    for pod in pods {
      records.append(
        berth_typical_pod(
          cpu: pod.cpu, gpu_count: UInt32(pod.gpus), share_milli: UInt32(pod.milli), weight: UInt64(pod.weight),
          models: models(pod.models, &random)))
    }
    return buffer(records)
  }
}

private func code(pcieSwitch: Int?) -> UInt16 { UInt16(pcieSwitch ?? Int(BERTH_NO_SWITCH)) }

func code(devices: some Sequence<Int>) -> UInt32 { devices.reduce(0) { $0 | 1 << UInt32($1) } }

/// nil: no claim.
func code(_ claim: Claim?) -> berth_claim {
  guard let claim else { return berth_claim() }
  return berth_claim(
    gpus: code(devices: claim.gpus), nics: code(devices: claim.nics), share_milli: UInt32(claim.milli),
    memory_mib: UInt32(claim.memory), mig_slices: code(devices: claim.slices), reserved: 0)
}

extension berth_claim {
  /// GPUs, NICs, milli, MiB, MIG slices, reserved.
  var numbers: [UInt32] { [gpus, nics, share_milli, memory_mib, mig_slices, reserved] }
}

extension Machine {
  /// What an engine says of one that it knows.
  init(_ id: UInt32, of engine: Engine) throws(EngineError) {
    let scratch = Scratch()
    let (most, mostNICs) = (Int(BERTH_MAX_GPUS_PER_NODE), Int(BERTH_MAX_NICS_PER_NODE))
    var record = berth_machine()
    record.struct_size = UInt32(MemoryLayout<berth_machine>.size)
    let gpus = scratch.room(berth_gpu(), count: most)
    let nics = scratch.room(berth_nic(), count: mostNICs)
    let links = scratch.room(UInt8(0), count: most * most)
    let nicLinks = scratch.room(UInt8(0), count: most * mostNICs)
    try engine.readMachine(
      id, into: &record, gpus: gpus.baseAddress, nics: nics.baseAddress, gpuLinks: links.baseAddress,
      nicLinks: nicLinks.baseAddress)
    let (count, nicCount) = (Int(record.gpu_count), Int(record.nic_count))
    func pcieSwitch(_ number: UInt16) -> Int? { number == UInt16(BERTH_NO_SWITCH) ? nil : Int(number) }
    self.init(
      gpus: gpus.prefix(count).map {
        var gpu = Machine.GPU(String(cString: $0.model), memory: Int($0.memory_mib))
        (gpu.numaNode, gpu.pcieSwitch) = (Int($0.numa_node), pcieSwitch($0.pcie_switch))
        gpu.timeSlices = Int($0.time_slices)
        return gpu
      },
      nics: nics.prefix(nicCount).map {
        var nic = Machine.NIC(functions: Int($0.virtual_functions))
        (nic.numaNode, nic.pcieSwitch) = (Int($0.numa_node), pcieSwitch($0.pcie_switch))
        return nic
      },
      links: (0..<count).map { row in (0..<count).map { Int(links[row * count + $0]) } },
      nicLinks: (0..<count).map { row in (0..<nicCount).map { Int(nicLinks[row * nicCount + $0]) } },
      isWide: record.flags & UInt32(BERTH_MACHINE_WIDE_NVSWITCH) != 0)
  }
}
