/// A device that a driver lists.
struct SliceDevice: Hashable, Sendable {
  var driver: String
  var pool: String
  var name: String
  /// By qualified name: what a driver leaves unqualified is of its own domain.
  var attributes: [String: CELValue]
  var capacity: [String: Quantity]
  /// Of a device that is, or is a part of, something that is cut: whose counters it takes, and which memory slices.
  var counterSet: String?
  var memorySlices: [Int]
  /// A taint keeps it from pods.
  var isTainted: Bool
  /// Devices of one product that some selector tells apart have different numbers.
  var variant = 0
}

struct ResourceSlice: Sendable {
  var name: String
  var nodeName: String?
  var driver: String
  var pool: String
  var generation: Int64
  var devices: [SliceDevice]
}

extension SliceDevice {
  static let gpuDriver = "gpu.nvidia.com"

  func text(_ name: String) -> String? {
    guard case .text(let text)? = attributes["\(driver)/\(name)"] else { return nil }
    return text
  }

  private func number(_ names: String...) -> Int64? {
    for name in names {
      if case .number(let number)? = attributes[name.contains("/") ? name : "\(driver)/\(name)"] { return number }
    }
    return nil
  }

  var isPartition: Bool { text("type") == "mig" }
  var isWholeGPU: Bool { text("type") ?? "gpu" == "gpu" }
  var product: String { text("productName") ?? "unknown" }
  var profile: String? { text("profile") }
  var pcieRoot: String? {
    guard case .text(let text)? = attributes[Self.pcieRootName] else { return nil }
    return text
  }
  var numaNode: Int? { number(Self.numaNodeName, "numaNode", "numa").flatMap { Int(exactly: $0) } }
  /// The driver names devices by their minor number where it does not say it.
  var order: Int64 {
    if let number = number("minor", "index") { return number }
    return Int64(String(name.reversed().prefix { $0.isNumber }.reversed())) ?? Int64.max
  }

  static let pcieRootName = "resource.kubernetes.io/pcieRoot"
  static let numaNodeName = "resource.kubernetes.io/numaNode"

  /// The name under which the engine knows the model. What is behind "shared" tells devices apart, and is no part of the
  /// model's name to whoever looks it up.
  var model: String { variant == 0 ? product : "\(product)-shared-\(variant)" }

  var memoryMiB: UInt32 {
    let bytes = capacity["\(driver)/memory"]?.units ?? 0
    return UInt32(clamping: max(1, min(bytes >> 20, 1 << 24)))
  }
}

extension ObjectReader {
  /// Of resource.k8s.io/v1; v1beta1 has a device's parts in `basic`.
  func resourceSlice(_ fields: Fields) -> ResourceSlice? {
    let metadata = metadata(in: fields)
    if !has("spec", in: fields) { fail("spec", "is required") }
    return self.fields("spec", in: fields) { fields in
      let driver = requiredText("driver", in: fields) ?? ""
      if !has("pool", in: fields) { fail("pool", "is required") }
      let pool = self.fields("pool", in: fields) { fields in
        (name: requiredText("name", in: fields) ?? "", generation: integer("generation", in: fields) ?? 0)
      }
      let devices = list("devices", in: fields) { device($0, driver: driver, pool: pool?.name ?? "") }
      if driver == SliceDevice.gpuDriver && !devices.isEmpty && !has("nodeName", in: fields) {
        fail("nodeName", "is required: only devices that belong to one node are supported")
      }
      return ResourceSlice(
        name: metadata.name, nodeName: text("nodeName", in: fields), driver: driver, pool: pool?.name ?? "",
        generation: pool?.generation ?? 0, devices: devices)
    }
  }

  private func device(_ fields: Fields, driver: String, pool: String) -> SliceDevice? {
    guard let name = requiredText("name", in: fields) else { return nil }
    if has("basic", in: fields) {
      return self.fields("basic", in: fields) { parts($0, driver: driver, pool: pool, name: name) }
    }
    return parts(fields, driver: driver, pool: pool, name: name)
  }

  private func parts(_ fields: Fields, driver: String, pool: String, name: String) -> SliceDevice {
    func qualified(_ name: String) -> String { name.contains("/") ? name : "\(driver)/\(name)" }
    let attributes = members("attributes", in: fields) { name, fields in attribute(name, in: fields) }
    let capacity = members("capacity", in: fields) { name, fields -> Quantity? in
      // v1alpha3 has the quantity itself, without `value`.
      guard case .object? = fields[name] else { return quantity(member: name, in: fields) }
      return self.fields(name, in: fields) { quantity(member: "value", in: $0) } ?? nil
    }
    let counters = list("consumesCounters", in: fields) { fields in
      let names = members("counters", in: fields) { name, _ in name }.map(\.name)
      return (set: requiredText("counterSet", in: fields) ?? "", slices: names.compactMap(Self.memorySlice))
    }
    if driver == SliceDevice.gpuDriver && counters.count > 1 {
      fail("consumesCounters", "must be of one GPU's counters")
    }
    let effects = list("taints", in: fields) { text("effect", in: $0) }
    return SliceDevice(
      driver: driver, pool: pool, name: name,
      attributes: Dictionary(attributes.map { (qualified($0.name), $0.value) }) { first, _ in first },
      capacity: Dictionary(capacity.map { (qualified($0.name), $0.value) }) { first, _ in first },
      counterSet: counters.first?.set, memorySlices: counters.first?.slices.sorted() ?? [],
      isTainted: effects.contains { $0 == "NoSchedule" || $0 == "NoExecute" })
  }

  private func attribute(_ name: String, in fields: Fields) -> CELValue? {
    self.fields(name, in: fields) { fields -> CELValue? in
      if has("string", in: fields) { return text("string", in: fields).map { .text($0) } }
      if has("int", in: fields) { return integer("int", in: fields).map { .number($0) } }
      if has("bool", in: fields) { return .flag(flag("bool", in: fields)) }
      guard let text = text("version", in: fields) else {
        fail("must have one of string, int, bool, version")
        return nil
      }
      if let version = SemanticVersion(text) { return .version(version) }
      fail("version", "'\(text)' is no version")
      return nil
    } ?? nil
  }

  /// "memory-slice-3": what NVIDIA's driver calls the counters of a GPU's memory slices.
  private static func memorySlice(_ counter: String) -> Int? {
    for prefix in ["memory-slice-", "memorySlice"] where counter.hasPrefix(prefix) {
      return Int(counter.dropFirst(prefix.count)).flatMap { (0..<8).contains($0) ? $0 : nil }
    }
    return nil
  }
}
