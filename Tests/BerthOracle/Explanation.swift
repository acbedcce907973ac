/// Why a pod does not go elsewhere.
extension Oracle {
  public struct Explanation: Equatable, Sendable {
    public var nodes = 0
    public var feasible = 0
    /// Nodes by the first reason against them, resources aside.
    public var refused: [Reason: Int] = [:]
    /// Nodes by what lacks there, a node once for each resource.
    public var insufficient: [String: Int] = [:]
    public var nearest: NearestMiss?
  }

  public struct NearestMiss: Equatable, Sendable {
    public let node: Int
    public let resource: String
    public let shortfall: Int64
    let allocatable: Int64

    /// Shortfalls compare as fractions of what the node has; of nothing, they are without bound.
    func isSmaller(than other: NearestMiss) -> Bool {
      if allocatable == 0 || other.allocatable == 0 { return allocatable != 0 && other.allocatable == 0 }
      let left = shortfall.multipliedFullWidth(by: other.allocatable)
      let right = other.shortfall.multipliedFullWidth(by: allocatable)
      return left.high != right.high ? left.high < right.high : left.low < right.low
    }
  }

  public func explain(_ pod: PodSpec) -> Explanation {
    var explanation = Explanation()
    let question = question(pod)
    for id in topologyOrder() {
      let node = node(id)
      explanation.nodes += 1
      guard let refusal = refusal(question, node) else {
        explanation.feasible += 1
        continue
      }
      if refusal.lacking.isEmpty {
        explanation.refused[refusal.reason, default: 0] += 1
        continue
      }
      for name in refusal.lacking.keys { explanation.insufficient[name, default: 0] += 1 }
      // what other filters refuse as well is no miss
      if refusalBeyondResources(question, node) != nil { continue }
      let miss = largestMiss(refusal.lacking, id, node)
      if explanation.nearest.map({ miss.isSmaller(than: $0) }) ?? true { explanation.nearest = miss }
    }
    return explanation
  }

  /// The resource that lacks most on a node, as a fraction of what the node has; ties to the resource added first.
  private func largestMiss(_ lacking: [String: Int64], _ id: Int, _ node: Node) -> NearestMiss {
    var largest: NearestMiss?
    for name in resources {
      guard let shortfall = lacking[name] else { continue }
      let miss = NearestMiss(
        node: id, resource: name, shortfall: shortfall, allocatable: node.spec.allocatable[name] ?? 0)
      if largest.map({ $0.isSmaller(than: miss) }) ?? true { largest = miss }
    }
    return largest!
  }

  /// What nodes are refused for, node by node.
  public func refusals(of pod: PodSpec, on nodes: [Int]) -> [Refusal?] {
    let question = question(pod)
    return nodes.map { refusal(question, node($0)) }
  }

  // MARK: In words

  /// kube-scheduler's words for a refusal, one for each resource that lacks.
  public func words(_ refusal: Refusal) -> [String] {
    refusal.lacking.isEmpty ? [words(refusal.reason)] : refusal.lacking.keys.sorted().map(wordsOfLack)
  }

  private func wordsOfLack(_ name: String) -> String {
    kinds[name] == .pods ? "Too many pods" : "Insufficient \(name)"
  }

  private func words(_ reason: Reason) -> String {
    switch reason {
    case .unschedulable: "node(s) were unschedulable"
    case .nodeName: "node(s) didn't match the requested node name"
    case .taint: "node(s) had untolerated taint(s)"
    case .affinity: "node(s) didn't match Pod's node affinity/selector"
    case .hostPorts: "node(s) didn't have free ports for the requested pod ports"
    case .insufficient: preconditionFailure("goes by what lacks")
    case .spreadLabel: "node(s) didn't match pod topology spread constraints (missing required label)"
    case .spread: "node(s) didn't match pod topology spread constraints"
    case .podAffinity: "node(s) didn't match pod affinity rules"
    case .podAntiAffinity: "node(s) didn't match pod anti-affinity rules"
    case .existingAntiAffinity: "node(s) didn't satisfy existing pods anti-affinity rules"
    case .noSuchDevices: "node(s) didn't have the requested devices"
    case .devicesTaken: "node(s) didn't have enough free devices"
    }
  }

  /// What kube-scheduler says of a pod that fits nowhere.
  public func message(_ pod: PodSpec) -> String {
    let explanation = explain(pod)
    let reasons =
      explanation.refused.map { "\($0.value) \(words($0.key))" }
      + explanation.insufficient.map { "\($0.value) \(wordsOfLack($0.key))" }
    let sorted = reasons.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let list = sorted.isEmpty ? "" : ": \(sorted.joined(separator: ", "))"
    return "\(explanation.feasible)/\(explanation.nodes) nodes are available\(list)."
  }
}
