import CBerth

/// The resource names of an engine.
final class ResourceTable {
  struct Resource {
    var name: Name
    var kind: UInt32
    /// What nodes are measured to use, see `LoadSpecs`.
    var isUsage: Bool
  }
  private(set) var resources: [Resource] = []
  private var byName: [Name: UInt32] = [:]
  private(set) var cpu: UInt32?
  private(set) var memory: UInt32?
  private(set) var pods: UInt32?
  private(set) var gpus: [UInt32] = []
  /// BERTH_RESOURCE_COUNTED: every node has them as dims.
  private(set) var counted: [UInt32] = []

  init() {}

  init(copying other: ResourceTable) {
    resources = other.resources
    byName = other.byName
    (cpu, memory, pods, gpus, counted) = (other.cpu, other.memory, other.pods, other.gpus, other.counted)
  }

  var count: Int { resources.count }

  /// Kubernetes' scalar resources: they count in NodeResourcesFit's scores only for pods that request them.
  func isExtended(_ resource: UInt32) -> Bool {
    let kind = Int(resources[Int(resource)].kind)
    return !isUsage(resource) && [BERTH_RESOURCE_OTHER, BERTH_RESOURCE_GPU, BERTH_RESOURCE_IGNORED].contains(kind)
  }

  func isUsage(_ resource: UInt32) -> Bool { resources[Int(resource)].isUsage }
  func isCounted(_ resource: UInt32) -> Bool { Self.isCounted(kind: resources[Int(resource)].kind) }

  static func isCounted(kind: UInt32) -> Bool {
    Int(kind) == BERTH_RESOURCE_COUNTED || Int(kind) == BERTH_RESOURCE_IGNORED
  }

  func add(name: Name, kind: UInt32, isUsage: Bool = false) throws(EngineError) -> UInt32 {
    guard kind <= UInt32(BERTH_RESOURCE_IGNORED) else {
      throw EngineError(UInt32(BERTH_BAD_ARGUMENT), "resource kind \(kind) is unknown: use BERTH_RESOURCE_*")
    }
    guard byName[name] == nil else {
      throw EngineError(UInt32(BERTH_DUPLICATE), "resource \"\(name)\" exists already")
    }
    guard resources.count < Int(BERTH_MAX_RESOURCES) else {
      throw EngineError(UInt32(BERTH_LIMIT), "an engine has at most \(BERTH_MAX_RESOURCES) resource names")
    }
    let single: UInt32?
    switch Int(kind) {
    case BERTH_RESOURCE_CPU: single = cpu
    case BERTH_RESOURCE_MEMORY: single = memory
    case BERTH_RESOURCE_PODS: single = pods
    default: single = nil
    }
    if let single {
      throw EngineError(
        UInt32(BERTH_DUPLICATE), "resource \"\(resources[Int(single)].name)\" is of this kind already: one per engine")
    }
    let id = UInt32(resources.count)
    resources.append(Resource(name: name, kind: kind, isUsage: isUsage))
    byName[name] = id
    switch Int(kind) {
    case BERTH_RESOURCE_CPU: cpu = id
    case BERTH_RESOURCE_MEMORY: memory = id
    case BERTH_RESOURCE_PODS: pods = id
    case BERTH_RESOURCE_GPU: gpus.append(id)
    case BERTH_RESOURCE_COUNTED, BERTH_RESOURCE_IGNORED: counted.append(id)
    default: break
    }
    return id
  }

  /// Takes back the last `add`.
  func removeLast() {
    let resource = resources.removeLast()
    byName[resource.name] = nil
    switch Int(resource.kind) {
    case BERTH_RESOURCE_CPU: cpu = nil
    case BERTH_RESOURCE_MEMORY: memory = nil
    case BERTH_RESOURCE_PODS: pods = nil
    case BERTH_RESOURCE_GPU: gpus.removeLast()
    case BERTH_RESOURCE_COUNTED, BERTH_RESOURCE_IGNORED: counted.removeLast()
    default: break
    }
  }

  func check(_ id: UInt32, _ place: @autoclosure () -> String) throws(EngineError) {
    guard id < UInt32(resources.count) else {
      throw EngineError(
        UInt32(BERTH_UNKNOWN_ID), "\(place()): resource \(id) is unknown: the engine has \(resources.count)")
    }
  }
}
