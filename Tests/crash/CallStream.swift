import BerthCore
import BerthSimulation
import CBerth

/// Calls drawn from a seed, one a step: every kind of call that a journal records, and some that are refused. What a
/// step does follows from the seed, the step's number and what the engine answered before, so the same steps on another
/// engine are the same calls.
struct CallStream {
  private let seed: UInt64
  private let engine: Engine
  private var resources: [berth_resource_id] = []
  private var leaves: [berth_domain_id] = []
  private var zones: [berth_domain_id] = []
  private var labels: [berth_label_set_id] = [0]
  private var taints: [berth_taint_set_id] = [0]
  private var words = ConstraintWords()
  private var devices = DeviceWords()
  private var profiles: [berth_profile_id] = []
  private var classes: [berth_class_id] = []
  private var nodes: [berth_node_id] = []
  private var pods: [berth_pod_id] = []
  private var statements: [berth_statement_id] = []
  private var checkpoints: [berth_checkpoint_id] = []
  private var reservations: [berth_reservation_id] = []
  private(set) var step = 0
  private var random = SeededRandom(seed: 0)

  static let levels = ["topology.kubernetes.io/zone", "rack"]

  init(seed: UInt64, _ engine: Engine) {
    self.seed = seed
    self.engine = engine
  }

  /// The same stream, going on with an engine in the same state.
  init(_ other: CallStream, on engine: Engine) {
    seed = other.seed
    self.engine = engine
    (resources, leaves, zones) = (other.resources, other.leaves, other.zones)
    (labels, taints, profiles, classes) = (other.labels, other.taints, other.profiles, other.classes)
    (words, devices, nodes, pods) = (other.words, other.devices, other.nodes, other.pods)
    (statements, checkpoints, step) = (other.statements, other.checkpoints, other.step)
    reservations = other.reservations
  }

  var hasOpenStatement: Bool { !statements.isEmpty }

  /// Makes the next call. A refusal is an answer like any other; files that fail are not.
  mutating func next() throws {
    random = SeededRandom(seed: seed, stream: UInt64(step))
    step += 1
    do {
      try call()
    } catch let error as EngineError where error.status != berth_status(BERTH_IO) {}
  }

  /// Leaves out a call.
  mutating func skip() { step += 1 }

  /// What recovery does with statements that nobody is left to close.
  mutating func discardAll() throws {
    while let statement = statements.popLast() { try engine.discard(statement) }
  }

  private mutating func call() throws {
    if resources.count < 2 || profiles.isEmpty || leaves.isEmpty || classes.isEmpty || nodes.isEmpty {
      return try makeVocabulary()
    }
    switch random.below(100) {
    case 0..<4: try makeVocabulary()
    case 4..<12: try addNodes()
    case 12..<15: try updateNode()
    case 15..<17: try removeNode()
    case 17..<20: try cordon()
    case 20..<48: try place()
    case 48..<54:
      note(try GangCalls(engine: engine, classes: classes, zones: zones, pods: pods).make(&random))
    case 54..<60:
      if let pod = try devices.call(engine, nodes, classes, pods, &random) { pods.append(pod) }
    case 60..<66: pods.append(try engine.bindOne(pick(classes), to: pick(nodes)))
    case 66..<70: try withPods { engine, list throws(EngineError) in try engine.confirm(list) }
    case 70..<73: try withPods { engine, list throws(EngineError) in try engine.forget(list) }
    case 73..<81: try withPods { engine, list throws(EngineError) in try engine.release(list) }
    case 81..<83: try withPods { engine, list throws(EngineError) in try engine.terminate(list) }
    case 83..<85: try engine.setTime(engine.now + Int64(random.below(1000)))
    case 85:  // not row by row: that takes long
      try engine.setPath(pick([SearchPath.auto, .tree, .scan, .slots]).code)
    case 86..<91: try callReservation()
    default: try callStatement()
    }
  }

  private mutating func pick<T>(_ list: [T]) -> T { list[random.below(list.count)] }

  private mutating func callStatement() throws {
    switch random.below(10) {
    case 0..<3 where statements.count < 4: statements.append(try engine.beginStatement())
    case 3..<5: checkpoints.append(try engine.addCheckpoint())
    case 5..<7 where !checkpoints.isEmpty: try engine.rollBack(to: pick(checkpoints))
    case 7..<9:
      if let statement = statements.last {
        try engine.commit(statement)
        statements.removeLast()
      }
    default:
      if let statement = statements.last {
        try engine.discard(statement)
        statements.removeLast()
      }
    }
  }

  // MARK: Reservations

  /// Ids that have lapsed or lost their node are asked for all the same: refusals.
  private mutating func callReservation() throws {
    switch random.below(6) {
    case 0 where !reservations.isEmpty:
      let place = random.below(reservations.count)
      // like everything this stream knows, the id goes when the call has been done: a call that a full disk refuses is
      // left out where the stream is played again
      try [reservations[place]].withUnsafeBufferPointer { ids throws(EngineError) in
        try engine.removeReservations(ids)
      }
      reservations.remove(at: place)
    case 1 where !reservations.isEmpty:
      let held = [berth_quantity(resource: resources[0], reserved: 0, value: Int64(random.below(2000)))]
      let id = pick(reservations)
      try held.withUnsafeBufferPointer { held throws(EngineError) in try engine.resizeReservation(id, to: held) }
    case 2 where !reservations.isEmpty: try engine.handOverReservation(pick(reservations), to: drawOwner())
    case 3 where !reservations.isEmpty:
      try engine.setReservationExpiry(pick(reservations), engine.now + 1 + Int64(random.below(5000)))
    default: try reserve()
    }
  }

  private mutating func drawOwner() -> berth_reservation_owner {
    let isClass = random.below(2) == 0
    return berth_reservation_owner(
      id: isClass ? UInt64(pick(classes)) : 1 + UInt64(random.below(3)),
      kind: UInt32(isClass ? BERTH_OWNER_CLASS : BERTH_OWNER_POD), reserved: 0)
  }

  private mutating func reserve() throws {
    let held = [berth_quantity(resource: resources[0], reserved: 0, value: Int64(500 + random.below(1500)))]
    let isOnNode = random.below(2) == 0
    let owner = drawOwner()
    var ids: [berth_reservation_id] = [0]
    try held.withUnsafeBufferPointer { held throws(EngineError) in
      let spec = berth_reservation_spec(
        owner: owner, expiry_ms: random.below(2) == 0 ? Int64(BERTH_NEVER) : engine.now + 3000,
        scope: UInt32(isOnNode ? BERTH_SCOPE_NODE : BERTH_SCOPE_DOMAIN), quantity_count: isOnNode ? 1 : 0,
        quantities: held.baseAddress, node: pick(nodes), domain: random.below(2) == 0 ? 0 : pick(zones),
        pod_class: pick(classes))
      try withUnsafePointer(to: spec) { spec throws(EngineError) in
        try engine.addReservations(UnsafeBufferPointer(start: spec, count: 1), ids: &ids)
      }
    }
    reservations += ids
    if reservations.count > 400 { reservations.removeFirst(200) }
  }

  // MARK: Vocabulary

  private mutating func makeVocabulary() throws {
    let name = "x\(step)"
    if resources.count < 2 {
      let kind = resources.isEmpty ? BERTH_RESOURCE_CPU : BERTH_RESOURCE_MEMORY
      return resources.append(try engine.addResource(name, kind: UInt32(kind)))
    }
    if profiles.isEmpty {
      let kinds = [
        BERTH_TERM_LEAST_ALLOCATED, BERTH_TERM_BALANCED_ALLOCATION, BERTH_TERM_POD_TOPOLOGY_SPREAD,
        BERTH_TERM_INTER_POD_AFFINITY, BERTH_TERM_IMAGE_LOCALITY,
      ]
      let terms = kinds.map { ScoreTerm(UInt32($0)) }
      return profiles.append(try engine.addProfile(name, terms))
    }
    if zones.isEmpty { return zones.append(try engine.addDomain(name)) }
    if leaves.isEmpty { return leaves.append(try engine.addDomain(name, below: zones[0])) }
    if classes.isEmpty { return try internClass() }
    if nodes.isEmpty { return try addNodes() }
    switch random.below(13) {
    case 0 where resources.count < 5:
      resources.append(try engine.addResource(name, kind: UInt32(BERTH_RESOURCE_OTHER)))
    case 1: zones.append(try engine.addDomain(name))
    case 2: leaves.append(try engine.addDomain(name, below: pick(zones)))
    case 3: labels.append(try engine.internLabels([Label("rack", "a level's key, hence refused")]))
    case 4: labels.append(try engine.internLabels([Label("disk", "d\(random.below(5))"), Label("äöü", "ß")]))
    case 5: taints.append(try engine.internTaints([Taint("dedicated", "t\(random.below(3))", .preferNoSchedule)]))
    case 6 where profiles.count < 5:
      let kind = pick([
        BERTH_TERM_BINPACK, BERTH_TERM_SPREAD, BERTH_TERM_PRICE, BERTH_TERM_TAINT_TOLERATION, BERTH_TERM_GPU_FGD,
        BERTH_TERM_GPU_REMAINDER,
      ])
      profiles.append(try engine.addProfile(name, [ScoreTerm(UInt32(kind), weight: 3)]))
    case 7...9: try words.extend(engine, &random)
    case 10...11: try devices.extend(engine, &random)
    default: try internClass()
    }
  }

  private mutating func internClass() throws {
    if random.below(3) == 0 {
      return classes.append(try devices.internClass(engine, pick(profiles), cpu: resources[0], &random))
    }
    var spec = PodSpec(
      profile: pick(profiles),
      requests: [
        Quantity(resources[0], Int64(100 * (1 + random.below(20)))),
        Quantity(resources[1], Int64(1 << (20 + random.below(12)))),
      ], priority: Int32(random.below(3)))
    if random.below(4) == 0 { spec.nodeSelector = [Label("disk", "d\(random.below(5))")] }
    if random.below(4) == 0 { spec.tolerations = [Toleration("dedicated")] }
    words.constrain(&spec, keys: Self.levels + ["kubernetes.io/hostname", "disk"], &random)
    classes.append(try engine.internClass(spec))
  }

  // MARK: Nodes

  private mutating func drawNodes(_ count: Int) -> (rows: [berth_node], allocatable: [Int64]) {
    var rows: [berth_node] = []
    var allocatable: [Int64] = []
    for _ in 0..<count {
      rows.append(
        berth_node(
          domain: pick(leaves), labels: pick(labels), taints: pick(taints),
          flags: pick([0, 0, 0, 0, 0, 0, 0, 1, 2, 3]),
          tie_key: UInt32(random.below(1000)), images: pick(words.images), price: Int64(random.below(3)) * 1_000_000))
      allocatable += [Int64(8000 + 4000 * random.below(3)), Int64(1 << 34) - Int64(random.below(4)) * 4096]
    }
    return (rows, allocatable)
  }

  private mutating func addNodes() throws {
    // now and then a batch whose record does not fit into one page
    let count = random.below(60) == 0 ? 1500 : 1 + random.below(12)
    let (rows, allocatable) = drawNodes(count)
    let names = random.below(2) == 0 ? (0..<count).map { "n\(step)-\($0)" } : nil
    nodes += try engine.addNodes(
      rows, resources: Array(resources[..<2]), allocatable: allocatable,
      requested: random.below(3) == 0 ? allocatable.map { $0 / 4 } : nil, names: names)
    if nodes.count > 4000 { nodes.removeFirst(2000) }
  }

  private mutating func updateNode() throws {
    let (rows, allocatable) = drawNodes(1)
    let id = pick(nodes)
    try rows.withUnsafeBufferPointer { rows throws(EngineError) in
      try allocatable.withUnsafeBufferPointer { cells throws(EngineError) in
        try resources.withUnsafeBufferPointer { resources throws(EngineError) in
          var batch = berth_node_batch()
          batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
          (batch.count, batch.nodes) = (1, rows.baseAddress)
          (batch.resource_count, batch.resources, batch.allocatable) = (2, resources.baseAddress, cells.baseAddress)
          try withUnsafePointer(to: id) { id throws(EngineError) in try engine.updateNodes(id, batch) }
        }
      }
    }
  }

  private mutating func removeNode() throws {
    let place = random.below(nodes.count)
    let id = nodes[place]
    try [id].withUnsafeBufferPointer { ids throws(EngineError) in try engine.removeNodes(ids) }
    if statements.isEmpty { nodes.remove(at: place) }
  }

  private mutating func cordon() throws {
    let ids = [pick(nodes)]
    let cordoned = random.below(2) == 0
    try ids.withUnsafeBufferPointer { ids throws(EngineError) in try engine.cordonNodes(ids, cordoned: cordoned) }
  }

  // MARK: Pods

  private mutating func place() throws {
    var asked: [berth_class_id] = []
    for _ in 0..<(1 + random.below(random.below(20) == 0 ? 60 : 4)) { asked.append(pick(classes)) }
    var placements = [berth_placement](repeating: berth_placement(), count: asked.count)
    let flags = UInt32(random.below(10) == 0 ? BERTH_PLACE_DRY_RUN : 0)
    let identities = asked.map { _ in berth_pod_identity(pod: UInt64(random.below(4)), gang: 0, queue: 0) }
    let isPresented = random.below(3) == 0
    try asked.withUnsafeBufferPointer { asked throws(EngineError) in
      try identities.withUnsafeBufferPointer { identities throws(EngineError) in
        try placements.withUnsafeMutableBufferPointer { placements throws(EngineError) in
          let (identities, placements) = (identities.baseAddress!, placements.baseAddress!)
          if isPresented {
            try engine.place(asked, as: identities, flags: flags, into: placements)
          } else {
            try engine.place(asked, flags: flags, into: placements)
          }
        }
      }
    }
    note(placements.map(\.pod).filter { $0 != UInt64.max })
  }

  private mutating func note(_ placed: [berth_pod_id]) {
    pods += placed
    if pods.count > 4000 { pods.removeFirst(2000) }
  }

  private mutating func withPods(
    _ call: (Engine, UnsafeBufferPointer<berth_pod_id>) throws(EngineError) -> Void
  ) throws {
    guard !pods.isEmpty else { return }
    let first = random.below(pods.count)
    let some = Array(pods[first..<min(pods.count, first + 1 + random.below(3))])
    try some.withUnsafeBufferPointer { some throws(EngineError) in try call(engine, some) }
  }
}
