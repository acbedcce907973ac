/// An assignment in the words of those who start a job's processes.
///
/// Ranks are counted per process, one to a place. What starts processes per pod or node (torchrun, indexed Jobs, MPI
/// host files) numbers pods and gives pod i the ranks i g ..< (i + 1) g: that can say an assignment only where every
/// node has g ranks in a row, and is refused elsewhere; a rank file can say all.
public struct RankExport: Sendable {
  /// By rank, the number of its node: the domain of the innermost level.
  public let nodeOfRank: [UInt32]

  /// - Throws: what `Ranks.cost` refuses of places.
  public init(_ places: [UInt32], on network: Network) throws(RankError) {
    try Ranks.check(places, count: places.count, places: network.placeCount)
    nodeOfRank = places.map { network.domains[Int($0) * network.levelCount + network.levelCount - 1] }
  }

  /// Nodes in order of their ranks, and how many each has in a row; a node may come more than once.
  public var runs: [(node: UInt32, count: Int)] {
    var runs: [(node: UInt32, count: Int)] = []
    for node in nodeOfRank {
      if let last = runs.last, last.node == node {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((node, 1))
      }
    }
    return runs
  }

  /// Nodes in order, all with the same number of ranks in a row: node i of the list has NODE_RANK i, completion index
  /// i, and the ranks i g ..< (i + 1) g.
  /// - Throws: a node whose ranks are not in a row, or that has more or fewer of them than the first.
  public func nodeOrder() throws(RankError) -> [UInt32] {
    let runs = try rows()
    for run in runs where run.count != runs[0].count {
      throw RankError(
        .badValue, "node \(run.node) has \(run.count) ranks and node \(runs[0].node) \(runs[0].count): all the same")
    }
    return runs.map(\.node)
  }

  private func rows() throws(RankError) -> [(node: UInt32, count: Int)] {
    let runs = runs
    var seen: Set<UInt32> = []
    for run in runs where !seen.insert(run.node).inserted {
      throw RankError(.badValue, "the ranks of node \(run.node) are not in a row: say each rank's place instead")
    }
    return runs
  }

  /// A host file for `mpirun --hostfile` and for the launcher of Kubeflow's MPIJob (`/etc/mpi/hostfile`): a line
  /// "host slots=n" for each node in order of ranks. Open MPI fills hosts in this order with `--map-by slot`.
  /// - Throws: as `nodeOrder`, but nodes may have different numbers of ranks: Open MPI adds up a host's lines, so a host
  ///   cannot come back later.
  public func hostfile(name: (UInt32) -> String) throws(RankError) -> String {
    try rows().map { "\(name($0.node)) slots=\($0.count)\n" }.joined()
  }

  /// A rank file for `mpirun --rankfile`: "rank 0=host slot=0" for each rank. The slots of a node count up in the order
  /// of its ranks.
  public func rankfile(name: (UInt32) -> String) -> String {
    var next: [UInt32: Int] = [:]
    return nodeOfRank.enumerated().map { rank, node in
      defer { next[node, default: 0] += 1 }
      return "rank \(rank)=\(name(node)) slot=\(next[node, default: 0])\n"
    }.joined()
  }

  /// Each rank's node and local rank, "rank host local_rank" by line: the table from which a communicator such as NCCL's
  /// is made in rank order.
  public func rankTable(name: (UInt32) -> String) -> String {
    var next: [UInt32: Int] = [:]
    return nodeOfRank.enumerated().map { rank, node in
      defer { next[node, default: 0] += 1 }
      return "\(rank) \(name(node)) \(next[node, default: 0])\n"
    }.joined()
  }

  /// Where each controller keeps the number by which a pod knows its ranks.
  public enum Workload: String, Sendable, CaseIterable {
    /// An indexed Job of Kubernetes: the label and annotation `batch.kubernetes.io/job-completion-index`, and the
    /// variable JOB_COMPLETION_INDEX.
    case indexedJob
    /// A JobSet of indexed Jobs with `podsPerJob` pods: `jobset.sigs.k8s.io/job-index` beside the completion index.
    case jobSet
    /// Kubeflow's PyTorchJob: the master is RANK 0 and worker i is RANK i + 1, i in the label
    /// `training.kubeflow.org/replica-index`. With torchrun, RANK is its --node-rank.
    case pyTorchJob
    /// Kubeflow's MPIJob: workers by `training.kubeflow.org/replica-index`, in the order of the host file.
    case mpiJob
  }

  /// What pod i of a workload, which gets node i of `nodeOrder`, is known by: keys of labels, and variables in capitals.
  public static func identity(ofPod pod: Int, in workload: Workload, podsPerJob: Int) -> [(key: String, value: String)]
  {
    switch workload {
    case .indexedJob:
      [("batch.kubernetes.io/job-completion-index", "\(pod)"), ("JOB_COMPLETION_INDEX", "\(pod)")]
    case .jobSet:
      [
        ("jobset.sigs.k8s.io/job-index", "\(pod / podsPerJob)"),
        ("batch.kubernetes.io/job-completion-index", "\(pod % podsPerJob)"),
        ("JOB_COMPLETION_INDEX", "\(pod % podsPerJob)"),
      ]
    case .pyTorchJob:
      [
        ("training.kubeflow.org/replica-type", pod == 0 ? "master" : "worker"),
        ("training.kubeflow.org/replica-index", "\(max(0, pod - 1))"), ("RANK", "\(pod)"),
      ]
    case .mpiJob:
      [("training.kubeflow.org/replica-type", "worker"), ("training.kubeflow.org/replica-index", "\(pod)")]
    }
  }

  /// A line for each pod of a workload: its node, the first of its ranks, and `identity`.
  /// - Throws: as `nodeOrder`; a JobSet whose jobs do not divide the pods.
  public func podTable(
    for workload: Workload, podsPerJob: Int = 1, name: (UInt32) -> String
  ) throws(RankError) -> String {
    let nodes = try nodeOrder()
    guard podsPerJob >= 1, nodes.count % podsPerJob == 0 else {
      throw RankError(.badValue, "jobs of \(podsPerJob) pods: must divide the \(nodes.count) pods")
    }
    let ranks = nodeOfRank.count / max(nodes.count, 1)
    return nodes.enumerated().map { pod, node in
      let identity = Self.identity(ofPod: pod, in: workload, podsPerJob: podsPerJob)
      return "\(name(node)) ranks=\(pod * ranks)-\((pod + 1) * ranks - 1)"
        + identity.map { " \($0.key)=\($0.value)" }.joined() + "\n"
    }.joined()
  }
}
