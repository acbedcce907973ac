/// A gang beside a cluster as it is now: all that the definitions of include/berth.h speak of, laid out by nodes in
/// topology order, in which the nodes of every domain are neighbours.
///
/// A placement says for each of the nodes how many new members of each role it gets. Which member is which does not
/// matter: members of a role are alike.
public struct GangProblem {
  public typealias Placement = [[Int]]

  public let spec: GangSpec
  public let nodes: [Int]
  /// By level, from the cluster to the node: the places in `nodes` of each domain that has nodes.
  public let runs: [[Range<Int>]]
  /// The same domains' numbers; those of the nodes on the last level.
  public let numbers: [[Int]]
  /// By node: whether it is in the domain that the gang is kept to.
  public let isAllowed: [Bool]
  /// By node: all that it holds together now, from nothing to full.
  public let mixes: [[[Int]]]
  /// By role and node: how many members it holds of this role alone.
  public let room: [[Int]]
  /// By role and node: members that run there.
  public let running: [[Int]]
  /// By role and node: what a member scores there if it came alone.
  public let scores: [[Int64]]
  /// How much of all this is known.
  public let reach: GangReach

  public var lastLevel: Int { runs.count - 1 }

  init(
    spec: GangSpec, nodes: [Int], runs: [[Range<Int>]], numbers: [[Int]], isAllowed: [Bool], mixes: [[[Int]]],
    running: [[Int]], scores: [[Int64]], reach: GangReach = GangReach()
  ) {
    (self.spec, self.nodes, self.runs, self.numbers, self.isAllowed) = (spec, nodes, runs, numbers, isAllowed)
    (self.mixes, self.running, self.scores, self.reach) = (mixes, running, scores, reach)
    room = spec.roles.indices.map { role in
      mixes.map { options in
        options.filter { mix in mix.indices.allSatisfy { $0 == role || mix[$0] == 0 } }.map { $0[role] }.max() ?? 0
      }
    }
  }

  // MARK: What is allowed

  /// The first rule that a placement breaks. `required`: what each role is held to, beside the gang's own level. Part of
  /// a placement is not asked for multiples: more may come.
  public func brokenRule(_ placement: Placement, required: [Int], isWhole: Bool = true) -> GangRule? {
    for node in nodes.indices where placement[node].contains(where: { $0 > 0 }) {
      if !isAllowed[node] { return .domain(node: nodes[node]) }
      if isWhole && reach.knowsRoom && !mixes[node].contains(placement[node]) { return .room(node: nodes[node]) }
    }
    if !isWithinOne(spec.requiredLevel, { node in spec.roles.indices.contains { has($0, node, placement) } }) {
      return .gangLevel
    }
    for (index, role) in spec.roles.enumerated() {
      if !isWithinOne(required[index], { has(index, $0, placement) }) { return .roleLevel(index) }
      if role.spreadMembers > 0 {
        for run in runs[role.spreadLevel]
        where run.reduce(0, { $0 + placement[$1][index] + running[index][$1] }) > role.spreadMembers {
          return .spread(role: index)
        }
      }
      for slice in role.slices where isWhole {
        for run in runs[slice.level] where run.reduce(0, { $0 + placement[$1][index] }) % slice.members != 0 {
          return .slice(role: index, level: slice.level)
        }
      }
    }
    return spec.separateLevel > 0 && meets(placement) ? .separate : nil
  }

  /// Whether a role has a member on a node, a running one or a new one.
  func has(_ role: Int, _ node: Int, _ placement: Placement) -> Bool {
    placement[node][role] > 0 || running[role][node] > 0
  }

  private func isWithinOne(_ level: Int, _ isMember: (Int) -> Bool) -> Bool {
    level == 0 || runs[level].count { $0.contains(where: isMember) } <= 1
  }

  /// Whether two roles are in one domain of the level that separates them.
  private func meets(_ placement: Placement) -> Bool {
    runs[spec.separateLevel].contains { run in
      spec.roles.indices.count { role in run.contains { has(role, $0, placement) } } > 1
    }
  }

  // MARK: What is left over

  /// By level: how many members of a role each domain's nodes hold together now, as far as multiples and the limit let
  /// them; or only those nodes that the gang is kept to.
  public func offers(_ role: Int, onlyAllowed: Bool = false) -> [[Int]] {
    let spec = spec.roles[role]
    var offers = [
      nodes.indices.map { node in
        onlyAllowed && !isAllowed[node] ? 0 : bounded(room[role][node], spec, role, lastLevel, node..<node + 1)
      }
    ]
    for level in stride(from: lastLevel - 1, through: 0, by: -1) {
      let below = runs[level + 1]
      offers.insert(
        runs[level].map { run in
          let parts = below.indices.filter { run.contains(below[$0].lowerBound) }
          return bounded(parts.reduce(0) { $0 + offers[0][$1] }, spec, role, level, run)
        }, at: 0)
    }
    return offers
  }

  private func bounded(_ sum: Int, _ spec: GangSpec.Role, _ role: Int, _ level: Int, _ run: Range<Int>) -> Int {
    var offer = sum
    // the limit of a domain holds for all within
    if spec.spreadMembers > 0 && spec.spreadLevel <= level && !run.isEmpty {
      let home = runs[spec.spreadLevel].first { $0.contains(run.lowerBound) }!
      offer = min(offer, max(0, spec.spreadMembers - home.reduce(0) { $0 + running[role][$1] }))
    }
    // what stands here is made of multiples of the next level that has them
    let multiple = spec.slices.first { $0.level >= level }?.members ?? 1
    return offer / multiple * multiple
  }

  /// The role in whose members is counted what is left over: the first of those with most new members.
  public func leadingRole(_ placement: Placement) -> Int {
    let counts = counts(placement)
    return counts.firstIndex(of: counts.max()!)!
  }

  /// New members of each role.
  public func counts(_ placement: Placement) -> [Int] {
    spec.roles.indices.map { role in placement.reduce(0) { $0 + $1[role] } }
  }

  public func measure(_ placement: Placement, offers: [[Int]]? = nil) -> GangMeasure {
    let role = leadingRole(placement)
    let offers = offers ?? self.offers(role)
    var measure = GangMeasure(domains: [], leftOver: [], score: 0)
    for level in runs.indices {
      let opened = runs[level].indices.filter { isOpened(runs[level][$0], placement) }
      measure.domains.append(opened.count)
      measure.leftOver.append(
        opened.reduce(0) { sum, index in
          sum + offers[level][index] - runs[level][index].reduce(0) { $0 + placement[$1][role] }
        })
    }
    for node in nodes.indices {
      for role in spec.roles.indices { measure.score += Int64(placement[node][role]) * scores[role][node] }
    }
    return measure
  }

  func isOpened(_ run: Range<Int>, _ placement: Placement) -> Bool {
    run.contains { node in spec.roles.indices.contains { has($0, node, placement) } }
  }
}

extension Oracle {
  /// `nodes`: in topology order, those that are looked at. `isLarge`: the cluster, or what is asked, may be more than can
  /// be looked at in full.
  public func gangProblem(_ asked: GangSpec, on nodes: [Int]? = nil, isLarge: Bool = false) -> GangProblem {
    let spec = withoutLost(asked)
    let order = nodes ?? topologyOrder()
    var runs: [[Range<Int>]] = []
    var numbers: [[Int]] = []
    for level in 0...levelKeys.count {
      let around = order.map { domain(of: $0, level) }
      let starts = order.indices.filter { $0 == 0 || around[$0] != around[$0 - 1] }
      let ends = starts.dropFirst() + [order.count]
      runs.append(order.isEmpty ? [] : zip(starts, ends).map { $0..<$1 })
      numbers.append(starts.map { around[$0] })
    }
    runs.append(order.indices.map { $0..<$0 + 1 })
    numbers.append(order)
    let running = spec.roles.indices.map { role in
      order.map { node in spec.running.count { $0.role == role && pods[$0.pod]!.node == node } }
    }
    let inner = domains[spec.domain].depth
    var reach = isLarge ? self.reach(spec) : GangReach()
    let mixes = reach.knowsRoom ? gangMixes(spec, on: order, atMost: isLarge ? GangReach.mostMixes : .max) : nil
    reach.knowsRoom = mixes != nil
    reach.findsBest = reach.findsBest && reach.knowsRoom
    return GangProblem(
      spec: spec, nodes: order, runs: runs, numbers: numbers,
      isAllowed: order.map { domain(of: $0, inner) == spec.domain },
      mixes: mixes ?? order.map { _ in [spec.roles.map { _ in 0 }] }, running: running,
      scores: spec.roles.map { role in order.map { reach.knowsScores ? scoreAlone(role.pod, on: $0) : 0 } },
      reach: reach)
  }

  /// Running members whose nodes were removed run nowhere: they are none.
  public func withoutLost(_ gang: GangSpec) -> GangSpec {
    var gang = gang
    gang.running.removeAll { pods[$0.pod]!.node == nil }
    return gang
  }

  /// The domain around a node on a level above it.
  private func domain(of node: Int, _ level: Int) -> Int {
    var domain = nodes[node]!.spec.domain
    while domains[domain].depth > level { domain = domains[domain].parent! }
    return domain
  }

  /// By node: all that it holds together, found by putting member after member there; nil: more than is looked at.
  private func gangMixes(_ spec: GangSpec, on order: [Int], atMost most: Int) -> [[[Int]]]? {
    var free = self
    // what is reserved for members is not seen as free, however many of them come
    for id in reservations.keys { free.reservations[id]!.owner = Owner(.pod, .max) }
    var all: [[[Int]]] = []
    for node in order {
      var mixes: [[Int]] = []
      func add(_ role: Int, _ mix: [Int], _ state: Oracle) {
        guard role < spec.roles.count else { return mixes.append(mix) }
        if mixes.count > most { return }
        add(role + 1, mix, state)
        let pod = spec.roles[role].pod
        guard state.refusal(of: pod, on: node) == nil else { return }
        var (state, mix) = (state, mix)
        _ = state.addPod(pod, on: node, bound: false)
        mix[role] += 1
        add(role, mix, state)
      }
      add(0, spec.roles.map { _ in 0 }, free.alone(node))
      if mixes.count > most { return nil }
      all.append(mixes)
    }
    return all
  }

  /// A cluster of one node, where no pod says anything of other nodes.
  private func alone(_ node: Int) -> Oracle {
    guard podsWithTerms.isEmpty else { return self }
    var alone = self
    alone.nodes = [node: nodes[node]!]
    alone.pods = pods.filter { $0.value.node == node }
    return alone
  }

  /// Of terms that look at one node alone.
  private func scoreAlone(_ pod: PodSpec, on node: Int) -> Int64 {
    profiles[pod.profile]!.reduce(0) { $0 + $1.weight * scores($1, pod, on: [node])[0] }
  }
}
