import CBerth

/// What a pod's effective requests say of GPUs in the words of one scheduler. Each reader answers nil where none of its
/// words occur, and notes what is wrong under the first container that says it.
struct DeviceDialects {
  let requests: [String: Quantity]
  let fail: (_ resource: String, _ message: String) -> Void

  /// The one dialect that the pod speaks; nil: it asks for no GPU.
  func request() -> DeviceRequest? {
    let spoken: [(resources: [String], read: () -> DeviceRequest?)] = [
      (names { $0.hasPrefix(DeviceNames.migPrefix) }, instance),
      (names { $0 == DeviceNames.sharedGPU }, slice),
      (names(Self.hami.all.contains), { whole(Self.hami) }),
      (names(Self.volcanoVGPU.all.contains), { whole(Self.volcanoVGPU) }),
      (names(Self.aliyun.contains), aliyun),
      (names(Self.koordinator.contains), koordinator),
      (names([Self.volcanoMemory, Self.volcanoNumber].contains), volcano),
    ]
    let known = Set(spoken.flatMap(\.resources))
    for name in names({ DeviceNames.isGPU($0) && !known.contains($0) }) {
      fail(name, "is no known way to ask for GPUs")
    }
    let all = spoken.filter { !$0.resources.isEmpty }
    guard let first = all.first else { return nil }
    if all.count > 1 {
      fail(all[1].resources[0], "contradicts \(first.resources[0]): one pod asks for GPUs in one way")
      return nil
    }
    return first.read()
  }

  private func names(_ condition: (String) -> Bool) -> [String] {
    requests.filter { condition($0.key) && $0.value > .zero }.keys.sorted()
  }

  /// Whole units; nil where it is not asked for. More than the engine can count has been refused already, and must not
  /// overflow here.
  private func units(_ name: String) -> Int64? {
    guard let quantity = requests[name], quantity > .zero else { return nil }
    if quantity.nanos % 1_000_000_000 != 0 { fail(name, "must be a whole number") }
    return min(quantity.units, Int64(BERTH_MAX_QUANTITY))
  }

  private func count(_ name: String, _ units: Int64) -> Int? {
    guard units <= DeviceRequest.mostGPUs else {
      fail(name, "\(units) are more GPUs than a node can have (\(DeviceRequest.mostGPUs))")
      return nil
    }
    return Int(units)
  }

  private func percent(_ name: String, atMost most: Int64 = 100) -> UInt32? {
    guard let value = units(name) else { return nil }
    if value > most { fail(name, "must be between 1 and \(most)") }
    return UInt32(clamping: min(value, most))
  }

  private func memory(_ name: String, mebibytes: Int64) -> UInt32 {
    if mebibytes > Int64(BERTH_MAX_GPU_MEMORY_MIB) { fail(name, "is more memory than a GPU can have") }
    return UInt32(clamping: min(mebibytes, Int64(BERTH_MAX_GPU_MEMORY_MIB)))
  }

  // MARK: NVIDIA's device plugin

  /// nvidia.com/mig-1g.10gb (strategy mixed): each is one instance of that profile.
  private func instance() -> DeviceRequest? {
    let all = names { $0.hasPrefix(DeviceNames.migPrefix) }
    if all.count > 1 { fail(all[1], "contradicts \(all[0]): a pod is placed with one MIG instance") }
    guard let name = all.first, let units = units(name) else { return nil }
    if units > 1 { fail(name, "must be 1: a pod is placed with one MIG instance") }
    var request = DeviceRequest(.nvidia, .instance)
    request.profile = String(name.dropFirst(DeviceNames.migPrefix.count))
    // Which there are, the engine knows.
    if request.profile.wholeMatch(of: /[1-9]g\.[1-9][0-9]*gb/) == nil {
      fail(name, "'\(request.profile)' is no MIG profile that is known here: 1g.10gb")
    }
    return request
  }

  /// nvidia.com/gpu.shared: one replica of a GPU whose time is sliced. More replicas bring no more time (NVIDIA device
  /// plugin, `failRequestsGreaterThanOne`).
  private func slice() -> DeviceRequest? {
    if let units = units(DeviceNames.sharedGPU), units > 1 {
      fail(DeviceNames.sharedGPU, "must be 1: more slices of time may be of the same GPU")
    }
    return DeviceRequest(.nvidia, .slice)
  }

  // MARK: HAMi

  struct VirtualGPU {
    var dialect: DeviceRequest.Dialect
    var count: String
    var memory: String
    var memoryPercent: String
    var cores: String
    var all: [String] { [count, memory, memoryPercent, cores] }
  }

  static let hami = VirtualGPU(
    dialect: .hami, count: DeviceNames.gpu, memory: "nvidia.com/gpumem", memoryPercent: "nvidia.com/gpumem-percentage",
    cores: "nvidia.com/gpucores")
  static let volcanoVGPU = VirtualGPU(
    dialect: .volcano, count: "volcano.sh/vgpu-number", memory: "volcano.sh/vgpu-memory",
    memoryPercent: "volcano.sh/vgpu-memory-percentage", cores: "volcano.sh/vgpu-cores")

  /// nvidia.com/gpu alone is whole GPUs. With HAMi's resources it is as many GPUs, of each of which the pod gets
  /// gpumem MiB (or gpumem-percentage of its memory; all of it where neither is said) and gpucores per cent of its time
  /// (none is promised where it is not said; 100 is a GPU for the pod alone). Without nvidia.com/gpu it is one GPU.
  /// HAMi pkg/device/nvidia/device.go, GenerateResourceRequests and MutateAdmission; Volcano's vgpu is the same.
  private func whole(_ names: VirtualGPU) -> DeviceRequest? {
    let (memory, cores) = (units(names.memory), percent(names.cores))
    let share = percent(names.memoryPercent)
    guard let count = count(names.count, units(names.count) ?? 1) else { return nil }
    if memory != nil && share != nil { fail(names.memoryPercent, "contradicts \(names.memory)") }
    let isPlain = memory == nil && cores == nil && share == nil
    let isWhole = isPlain || cores == 100 || (memory == nil && share ?? 100 == 100 && cores == nil)
    var request = DeviceRequest(
      isPlain && names.dialect == .hami ? .nvidia : names.dialect, isWhole ? .whole : .share, count: count)
    if let memory { request.memoryMiB = self.memory(names.memory, mebibytes: memory) }
    if isWhole { return request }
    if count > 1 {
      fail(names.count, "must be 1 where less than whole GPUs are asked for: shares of \(count) GPUs are not supported")
    }
    request.milli = (cores ?? 0) * 10
    if memory == nil { request.memoryPercent = share ?? 100 }
    return request
  }

  // MARK: Alibaba Cloud ACK

  private static let aliyunMemory = "aliyun.com/gpu-mem"
  private static let aliyunCores = "aliyun.com/gpu-core.percentage"
  private static let aliyunCount = "aliyun.com/gpu-count"
  private static let aliyun = [aliyunMemory, aliyunCores, aliyunCount]

  /// aliyun.com/gpu-mem in GiB of one GPU's memory, and gpu-core.percentage of its time in steps of 5, which needs the
  /// former. ACK, "Allocate computing power by scheduling shared GPU"; AliyunContainerService/gpushare-scheduler-extender.
  private func aliyun() -> DeviceRequest? {
    if let count = units(Self.aliyunCount), count > 1 {
      fail(Self.aliyunCount, "must be 1: shares of \(count) GPUs are not supported")
    }
    let cores = percent(Self.aliyunCores)
    if let cores, cores % 5 != 0 { fail(Self.aliyunCores, "must be a multiple of 5") }
    guard let gibibytes = units(Self.aliyunMemory) else {
      fail(cores == nil ? Self.aliyunCount : Self.aliyunCores, "needs \(Self.aliyunMemory) beside it")
      return nil
    }
    var request = DeviceRequest(.aliyun, cores == 100 ? .whole : .share)
    request.memoryMiB = memory(Self.aliyunMemory, mebibytes: min(gibibytes, 1 << 40) * 1024)
    if cores != 100 { request.milli = (cores ?? 0) * 10 }
    return request
  }

  // MARK: Koordinator

  private static let koordinatorGPU = "koordinator.sh/gpu"
  private static let koordinatorShared = "koordinator.sh/gpu.shared"
  private static let koordinatorCore = "koordinator.sh/gpu-core"
  private static let koordinatorMemory = "koordinator.sh/gpu-memory"
  private static let koordinatorRatio = "koordinator.sh/gpu-memory-ratio"
  private static let koordinator = [
    koordinatorGPU, koordinatorShared, koordinatorCore, koordinatorMemory, koordinatorRatio,
  ]

  /// gpu-core and gpu-memory-ratio in per cent of a GPU, k x 100 for k whole ones; gpu-memory in bytes in place of the
  /// ratio; koordinator.sh/gpu is both at once; gpu.shared says over how many GPUs the sums are spread. gpu-core alone is
  /// refused. Koordinator pkg/scheduler/plugins/deviceshare/utils.go, ValidDeviceResourceCombinations. What is finer:
  /// all of a GPU's time is a whole GPU here, whose memory no one else gets.
  private func koordinator() -> DeviceRequest? {
    let both = units(Self.koordinatorGPU)
    let (core, ratio) = (units(Self.koordinatorCore) ?? both, units(Self.koordinatorRatio) ?? both)
    let bytes = units(Self.koordinatorMemory)
    let shared = units(Self.koordinatorShared)
    for name in Self.koordinator.dropFirst() where both != nil && requests[name] != nil {
      fail(name, "contradicts \(Self.koordinatorGPU)")
    }
    if units(Self.koordinatorRatio) != nil && bytes != nil {
      fail(Self.koordinatorRatio, "contradicts \(Self.koordinatorMemory)")
    }
    guard ratio != nil || bytes != nil else {
      let name = core != nil ? Self.koordinatorCore : Self.koordinatorShared
      fail(name, "needs \(Self.koordinatorMemory) or \(Self.koordinatorRatio) beside it")
      return nil
    }
    guard let gpus = koordinatorCount(core: core, ratio: ratio, shared: shared) else { return nil }
    let each = (core: core.map { $0 / Int64(gpus) }, ratio: ratio.map { $0 / Int64(gpus) })
    let isWhole = each.core == 100 || (each.core == nil && each.ratio == 100)
    var request = DeviceRequest(.koordinator, isWhole ? .whole : .share, count: gpus)
    if let bytes {
      request.memoryMiB = memory(Self.koordinatorMemory, mebibytes: (bytes / Int64(gpus) + 0xFFFFF) >> 20)
    }
    if isWhole { return request }
    if gpus > 1 {
      fail(
        Self.koordinatorShared,
        "must be 1 where less than whole GPUs are asked for: shares of \(gpus) GPUs are "
          + "not supported")
    }
    request.milli = UInt32(clamping: each.core ?? 0) * 10
    request.memoryPercent = UInt32(clamping: each.ratio ?? 0)
    return request
  }

  /// Over how many GPUs the percentages go.
  private func koordinatorCount(core: Int64?, ratio: Int64?, shared: Int64?) -> Int? {
    let named = [(Self.koordinatorCore, core), (Self.koordinatorRatio, ratio)].compactMap { name, value in
      value.map { (requests[name] == nil ? Self.koordinatorGPU : name, $0) }
    }
    if let shared {
      for (name, value) in named where value % shared != 0 || value / shared > 100 {
        fail(name, "must be a multiple of \(Self.koordinatorShared) (\(shared)), at most 100 of each")
        return nil
      }
      return count(Self.koordinatorShared, shared)
    }
    for (name, value) in named where value > 100 && value % 100 != 0 {
      fail(name, "must be at most 100, or a multiple of 100")
      return nil
    }
    let counts = named.map { ($0.0, max(1, $0.1 / 100)) }
    if let first = counts.first, let other = counts.first(where: { $0.1 != first.1 }) {
      fail(other.0, "is of \(other.1) GPUs, \(first.0) of \(first.1)")
      return nil
    }
    return count(counts.first?.0 ?? Self.koordinatorMemory, counts.first?.1 ?? 1)
  }

  // MARK: Volcano

  private static let volcanoMemory = "volcano.sh/gpu-memory"
  private static let volcanoNumber = "volcano.sh/gpu-number"

  /// gpu-memory in MiB of one GPU, or gpu-number whole GPUs. Volcano pkg/scheduler/api/devices/nvidia/gpushare/share.go.
  private func volcano() -> DeviceRequest? {
    if requests[Self.volcanoMemory] != nil, requests[Self.volcanoNumber] != nil {
      fail(Self.volcanoNumber, "contradicts \(Self.volcanoMemory)")
      return nil
    }
    if let number = units(Self.volcanoNumber) {
      return count(Self.volcanoNumber, number).map { DeviceRequest(.volcano, .whole, count: $0) }
    }
    var request = DeviceRequest(.volcano, .share)
    request.memoryMiB = memory(Self.volcanoMemory, mebibytes: units(Self.volcanoMemory) ?? 0)
    return request
  }
}
