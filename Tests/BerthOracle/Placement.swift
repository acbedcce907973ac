/// Where a pod goes, and why not elsewhere.
extension Oracle {
  public struct Candidate: Equatable, Sendable {
    public let node: Int
    public let total: Int64
    /// Weight x value of each term of the profile.
    public let terms: [Int64]
  }

  public struct Explanation: Equatable, Sendable {
    public var nodes = 0
    public var feasible = 0
    public var unschedulable = 0
    public var taint = 0
    public var affinity = 0
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

  /// The feasible ones of nodes in topology order, with their scores.
  private func candidates(_ pod: PodSpec, among order: [Int]) -> [Candidate] {
    let feasible = order.filter { refusal(pod, node($0)) == nil }
    let terms = profiles[pod.profile]!
    let columns = terms.map { term in scores(term, pod, on: feasible).map { $0 * term.weight } }
    return feasible.indices.map { index in
      let values = columns.map { $0[index] }
      return Candidate(node: feasible[index], total: values.reduce(0, +), terms: values)
    }
  }

  /// Positions are those in topology order, so there are no equals.
  private func isBetter(_ left: (offset: Int, element: Candidate), _ right: (offset: Int, element: Candidate)) -> Bool {
    if left.element.total != right.element.total { return left.element.total > right.element.total }
    if tiesByKey {
      let (leftKey, rightKey) = (nodes[left.element.node]!.spec.tieKey, nodes[right.element.node]!.spec.tieKey)
      if leftKey != rightKey { return leftKey < rightKey }
    }
    return left.offset < right.offset
  }

  /// All feasible nodes, best first.
  public func ranking(_ pod: PodSpec) -> [Candidate] {
    candidates(pod, among: topologyOrder()).enumerated().sorted(by: isBetter).map(\.element)
  }

  /// The best of nodes in topology order.
  func best(_ pod: PodSpec, among order: [Int]) -> Candidate? {
    candidates(pod, among: order).enumerated().min(by: isBetter)?.element
  }

  /// The node the pod goes to; nil: it fits nowhere.
  public func decide(_ pod: PodSpec, as identity: Identity = Identity()) -> Candidate? {
    decideOwn(pod, identity) ?? best(pod, among: topologyOrder())
  }

  /// Decides for one pod after the other, each seeing those before it.
  public mutating func place(
    _ specs: [PodSpec], as identities: [Identity]? = nil
  ) -> [(decision: Candidate?, pod: Int?)] {
    var results: [(decision: Candidate?, pod: Int?)] = []
    for (index, spec) in specs.enumerated() {
      let identity = identities?[index] ?? Identity()
      let decision = decide(spec, as: identity)
      results.append((decision, decision.map { addPod(spec, as: identity, on: $0.node, bound: false) }))
    }
    return results
  }

  /// What `place` would decide.
  public func foresee(_ specs: [PodSpec], as identities: [Identity]? = nil) -> [Candidate?] {
    var trial = self
    return trial.place(specs, as: identities).map(\.decision)
  }

  public func explain(_ pod: PodSpec) -> Explanation {
    var explanation = Explanation()
    for id in topologyOrder() {
      let node = node(id)
      explanation.nodes += 1
      switch refusal(pod, node) {
      case nil: explanation.feasible += 1
      case .unschedulable: explanation.unschedulable += 1
      case .taint: explanation.taint += 1
      case .affinity: explanation.affinity += 1
      case .insufficient(let lacking):
        for name in lacking.keys { explanation.insufficient[name, default: 0] += 1 }
        let miss = largestMiss(lacking, id, node)
        if explanation.nearest.map({ miss.isSmaller(than: $0) }) ?? true { explanation.nearest = miss }
      }
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
}
