import CBerth

extension ClusterEngine {
  struct Placement {
    var id: berth_pod_id
    /// Nil where nothing fits.
    var node: berth_node_id?
    var score: Int64
  }

  struct Candidate {
    var node: Int
    var total: Int64
    /// One for each term of the profile, weighted.
    var scores: [Int64]
  }

  /// Why one node refuses, or that it does not.
  struct Verdict {
    var reason: UInt32
    var isUnresolvable: Bool
    var lacking: [String]
  }

  /// Runs pods that are there already.
  func bind(_ classes: [berth_class_id], to nodes: [berth_node_id]) throws -> [berth_pod_id] {
    var pods = [berth_pod_id](repeating: 0, count: classes.count)
    guard !classes.isEmpty else { return pods }
    try must(berth_pods_bind(handle, classes, nodes, classes.count, &pods))
    return pods
  }

  func terminate(_ pods: [berth_pod_id]) throws {
    if !pods.isEmpty { try must(berth_pods_terminate(handle, pods, pods.count)) }
  }

  func place(_ podClass: berth_class_id, isDryRun: Bool = false) throws -> Placement {
    var placement = berth_placement()
    try must(berth_pods_place(handle, [podClass], 1, isDryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0, &placement))
    let isPlaced = placement.outcome == BERTH_PLACED
    return Placement(id: placement.pod, node: isPlaced ? placement.node : nil, score: placement.score)
  }

  /// Where so many pods go one after the other, up to the first that fits nowhere.
  func placeMany(_ podClass: berth_class_id, _ count: Int) throws -> [berth_node_id] {
    var placements = [berth_placement](repeating: berth_placement(), count: count)
    let classes = [berth_class_id](repeating: podClass, count: count)
    try must(berth_pods_place(handle, classes, count, 0, &placements))
    return placements.prefix { $0.outcome == BERTH_PLACED }.map(\.node)
  }

  /// The best nodes, best first, with each term's weighted score.
  func candidates(_ podClass: berth_class_id, atMost count: Int) throws -> [Candidate] {
    let limit = min(count, Int(BERTH_MAX_CANDIDATES))
    guard limit > 0 else { return [] }
    let terms = profile.terms.count
    var list = [berth_candidate](repeating: berth_candidate(), count: limit)
    var scores = [Int64](repeating: 0, count: limit * terms)
    var found = 0
    try must(berth_candidates_read(handle, podClass, limit, &list, &scores, &found))
    return list.prefix(found).enumerated().map { rank, candidate in
      Candidate(
        node: index(of: candidate.node), total: candidate.score,
        scores: Array(scores[rank * terms..<(rank + 1) * terms]))
    }
  }

  func verdicts(_ podClass: berth_class_id) throws -> [Verdict] {
    guard !nodeIDs.isEmpty else { return [] }
    let width = Int(BERTH_MAX_RESOURCES_PER_POD)
    var records = [berth_verdict](repeating: berth_verdict(), count: nodeIDs.count)
    var lacking = [berth_resource_id](repeating: 0, count: nodeIDs.count * width)
    try must(berth_class_check(handle, podClass, nodeIDs, nodeIDs.count, &records, &lacking))
    return records.enumerated().map { index, record in
      let names = lacking[index * width..<index * width + min(width, Int(record.lacking_count))]
      return Verdict(
        reason: record.reason, isUnresolvable: record.flags & UInt32(BERTH_VERDICT_UNRESOLVABLE) != 0,
        lacking: names.map(resourceName))
    }
  }

  /// kube-scheduler's line for a pod that fits nowhere.
  func message(_ podClass: berth_class_id) throws -> String {
    var length = 0
    var text = [CChar](repeating: 0, count: 4096)
    try must(berth_class_message(handle, podClass, &text, text.count, &length))
    if length >= text.count {
      text = [CChar](repeating: 0, count: length + 1)
      try must(berth_class_message(handle, podClass, &text, text.count, &length))
    }
    return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

}
