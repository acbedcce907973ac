import CBerth

/// What would happen: pods placed one after the other on a cluster as it is now.
public final class PlacementRun {
  public struct Decision: Sendable {
    /// "default/web-1".
    public var pod: String
    /// Nil where it fits nowhere; then the message says why, in kube-scheduler's words.
    public var node: String?
    public var score: Int64
    public var message: String?
    /// Nil where it asked for none.
    public var devices: DeviceAssignment?
    /// What tells a kubelet of them.
    public var annotations: [(name: String, value: String)] = []
    /// Of the pod's resource claims.
    public var allocations: [ClaimAllocation] = []
  }

  public struct Zone: Sendable {
    /// "" where nodes have no zone.
    public var name: String
    public var nodes: Int
    public var placed: Int
  }

  /// The best nodes for a pod at its turn, best first, each with every plugin's weighted score.
  public struct Explanation: Sendable {
    public var pod: String
    public var plugins: [String]
    public var nodes: [(name: String, total: Int64, scores: [Int64])]
    public var feasible: Int
  }

  private let scene: Scene
  public var notes: [String] { scene.notes }
  public var problems: [Problem] { scene.problems }
  public var nodeCount: Int { scene.engine.nodes.count }
  public var runningCount: Int { scene.runningCount }
  public var pods: [String] { scene.wanted.map(\.pod.path) }

  public private(set) var decisions: [Decision] = []
  public private(set) var explanation: Explanation?
  private var placedOn: [Int] = []

  public init(cluster: Manifests, wanted: Manifests, isLenient: Bool) throws {
    scene = try Scene(cluster: cluster, wanted: wanted, isLenient: isLenient)
    placedOn = [Int](repeating: 0, count: scene.engine.nodes.count)
  }

  /// The pod that a name means: with its namespace, or alone if only one namespace has it.
  public func find(_ name: String) -> String? {
    let matching = pods.filter { $0 == name || $0.hasSuffix("/\(name)") }
    return matching.contains(name) ? name : matching.count == 1 ? matching[0] : nil
  }

  /// Places every pod. `explaining` names one of `pods`.
  public func run(explaining: String? = nil, progress: (Int, Int) -> Void = { _, _ in }) throws {
    let engine = scene.engine
    for (index, (pod, podClass)) in scene.wanted.enumerated() {
      if pod.path == explaining { explanation = try explain(pod, podClass) }
      let placement = try engine.place(podClass)
      var decision = Decision(pod: pod.path, node: nil, score: placement.score)
      if let node = placement.node {
        let place = engine.index(of: node)
        placedOn[place] += 1
        decision.node = engine.nodes[place].name
        if let devices = try engine.assignment(placement.id, pod) {
          decision.devices = devices
          decision.annotations = engine.annotations(devices, pod, on: place)
          decision.allocations = try scene.allocations(devices, pod, on: place)
        }
      } else {
        decision.message = try engine.message(podClass)
      }
      decisions.append(decision)
      progress(index + 1, scene.wanted.count)
    }
  }

  /// The pods that fit nowhere, and why; those with the same message in a row share a line.
  public var refusals: [String] {
    let refused = decisions.filter { $0.node == nil }
    var lines: [String] = []
    var index = 0
    while index < refused.count {
      let first = refused[index]
      let same = refused[index...].prefix { $0.message == first.message }.count
      lines.append("\(first.pod)\(same > 1 ? " and \(same - 1) more" : ""): \(first.message ?? "")")
      index += same
    }
    return lines
  }

  public var zones: [Zone] { Zone.summary(scene.engine.nodes, placedOn) }

  private static let explainedNodes = 10

  private func explain(_ pod: Pod, _ podClass: berth_class_id) throws -> Explanation {
    let engine = scene.engine
    let feasible = try engine.verdicts(podClass).count { $0.reason == 0 }
    let candidates = try engine.candidates(podClass, atMost: Self.explainedNodes)
    return Explanation(
      pod: pod.path, plugins: engine.profile.terms.map(\.plugin),
      nodes: candidates.map { (engine.nodes[$0.node].name, $0.total, $0.scores) }, feasible: feasible)
  }
}

extension PlacementRun.Zone {
  /// By name; `placed` is by node.
  static func summary(_ nodes: [Node], _ placed: [Int]) -> [Self] {
    var zones: [String: Self] = [:]
    for (node, count) in zip(nodes, placed) {
      let name = node.label(TopologyLevels.zone) ?? ""
      zones[name, default: Self(name: name, nodes: 0, placed: 0)].nodes += 1
      zones[name]!.placed += count
    }
    return zones.keys.sorted().map { zones[$0]! }
  }
}
