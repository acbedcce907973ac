import BerthCore
import BerthKubernetes
import BerthSimulation
import CBerth

/// A job in the engine's words: classes, levels as numbers, fabrics. What a gang cannot be asked is a mistake where the
/// job requires it, and a note where it wishes for it.
struct GangTranslation {
  let job: GangJob
  let network: NetworkEngine
  private(set) var spec = GangSpec([])
  /// The same without slices that are wishes; nil where there are none.
  private(set) var specWithoutWishes: GangSpec?
  /// By role, of each pod.
  private(set) var requests: [[BerthSimulation.Quantity]] = []
  /// The job names no level.
  private(set) var isPackedByDefault = false
  private(set) var notes: [String] = []
  private(set) var problems: [Problem] = []

  private var topology: NetworkTopology { network.topology }

  init(_ job: GangJob, _ network: NetworkEngine) throws {
    self.job = job
    self.network = network
    problems = job.problems(in: topology)
    if job.roles.count > Int(BERTH_MAX_GANG_ROLES) {
      fail("roles", "are \(job.roles.count): at most \(BERTH_MAX_GANG_ROLES) are placed together")
    }
    guard problems.isEmpty else { return }
    try addRoles()
    setCloseness()
    addGroups()
    addSeparations()
    if case .tree = topology.shape {} else { addFabrics() }
    if spec.fabrics.isEmpty { setDefaults() }
    guard problems.isEmpty else { return }
    var plain = spec
    for (index, role) in job.roles.enumerated() where role.slices.contains(where: { !$0.isRequired }) {
      plain.roles[index].slices = slices(role) { $0.isRequired }
      specWithoutWishes = plain
    }
  }

  private mutating func fail(_ path: String, _ message: String) {
    problems.append(Problem("job \(job.name)", path, message))
  }

  private func level(_ name: String?) -> Int {
    name.flatMap { topology.level(named: $0) }.map { network.level($0) } ?? 0
  }

  // MARK: Roles

  private mutating func addRoles() throws {
    for role in job.roles {
      var quantities: [BerthSimulation.Quantity] = []
      for resource in network.resources {
        let value =
          resource.name == network.gpuResource
          ? Int64(role.gpus) : resource.name == "pods" ? 1 : role.requests[resource.name] ?? 0
        guard value <= Int64(BERTH_MAX_QUANTITY) else {
          fail("roles", "'\(role.name)' asks for \(value) of \(resource.name): at most \(BERTH_MAX_QUANTITY)")
          continue
        }
        if value > 0 { quantities.append(.init(resource.id, value)) }
      }
      requests.append(quantities)
      let podClass = try network.engine.internClass(
        PodSpec(profile: network.profile, requests: quantities, priority: job.priority))
      var own = GangRole(podClass, role.min...role.max)
      own.requiredLevel = level(role.closeness.required)
      own.preferredLevel = max(level(role.closeness.preferred), role.closeness.preferred == nil ? 0 : own.requiredLevel)
      if let spread = role.spread {
        let around = level(spread.level)
        if around == 0 {
          fail("roles", "'\(role.name)' is spread over the whole: a level of the topology is expected")
        } else {
          own.spread = (around, min(spread.maxPerDomain, GangJob.mostMembers))
        }
      }
      own.slices = slices(role) { _ in true }
      spec.roles.append(own)
    }
    spec.minMembers = job.minMember
  }

  /// All of a role in the whole network say nothing.
  private func slices(_ role: GangJob.Role, where isTaken: (GangJob.Slice) -> Bool) -> [(level: Int, members: Int)] {
    role.slices.filter(isTaken).compactMap { slice in
      let own = level(slice.level)
      return own > 0 ? (own, slice.size) : nil
    }
  }

  private mutating func setCloseness() {
    spec.requiredLevel = level(job.closeness.required)
    spec.preferredLevel = level(job.closeness.preferred)
    let tops = topology.domains(atLevel: 0).count
    if !topology.spansTops, tops > 1, spec.requiredLevel == 0 {
      spec.requiredLevel = 1
      notes.append("\(topology.levels[0].name): all pods go below one of the \(tops), which nothing connects")
    }
    if job.maxLeaves == 1, spec.requiredLevel < topology.levels.count { spec.requiredLevel = topology.levels.count }
    if spec.preferredLevel > 0 { spec.preferredLevel = max(spec.preferredLevel, spec.requiredLevel) }
  }

  // MARK: Several roles

  private mutating func addGroups() {
    for (index, group) in job.groups.enumerated() {
      let (required, preferred) = (level(group.closeness.required), level(group.closeness.preferred))
      if Set(group.roles) == Set(job.roles.indices) {
        spec.requiredLevel = max(spec.requiredLevel, required)
        spec.preferredLevel = preferred > 0 ? max(spec.preferredLevel, preferred) : spec.preferredLevel
        if spec.preferredLevel > 0 { spec.preferredLevel = max(spec.preferredLevel, spec.requiredLevel) }
      } else if group.roles.count == 1 {
        let role = group.roles[0]
        spec.roles[role].requiredLevel = max(spec.roles[role].requiredLevel, required)
        let wish = max(preferred, spec.roles[role].preferredLevel)
        spec.roles[role].preferredLevel = wish > 0 ? max(wish, spec.roles[role].requiredLevel) : 0
      } else {
        let names = group.roles.map { job.roles[$0].name }.joined(separator: ", ")
        // One domain of what is required of the gang, or wider, is what the roles have anyway.
        if required > spec.requiredLevel {
          fail(
            "groups[\(index)].required",
            "one domain for \(names) and not for the other roles cannot be asked of a gang: require it of all, of "
              + "single roles, or make the group a gang of its own")
        } else if preferred > 0 {
          notes.append("groups[\(index)]: the wish that \(names) be near to one another is not followed")
        }
      }
    }
  }

  private mutating func addSeparations() {
    let all = Set(job.roles.indices)
    // Who shares no wide domain shares no narrow one either.
    let whole = job.separations.filter { Set($0.roles) == all }.map { level($0.level) }.min()
    spec.separateLevel = whole ?? 0
    for (index, separation) in job.separations.enumerated() where Set(separation.roles) != all {
      if let whole, whole <= level(separation.level) { continue }
      let names = separation.roles.map { job.roles[$0].name }.joined(separator: ", ")
      fail(
        "separate[\(index)].roles",
        "only \(names) are to be apart: a gang keeps all its roles apart or none; name all of them, or make two jobs")
    }
  }

  // MARK: What is taken where the job is silent

  private mutating func setDefaults() {
    let isSilent =
      spec.requiredLevel == 0 && spec.preferredLevel == 0 && spec.separateLevel == 0
      && spec.roles.allSatisfy {
        $0.requiredLevel == 0 && $0.preferredLevel == 0 && $0.slices.isEmpty && $0.spread == nil
      }
    guard isSilent else { return }
    isPackedByDefault = true
    spec.preferredLevel = topology.levels.count
    notes.append(
      "the job names no level: it is packed as if it preferred one domain of \(topology.levels.last?.name ?? "")")
  }

  // MARK: Rings and tori

  private mutating func addFabrics() {
    switch topology.shape {
    case .rings(let rings):
      spec.fabrics = rings.map { ring in
        GangFabricSpec(
          kind: Int(BERTH_FABRIC_RING), size: (ring.nodes.count, 1, 1), nodes: ring.nodes.map { network.nodes[$0] })
      }
    case .toruses(let toruses):
      spec.fabrics = toruses.filter { !$0.placements.isEmpty }.map { torus in
        GangFabricSpec(
          kind: Int(BERTH_FABRIC_TORUS), size: (torus.size.x, torus.size.y, torus.size.z),
          nodes: torus.cells.map { $0.map { network.nodes[$0] } },
          boxes: torus.placements.map { ($0.size.x, $0.size.y, $0.size.z) })
      }
      if spec.fabrics.isEmpty { fail("", "no torus of the topology declares placements: none takes jobs") }
      if toruses.contains(where: { $0.placements.contains { $0.anchorSpacing != Coordinates(x: 1, y: 1, z: 1) } }) {
        notes.append("placements' anchors are not heeded: boxes go wherever the torus has room")
      }
    case .tree, .blocks: return
    }
    fitFabric()
  }

  /// In a ring or a torus members get neighbouring nodes, one each. What says no more than that is met.
  private mutating func fitFabric() {
    guard spec.roles.count == 1 else {
      return fail("roles", "are \(spec.roles.count): in a ring or a torus a gang has one")
    }
    let (role, node) = (spec.roles[0], network.nodeLevel)
    if spec.requiredLevel >= node || role.requiredLevel >= node {
      fail("required", "a single node: in a ring or a torus each member gets one of its own")
    }
    if let spread = role.spread, spread.level < node {
      fail("roles[0].spread", "limits per ring or torus cannot be asked: members are neighbours in one")
    }
    for (index, slice) in job.roles[0].slices.enumerated() where slice.size < role.members.upperBound {
      if slice.isRequired {
        fail("roles[0].slices[\(index)]", "slices cannot be asked in a ring or a torus: all members are neighbours")
      } else {
        notes.append("slices of \(slice.size) are not followed: all members are neighbours")
      }
    }
    (spec.requiredLevel, spec.preferredLevel, spec.separateLevel) = (0, 0, 0)
    var plain = GangRole(role.podClass, role.members)
    plain.slices = []
    spec.roles = [plain]
  }
}
