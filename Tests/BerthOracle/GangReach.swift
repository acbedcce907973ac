/// How much of a gang the oracle can tell: all of it for small plain ones, of others only whether rules are met.
public struct GangReach: Sendable {
  /// What nodes hold, and so what domains offer.
  public var knowsRoom = true
  /// The best placement can be looked for among all.
  public var findsBest = true
  /// Members' scores do not depend on which nodes are compared, nor on chance.
  public var knowsScores = true
  /// Members ask for quantities only: what one node takes is no matter of the order in which they come.
  public var isPlain = true
  /// What a member does on one node is no matter to another on another node.
  public var isIndependent = true
  /// Which devices a member gets is drawn.
  public var isDrawn = false

  /// What a node may hold together, in roles and numbers.
  static let mostMixes = 48
  private static let mostNodes = 48
  private static let mostPlacements = 2500

  public init() {}

  /// So many members on so many nodes are few enough to be tried in every way.
  static func isSmall(_ nodes: Int, _ members: [Int]) -> Bool {
    var ways = 1.0
    for count in members {
      for index in 0..<count { ways *= Double(nodes + index) / Double(index + 1) }
    }
    return ways <= Double(mostPlacements)
  }

  static func isOverseen(_ nodes: Int) -> Bool { nodes <= mostNodes }
}

extension Oracle {
  func reach(_ spec: GangSpec) -> GangReach {
    let pods = spec.roles.map(\.pod)
    var reach = GangReach()
    reach.isIndependent = pods.allSatisfy(isIndependent)
    // of what is spare others take a part, but only those that came before
    reach.isPlain =
      reach.isIndependent
      && pods.allSatisfy { $0.devices == nil && $0.hostPorts.isEmpty && !load.isBestEffort($0) }
    reach.isDrawn = pods.contains { profiles[$0.profile]!.contains { $0.kind == .gpuRandom } }
    // who does not fit alone before the gang has no score there
    reach.knowsScores =
      reach.isIndependent && pods.allSatisfy { pod in profiles[pod.profile]!.allSatisfy { !$0.kind.comparesNodes } }
    // which devices are left depends on who came first
    reach.knowsRoom =
      reach.isIndependent && !reach.isDrawn && (reach.isPlain || pods.count == 1)
      && GangReach.isOverseen(nodes.count)
    reach.findsBest = GangReach.isSmall(nodes.count, spec.roles.map(\.most))
    return reach
  }

  /// A pod that does not say where others may go, and is not held to limits that follow from what is measured.
  private func isIndependent(_ pod: PodSpec) -> Bool {
    !pod.spreadConstraints.contains(where: \.isRequired)
      && !pod.affinityTerms.contains { $0.kind == .requiredAffinity || $0.kind == .requiredAntiAffinity }
      && !asking(pod).requests.contains { load.isLimit($0.key) }
  }

  // MARK: One after the other

  /// Whether pods can come one after the other in some order, each where it is told to.
  public func canCome(_ pods: [(spec: PodSpec, node: Int)]) -> Bool {
    var steps = 2000
    func comes(_ left: [(spec: PodSpec, node: Int)], _ state: Oracle) -> Bool {
      if left.isEmpty { return true }
      var tried: [Int: Set<PodSpec>] = [:]
      for (index, pod) in left.enumerated() where tried[pod.node, default: []].insert(pod.spec).inserted {
        steps -= 1
        guard steps > 0 else { return true }
        guard state.refusal(of: pod.spec, on: pod.node) == nil else { continue }
        var (state, left) = (state, left)
        _ = state.addPod(pod.spec, on: pod.node, bound: false)
        left.remove(at: index)
        if comes(left, state) { return true }
      }
      return false
    }
    return comes(pods, self)
  }

  /// A placement of the minima of a gang whose members decide on each other, one after the other in any order; nil: there
  /// is none, or there are too many to be looked at.
  public func someOrder(_ problem: GangProblem) -> GangProblem.Placement? {
    let spec = problem.spec
    let minima = spec.minima
    let sum = minima.reduce(0, +)
    var steps = 3000
    var seen: Set<GangProblem.Placement> = []
    func place(_ placement: GangProblem.Placement, _ state: Oracle, _ count: Int) -> GangProblem.Placement? {
      let required = spec.roles.map(\.requiredLevel)
      if count == sum { return problem.brokenRule(placement, required: required) == nil ? placement : nil }
      for role in spec.roles.indices where placement.reduce(0, { $0 + $1[role] }) < minima[role] {
        for (index, node) in problem.nodes.enumerated() where problem.isAllowed[index] {
          steps -= 1
          guard steps > 0 else { return nil }
          var next = placement
          next[index][role] += 1
          guard seen.insert(next).inserted, state.refusal(of: spec.roles[role].pod, on: node) == nil,
            problem.brokenRule(next, required: required, isWhole: false) == nil
          else { continue }
          var state = state
          _ = state.addPod(spec.roles[role].pod, on: node, bound: false)
          if let found = place(next, state, count + 1) { return found }
        }
      }
      return nil
    }
    return place(problem.nodes.map { _ in minima.map { _ in 0 } }, self, 0)
  }
}

extension TermKind {
  /// Its scores depend on the other nodes, or on chance.
  fileprivate var comparesNodes: Bool {
    [.nodeAffinity, .taintToleration, .podTopologySpread, .interPodAffinity, .gpuRandom].contains(self)
  }
}
