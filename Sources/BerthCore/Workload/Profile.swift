import CBerth

/// A profile as it was given: which terms, with which weights, over which resources.
final class Profile {
  struct Term {
    var kind: UInt32
    var weight: Int64
    /// Empty: the term's default resources, resolved when it is compiled.
    var resources: [(resource: UInt32, weight: Int64, scale: Int64)]
    var points: [Point]
    /// InterPodAffinity: what a running pod's required affinity weighs; whether its wishes count only for pods with wishes.
    var hardPodAffinityWeight: Int64 = 0
    var ignoresExistingPreferences = false
  }
  let name: Name
  let terms: [Term]

  /// Terms that are normalised over the feasible nodes, and price: constants of a (class, pool) or of a node.
  private(set) var nodeAffinityWeight: Int64 = 0
  private(set) var taintTolerationWeight: Int64 = 0
  private(set) var priceWeight: Int64 = 0
  private(set) var imageWeight: Int64 = 0
  private(set) var spreadWeight: Int64 = 0
  private(set) var interPodAffinity: Term?
  /// The score is one native sum: the exact kernel applies.
  private(set) var isNative = false
  /// Scores are small integers, as kube-scheduler's are: many nodes tie, and state trees have to open many leaves.
  private(set) var isGranular = false
  /// Bounds depend on the pod's quantities (dot product), not just on which resources it requests.
  private(set) var boundsNeedRequests = false
  /// Bounds depend on which resources the pod requests.
  private(set) var boundsNeedRequestMask = false

  /// Some term is normalised over the feasible nodes.
  var normalises: Bool {
    nodeAffinityWeight != 0 || taintTolerationWeight != 0 || spreadWeight != 0 || interPodAffinity != nil
  }

  /// Bounds are the same for all pods.
  var boundsArePlain: Bool { !boundsNeedRequests && !boundsNeedRequestMask }

  init(name: Name, terms: [Term], resources: ResourceTable) {
    self.name = name
    self.terms = terms
    isNative = terms.count == 1 && (terms[0].isKind(BERTH_TERM_BINPACK) || terms[0].isKind(BERTH_TERM_SPREAD))
    isGranular = terms.contains { $0.isKind(BERTH_TERM_BALANCED_ALLOCATION) }
    for term in terms {
      switch Int(term.kind) {
      case BERTH_TERM_NODE_AFFINITY: nodeAffinityWeight = term.weight
      case BERTH_TERM_TAINT_TOLERATION: taintTolerationWeight = term.weight
      case BERTH_TERM_PRICE: priceWeight = term.weight
      case BERTH_TERM_IMAGE_LOCALITY: imageWeight = term.weight
      case BERTH_TERM_POD_TOPOLOGY_SPREAD: spreadWeight = term.weight
      case BERTH_TERM_INTER_POD_AFFINITY: interPodAffinity = term
      case BERTH_TERM_DOT_PRODUCT: boundsNeedRequests = true
      case BERTH_TERM_BALANCED_ALLOCATION: boundsNeedRequestMask = true
      default:
        if term.resources.contains(where: { resources.isExtended($0.resource) }) { boundsNeedRequestMask = true }
      }
    }
  }
}

extension Profile.Term {
  func isKind<T: BinaryInteger>(_ kind: T) -> Bool { Int(self.kind) == Int(kind) }

  /// The term's resources, or its defaults: cpu and memory; for the native sums also every GPU resource.
  func effectiveResources(_ table: ResourceTable) -> [(resource: UInt32, weight: Int64, scale: Int64)] {
    if !resources.isEmpty { return resources }
    var result: [UInt32] = []
    if let cpu = table.cpu { result.append(cpu) }
    if let memory = table.memory { result.append(memory) }
    if isKind(BERTH_TERM_BINPACK) || isKind(BERTH_TERM_SPREAD) { result += table.gpus }
    return result.map { ($0, 1, 0) }
  }
}
