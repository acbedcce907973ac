import BerthCore
import BerthOracle
import CBerth

/// A small cluster of any form, and gangs with all that can be asked for them.
struct GangScene {
  let twin: Twin
  var random: Random
  let levels: Int
  private(set) var nodes: [Int] = []
  /// The gangs that were placed, with all their members: to be grown and shrunk.
  private(set) var gangs: [GangSpec] = []

  static let profiles: [(name: String, terms: [Term])] = [
    ("least", [Term(.leastAllocated)]), ("most", [Term(.mostAllocated)]), ("binpack", [Term(.binpack)]),
    ("spread", [Term(.spread, weight: 3)]), ("price", [Term(.price)]),
    ("fit", [Term(.bestFit, resources: [TermResource("cpu", scale: 16), TermResource("memory", scale: 16)])]),
  ]

  static func levelKeys(_ seed: Int) -> [String] { (0..<(seed % 5)).map { "level-\($0 + 1)" } }

  init(_ twin: Twin, seed: Int, nodes: ClosedRange<Int>) throws {
    self.twin = twin
    random = Random(seed: seed)
    levels = twin.oracle.levelKeys.count
    try twin.addResource("cpu", .cpu)
    try twin.addResource("memory", .memory)
    for profile in Self.profiles { try twin.addProfile(profile.name, profile.terms) }
    try addNodes(try makeTree(), random.int(nodes))
    try fill()
  }

  // MARK: The cluster

  /// The domains that hold nodes; some stay empty.
  private mutating func makeTree() throws -> [Int] {
    var above = [0]
    for level in 0..<levels {
      var next: [Int] = []
      for parent in above {
        for index in 0..<random.pick(above.count > 4 ? [1, 1, 2] : [1, 2, 2, 3]) {
          next.append(try twin.addDomain(parent: parent, name: "\(level).\(index)"))
        }
      }
      above = random.sample(next, 8).sorted()
    }
    return above
  }

  private mutating func addNodes(_ leaves: [Int], _ count: Int) throws {
    let shapes: [[String: Int64]] = [
      ["cpu": 4, "memory": 8], ["cpu": 2, "memory": 8], ["cpu": 8, "memory": 4], ["cpu": 3, "memory": 3],
      ["cpu": 1, "memory": 2],
    ]
    let own = random.sample(shapes, random.int(1...3))
    // many nodes below few leaves, or one below each
    let homes = random.chance(0.3) ? random.sample(leaves, 2) : leaves
    var wanted: [Twin.NewNode] = []
    for _ in 0..<count {
      var spec = NodeSpec(domain: random.pick(homes))
      spec.allocatable = random.chance(0.85) ? random.pick(own) : ["cpu": random.int64(0...4), "memory": 4]
      spec.allocatable = spec.allocatable.filter { $0.value > 0 }
      spec.cordoned = random.chance(0.07)
      spec.price = random.pick([0, 5, 5, 9])
      spec.labels = random.chance(0.5) ? ["kind": random.pick(["a", "b"])] : [:]
      if random.chance(0.08) { spec.taints = [Taint(key: "kept", effect: .noSchedule)] }
      wanted.append(Twin.NewNode(spec: spec))
    }
    nodes = try twin.addNodes(wanted)
  }

  /// Some nodes are full, some partly.
  private mutating func fill() throws {
    for node in nodes where random.chance(0.3) {
      var pod = PodSpec(profile: "least")
      pod.requests = ["cpu": random.int64(1...4), "memory": random.int64(1...4)]
      if twin.oracle.refusal(of: pod, on: node) == nil { try twin.bind([(pod, node)]) }
    }
  }

  // MARK: Gangs

  /// A gang of so many members at the most.
  mutating func gang(members: Int, roles count: Int) -> GangSpec {
    let pods = (0..<count).map { _ in pod() }
    return random.gang(members: members, of: pods, levels: levels, domains: twin.oracle.domains.count)
  }

  private mutating func pod() -> PodSpec {
    var pod = PodSpec(profile: random.pick(Self.profiles).name)
    pod.requests = random.pick([
      ["cpu": 1], ["cpu": 1, "memory": 2], ["cpu": 2, "memory": 1], ["cpu": 1, "memory": 1],
    ])
    if random.chance(0.1) { pod.nodeSelector = ["kind": random.pick(["a", "b"])] }
    if random.chance(0.1) { pod.tolerations = [Toleration(op: .exists)] }
    return pod
  }

  /// Other pods of the same classes that run already and belong to the gang.
  mutating func withRunning(_ gang: GangSpec) throws -> GangSpec {
    var gang = gang
    let home = random.pick(nodes)
    for role in gang.roles.indices {
      for _ in 0..<random.int(0...2) {
        let node = random.chance(0.7) ? home : random.pick(nodes)
        if twin.oracle.refusal(of: gang.roles[role].pod, on: node) != nil { continue }
        let before = Set(twin.oracle.pods.keys)
        try twin.bind([(gang.roles[role].pod, node)])
        gang.running.append(GangSpec.Member(twin.oracle.pods.keys.first { !before.contains($0) }!, role: role))
      }
    }
    return gang
  }

  /// Asks for a gang and looks at the answer; one that is placed is remembered.
  mutating func place(_ gang: GangSpec, dryRun: Bool, _ tally: inout GangTally) throws {
    let answer = try twin.placeAndVerify(gang, dryRun: dryRun, &tally)
    guard answer.isPlaced && !dryRun else { return }
    var gang = gang
    gang.running += twin.members(answer)
    gangs.append(gang)
  }

  /// A placed gang leaves.
  mutating func release() throws {
    guard !gangs.isEmpty else { return }
    let gang = gangs.remove(at: random.int(0...gangs.count - 1))
    try twin.remove(gang.running.map(\.pod), forgetting: false)
  }

  /// A placed gang that wants up to so many members more of each role; nil: none was placed.
  mutating func growth(by more: Int) -> GangSpec? {
    guard !gangs.isEmpty else { return nil }
    var gang = gangs.remove(at: random.int(0...gangs.count - 1))
    gang.leastMembers = 0
    for role in gang.roles.indices {
      let multiple = gang.roles[role].slices.first?.members ?? 1
      gang.roles[role].most = random.int(role == 0 ? 1...max(1, more / multiple) : 0...more / multiple) * multiple
      gang.roles[role].least = random.chance(0.7) ? gang.roles[role].most : 0
    }
    if gang.minima.allSatisfy({ $0 == 0 }) { gang.leastMembers = gang.running.count + 1 }
    return gang
  }

  /// A placed gang with at least two members, and how many are to stay.
  mutating func shrinking() -> (members: [Int], keep: Int)? {
    guard let index = gangs.indices.filter({ gangs[$0].running.count > 1 }).randomElement(using: &random) else {
      return nil
    }
    let members = random.shuffled(gangs.remove(at: index).running.map(\.pod))
    return (members, random.int(0...members.count))
  }
}
