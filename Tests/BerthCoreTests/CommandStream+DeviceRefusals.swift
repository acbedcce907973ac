import BerthCore
import BerthOracle
import CBerth

/// Calls about devices that must be refused.
extension CommandStream {
  mutating func refuseDevices() throws {
    switch swarm.random.int(0...5) {
    case 0: try refuseMachines()
    case 1: try refuseTexts()
    case 2: try refuseDemands()
    case 3: try refuseTypicalPods()
    case 4: try refusePolicies()
    default: try refuseNodesOfMachines()
    }
  }

  private mutating func refuseMachines() throws {
    let machine = swarm.random.pick(known.machines)
    let scratch = Scratch()
    let gpus = Array(machine.gpus.indices)
    var links = machine.links
    var bad = machine
    switch swarm.random.int(0...3) {
    case 0:
      links[0][0] = Link.system
      bad = Machine(gpus: machine.gpus, nics: machine.nics, links: links, nicLinks: machine.nicLinks)
    case 1:
      guard gpus.count > 1 else { return }
      links[0][1] = links[0][1] == 1 ? 2 : 1
      bad = Machine(gpus: machine.gpus, nics: machine.nics, links: links, nicLinks: machine.nicLinks)
    case 2:
      guard gpus.count > 1 else { return }
      (links[0][1], links[1][0]) = (16, 16)
      bad = Machine(gpus: machine.gpus, nics: machine.nics, links: links, nicLinks: machine.nicLinks)
    default:
      var changed = machine.gpus
      changed[0].timeSlices = 32
      bad = Machine(gpus: changed, nics: machine.nics, links: links, nicLinks: machine.nicLinks)
    }
    let record = scratch.machine(bad, derivesNICLinks: false)
    try twin.refused("intern \(bad)", BERTH_BAD_ARGUMENT, BERTH_LIMIT) { engine throws(EngineError) in
      _ = try engine.internMachine(record)
    }
  }

  private mutating func refuseTexts() throws {
    let scratch = Scratch()
    let source = MachineText(&swarm.random)
    let model = scratch.text(source.model)
    let broken = source.text.replacingFirst("X", by: "SYSX")
    let text = scratch.text(broken)
    try twin.refused("intern the matrix\n\(broken)", BERTH_BAD_TEXT) { engine throws(EngineError) in
      _ = try engine.internMatrixMachine(text, model: model, memoryMiB: 1)
    }
    let name = scratch.text("dgx-z9")
    try twin.refused("intern a machine that there is not", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      _ = try engine.internStandardMachine(name, model: nil, memoryMiB: 0)
    }
    let void = UInt32(twin.machineIds.count + 1)
    try twin.refused("read the next machine", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      _ = try Machine(void, of: engine)
    }
  }

  private mutating func refuseDemands() throws {
    let scratch = Scratch()
    var pod = swarm.random.pick(known.pods)
    if pod.devices == nil { pod.devices = DeviceDemand(.whole(1)) }
    pod.spreadConstraints = []
    pod.affinityTerms = []
    let book = twin.book
    let spec = scratch.spec(
      pod, profile: book.profileIds[pod.profile]!, resource: { book.resourceIds[$0]! }, selector: { _ in 0 },
      random: &swarm.random)
    var demand = spec.devices[0]
    var status = BERTH_BAD_ARGUMENT
    switch swarm.random.int(0...6) {
    case 0: (demand.gpu_count, demand.share_milli, demand.mig_profile) = (2, 500, nil)
    case 1: (demand.gpu_count, demand.share_milli, demand.mig_profile) = (1, 500, scratch.text("1g.5gb"))
    case 2: demand.flags |= 8
    case 3: demand.link_required = 16
    case 4: (demand.gpu_count, demand.share_milli, status) = (17, 1000, BERTH_LIMIT)
    case 5: (demand.gpu_count, demand.mig_profile) = (1, scratch.text("9g.99gb"))
    default:
      demand = scratch.demand(DeviceDemand(.whole(1)), random: &swarm.random)
      (demand.models, status) = (scratch.text("nobody's"), BERTH_UNKNOWN_ID)
    }
    var changed = spec
    changed.devices = UnsafePointer(scratch.array([demand]))
    let filled = changed
    try twin.refused("a class with \(demand)", status) { engine throws(EngineError) in
      _ = try engine.internClass(filled)
    }
  }

  private mutating func refuseTypicalPods() throws {
    let scratch = Scratch()
    var bad = berth_typical_pod(cpu: 0, gpu_count: 1, share_milli: 500, weight: 1, models: nil)
    var status = BERTH_BAD_ARGUMENT
    switch swarm.random.int(0...4) {
    case 0: bad.weight = 0
    case 1: bad.gpu_count = 2
    case 2: bad.gpu_count = 0
    case 3: (bad.models, status) = (scratch.text("nobody's"), BERTH_UNKNOWN_ID)
    default: (bad.cpu, status) = (-1, BERTH_BAD_QUANTITY)
    }
    let good = berth_typical_pod(cpu: 7, gpu_count: 0, share_milli: 0, weight: 1, models: nil)
    let list = scratch.buffer([good, bad])
    try twin.refused("typical pods, the last one bad: \(bad)", status) { engine throws(EngineError) in
      try engine.setTypicalPods(list, total: 0)
    }
  }

  private mutating func refusePolicies() throws {
    let scratch = Scratch()
    let text = scratch.text("bad")
    let lists: [[Term]] = [
      [Term(.gpuFGD), Term(.gpuPacking)], [Term(.gpuBerth), Term(.gpuFGD)],
      [Term(.gpuRandom), Term(.leastAllocated), Term(.gpuRandom)], [Term(.gpuClustering)],
      [Term(.gpuLinks, resources: [TermResource(twin.oracle.resources[0])])],
      [Term(.gpuBestFit, resources: [TermResource(twin.oracle.resources[0], scale: 1)])],
    ]
    let list = swarm.random.pick(lists)
    let ids = twin.resourceIds
    let terms = scratch.terms(list) { ids[$0]! }
    try twin.refused("a profile of \(list)", BERTH_BAD_ARGUMENT) { engine throws(EngineError) in
      _ = try engine.addProfile(name: text, terms: terms)
    }
  }

  /// Good nodes and machines, then one that is bad.
  private mutating func refuseNodesOfMachines() throws {
    let scratch = Scratch()
    let nodes = someNodes().filter { !twin.oracle.holdsDevices($0) }
    guard let last = nodes.last else { return }
    let good = twin.machineIds.values.min()!
    var ids = nodes.map { twin.nodeIds[$0]! }
    var machines = nodes.map { _ in good }
    let status: Int
    switch swarm.random.int(0...2) {
    case 0: (machines[nodes.count - 1], status) = (UInt32(twin.machineIds.count + 1), BERTH_UNKNOWN_ID)
    case 1:
      ids.append(ids[0])
      machines.append(good)
      status = BERTH_DUPLICATE
    default:
      guard let gone = twin.goneNodes.last else { return }
      ids.append(gone)
      machines.append(good)
      status = BERTH_STALE_ID
    }
    let (list, wanted) = (scratch.buffer(ids), scratch.array(machines))
    try twin.refused("set machines, the last one bad", status) { engine throws(EngineError) in
      try engine.setMachines(list, wanted)
    }
    guard let machine = twin.oracle.nodes[last]!.machine, machine.gpus.count < 16 else { return }
    let (id, sick) = (twin.nodeIds[last]!, UInt32(1) << UInt32(machine.gpus.count))
    try twin.refused("a sick GPU that is not there", BERTH_BAD_ARGUMENT) { engine throws(EngineError) in
      try engine.setHealth(id, sickGPUs: sick, sickNICs: 0)
    }
  }
}

extension String {
  fileprivate func replacingFirst(_ part: Character, by other: String) -> String {
    guard let place = firstIndex(of: part) else { return self }
    return String(self[..<place]) + other + String(self[index(after: place)...])
  }
}
