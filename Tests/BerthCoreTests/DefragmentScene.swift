import BerthCore
import BerthOracle
import CBerth

/// A small cluster whose GPUs are in use here and there.
struct DefragmentScene {
  /// What an engine plans, in the oracle's numbers.
  struct Plan: Equatable {
    struct Move: Equatable {
      var pod: Int
      var from: Int
      var to: Int
    }
    var moves: [Move]
    var before: Count
    var after: Count
  }
  /// Healthy GPUs that nobody uses, and nodes with GPUs that are all so.
  struct Count: Equatable {
    var gpus = 0
    var nodes = 0

    func of(_ goal: Int) -> Int { goal == BERTH_DEFRAGMENT_GPUS ? gpus : nodes }
  }

  let twin: Twin
  var random: Random
  private(set) var nodes: [Int] = []
  static let models = ["A100-SXM4-40GB", "A30"]

  init(_ twin: Twin, seed: Int) throws {
    self.twin = twin
    random = Random(seed: seed)
    try twin.addResource("cpu", .cpu)
    try twin.addResource("gpu", .gpu)
    try twin.addDomain(parent: 0, name: "a")
  }

  // MARK: Clusters

  /// Up to three nodes with up to two GPUs, and up to six shares.
  mutating func makeTiny() throws {
    try addProfile([.gpuBestFit, .gpuFGD, .gpuBerth])
    try addNodes(random.int(2...3), gpus: 1...2, models: 1)
    let milli = random.pick([[200, 300, 400, 500, 600], [250, 500], [100, 350, 700], [300, 600, 900]])
    for _ in 0..<random.int(2...6) {
      var pod = PodSpec(profile: "only")
      pod.requests = ["cpu": random.pick([0, 500, 1500])]
      pod.devices = DeviceDemand(.share(milli: random.pick(milli)))
      try bind(pod)
    }
  }

  /// With all that pods can ask of GPUs and of each other.
  mutating func makeSmall() throws {
    try addProfile([.gpuBestFit, .gpuFGD, .gpuBerth, .gpuRandom, .gpuPacking, .gpuClustering, .gpuDotProduct])
    try addNodes(random.int(2...8), gpus: 1...8, models: random.int(1...2))
    for _ in 0..<random.int(3...40) { try bind(somePod()) }
    let leaving = twin.oracle.pods.keys.sorted().filter { _ in random.chance(0.3) }
    if !leaving.isEmpty { try twin.remove(leaving, forgetting: false) }
    // pods stay where they would not be put now
    for node in nodes where random.chance(0.1) {
      var spec = twin.oracle.nodes[node]!.spec
      spec.taints = [Taint(key: "new", effect: .noSchedule)]
      try twin.updateNodes([node], [spec])
    }
    if random.chance(0.3) { try twin.cordonNodes([random.pick(nodes)], true) }
    for node in nodes where random.chance(0.2) {
      let gpus = twin.oracle.nodes[node]!.machine!.gpus.indices.filter { _ in random.chance(0.3) }
      try twin.setHealth(node, sickGPUs: Set(gpus), sickNICs: [])
    }
  }

  private mutating func addProfile(_ policies: [TermKind]) throws {
    var term = Term(random.pick(policies))
    if TermKind.scaledPolicies.contains(term.kind) || term.kind == .gpuDotProduct {
      term.resources = [TermResource("cpu", scale: 64_000), TermResource("gpu", scale: 8000)]
    }
    try twin.addProfile("only", random.chance(0.3) ? [Term(.leastAllocated)] : [term])
  }

  private mutating func addNodes(_ count: Int, gpus: ClosedRange<Int>, models: Int) throws {
    var wanted: [Twin.NewNode] = []
    for index in 0..<count {
      var spec = NodeSpec(domain: 1)
      spec.allocatable = ["cpu": random.pick([4000, 16_000, 64_000])]
      spec.labels = ["zone": random.pick(["a", "b"])]
      if gpus.upperBound > 2 && random.chance(0.15) { spec.taints = [Taint(key: "kept", effect: .noSchedule)] }
      wanted.append(Twin.NewNode(spec: spec, name: "n\(index)", untold: [:]))
    }
    nodes = try twin.addNodes(wanted)
    for node in nodes where gpus.upperBound <= 2 || random.chance(0.9) {
      let machine = machine(random.int(gpus), model: Self.models[random.int(0...models - 1)])
      try twin.setMachines([(node, try twin.intern(.custom(machine)))])
    }
    nodes.removeAll { twin.oracle.nodes[$0]!.machine == nil }
    var typical = [
      TypicalPod(cpu: 1000, gpus: 1, milli: 500, weight: 3), TypicalPod(cpu: 9, gpus: 2, milli: 1000, weight: 1),
    ]
    typical.append(TypicalPod(cpu: 2000, gpus: 1, milli: 300, weight: 2))
    try twin.setTypicalPods(typical, total: 0)
  }

  private func machine(_ count: Int, model: String) -> Machine {
    let gpu = {
      var gpu = Machine.GPU(model, memory: 24_576)
      gpu.timeSlices = 4
      return gpu
    }()
    let links = (0..<count).map { row in
      (0..<count).map { $0 == row ? Link.none : row / 2 == $0 / 2 ? Link.nvLink(4) : Link.system }
    }
    return Machine(gpus: Array(repeating: gpu, count: count), links: links)
  }

  private mutating func somePod() -> PodSpec {
    var pod = PodSpec(profile: "only")
    pod.requests = ["cpu": random.pick([0, 500, 1500, 6000])]
    pod.labels = ["app": random.pick(["x", "y"])]
    let kinds: [DeviceDemand.Kind] = [
      .share(milli: random.pick([100, 250, 300, 500, 700])), .share(milli: 500), .share(milli: 0), .whole(1),
      .whole(random.int(1...3)), .timeSlice, .instance(random.pick(["1g.5gb", "2g.10gb", "1g.6gb", "3g.20gb"])),
    ]
    var demand = DeviceDemand(random.pick(kinds))
    if case .share(let milli) = demand.kind { demand.memory = milli == 0 ? 6000 : random.pick([0, 0, 8000]) }
    if random.chance(0.1) { demand.models = [random.pick(Self.models)] }
    if !(random.chance(0.1) && pod.requests["cpu"]! > 0) { pod.devices = demand }
    if random.chance(0.3) { pod.tolerations = [Toleration(op: .exists)] }
    let alike = [Requirement(key: "app", op: .in, values: [pod.labels["app"]!])]
    let key = random.pick(["zone", "kubernetes.io/hostname"])
    if random.chance(0.15) { pod.affinityTerms = [PodAffinityTerm(.requiredAntiAffinity, key, alike)] }
    if random.chance(0.1) { pod.affinityTerms = [PodAffinityTerm(.requiredAffinity, "zone", alike)] }
    if random.chance(0.2) { pod.spreadConstraints = [SpreadConstraint(key, alike, maxSkew: 2, isRequired: true)] }
    return pod
  }

  /// Somewhere where it fits, if there is such a place.
  private mutating func bind(_ pod: PodSpec) throws {
    let fitting = nodes.filter { twin.oracle.refusal(of: pod, on: $0) == nil }
    if !fitting.isEmpty { try twin.bind([(pod, random.pick(fitting))]) }
  }

  // MARK: Plans

  /// Counted from what pods hold.
  func count(_ oracle: Oracle) -> Count {
    var count = Count()
    for node in nodes {
      let picture = oracle.devicePicture(node)
      let machine = oracle.nodes[node]!.machine!
      let free = machine.gpus.indices.filter {
        picture.milli[$0] == 1000 && picture.memory[$0] == machine.gpus[$0].memory && picture.slices[$0].isEmpty
          && !picture.sick[$0]
      }
      count.gpus += free.count
      if free.count == machine.gpus.count { count.nodes += 1 }
    }
    return count
  }

  /// The same from every engine, which is afterwards what it was before.
  func plan(_ goal: Int, budget: Int, iterations: Int, seed: Int, movable: [Int]? = nil) throws -> Plan {
    let list = movable.map { $0.map { twin.podIds[$0]! } }
    twin.note("defragment for \(goal), at most \(budget) moves of \(list.map { "\($0)" } ?? "all"), seed \(seed)")
    let answers = try twin.all("defragment") { engine throws(EngineError) in
      let digest = engine.digest()
      let scratch = Scratch()
      var options = berth_defragment_options()
      options.struct_size = UInt32(MemoryLayout<berth_defragment_options>.size)
      (options.goal, options.most_moves) = (UInt32(goal), UInt32(budget))
      (options.iterations, options.seed) = (UInt64(iterations), UInt64(seed))
      if let list { (options.movable, options.movable_count) = (UnsafePointer(scratch.array(list)), list.count) }
      let room = scratch.room(berth_migration(), count: budget)
      let report = try engine.defragment(options, into: room.baseAddress!)
      var numbers = [UInt64(engine.digest() == digest ? 1 : 0), UInt64(report.moves)]
      numbers += [report.free_gpus_before, report.free_nodes_before, report.free_gpus_after, report.free_nodes_after]
      return numbers + room.prefix(Int(report.moves)).flatMap { [$0.pod, $0.from_node, $0.to_node] }
    }
    try twin.validate()
    try twin.check(answers[0] == 1, "planning changes the digest")
    let figures = answers[1..<6].map(Int.init)
    let podsById = Dictionary(uniqueKeysWithValues: twin.podIds.map { ($0.value, $0.key) })
    return Plan(
      moves: stride(from: 6, to: answers.count, by: 3).map {
        Plan.Move(
          pod: podsById[answers[$0]]!, from: twin.nodesById[answers[$0 + 1]]!, to: twin.nodesById[answers[$0 + 2]]!)
      }, before: Count(gpus: figures[1], nodes: figures[2]), after: Count(gpus: figures[3], nodes: figures[4]))
  }

  /// The most that moves of single pods can come to, no pod moving twice: all of them are tried.
  func optimum(_ goal: Int, budget: Int) -> Int {
    struct Place: Hashable {
      var node: Int
      var gpu: Int
    }
    let pods = twin.oracle.pods.keys.sorted()
    let homes = pods.map { twin.oracle.pods[$0]!.node! }
    var best = count(twin.oracle).of(goal)
    var states = [twin.oracle]
    for _ in 0..<budget {
      var next: [[Place]: Oracle] = [:]
      for state in states {
        for (pod, home) in zip(pods, homes) where state.pods[pod]!.node == home {
          for node in nodes where node != home {
            var trial = state
            guard trial.movePod(pod, to: node) else { continue }
            let places = pods.map { Place(node: trial.pods[$0]!.node!, gpu: trial.pods[$0]!.claim!.gpus[0]) }
            if next[places] == nil {
              best = max(best, count(trial).of(goal))
              next[places] = trial
            }
          }
        }
      }
      states = Array(next.values)
    }
    return best
  }
}
