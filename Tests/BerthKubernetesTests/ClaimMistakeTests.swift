import Testing

@testable import BerthKubernetes

struct ClaimMistakeTests {
  private func inTemplate(_ message: String) -> String {
    "ResourceClaimTemplate default/p: spec.spec.devices." + message
  }

  @Test(
    arguments: [
      (
        claimRequest("gpu.nvidia.com", "has(device.driver)"),
        "requests[0].exactly.selectors[0].cel.expression: column 1: 'has' is"
      ),
      (claimRequest("gpu.nvidia.com", nil, ", count: 0"), "requests[0].exactly.count: must be between 1 and 16"),
      (claimRequest("gpu.nvidia.com", nil, ", adminAccess: true"), "requests[0].exactly.adminAccess: is not supported"),
      (claimRequest("gpu.nvidia.com", nil, ", tolerations: [{}]"), "requests[0].exactly.tolerations: is not supported"),
      (
        claimRequest("gpu.nvidia.com", nil, ", adminAccess: 1"),
        "requests[0].exactly.adminAccess: must be true or false"
      ),
      (claimRequest("gpu.nvidia.com", nil, ", cout: 2"), "requests[0].exactly.cout: unknown field"),
      (
        claimRequest("gpu.nvidia.com", nil, ", selectors: [{cel: {expression: 'true'}, x: 1}]"),
        "requests[0].exactly.selectors[0].x: unknown field"
      ),
      (
        claimRequest("gpu.nvidia.com", nil, ", selectors: [{cel: {expression: 'true', x: 1}}]"),
        "requests[0].exactly.selectors[0].cel.x: unknown field"
      ),
      (
        claimRequest("gpu.nvidia.com").replacing("{name: r,", with: "{name: r, count: 2,"),
        "requests[0].count: unknown field"
      ),
      ("{name: r, deviceClassName: gpu.nvidia.com, cout: 2}", "requests[0].cout: unknown field"),
      (
        claimRequest("gpu.nvidia.com", nil, ", allocationMode: Some"),
        "requests[0].exactly.allocationMode: 'Some' is none of"
      ),
      ("{name: r, firstAvailable: []}", "requests[0].firstAvailable: is not supported"),
      ("{name: r, exactly: {}}", "requests[0].exactly.deviceClassName: is required"),
      ("{name: r, exacly: {}}", "requests[0].exacly: unknown field"),
      (claimRequest("none"), "requests[0]: there is no DeviceClass 'none'"),
      (
        claimRequest("gpu.nvidia.com", name: "x") + ", " + claimRequest("mig.nvidia.com", name: "z"),
        "requests[1]: asks for other devices than the pod's other requests"
      ),
      (
        claimRequest("mig.nvidia.com", #"device.attributes["gpu.nvidia.com"].index < 3"#),
        "requests[0]: selects some of the places of MIG profile 1g.5gb"
      ),
      (claimRequest("mig.nvidia.com", nil, ", count: 2"), "a pod is placed with one MIG instance"),
      (
        claimRequest("gpu.nvidia.com", nil, ", count: 9") + ", "
          + claimRequest("gpu.nvidia.com", nil, ", count: 9", name: "s"),
        "18 are more GPUs"
      ),
    ])
  func requestIsNamed(requests: String, message: String) throws {
    let found = try claimProblem(claimingPod("p", requests))
    #expect(found.contains("ResourceClaimTemplate default/p: spec.spec.devices"), "\(found)")
    #expect(found.contains(message), "\(found)")
  }

  @Test(
    arguments: [
      (
        "{matchAttribute: gpu.nvidia.com/productName}",
        "constraints[0].matchAttribute: 'gpu.nvidia.com/productName' is not the same"
      ),
      ("{matchAttribute: gpu.nvidia.com/none}", nil),
      ("{distinctAttribute: a/b}", "constraints[0].distinctAttribute: is not supported"),
      ("{}", "constraints[0].matchAttribute: is required"),
      ("{matchAttribute: a/b, x: 1}", "constraints[0].x: unknown field"),
    ] as [(String, String?)])
  func constraintIsNamed(constraint: String, message: String?) throws {
    let mixed = claimCluster.replacing(
      "productName: {string: NVIDIA H100}, minor: {int: 1}", with: "productName: {string: NVIDIA L4}")
    let wanted = claimingPod(
      "p", claimRequest("gpu.nvidia.com", nil, ", count: 2"), rest: "constraints: [\(constraint)]")
    do {
      let run = try PlacementRun(cluster: manifests(mixed), wanted: manifests(wanted), isLenient: false)
      try run.run()
      Issue.record("\(constraint) was placed")
    } catch let bad as BadInput {
      let found = bad.problems.map(\.description).joined(separator: "\n")
      #expect(found.contains(inTemplate(message ?? "constraints[0].matchAttribute: ")), "\(found)")
    }
  }

  @Test func fieldsThatSayNothingAreRead() throws {
    let empty = "adminAccess: false, tolerations: [], capacity: {}"
    for request in [
      claimRequest("gpu.nvidia.com", nil, ", " + empty), "{name: r, deviceClassName: gpu.nvidia.com, \(empty)}",
    ] {
      #expect(claimedDevices(try runClaims([claimingPod("p", request)]))[0].count == 1)
    }
  }

  @Test func fieldsOfClassesAreNamed() throws {
    let read = try manifests(
      "kind: DeviceClass\nmetadata: {name: c}\nspec: {selectors: [{cel: {expresion: 'true'}}], confg: [], config: []}")
    #expect(
      read.problems.map(\.description) == [
        "DeviceClass c: spec.confg: unknown field", "DeviceClass c: spec.selectors[0].cel.expresion: unknown field",
        "DeviceClass c: spec.selectors[0].cel.expression: is required",
      ])
  }

  @Test func slicesAndPodsAreNamed() throws {
    #expect(
      try claimProblem(
        "kind: Pod\nmetadata: {name: p}\nspec: {resourceClaims: [{name: g, resourceClaimName: gone}], containers: [{name: c, image: i}]}"
      )
        == "Pod default/p: spec.resourceClaims[0].resourceClaimName: there is no ResourceClaim 'default/gone'")
    #expect(
      try mistakes("resourceClaims: [{name: g}]") == [
        "Pod default/web-1: spec.resourceClaims[0]: must have one of resourceClaimName, resourceClaimTemplateName"
      ])
    let lost = claimCluster.replacing("nodeName: b", with: "nodeName: c")
    #expect(throws: BadInput.self) {
      try PlacementRun(cluster: manifests(lost), wanted: manifests(podYAML("")), isLenient: false)
    }
    for (part, message) in [
      ("driver: gpu.nvidia.com", "spec.nodeName: is required"), ("driver: ''", "spec.driver: must not be empty"),
      ("driver: gpu.nvidia.com, nodeName: n, x: {version: a}", nil),
    ] as [(String, String?)] {
      let read = try manifests(
        "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: s}\n"
          + "spec: {\(part), pool: {name: p}, devices: [{name: d, attributes: {}}]}")
      if let message {
        #expect(
          read.problems.map(\.description).contains("ResourceSlice s: \(message)")
            || read.problems.contains { $0.description.contains(message) })
      }
    }
    let version = try manifests(
      "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: s}\n"
        + "spec: {driver: d, pool: {name: p}, devices: [{name: d, attributes: {v: {version: 1.x}}}, {name: e, attributes: {v: {}}}]}"
    )
    #expect(
      version.problems.map(\.description) == [
        "ResourceSlice s: spec.devices[0].attributes.v.version: '1.x' is no version",
        "ResourceSlice s: spec.devices[1].attributes.v: must have one of string, int, bool, version",
      ])
  }

  /// Whatever is cut from or swapped in manifests, they are placed or refused.
  @Test(arguments: 0..<100)
  func mangledObjectsArePlacedOrRefused(seed: Int) {
    let text =
      claimCluster + "\n---\n"
      + claimingPod("p", claimRequest("gpu.nvidia.com", "device.driver != \"x\"", ", count: 2"))
        + """

        ---
        kind: Node
        metadata: {name: c, labels: {nvidia.com/gpu.product: T4, nvidia.com/gpu.count: '4', nvidia.com/gpu.replicas: '2'},
          annotations: {berth.dev/sick-gpus: '1,2'}}
        status: {allocatable: {cpu: 64, nvidia.com/gpu: 8, rdma/hca: 4, pods: 110}}
        ---
        kind: Pod
        metadata: {name: r, annotations: {scheduling.koordinator.sh/device-allocated: '{"gpu": [{"minor": 0}]}'}}
        spec: {nodeName: c, containers: [{name: c, image: i, resources: {limits: {koordinator.sh/gpu: 50}}}]}
        ---
        kind: Pod
        metadata: {name: s, annotations: {berth.dev/gpu-links: numa, berth.dev/gpu-models: "T4|A100"}}
        spec: {containers: [{name: c, image: i, resources: {limits: {nvidia.com/gpu: 2, rdma/hca: 1}}}]}
        """
    guard let read = try? manifests(mangled(text, seed: seed)) else { return }
    var wanted = read
    wanted.nodes = []
    for isLenient in [false, true] {
      guard let run = try? PlacementRun(cluster: read, wanted: wanted, isLenient: isLenient) else { continue }
      try? run.run()
      _ = try? run.manifests()
    }
  }
}
