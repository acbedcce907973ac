import BerthCore
import BerthOracle
import CBerth

/// Devices in a stream: what nodes have, what becomes of it, and who gets it.
extension CommandStream {
  mutating func startDevices() throws {
    for _ in 0..<swarm.random.int(1...3) { try makeMachine() }
    for model in Swarm.gpuModels where swarm.random.chance(0.3) { try twin.setModel(model, worth: someWorth()) }
    if swarm.random.chance(0.3) { try setTypicalPods() }
  }

  mutating func setTypicalPods() throws {
    let pods = swarm.typicalPods(models: twin.models.sorted())
    let sum = pods.reduce(0) { $0 + $1.weight }
    try twin.setTypicalPods(pods, total: swarm.random.pick([0, 0, sum, sum + 7, 1 << 24]))
  }

  mutating func someWorth() -> Int { swarm.random.pick([0, 1, 50, 100, swarm.random.int(0...100)]) }

  mutating func makeMachine() throws { known.machines.append(try twin.intern(swarm.machineSource())) }

  mutating func sayDevices(_ pod: inout PodSpec) {
    guard swarm.random.chance(swarm.devices) else { return }
    pod.devices = swarm.demand(of: known.machines, models: twin.models.sorted())
  }

  mutating func equip(_ nodes: [Int]) throws {
    let equipped = nodes.filter { _ in swarm.random.chance(0.9) }
    guard swarm.devices > 0, !equipped.isEmpty else { return }
    try twin.setMachines(equipped.map { ($0, swarm.random.pick(known.machines)) })
  }

  mutating func run(ofDevices command: Command) throws {
    switch command {
    case .newMachine: try makeMachine()
    case .modelWorth: try twin.setModel(swarm.random.pick(Swarm.gpuModels), worth: someWorth())
    case .typicalPods: try setTypicalPods()
    case .setMachines: try setMachines()
    case .health: for node in someNodes().prefix(3) { try changeHealth(node) }
    case .bindClaims: try bindClaims()
    case .resizeClaim: try resizeClaim()
    case .move: try move()
    case .preview: for node in someNodes().prefix(3) { try twin.preview(somePod(), on: node) }
    default: try refuseDevices()
    }
  }

  /// Mostly of nodes where that is possible.
  private mutating func setMachines() throws {
    let nodes = someNodes().filter { !twin.oracle.holdsDevices($0) || swarm.random.chance(0.05) }
    var machines: [(node: Int, machine: Machine?)] = []
    for node in nodes {
      machines.append((node, swarm.random.chance(0.1) ? nil : swarm.random.pick(known.machines)))
    }
    try twin.setMachines(machines)
  }

  private mutating func changeHealth(_ node: Int) throws {
    guard let machine = twin.oracle.nodes[node]!.machine else {
      return try twin.setHealth(node, sickGPUs: [], sickNICs: [])
    }
    let portion = swarm.random.pick([0, 0, 0.2, 0.5])
    let gpus = machine.gpus.indices.filter { _ in swarm.random.chance(portion) }
    let nics = machine.nics.indices.filter { _ in swarm.random.chance(portion) }
    try twin.setHealth(node, sickGPUs: Set(gpus), sickNICs: Set(nics))
  }

  // MARK: Claims

  private mutating func bindClaims() throws {
    let nodes = twin.oracle.nodes.keys.sorted()
    if nodes.isEmpty { return }
    var trial = twin.oracle
    var pods: [Twin.Claiming] = []
    for _ in 0..<swarm.random.pick([1, 1, 2, 3]) {
      let pod = somePod()
      let fitting = nodes.filter { trial.hasDevices(for: pod, on: $0) }
      let node = swarm.random.pick(fitting.isEmpty || swarm.random.chance(0.05) ? nodes : fitting)
      // those before it, right as they are
      if let machine = trial.nodes[node]!.machine, let right = trial.choice(of: pod, on: node) {
        let claim = swarm.random.chance(0.5) ? right : another(right, of: machine)
        pods.append(Twin.Claiming(spec: pod, node: node, claim: claim))
        if trial.allows(claim, pod, on: node) { _ = trial.addPod(pod, on: node, bound: true, claim: claim) }
      } else {
        var claim: Claim?
        if swarm.random.chance(0.1) { claim = Claim(.whole) }
        claim?.gpus = [0]
        pods.append(Twin.Claiming(spec: pod, node: node, claim: claim))
      }
    }
    try twin.bindClaims(pods)
  }

  /// Other devices, or something that nobody can have.
  private mutating func another(_ right: Claim, of machine: Machine) -> Claim {
    var claim = right
    let gpus = Array(machine.gpus.indices)
    switch swarm.random.int(0...9) {
    case 0...4: claim.gpus = swarm.random.sample(gpus, right.gpus.count).sorted()
    case 5: claim.nics = swarm.random.sample(Array(machine.nics.indices), right.nics.count).sorted()
    case 6: claim.gpus = swarm.random.sample(gpus, min(gpus.count, right.gpus.count + 1)).sorted()
    case 7: claim.nics = [swarm.random.int(0...15)]
    case 8: claim.milli = swarm.random.pick([0, 1, 100, 1000])
    default: claim.memory += 1
    }
    if !right.slices.isEmpty && swarm.random.chance(0.5) {
      let start = swarm.random.int(0...(8 - right.slices.count))
      claim.slices = Set(start..<start + right.slices.count)
    }
    return claim
  }

  private mutating func resizeClaim() throws {
    let pods = twin.oracle.pods.filter { $0.value.claim != nil }.keys.sorted()
    let shares = pods.filter { twin.oracle.pods[$0]!.claim!.kind == .share }
    let chosen = shares.isEmpty || swarm.random.chance(0.1) ? placedPods { _ in true } : shares
    guard let pod = chosen.randomElement(using: &swarm.random) else { return }
    let ours = twin.oracle.pods[pod]!
    let memory = ours.node.flatMap { node in
      ours.claim.flatMap { claim in claim.gpus.first.map { twin.oracle.nodes[node]!.machine!.gpus[$0].memory } }
    }
    let part = swarm.part(of: memory ?? 100)
    try twin.resizeClaim(pod, milli: part.milli, memory: part.memory)
  }

  private mutating func move() throws {
    let nodes = twin.oracle.nodes.keys.sorted()
    if nodes.isEmpty { return }
    var trial = twin.oracle
    var moves: [(pod: Int, node: Int)] = []
    let takesLost = swarm.random.chance(0.02)
    for pod in placedPods({ $0.node != nil || takesLost }).prefix(8) {
      let spec = trial.pods[pod]!.spec
      let fitting = swarm.random.shuffled(nodes).prefix(12).first { trial.refusal(of: spec, on: $0) == nil }
      guard let node = fitting ?? (swarm.random.chance(0.1) ? swarm.random.pick(nodes) : nil) else { continue }
      moves.append((pod, node))
      if trial.pods[pod]!.node != nil { _ = trial.movePod(pod, to: node) }
    }
    try twin.move(moves)
  }
}
