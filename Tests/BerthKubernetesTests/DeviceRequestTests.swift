import CBerth
import Testing

@testable import BerthKubernetes

/// What a pod that requests these resources asks for.
private func pod(_ resources: String, annotations: String = "") throws -> Manifests {
  try manifests(
    """
    kind: Pod
    metadata: {name: web-1, annotations: {\(annotations)}}
    spec: {containers: [{name: main, image: web, resources: {limits: {\(resources)}}}]}
    """)
}

struct DeviceRequestTests {
  private func request(_ resources: String, annotations: String = "") throws -> DeviceRequest? {
    let read = try pod(resources, annotations: annotations)
    #expect(read.problems == [], "\(resources)")
    return try #require(read.pods.first).devices
  }

  @Test(
    arguments: [
      ("nvidia.com/gpu: 3", 3, 0), ("nvidia.com/gpu: 1, nvidia.com/gpucores: 100", 1, 0),
      ("nvidia.com/gpu: 2, nvidia.com/gpumem: 4000, nvidia.com/gpucores: 100", 2, 4000),
      ("nvidia.com/gpu: 1, nvidia.com/gpumem-percentage: 100", 1, 0),
      ("aliyun.com/gpu-mem: 8, aliyun.com/gpu-core.percentage: 100", 1, 8192), ("koordinator.sh/gpu: 100", 1, 0),
      ("koordinator.sh/gpu: 400", 4, 0),
      ("koordinator.sh/gpu-core: 200, koordinator.sh/gpu-memory-ratio: 200", 2, 0),
      ("koordinator.sh/gpu-core: 200, koordinator.sh/gpu-memory: 32Gi", 2, 16384),
      ("koordinator.sh/gpu.shared: 2, koordinator.sh/gpu-core: 200, koordinator.sh/gpu-memory: 32Gi", 2, 16384),
      ("koordinator.sh/gpu-memory-ratio: 100", 1, 0), ("volcano.sh/gpu-number: 2", 2, 0),
      ("volcano.sh/vgpu-number: 2", 2, 0),
    ])
  func wholeGPUs(resources: String, count: Int, memory: UInt32) throws {
    let found = try #require(try request(resources))
    #expect(found.kind == .whole && found.gpuCount == count && found.memoryMiB == memory)
  }

  @Test(
    arguments: [
      ("nvidia.com/gpu: 1, nvidia.com/gpumem: 3000", 0, 3000, 0),
      ("nvidia.com/gpumem: 3000, nvidia.com/gpucores: 30", 300, 3000, 0),
      ("nvidia.com/gpu: 1, nvidia.com/gpumem-percentage: 40", 0, 0, 40),
      ("nvidia.com/gpu: 1, nvidia.com/gpucores: 30", 300, 0, 100),
      ("aliyun.com/gpu-mem: 3", 0, 3072, 0),
      ("aliyun.com/gpu-mem: 3, aliyun.com/gpu-core.percentage: 25", 250, 3072, 0),
      ("koordinator.sh/gpu: 50", 500, 0, 50),
      ("koordinator.sh/gpu-core: 30, koordinator.sh/gpu-memory: 8Gi", 300, 8192, 0),
      ("koordinator.sh/gpu-memory: 1000000", 0, 1, 0),
      ("koordinator.sh/gpu.shared: 1, koordinator.sh/gpu-memory-ratio: 20", 0, 0, 20),
      ("volcano.sh/gpu-memory: 1024", 0, 1024, 0),
      ("volcano.sh/vgpu-number: 1, volcano.sh/vgpu-memory: 512, volcano.sh/vgpu-cores: 10", 100, 512, 0),
    ])
  func shares(resources: String, milli: UInt32, memory: UInt32, percent: UInt32) throws {
    let found = try #require(try request(resources))
    #expect(found.kind == .share && found.gpuCount == 1)
    #expect(found.milli == milli && found.memoryMiB == memory && found.memoryPercent == percent)
  }

  @Test func instancesAndSlices() throws {
    let instance = try #require(try request("nvidia.com/mig-1g.10gb: 1"))
    #expect(instance.kind == .instance && instance.profile == "1g.10gb")
    #expect(try #require(try request("nvidia.com/gpu.shared: 1")).kind == .slice)
    #expect(try request("cpu: 1, rdma/hca: 2") == nil)
  }

  @Test func containersAndInitContainersAreCountedAsKubernetesDoes() throws {
    let read = try manifests(
      podYAML(
        "initContainers: [{name: i, image: i, resources: {limits: {nvidia.com/gpu: 4}}}]",
        containers: "[{name: a, image: i, resources: {limits: {nvidia.com/gpu: 1}}}, "
          + "{name: b, image: i, resources: {limits: {nvidia.com/gpu: 2}}}]"))
    #expect(try #require(read.pods.first).devices?.gpuCount == 4)
  }

  @Test func annotationsAddModelsLinksAndNICs() throws {
    let annotations =
      #"berth.dev/gpu-models: "A100 | H100", berth.dev/gpu-links: "nvswitch,required", "#
      + #"berth.dev/nics-by-switch: "true""#
    let found = try #require(try request("nvidia.com/gpu: 4, rdma/hca: 2", annotations: annotations))
    #expect(found.models == ["A100", "H100"] && found.nicCount == 2 && found.nicsBySwitch)
    #expect(found.linkRequired == UInt32(BERTH_LINK_NVSWITCH) && found.prefersLinks)
    let preferred = try #require(
      try request("nvidia.com/gpu: 4", annotations: #"berth.dev/gpu-links: "numa,preferred""#))
    #expect(preferred.linkRequired == 0 && preferred.prefersLinks)
    let hami = try #require(try request("nvidia.com/gpu: 1", annotations: "nvidia.com/use-gputype: 'A10,T4'"))
    #expect(hami.models == ["A10", "T4"])
    #expect(try #require(try request("nvidia.com/gpu: 1, koordinator.sh/rdma: 150")).nicCount == 2)
  }

  @Test(
    arguments: [
      ("A100", "NVIDIA-A100-SXM4-80GB", true), ("a100 80gb", "A100-SXM4-80GB", true),
      ("H100", "NVIDIA-H100-80GB-HBM3", true),
      ("NVIDIA-H100-80GB-HBM3", "H100-SXM5-80GB", false), ("A10", "A100-SXM4-80GB", false), ("T4", "Tesla-T4", true),
      ("SXM4", "A100-SXM4-80GB", false), ("", "T4", false),
    ])
  func modelsAreNamedByTheirWords(asked: String, model: String, matches: Bool) {
    #expect(ModelNames.matches(asked, model) == matches)
  }
}

struct DeviceMistakeTests {
  @Test(
    arguments: [
      ("nvidia.com/gpu: 17", "[nvidia.com/gpu]: 17 are more GPUs than a node can have (16)"),
      ("nvidia.com/gpu: 1, aliyun.com/gpu-mem: 1", "[aliyun.com/gpu-mem]: contradicts nvidia.com/gpu"),
      ("nvidia.com/gpu: 1, nvidia.com/mig-1g.5gb: 1", "[nvidia.com/gpu]: contradicts nvidia.com/mig-1g.5gb"),
      ("nvidia.com/gpu: 1, koordinator.sh/gpu: 50", "[koordinator.sh/gpu]: contradicts nvidia.com/gpu"),
      (
        "nvidia.com/gpu: 1, nvidia.com/gpumem: 5, nvidia.com/gpumem-percentage: 5",
        "[nvidia.com/gpumem-percentage]: contradicts nvidia.com/gpumem"
      ),
      ("nvidia.com/gpu: 1, nvidia.com/gpucores: 101", "[nvidia.com/gpucores]: must be between 1 and 100"),
      (
        "nvidia.com/gpu: 2, nvidia.com/gpumem: 5",
        "[nvidia.com/gpu]: must be 1 where less than whole GPUs are asked for: shares of 2 GPUs are not supported"
      ),
      ("nvidia.com/mig-1g.5gb: 2", "[nvidia.com/mig-1g.5gb]: must be 1: a pod is placed with one MIG instance"),
      ("nvidia.com/mig-1g.5gb.me: 1", "[nvidia.com/mig-1g.5gb.me]: '1g.5gb.me' is no MIG profile that is known here"),
      ("nvidia.com/gpu.shared: 2", "[nvidia.com/gpu.shared]: must be 1: more slices of time may be of the same GPU"),
      ("aliyun.com/gpu-core.percentage: 20", "[aliyun.com/gpu-core.percentage]: needs aliyun.com/gpu-mem beside it"),
      (
        "aliyun.com/gpu-mem: 1, aliyun.com/gpu-core.percentage: 7",
        "[aliyun.com/gpu-core.percentage]: must be a multiple of 5"
      ),
      ("aliyun.com/gpu-mem: 1, aliyun.com/gpu-count: 2", "[aliyun.com/gpu-count]: must be 1"),
      (
        "koordinator.sh/gpu-core: 50",
        "[koordinator.sh/gpu-core]: needs koordinator.sh/gpu-memory or koordinator.sh/gpu-memory-ratio beside it"
      ),
      ("koordinator.sh/gpu: 150", "[koordinator.sh/gpu]: must be at most 100, or a multiple of 100"),
      (
        "koordinator.sh/gpu-core: 100, koordinator.sh/gpu-memory-ratio: 200",
        "[koordinator.sh/gpu-memory-ratio]: is of 2 GPUs, koordinator.sh/gpu-core of 1"
      ),
      (
        "koordinator.sh/gpu: 50, koordinator.sh/gpu-core: 50",
        "[koordinator.sh/gpu-core]: contradicts koordinator.sh/gpu"
      ),
      (
        "koordinator.sh/gpu-memory: 1Gi, koordinator.sh/gpu-memory-ratio: 5",
        "[koordinator.sh/gpu-memory-ratio]: contradicts koordinator.sh/gpu-memory"
      ),
      (
        "koordinator.sh/gpu.shared: 2, koordinator.sh/gpu-memory-ratio: 50",
        "[koordinator.sh/gpu.shared]: must be 1 where less than whole GPUs are asked for"
      ),
      (
        "volcano.sh/gpu-memory: 1, volcano.sh/gpu-number: 1",
        "[volcano.sh/gpu-number]: contradicts volcano.sh/gpu-memory"
      ),
      ("volcano.sh/gpu-mem: 1", "[volcano.sh/gpu-mem]: is no known way to ask for GPUs"),
      ("nvidia.com/gpu: 500m", "[nvidia.com/gpu]: must be a whole number"),
      ("nvidia.com/gpu: 1, rdma/hca: 17", "[rdma/hca]: is more NICs than a node can have (16)"),
    ])
  func resourceIsNamed(resources: String, message: String) throws {
    let found = try pod(resources).problems.map(\.description)
    #expect(found.count == 1, "\(found)")
    let start = "Pod default/web-1: spec.containers[0].resources.requests" + message
    #expect(found.first?.hasPrefix(start) == true, "\(found), expected \(start)")
  }

  /// Whatever is asked for, it is refused and nothing overflows.
  @Test(
    arguments: [
      "koordinator.sh/gpu-memory: 10E, koordinator.sh/gpu-core: 50", "koordinator.sh/gpu-memory: 10E",
      "koordinator.sh/gpu.shared: 10E, koordinator.sh/gpu: 10E", "koordinator.sh/gpu-memory-ratio: 10E",
      "nvidia.com/gpu: 1, koordinator.sh/rdma: 10E", "nvidia.com/gpu: 1, koordinator.sh/rdma: 10E, rdma/hca: 10E",
      "nvidia.com/gpu: 10E", "nvidia.com/gpu: 1, nvidia.com/gpumem: 10E, nvidia.com/gpucores: 10E",
      "aliyun.com/gpu-mem: 10E, aliyun.com/gpu-core.percentage: 10E, aliyun.com/gpu-count: 10E",
      "volcano.sh/gpu-memory: 10E", "volcano.sh/gpu-number: 10E", "nvidia.com/mig-1g.5gb: 10E",
    ])
  func hugeQuantitiesAreRefused(resources: String) throws {
    let found = try pod(resources).problems.map(\.description)
    #expect(found.contains { $0.contains("is more than the engine can count (1125899906842624)") }, "\(found)")
    let node = "kind: Node\nmetadata: {name: n}\nstatus: {allocatable: {\(resources)}}"
    #expect(try manifests(node).problems.isEmpty == false)
  }

  @Test(
    arguments: [
      ("cpu: 1", "berth.dev/gpu-models: T4", "[berth.dev/gpu-models]: is of a pod that asks for no GPUs"),
      (
        "nvidia.com/gpu: 1", "berth.dev/gpu-models: 'T4|'",
        "[berth.dev/gpu-models]: must be names of models with | between"
      ),
      ("nvidia.com/gpu: 1", "berth.dev/gpu-models: 5", "[berth.dev/gpu-models]: must be a string"),
      ("nvidia.com/gpu: 2", "berth.dev/gpu-links: fast", "[berth.dev/gpu-links]: 'fast' is none of nvlink, nvswitch"),
      ("nvidia.com/gpu: 2", "berth.dev/gpu-links: 'numa,maybe'", "[berth.dev/gpu-links]: 'numa,maybe' is none of"),
      (
        "aliyun.com/gpu-mem: 2", "berth.dev/gpu-links: numa",
        "[berth.dev/gpu-links]: is of a pod that asks for less than"
      ),
      (
        "nvidia.com/gpu: 2", "berth.dev/nics-by-switch: 'yes'",
        "[berth.dev/nics-by-switch]: must be \"true\" or \"false\""
      ),
      (
        "nvidia.com/gpu: 2", "berth.dev/nics-by-switch: 'true'",
        "[berth.dev/nics-by-switch]: is of a pod that asks for no NICs"
      ),
      ("nvidia.com/gpu: 2", "nvidia.com/use-gpuuuid: GPU-1", "[nvidia.com/use-gpuuuid]: is not supported"),
      ("nvidia.com/gpu: 2", "berth.dev/gpus: '0,16'", "[berth.dev/gpus]: '0,16' is no list of indices below 16"),
      ("nvidia.com/gpu: 2", "berth.dev/gpus: '1,1'", "[berth.dev/gpus]: '1,1' is no list of indices below 16"),
      (
        "nvidia.com/gpu: 2", "scheduling.koordinator.sh/device-allocated: '{\"gpu\": [{}]}'",
        "[scheduling.koordinator.sh/device-allocated]: is no JSON of devices with their minors"
      ),
    ])
  func annotationIsNamed(resources: String, annotation: String, message: String) throws {
    let found = try pod(resources, annotations: annotation).problems.map(\.description)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.hasPrefix("Pod default/web-1: metadata.annotations" + message) == true, "\(found)")
  }

  @Test(
    arguments: [
      ("nvidia.com/gpu.count: '99'", "", "labels[nvidia.com/gpu.count]: 99 GPUs: at most 16 of a node"),
      ("", "berth.dev/sick-gpus: 3", "annotations[berth.dev/sick-gpus]: must be a string"),
      ("nvidia.com/gpu.memory: big", "", "labels[nvidia.com/gpu.memory]: 'big' is no number between 0 and"),
      ("nvidia.com/gpu.replicas: '40'", "", "labels[nvidia.com/gpu.replicas]: 40 slices of a GPU: at most 31"),
      ("", "berth.dev/sick-gpus: '3,x'", "annotations[berth.dev/sick-gpus]: '3,x' is no list of indices below 16"),
      (
        "", "berth.dev/machine: a, berth.dev/topology: b",
        "annotations[berth.dev/topology]: contradicts berth.dev/machine"
      ),
      (
        "", "berth.dev/topology: b", "annotations[berth.dev/topology]: needs the label nvidia.com/gpu.product beside it"
      ),
    ])
  func nodesAreNamed(labels: String, annotations: String, message: String) throws {
    let found = try manifests(
      """
      kind: Node
      metadata: {name: n1, labels: {\(labels)}, annotations: {\(annotations)}}
      status: {allocatable: {nvidia.com/gpu: 2}}
      """
    ).problems.map(\.description)
    #expect(found.count == 1 && found[0].hasPrefix("Node n1: metadata." + message), "\(found)")
  }
}
