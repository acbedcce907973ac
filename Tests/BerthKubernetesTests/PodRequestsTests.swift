import Testing

@testable import BerthKubernetes

struct PodRequestsTests {
  private func requests(_ lines: String, containers: String, fillsDefaults: Bool = true) throws -> PodRequests {
    let read = try manifests(podYAML(lines, containers: containers), fillsDefaults: fillsDefaults)
    #expect(read.problems == [])
    return try #require(read.pods.first).requests
  }

  private func held(_ requests: PodRequests) -> [String: Int64] {
    Dictionary(uniqueKeysWithValues: requests.held.map { ($0.resource, $0.value) })
  }

  @Test func containersAreAdded() throws {
    let two =
      "[{name: a, image: i, resources: {requests: {cpu: 250m, memory: 1Gi}}}, "
      + "{name: b, image: i, resources: {requests: {cpu: 1, nvidia.com/gpu: 2, storage: 5}}}]"
    let found = try requests("", containers: two)
    #expect(held(found) == ["cpu": 1250, "memory": 1 << 30, "nvidia.com/gpu": 2, "pods": 1])
    // The second container says nothing of memory and counts 200 MiB in scores.
    #expect(found.countedCPU == 1250 && found.countedMemory == 1 << 30 + 200 << 20)
    #expect(found.scoredMemory == found.countedMemory)
  }

  @Test func podWithoutRequestsCountsInScores() throws {
    let found = try requests("", containers: "[{name: a, image: i}, {name: b, image: i}]")
    #expect(held(found) == ["pods": 1])
    #expect(found.countedCPU == 200 && found.countedMemory == 400 << 20)
  }

  /// A request of 0 is a request.
  @Test func zeroIsNotMissing() throws {
    let found = try requests("", containers: "[{name: a, image: i, resources: {requests: {cpu: 0, memory: 0}}}]")
    #expect(found.countedCPU == 0 && found.countedMemory == 0)
  }

  /// i1 runs beside the sidecar s1 that started before it, not beside s2.
  @Test func initContainersRunBesideEarlierSidecars() throws {
    let lines = """
      initContainers:
      - {name: s1, image: i, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
      - {name: i1, image: i, resources: {requests: {cpu: 900m, memory: 10}}}
      - {name: s2, image: i, restartPolicy: Always, resources: {requests: {cpu: 300m}}}
      overhead: {cpu: 50m}
      """
    let found = try requests(lines, containers: "[{name: a, image: i, resources: {requests: {cpu: 200m, memory: 4}}}]")
    #expect(held(found) == ["cpu": 1050, "memory": 10, "pods": 1])
  }

  @Test func podLevelRequestsReplaceTheSum() throws {
    let found = try requests(
      "resources: {requests: {cpu: 2}}",
      containers: "[{name: a, image: i, resources: {requests: {cpu: 100m, memory: 1Gi}}}]")
    #expect(held(found) == ["cpu": 2000, "memory": 1 << 30, "pods": 1])
    // While it is placed, the scorer of allocation does not know of them.
    #expect(found.countedCPU == 2000 && found.scoredCPU == 100)
  }

  @Test func limitsStandInForRequestsOfWhatIsCreated() throws {
    let containers = "[{name: a, image: i, resources: {limits: {cpu: 300m, memory: 1Gi}, requests: {cpu: 100m}}}]"
    #expect(held(try requests("", containers: containers)) == ["cpu": 100, "memory": 1 << 30, "pods": 1])
    #expect(held(try requests("", containers: containers, fillsDefaults: false)) == ["cpu": 100, "pods": 1])
  }

  @Test func podLevelLimitStandsInForWhatNobodyRequests() throws {
    let lines = "resources: {limits: {cpu: 2, memory: 1Gi}}"
    let containers = "[{name: a, image: i, resources: {requests: {cpu: 100m}}}]"
    #expect(held(try requests(lines, containers: containers)) == ["cpu": 100, "memory": 1 << 30, "pods": 1])
  }

  @Test func portsOfTheNodeAreThoseOfContainersAndSidecars() throws {
    let lines = """
      hostNetwork: true
      initContainers:
      - {name: s, image: i, restartPolicy: Always, ports: [{containerPort: 90, hostPort: 90, protocol: UDP}]}
      - {name: i, image: i, ports: [{containerPort: 91, hostPort: 91}]}
      """
    let read = try manifests(
      podYAML(
        lines, containers: "[{name: a, image: i, ports: [{containerPort: 80}, {containerPort: 81, hostIP: 10.0.0.1}]}]")
    )
    let ports = try #require(read.pods.first).hostPorts
    #expect(ports.map(\.port) == [90, 80, 81])
    #expect(ports.map(\.transport) == [1, 0, 0])
    #expect(ports.map(\.address) == ["", "", "10.0.0.1"])
  }
}
