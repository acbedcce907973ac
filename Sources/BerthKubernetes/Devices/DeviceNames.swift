/// What Kubernetes and its schedulers call GPUs: extended resources, labels and annotations.
enum DeviceNames {
  // MARK: Resources

  static let gpu = "nvidia.com/gpu"
  /// NVIDIA's device plugin with `renameByDefault`: a replica of a GPU whose time is sliced.
  static let sharedGPU = "nvidia.com/gpu.shared"
  static let migPrefix = "nvidia.com/mig-"
  /// The RDMA shared device plugin and SR-IOV plugins name their pools below this domain.
  static let rdmaPrefix = "rdma/"
  static let koordinatorRDMA = "koordinator.sh/rdma"

  static func isNIC(_ resource: String) -> Bool { resource.hasPrefix(rdmaPrefix) || resource == koordinatorRDMA }

  private static let gpuDomains = [
    "nvidia.com/gpu", "nvidia.com/mig-", "aliyun.com/gpu-", "koordinator.sh/gpu", "volcano.sh/gpu-",
    "volcano.sh/vgpu-",
  ]

  static func isGPU(_ resource: String) -> Bool { gpuDomains.contains { resource.hasPrefix($0) } }

  /// Resources that only schedulers count which share GPUs, and that a node may not list for all its GPUs: what a pod
  /// asks of these is its demand for devices, and counts as a resource only where some node of the cluster lists it.
  static func isCountedByDevices(_ resource: String) -> Bool {
    isNIC(resource) || (isGPU(resource) && resource != gpu && !resource.hasPrefix(migPrefix))
  }

  // MARK: Labels of GPU feature discovery

  static let product = "nvidia.com/gpu.product"
  static let count = "nvidia.com/gpu.count"
  /// In MiB.
  static let memory = "nvidia.com/gpu.memory"
  static let replicas = "nvidia.com/gpu.replicas"
  static let sharingStrategy = "nvidia.com/gpu.sharing-strategy"
  static let migStrategy = "nvidia.com/mig.strategy"
  static let koordinatorModel = "node.koordinator.sh/gpu-model"

  // MARK: Annotations

  /// Of a node: a machine that the engine knows by name.
  static let machine = "berth.dev/machine"
  /// Of a node: what `nvidia-smi topo -m` printed there.
  static let topology = "berth.dev/topology"
  /// Of a node: indices of GPUs that no pod must get.
  static let sickGPUs = "berth.dev/sick-gpus"
  static let volcanoSickGPUs = "volcano.sh/gpu-unhealthy-ids"
  /// Of a pod: models, one of which will do.
  static let models = "berth.dev/gpu-models"
  static let links = "berth.dev/gpu-links"
  static let nicsBySwitch = "berth.dev/nics-by-switch"
  /// Of a pod: HAMi's kinds of GPUs, and what is not understood of its annotations here.
  static let hamiModels = "nvidia.com/use-gputype"
  static let hamiOthers = ["nvidia.com/nouse-gputype", "nvidia.com/use-gpuuuid", "nvidia.com/nouse-gpuuuid"]

  /// Of a running pod: indices of its GPUs, "0,1,4,5", and the memory slices of its MIG instance.
  static let gpus = "berth.dev/gpus"
  static let migSlices = "berth.dev/mig-slices"
  static let nics = "berth.dev/nics"
  static let koordinatorAllocated = "scheduling.koordinator.sh/device-allocated"
  static let aliyunIndex = "ALIYUN_COM_GPU_MEM_IDX"
  static let aliyunPod = "ALIYUN_COM_GPU_MEM_POD"
  static let aliyunDevice = "ALIYUN_COM_GPU_MEM_DEV"
  static let aliyunAssigned = "ALIYUN_COM_GPU_MEM_ASSIGNED"
  static let volcanoIndex = "volcano.sh/gpu-index"

  /// All annotations that are read; dumps have many more, some of them large.
  static let annotations: [StaticString] = [
    "berth.dev/machine", "berth.dev/topology", "berth.dev/sick-gpus", "volcano.sh/gpu-unhealthy-ids",
    "berth.dev/gpu-models", "berth.dev/gpu-links", "berth.dev/nics-by-switch", "nvidia.com/use-gputype",
    "nvidia.com/nouse-gputype", "nvidia.com/use-gpuuuid", "nvidia.com/nouse-gpuuuid", "berth.dev/gpus",
    "berth.dev/mig-slices", "berth.dev/nics", "scheduling.koordinator.sh/device-allocated", "ALIYUN_COM_GPU_MEM_IDX",
    "volcano.sh/gpu-index",
  ]

  static func isAnnotation(_ name: String) -> Bool { annotations.contains { "\($0)" == name } }
}
