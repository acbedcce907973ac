import CBerth

/// A class as a decision sees it: its filter and profile, and what it asks of other pods and of images.
struct AskedClass {
  let profile: Profile
  let filter: Filter
  /// nil: no pod's constraints concern it.
  let constraints: ClassConstraints?
  /// By image set, where not 0.
  let imageScores: [UInt32: Int64]
  /// nil: neither it nor its profile is about devices.
  let devices: DeviceQuestion?

  /// PodTopologySpread scores its nodes.
  var isSpread: Bool { constraints.map { !$0.softSpread.isEmpty } ?? false }
  /// Scores depend on which nodes are feasible.
  var normalises: Bool {
    profile.nodeAffinityWeight != 0 || profile.taintTolerationWeight != 0 || constraints?.isSoft ?? false
  }
  /// Its decision needs more than its filter, requests and profile.
  var isPlain: Bool { constraints == nil && imageScores.isEmpty }

  func imageScore(_ set: UInt32) -> Int64 { imageScores.isEmpty ? 0 : imageScores[set] ?? 0 }

  /// Whether a node has a part in soft topology spread.
  func hasPart(_ place: ConstraintState.Place, _ cluster: Cluster) -> Bool {
    guard let constraints, constraints.requiresAllKeys else { return true }
    return constraints.softSpread.allSatisfy {
      cluster.constraints.value(ofKey: $0.key, at: place, cluster.catalog) != TopologyKeys.none
    }
  }

  /// nil: the node has no part.
  func rawSpread(_ place: ConstraintState.Place, _ weights: SpreadWeights, _ cluster: Cluster) -> Int64? {
    guard let constraints, hasPart(place, cluster) else { return nil }
    var sum = 0.0
    for (index, spread) in constraints.softSpread.enumerated() {
      let value = cluster.constraints.value(ofKey: spread.key, at: place, cluster.catalog)
      if value == TopologyKeys.none { continue }
      let domain = spread.isHostname ? Int32(bitPattern: place.node) : value
      sum += weights.part(index, pods: cluster.constraints.counts[spread.count][domain], maxSkew: spread.maxSkew)
    }
    return SpreadWeights.whole(sum)
  }

  /// InterPodAffinity's sum.
  func rawPreference(_ place: ConstraintState.Place, _ cluster: Cluster) -> Int64 {
    guard let constraints else { return 0 }
    var sum: Int64 = 0
    for term in constraints.preferred {
      let value = cluster.constraints.value(ofKey: term.key, at: place, cluster.catalog)
      if value != TopologyKeys.none { sum += term.weight * cluster.constraints.counts[term.count][value] }
    }
    return sum
  }
}
