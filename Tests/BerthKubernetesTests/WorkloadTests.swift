import Testing

@testable import BerthKubernetes

struct WorkloadTests {
  private func workload(_ kind: String, _ spec: String = "") throws -> Workload {
    let read = try manifests(
      """
      kind: \(kind)
      metadata: {name: web, namespace: shop}
      spec:
      \(spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec: {containers: [{name: c, image: i}]}
      """)
    #expect(read.problems == [])
    return try #require(read.workloads.first)
  }

  @Test func deploymentMakesPodsOfOneReplicaSet() throws {
    let workload = try workload("Deployment", "replicas: 3")
    let pods = workload.pods
    #expect(pods.map(\.metadata.namespace) == ["shop", "shop", "shop"])
    #expect(Set(pods.map(\.path)).count == 3)
    let hash = try #require(pods[0].metadata.label("pod-template-hash"))
    #expect(pods.allSatisfy { $0.metadata.label("pod-template-hash") == hash && $0.metadata.label("app") == "web" })
    #expect(pods[2].metadata.owner == Owner(kind: "ReplicaSet", name: "web-\(hash)"))
    // Its pods are spread over what that ReplicaSet selects.
    let (owner, selector) = try #require(workload.podOwner)
    #expect(owner == pods[0].metadata.owner)
    #expect(selector.matches(pods[0].metadata.labels) && !selector.matches([Label(key: "app", value: "web")]))
  }

  @Test func otherTemplateOtherHash() throws {
    let one = try workload("Deployment")
    let other = try manifests(
      """
      kind: Deployment
      metadata: {name: web, namespace: shop}
      spec:
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec: {containers: [{name: c, image: i2}]}
      """)
    #expect(one.templateHash != (try #require(other.workloads.first)).templateHash)
  }

  @Test func statefulSetNumbersItsPods() throws {
    let pods = try workload("StatefulSet", "replicas: 2").pods
    #expect(pods.map(\.path) == ["shop/web-0", "shop/web-1"])
    #expect(pods[1].metadata.label("apps.kubernetes.io/pod-index") == "1")
  }

  @Test(
    arguments: [
      ("parallelism: 4\ncompletions: 3", 3), ("parallelism: 4", 4), ("completions: 3", 1), ("suspend: true", 0),
      ("", 1),
    ])
  func jobRunsAsManyAsItMay(spec: String, count: Int) throws {
    #expect(try workload("Job", spec).pods.count == count)
  }

  @Test func daemonIsBoundToItsNode() throws {
    let pod = try workload("DaemonSet").daemon(for: "n1")
    #expect(pod.affinity.node.namedNodes == ["n1"])
    #expect(pod.tolerations.contains(.exists("node.kubernetes.io/unschedulable", .noSchedule)))
  }

  @Test func selectorMustSelectTheTemplate() throws {
    let read = try manifests(
      """
      kind: ReplicaSet
      metadata: {name: web}
      spec:
        replicas: -1
        selector: {matchLabels: {app: other}}
        template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
      """)
    #expect(read.workloads.isEmpty)
    #expect(
      read.problems.map(\.description) == [
        "ReplicaSet default/web: spec.replicas: must not be negative",
        "ReplicaSet default/web: spec.template.metadata.labels: are not selected by spec.selector",
      ])
  }

  @Test func defaultSelectorIsOfServicesAndController() throws {
    let read = try manifests(
      """
      kind: Service
      metadata: {name: a}
      spec: {selector: {app: web}}
      ---
      kind: Service
      metadata: {name: b}
      spec: {selector: {app: web, tier: front}}
      ---
      kind: Service
      metadata: {name: c, namespace: elsewhere}
      spec: {selector: {app: web}}
      """)
    let surroundings = Surroundings(read)
    var pod = try #require(try manifests(podYAML("")).pods.first)
    #expect(surroundings.defaultSelector(pod) == LabelSelector(matching: [Label(key: "app", value: "web")]))
    pod.metadata.labels = []
    #expect(surroundings.defaultSelector(pod) == nil)
  }

  @Test(
    arguments: [
      (["n1"], ["n2"], ["n1", "n2"] as Set), (["n1"], [], nil), (["n1", "n2"], [], nil),
    ])
  func nodesAreNamedOnlyIfEveryTermNamesThem(one: [String], other: [String], named: Set<String>?) {
    func term(_ names: [String]) -> NodeSelectorTerm {
      NodeSelectorTerm(
        requirements: names.map { Requirement(key: "metadata.name", op: .in, values: [$0], isField: true) })
    }
    #expect(NodeAffinity(required: [term(one), term(other)]).namedNodes == named)
  }

  @Test func contradictingNamesLeaveNoNode() {
    let requirements = ["n1", "n2"].map { Requirement(key: "metadata.name", op: .in, values: [$0], isField: true) }
    #expect(NodeAffinity(required: [NodeSelectorTerm(requirements: requirements)]).namedNodes == [])
  }
}
