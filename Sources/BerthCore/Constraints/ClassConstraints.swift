import CBerth

/// What a class asks of the counts by domain: its own constraints, and those of running pods that concern it.
struct ClassConstraints {
  struct HardSpread {
    var count: Int
    var key: Int
    var maxSkew: Int64
    var minDomains: Int64
    /// 1: the pod itself would count.
    var selfMatch: Int64
  }
  struct SoftSpread {
    var count: Int
    var key: Int
    var maxSkew: Int64
    var isHostname: Bool
    /// The domain of nodes that lack the key, if they have a part.
    var lacking: Int32
  }
  struct Preference {
    var count: Int
    /// The key's number.
    var key: Int
    var weight: Int64
  }
  struct Keyed {
    var count: Int
    var key: Int
  }

  private(set) var hardSpread: [HardSpread] = []
  private(set) var affinity: [Keyed] = []
  /// The pod matches its own required affinity: it may be the first.
  private(set) var mayBeFirst = false
  private(set) var ownAnti: [Keyed] = []
  private(set) var existingAnti: [Keyed] = []
  private(set) var ports: [Keyed] = []
  private(set) var softSpread: [SoftSpread] = []
  /// Nodes that lack a key of soft spread have no part in it.
  private(set) var requiresAllKeys = false
  private(set) var preferred: [Preference] = []

  let traits: UInt32
  private let hardAffinityWeight: Int64
  private let prefersPods: Bool
  private let heedsExisting: Bool
  private(set) var epoch: UInt64
  private var termsSeen = 0
  private var portsSeen = 0

  var hasHard: Bool {
    !hardSpread.isEmpty || !affinity.isEmpty || !ownAnti.isEmpty || !existingAnti.isEmpty || !ports.isEmpty
  }
  var isSoft: Bool { !softSpread.isEmpty || !preferred.isEmpty }
  var isEmpty: Bool { !hasHard && !isSoft }
  /// All topology keys, `eachNode` among them.
  var allKeys: [Int] {
    Set(
      hardSpread.map(\.key) + softSpread.map(\.key) + preferred.map(\.key)
        + (affinity + ownAnti + existingAnti + ports).map(\.key)
    ).sorted()
  }

  /// Makes the counts that the class needs.
  init(
    traits id: UInt32, placeability: Placeability, profile: Profile, _ state: ConstraintState,
    _ catalog: NodeCatalog
  ) {
    traits = id
    epoch = state.epoch
    let pod = state.traits[Int(id)]
    let affinityTerm = profile.interPodAffinity
    hardAffinityWeight = affinityTerm?.hardPodAffinityWeight ?? 0
    prefersPods = affinityTerm != nil
    heedsExisting =
      affinityTerm.map { term in
        !term.ignoresExistingPreferences
          || pod.affinity.contains {
            Int($0.kind) == BERTH_POD_AFFINITY_PREFERRED
              || Int($0.kind) == BERTH_POD_ANTI_AFFINITY_PREFERRED
          }
      } ?? false
    addSpread(pod, placeability, weighed: profile.spreadWeight != 0, state, catalog)
    addAffinity(pod, state, catalog)
    extend(state, catalog)
  }

  private mutating func addSpread(
    _ pod: PodTraits, _ placeability: Placeability, weighed: Bool, _ state: ConstraintState,
    _ catalog: NodeCatalog
  ) {
    requiresAllKeys = !pod.spreadIsDefault
    var keys: [Int] = []
    for constraint in pod.spread { keys.append(state.topology.intern(constraint.topologyKey, catalog)) }
    let hardKeys = zip(pod.spread, keys).filter { $0.0.isHard }.map(\.1)
    let softKeys = zip(pod.spread, keys).filter { !$0.0.isHard }.map(\.1)
    for (constraint, key) in zip(pod.spread, keys) {
      let requirements = constraint.selector.requirements(state.selectors, pod.labels)
      let pods = DomainCount.Pods.matching([PodMatcher(requirements: requirements, namespaces: [pod.namespace])])
      let all = constraint.isHard ? hardKeys : requiresAllKeys ? softKeys : []
      let inclusion = state.inclusions.intern(
        Inclusion(
          placeability, honorsAffinity: constraint.honorsAffinity, honorsTaints: constraint.honorsTaints, keys: all),
        catalog, &state.topology)
      if constraint.isHard {
        hardSpread.append(
          HardSpread(
            count: state.count(.init(pods: pods, key: key, inclusion: inclusion)), key: key,
            maxSkew: constraint.maxSkew, minDomains: max(1, constraint.minDomains),
            selfMatch: requirements?.match(pod.labels) ?? false ? 1 : 0))
      } else if weighed {
        // kube-scheduler counts the pods of the node itself there, whatever the policies say
        let isHostname = constraint.topologyKey == Label.hostname
        let everywhere = isHostname ? state.inclusions.intern(Inclusion(), catalog, &state.topology) : inclusion
        // where nodes need not have all keys, it takes a label that is not there for an empty one
        let lacking = requiresAllKeys || isHostname ? TopologyKeys.none : state.topology.emptyValue(key)
        softSpread.append(
          SoftSpread(
            count: state.count(
              .init(
                pods: pods, key: isHostname ? DomainCount.Identity.eachNode : key, inclusion: everywhere,
                lacking: lacking)),
            key: key, maxSkew: constraint.maxSkew, isHostname: isHostname, lacking: lacking))
      }
    }
  }

  private mutating func addAffinity(
    _ pod: PodTraits, _ state: ConstraintState, _ catalog: NodeCatalog
  ) {
    let required = pod.terms(BERTH_POD_AFFINITY_REQUIRED)
    let all = required.map { state.matcher($0, pod) }
    mayBeFirst = all.allSatisfy { $0.matches(pod) }
    for term in required {
      let keyed = count(.matching(all), term.topologyKey, state, catalog)
      if !affinity.contains(where: { $0.key == keyed.key }) { affinity.append(keyed) }
    }
    for term in pod.terms(BERTH_POD_ANTI_AFFINITY_REQUIRED) {
      ownAnti.append(count(.matching([state.matcher(term, pod)]), term.topologyKey, state, catalog))
    }
    guard prefersPods else { return }
    for (kind, sign) in [(BERTH_POD_AFFINITY_PREFERRED, Int64(1)), (BERTH_POD_ANTI_AFFINITY_PREFERRED, -1)] {
      for term in pod.terms(kind) {
        let keyed = count(.matching([state.matcher(term, pod)]), term.topologyKey, state, catalog)
        prefer(keyed, sign * term.weight)
      }
    }
  }

  private func count(
    _ pods: DomainCount.Pods, _ topologyKey: Name, _ state: ConstraintState, _ catalog: NodeCatalog
  ) -> Keyed {
    let key = state.topology.intern(topologyKey, catalog)
    let id = state.count(.init(pods: pods, key: key, inclusion: DomainCount.Identity.allPods))
    return Keyed(count: id, key: key)
  }

  private mutating func prefer(_ keyed: Keyed, _ weight: Int64) {
    if let known = preferred.firstIndex(where: { $0.count == keyed.count }) {
      preferred[known].weight += weight
    } else {
      preferred.append(Preference(count: keyed.count, key: keyed.key, weight: weight))
    }
  }

  /// Whether pods with terms or ports that this class has not looked at have been heard of since.
  @inline(__always)
  func isCurrent(_ state: ConstraintState) -> Bool {
    epoch == state.epoch && termsSeen == state.terms.count && portsSeen == state.ports.count
  }

  /// Looks at the terms and ports of pods that came since the last call.
  mutating func extend(_ state: ConstraintState, _ catalog: NodeCatalog) {
    let pod = state.traits[Int(traits)]
    while termsSeen < state.terms.count {
      let term = state.terms.values[termsSeen]
      termsSeen += 1
      let weight: Int64
      switch Int(term.kind) {
      case BERTH_POD_ANTI_AFFINITY_REQUIRED: weight = 0
      case BERTH_POD_AFFINITY_REQUIRED: weight = hardAffinityWeight
      case BERTH_POD_AFFINITY_PREFERRED: weight = term.weight
      default: weight = -term.weight
      }
      let isHard = Int(term.kind) == BERTH_POD_ANTI_AFFINITY_REQUIRED
      guard isHard || (heedsExisting && weight != 0), term.matches(pod, state.namespaces) else { continue }
      let keyed = count(.carrying(term), term.topologyKey, state, catalog)
      if isHard { existingAnti.append(keyed) } else { prefer(keyed, weight) }
    }
    while portsSeen < state.ports.count {
      let port = state.ports.values[portsSeen]
      portsSeen += 1
      guard pod.hostPorts.contains(where: { $0.conflicts(with: port) }) else { continue }
      let node = DomainCount.Identity.eachNode
      let identity = DomainCount.Identity(
        pods: .holding(port), key: node, inclusion: DomainCount.Identity.allPods)
      ports.append(Keyed(count: state.count(identity), key: node))
    }
  }
}

extension ConstraintState {
  /// A pod's own term: its namespace selector stands for the namespaces that were told and match.
  func matcher(_ term: PodAffinityTerm, _ pod: PodTraits) -> PodMatcher {
    var names: [Name]? = term.namespaces
    if let wanted = selector(term.namespaceSelector) {
      names =
        wanted.isEmpty
        ? nil
        : Set(term.namespaces + namespaces.labels.filter { wanted.match($0.value) }.keys).sorted()
    }
    return PodMatcher(requirements: term.selector.requirements(selectors, pod.labels), namespaces: names)
  }
}

// MARK: Filters

extension ClassConstraints {
  /// NodePorts.
  func refusesPorts(_ place: ConstraintState.Place, _ state: ConstraintState) -> Bool {
    ports.contains { state.counts[$0.count][Int32(bitPattern: place.node)] > 0 }
  }

  /// The fewest pods in a domain, as hard spread counts them: none while there are fewer domains than it wants.
  @inline(__always)
  static func minimum(_ spread: HardSpread, _ count: DomainCount) -> Int64 {
    count.domains < spread.minDomains ? 0 : Int64(count.minimum)
  }

  /// PodTopologySpread and InterPodAffinity: a BERTH_REASON_*, or 0.
  func refusal(_ place: ConstraintState.Place, _ state: ConstraintState, _ catalog: NodeCatalog) -> Int {
    for spread in hardSpread {
      let value = state.value(ofKey: spread.key, at: place, catalog)
      if value == TopologyKeys.none { return BERTH_REASON_SPREAD_LABEL }
      let count = state.counts[spread.count]
      if count[value] + spread.selfMatch - Self.minimum(spread, count) > spread.maxSkew { return BERTH_REASON_SPREAD }
    }
    var isMissing = false
    for keyed in affinity {
      let value = state.value(ofKey: keyed.key, at: place, catalog)
      if value == TopologyKeys.none { return BERTH_REASON_POD_AFFINITY }
      if state.counts[keyed.count][value] == 0 { isMissing = true }
    }
    if isMissing && !isFirst(state) { return BERTH_REASON_POD_AFFINITY }
    for (list, reason) in [
      (ownAnti, BERTH_REASON_POD_ANTI_AFFINITY), (existingAnti, BERTH_REASON_EXISTING_ANTI_AFFINITY),
    ] {
      for keyed in list {
        let value = state.value(ofKey: keyed.key, at: place, catalog)
        if value != TopologyKeys.none && state.counts[keyed.count][value] > 0 { return reason }
      }
    }
    return 0
  }

  /// No pod matches the required affinity anywhere, and the pod itself does.
  @inline(__always)
  func isFirst(_ state: ConstraintState) -> Bool {
    mayBeFirst && affinity.allSatisfy { state.counts[$0.count].total == 0 }
  }
}
