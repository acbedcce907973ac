import BerthOracle
import CBerth

/// A cluster of a given form for worked cases: how much cpu the nodes of each leaf have.
struct GangTree {
  let twin: Twin
  /// By name of the path: "block-0", "block-0/rack-1".
  private(set) var domains: [String: Int] = [:]
  /// In topology order.
  private(set) var nodes: [Int] = []
  private var tally = GangTally()

  /// Racks of nodes.
  init(_ twin: Twin, racks: [[Int64]]) throws {
    self.twin = twin
    try addVocabulary()
    for (index, rack) in racks.enumerated() { try addRack(0, "rack-\(index)", rack) }
  }

  /// Blocks of racks of nodes.
  init(_ twin: Twin, blocks: [[[Int64]]]) throws {
    self.twin = twin
    try addVocabulary()
    for (number, block) in blocks.enumerated() {
      let domain = try twin.addDomain(parent: 0, name: "block-\(number)")
      domains["block-\(number)"] = domain
      for (index, rack) in block.enumerated() { try addRack(domain, "block-\(number)/rack-\(index)", rack) }
    }
  }

  private func addVocabulary() throws {
    try twin.addResource("cpu", .cpu)
    try twin.addResource("memory", .memory)
    // the fuller node first
    try twin.addProfile("packing", [Term(.mostAllocated, resources: [TermResource("cpu")])])
    try twin.addProfile("spreading", [Term(.leastAllocated)])
  }

  private mutating func addRack(_ parent: Int, _ path: String, _ cpu: [Int64]) throws {
    let domain = try twin.addDomain(parent: parent, name: String(path.split(separator: "/").last!))
    domains[path] = domain
    nodes += try twin.addNodes(
      cpu.map { cpu in
        var spec = NodeSpec(domain: domain)
        spec.allocatable = ["cpu": cpu, "memory": 100]
        return Twin.NewNode(spec: spec)
      })
  }

  static func run(_ test: String, racks: [[Int64]], _ body: (inout GangTree) throws -> Void) {
    Fuzz.run(test, seed: 0, try Twin(levelKeys: ["rack"], seed: 5)) { twin in
      var tree = try GangTree(twin, racks: racks)
      try body(&tree)
    }
  }

  static func run(_ test: String, blocks: [[[Int64]]], _ body: (inout GangTree) throws -> Void) {
    Fuzz.run(test, seed: 0, try Twin(levelKeys: ["block", "rack"], seed: 5)) { twin in
      var tree = try GangTree(twin, blocks: blocks)
      try body(&tree)
    }
  }

  func pod(cpu: Int64 = 1, memory: Int64 = 0, profile: String = "packing") -> PodSpec {
    var pod = PodSpec(profile: profile)
    pod.requests = ["cpu": cpu, "memory": memory].filter { $0.value > 0 }
    return pod
  }

  /// Members of one role that ask for a cpu each.
  func gang(_ members: Int, upTo most: Int? = nil, required: Int = 0, preferred: Int = 0) -> GangSpec {
    var gang = GangSpec([GangSpec.Role(pod(), members, upTo: most)])
    (gang.requiredLevel, gang.preferredLevel) = (required, preferred)
    return gang
  }

  /// Places a gang, against all placements that there are; by node, how many members of all roles it gets; nil: it is
  /// not placed.
  @discardableResult
  mutating func place(_ gang: GangSpec, dryRun: Bool = true) throws -> (members: [Int], answer: GangAnswer)? {
    let problem = twin.oracle.gangProblem(gang)
    let answer = try twin.placeAndVerify(gang, dryRun: dryRun, &tally)
    guard answer.isPlaced else { return nil }
    return (try twin.placement(answer, of: problem).map { $0.reduce(0, +) }, answer)
  }

  /// The nodes must get so many members each.
  mutating func expect(_ gang: GangSpec, on members: [Int]?, dryRun: Bool = true) throws {
    let placed = try place(gang, dryRun: dryRun)
    try twin.check(
      placed?.members == members, "on \(String(describing: placed?.members)), not \(String(describing: members))")
  }

  /// What the engine says of a gang that is not placed.
  mutating func refuse(_ gang: GangSpec) throws -> GangAnswer {
    let answer = try twin.placeAndVerify(gang, dryRun: false, &tally)
    try twin.check(answer.outcome == Int(BERTH_GANG_NO_FIT), "should not fit: \(answer)")
    return answer
  }

  /// Fills nodes, by place.
  func fill(_ cpu: [Int: Int64]) throws {
    for (node, amount) in cpu.sorted(by: { $0.key < $1.key }) {
      try twin.bind([(pod(cpu: amount, profile: "spreading"), nodes[node])])
    }
  }
}
