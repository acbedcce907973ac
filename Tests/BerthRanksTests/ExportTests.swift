import BerthRanks
import Testing

@Suite struct ExportTests {
  private let links = [(5, 12), (12, 9), (50, 3), (450, 1)].map {
    Link(bytesPerSecond: $0 * 1_000_000_000, latencyNanoseconds: $1 * 1000)
  }

  @Test func tensorAndPipelineGroupsAreMultiples() throws {
    let job = try Job(
      dimensions: [8, 16, 4, 2],
      collectives: [
        Collective(.ringAllReduce, dimensions: 1, bytes: 1 << 26, times: 256),
        Collective(.ringAllReduce, dimensions: 2, bytes: 1 << 28),
        Collective(.pipeline, dimensions: 4, bytes: 1 << 26, times: 64),
      ])
    // Groups over tensor alone are one pod; with the pipeline 32 ranks, 4 pods; with data 512 ranks, 64 pods; the last
    // dimension has no traffic, and with it the job is whole.
    let multiples = try Ranks.multiples(of: job, podSize: 8, links: links, domainPods: [128, 16, 1])
    #expect(
      multiples == [
        RankMultiple(pods: 4, ranks: 32, dimensions: 5, level: 1),
        RankMultiple(pods: 64, ranks: 512, dimensions: 7, level: 0),
      ])
    // A pod of 16 ranks holds two tensor groups; a pod of 1,024 the whole job.
    #expect(try Ranks.multiples(of: job, podSize: 16, links: links).map(\.pods) == [2, 32])
    #expect(try Ranks.multiples(of: job, podSize: 1024, links: links).isEmpty)
    #expect(try Ranks.multiples(of: job, podSize: 1, links: links).map(\.pods) == [8, 32, 512])
  }

  /// Three nodes of two, two of which change places.
  private func export(_ places: [UInt32]) throws -> RankExport {
    let network = try Network(
      domains: [0, 0, 1, 1, 2, 2], levels: 1, links: [links[0], links[3]])
    return try RankExport(places, on: network)
  }

  private func name(_ node: UInt32) -> String { "host-\(node)" }

  @Test func everyLauncherGetsItsOwnWords() throws {
    let export = try export([4, 5, 0, 1, 2, 3])
    #expect(try export.nodeOrder() == [2, 0, 1])
    #expect(try export.hostfile(name: name) == "host-2 slots=2\nhost-0 slots=2\nhost-1 slots=2\n")
    #expect(export.rankfile(name: name).hasPrefix("rank 0=host-2 slot=0\nrank 1=host-2 slot=1\nrank 2=host-0 slot=0\n"))
    #expect(export.rankTable(name: name).hasSuffix("3 host-0 1\n4 host-1 0\n5 host-1 1\n"))
    #expect(
      try export.podTable(for: .indexedJob, name: name).hasPrefix(
        "host-2 ranks=0-1 batch.kubernetes.io/job-completion-index=0 JOB_COMPLETION_INDEX=0\n"))
    #expect(
      try export.podTable(for: .jobSet, podsPerJob: 3, name: name).hasSuffix(
        "host-1 ranks=4-5 jobset.sigs.k8s.io/job-index=0 batch.kubernetes.io/job-completion-index=2 "
          + "JOB_COMPLETION_INDEX=2\n"))
    #expect(
      try export.podTable(for: .pyTorchJob, name: name)
        == "host-2 ranks=0-1 training.kubeflow.org/replica-type=master training.kubeflow.org/replica-index=0 RANK=0\n"
        + "host-0 ranks=2-3 training.kubeflow.org/replica-type=worker training.kubeflow.org/replica-index=0 RANK=1\n"
        + "host-1 ranks=4-5 training.kubeflow.org/replica-type=worker training.kubeflow.org/replica-index=1 RANK=2\n")
    #expect(
      try export.podTable(for: .mpiJob, name: name).contains(
        "host-0 ranks=2-3 training.kubeflow.org/replica-type=worker training.kubeflow.org/replica-index=1\n"))
    #expect(throws: RankError.self) { try export.podTable(for: .jobSet, podsPerJob: 2, name: name) }
  }

  @Test func whatPodsCannotSayIsRefused() throws {
    let scattered = try export([0, 2, 1, 3, 4, 5])
    #expect(throws: RankError.self) { try scattered.nodeOrder() }
    #expect(throws: RankError.self) { try scattered.hostfile(name: name) }
    #expect(
      scattered.rankfile(name: name).hasPrefix(
        "rank 0=host-0 slot=0\nrank 1=host-1 slot=0\nrank 2=host-0 slot=1\n"))
    // Two ranks on one node, one on the next: a host file says it, pods of equal size do not.
    let uneven = try export([0, 1, 2])
    #expect(try uneven.hostfile(name: name) == "host-0 slots=2\nhost-1 slots=1\n")
    #expect(throws: RankError.self) { try uneven.nodeOrder() }
    #expect(throws: RankError.self) { try export([0, 6]) }
  }
}
