import BerthKubernetes
import Foundation
import Testing

@testable import BerthNetwork

func jobs(_ text: String, folder: String? = nil) throws -> [GangJob] {
  try JobFile.read(text: text, file: "job.yaml", folder: folder)
}

func job(_ text: String) throws -> GangJob {
  let found = try jobs(text)
  try #require(found.count == 1)
  return found[0]
}

struct OwnJobTests {
  @Test func everyWordIsRead() throws {
    let found = try job(JobExamples.own)
    #expect(found.name == "pretrain" && found.minMember == 16 && found.priority == 100)
    #expect(found.runtimeSeconds == 3600 && found.submitSeconds == 0)
    #expect(found.closeness == GangJob.Closeness(required: "zone", preferred: "rack"))
    let trainer = found.roles[0]
    #expect(trainer.min == 16 && trainer.max == 16 && trainer.gpus == 8)
    #expect(trainer.requests == ["cpu": 32_000, "memory": 256 << 30])
    #expect(trainer.slices == [GangJob.Slice(level: "block", size: 8), GangJob.Slice(level: "rack", size: 4)])
    let evaluator = found.roles[1]
    #expect(evaluator.min == 0 && evaluator.max == 2 && evaluator.closeness.required == "rack")
    #expect(evaluator.spread == GangJob.Spread(level: "kubernetes.io/hostname", maxPerDomain: 1))
    #expect(found.groups.map(\.roles) == [[0, 1]] && found.separations.map(\.level) == ["rack"])
    let links = found.links
    #expect(links[0] == LevelLink(level: "rack", bytesPerSecond: 50e9, latencySeconds: 2e-6))
    #expect(links[1].bytesPerSecond == 25e9 && links[1].latencySeconds == nil)
  }

  /// 128 GPUs are 8 x 4 x 4; the order is Megatron-LM's.
  @Test func dataParallelismIsWhatIsLeft() throws {
    let axes = try #require(try job(JobExamples.own).parallelism).axes
    #expect(axes.map(\.kind) == [.tensor, .expert, .data, .pipeline])
    #expect(axes.map(\.size) == [8, 2, 4, 4])
    #expect(axes.map(\.collective) == [.allReduce, .allToAll, .allReduce, .sendReceive])
    #expect(axes[3].bytes == 67_108_864.0)
  }

  /// The example of docs/gangs-in-files.md means what it says.
  @Test func theDocumentedJobIsRead() throws {
    let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: project.appending(path: "docs/gangs-in-files.md"), encoding: .utf8)
    let example = try #require(text.components(separatedBy: "```yaml\n").last?.components(separatedBy: "```").first)
    let found = try job(example)
    #expect(found.roles.map(\.max) == [16, 2] && found.parallelism?.size(of: .data) == 4 && found.notes == [])
  }

  @Test func whatSbatchIsAskedIsRead() throws {
    let found = try job(JobExamples.slurm)
    #expect(found.maxLeaves == 1 && found.minMember == 4)
    #expect(found.roles[0].slices == [GangJob.Slice(level: "block", size: 2)])
    #expect(found.roles[0].spread?.maxPerDomain == 1)
    #expect(found.parallelism?.axes.map(\.collective) == [.allGather, .sendReceive])
    #expect(found.traffic?[1, 2] == 1024 && found.traffic?[3, 0] == 1.5)
  }

  @Test func aTrafficMatrixIsReadFromAFileBesideTheJob() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "# bytes\n0, 5\n7 0\n".write(to: folder.appending(path: "m.csv"), atomically: false, encoding: .utf8)
    let text = "name: a\nroles: [{name: r, replicas: 2}]\ntraffic: m.csv\n"
    let path = folder.appending(path: "job.yaml")
    try text.write(to: path, atomically: false, encoding: .utf8)
    #expect(try JobFile.read(path: path.path)[0].traffic == TrafficMatrix(size: 2, bytes: [0, 5, 7, 0]))
    #expect(mistakes { _ = try jobs(text) }.first?.contains("traffic: m.csv: cannot be read: no such file") ?? false)
  }
}

struct ManifestJobTests {
  @Test func kueuesAnnotationsAreRead() throws {
    let found = try job(JobExamples.kueueJob)
    let role = found.roles[0]
    #expect(found.name == "train" && found.minMember == 4 && found.priority == 1000)
    #expect(role.min == 4 && role.max == 8 && role.gpus == 2 && role.requests["cpu"] == 500)
    #expect(role.closeness.required == "zone")
    #expect(role.slices == [GangJob.Slice(level: "block", size: 4), GangJob.Slice(level: "rack", size: 2)])
    #expect(found.notes == ["Job train (job.yaml): kueue.x-k8s.io/queue-name is not expressed"])
  }

  @Test func podSetsOfOneGroupAreNearTogether() throws {
    let found = try job(JobExamples.jobSet)
    #expect(found.roles.map(\.name) == ["leader", "workers"] && found.roles.map(\.max) == [1, 8])
    #expect(found.groups == [.init(name: "g", roles: [0, 1], closeness: .init(preferred: "rack"))])
    #expect(found.roles.allSatisfy { $0.closeness.isEmpty } && found.minMember == 9)
  }

  @Test func volcanosTiersAndPartitionsAreRead() throws {
    let found = try job(JobExamples.volcanoJob)
    #expect(found.minMember == 9 && found.roles.map(\.max) == [1, 8] && found.roles[1].gpus == 8)
    #expect(found.closeness == .init(required: "tier-2", preferred: "narrowest"))
    #expect(found.roles[1].slices == [GangJob.Slice(level: "rack", size: 4)])
    #expect(found.notes == ["Job vj (job.yaml): spec.queue is not expressed"])
    let group = try job(JobExamples.volcanoGroup)
    #expect(group.roles.map(\.max) == [2] && group.roles[0].slices == [GangJob.Slice(level: "tier-1", size: 2)])
    #expect(group.closeness == .init(preferred: "narrowest"))
  }

  /// In Volcano a job's minAvailable below its tasks' sum stands alone.
  @Test func aSmallMinAvailableFreesTheTasks() throws {
    let text = JobExamples.volcanoJob.split(separator: "minAvailable: 9").joined(separator: "minAvailable: 4")
    let found = try job(text)
    #expect(found.minMember == 4 && found.roles.map(\.min) == [0, 0] && found.notes.count == 2)
  }

  @Test func gangsOfOneGroupAreOneJob() throws {
    let found = try job(JobExamples.koordinator)
    #expect(found.name == "gang-master" && found.minMember == 6)
    #expect(found.roles.map(\.name) == ["gang-master", "worker"] && found.roles[1].gpus == 1)
    #expect(found.closeness == .init(required: "SpineLayer", preferred: "AcceleratorLayer"))
    #expect(found.roles[1].slices == [GangJob.Slice(level: "AcceleratorLayer", size: 2)])
    #expect(found.notes.contains { $0.contains("no pods of it are in the file") })
  }

  @Test func podsSayTheirGangThemselves() throws {
    let found = try job(JobExamples.koordinatorPods)
    #expect(found.name == "g" && found.minMember == 3 && found.roles.map(\.max) == [4])
    #expect(found.notes.contains("Pod p-0 (job.yaml): gang.scheduling.koordinator.sh/mode is not expressed"))
  }

  @Test func subgroupsAreRolesAndGroupsOfRoles() throws {
    let found = try job(JobExamples.kai)
    #expect(found.roles.map(\.name) == ["a", "b", "c"] && found.roles.map(\.min) == [1, 2, 3])
    #expect(found.minMember == 6 && found.closeness.required == "zone")
    #expect(found.roles[0].closeness.required == "rack")
    #expect(found.groups == [.init(name: "ab", roles: [0, 1], closeness: .init(required: "spine", preferred: "rack"))])
  }

  @Test func segmentsAreSlices() throws {
    let found = try job(JobExamples.kaiJob)
    #expect(found.closeness.required == "zone" && found.roles[0].slices == [GangJob.Slice(level: "rack", size: 4)])
  }

  @Test func kubernetesOwnGroupsAreRead() throws {
    let found = try job(JobExamples.workload)
    #expect(found.name == "w" && found.minMember == 3 && found.closeness.required == "rack")
    #expect(found.roles[0].min == 3 && found.roles[0].max == 4 && found.roles[0].requests["cpu"] == 2000)
    let group = try job(JobExamples.podGroup)
    #expect(group.minMember == 2 && group.roles.map(\.max) == [2])
    #expect(group.notes == ["PodGroup pg (job.yaml): disruptionMode is not expressed"])
  }

  @Test func severalJobsOfOneFileStayApart() throws {
    let found = try jobs(JobExamples.kueueJob + "\n---\n" + JobExamples.kaiJob + "\n---\n" + JobExamples.own)
    #expect(found.map(\.name) == ["pretrain", "train", "seg"])
  }
}
