import CBerth

/// A recorded case, decided again by an engine through the C functions.
struct GoldenReplay {
  private let golden: GoldenCase
  private let engine: ClusterEngine
  private let indexes: [String: Int]

  /// Nodes stand in the order of the file, in an engine without levels, so that ties go by that order.
  init(_ golden: GoldenCase) throws {
    self.golden = golden
    let all = golden.pods + golden.sequence + (golden.pod.map { [$0] } ?? [])
    engine = try ClusterEngine(
      nodes: golden.nodes, pods: all, namespaces: golden.namespaces, profile: golden.profile, levels: [],
      withDevices: false)
    indexes = Dictionary(golden.nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
    let classes = try golden.pods.map { try engine.podClass($0, golden.surroundings, isRunning: true) }
    let nodes = try golden.pods.map { pod in
      guard let node = pod.nodeName.flatMap(engine.nodeID) else {
        throw EngineFailure(description: "\(pod.path) runs on no node of the case")
      }
      return node
    }
    let bound = try engine.bind(classes, to: nodes)
    try engine.terminate(zip(bound, golden.pods).filter { $1.metadata.isTerminating }.map(\.0))
  }

  /// Where the engine first decides otherwise; nil if it never does.
  func firstDifference() throws -> String? {
    if let pod = golden.pod {
      let podClass = try engine.podClass(pod, golden.surroundings)
      if let difference = try differenceInVerdicts(pod, podClass) { return difference }
      if let difference = try differenceInScores(podClass) { return difference }
    }
    for (pod, assigned) in zip(golden.sequence, golden.assignments) {
      let placement = try engine.place(try engine.podClass(pod, golden.surroundings))
      let name = placement.node.map { golden.nodes[engine.index(of: $0)].name } ?? ""
      if name != assigned { return "\(pod.path): \(words(name)), recorded \(words(assigned))" }
    }
    return nil
  }

  private func words(_ node: String) -> String { node.isEmpty ? "fits nowhere" : "goes to \(node)" }

  // MARK: Filters

  private func differenceInVerdicts(_ pod: Pod, _ podClass: berth_class_id) throws -> String? {
    let verdicts = try engine.verdicts(podClass)
    let feasible = zip(golden.nodes, verdicts).filter { $1.reason == 0 }.map(\.0.name)
    for (node, verdict) in zip(golden.nodes, verdicts) {
      let recorded = golden.rejected[node.name]
      let ours = verdict.reason == 0 ? nil : rejection(of: node, verdict, pod)
      if ours != recorded { return "\(node.name): \(words(ours)), recorded \(words(recorded))" }
    }
    return feasible == golden.feasible ? nil : "feasible nodes: \(feasible), recorded \(golden.feasible)"
  }

  private func rejection(of node: Node, _ verdict: ClusterEngine.Verdict, _ pod: Pod) -> GoldenCase.Rejection {
    // Nodes that required affinity rules out by name are never asked: the framework speaks for the plugin.
    if let named = pod.affinity.node.namedNodes, !named.contains(node.name) {
      let words = "node(s) didn't satisfy plugin(s) [NodeAffinity]"
      return GoldenCase.Rejection(plugin: "NodeAffinity", code: Self.code(isUnresolvable: true), reasons: [words])
    }
    let words = String(cString: berth_reason_text(verdict.reason))
    let reasons =
      verdict.reason == BERTH_REASON_INSUFFICIENT_RESOURCE
      ? verdict.lacking.map { $0 == Resources.pods ? "Too many pods" : "\(words) \($0)" }.sorted() : [words]
    return GoldenCase.Rejection(
      plugin: Self.plugins[verdict.reason] ?? "reason \(verdict.reason)",
      code: Self.code(isUnresolvable: verdict.isUnresolvable), reasons: reasons)
  }

  private static func code(isUnresolvable: Bool) -> String {
    isUnresolvable ? "UnschedulableAndUnresolvable" : "Unschedulable"
  }

  private static let plugins: [UInt32: String] = [
    UInt32(BERTH_REASON_UNSCHEDULABLE): "NodeUnschedulable", UInt32(BERTH_REASON_NODE_NAME): "NodeName",
    UInt32(BERTH_REASON_TAINT): "TaintToleration", UInt32(BERTH_REASON_AFFINITY): "NodeAffinity",
    UInt32(BERTH_REASON_HOST_PORTS): "NodePorts", UInt32(BERTH_REASON_INSUFFICIENT_RESOURCE): "NodeResourcesFit",
    UInt32(BERTH_REASON_SPREAD_LABEL): "PodTopologySpread", UInt32(BERTH_REASON_SPREAD): "PodTopologySpread",
    UInt32(BERTH_REASON_POD_AFFINITY): "InterPodAffinity", UInt32(BERTH_REASON_POD_ANTI_AFFINITY): "InterPodAffinity",
    UInt32(BERTH_REASON_EXISTING_ANTI_AFFINITY): "InterPodAffinity",
  ]

  private func words(_ rejection: GoldenCase.Rejection?) -> String {
    rejection.map { "\($0.plugin) \($0.code) \($0.reasons)" } ?? "feasible"
  }

  // MARK: Scores

  private func differenceInScores(_ podClass: berth_class_id) throws -> String? {
    let candidates = try engine.candidates(podClass, atMost: golden.nodes.count)
    for candidate in candidates.sorted(by: { $0.node < $1.node }) {
      let name = golden.nodes[candidate.node].name
      for (term, score) in zip(golden.profile.terms, candidate.scores) {
        // A plugin that had nothing to say is not recorded, and counts 0.
        let recorded = golden.scores[term.plugin].map { $0[name] } ?? 0
        if score != recorded {
          return "\(term.plugin) of \(name): \(score), recorded \(recorded.map { "\($0)" } ?? "none")"
        }
      }
      if candidate.total != golden.total[name] {
        return "total of \(name): \(candidate.total), recorded \(golden.total[name].map { "\($0)" } ?? "none")"
      }
    }
    guard candidates.count == golden.feasible.count else {
      return "\(candidates.count) nodes are scored, recorded \(golden.feasible.count)"
    }
    let best = candidates.filter { $0.total == candidates[0].total }.map { golden.nodes[$0.node].name }
    if best != golden.best { return "best nodes: \(best), recorded \(golden.best)" }
    let placement = try engine.place(podClass, isDryRun: true)
    let placed = placement.node.map { golden.nodes[engine.index(of: $0)].name }
    return placed == golden.best.first ? nil : "goes to \(placed ?? "no node"), recorded best \(golden.best)"
  }
}
