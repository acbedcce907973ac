import BerthCore
import BerthOracle
import CBerth

/// Commands about machines, and about what is known of devices.
extension Twin {
  /// What the engines make of it.
  @discardableResult
  func intern(_ source: MachineSource) throws -> Machine {
    let scratch = Scratch()
    let id: UInt32
    switch source {
    case .custom(let machine):
      note("intern \(machine)")
      let derived = Machine(gpus: machine.gpus, nics: machine.nics, links: machine.links)
      let isDerived = derived.nicLinks == machine.nicLinks && random.chance(0.8)
      let record = scratch.machine(machine, derivesNICLinks: isDerived)
      id = try change("intern machine", keeping: scratch) { engine throws(EngineError) in
        try engine.internMachine(record)
      }
    case .standard(let name, let model, let memory):
      note("intern standard machine \(name) \(model ?? "") \(memory)")
      let (text, modelText) = (scratch.text(name), model.map { scratch.text($0) })
      id = try change("intern standard machine", keeping: scratch) { engine throws(EngineError) in
        try engine.internStandardMachine(text, model: modelText, memoryMiB: UInt32(memory))
      }
    case .text(let source):
      note("intern a matrix of \(source.model)")
      let (text, model) = (scratch.text(source.text), scratch.text(source.model))
      id = try change("intern matrix", keeping: scratch) { engine throws(EngineError) in
        try engine.internMatrixMachine(text, model: model, memoryMiB: UInt32(source.memory))
      }
    }
    return try compareMachine(id, source)
  }

  private func compareMachine(_ id: UInt32, _ source: MachineSource) throws -> Machine {
    let machine = try all("read machine \(id)") { engine throws(EngineError) in try Machine(id, of: engine) }
    switch source {
    case .custom(let ours): try check(machine == ours, "\(ours) is read as \(machine)")
    case .text(let text):
      if let complaint = text.complaint(about: machine) { throw Mismatch("\(complaint): \(machine) of\n\(text.text)") }
    case .standard:
      try check(machine.nics.allSatisfy { $0.functions >= 1 }, "NICs that nobody can have: \(machine)")
    }
    if let known = book.machineIds[machine] { try check(known == id, "machine \(machine) has ids \(known) and \(id)") }
    book.machineIds[machine] = id
    book.models.formUnion(machine.gpus.map(\.model))
    let scratch = Scratch()
    let record = scratch.machine(machine, derivesNICLinks: false)
    let again = try change("intern it again", keeping: scratch) { engine throws(EngineError) in
      try engine.internMachine(record)
    }
    try check(again == id, "machine \(id), told as it is read, is \(again)")
    return machine
  }

  func setModel(_ model: String, worth: Int) throws {
    note("model \(model) is worth \(worth)")
    let scratch = Scratch()
    let text = scratch.text(model)
    try perform("set model", keeping: scratch) { engine throws(EngineError) in
      try engine.setModel(text, worth: UInt32(worth))
    }
    book.models.insert(model)
    book.oracle.modelWorths[model] = worth
  }

  /// `total`: of all pods; 0: that of these.
  func setTypicalPods(_ pods: [TypicalPod], total: Int64) throws {
    note("typical pods, of \(total), are \(pods)")
    let scratch = Scratch()
    let records = scratch.typicalPods(pods, random: &random)
    try perform("set typical pods", keeping: scratch) { engine throws(EngineError) in
      try engine.setTypicalPods(records, total: UInt64(total))
    }
    book.oracle.setTypicalPods(pods, total: total)
  }

  /// nil: no machine. Refused while pods hold devices of one of the nodes.
  func setMachines(_ machines: [(node: Int, machine: Machine?)]) throws {
    let ids = machines.map { $0.machine.map { book.machineIds[$0]! } ?? UInt32(BERTH_NO_MACHINE) }
    note("nodes \(machines.map(\.node).prefix(20)) are machines \(ids.prefix(20))")
    let scratch = Scratch()
    let nodes = scratch.buffer(machines.map { book.nodeIds[$0.node]! })
    let list = scratch.array(ids)
    if machines.contains(where: { book.oracle.holdsDevices($0.node) }) {
      return try refused("set machines of nodes whose devices are held", BERTH_WRONG_STATE) {
        engine throws(EngineError) in try engine.setMachines(nodes, list)
      }
    }
    try perform("set machines", keeping: scratch) { engine throws(EngineError) in try engine.setMachines(nodes, list) }
    for (node, machine) in machines {
      book.oracle.setMachine(node, machine)
      happened(BERTH_EVENT_NODE_DEVICES, node: node)
    }
  }

  func setHealth(_ node: Int, sickGPUs: Set<Int>, sickNICs: Set<Int>) throws {
    note("on node \(node) GPUs \(sickGPUs.sorted()) and NICs \(sickNICs.sorted()) are sick")
    let (id, gpus, nics) = (book.nodeIds[node]!, code(devices: sickGPUs), code(devices: sickNICs))
    let ours = book.oracle.nodes[node]!
    if ours.machine == nil {
      return try refused("set health of a node without a machine", BERTH_WRONG_STATE) { engine throws(EngineError) in
        try engine.setHealth(id, sickGPUs: gpus, sickNICs: nics)
      }
    }
    try perform("set health", keeping: Scratch()) { engine throws(EngineError) in
      try engine.setHealth(id, sickGPUs: gpus, sickNICs: nics)
    }
    if ours.sickGPUs != sickGPUs || ours.sickNICs != sickNICs { happened(BERTH_EVENT_NODE_DEVICES, node: node) }
    book.oracle.setHealth(node, sickGPUs: sickGPUs, sickNICs: sickNICs)
  }

  // MARK: Reading

  /// As which the next pods will be known: random policies go by it.
  func foretell(_ pods: [PodSpec]) throws {
    book.oracle.podNumbers = []
    let isRandom = pods.contains { book.oracle.profiles[$0.profile]!.contains { $0.kind == .gpuRandom } }
    if isRandom { book.oracle.podNumbers = try nextPods(pods.count + 1) }
  }

  /// The ids of the next pods: they are given out in order, whatever the pods are.
  func nextPods(_ count: Int) throws -> [UInt64] {
    guard let node = book.nodeIds.values.min(), let profile = book.profileIds.values.min() else { return [] }
    let scratch = Scratch()
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.profile = profile
    let fork = engines[0].engine.fork()
    let podClass = try fork.internClass(spec)
    let ids = scratch.array([UInt64](repeating: 0, count: count))
    try fork.bind(
      scratch.buffer([UInt32](repeating: podClass, count: count)),
      nodes: scratch.array([UInt64](repeating: node, count: count)), pods: ids)
    return (0..<count).map { ids[$0] }
  }

  func compareDevices(_ order: [Int]) throws {
    if book.machineIds.isEmpty { return }
    for node in order {
      let id = book.nodeIds[node]!
      let numbers = try all("read devices") { engine throws(EngineError) in try engine.devices(id) }
      let picture = book.oracle.devicePicture(node)
      var expected = [book.oracle.nodes[node]!.machine.map { book.machineIds[$0]! } ?? UInt32(BERTH_NO_MACHINE)]
      for gpu in picture.milli.indices {
        expected += [UInt32(picture.milli[gpu]), UInt32(picture.memory[gpu]), code(devices: picture.slices[gpu])]
        expected.append(picture.sick[gpu] ? 1 : 0)
      }
      expected += picture.functions.map(UInt32.init)
      try check(
        numbers == expected,
        "devices of node \(node) (machine, milli memory slices sick by GPU, functions): engine \(numbers), "
          + "oracle \(expected)")
    }
    let ids = order.map { book.nodeIds[$0]! }
    let fragments = try all("read fragmentation") { engine throws(EngineError) in
      let scratch = Scratch()
      let room = scratch.room(-1.0, count: ids.count)
      try engine.readFragmentation(scratch.buffer(ids), into: room.baseAddress!)
      return Array(room)
    }
    let expected = order.map { book.oracle.fragmentation(of: $0) }
    try check(fragments == expected, "fragmentation of nodes \(order): engine \(fragments), oracle \(expected)")
    try compareClaims(book.oracle.pods.keys.sorted())
  }

  func compareClaims(_ pods: [Int]) throws {
    let ids = pods.map { book.podIds[$0]! }
    let claims = try all("read claims") { engine throws(EngineError) in try engine.claims(ids) }
    for (index, pod) in pods.enumerated() {
      let ours = book.oracle.pods[pod]!
      let expected = code(ours.claim).numbers
      try check(
        claims[index] == expected,
        "claim of pod \(pod) on node \(ours.node ?? -1) (GPUs NICs milli memory slices): engine \(claims[index]), "
          + "oracle \(expected), for \(String(describing: ours.spec.devices))")
    }
  }
}

extension Engine {
  /// A node's machine; milli, MiB, MIG slices and health of each GPU; functions of each NIC.
  func devices(_ node: UInt64) throws(EngineError) -> [UInt32] {
    let scratch = Scratch()
    let gpus = scratch.room(berth_gpu_state(), count: Int(BERTH_MAX_GPUS_PER_NODE))
    let functions = scratch.room(UInt32(0), count: Int(BERTH_MAX_NICS_PER_NODE))
    let id = try readDevices(node, gpus: gpus.baseAddress, functions: functions.baseAddress)
    if id == UInt32(BERTH_NO_MACHINE) { return [id] }
    let machine = try Machine(id, of: self)
    return [id]
      + gpus.prefix(machine.gpus.count).flatMap { [$0.free_milli, $0.free_memory_mib, $0.mig_slices, $0.is_sick] }
      + functions.prefix(machine.nics.count)
  }

  func claims(_ pods: [UInt64]) throws(EngineError) -> [[UInt32]] {
    let scratch = Scratch()
    let room = scratch.room(berth_claim(), count: pods.count)
    try readClaims(scratch.buffer(pods), into: room.baseAddress!)
    return room.map(\.numbers)
  }
}
