/// The forms in which schedulers tell kubelets and device plugins which GPUs a pod got.
struct AssignmentAnnotations {
  let assignment: DeviceAssignment
  let request: DeviceRequest
  /// Memory of each of the pod's GPUs.
  let memoryMiB: [UInt32]

  /// By name. `berth.dev/gpus` is there always; the others as far as the scheduler whose form it is has such devices.
  var all: [(name: String, value: String)] {
    var list = [(DeviceNames.gpus, assignment.visibleDevices)]
    if !assignment.migSlices.isEmpty {
      list.append((DeviceNames.migSlices, assignment.migSlices.map(String.init).joined(separator: ",")))
    }
    if !assignment.nics.isEmpty {
      list.append((DeviceNames.nics, assignment.nics.map(String.init).joined(separator: ",")))
    }
    if request.dialect == .aliyun { list += aliyun }
    if request.dialect == .volcano { list.append((DeviceNames.volcanoIndex, assignment.visibleDevices)) }
    if request.kind == .whole || request.kind == .share, assignment.shareMilli == 1000 || request.kind == .share {
      list.append((DeviceNames.koordinatorAllocated, koordinator))
    }
    return list.sorted { $0.0 < $1.0 }
  }

  /// What gpushare's device plugin looks for, in GiB (gpushare-scheduler-extender pkg/utils/pod.go). The time at which
  /// it was decided, ALIYUN_COM_GPU_MEM_ASSUME_TIME, whoever binds the pod adds.
  private var aliyun: [(String, String)] {
    let memory = memoryMiB.first ?? 0
    let asked = request.memoryMiB
    return [
      (DeviceNames.aliyunIndex, assignment.visibleDevices), (DeviceNames.aliyunDevice, "\(memory >> 10)"),
      (DeviceNames.aliyunPod, "\(asked >> 10)"), (DeviceNames.aliyunAssigned, "false"),
    ]
  }

  /// DeviceAllocations of Koordinator's apis/extension/device_share.go, with quantities as Kubernetes prints them.
  private var koordinator: String {
    let gpus = zip(assignment.gpus, memoryMiB).map { gpu, memory -> String in
      let isWhole = assignment.shareMilli == 1000
      let used = isWhole ? memory : UInt32(assignment.memoryMiB)
      var resources: [String] = []
      if assignment.shareMilli > 0 {
        resources.append(#""koordinator.sh/gpu-core":"\#((assignment.shareMilli + 9) / 10)""#)
      }
      if used > 0 {
        let ratio = memory == 0 ? 100 : (UInt64(used) * 100 + UInt64(memory) - 1) / UInt64(memory)
        resources.append(#""koordinator.sh/gpu-memory":"\#(used)Mi""#)
        resources.append(#""koordinator.sh/gpu-memory-ratio":"\#(ratio)""#)
      }
      return #"{"minor":\#(gpu),"resources":{\#(resources.joined(separator: ","))}}"#
    }
    let nics = assignment.nics.map { #"{"minor":\#($0),"resources":{"koordinator.sh/rdma":"100"}}"# }
    let rdma = nics.isEmpty ? "" : #","rdma":[\#(nics.joined(separator: ","))]"#
    return #"{"gpu":[\#(gpus.joined(separator: ","))]\#(rdma)}"#
  }
}
