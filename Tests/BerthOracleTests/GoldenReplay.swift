import BerthOracle
import Testing

/// One golden case in an oracle, and the comparisons.
struct GoldenReplay {
  static let profile = "kube-scheduler"

  let golden: GoldenCase
  private(set) var oracle = Oracle()
  let nodes: [String: Int]
  let names: [Int: String]
  /// The score plugins, in the order of the profile's terms; nil: scores nothing.
  private let plugins: [String?]

  init(_ golden: GoldenCase) {
    self.golden = golden
    let profile = GoldenProfile(golden)
    profile.addResources(to: &oracle)
    for namespace in golden.namespaces ?? [] {
      oracle.setNamespace(namespace.metadata.name, namespace.metadata.labels ?? [:])
    }
    oracle.addProfile(Self.profile, profile.terms.map(\.term))
    plugins = profile.terms.map(\.plugin)
    var nodes: [String: Int] = [:]
    for node in golden.nodes { nodes[node.metadata.name] = oracle.addNode(node.nodeSpec, name: node.metadata.name) }
    self.nodes = nodes
    names = Dictionary(uniqueKeysWithValues: nodes.map { ($0.value, $0.key) })
    for pod in golden.pods {
      let id = oracle.addPod(spec(pod), on: nodes[pod.spec.nodeName!]!, bound: true)
      if pod.metadata.deletionTimestamp != nil { oracle.terminatePod(id) }
    }
  }

  var place: String { "\(golden.suite) case \(golden.case)" }

  private func spec(_ pod: KubernetesPod) -> PodSpec {
    pod.podSpec(profile: Self.profile, defaultSelector: defaultSelector(pod))
  }

  /// What the services and the replica set of a pod select, together.
  private func defaultSelector(_ pod: KubernetesPod) -> LabelSelector {
    var labels: [String: String] = [:]
    for service in golden.services ?? [] where service.metadata.namespace == pod.namespace {
      guard let selector = service.spec.selector, equal(selector).selects(pod.metadata.labels ?? [:]) else { continue }
      labels.merge(selector) { _, new in new }
    }
    let owner = pod.metadata.ownerReferences?.first { $0.controller == true && $0.kind == "ReplicaSet" }
    let replicaSet = (golden.replicasets ?? []).first {
      $0.metadata.namespace == pod.namespace && $0.metadata.name == owner?.name
    }
    return equal(labels) + (replicaSet?.spec.selector?.selector ?? [])
  }

  // MARK: Comparisons

  /// Every node's first reason: plugin, code and words.
  func compareRejections() throws {
    let pod = spec(try #require(golden.pod))
    let ids = golden.nodes.map { nodes[$0.metadata.name]! }
    for (node, refusal) in zip(golden.nodes, oracle.refusals(of: pod, on: ids)) {
      let name = node.metadata.name
      let theirs = golden.rejected?[name]
      let place = "\(place): \(name) is rejected by \(String(describing: theirs))"
      guard let refusal, let theirs else {
        try #require(refusal == nil && theirs == nil, "\(place), the oracle says \(String(describing: refusal))")
        continue
      }
      // Where all terms name nodes, kube-scheduler leaves out the others before it asks any filter.
      if theirs.reasons == ["node(s) didn't satisfy plugin(s) [NodeAffinity]"] {
        try #require(refusal.reason <= .affinity && refusal.isUnresolvable, "\(place), the oracle says \(refusal)")
        continue
      }
      try #require(theirs.plugin == plugin(refusal.reason), "\(place), the oracle says \(refusal)")
      try #require(theirs.reasons == oracle.words(refusal).sorted(), "\(place), the oracle says \(refusal)")
      try #require(
        (theirs.code == "UnschedulableAndUnresolvable") == refusal.isUnresolvable,
        "\(place), the oracle says \(refusal)")
    }
  }

  private func plugin(_ reason: Reason) -> String {
    switch reason {
    case .unschedulable: "NodeUnschedulable"
    case .nodeName: "NodeName"
    case .taint: "TaintToleration"
    case .affinity: "NodeAffinity"
    case .hostPorts: "NodePorts"
    case .insufficient: "NodeResourcesFit"
    case .spreadLabel, .spread: "PodTopologySpread"
    case .podAffinity, .podAntiAffinity, .existingAntiAffinity: "InterPodAffinity"
    case .noSuchDevices, .devicesTaken: "DynamicResources"
    }
  }

  /// Every feasible node's scores, plugin by plugin, their total, and the best.
  func compareScores() throws {
    let ranking = oracle.ranking(spec(try #require(golden.pod)))
    try #require(Set(ranking.map { names[$0.node]! }) == Set(golden.feasible!), "\(place): feasible nodes")
    let scores = try #require(golden.scores)
    // with a score of 0 for all, which is of no plugin here
    let known = Set(plugins.compactMap { $0 } + ["DynamicResources", "VolumeBinding"])
    try #require(known.isSuperset(of: scores.keys), "\(place): scores of \(scores.keys)")
    for candidate in ranking {
      let name = names[candidate.node]!
      for (plugin, value) in zip(plugins, candidate.terms) {
        // A plugin that had nothing to say is absent and counts 0.
        let theirs = plugin.flatMap { scores[$0] }.map { $0[name]! } ?? 0
        try #require(value == theirs, "\(place): \(plugin ?? "none") gives \(name) \(theirs), not \(value)")
      }
      try #require(candidate.total == golden.total![name], "\(place): total of \(name)")
    }
    let best = ranking.prefix { $0.total == ranking[0].total }.map { names[$0.node]! }
    try #require(best == golden.best!, "\(place): best nodes")
  }

  /// Pods one after the other, each bound to the first of the best nodes.
  mutating func compareAssignments() throws {
    for (pod, node) in zip(try #require(golden.sequence), try #require(golden.assignments)) {
      let spec = spec(pod)
      let decision = oracle.decide(spec)
      let ours = decision.map { names[$0.node]! }
      try #require(
        ours == node,
        "\(place): \(pod.metadata.name) goes to \(String(describing: node)), not \(String(describing: ours))")
      if let decision { _ = oracle.addPod(spec, on: decision.node, bound: true) }
    }
  }
}
