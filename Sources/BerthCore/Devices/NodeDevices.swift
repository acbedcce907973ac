/// What a node has of devices now: a cell of a column, all zero for nodes without a machine. Lanes beyond the machine's
/// devices are zero, so that nothing ever fits there.
struct NodeDevices: Equatable {
  /// Free milli of each GPU's time; 0 of one that is cut into MIG instances.
  var milli: SIMD16<UInt16>
  private var memoryLow: SIMD8<UInt32>
  private var memoryHigh: SIMD8<UInt32>
  /// Memory slices of MIG instances.
  var slices: SIMD16<UInt8>
  /// Free virtual functions of each NIC.
  var functions: SIMD16<UInt8>
  /// Pods that hold k whole GPUs, at k - 1.
  var wholePods: SIMD16<UInt8>
  /// 0: none.
  var machine: UInt32
  /// GPUs that are healthy and wholly free.
  var idle: UInt16
  var sick: UInt16
  var sickNICs: UInt16
  /// Pods that hold less than a GPU.
  var sharePods: UInt32

  /// Free memory of each GPU in MiB.
  @inline(__always) var memory: SIMD16<UInt32> {
    get { SIMD16(lowHalf: memoryLow, highHalf: memoryHigh) }
    set { (memoryLow, memoryHigh) = (newValue.lowHalf, newValue.highHalf) }
  }

  init() {
    (milli, memoryLow, memoryHigh) = (.zero, .zero, .zero)
    (slices, functions, wholePods) = (.zero, .zero, .zero)
    (machine, idle, sick, sickNICs, sharePods) = (0, 0, 0, 0, 0)
  }

  /// All devices free and healthy.
  init(_ machine: MachineEntry) {
    self.init()
    self.machine = machine.id
    for gpu in 0..<machine.gpuCount { milli[gpu] = 1000 }
    memory = machine.memory
    for (nic, functions) in machine.functions.enumerated() { self.functions[nic] = functions }
    refreshIdle(machine)
  }

  /// Free milli on healthy GPUs: what fragmentation policies call U.
  @inline(__always) var freeMilli: Int64 {
    if sick == 0 { return Int64(milli.wrappedSum()) }
    var sum: Int64 = 0
    for gpu in 0..<16 where sick >> UInt16(gpu) & 1 == 0 { sum += Int64(milli[gpu]) }
    return sum
  }

  @inline(__always)
  mutating func refreshIdle(_ machine: MachineEntry) {
    let whole = milli .== SIMD16(repeating: 1000)
    var mask: UInt16 = 0
    let memory = memory
    for gpu in 0..<machine.gpuCount where whole[gpu] && memory[gpu] == machine.memory[gpu] { mask |= 1 << UInt16(gpu) }
    idle = mask & ~sick
  }

  var isFree: Bool { sharePods == 0 && wholePods == .zero }
}

/// The devices that a pod holds.
struct DeviceClaim: Equatable {
  enum Kind: UInt8 {
    case none = 0
    case whole, share, slice, instance, nics
  }
  var gpus: UInt16 = 0
  var nics: UInt16 = 0
  /// Of each GPU.
  var milli: UInt16 = 0
  var slices: UInt8 = 0
  private var kindValue: UInt8 = 0
  /// In MiB; of whole GPUs 0: all of it.
  var memory: UInt32 = 0

  init() {}

  init(_ kind: Kind, gpus: UInt16, milli: UInt16 = 0, slices: UInt8 = 0, memory: UInt32 = 0) {
    (self.gpus, self.milli, self.slices, self.memory, kindValue) = (gpus, milli, slices, memory, kind.rawValue)
  }

  @inline(__always) var kind: Kind { Kind(rawValue: kindValue).unsafelyUnwrapped }
  @inline(__always) var exists: Bool { kindValue != 0 }
  @inline(__always) var gpu: Int { gpus.trailingZeroBitCount }
}

extension NodeDevices {
  /// Takes what a claim says, which is there.
  @inline(__always)
  mutating func take(_ claim: DeviceClaim, _ machine: MachineEntry) {
    switch claim.kind {
    case .whole:
      var rest = claim.gpus
      var memory = memory
      while rest != 0 {
        let gpu = rest.trailingZeroBitCount
        rest &= rest - 1
        milli[gpu] = 0
        memory[gpu] = 0
      }
      self.memory = memory
      wholePods[claim.gpus.nonzeroBitCount - 1] &+= 1
    case .share, .slice:
      milli[claim.gpu] -= claim.milli
      memory[claim.gpu] -= claim.memory
      sharePods += 1
    case .instance:
      slices[claim.gpu] |= claim.slices
      milli[claim.gpu] = 0
      memory[claim.gpu] = 0
      sharePods += 1
    case .nics, .none: break
    }
    changeNICs(claim.nics, by: -1)
    refreshIdle(machine)
  }

  /// Gives back what a claim took.
  @inline(__always)
  mutating func give(_ claim: DeviceClaim, _ machine: MachineEntry) {
    switch claim.kind {
    case .whole:
      var rest = claim.gpus
      var memory = memory
      while rest != 0 {
        let gpu = rest.trailingZeroBitCount
        rest &= rest - 1
        milli[gpu] = 1000
        memory[gpu] = machine.memory[gpu]
      }
      self.memory = memory
      wholePods[claim.gpus.nonzeroBitCount - 1] &-= 1
    case .share, .slice:
      milli[claim.gpu] += claim.milli
      memory[claim.gpu] += claim.memory
      sharePods -= 1
    case .instance:
      slices[claim.gpu] &= ~claim.slices
      if slices[claim.gpu] == 0 {
        milli[claim.gpu] = 1000
        memory[claim.gpu] = machine.memory[claim.gpu]
      }
      sharePods -= 1
    case .nics, .none: break
    }
    changeNICs(claim.nics, by: 1)
    refreshIdle(machine)
  }

  private mutating func changeNICs(_ nics: UInt16, by change: Int) {
    var rest = nics
    while rest != 0 {
      let nic = rest.trailingZeroBitCount
      rest &= rest - 1
      functions[nic] = UInt8(Int(functions[nic]) + change)
    }
  }
}

extension DeviceClaim {
  /// It is what a demand asks for, as far as the claim alone can tell; shares may have been resized.
  func answers(_ demand: DeviceDemand) -> Bool {
    guard kind.rawValue == demand.kind.rawValue, gpus.nonzeroBitCount == demand.count,
      nics.nonzeroBitCount == demand.nics
    else { return false }
    switch kind {
    case .none: return false
    case .whole: return milli == 1000 && memory == 0 && slices == 0
    case .share: return milli < 1000 && slices == 0 && (milli > 0 || memory > 0)
    case .slice: return memory == 0 && slices == 0
    case .instance: return milli == 0 && memory == 0 && slices != 0
    case .nics: return milli == 0 && memory == 0 && slices == 0
    }
  }
}

extension NodeDevices {
  /// What a claim says is free, healthy or not.
  func canTake(_ claim: DeviceClaim, _ machine: MachineEntry) -> Bool {
    guard claim.gpus & ~machine.all == 0 else { return false }
    let memory = memory
    for gpu in 0..<machine.gpuCount where claim.gpus >> UInt16(gpu) & 1 != 0 {
      let isUntouched = slices[gpu] == 0 && milli[gpu] == 1000 && memory[gpu] == machine.memory[gpu]
      switch claim.kind {
      case .whole: if !isUntouched { return false }
      case .share: if slices[gpu] != 0 || milli[gpu] < claim.milli || memory[gpu] < claim.memory { return false }
      case .slice:
        if slices[gpu] != 0 || milli[gpu] < claim.milli || claim.milli != machine.slices[gpu] { return false }
      case .instance: if slices[gpu] & claim.slices != 0 || !(isUntouched || slices[gpu] != 0) { return false }
      case .none, .nics: return false
      }
    }
    for nic in 0..<16 where claim.nics >> UInt16(nic) & 1 != 0 {
      if functions[nic] == 0 { return false }
    }
    return true
  }
}
