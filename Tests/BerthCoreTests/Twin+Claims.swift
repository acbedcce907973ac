import BerthCore
import BerthOracle
import CBerth

/// Commands about what pods have of devices.
extension Twin {
  struct Claiming {
    var spec: PodSpec
    var node: Int
    /// nil: it says that it has nothing.
    var claim: Claim?
  }

  /// Whether a node would come to use more resources than it can list.
  func wouldBeTooWide(_ pods: [(spec: PodSpec, node: Int)]) -> Bool {
    var used: [Int: [String: Int64]] = [:]
    for (spec, node) in pods {
      used[node, default: book.oracle.nodes[node]!.used].merge(
        book.oracle.load.held(spec.requests), uniquingKeysWith: +)
    }
    return used.contains { isTooWide(book.oracle.nodes[$0]!.spec.allocatable, $1) }
  }

  /// What a claim that is not allowed is refused with.
  private func statuses(_ pod: Claiming, _ oracle: Oracle) -> [Int] {
    guard let claim = pod.claim, pod.spec.devices != nil, oracle.nodes[pod.node]!.machine != nil else {
      return [BERTH_BAD_ARGUMENT, BERTH_NO_ROOM]
    }
    let isTaken = oracle.allows(claim, pod.spec, on: pod.node, whenAllAreFree: true)
    return isTaken ? [BERTH_NO_ROOM] : [BERTH_BAD_ARGUMENT, BERTH_NO_ROOM]
  }

  func bindClaims(_ pods: [Claiming]) throws {
    if wouldBeTooWide(pods.map { ($0.spec, $0.node) }) { return }
    let classes = try pods.map { try podClass($0.spec) }
    let said = pods.map { code($0.claim) }
    note("bind classes \(classes) on nodes \(pods.map(\.node)) with claims \(said.map(\.numbers))")
    let scratch = Scratch()
    let (list, claims) = (scratch.buffer(classes), scratch.array(said))
    let nodes = scratch.array(pods.map { book.nodeIds[$0.node]! })
    var trial = book.oracle
    for pod in pods {
      let isAllowed = pod.claim.map { trial.allows($0, pod.spec, on: pod.node) } ?? false
      guard pod.spec.devices == nil ? pod.claim == nil : isAllowed else {
        let room = scratch.array([UInt64](repeating: 0, count: pods.count))
        let what = "bind claims, one of them wrong"
        return try refused(what, anyOf: statuses(pod, trial)) { engine throws(EngineError) in
          try engine.bind(list, nodes: nodes, claims: claims, pods: room)
        }
      }
      _ = trial.addPod(pod.spec, on: pod.node, bound: true, claim: pod.claim)
    }
    let count = pods.count
    let ids = try change("bind claims", keeping: scratch) { engine throws(EngineError) in
      var ids = [UInt64](repeating: 0, count: count + 1)
      try engine.bind(list, nodes: nodes, claims: claims, pods: &ids)
      return ids
    }
    for (index, pod) in pods.enumerated() {
      let number = book.oracle.addPod(pod.spec, on: pod.node, bound: true, claim: pod.claim)
      try record(number, ids[index], BERTH_EVENT_POD_BOUND)
      try compareClaims([number])
    }
  }

  func resizeClaim(_ pod: Int, milli: Int, memory: Int) throws {
    note("resize the share of pod \(pod) to \(milli) milli and \(memory) MiB")
    let id = book.podIds[pod]!
    func resize(_ engine: Engine) throws(EngineError) {
      try engine.resizeClaim(id, shareMilli: UInt32(milli), memoryMiB: UInt32(memory))
    }
    guard book.oracle.pods[pod]!.claim?.kind == .share else {
      return try refused("resize what is no share", BERTH_WRONG_STATE, call: resize)
    }
    var trial = book.oracle
    guard trial.resizeClaim(pod, milli: milli, memory: memory) else {
      return try refused("resize a share beyond its GPU", BERTH_NO_ROOM, call: resize)
    }
    try perform("resize claim", keeping: Scratch(), resize)
    book.oracle = trial
    try compareClaims([pod])
  }

  func move(_ moves: [(pod: Int, node: Int)]) throws {
    try foretell(moves.map { book.oracle.pods[$0.pod]!.spec })
    note("move pods \(moves.map(\.pod)) to nodes \(moves.map(\.node))")
    let scratch = Scratch()
    let pods = scratch.buffer(moves.map { book.podIds[$0.pod]! })
    let nodes = scratch.array(moves.map { book.nodeIds[$0.node]! })
    func move(_ engine: Engine) throws(EngineError) { try engine.move(pods, to: nodes) }
    if moves.contains(where: { book.oracle.pods[$0.pod]!.node == nil }) {
      return try refused("move a pod whose node is gone", BERTH_WRONG_STATE, call: move)
    }
    var trial = book.oracle
    for (pod, node) in moves {
      let isThere = trial.pods[pod]!.node == node
      guard trial.movePod(pod, to: node) else {
        return try refused("move pods, \(pod) to where it does not fit", BERTH_NO_ROOM, call: move)
      }
      let ours = trial.nodes[node]!
      if !isThere && isTooWide(ours.spec.allocatable, ours.used) {
        return try refused("move pods, \(pod) to where it is one resource too many", BERTH_NO_ROOM, call: move)
      }
    }
    try perform("move pods", keeping: scratch, move)
    for (pod, node) in moves {
      let from = book.nodeIds[book.oracle.pods[pod]!.node!]!
      try check(book.oracle.movePod(pod, to: node), "pod \(pod) moves in a trial only")
      happened(BERTH_EVENT_POD_MOVED, pod: pod, other: from)
    }
    try compareClaims(moves.map(\.pod))
  }

  /// What a pod would get on a node.
  func preview(_ pod: PodSpec, on node: Int) throws {
    let podClass = try podClass(pod)
    try foretell([pod])
    note("preview class \(podClass) on node \(node)")
    let id = book.nodeIds[node]!
    guard book.oracle.hasDevices(for: pod, on: node) else {
      return try refused("preview a claim without room", BERTH_NO_ROOM) { engine throws(EngineError) in
        _ = try engine.previewClaim(podClass, on: id)
      }
    }
    let claim = try all("preview") { engine throws(EngineError) in try engine.previewClaim(podClass, on: id).numbers }
    let expected = code(book.oracle.choice(of: pod, on: node)).numbers
    try check(
      claim == expected,
      "the claim on node \(node) (GPUs NICs milli memory slices): engine \(claim), oracle \(expected), for \(pod), "
        + "devices \(book.oracle.devicePicture(node)) of \(String(describing: book.oracle.nodes[node]!.machine))")
  }
}
