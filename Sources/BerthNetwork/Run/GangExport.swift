import BerthRanks

/// A gang's ranks as what starts its processes reads them.
public enum GangExport: String, CaseIterable, Sendable {
  case hostfile, rankfile, nccl, jobset, pytorchjob, mpijob
  case indexedJob = "indexed-job"

  /// - Parameter podsPerJob: of a JobSet's child jobs; nil: all pods are of one.
  /// - Throws: an order that pods by number cannot have; a rank file says any.
  public func text(
    _ ranks: RankOutcome, in topology: NetworkTopology, podsPerJob: Int? = nil
  ) throws(RankError) -> String {
    func name(_ node: UInt32) -> String { topology.nodes[Int(node)].name }
    switch self {
    case .hostfile: return try byNode(ranks).hostfile(name: name)
    case .rankfile: return try byNode(ranks).rankfile(name: name)
    case .nccl: return try byNode(ranks).rankTable(name: name)
    case .jobset: return try pods(.jobSet, ranks, topology, podsPerJob)
    case .pytorchjob: return try pods(.pyTorchJob, ranks, topology, nil)
    case .mpijob: return try pods(.mpiJob, ranks, topology, nil)
    case .indexedJob: return try pods(.indexedJob, ranks, topology, nil)
    }
  }

  private func byNode(_ ranks: RankOutcome) throws(RankError) -> RankExport {
    try export(ranks.places.map { UInt32($0.node) })
  }

  /// Pods, of which a node may have several, in the place of nodes.
  private func pods(
    _ workload: RankExport.Workload, _ ranks: RankOutcome, _ topology: NetworkTopology, _ podsPerJob: Int?
  ) throws(RankError) -> String {
    let nodes = Dictionary(ranks.places.map { (UInt32($0.member), $0.node) }) { first, _ in first }
    return try export(ranks.places.map { UInt32($0.member) })
      .podTable(for: workload, podsPerJob: podsPerJob ?? max(1, nodes.count)) { topology.nodes[nodes[$0] ?? 0].name }
  }

  /// What is exported knows domains of one level only.
  private func export(_ domains: [UInt32]) throws(RankError) -> RankExport {
    let link = Link(bytesPerSecond: 1, latencyNanoseconds: 0)
    let network = try Network(domains: domains, levels: 1, links: [link, link])
    return try RankExport(domains.indices.map { UInt32($0) }, on: network)
  }
}
