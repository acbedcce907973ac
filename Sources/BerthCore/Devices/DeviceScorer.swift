import BerthDevices
import CBerth

/// What a class asks of devices, with what its profile makes of them.
final class DeviceQuestion {
  let id: UInt32
  let demand: DeviceDemand
  let policy: DevicePolicy
  /// Weights of the terms.
  let policyWeight: Int64
  let linkWeight: Int64
  let remainderWeight: Int64
  let modelWeight: Int64
  let cpuScale: Double
  let gpuScale: Double
  /// What the class requests of the CPU resource.
  let cpuRequest: Int64

  /// nil: neither the class nor its profile is about devices.
  init?(_ record: PodClasses.PodClass, _ profile: Profile, _ workload: Workload, _ cluster: Cluster, podClass: UInt32) {
    guard record.devices != 0 || profile.policy != .none else { return nil }
    id = record.devices
    demand = cluster.devices.demands.values[Int(id)]
    policy = profile.policy
    policyWeight = profile.policyWeight
    linkWeight = profile.linkWeight
    remainderWeight = profile.remainderWeight
    modelWeight = profile.modelWeight
    (cpuScale, gpuScale) = profile.policyScales
    let cpu = cluster.resources.cpu
    cpuRequest = workload.classes.requests(podClass).first { $0.resource == cpu }?.value ?? 0
  }

  private init(_ other: DeviceQuestion, weight: (_ kind: Int, _ weight: Int64) -> Int64) {
    (id, demand, policy) = (other.id, other.demand, other.policy)
    (cpuScale, gpuScale, cpuRequest) = (other.cpuScale, other.gpuScale, other.cpuRequest)
    policyWeight = weight(Int(policy.rawValue), other.policyWeight)
    linkWeight = weight(BERTH_TERM_GPU_LINKS, other.linkWeight)
    remainderWeight = weight(BERTH_TERM_GPU_REMAINDER, other.remainderWeight)
    modelWeight = weight(BERTH_TERM_GPU_MODEL, other.modelWeight)
  }

  /// The same with one term: the choice is what it was.
  func only(_ term: Profile.Term) -> DeviceQuestion {
    DeviceQuestion(self) { kind, weight in term.isKind(kind) ? weight : 0 }
  }

  /// The least and the most that the terms can add.
  var range: ClosedRange<Int64> {
    0...(policyWeight * policy.most + 100 * (linkWeight + remainderWeight + modelWeight))
  }
  /// Scores are the same as long as the node is, whoever comes.
  var isStable: Bool { policy != .random }
}

/// What a class gets on a node.
struct DeviceVerdict {
  var claim = DeviceClaim()
  /// Of all device terms, with their weights.
  var score: Int64 = 0
}

/// Chooses devices on single nodes and scores the choice. Tables of machines and weighed states are caches of one
/// engine: a fork begins without any.
final class DeviceScorer {
  let cluster: Cluster
  private var tables: [LinkStructure: SubsetTables] = [:]
  private var fits: [UInt64: DeviceFit] = [:]
  /// The fit of the last question: most nodes are alike.
  private var lastKey = UInt64.max
  private var lastFit: DeviceFit?
  let fragmentation = PotentialCache<Fragmentation>()
  let usefulness = PotentialCache<Usefulness>()
  /// Id of the pod that is placed next, for GPU_RANDOM.
  var nextPod: UInt64 = 0

  init(cluster: Cluster) { self.cluster = cluster }

  /// How a machine serves a demand.
  func fit(_ question: DeviceQuestion, _ machine: MachineEntry) -> DeviceFit {
    let key = UInt64(question.id) << 32 | UInt64(machine.id)
    if key == lastKey { return lastFit.unsafelyUnwrapped }
    let fit = fits[key] ?? makeFit(key, question, machine)
    (lastKey, lastFit) = (key, fit)
    return fit
  }

  private func makeFit(_ key: UInt64, _ question: DeviceQuestion, _ machine: MachineEntry) -> DeviceFit {
    let structure = machine.machine.structure
    let tables = self.tables[structure] ?? SubsetTables(structure)
    self.tables[structure] = tables
    let fit = DeviceFit(question.demand, machine, tables)
    fits[key] = fit
    return fit
  }

  /// Demands and machines were taken back: what is known of their numbers is void.
  func forgetAll() {
    // tables, too, have columns of demands that are no more
    (fits, tables) = ([:], [:])
    (lastKey, lastFit) = (.max, nil)
    forgetPotentials()
  }

  /// The typical pods are others.
  func forgetPotentials() {
    fragmentation.clear()
    usefulness.clear()
  }

  var potentialMisses: UInt64 { fragmentation.misses + usefulness.misses }

  /// Whether a demand fits a machine that is all healthy and free.
  func isPossible(_ question: DeviceQuestion, on machine: MachineEntry) -> Bool {
    choose(question, NodeDevices(machine), machine, cpu: 0, node: 0) != nil
  }

  /// What a pod gets on a node now; nil: its devices are not there. `cpu`: what the node has free of it.
  @inline(__always)
  func evaluate(_ question: DeviceQuestion, node: UInt32, cpu: Int64) -> DeviceVerdict? {
    guard let devices = cluster.devices.of(node) else {
      guard question.demand.kind == .none else { return nil }
      return DeviceVerdict(score: bareScore(question, node: node, cpu: max(0, cpu)))
    }
    let machine = cluster.devices.machines[Int(devices.pointee.machine) - 1]
    return choose(question, devices.pointee, machine, cpu: max(0, cpu), node: node)
  }

  /// A node without devices, a pod that asks for none.
  private func bareScore(_ question: DeviceQuestion, node: UInt32, cpu: Int64) -> Int64 {
    switch question.policy {
    case .none, .packing, .clustering: 0
    case .random: question.policyWeight * random(node)
    case .fgd: question.policyWeight * cluster.devices.typical.fgdScore(fall: 0)
    case .bestFit: question.policyWeight * view(question, free: 0, milli: 0, cpu).bestFit
    case .dotProduct: question.policyWeight * view(question, free: 0, milli: 0, cpu).dotProduct
    case .berth: question.policyWeight * DevicePolicy.berthMiddle
    }
  }

  func random(_ node: UInt32) -> Int64 {
    Int64(PolicyHash.mix(PolicyHash.mix(nextPod) ^ UInt64(node)) >> 44)
  }

  func view(
    _ question: DeviceQuestion, free: Int64, milli: Int64, _ cpu: Int64
  ) -> PolicyView {
    PolicyView(
      cpu: cpu, freeMilli: free, cpuRequest: question.cpuRequest, milliRequest: milli, cpuScale: question.cpuScale,
      gpuScale: question.gpuScale)
  }
}

/// How a machine serves a demand: never changes.
final class DeviceFit {
  /// GPUs that would do if they were free: of the right model, with memory enough, sliced, or with the MIG profile.
  let gpus: UInt16
  /// The demand's number in the tables.
  let index: Int
  let tables: SubsetTables
  /// By GPU: the MIG profile, its number and table.
  let profiles: [(number: Int, profile: MIGProfile, table: MIGTable)?]

  init(_ demand: DeviceDemand, _ machine: MachineEntry, _ tables: SubsetTables) {
    self.tables = tables
    var gpus = machine.gpus(of: demand.models)
    var profiles = [(number: Int, profile: MIGProfile, table: MIGTable)?](repeating: nil, count: machine.gpuCount)
    for (gpu, described) in machine.machine.gpus.enumerated() {
      var does = true
      switch demand.kind {
      case .whole: does = described.memoryMiB >= demand.memory
      case .slice: does = machine.slices[gpu] > 0
      case .instance:
        let mig = GPUModel.named(described.model)?.mig
        if let mig, let number = demand.profile.flatMap({ mig.index(of: $0.description) }) {
          profiles[gpu] = (number, mig.profiles[number], MIGTable.table(for: mig.geometry))
        } else {
          does = false
        }
      case .none, .share, .nics: break
      }
      if !does { gpus &= ~(1 << UInt16(gpu)) }
    }
    self.gpus = gpus
    self.profiles = profiles
    // there are no more of them than tables have columns: BERTH_MAX_LINK_DEMANDS
    index = demand.kind == .whole ? tables.register(demand.links)! : -1
  }
}
