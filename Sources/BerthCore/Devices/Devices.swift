import BerthDevices
import BerthMemory
import CBerth

/// Devices of nodes: which machine each is, what is free there, and what pods hold. A fork shares what neither has
/// changed; machines, demands and typical pods never change.
final class Devices {
  // Vocabulary
  private(set) var machines: [MachineEntry] = []
  private var machineIDs: [MachineEntry.Identity: UInt32] = [:]
  private(set) var modelNames = Registry<Name>()
  /// By model: what BERTH_TERM_GPU_MODEL gives it.
  private(set) var worths: [UInt8] = []
  private(set) var demands = Registry<DeviceDemand>([.none])
  /// How many demands say each thing about links: tables of machines have so many columns.
  private var linkDemands: [LinkDemand: Int] = [:]
  private(set) var typical = TypicalPods([])

  // State
  /// By node index, as far as some node has a machine.
  private var nodes: PagedColumn<NodeDevices>
  /// By pod index, as far as some pod holds devices.
  private var claims: PagedColumn<DeviceClaim>
  /// Rises when what scores stand on changes: worths, typical pods.
  private(set) var version: UInt64 = 0

  init(in arena: Arena) {
    nodes = PagedColumn(in: arena)
    claims = PagedColumn(in: arena)
  }

  init(forking other: Devices) {
    (machines, machineIDs, modelNames, worths) = (other.machines, other.machineIDs, other.modelNames, other.worths)
    (demands, linkDemands, typical, version) = (other.demands, other.linkDemands, other.typical, other.version)
    nodes = other.nodes.fork()
    claims = other.claims.fork()
  }

  var storage: [any SharedStorage] { [nodes, claims] }
  var bytes: Int { nodes.bytes + claims.bytes }
  var podLimit: Int { claims.count }
  /// Some pod held devices once.
  @inline(__always) var isOn: Bool { claims.count > 0 }
  var nodeLimit: Int { nodes.count }

  // MARK: Vocabulary

  func machineID(of identity: MachineEntry.Identity) -> UInt32? { machineIDs[identity] }

  /// Ids begin with 1; models are known already.
  func add(_ machine: MachineEntry) {
    machines.append(machine)
    machineIDs[machine.identity] = machine.id
  }

  func removeLastMachine() { machineIDs[machines.removeLast().identity] = nil }

  @inline(__always)
  func machine(_ id: UInt32) -> MachineEntry? { id == 0 ? nil : machines[Int(id) - 1] }

  /// The id of a model, a new one if it was not known; nil: there are too many.
  func intern(model: Name) -> UInt32? {
    if let id = modelNames.id(of: model) { return UInt32(id) }
    guard modelNames.count < Int(BERTH_MAX_GPU_MODELS) else { return nil }
    worths.append(0)
    return UInt32(modelNames.intern(model))
  }

  func removeModels(from count: Int) {
    modelNames.removeLast(modelNames.count - count)
    worths.removeLast(worths.count - count)
  }

  /// Returns what it was.
  func setWorth(_ model: UInt32, _ worth: UInt8) -> UInt8 {
    let before = worths[Int(model)]
    worths[Int(model)] = worth
    version += 1
    return before
  }

  /// nil: links would be asked for in more ways than there may be.
  func intern(_ demand: DeviceDemand) -> (id: UInt32, isNew: Bool)? {
    if demand.kind == .none { return (0, false) }
    let count = demands.count
    if demand.kind == .whole && demands.id(of: demand) == nil {
      guard linkDemands[demand.links] != nil || linkDemands.count < Int(BERTH_MAX_LINK_DEMANDS) else { return nil }
      linkDemands[demand.links, default: 0] += 1
    }
    let id = demands.intern(demand)
    return (UInt32(id), demands.count > count)
  }

  func removeLastDemand() {
    let last = demands.values[demands.count - 1]
    demands.removeLast(1)
    guard last.kind == .whole, let left = linkDemands[last.links] else { return }
    linkDemands[last.links] = left > 1 ? left - 1 : nil
  }

  func setTypical(_ pods: TypicalPods) -> TypicalPods {
    let before = typical
    typical = pods
    version += 1
    return before
  }

  // MARK: Nodes

  /// How many nodes are which machine, ascending by machine.
  var fleet: [TypicalPods.Fleet] {
    var counts = [Int64](repeating: 0, count: machines.count + 1)
    for node in 0..<UInt32(nodes.count) {
      if let cell = of(node) { counts[Int(cell.pointee.machine)] += 1 }
    }
    return counts.enumerated().filter { $0.offset > 0 && $0.element > 0 }
      .map { TypicalPods.Fleet(machine: UInt32($0.offset), nodes: $0.element) }
  }

  /// A node's devices for reading; nil: none.
  @inline(__always)
  func of(_ node: UInt32) -> UnsafePointer<NodeDevices>? {
    guard Int(node) < nodes.count else { return nil }
    let cell = nodes.pointer(Int(node))
    return cell.pointee.machine == 0 ? nil : cell
  }

  /// Replaces all of a node's devices; nil: it has none any more. Returns what there was.
  @discardableResult
  func set(_ node: UInt32, _ devices: NodeDevices?) -> NodeDevices? {
    let before = of(node)?.pointee
    if let devices {
      if Int(node) >= nodes.count { nodes.grow(to: Int(node) + 1) }
      nodes[Int(node)] = devices
    } else if before != nil {
      nodes[Int(node)] = NodeDevices()
    }
    return before
  }

  // MARK: Claims

  /// A pod's claim; it says nothing once the pod's node is gone.
  @inline(__always)
  func claim(_ pod: UInt32) -> DeviceClaim { Int(pod) < claims.count ? claims[Int(pod)] : DeviceClaim() }

  /// A pod gets devices that are free.
  @inline(__always)
  func take(_ pod: UInt32, _ claim: DeviceClaim, on node: UInt32) {
    restore(pod, claim)
    let cell = nodes.ownedPointer(Int(node))
    cell.pointee.take(claim, machines[Int(cell.pointee.machine) - 1])
  }

  /// Takes a pod's devices back; returns its claim.
  @inline(__always) @discardableResult
  func give(_ pod: UInt32, on node: UInt32) -> DeviceClaim {
    let claim = claim(pod)
    guard claim.exists else { return claim }
    claims[Int(pod)] = DeviceClaim()
    let cell = nodes.ownedPointer(Int(node))
    cell.pointee.give(claim, machines[Int(cell.pointee.machine) - 1])
    return claim
  }

  /// Forgets a claim whose node is gone.
  func drop(_ pod: UInt32) { if Int(pod) < claims.count { claims[Int(pod)] = DeviceClaim() } }

  /// A pod's claim alone: that of one whose node is gone comes back with it.
  @inline(__always)
  func restore(_ pod: UInt32, _ claim: DeviceClaim) {
    if Int(pod) >= claims.count { claims.grow(to: Int(pod) + 1) }
    claims[Int(pod)] = claim
  }

  func setSick(_ node: UInt32, gpus: UInt16, nics: UInt16) {
    let cell = nodes.ownedPointer(Int(node))
    (cell.pointee.sick, cell.pointee.sickNICs) = (gpus, nics)
    cell.pointee.refreshIdle(machines[Int(cell.pointee.machine) - 1])
  }
}
