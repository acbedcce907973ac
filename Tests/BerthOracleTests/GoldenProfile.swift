import BerthOracle

/// A case's profile and resources in the oracle's words.
struct GoldenProfile {
  private let golden: GoldenCase

  init(_ golden: GoldenCase) { self.golden = golden }

  /// Resources that no node is refused for.
  private func isIgnored(_ name: String) -> Bool {
    guard let arguments = golden.arguments("NodeResourcesFit"), name.contains("/") else { return false }
    return (arguments.ignoredResources ?? []).contains(name)
      || (arguments.ignoredResourceGroups ?? []).contains { name.hasPrefix("\($0)/") }
  }

  func addResources(to oracle: inout Oracle) {
    let kinds: [String: ResourceKind] = [
      "cpu": .cpu, "memory": .memory, "ephemeral-storage": .ephemeralStorage, "pods": .pods, "nvidia.com/gpu": .gpu,
    ]
    let counted = Set(KubernetesPod.unlessRequested.keys.map(KubernetesPod.scored))
    var names = Set(kinds.keys).union(counted)
    for node in golden.nodes { names.formUnion(node.nodeSpec.allocatable.keys) }
    let incoming = (golden.pod.map { [$0] } ?? []) + (golden.sequence ?? [])
    for pod in golden.pods + incoming { names.formUnion(pod.requests.keys) }
    for plugin in golden.profile?.pluginConfig ?? [] {
      names.formUnion((plugin.args.resources ?? plugin.args.scoringStrategy?.resources ?? []).map(\.name))
    }
    for name in names.sorted() {
      let kind = counted.contains(name) ? .counted : kinds[name] ?? .other
      oracle.addResource(name, isIgnored(name) ? .ignored : kind)
    }
  }

  /// The score plugins and their terms; nil for one that scores nothing.
  var terms: [(plugin: String?, term: Term)] {
    var interPod = Term(.interPodAffinity, weight: 2)
    let affinity = golden.arguments("InterPodAffinity")
    interPod.hardWeight = affinity?.hardPodAffinityWeight ?? 1
    interPod.ignoresExistingPreferences = affinity?.ignorePreferredTermsOfExistingPods ?? false
    let balanced = resources(golden.arguments("NodeResourcesBalancedAllocation")?.resources) { $0 }
    return [
      ("TaintToleration", Term(.taintToleration, weight: 3)),
      ("NodeAffinity", Term(.nodeAffinity, weight: 2)),
      ("NodeResourcesFit", fit),
      ("PodTopologySpread", Term(.podTopologySpread, weight: 2)),
      ("InterPodAffinity", interPod),
      ("NodeResourcesBalancedAllocation", Term(.balancedAllocation, resources: balanced)),
      ("ImageLocality", Term(.imageLocality)),
    ]
  }

  private var fit: Term {
    let strategy = golden.arguments("NodeResourcesFit")?.scoringStrategy
    let kinds: [String: TermKind] = [
      "LeastAllocated": .leastAllocated, "MostAllocated": .mostAllocated,
      "RequestedToCapacityRatio": .requestedToCapacityRatio,
    ]
    return Term(
      kinds[strategy?.type ?? "LeastAllocated"]!,
      resources: resources(strategy?.resources) {
        KubernetesPod.unlessRequested[$0] == nil ? $0 : KubernetesPod.scored($0)
      }, points: (strategy?.requestedToCapacityRatio?.shape ?? []).map { ShapePoint($0.utilization, $0.score) })
  }

  /// cpu and memory where nothing is said.
  private func resources(
    _ list: [GoldenCase.ResourceWeight]?, _ name: (String) -> String
  ) -> [TermResource] {
    let chosen = list.map { $0.map { (name: $0.name, weight: $0.weight ?? 1) } } ?? [("cpu", 1), ("memory", 1)]
    return chosen.map { TermResource(name($0.name), weight: $0.weight) }
  }
}
