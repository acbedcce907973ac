import BerthCore
import BerthOracle
import CBerth

struct Placed: Equatable {
  var pod: UInt64
  var node: UInt64
  var score: Int64
  var podClass: UInt32
  var outcome: UInt32
}

struct Explained: Equatable {
  struct Reason: Equatable {
    var kind: UInt32
    var resource: UInt32
    var nodes: UInt64
  }

  var reasonCount: UInt32
  var nodes: UInt64
  var feasible: UInt64
  var nearestNode: UInt64
  var nearestResource: UInt32
  var nearestShortfall: Int64
  var reasons: [Reason]
}

/// Decisions and other questions, each answered by the engines and by the oracle.
extension Twin {
  static func placed(
    _ classes: [UInt32], as identities: [Oracle.Identity]? = nil, dryRun: Bool, _ engine: Engine
  ) throws(EngineError) -> [Placed] {
    let scratch = Scratch()
    let empty = berth_placement(pod: 0, node: 0, score: 0, pod_class: 0, outcome: 0)
    let placements = scratch.array([berth_placement](repeating: empty, count: classes.count))
    let flags = dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0
    if let identities = scratch.identities(identities) {
      try engine.place(scratch.buffer(classes), as: identities, flags: flags, into: placements)
    } else {
      try engine.place(scratch.buffer(classes), flags: flags, into: placements)
    }
    return (0..<classes.count).map {
      let placement = placements[$0]
      return Placed(
        pod: placement.pod, node: placement.node, score: placement.score, podClass: placement.pod_class,
        outcome: placement.outcome)
    }
  }

  private func compare(
    _ placement: Placed, of pod: PodSpec, _ decision: Oracle.Candidate?, _ podClass: UInt32, _ what: String
  ) throws {
    try check(placement.podClass == podClass, "\(what): class \(placement.podClass) for \(podClass)")
    let agrees =
      placement.outcome == UInt32(decision == nil ? BERTH_NO_FIT : BERTH_PLACED)
      && placement.node == (decision.map { book.nodeIds[$0.node]! } ?? UInt64.max)
      && placement.score == decision?.total ?? 0
    if agrees { return }
    let theirs =
      book.nodesById[placement.node].map { node in
        // before the batch, that is
        let refusal = book.oracle.refusal(of: pod, on: node).map { ", where \($0.reason) speaks against it," }
        return "node \(node)\(refusal ?? "")"
      } ?? "no node (\(placement.node))"
    let ours = decision.map { "node \($0.node) with \($0.total) = \($0.terms)" } ?? "no node"
    throw Mismatch("\(what): the engine says \(theirs) with \(placement.score), the oracle \(ours)")
  }

  /// Decides on every path as a dry run, then, unless it is to stay one, in earnest on one of them.
  func place(_ pods: [PodSpec], as identities: [Oracle.Identity]? = nil, dryRun: Bool) throws {
    let classes = try pods.map(podClass)
    note("\(dryRun ? "dry run" : "place") classes \(classes)\(identities.map { " as \($0)" } ?? "")")
    try foretell(pods)
    let expected = book.oracle.foresee(pods, as: identities)
    for path in Twin.paths {
      try setPath(path)
      let placements = try all("dry run on path \(path)") { engine throws(EngineError) in
        try Twin.placed(classes, as: identities, dryRun: true, engine)
      }
      for (index, placement) in placements.enumerated() {
        let what = "dry run on path \(path), pod \(index) of \(pods.count)"
        try compare(placement, of: pods[index], expected[index], classes[index], what)
        try check(placement.pod == UInt64.max, "a dry run left pod \(placement.pod)")
      }
    }
    if dryRun { return }
    let path = random.pick(Twin.paths)
    try setPath(path)
    let placements = try change("place on path \(path)", keeping: Scratch()) { engine throws(EngineError) in
      try Twin.placed(classes, as: identities, dryRun: false, engine)
    }
    for (index, placement) in placements.enumerated() {
      let decision = expected[index]
      let what = "place on path \(path), pod \(index) of \(pods.count)"
      try compare(placement, of: pods[index], decision, classes[index], what)
      try check((placement.pod == UInt64.max) == (decision == nil), "pod id \(placement.pod) for \(placement)")
      if let decision {
        let identity = identities?[index] ?? Oracle.Identity()
        let pod = book.oracle.addPod(pods[index], as: identity, on: decision.node, bound: false)
        try record(pod, placement.pod, BERTH_EVENT_POD_ASSUMED)
        if pods[index].devices != nil { try compareClaims([pod]) }
      }
    }
  }

  /// Places a long batch and decides anew only `sampled` of its pods; the others are taken as the engine placed them,
  /// after a look that they fit there.
  func follow(_ pods: [PodSpec], path: UInt32, sampled: Set<Int>) throws {
    let classes = try pods.map(podClass)
    note("follow \(pods.count) pods on path \(path)")
    try foretell(pods)
    try setPath(path)
    let placements = try change("place", keeping: Scratch()) { engine throws(EngineError) in
      try Twin.placed(classes, dryRun: false, engine)
    }
    for (index, placement) in placements.enumerated() {
      let what = "pod \(index) of \(pods.count) on path \(path)"
      if sampled.contains(index) {
        try compare(placement, of: pods[index], book.oracle.decide(pods[index]), classes[index], what)
      }
      if placement.outcome == UInt32(BERTH_NO_FIT) { continue }
      guard let node = book.nodesById[placement.node] else { throw Mismatch("\(what): unknown node \(placement.node)") }
      try check(book.oracle.refusal(of: pods[index], on: node) == nil, "\(what): does not fit on node \(node)")
      try record(book.oracle.addPod(pods[index], on: node, bound: false), placement.pod, BERTH_EVENT_POD_ASSUMED)
    }
  }

  /// `path` nil: any.
  func candidates(_ pod: PodSpec, count: Int, path wanted: Int? = nil) throws {
    let podClass = try podClass(pod)
    let path = wanted.map { UInt32($0) } ?? random.pick(Twin.paths)
    note("\(count) candidates of class \(podClass) on path \(path)")
    try setPath(path)
    try foretell([pod])
    let expected = book.oracle.ranking(pod).prefix(count)
    let terms = book.oracle.profiles[pod.profile]!.count
    let withTerms = random.chance(0.8)
    let answer = try all("candidates on path \(path)") { engine throws(EngineError) in
      let scratch = Scratch()
      let candidates = scratch.array([berth_candidate](repeating: berth_candidate(node: 7, score: 7), count: count))
      let scores = scratch.array([Int64](repeating: 7, count: count * terms))
      let written = try engine.readCandidates(
        of: podClass, count: count, into: candidates, termScores: withTerms ? scores : nil)
      return (0..<written).map { index in
        [Int64(bitPattern: candidates[index].node), candidates[index].score]
          + (withTerms ? (0..<terms).map { scores[index * terms + $0] } : [])
      }
    }
    try check(answer.count == expected.count, "\(answer.count) candidates, the oracle has \(expected.count)")
    for (rank, candidate) in expected.enumerated() {
      let row =
        [Int64(bitPattern: book.nodeIds[candidate.node]!), candidate.total] + (withTerms ? candidate.terms : [])
      try check(
        answer[rank] == row,
        "candidate \(rank) on path \(path) (id, total, terms): the engine says \(answer[rank]) "
          + "(node \(book.nodesById[UInt64(bitPattern: answer[rank][0])] ?? -1)), the oracle \(row) (node \(candidate.node))"
      )
    }
  }

  func explain(_ pod: PodSpec) throws {
    let podClass = try podClass(pod)
    note("explain class \(podClass)")
    let capacity = random.chance(0.8) ? 64 : random.int(0...2)
    let answer = try all("explain") { engine throws(EngineError) in
      let scratch = Scratch()
      let empty = berth_reason(kind: 0, resource: 0, nodes: 0)
      let reasons = scratch.array([berth_reason](repeating: empty, count: capacity))
      let room = UnsafeMutableBufferPointer(start: reasons, count: capacity)
      let explanation = try engine.explain(podClass, reasons: room)
      return Explained(
        reasonCount: explanation.reason_count, nodes: explanation.nodes, feasible: explanation.feasible,
        nearestNode: explanation.nearest_node, nearestResource: explanation.nearest_resource,
        nearestShortfall: explanation.nearest_shortfall,
        reasons: (0..<min(capacity, Int(explanation.reason_count))).map {
          Explained.Reason(kind: reasons[$0].kind, resource: reasons[$0].resource, nodes: reasons[$0].nodes)
        })
    }
    let expected = expectedExplanation(book.oracle.explain(pod), capacity: capacity)
    try check(answer == expected, "explanation of \(pod):\n  engine \(answer)\n  oracle \(expected)")
    let message = try all("message") { engine throws(EngineError) in try engine.message(podClass) }
    let ours = book.oracle.message(pod)
    try check(message == ours, "the message on \(pod):\n  engine \(message)\n  oracle \(ours)")
  }

  /// What is said of single nodes, some of them twice.
  func check(_ pod: PodSpec, on nodes: [Int]) throws {
    let podClass = try podClass(pod)
    note("check class \(podClass) on nodes \(nodes.prefix(20))")
    let most = Int(BERTH_MAX_RESOURCES_PER_POD)
    let withLacking = random.chance(0.7)
    let answer = try all("check") { engine throws(EngineError) in
      let scratch = Scratch()
      let verdicts = scratch.room(berth_verdict(), count: nodes.count)
      let lacking = scratch.room(UInt32(7), count: nodes.count * most)
      try engine.check(
        podClass, nodes: scratch.buffer(nodes.map { book.nodeIds[$0]! }), verdicts: verdicts.baseAddress!,
        lacking: withLacking ? lacking.baseAddress : nil)
      return verdicts.indices.map { index in
        let verdict = verdicts[index]
        let count = withLacking ? min(most, Int(verdict.lacking_count)) : 0
        let listed = (0..<count).map { lacking[index * most + $0] }
        return [verdict.reason, verdict.flags, verdict.lacking_count, verdict.reserved] + listed
      }
    }
    for (index, refusal) in book.oracle.refusals(of: pod, on: nodes).enumerated() {
      let lacking: [UInt32] = refusal.map { $0.lacking.keys.map(resource).sorted() } ?? []
      let isUnresolvable = refusal?.isUnresolvable ?? false
      let verdict: [UInt32] = [
        refusal.map { code($0.reason) } ?? 0, isUnresolvable ? UInt32(BERTH_VERDICT_UNRESOLVABLE) : 0,
        UInt32(lacking.count), 0,
      ]
      let expected = verdict + (withLacking ? lacking.prefix(most) : [])
      try check(
        answer[index] == expected,
        "verdict (reason flags lacking reserved lacking…) on node \(nodes[index]) for \(pod):\n"
          + "  engine \(answer[index])\n  oracle \(expected)")
    }
  }

  /// Reasons by falling number of nodes, then by kind and resource.
  private func expectedExplanation(_ explanation: Oracle.Explanation, capacity: Int) -> Explained {
    let any = UInt32.max
    var reasons: [Explained.Reason] = []
    func add(_ kind: UInt32, _ resource: UInt32, _ nodes: Int) {
      if nodes > 0 { reasons.append(Explained.Reason(kind: kind, resource: resource, nodes: UInt64(nodes))) }
    }
    for (reason, nodes) in explanation.refused { add(code(reason), any, nodes) }
    for (name, nodes) in explanation.insufficient { add(code(.insufficient), resource(name), nodes) }
    // the order of kube-scheduler's filters
    let order: [UInt32] = [1, 5, 2, 3, 6, 4, 7, 8, 9, 10, 11, 12, 13]
    func place(_ reason: Explained.Reason) -> Int { order.firstIndex(of: reason.kind)! }
    reasons.sort { ($1.nodes, place($0), $0.resource) < ($0.nodes, place($1), $1.resource) }
    return Explained(
      reasonCount: UInt32(reasons.count), nodes: UInt64(explanation.nodes), feasible: UInt64(explanation.feasible),
      nearestNode: explanation.nearest.map { book.nodeIds[$0.node]! } ?? UInt64.max,
      nearestResource: explanation.nearest.map { resource($0.resource) } ?? any,
      nearestShortfall: explanation.nearest?.shortfall ?? 0, reasons: Array(reasons.prefix(capacity)))
  }
}
