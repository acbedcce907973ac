import BerthCore
import BerthOracle
import CBerth

/// One random command after the other, on a cluster of the swarm's character.
struct CommandStream {
  enum Command: CaseIterable {
    case addNodes, updateNodes, removeNodes, cordonNodes, place, dryRun, bind, confirm, forget, release
    case candidates, explain, check, terminate, setNamespace, removeNamespace, newClass, newProfile, newDomain,
      newResource, readBack, refusal
    case events, time, begin, checkpoint, rollBack, commit, discard
    case report, forgetReport, assign, badReport
    case newMachine, modelWorth, typicalPods, setMachines, health, bindClaims, resizeClaim, move, preview, badDevices
    case gang, gangs, shrink, schedule, badGang

    static let ofStatements: Set<Command> = [.time, .begin, .checkpoint, .rollBack, .commit, .discard]
    static let ofLoad: Set<Command> = [.time, .report, .forgetReport, .assign, .badReport]
    static let ofDevices: Set<Command> = [
      .newMachine, .modelWorth, .typicalPods, .setMachines, .health, .bindClaims, .resizeClaim, .move, .preview,
      .badDevices,
    ]
    static let ofGangs: Set<Command> = [.gang, .gangs, .shrink, .schedule, .badGang]
  }

  /// What the stream has made, in words of its own: taken back with the statement it was made in.
  struct Known {
    var lateResources: [(name: String, kind: ResourceKind)] = []
    var profiles: [String] = []
    var pods: [PodSpec] = []
    var leaves: [Int] = []
    var namesMade = 0
    var nodeNames: [String] = []
    var machines: [Machine] = []
  }

  private(set) var twin: Twin
  var swarm: Swarm
  /// Commands of this run.
  let length: Int
  private var weights: [(command: Command, weight: Double)]
  var known = Known()
  /// What was known at the beginning of the open statements and at their checkpoints, by id.
  var knownAtBegin: [UInt64: Known] = [:]
  var knownAtCheckpoint: [UInt64: Known] = [:]

  init(_ twin: Twin, _ swarm: Swarm, statements: Bool = false) throws {
    self.twin = twin
    self.swarm = swarm
    var random = swarm.random
    length = random.pick([20, 60, 120, 300])
    var commands = Set(Command.allCases).subtracting(Command.ofStatements).subtracting(Command.ofLoad)
    commands.subtract(Command.ofDevices)
    if statements { commands.formUnion(Command.ofStatements) }
    if !swarm.load.isEmpty { commands.formUnion(Command.ofLoad) }
    if swarm.devices > 0 { commands.formUnion(Command.ofDevices) }
    weights = Command.allCases.filter(commands.contains).map { command in
      switch command {
      case .place: (command, 2 + random.swarmWeight())
      case .newClass: (command, 1)
      case .release: (command, 0.3 + random.swarmWeight())
      case .newProfile, .newDomain, .newResource: (command, 0.2 * random.swarmWeight())
      case .readBack: (command, 0.3)
      case .report: (command, 0.5 + random.swarmWeight())
      case .forgetReport, .badReport, .newMachine, .badDevices: (command, 0.1)
      case .modelWorth, .typicalPods: (command, 0.2 * random.swarmWeight())
      case .gang: (command, 0.2 + 0.6 * random.swarmWeight())
      case .gangs, .shrink, .schedule: (command, 0.2 * random.swarmWeight())
      case .badGang: (command, 0.1)
      case .setMachines, .health: (command, 0.3 * random.swarmWeight())
      case .events: (command, 0.1)
      case .begin, .checkpoint, .rollBack: (command, 0.2 + random.swarmWeight())
      case .commit, .discard: (command, 0.1 + random.swarmWeight())
      default: (command, random.swarmWeight())
      }
    }
    self.swarm.random = random
    try start()
  }

  private mutating func start() throws {
    let counted = swarm.resources.filter(\.kind.refusesNobody).count
    let early = swarm.random.chance(0.8) ? swarm.resources.count : max(1, counted, swarm.resources.count / 2)
    for (name, kind) in swarm.resources.prefix(early) { try twin.addResource(name, kind) }
    known.lateResources = Array(swarm.resources.dropFirst(early))
    for spec in swarm.load {
      // what it is of may be known late, or not at all
      if twin.resourceIds[spec.needed] != nil { try twin.addLoadResource(spec) }
    }
    for _ in 0..<swarm.random.int(1...3) { try addDomainChain() }
    for _ in 0..<swarm.random.int(1...3) { try addProfile() }
    for namespace in Swarm.namespaces where swarm.random.chance(0.6) {
      try twin.setNamespace(namespace, swarm.namespaceLabels())
    }
    if swarm.devices > 0 { try startDevices() }
    try makeNodes(swarm.nodes)
    // of a fleet that is there
    if swarm.devices > 0 && swarm.random.chance(0.7) { try setTypicalPods() }
    for _ in 0..<swarm.random.int(1...4) { makePod() }
  }

  /// A stream that goes on with a fork of the twin in its own way.
  func fork(seed: Int) throws -> CommandStream {
    var fork = try continued { $0.fork() }
    fork.twin.random = Random(seed: seed)
    fork.swarm.random = Random(seed: seed)
    fork.knownAtBegin = [:]
    fork.knownAtCheckpoint = [:]
    return fork
  }

  /// The stream, going on with other engines in the same state.
  func continued(_ copy: (Engine) throws(EngineError) -> Engine) throws -> CommandStream {
    var stream = self
    stream.twin = try Twin(twin, copy)
    return stream
  }

  mutating func step() throws {
    var drawn = Double.random(in: 0..<weights.reduce(0) { $0 + $1.weight }, using: &swarm.random)
    let drawnCommand = weights.first { choice in
      drawn -= choice.weight
      return drawn < 0
    }
    try run(drawnCommand!.command)
    if swarm.random.chance(0.2) { try twin.validate() }
    if swarm.random.chance(0.2) {
      try twin.compareEvents(swarm.random.int(0...2), pieces: swarm.random.pick([1, 5, .max]))
    }
  }

  private mutating func run(_ command: Command) throws {
    // what is measured may not be there
    if Command.ofLoad.contains(command) && command != .time && twin.oracle.load.specs.isEmpty { return }
    if Command.ofDevices.contains(command) { return try run(ofDevices: command) }
    if Command.ofGangs.contains(command) { return try run(ofGangs: command) }
    switch command {
    case .addNodes: try makeNodes(swarm.random.chance(0.7) ? swarm.random.int(0...3) : swarm.random.int(1...40))
    case .updateNodes: try changeNodes(someNodes())
    case .removeNodes: try twin.removeNodes(someNodes())
    case .cordonNodes: try twin.cordonNodes(someNodes(), swarm.random.chance(0.5))
    case .place: try twin.place(somePods(), dryRun: false)
    case .dryRun: try twin.place(somePods(), dryRun: true)
    case .bind: try bind()
    case .confirm: try twin.confirm(placedPods { !$0.bound })
    case .forget: try twin.remove(placedPods { !$0.bound }, forgetting: true)
    case .release: try twin.remove(placedPods { _ in true }, forgetting: false)
    case .candidates: try twin.candidates(swarm.random.pick(known.pods), count: swarm.random.pick([1, 2, 10, 1000]))
    case .explain: try twin.explain(swarm.random.pick(known.pods))
    case .check: try twin.check(swarm.random.pick(known.pods), on: someNodes())
    case .terminate: try twin.terminate(placedPods { _ in true })
    case .setNamespace: try twin.setNamespace(swarm.random.pick(Swarm.namespaces), swarm.namespaceLabels())
    case .removeNamespace: try twin.removeNamespace(swarm.random.pick(Swarm.namespaces))
    case .newClass: makePod()
    case .newProfile: try addProfile()
    case .newDomain: if swarm.levels > 0 { try addDomainChain() }
    case .newResource: if !known.lateResources.isEmpty { try addLateResource() }
    case .readBack: try twin.readBack()
    case .refusal: try refuseSomething()
    case .events: try twin.enableEvents(capacity: swarm.random.pick([0, 1, 2, 16, 64, 128, 1024]))
    case .time: try passTime()
    case .report: try report()
    case .forgetReport: try twin.forgetReports(of: someNodes())
    case .assign: try assign()
    case .badReport: try refuseReport()
    case .begin: try begin()
    case .checkpoint: try checkpoint()
    case .rollBack: try rollBack()
    case .commit: try close(keeping: true)
    case .discard: try close(keeping: false)
    default: preconditionFailure("\(command) is about devices")
    }
  }

  // MARK: Making things

  /// Goes down existing domains for a while and adds the rest of the way to a new last-level domain.
  private mutating func addDomainChain() throws {
    if swarm.levels == 0 {
      known.leaves = [0]
      return
    }
    var domain = 0
    var depth = 0
    while depth < swarm.levels - 1, swarm.random.chance(0.6) {
      let children = twin.oracle.domains[domain].children
      if children.isEmpty { break }
      domain = swarm.random.pick(children)
      depth += 1
    }
    while depth < swarm.levels {
      let siblings = twin.oracle.domains[domain].children
      var name = swarm.domainName(siblings.count)
      if siblings.contains(where: { twin.oracle.domains[$0].name == name }) { name = "x\(siblings.count)" }
      domain = try twin.addDomain(parent: domain, name: name)
      depth += 1
    }
    known.leaves.append(domain)
  }

  private mutating func addProfile() throws {
    let name = "profile\(known.profiles.count)"
    let only = swarm.terms.count == 1 ? swarm.terms[0] : nil
    try twin.addProfile(name, swarm.profile(known: twin.oracle.resources, exactly: only))
    known.profiles.append(name)
  }

  private mutating func addLateResource() throws {
    let (name, kind) = known.lateResources.removeFirst()
    try twin.addResource(name, kind)
  }

  private func present(_ quantities: [String: Int64]) -> [String: Int64] {
    quantities.filter { twin.resourceIds[$0.key] != nil }
  }

  mutating func makePod() {
    var pod = swarm.pod(profile: swarm.random.pick(known.profiles), nodeNames: known.nodeNames)
    pod.requests = present(pod.requests)
    pod.scored = present(pod.scored)
    sayDevices(&pod)
    known.pods.append(pod)
  }

  private mutating func nodeSpec() -> NodeSpec {
    var spec = swarm.node(domain: swarm.random.pick(known.leaves), nodeNames: known.nodeNames)
    spec.allocatable = present(spec.allocatable)
    return spec
  }

  mutating func makeNodes(_ count: Int) throws {
    var nodes: [Twin.NewNode] = []
    for _ in 0..<count {
      let spec = nodeSpec()
      var node = Twin.NewNode(spec: spec)
      if swarm.random.chance(swarm.names) {
        node.name = "n\(known.namesMade)"
        known.namesMade += 1
        known.nodeNames.append(node.name!)
      }
      node.untold = present(swarm.untoldUse(spec))
      nodes.append(node)
    }
    let added = try twin.addNodes(nodes)
    try equip(added)
  }

  mutating func changeNodes(_ nodes: [Int]) throws {
    var specs: [NodeSpec] = []
    for node in nodes {
      var spec = nodeSpec()
      let old = twin.oracle.nodes[node]!.spec
      // Often only one thing changes.
      if swarm.random.chance(0.5) { spec.domain = old.domain }
      if swarm.random.chance(0.5) { spec.allocatable = old.allocatable }
      if swarm.random.chance(0.5) { (spec.labels, spec.taints) = (old.labels, old.taints) }
      if swarm.random.chance(0.5) { (spec.images, spec.lacksHostname) = (old.images, old.lacksHostname) }
      specs.append(spec)
    }
    try twin.updateNodes(nodes, specs)
  }

  private mutating func bind() throws {
    let nodes = twin.oracle.nodes.keys.sorted()
    if nodes.isEmpty { return }
    var bound: [(PodSpec, Int)] = []
    for _ in 0..<swarm.random.int(1...4) {
      let pod = swarm.random.pick(known.pods)
      let node = swarm.random.pick(nodes)
      let fits = twin.oracle.refusal(of: pod, on: node) == nil
      if fits || swarm.random.chance(swarm.overcommit) { bound.append((pod, node)) }
    }
    try twin.bind(bound)
  }

  // MARK: Choosing things

  mutating func someNodes() -> [Int] {
    let nodes = twin.oracle.nodes.keys.sorted()
    let limit = swarm.random.chance(0.9) ? 3 : swarm.random.chance(0.8) ? nodes.count / 8 : nodes.count
    return swarm.random.sample(nodes, swarm.random.int(0...limit))
  }

  mutating func somePod() -> PodSpec { swarm.random.pick(known.pods) }

  mutating func somePods() -> [PodSpec] {
    let count = swarm.random.pick([0, 1, 1, 1, 3, 10])
    // Runs of one class, and classes in turn.
    if swarm.random.chance(0.3) { return Array(repeating: swarm.random.pick(known.pods), count: count) }
    return (0..<count).map { _ in swarm.random.pick(known.pods) }
  }

  mutating func placedPods(_ wanted: (Oracle.Pod) -> Bool) -> [Int] {
    let placed = twin.oracle.pods.keys.sorted().filter { wanted(twin.oracle.pods[$0]!) }
    return swarm.random.sample(placed, swarm.random.chance(0.8) ? swarm.random.int(0...3) : placed.count)
  }
}
