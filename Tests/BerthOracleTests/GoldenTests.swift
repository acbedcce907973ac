import BerthOracle
import Foundation
import Testing

/// The oracle against what the real kube-scheduler decided: its rejections, scores and best nodes.
@Suite(
  .enabled(if: GoldenVectors.folder != nil, "no golden vectors: set BERTH_SHARED to the folder that holds golden/"))
struct GoldenTests {
  /// The suites whose every plugin is modelled here.
  @Test(arguments: ["resources", "node-affinity", "taints", "fit-profiles"])
  func oracleDecidesAsKubeScheduler(suite: String) throws {
    let cases = try GoldenVectors.read(suite)
    #expect(cases.count == 60)
    for golden in cases {
      let replay = GoldenReplay(golden)
      try replay.compareRejections()
      try replay.compareScores()
      try replay.compareBest()
    }
  }

  /// The other suites: rejections by the modelled plugins, and their scores over the nodes that all plugins let pass.
  @Test(arguments: ["mixed", "ports-and-images", "spread-hard", "spread-soft", "interpod-hard", "interpod-soft"])
  func modelledPluginsAgreeBesideOthers(suite: String) throws {
    let cases = try GoldenVectors.read(suite)
    #expect(cases.count == 60)
    for golden in cases {
      let replay = GoldenReplay(golden)
      try replay.compareRejections()
      try replay.compareScores()
    }
  }
}

struct GoldenCase: Decodable {
  struct Rejection: Decodable { var plugin: String }
  struct ResourceWeight: Decodable {
    var name: String
    var weight: Int64?
  }
  struct Point: Decodable {
    var utilization: Int64
    var score: Int64
  }
  struct Ratio: Decodable { var shape: [Point] }
  struct Strategy: Decodable {
    var type: String
    var resources: [ResourceWeight]?
    var requestedToCapacityRatio: Ratio?
  }
  struct Arguments: Decodable {
    var ignoredResources: [String]?
    var ignoredResourceGroups: [String]?
    var scoringStrategy: Strategy?
    var resources: [ResourceWeight]?
  }
  struct PluginConfig: Decodable {
    var name: String
    var args: Arguments
  }
  struct Profile: Decodable { var pluginConfig: [PluginConfig] }

  var suite: String
  var `case`: Int
  var nodes: [KubernetesNode]
  var pods: [KubernetesPod]
  var pod: KubernetesPod
  var profile: Profile?
  var feasible: [String]
  var rejected: [String: Rejection]?
  var scores: [String: [String: Int64]]
  var total: [String: Int64]
  var best: [String]

  func arguments(_ plugin: String) -> Arguments? { profile?.pluginConfig.first { $0.name == plugin }?.args }
}

enum GoldenVectors {
  static var folder: URL? {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["BERTH_SHARED"].map { URL(filePath: $0) }
      ?? repository.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "golden/kube")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }

  static func read(_ suite: String) throws -> [GoldenCase] {
    let file = try #require(folder).appending(path: "\(suite).jsonl.gz")
    let gunzip = Process()
    let output = Pipe()
    gunzip.executableURL = URL(filePath: "/usr/bin/env")
    gunzip.arguments = ["gunzip", "--stdout", file.path]
    gunzip.standardOutput = output
    try gunzip.run()
    let text = try #require(try output.fileHandleForReading.readToEnd())
    gunzip.waitUntilExit()
    try #require(gunzip.terminationStatus == 0, "gunzip \(file.path)")
    return try text.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(GoldenCase.self, from: $0) }
  }
}

/// One golden case in two oracles: one counts what is requested, the other what kube-scheduler's allocation scorers
/// count (their defaults for cpu and memory are more than a pod class can say).
struct GoldenReplay {
  let golden: GoldenCase
  private(set) var exact = Oracle()
  private(set) var counted = Oracle()
  let nodes: [String: Int]
  let names: [Int: String]

  init(_ golden: GoldenCase) {
    self.golden = golden
    let kinds: [String: ResourceKind] = [
      "cpu": .cpu, "memory": .memory, "ephemeral-storage": .ephemeralStorage, "pods": .pods, "nvidia.com/gpu": .gpu,
    ]
    var resources = Set(kinds.keys).union(golden.pod.requests().keys)
    for node in golden.nodes { resources.formUnion(node.nodeSpec.allocatable.keys) }
    for pod in golden.pods { resources.formUnion(pod.requests().keys) }
    for plugin in golden.profile?.pluginConfig ?? [] {
      resources.formUnion((plugin.args.resources ?? plugin.args.scoringStrategy?.resources ?? []).map(\.name))
    }
    var nodes: [String: Int] = [:]
    for name in resources.sorted() { exact.addResource(name, kinds[name] ?? .other) }
    for node in golden.nodes {
      nodes[node.metadata.name] = exact.addNode(node.nodeSpec, name: node.metadata.name)
    }
    counted = exact
    for pod in golden.pods {
      var spec = PodSpec(profile: "golden")
      spec.requests = pod.requests()
      _ = exact.addPod(spec, on: nodes[pod.spec.nodeName!]!, bound: true)
      spec.requests = pod.scoringRequests(incoming: false)
      _ = counted.addPod(spec, on: nodes[pod.spec.nodeName!]!, bound: true)
    }
    self.nodes = nodes
    names = Dictionary(uniqueKeysWithValues: nodes.map { ($0.value, $0.key) })
  }

  var place: String { "\(golden.suite) case \(golden.case)" }

  /// The pod with what the filters count; a profile may take extended resources out of that.
  var filtered: PodSpec {
    var pod = golden.pod.podSpec
    let arguments = golden.arguments("NodeResourcesFit")
    pod.requests = golden.pod.requests().filter { name, _ in
      let group = name.split(separator: "/").first.map(String.init)
      return !(arguments?.ignoredResources ?? []).contains(name)
        && !(name.contains("/") && (arguments?.ignoredResourceGroups ?? []).contains(group!))
    }
    return pod
  }

  func compareRejections() throws {
    let modelled: Set = ["NodeUnschedulable", "TaintToleration", "NodeAffinity", "NodeResourcesFit"]
    for node in golden.nodes {
      let name = node.metadata.name
      let refusal = exact.refusal(of: filtered, on: nodes[name]!)
      let ours =
        switch refusal {
        case nil: "none"
        case .unschedulable: "NodeUnschedulable"
        case .taint: "TaintToleration"
        case .affinity: "NodeAffinity"
        case .insufficient: "NodeResourcesFit"
        }
      let theirs = golden.rejected?[name]?.plugin ?? "none"
      // NodePorts asks before NodeResourcesFit; the other plugins that are not modelled ask after it.
      let agree =
        theirs == "NodePorts"
        ? ["none", "NodeResourcesFit"].contains(ours) : ours == (modelled.contains(theirs) ? theirs : "none")
      try #require(agree, "\(place): \(name) is rejected by \(theirs), the oracle says \(ours)")
    }
  }

  /// Plugin → its weight, the term, the oracle and the pod that its scorer counts with.
  var terms: [(plugin: String, weight: Int64, term: Term, oracle: Oracle, pod: PodSpec)] {
    let fit = golden.arguments("NodeResourcesFit")?.scoringStrategy
    let kinds: [String: TermKind] = [
      "LeastAllocated": .leastAllocated, "MostAllocated": .mostAllocated,
      "RequestedToCapacityRatio": .requestedToCapacityRatio,
    ]
    func resources(_ list: [GoldenCase.ResourceWeight]?) -> [TermResource] {
      (list ?? []).map { TermResource($0.name, weight: $0.weight ?? 1) }
    }
    let fitTerm = Term(
      kinds[fit?.type ?? "LeastAllocated"]!, resources: resources(fit?.resources),
      points: (fit?.requestedToCapacityRatio?.shape ?? []).map { ShapePoint($0.utilization, $0.score) })
    let balanced = golden.arguments("NodeResourcesBalancedAllocation")?.resources
    var asRequested = golden.pod.podSpec
    asRequested.requests = golden.pod.requests()
    var asCounted = asRequested
    asCounted.requests = golden.pod.scoringRequests(incoming: true)
    return [
      ("TaintToleration", 3, Term(.taintToleration), exact, asRequested),
      ("NodeAffinity", 2, Term(.nodeAffinity), exact, asRequested),
      ("NodeResourcesFit", 1, fitTerm, counted, asCounted),
      (
        "NodeResourcesBalancedAllocation", 1, Term(.balancedAllocation, resources: resources(balanced)), exact,
        asRequested
      ),
    ]
  }

  /// Node → the modelled plugins' scores, weighted; compared plugin by plugin with the recorded ones.
  @discardableResult func compareScores() throws -> [String: Int64] {
    var totals: [String: Int64] = [:]
    for (plugin, weight, term, oracle, pod) in terms {
      let values = oracle.scores(term, pod, on: golden.feasible.map { nodes[$0]! })
      for (name, value) in zip(golden.feasible, values) {
        // A plugin that had nothing to say is absent and counts 0.
        let theirs = golden.scores[plugin].map { $0[name]! } ?? 0
        try #require(value * weight == theirs, "\(place): \(plugin) gives \(name) \(theirs), not \(value * weight)")
        totals[name, default: 0] += value * weight
      }
    }
    return totals
  }

  func compareBest() throws {
    let others = golden.scores.filter { score in !terms.contains { $0.plugin == score.key } }
    let totals = try compareScores().map { name, total in
      (name, total + others.values.reduce(0) { $0 + ($1[name] ?? 0) })
    }
    for (name, total) in totals { try #require(total == golden.total[name], "\(place): total of \(name)") }
    let highest = totals.map(\.1).max()
    let best = totals.filter { $0.1 == highest }.map(\.0)
    try #require(Set(best) == Set(golden.best), "\(place): best nodes")
  }
}
