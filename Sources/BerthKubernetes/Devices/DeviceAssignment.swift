import CBerth
import Foundation

/// Which devices a pod has: what a decision says, and what a running pod's annotations say.
public struct DeviceAssignment: Hashable, Sendable {
  /// Indices, ascending, as the driver counts them.
  public var gpus: [Int] = []
  public var nics: [Int] = []
  /// Of each GPU; 1000: whole.
  public var shareMilli = 0
  /// Of each GPU; 0: all of it, or nothing in particular.
  public var memoryMiB = 0
  /// Of a MIG instance.
  public var migProfile: String?
  public var migSlices: [Int] = []
  /// Which annotation says so; nil: a decision.
  var source: String?

  /// NVIDIA_VISIBLE_DEVICES as the container runtime takes it.
  public var visibleDevices: String { gpus.map(String.init).joined(separator: ",") }

  static func mask(_ list: [Int]) -> UInt32 { list.reduce(0) { $0 | 1 << UInt32($1) } }

  static func indices(_ mask: UInt32) -> [Int] { (0..<32).filter { mask >> UInt32($0) & 1 == 1 } }
}

extension ObjectReader {
  /// What a running pod says of its devices, within its metadata: the forms that schedulers write for kubelets.
  func assignment(_ annotations: [String: String]) -> DeviceAssignment? {
    func fail(_ name: String, _ message: String) { self.fail("annotations", member: name, message) }
    func indices(_ name: String) -> [Int] {
      guard let text = annotations[name] else { return [] }
      let list = IndexList.read(text)
      if list == nil { fail(name, "'\(text)' is no list of indices below 16: 0,1,4,5") }
      return list ?? []
    }
    var result = DeviceAssignment(nics: indices(DeviceNames.nics), migSlices: indices(DeviceNames.migSlices))
    for name in [DeviceNames.gpus, DeviceNames.volcanoIndex, DeviceNames.aliyunIndex] where annotations[name] != nil {
      result.gpus = indices(name)
      result.source = name
      return result
    }
    guard let text = annotations[DeviceNames.koordinatorAllocated] else { return nil }
    guard let (gpus, nics) = KoordinatorAllocation.read(text) else {
      fail(DeviceNames.koordinatorAllocated, "is no JSON of devices with their minors: {\"gpu\": [{\"minor\": 0}]}")
      return nil
    }
    if gpus.isEmpty { return nil }
    (result.gpus, result.nics, result.source) = (gpus, nics, DeviceNames.koordinatorAllocated)
    return result
  }
}

/// "0,1,4,5" in any order.
enum IndexList {
  static func read(_ text: String) -> [Int]? {
    var list: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let index = Int(part.filter { $0 != " " }), (0..<16).contains(index), list.insert(index).inserted else {
        return nil
      }
    }
    return list.sorted()
  }
}

/// scheduling.koordinator.sh/device-allocated (apis/extension/device_share.go, DeviceAllocations): devices by kind, each
/// with its minor and what the pod has of it.
enum KoordinatorAllocation {
  static func read(_ text: String) -> (gpus: [Int], nics: [Int])? {
    guard let decoded = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
      case .object(let fields) =
        Value(decoded: decoded)
    else { return nil }
    var minors: [String: Set<Int>] = [:]
    for kind in ["gpu", "rdma"] {
      guard let value = fields[kind] else { continue }
      guard case .list(let devices) = value else { return nil }
      for device in devices {
        guard case .object(let device) = device, case .integer(let minor)? = device["minor"], (0..<16).contains(minor),
          minors[kind, default: []].insert(Int(minor)).inserted
        else { return nil }
      }
    }
    return (minors["gpu"]?.sorted() ?? [], minors["rdma"]?.sorted() ?? [])
  }
}
