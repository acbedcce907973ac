/// Which nodes of a plan get how many members: of nodes that offer the same the best by score, then in topology order.
struct NodeChoice {
  struct Node {
    var slot: UInt32
    var lane: Int
    var offer: Int
    var members: Int
    var score: Int64
  }
  /// In topology order.
  private(set) var nodes: [Node] = []

  /// `opened`: lanes of nodes that have members already, ascending.
  init(
    _ plan: PackingPlan, _ count: Int, _ order: DomainOrder, opened: [Int], score: (inout [Node]) -> Void
  ) {
    var all = plan.lanes.map { Node(slot: 0, lane: $0.lane, offer: $0.offer, members: $0.offer, score: 0) }
    order.findSlots(&all)
    score(&all)
    guard let kinds = plan.kinds else {
      nodes = all
      return
    }
    var own: [Node] = []
    var others: [Node] = []
    var next = 0
    for node in all {
      while next < opened.count && opened[next] < node.lane { next += 1 }
      if next < opened.count && opened[next] == node.lane { own.append(node) } else { others.append(node) }
    }
    var chosen: [Node] = []
    for (offer, wanted) in kinds where wanted > 0 {
      var list = others.filter { $0.offer == offer }
      if list.count > wanted { list.sort { ($1.score, $0.slot) < ($0.score, $1.slot) } }
      chosen += list.prefix(wanted)
    }
    nodes = own + chosen
    takeBack(nodes.reduce(0) { $0 + $1.members } - count, ownCount: own.count)
    nodes.removeAll { $0.members == 0 }
    nodes.sort { $0.lane < $1.lane }
  }

  /// What is offered beyond what is asked is left where it scores least; nodes that are to be opened keep a member.
  private mutating func takeBack(_ excess: Int, ownCount: Int) {
    guard excess > 0 else { return }
    var excess = excess
    let worst = nodes.indices.sorted { (nodes[$0].score, nodes[$1].slot) < (nodes[$1].score, nodes[$0].slot) }
    for index in worst where excess > 0 {
      let most = nodes[index].members - (index < ownCount ? 0 : 1)
      let less = min(most, excess)
      nodes[index].members -= less
      excess -= less
    }
  }
}

extension DomainOrder {
  /// The slots of lanes, which ascend.
  func findSlots(_ nodes: inout [NodeChoice.Node]) {
    var leaf = -1
    var label = 0
    for index in nodes.indices {
      let lane = nodes[index].lane
      if leaf < 0 || lane >= Int(firstLane[leaf + 1]) || lane < Int(firstLane[leaf]) {
        leaf = self.leaf(ofLane: lane)
        label = labels[leaf].lowerBound
      }
      while label + 1 < labels[leaf].upperBound && Int(laneOfLabel[label + 1]) <= lane { label += 1 }
      nodes[index].slot = UInt32(label) << 6 | UInt32(lane - Int(laneOfLabel[label]))
    }
  }

  func leaf(ofLane lane: Int) -> Int {
    // leaf domains without lanes have the same first lane as the next one: the last of them has the lane
    var (low, high) = (0, ids[depth].count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(firstLane[middle]) <= lane { low = middle } else { high = middle }
    }
    return low
  }
}

extension GangPlacer {
  var openedLanes: [Int] {
    (request.running.map(\.slot) + members.map(\.slot)).map { order.lane($0) }.sorted()
  }

  /// Scores by lane where there are few nodes; nil where there are many, or no scores.
  func scores(of role: Int, _ search: PackingSearch) -> ((Int) -> Int)? {
    guard let lanes = search.fewLanes else { return nil }
    var nodes = lanes.map { NodeChoice.Node(slot: 0, lane: $0, offer: 0, members: 0, score: 0) }
    order.findSlots(&nodes)
    score(&nodes, role)
    // sums of so many must not overflow
    guard nodes.allSatisfy({ $0.score.magnitude < 1 << 40 }) else { return nil }
    let byLane = Dictionary(uniqueKeysWithValues: nodes.map { ($0.lane, Int($0.score)) })
    return { byLane[$0] ?? 0 }
  }

  /// What the role's profile says of the nodes, before any of them gets a member.
  func score(_ nodes: inout [NodeChoice.Node], _ role: Int) {
    let podClass = request.roles[role].podClass
    let profile = engine.workload.profiles[Int(engine.workload.classes.records[Int(podClass)].profile)]
    guard !profile.terms.isEmpty else { return }
    engine.prepare(podClass)
    let rows = engine.cluster.rows
    let found = engine.planner.scores(engine.workload, podClass) { visit in
      for node in nodes { visit(node.slot, rows.row(node.slot)) }
    }
    var at = 0
    for index in nodes.indices where at < found.count && found[at].slot == nodes[index].slot {
      nodes[index].score = found[at].score
      at += 1
    }
  }
}
