import Testing

@testable import BerthKubernetes

/// Every mistake is named with the object and the path of the field.
struct MistakeTests {
  private let pod = "Pod default/web-1: "

  @Test(
    arguments: [
      (
        "topologySpreadConstraints: [{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]",
        "spec.topologySpreadConstraints[0].maxSkew: must be positive"
      ),
      (
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: Sometimes}]",
        "spec.topologySpreadConstraints[0].whenUnsatisfiable: 'Sometimes' is none of DoNotSchedule, ScheduleAnyway"
      ),
      (
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, minDomain: 2}]",
        "spec.topologySpreadConstraints[0].minDomain: unknown field"
      ),
      (
        "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}]",
        "spec.topologySpreadConstraints[0].minDomains: is only for whenUnsatisfiable DoNotSchedule"
      ),
      (
        "topologySpreadConstraints: [{maxSkew: 1, whenUnsatisfiable: ScheduleAnyway}]",
        "spec.topologySpreadConstraints[0].topologyKey: is required"
      ),
      ("topologySpreadConstraint: []", "spec.topologySpreadConstraint: unknown field"),
      ("nodeSelector: {a b: c}", "spec.nodeSelector[a b]: a label key consists of"),
      ("nodeSelector: {zone: yes}", "spec.nodeSelector[zone]: must be a string"),
      (
        "tolerations: [{key: a, operator: Matches}]",
        "spec.tolerations[0].operator: 'Matches' is no operator here: Equal, Exists, Gt, Lt"
      ),
      ("tolerations: [{key: a, operator: Exists, value: b}]", "spec.tolerations[0].value: must be empty for Exists"),
      ("tolerations: [{key: a, operator: Gt, value: 007x}]", "spec.tolerations[0].value: must be a whole number"),
      ("tolerations: [{value: b}]", "spec.tolerations[0].operator: must be Exists where the key is empty"),
      ("tolerations: [{key: a, effect: Never}]", "spec.tolerations[0].effect: 'Never' is no taint effect"),
      (
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}",
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: must have at least"
      ),
      (
        "affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: "
          + "[{weight: 101, podAffinityTerm: {topologyKey: zone}}]}}",
        "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: must be between 1 and 100"
      ),
      (
        "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
          + "[{topologyKey: zone, labelSelector: {matchExpressions: [{key: a, operator: Near}]}}]}}",
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0]"
          + ".operator: 'Near' is no operator here: In, NotIn, Exists, DoesNotExist"
      ),
      (
        "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
          + "[{topologyKey: zone, matchLabelKeys: [a]}]}}",
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys: must not be set"
      ),
      ("overhead: {cpu: much}", "spec.overhead[cpu]: 'much' is no quantity"),
      ("overhead: {cpu: -1}", "spec.overhead[cpu]: must not be negative"),
      ("hostNetwork: 1", "spec.hostNetwork: must be true or false"),
      ("priority: high", "spec.priority: must be a whole number"),
    ])
  func mistakeIsNamed(lines: String, message: String) throws {
    let found = try mistakes(lines)
    #expect(found.contains { $0.hasPrefix(pod + message) }, "\(found)")
  }

  @Test func containersAreChecked() throws {
    #expect(try mistakes("", containers: "[]") == [pod + "spec.containers: must have at least one container"])
    let wrong = "[{name: a, image: i, resources: {requests: {memory: 1GB}}, ports: [{containerPort: 70000}]}]"
    #expect(
      try mistakes("", containers: wrong) == [
        pod + "spec.containers[0].resources.requests[memory]: '1GB' is no quantity",
        pod + "spec.containers[0].ports[0].containerPort: must be between 1 and 65535",
      ])
  }

  /// One mistake does not hide the next, nor a wrong object a sound one.
  @Test func everythingIsChecked() throws {
    let long = String(repeating: "v", count: 64)
    let read = try manifests(
      """
      kind: Node
      metadata: {name: n1, labels: {app: \(long)}}
      spec: {taints: [{key: a, effect: NoSchedule}, {key: a, effect: NoSchedule}]}
      status: {allocatable: {cpu: "4"}}
      ---
      kind: Node
      metadata: {name: n2}
      status: {allocatable: {cpu: 4, memory: 8Gi}}
      ---
      metadata: {name: what}
      ---
      just text
      """)
    #expect(read.nodes.map(\.name) == ["n2"])
    #expect(
      read.problems.map(\.description) == [
        "Node n1: metadata.labels[app]: a label value must be no more than 63 characters",
        "Node n1: spec.taints[1]: there is a taint of this key and effect already",
        "document 3: kind: is required", "document 4: is no object",
      ])
  }

  @Test(arguments: ["a: [", "a: *nowhere", "{", "- a\nb: c", "a: 1\na: 2"])
  func brokenYAMLIsRefused(text: String) throws {
    let problem = try #require(throws: Problem.self) { try manifests(text) }
    #expect(problem.object == "file")
  }

  @Test func kindsOfOthersAreNotMistaken() throws {
    let read = try manifests(
      """
      apiVersion: batch.volcano.sh/v1alpha1
      kind: Job
      metadata: {name: a}
      ---
      apiVersion: scheduling.x-k8s.io/v1alpha1
      kind: PodGroup
      metadata: {name: b}
      """)
    #expect(read.problems == [] && read.others == ["Job of batch.volcano.sh/v1alpha1": 1])
    #expect(read.unhonoured == ["PodGroup": 1])
  }

  /// A few lines that stand for more than any memory holds.
  @Test func anAvalancheOfAliasesIsStopped() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(throws: Problem.self) { try manifests(text) }
  }

  @Test func deepNestingIsRefused() throws {
    #expect(throws: Problem.self) { try manifests(String(repeating: "[", count: 100_000)) }
    let file = try ScratchFile(
      String(repeating: "{\"a\":", count: 100_000) + "1" + String(repeating: "}", count: 100_000))
    #expect(ManifestFile(file.path, isDump: false).read().problems.count == 1)
  }
}
