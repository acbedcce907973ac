import Foundation
import Testing

@testable import BerthKubernetes

struct ClaimTests {
  @Test func devicesAreAllocatedByName() throws {
    let run = try runClaims([
      claimingPod(
        "one", claimRequest("gpu.nvidia.com", #"device.attributes["gpu.nvidia.com"].productName == "NVIDIA H100""#)),
      claimingPod("two", claimRequest("gpu.nvidia.com", #"device.attributes["gpu.nvidia.com"].minor == 1"#)),
      claimingPod(
        "three",
        claimRequest("gpu.nvidia.com", #"device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("41Gi"))"#)
      ),
    ])
    // The engine numbers GPUs by their minor; names are the driver's.
    #expect(claimedDevices(run)[1] == ["b/gpu-0"] || claimedDevices(run)[0] == ["b/gpu-0"])
    #expect(claimedDevices(run).flatMap { $0 }.count == 2)
    #expect(run.decisions[0].allocations[0].claim == "default/one-gpu")
  }

  @Test func gpusBelowOneRootAreFoundAndTaintedOnesAreNot() throws {
    let constraint = "constraints: [{matchAttribute: resource.kubernetes.io/pcieRoot}]"
    func pair(_ name: String) -> String {
      claimingPod(name, claimRequest("gpu.nvidia.com", nil, ", count: 2"), rest: constraint)
    }
    let placed = claimedDevices(try runClaims([pair("p"), pair("q"), pair("r")]))
    #expect(Set(placed) == [["a/gpu-0", "a/gpu-1"], ["a/gpu-2", "a/gpu-4"], []])
  }

  @Test func instancesTakeMemorySlicesOfTheirGPU() throws {
    let pods = (0..<8).map {
      claimingPod("p\($0)", claimRequest("mig.nvidia.com", #"device.attributes["gpu.nvidia.com"].profile == "1g.5gb""#))
    }
    let run = try runClaims(pods)
    let placed = claimedDevices(run).flatMap { $0 }.sorted()
    #expect(placed == (0..<7).map { "a/gpu-0-mig-1g5gb-\($0)" })
    #expect(run.decisions[7].node == nil)
    let manifests = try run.manifests()
    #expect(manifests.contains("source: FromClass") && manifests.contains("kind: MigDeviceConfig"))
  }

  @Test func requestsOfOnePodShareItsGPUs() throws {
    let requests =
      claimRequest("gpu.nvidia.com", nil, ", count: 2", name: "x") + ", " + claimRequest("gpu.nvidia.com", name: "z")
    let run = try runClaims([claimingPod("p", requests)])
    #expect(run.decisions[0].allocations[0].results.map(\.request) == ["x", "x", "z"])
    #expect(Set(claimedDevices(run)[0]).count == 3)
  }

  @Test func allMatchingDevicesAreTaken() throws {
    let h100 = #"device.attributes["gpu.nvidia.com"].productName == "NVIDIA H100""#
    let run = try runClaims([claimingPod("p", claimRequest("gpu.nvidia.com", h100, ", allocationMode: All"))])
    #expect(claimedDevices(run)[0] == ["b/gpu-0", "b/gpu-1"])
    #expect(
      try claimProblem(claimingPod("p", claimRequest("gpu.nvidia.com", nil, ", allocationMode: All"))).contains(
        "ResourceClaimTemplate default/p: spec.spec.devices.requests[0]: allocationMode All is of other numbers of devices"
      ))
  }

  @Test func allocatedClaimsAreHeld() throws {
    let held = """
      apiVersion: resource.k8s.io/v1
      kind: ResourceClaim
      metadata: {name: held-x7}
      spec: {devices: {requests: [{name: r, exactly: {deviceClassName: gpu.nvidia.com}}]}}
      status: {allocation: {devices: {results: [{request: r, driver: gpu.nvidia.com, pool: b, device: gpu-0}]}}}
      ---
      kind: Pod
      metadata: {name: running}
      spec: {nodeName: b, resourceClaims: [{name: g, resourceClaimTemplateName: t}], containers: [{name: c, image: i}]}
      status: {resourceClaimStatuses: [{name: g, resourceClaimName: held-x7}]}
      """
    let h100 = #"device.attributes["gpu.nvidia.com"].productName == "NVIDIA H100""#
    let run = try runClaims(
      [claimingPod("p", claimRequest("gpu.nvidia.com", h100)), claimingPod("q", claimRequest("gpu.nvidia.com", h100))],
      beside: held)
    #expect(claimedDevices(run) == [["b/gpu-1"], []])
    #expect(
      try claimProblem(
        "kind: Pod\nmetadata: {name: w}\nspec: {resourceClaims: [{name: g, resourceClaimName: held-x7}], "
          + "containers: [{name: c, image: i}]}", beside: held
      ).hasPrefix("Pod default/w: spec.resourceClaims[0].resourceClaimName: default/running has the claim, too"))
    #expect(
      try claimProblem(beside: held.replacing("device: gpu-0", with: "device: gpu-9"))
        == "Pod default/running: spec.resourceClaims: its claims are allocated to devices that the slices of node 'b' do not "
        + "list together")
  }

  /// A running pod on node b with this claim, which was allocated gpu-0.
  private func holder(_ spec: String, result: String = "") -> String {
    """
    apiVersion: resource.k8s.io/v1
    kind: ResourceClaim
    metadata: {name: held}
    spec: {devices: {\(spec)}}
    status: {allocation: {devices: {results: [{request: r, driver: gpu.nvidia.com, pool: b, device: gpu-0\(result)}]}}}
    ---
    kind: Pod
    metadata: {name: running}
    spec: {nodeName: b, resourceClaims: [{name: g, resourceClaimName: held}], containers: [{name: c, image: i}]}
    """
  }

  private let twoH100 = ["p", "q"].map { name in
    let h100 = #"device.attributes["gpu.nvidia.com"].productName == "NVIDIA H100""#
    return claimingPod(name, claimRequest("gpu.nvidia.com", h100))
  }

  @Test(
    arguments: [
      "requests: [{name: r, firstAvailable: [{name: s, deviceClassName: gpu.nvidia.com}]}]",
      "requests: [{name: r, exactly: {deviceClassName: gpu.nvidia.com, tolerations: [{operator: Exists}]}}]",
      "requests: [{name: r, exactly: {deviceClassName: gpu.nvidia.com, capacity: {requests: {memory: 1Gi}}}}]",
      "requests: [{name: r, exactly: {deviceClassName: nics, count: 20}}]",
      "requests: [{name: r, exactly: {deviceClassName: gpu.nvidia.com}}], constraints: [{distinctAttribute: a/b}]",
    ])
  func whatIsNotSupportedIsHeldAllTheSame(spec: String) throws {
    let run = try runClaims(twoH100, beside: holder(spec))
    #expect(claimedDevices(run) == [["b/gpu-1"], []] && run.notes == [], "\(run.notes)")
  }

  /// A NIC of another driver beside a GPU that a device plugin gave out.
  @Test func claimsOfOtherDriversAndGPUsOfContainersGoTogether() throws {
    let limits = "containers: [{name: c, image: i, resources: {limits: {nvidia.com/gpu: 1}}}]"
    let running = holder("requests: [{name: r, exactly: {deviceClassName: nics}}]")
      .replacing("containers: [{name: c, image: i}]", with: limits)
    let labelled =
      "\n---\nkind: Node\nmetadata: {name: c, labels: {nvidia.com/gpu.count: '2', nvidia.com/gpu.product: Tesla-T4}}\n"
      + "status: {allocatable: {cpu: 64, pods: 110, nvidia.com/gpu: 2}}"
    let nic = running.replacing("driver: gpu.nvidia.com", with: "driver: nic.example.com")
      .replacing("nodeName: b", with: "nodeName: c")
    let wanted = "kind: Pod\nmetadata: {name: w}\nspec: {\(limits.replacing("gpu: 1", with: "gpu: 2"))}"
    #expect(try runClaims([wanted], beside: nic + labelled).decisions[0].node == nil)
    let less = wanted.replacing("gpu: 2", with: "gpu: 1")
    #expect(try runClaims([less], beside: nic + labelled).decisions[0].node == "c")
    #expect(
      try claimProblem(beside: running)
        == "Pod default/running: spec.resourceClaims: contradicts the GPUs that containers request")
  }

  @Test func aClaimBesideGPUsOfContainersIsNamedForWhatItIs() throws {
    func both(_ deviceClass: String) -> String {
      claimingPod("p", claimRequest(deviceClass))
        .replacing("{name: c, image: i}", with: "{name: c, image: i, resources: {limits: {nvidia.com/gpu: 1}}}")
    }
    #expect(
      try claimProblem(both("gpu.nvidia.com"))
        == "Pod default/p: spec.resourceClaims[0]: contradicts the GPUs that containers request")
    #expect(
      try claimProblem(both("nics"))
        == "ResourceClaimTemplate default/p: spec.spec.devices.requests[0]: there is no DeviceClass 'nics'")
  }

  @Test func classesWithResourcesAreAMistakeOfWhoUsesThese() throws {
    let named =
      "kind: DeviceClass\nmetadata: {name: x}\n"
      + "spec: {extendedResourceName: nvidia.com/gpu, selectors: [{cel: {expression: \"device.driver == 'DRIVER'\"}}]}"
    let own = named.replacing(
      "'DRIVER'", with: "'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'gpu'")
    #expect(claimedDevices(try runClaims([claimingPod("p", claimRequest("x"))], beside: own))[0].count == 1)
    func asking(_ resource: String) -> String {
      "kind: Pod\nmetadata: {name: w}\nspec: {containers: [{name: c, image: i, resources: {limits: {\(resource): 1}}}]}"
    }
    for resource in ["nvidia.com/gpu", "deviceclass.resource.kubernetes.io/x"] {
      #expect(
        try claimProblem(asking(resource), beside: own)
          == "Pod default/w: spec.containers: \(resource) may be devices of the DeviceClass 'x': these are supported by "
          + "claims only")
    }
    let running = asking("nvidia.com/gpu").replacing("containers", with: "nodeName: b, containers")
    #expect(try claimProblem(beside: own + "\n---\n" + running) == "none")
    // A class without devices decides nothing; without slices nobody knows.
    #expect(try claimProblem(asking("nvidia.com/gpu"), beside: named) == "none")
    let bare = "kind: Node\nmetadata: {name: b}\nstatus: {allocatable: {pods: 5, nvidia.com/gpu: 1}}\n---\n" + own
    let run = try PlacementRun(
      cluster: manifests(bare), wanted: manifests(asking("nvidia.com/gpu")), isLenient: false)
    #expect(run.notes.contains { $0.hasPrefix("not honoured yet: resource claims") }, "\(run.notes)")
  }

  @Test func sharesOfADeviceHoldItOnce() throws {
    let one = holder("requests: [{name: r, exactly: {deviceClassName: gpu.nvidia.com}}]", result: ", shareID: x")
    let other = one.replacing("held", with: "held-2").replacing("running", with: "running-2")
    let run = try runClaims(twoH100, beside: one + "\n---\n" + other)
    #expect(claimedDevices(run) == [["b/gpu-1"], []] && run.runningCount == 2)
  }

  @Test func administratorsHoldNothing() throws {
    let request =
      "requests: [{name: r, exactly: {deviceClassName: gpu.nvidia.com, allocationMode: All, adminAccess: true}}]"
    let run = try runClaims(twoH100, beside: holder(request, result: ", adminAccess: true"))
    #expect(Set(claimedDevices(run)) == [["b/gpu-0"], ["b/gpu-1"]] && run.notes == [])
  }

  @Test func mistakesOfAllocatedClaimsLetNoDeviceGo() throws {
    let cluster = try manifests(claimCluster + "\n---\n" + holder("requests: [{nam: r}]"))
    #expect(
      cluster.problems.map(\.description) == [
        "ResourceClaim default/held: spec.devices.requests[0].name: is required"
      ])
    let run = try PlacementRun(
      cluster: cluster, wanted: manifests(twoH100.joined(separator: "\n---\n")), isLenient: true)
    try run.run()
    #expect(claimedDevices(run) == [["b/gpu-1"], []])
  }

  @Test func claimsThatAreNotInTheFilesAreNoted() throws {
    let parts = holder("requests: []").components(separatedBy: "\n---\n")
    let note =
      "the files do not say what the resource claims of running pods were allocated: they hold no such devices here "
    let run = try runClaims(twoH100, beside: parts[1])
    #expect(run.notes == [note + "(default/running)"])
    let other = parts[1].replacing("running", with: "other").replacing("Name: held", with: "TemplateName: t")
    #expect(try runClaims([], beside: parts[1] + "\n---\n" + other).notes == [note + "(default/running and 1 more)"])
    let bare = "kind: Node\nmetadata: {name: b}\nstatus: {allocatable: {pods: 5}}\n---\n" + holder("requests: []")
    #expect(
      try PlacementRun(cluster: manifests(bare), wanted: manifests(podYAML("")), isLenient: false).notes == [
        "without resource slices, running pods do not hold what their claims were allocated (default/running)"
      ])
  }

  @Test func withoutSlicesClaimsAreNotHonoured() throws {
    let run = try PlacementRun(
      cluster: manifests("kind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {pods: 5}}"),
      wanted: manifests(claimingPod("p", claimRequest("gpu.nvidia.com"))), isLenient: false)
    try run.run()
    #expect(run.decisions[0].node == "n1")
    #expect(
      run.notes == [
        "not honoured yet: resource claims: where the devices are, without the cluster's resource slices (default/p)"
      ])
  }
}
