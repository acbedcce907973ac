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
  /// What scores the devices that a pod would get.
  private(set) var policy = DevicePolicy.none
  private(set) var policyWeight: Int64 = 0
  /// What counts as 1 of cpu, and of milli-GPU.
  private(set) var policyScales = (1.0, 1.0)
  private(set) var linkWeight: Int64 = 0
  private(set) var remainderWeight: Int64 = 0
  private(set) var modelWeight: Int64 = 0
  /// The score is one native sum: the exact kernel applies.
  private(set) var isNative = false
  /// Scores are small integers, as kube-scheduler's are: many nodes tie, and state trees have to open many leaves. So
  /// they have to where classes that ask for GPUs decide what nodes look like.
  private(set) var isGranular = false
  /// Some term is about devices. Classes that ask for none are placed among those that do, and get an index at once.
  private(set) var isAboutDevices = false
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
    isAboutDevices = terms.contains(where: \.isDevices)
    isGranular = isAboutDevices || terms.contains { $0.isKind(BERTH_TERM_BALANCED_ALLOCATION) }
    for term in terms {
      switch Int(term.kind) {
      case BERTH_TERM_NODE_AFFINITY: nodeAffinityWeight = term.weight
      case BERTH_TERM_TAINT_TOLERATION: taintTolerationWeight = term.weight
      case BERTH_TERM_PRICE: priceWeight = term.weight
      case BERTH_TERM_IMAGE_LOCALITY: imageWeight = term.weight
      case BERTH_TERM_POD_TOPOLOGY_SPREAD: spreadWeight = term.weight
      case BERTH_TERM_INTER_POD_AFFINITY: interPodAffinity = term
      case BERTH_TERM_GPU_LINKS: linkWeight = term.weight
      case BERTH_TERM_GPU_REMAINDER: remainderWeight = term.weight
      case BERTH_TERM_GPU_MODEL: modelWeight = term.weight
      case BERTH_TERM_GPU_RANDOM...BERTH_TERM_GPU_BERTH:
        policy = DevicePolicy(rawValue: UInt8(term.kind))!
        policyWeight = term.weight
        for entry in term.resources {
          if entry.resource == resources.cpu {
            policyScales.0 = Double(entry.scale)
          } else {
            policyScales.1 = Double(entry.scale)
          }
        }
      case BERTH_TERM_DOT_PRODUCT: boundsNeedRequests = true
      case BERTH_TERM_BALANCED_ALLOCATION: boundsNeedRequestMask = true
      default:
        if term.resources.contains(where: { resources.isExtended($0.resource) }) { boundsNeedRequestMask = true }
      }
    }
  }
}

extension Profile.Term {
  /// About the devices that the pod would get.
  var isDevices: Bool { Int(kind) >= BERTH_TERM_GPU_LINKS && Int(kind) <= BERTH_TERM_GPU_BERTH }
  /// A fragmentation policy.
  var isPolicy: Bool { DevicePolicy(rawValue: UInt8(kind)) != nil }
  var needsScales: Bool { DevicePolicy(rawValue: UInt8(kind))?.needsScales ?? false }

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
