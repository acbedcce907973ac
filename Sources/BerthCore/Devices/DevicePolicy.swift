import CBerth

/// The fragmentation policies as they were published: how well a pod suits a node, by what the node's GPUs have free
/// before and after. Formulas, roundings and tie rules follow the FGD experiment's simulator
/// (hkust-adsl/kubernetes-scheduler-simulator, pkg/simulator/plugin; "Beware of Fragmentation", USENIX ATC 2023).
enum DevicePolicy: UInt8 {
  case none = 0
  case random = 20
  case bestFit = 21
  case dotProduct = 22
  case packing = 23
  case clustering = 24
  case fgd = 25
  case berth = 26

  /// Scores change of a potential of the node's state.
  var isPotential: Bool { self == .fgd || self == .berth }
  /// What needs to know what counts as 1.
  var needsScales: Bool { self == .bestFit || self == .dotProduct || self == .clustering }
  /// The largest score, without weight.
  var most: Int64 {
    switch self {
    case .none: 0
    case .random: 1 << 20
    case .berth: 2 * Self.berthMiddle
    default: 100
    }
  }

  /// Berth's score of a node whose usefulness does not change; a step more or less is a hundredth of a GPU. No node can
  /// lose or gain more than 16 GPUs at 7 for each: 11,200 steps.
  static let berthMiddle: Int64 = 1 << 14
  /// In millionths of a GPU.
  static let berthStep: Int64 = 10_000
}

/// A node and a pod, as the policies that need no typical pods see them.
struct PolicyView {
  /// cpu and free milli-GPU of the node before.
  var cpu: Int64
  var freeMilli: Int64
  /// What the pod takes of them.
  var cpuRequest: Int64
  var milliRequest: Int64
  /// What counts as 1.
  var cpuScale: Double
  var gpuScale: Double

  /// BestFit: the less remains, the better.
  @inline(__always) var bestFit: Int64 {
    let rest = 0.5 * (Double(cpu - cpuRequest) / cpuScale) + 0.5 * (Double(freeMilli - milliRequest) / gpuScale)
    return Self.hundredth(1 - rest)
  }

  /// DotProd: what is asked for much is not taken where there is much.
  @inline(__always) var dotProduct: Int64 {
    let cpuPart = (Double(cpu) / cpuScale) * (Double(cpuRequest) / cpuScale)
    let gpuPart = (Double(freeMilli) / gpuScale) * (Double(milliRequest) / gpuScale)
    return Self.hundredth(1 - (cpuPart + gpuPart) / 2)
  }

  /// Towards zero, and within the bounds of a score.
  @inline(__always)
  private static func hundredth(_ value: Double) -> Int64 { Int64(max(0, min(100, 100 * value))) }
}

extension NodeDevices {
  /// GpuPacking: used GPUs before idle ones, used nodes before idle ones. `fitting` GPUs have `milli` free; `count` of
  /// them are needed.
  func packing(_ machine: MachineEntry, fitting: UInt16, count: Int) -> Int64 {
    let idleCount = idle.nonzeroBitCount
    if idleCount == machine.gpuCount { return Int64(max(33 - idleCount, idleCount)) }
    // the GPUs with the least free first
    var rest = fitting
    var idleUsed = 0
    var sum = 0
    for _ in 0..<count {
      let gpu = leastFree(rest)
      rest &= ~(1 << UInt16(gpu))
      if idle >> UInt16(gpu) & 1 != 0 { idleUsed += 1 }
      sum += Int(milli[gpu]) * 100 / 1000
    }
    return Int64(idleUsed > 0 ? max(50 - idleUsed, 33) : max(100 - sum / 10, 50))
  }

  /// The GPU of a set with the least free milli, then the lowest index; the set is not empty.
  @inline(__always)
  func leastFree(_ gpus: UInt16) -> Int {
    var rest = gpus
    var best = rest.trailingZeroBitCount
    rest &= rest - 1
    while rest != 0 {
      let gpu = rest.trailingZeroBitCount
      rest &= rest - 1
      if milli[gpu] < milli[best] { best = gpu }
    }
    return best
  }

  /// GpuClustering: pods with equal numbers of GPUs together. `own`: 0 for a share, k for k GPUs.
  func clustering(own: Int, gpuScale: Double) -> Int64 {
    // a scale below what is free would make it negative: such a node is an idle one
    let base = Int64(max(0, 25 * (gpuScale - Double(freeMilli)) / gpuScale))
    let hasOwn = own == 0 ? sharePods > 0 : wholePods[own - 1] > 0
    var others = wholePods
    if own > 0 { others[own - 1] = 0 }
    let hasOthers = others != .zero || (own != 0 && sharePods > 0)
    if hasOwn { return base + (hasOthers ? 50 : 75) }
    return base + (hasOthers ? 0 : 25)
  }
}

/// Numbers that look drawn, for GPU_RANDOM: of the pod's id, so that a run can be repeated and taken back.
enum PolicyHash {
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    // splitmix64
    var x = value &+ 0x9E37_79B9_7F4A_7C15
    x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
    return x ^ x >> 31
  }
}
