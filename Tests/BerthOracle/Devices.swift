/// Devices of nodes as they are: counted anew, each time, from what pods hold.
struct Devices {
  struct GPU {
    let spec: Machine.GPU
    var isSick: Bool
    var milli = 1000
    /// In MiB.
    var memory: Int
    /// Memory slices of MIG instances.
    var slices: Set<Int> = []

    var isIdle: Bool { !isSick && milli == 1000 && memory == spec.memory && slices.isEmpty }
  }

  struct NIC {
    var isSick: Bool
    var functions: Int
  }

  let machine: Machine
  var gpus: [GPU]
  var nics: [NIC]

  /// All free.
  init(_ machine: Machine, sickGPUs: Set<Int> = [], sickNICs: Set<Int> = []) {
    self.machine = machine
    gpus = machine.gpus.indices.map {
      GPU(spec: machine.gpus[$0], isSick: sickGPUs.contains($0), memory: machine.gpus[$0].memory)
    }
    nics = machine.nics.indices.map { NIC(isSick: sickNICs.contains($0), functions: machine.nics[$0].functions) }
  }

  var idle: [Int] { gpus.indices.filter { gpus[$0].isIdle } }
  /// Of healthy GPUs.
  var freeMilli: Int { gpus.filter { !$0.isSick }.reduce(0) { $0 + $1.milli } }

  mutating func take(_ claim: Claim) {
    for gpu in claim.gpus {
      switch claim.kind {
      case .whole: (gpus[gpu].milli, gpus[gpu].memory) = (0, 0)
      case .share, .timeSlice:
        gpus[gpu].milli -= claim.milli
        gpus[gpu].memory -= claim.memory
      case .instance:
        (gpus[gpu].milli, gpus[gpu].memory) = (0, 0)
        gpus[gpu].slices.formUnion(claim.slices)
      case .noGPU: preconditionFailure("has no GPU")
      }
    }
    for nic in claim.nics { nics[nic].functions -= 1 }
  }
}

extension Oracle {
  /// What a node's GPU or NIC looks like to a reader.
  public struct DevicePicture: Equatable, Sendable {
    public var milli: [Int] = []
    public var memory: [Int] = []
    public var slices: [Set<Int>] = []
    public var sick: [Bool] = []
    public var functions: [Int] = []
  }

  func devices(_ node: Node) -> Devices? {
    guard let machine = node.machine else { return nil }
    var devices = Devices(machine, sickGPUs: node.sickGPUs, sickNICs: node.sickNICs)
    for pod in node.pods { if let claim = pods[pod]!.claim { devices.take(claim) } }
    return devices
  }

  public func devicePicture(_ node: Int) -> DevicePicture {
    guard let devices = devices(nodes[node]!) else { return DevicePicture() }
    return DevicePicture(
      milli: devices.gpus.map(\.milli), memory: devices.gpus.map(\.memory), slices: devices.gpus.map(\.slices),
      sick: devices.gpus.map(\.isSick), functions: devices.nics.map(\.functions))
  }

  public func holdsDevices(_ node: Int) -> Bool { nodes[node]!.pods.contains { pods[$0]!.claim != nil } }

  // MARK: Commands

  /// nil: no machine. No pod holds devices of the node.
  public mutating func setMachine(_ node: Int, _ machine: Machine?) {
    precondition(!holdsDevices(node))
    nodes[node]!.machine = machine
    (nodes[node]!.sickGPUs, nodes[node]!.sickNICs) = ([], [])
  }

  public mutating func setHealth(_ node: Int, sickGPUs: Set<Int>, sickNICs: Set<Int>) {
    (nodes[node]!.sickGPUs, nodes[node]!.sickNICs) = (sickGPUs, sickNICs)
  }

  /// Whether the share's GPU has so much; if so, the share has it from now on.
  public mutating func resizeClaim(_ pod: Int, milli: Int, memory: Int) -> Bool {
    let (node, claim) = (nodes[pods[pod]!.node!]!, pods[pod]!.claim!)
    let gpu = devices(node)!.gpus[claim.gpus[0]]
    if milli > gpu.milli + claim.milli || memory > gpu.memory + claim.memory { return false }
    (pods[pod]!.claim!.milli, pods[pod]!.claim!.memory) = (milli, memory)
    return true
  }

  /// Whether a pod may have these devices of a node, rather than those that would be chosen; `whenAllAreFree`: if nobody
  /// else had any and none were sick.
  public func allows(_ claim: Claim, _ pod: PodSpec, on node: Int, whenAllAreFree: Bool = false) -> Bool {
    guard let demand = pod.devices, let machine = nodes[node]!.machine, let now = devices(nodes[node]!) else {
      return false
    }
    let devices = whenAllAreFree ? Devices(machine) : now
    var withoutNICs = claim
    withoutNICs.nics = []
    guard claim.nics.count == demand.nics, fittingClaims(demand, devices).contains(withoutNICs) else { return false }
    return claim.nics.allSatisfy {
      machine.nics.indices.contains($0) && devices.canUse(nic: $0, of: claim.gpus, bySwitch: demand.nicsBySwitch)
    }
  }

  /// Whether a pod fits on another node; if so, it goes there, with other devices.
  public mutating func movePod(_ id: Int, to node: Int) -> Bool {
    let before = self
    let spec = pods[id]!.spec
    leave(id)
    guard refusal(of: spec, on: node) == nil else {
      self = before
      return false
    }
    forgetListing(of: id, on: before.pods[id]!.node!)
    enter(id, node, choice(spec, self.node(node)))
    // to the load of its new node it has only just come
    pods[id]!.assignedAt = now
    return true
  }

  /// What a node's report says of a pod goes on counting there after the pod was moved, but not for the pod: should it come
  /// back, it is a new one to the report.
  private mutating func forgetListing(of id: Int, on node: Int) {
    guard let said = load.reports[node]?.pods?[id] else { return }
    let stranger = -1 - load.strangers
    load.strangers += 1
    load.reports[node]!.pods![id] = nil
    load.reports[node]!.pods![stranger] = said
    if load.reports[node]!.guaranteed.remove(id) != nil { load.reports[node]!.guaranteed.insert(stranger) }
  }
}
