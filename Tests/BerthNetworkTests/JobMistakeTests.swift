import BerthKubernetes
import Testing

@testable import BerthNetwork

/// Every mistake names the file or object, the line where it is known, and the field.
struct JobMistakeTests {
  private func own(_ lines: String, roles: String = "[{name: r, replicas: 8}]") -> [String] {
    mistakes { _ = try jobs("name: j\nroles: \(roles)\n\(lines)\n") }
  }

  @Test(
    arguments: [
      ("minMember: 9", "job.yaml, job j: minMember: 9 is not between 1 and the number of members, 8"),
      ("minMember: -1", "job.yaml, line 3: minMember: -1 is not between 1 and 1000000"),
      ("minMember: 7", "job.yaml, job j: minMember: 7 is less than the roles' least numbers add up to, 8"),
      ("minMembers: 7", "job.yaml, line 3: minMembers: unknown field"),
      ("runtimeSeconds: -5", "job.yaml, line 3: runtimeSeconds: must be a finite number from 0"),
      ("runtimeSeconds: .nan", "job.yaml, line 3: runtimeSeconds: must be a number of seconds"),
      ("priority: 3000000000", "job.yaml, line 3: priority: must be a 32-bit number"),
      ("required: ''", "job.yaml, line 3: required: must not be empty"),
      ("separate: rack", "job.yaml, line 3: separate: needs at least two roles"),
      ("groups: [{roles: [q], required: rack}]", "job.yaml, line 3: groups[0].roles[0]: 'q' is no role: r are"),
      ("slurm: {nodes: 4}", "job.yaml, line 3: slurm: is beside roles: one of the two is expected"),
      ("parallelism: {tensor: 3}", "job.yaml, job j: parallelism: makes 3 ranks, and the roles have 8 pods"),
      ("parallelism: {tensor: 0}", "job.yaml, line 3: parallelism.tensor: 0 is not between 1 and 1000000"),
      ("parallelism: {model: 8}", "job.yaml, line 3: parallelism.model: unknown field"),
      (
        "parallelism: {tensor: 4, expert: 3}",
        "job.yaml, job j: parallelism.expert: 3 does not divide data x context, 2: experts share out those ranks"
      ),
      (
        "parallelism: {data: {size: 8, collective: gossip}}",
        "job.yaml, line 3: parallelism.data.collective: 'gossip' is none of all-reduce"
      ),
      (
        "parallelism: {data: {size: 8, bytes: -1}}",
        "job.yaml, line 3: parallelism.data.bytes: '-1' is no number of bytes"
      ),
      ("traffic: [[0, 1], [1, 0]]", "job.yaml, job j: traffic: is of 2 members, and the roles have 8"),
      ("traffic: [[0, 1], [1]]", "job.yaml, line 3: traffic[1]: must be a list of 2 numbers, one for each row"),
      ("traffic: [[-1]]", "job.yaml, line 3: traffic[0]: has something that is no finite number of bytes from 0"),
      ("traffic: nowhere.csv", "job.yaml, line 3: traffic: nowhere.csv: cannot be read: no such file"),
      ("links: [{level: rack}]", "job.yaml, line 3: links[0]: needs a bandwidth or a latency"),
      ("links: [{level: rack, bandwidth: fast}]", "job.yaml, line 3: links[0].bandwidth: 'fast' is no speed like"),
      ("links: [{level: rack, latency: -1us}]", "job.yaml, line 3: links[0].latency: '-1us' is no time like"),
    ])
  func mistakeIsNamed(lines: String, message: String) {
    let found = own(lines)
    #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
  }

  @Test(
    arguments: [
      ("[]", "job.yaml, line 2: roles: must list at least one role"),
      ("[{name: r}]", "job.yaml, line 2: roles[0].replicas: is required, or max"),
      ("[{name: r, replicas: 0}]", "job.yaml, line 2: roles[0].replicas: 0 is not between 1 and 1000000"),
      ("[{name: r, replicas: 2, min: 3}]", "job.yaml, line 2: roles[0].min: 3 is more than the role has, 2"),
      ("[{name: r, replicas: 2, max: 3}]", "job.yaml, line 2: roles[0].max: is beside replicas"),
      ("[{name: r, replicas: 2}, {name: r, replicas: 2}]", "job.yaml, job j: roles[1].name: 'r' is there already"),
      (
        "[{name: r, replicas: 2, requests: {cpu: -1}}]",
        "job.yaml, line 2: roles[0].requests[cpu]: must not be negative"
      ),
      ("[{name: r, replicas: 2, requests: {gpu: 1}}]", "job.yaml, line 2: roles[0].requests[gpu]: is no resource"),
      (
        "[{name: r, replicas: 2, gpus: 4, requests: {nvidia.com/gpu: 8}}]",
        "job.yaml, line 2: roles[0].gpus: 4 contradicts the 8 of nvidia.com/gpu in requests"
      ),
      (
        "[{name: r, replicas: 12, slices: [{level: a, size: 5}]}]",
        "job.yaml, job j: roles[0].slices[0].size: 5 does not divide the role's 12 pods: 4 or 6 would"
      ),
      (
        "[{name: r, replicas: 12, slices: [{level: a, size: 6}, {level: b, size: 4}]}]",
        "job.yaml, job j: roles[0].slices[1].size: 4 does not divide the slice around it, of 6: 3 or 6 would"
      ),
      (
        "[{name: r, replicas: 8, slices: [{level: a, size: 8}, {level: b, size: 4}, {level: c, size: 2}, {level: d, size: 1}]}]",
        "job.yaml, job j: roles[0].slices: are 4: at most 3"
      ),
      (
        "[{name: r, min: 6, max: 8, slices: [{level: a, size: 4}]}]",
        "job.yaml, job j: roles[0].slices[0].size: 4 does not divide the role's least number of pods, 6"
      ),
      (
        "[{name: r, replicas: 8, slices: [{level: a, size: -4}]}]",
        "job.yaml, line 2: roles[0].slices[0].size: -4 is not"
      ),
      (
        "[{name: r, replicas: 8, spread: {level: a, maxPerDomain: 0}}]",
        "job.yaml, line 2: roles[0].spread.maxPerDomain: 0 is not between"
      ),
    ])
  func mistakeOfARoleIsNamed(roles: String, message: String) {
    let found = own("", roles: roles)
    #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
  }

  /// Over levels zone, rack.
  @Test(
    arguments: [
      (
        "required: row", "",
        "job j: required: 'row' is no level of this topology: zone, rack or kubernetes.io/hostname are"
      ),
      ("required: rack\npreferred: zone", "", "job j: preferred: 'zone' is wider than what is required, 'rack'"),
      (
        "", "slices: [{level: rack, size: 4}, {level: zone, size: 2}]",
        "job j: roles[0].slices[1].level: 'zone' is not narrower than 'rack'"
      ),
      (
        "required: rack", "slices: [{level: zone, size: 4}]",
        "job j: roles[0].slices[0].level: 'zone' is wider than what is required of all pods"
      ),
      (
        "required: rack", "spread: {level: rack, maxPerDomain: 2}",
        "job j: roles[0].spread: contradicts what is required: 8 pods share a domain of 'rack', and at most 2 may"
      ),
      (
        "", "slices: [{level: rack, size: 4}], spread: {level: zone, maxPerDomain: 2}",
        "job j: roles[0].spread: contradicts slices[0]: its 4 pods share a domain of 'zone'"
      ),
      ("required: rack\nseparate: rack", "", "job j: separate[0].level: 'rack' contradicts what is required"),
      ("separate: cluster", "", "job j: separate[0].level: 'cluster' is the whole network"),
      ("links: [{level: pod, latency: 1us}]", "", "job j: links[0].level: 'pod' is no level"),
    ])
  func contradictingLevelsAreSaid(lines: String, role: String, message: String) throws {
    let fields = role.isEmpty ? "" : ", \(role)"
    let found = try job("name: j\nroles: [{name: r, replicas: 8\(fields)}, {name: s, replicas: 1}]\n\(lines)\n")
    let network = try topology("node,zone,rack\na,z,r\n")
    let problems = found.problems(in: network).map(\.description)
    #expect(problems.contains { $0.hasPrefix(message) }, "\(problems)")
  }

  @Test func soundLevelsHaveNoProblems() throws {
    let found = try job(
      """
      name: j
      required: zone
      preferred: rack
      roles:
        - {name: r, replicas: 8, slices: [{level: rack, size: 4}, {level: kubernetes.io/hostname, size: 2}]}
      """)
    #expect(found.problems(in: try topology("node,zone,rack\na,z,r\n")) == [])
  }

  @Test(
    arguments: [
      (JobExamples.kueueJob, "required-topology: zone", "required-topology: a b", "'a b' is no label key"),
      (
        JobExamples.kueueJob, "\"size\": 2", "\"size\": 3",
        "slices[1].size: 3 does not divide the slice around it, of 4"
      ),
      (
        JobExamples.kueueJob, "\"size\": 2", "\"size\": 0",
        "entry 1 must have a topology, a label key, and a size from 1"
      ),
      (JobExamples.kueueJob, "parallelism: \"4\"", "parallelism: \"9\"", "'9' is no number of pods from 1 to 8"),
      (JobExamples.jobSet, "group-name: g", "group-name: h", "'h': is of 1 pod sets"),
      (
        JobExamples.volcanoJob, "partitionSize: 4", "partitionSize: 3",
        "3 times 2 partitions are not the task's 8 replicas"
      ),
      (JobExamples.volcanoJob, "mode: hard", "mode: solid", "'solid' is neither hard nor soft"),
      (
        JobExamples.volcanoJob, "minAvailable: 9", "minAvailable: 10",
        "minMember: 10 is not between 1 and the number of members, 9"
      ),
      (
        JobExamples.koordinator, "MustGather", "MayGather",
        "gatherStrategy[0].strategy must be MustGather or PreferGather"
      ),
      (JobExamples.koordinator, "minMember: 4", "minMember: 5", "is 5, and the file has 4 pods of it"),
      (JobExamples.koordinatorPods, "\"3\"", "\"three\"", "'three' is no whole number from 1"),
      (JobExamples.kai, "parent: ab", "parent: x", "'x' is no subgroup"),
      (JobExamples.kai, "{name: ab,", "{name: ab, parent: a,", "a cycle"),
      (JobExamples.kaiJob, "size: \"4\"", "size: \"3\"", "3 does not divide the role's 8 pods"),
      (JobExamples.workload, "minCount: 3", "minCount: 0", "minCount: 0 is not between 1"),
      (JobExamples.workload, "[{key: rack}]", "[{key: rack}, {key: zone}]", "lists 2 constraints: KEP-5732 has one"),
      (JobExamples.podGroup, "gang: {minCount: 2}", "", "must be either gang or basic"),
    ])
  func mistakesInManifestsAreNamed(text: String, part: String, other: String, message: String) throws {
    let pieces = text.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(pieces.count == 2)
    let found = mistakes { _ = try jobs(pieces.joined(separator: other)) }
    #expect(found.contains { $0.contains(message) }, "\(found)")
  }

  @Test(arguments: [
    "", "\n", "---\n", "just text", "[1, 2]", "{", "a: [", "kind: Pod", "kind: Gizmo\nmetadata: {name: a}",
  ])
  func whatIsNoJobIsRefused(text: String) { #expect(!mistakes { _ = try jobs(text) }.isEmpty) }
}
