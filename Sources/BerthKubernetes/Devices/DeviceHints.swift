import CBerth

/// What a pod's annotations add to the GPUs that it asks for.
struct DeviceHints {
  private let annotations: [String: String]
  private let reader: ObjectReader

  /// Within the object's metadata, whose reader has said already which annotations are no texts.
  init(_ annotations: Fields, _ reader: ObjectReader) {
    let texts = DeviceNames.annotations.map { "\($0)" }.compactMap { name in annotations.text(name).map { (name, $0) } }
    self.annotations = Dictionary(texts) { first, _ in first }
    self.reader = reader
  }

  func applied(to request: DeviceRequest?) -> DeviceRequest? {
    for name in DeviceNames.hamiOthers where annotations[name] != nil {
      fail(name, "is not supported: name the models that will do with \(DeviceNames.models)")
    }
    guard var request else {
      // What was wrong with the request has been said already.
      guard reader.problems.isEmpty else { return nil }
      for name in [DeviceNames.models, DeviceNames.hamiModels, DeviceNames.links, DeviceNames.nicsBySwitch]
      where annotations[name] != nil { fail(name, "is of a pod that asks for no GPUs") }
      return nil
    }
    request.models = models()
    if let text = annotations[DeviceNames.links] { setLinks(text, &request) }
    if let text = annotations[DeviceNames.nicsBySwitch] { setNICs(text, &request) }
    return request
  }

  private func fail(_ name: String, _ message: String) { reader.fail("annotations", member: name, message) }

  /// "A100|H100"; HAMi's use-gputype has commas (pkg/device/nvidia/device.go, checkGPUtype).
  private func models() -> [String] {
    for (name, separator) in [(DeviceNames.models, "|"), (DeviceNames.hamiModels, ",")] {
      guard let text = annotations[name] else { continue }
      let models = text.split(separator: Character(separator), omittingEmptySubsequences: false).map { part in
        String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      if models.contains("") { fail(name, "must be names of models with \(separator) between them") }
      return models
    }
    return []
  }

  private static let links: [String: UInt32] = [
    "nvlink": UInt32(BERTH_LINK_NVLINK) + 1, "nvswitch": UInt32(BERTH_LINK_NVSWITCH),
    "pcie": UInt32(BERTH_LINK_MULTI_SWITCH), "numa": UInt32(BERTH_LINK_NODE),
  ]

  /// "nvswitch,required": any two GPUs are connected so well at least. "…,preferred": as well as can be.
  private func setLinks(_ text: String, _ request: inout DeviceRequest) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let strength = parts.count > 1 ? parts[1] : "required"
    guard parts.count <= 2, let link = Self.links[parts[0]], strength == "required" || strength == "preferred" else {
      return fail(
        DeviceNames.links, "'\(text)' is none of nvlink, nvswitch, pcie, numa, with ,required or ,preferred behind it")
    }
    if request.kind != .whole { return fail(DeviceNames.links, "is of a pod that asks for less than whole GPUs") }
    if strength == "required" { request.linkRequired = link }
    request.prefersLinks = true
  }

  private func setNICs(_ text: String, _ request: inout DeviceRequest) {
    guard text == "true" || text == "false" else {
      return fail(DeviceNames.nicsBySwitch, "must be \"true\" or \"false\"")
    }
    if text == "true" && request.nicCount == 0 {
      fail(DeviceNames.nicsBySwitch, "is of a pod that asks for no NICs: \(DeviceNames.rdmaPrefix)hca")
    }
    request.nicsBySwitch = text == "true"
  }
}

extension ObjectReader {
  /// The GPUs that a pod's effective requests ask for, and the NICs beside them; NICs alone are resources like others.
  func devices(_ parts: RequestParts) -> DeviceRequest? {
    let total = parts.total()
    let dialects = DeviceDialects(requests: total) { resource, message in
      let (list, index) = parts.firstAsking(resource)
      self.fail(list, index: index, resource: resource, message)
    }
    guard var request = dialects.request() else { return nil }
    for name in total.keys.sorted() where DeviceNames.isNIC(name) {
      let units = min(total[name]!.units, Int64(BERTH_MAX_QUANTITY))
      // Koordinator counts NICs in per cent, and shares of them too.
      request.nicCount += Int(name == DeviceNames.koordinatorRDMA ? (units + 99) / 100 : units)
      if request.nicCount > DeviceRequest.mostNICs {
        let (list, index) = parts.firstAsking(name)
        fail(list, index: index, resource: name, "is more NICs than a node can have (\(DeviceRequest.mostNICs))")
        return nil
      }
    }
    return request
  }
}

extension RequestParts {
  /// Where a resource is asked for first.
  fileprivate func firstAsking(_ resource: String) -> (list: String, index: Int) {
    if let index = containers.firstIndex(where: { $0.requests[resource] != nil }) { return ("containers", index) }
    return ("initContainers", initContainers.firstIndex { $0.requests[resource] != nil } ?? 0)
  }
}
