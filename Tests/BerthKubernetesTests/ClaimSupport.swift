@testable import BerthKubernetes

/// Two nodes whose GPUs a driver lists: a with two pairs of A100 below two PCIe roots, of which the first can be cut,
/// and b with two H100.
let claimCluster = """
  kind: Node
  metadata: {name: a}
  status: {allocatable: {cpu: 64, memory: 512Gi, pods: 110}}
  ---
  kind: Node
  metadata: {name: b}
  status: {allocatable: {cpu: 64, memory: 512Gi, pods: 110}}
  ---
  apiVersion: resource.k8s.io/v1
  kind: ResourceSlice
  metadata: {name: a-1}
  spec:
    nodeName: a
    driver: gpu.nvidia.com
    pool: {name: a, generation: 2, resourceSliceCount: 1}
    devices:
    - {name: gpu-1, attributes: {\(a100("00"))}, capacity: {memory: {value: 40Gi}}}
    - name: gpu-0
      attributes: {\(a100("00"))}
      capacity: {memory: {value: 40Gi}}
      consumesCounters: [{counterSet: set-0, counters: {\((0..<8).map { "memory-slice-\($0): {value: 1}" }.joined(separator: ", "))}}]
    \((0..<7).map(partition).joined(separator: "\n  "))
    - {name: gpu-2, attributes: {\(a100("80"))}, capacity: {memory: {value: 40Gi}}}
    - {name: gpu-3, attributes: {\(a100("80"))}, capacity: {memory: {value: 40Gi}}, taints: [\(taint)]}
    - {name: gpu-4, attributes: {\(a100("80"))}, capacity: {memory: {value: 40Gi}}}
  ---
  apiVersion: resource.k8s.io/v1
  kind: ResourceSlice
  metadata: {name: b-1}
  spec:
    nodeName: b
    driver: gpu.nvidia.com
    pool: {name: b, generation: 1, resourceSliceCount: 1}
    devices:
    - {name: gpu-0, attributes: {type: {string: gpu}, productName: {string: NVIDIA H100}, minor: {int: 1}}, capacity: {memory: {value: 80Gi}}}
    - {name: gpu-1, attributes: {type: {string: gpu}, productName: {string: NVIDIA H100}, minor: {int: 0}}, capacity: {memory: {value: 80Gi}}}
  ---
  apiVersion: resource.k8s.io/v1
  kind: DeviceClass
  metadata: {name: gpu.nvidia.com}
  spec: {selectors: [{cel: {expression: "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'gpu'"}}]}
  ---
  apiVersion: resource.k8s.io/v1
  kind: DeviceClass
  metadata: {name: mig.nvidia.com}
  spec:
    selectors: [{cel: {expression: "device.attributes['gpu.nvidia.com'].type == 'mig'"}}]
    config: [{opaque: {driver: gpu.nvidia.com, parameters: {kind: MigDeviceConfig}}}]
  """

private let taint = "{key: sick, effect: NoExecute}"

private func a100(_ root: String) -> String {
  "type: {string: gpu}, productName: {string: NVIDIA A100-SXM4-40GB}, "
    + "resource.kubernetes.io/pcieRoot: {string: 'pci0000:\(root)'}, driverVersion: {version: 580.0.0}"
}

private func partition(_ slice: Int) -> String {
  "- {name: gpu-0-mig-1g5gb-\(slice), attributes: {type: {string: mig}, profile: {string: 1g.5gb}, index: {int: \(slice)}}, "
    + "consumesCounters: [{counterSet: set-0, counters: {memory-slice-\(slice): {value: 1}}}]}"
}

/// A pod `name`, whose claim has these requests, and what stands beside them.
func claimingPod(_ name: String, _ requests: String, rest: String = "") -> String {
  """
  kind: Pod
  metadata: {name: \(name)}
  spec: {resourceClaims: [{name: gpu, resourceClaimTemplateName: \(name)}], containers: [{name: c, image: i}]}
  ---
  apiVersion: resource.k8s.io/v1
  kind: ResourceClaimTemplate
  metadata: {name: \(name)}
  spec:
    spec:
      devices:
        requests: [\(requests)]
        \(rest)
  """
}

func claimRequest(_ deviceClass: String, _ selector: String? = nil, _ rest: String = "", name: String = "r")
  -> String
{
  let selectors = selector.map { ", selectors: [{cel: {expression: '\($0)'}}]" } ?? ""
  return "{name: \(name), exactly: {deviceClassName: \(deviceClass)\(selectors)\(rest)}}"
}

func runClaims(_ pods: [String], beside: String? = nil) throws -> PlacementRun {
  let all = try manifests(claimCluster + (beside.map { "\n---\n" + $0 } ?? ""))
  let run = try PlacementRun(
    cluster: all, wanted: try manifests(pods.joined(separator: "\n---\n")), isLenient: false)
  try run.run()
  return run
}

func claimProblem(_ pods: String..., beside: String? = nil) throws -> String {
  do {
    _ = try runClaims(pods, beside: beside)
    return "none"
  } catch let bad as BadInput {
    return bad.problems.map(\.description).joined(separator: "\n")
  }
}

func claimedDevices(_ run: PlacementRun) -> [[String]] {
  run.decisions.map { decision in
    decision.allocations.flatMap { $0.results.map { "\(decision.node ?? "")/\($0.device)" } }.sorted()
  }
}
