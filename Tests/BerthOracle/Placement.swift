/// Where a pod goes.
extension Oracle {
  public struct Candidate: Equatable, Sendable {
    public let node: Int
    public let total: Int64
    /// Weight x value of each term of the profile.
    public let terms: [Int64]
  }

  /// The feasible ones of nodes in topology order, with their scores.
  private func candidates(_ pod: PodSpec, among order: [Int]) -> [Candidate] {
    let question = question(pod)
    let feasible = order.filter { refusal(question, node($0)) == nil }
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
}
