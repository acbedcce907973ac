import CBerth

/// How the claims of pods are put to the engine: it knows models of GPUs, not selectors. So every selector is asked of
/// every device first, and devices of one product that some selector tells apart become models of their own.
struct ClaimPlan {
  /// What decides whether a device will do.
  struct Filter: Hashable {
    var deviceClass: String
    var selectors: [CELExpression]
  }

  /// What a filter means on the cluster's devices.
  struct Meaning {
    /// Models as the engine knows them.
    var models: Set<String> = []
    /// Of MIG instances; nil: whole GPUs.
    var profile: String?
    /// How many devices match, by node.
    var counts: [String: Int] = [:]
    /// Why it cannot be placed.
    var problem: String?
    /// Below the request.
    var problemPath = ""
  }

  private(set) var slices: [String: NodeSlices] = [:]
  private let classes: [String: DeviceClass]
  private var meanings: [Filter: Meaning] = [:]

  init(_ devices: [String: [SliceDevice]], _ classes: [DeviceClass], filters: [Filter]) {
    self.classes = Dictionary(classes.map { ($0.name, $0) }) { first, _ in first }
    slices = devices.mapValues { NodeSlices($0) }
    setVariants(filters)
    for filter in Set(filters) { meanings[filter] = meaning(filter) }
  }

  func meaning(of request: ClaimSpec.Request) -> Meaning? {
    meanings[Filter(deviceClass: request.deviceClass, selectors: request.selectors)]
  }

  func config(of deviceClass: String) -> [Value] { classes[deviceClass]?.config ?? [] }

  private func matches(_ filter: Filter, _ device: SliceDevice) -> Bool {
    ((classes[filter.deviceClass]?.selectors ?? []) + filter.selectors).allSatisfy { $0.holds(device) }
  }

  /// Whether some device may be of a class; conditions that are not understood may hold.
  func mayHaveDevices(_ deviceClass: DeviceClass) -> Bool {
    let known = deviceClass.selectors.filter { selector in
      if case .unsupported = selector { false } else { true }
    }
    return slices.values.contains { slices in
      (slices.gpus + slices.partitions.map(\.device) + slices.others).contains { device in
        known.allSatisfy { $0.holds(device) }
      }
    }
  }

  // MARK: Variants

  /// Devices of one product get a number for each answer that the filters give together, partitions included.
  private mutating func setVariants(_ filters: [Filter]) {
    let filters = filters.reduce(into: [Filter]()) { if !$0.contains($1) { $0.append($1) } }
    var variants: [String: [[Bool]]] = [:]
    for node in slices.keys.sorted() {
      for index in slices[node]!.gpus.indices {
        let gpu = slices[node]!.gpus[index]
        let parts = slices[node]!.partitions.filter { $0.gpu == index }
        let answer = filters.map { filter in
          matches(filter, gpu) || parts.contains { matches(filter, $0.device) }
        }
        var known = variants[gpu.product] ?? []
        let place = known.firstIndex(of: answer) ?? known.count
        if place == known.count { known.append(answer) }
        variants[gpu.product] = known
        slices[node]!.gpus[index].variant = place
      }
    }
  }

  // MARK: Meanings

  private func meaning(_ filter: Filter) -> Meaning {
    var meaning = Meaning()
    guard classes[filter.deviceClass] != nil else {
      meaning.problem = "there is no DeviceClass '\(filter.deviceClass)'"
      return meaning
    }
    for (selectors, isClass) in [(filter.selectors, false), (classes[filter.deviceClass]!.selectors, true)] {
      for (index, selector) in selectors.enumerated() {
        guard case .unsupported(let message) = selector else { continue }
        meaning.problem = isClass ? "DeviceClass \(filter.deviceClass), selectors[\(index)]: \(message)" : message
        meaning.problemPath = isClass ? ".deviceClassName" : ".selectors[\(index)].cel.expression"
        return meaning
      }
    }
    var profiles: Set<String> = []
    var (wholes, foreign) = (0, 0)
    for (node, slices) in slices {
      foreign += slices.others.count { matches(filter, $0) }
      for (index, gpu) in slices.gpus.enumerated() {
        let isWhole = matches(filter, gpu)
        let own = slices.partitions.filter { $0.gpu == index }.map(\.device)
        let parts = own.filter { matches(filter, $0) }
        wholes += isWhole ? 1 : 0
        if isWhole || !parts.isEmpty { meaning.models.insert(gpu.model) }
        meaning.counts[node, default: 0] += (isWhole ? 1 : 0) + parts.count
        profiles.formUnion(parts.compactMap(\.profile))
        if let profile = parts.first?.profile, own.count(where: { $0.profile == profile }) != parts.count {
          meaning.problem =
            "selects some of the places of MIG profile \(profile), not all of them: this is not supported"
        }
      }
    }
    if foreign > 0 {
      meaning.problem = "selects devices of other drivers than \(SliceDevice.gpuDriver): these are not supported"
    } else if profiles.count + (wholes > 0 ? 1 : 0) > 1 {
      let kinds = profiles.sorted() + (wholes > 0 ? ["whole GPUs"] : [])
      meaning.problem = "selects devices of several kinds (\(kinds.joined(separator: ", "))): this is not supported"
    }
    meaning.profile = profiles.first
    return meaning
  }

  // MARK: Constraints

  /// The least link between GPUs that a constraint means; nil: it holds anyway. Throws why it is not supported.
  func link(_ attribute: String, among models: Set<String>) throws(CELProblem) -> UInt32? {
    let links = [
      SliceDevice.pcieRootName: UInt32(BERTH_LINK_MULTI_SWITCH), SliceDevice.numaNodeName: UInt32(BERTH_LINK_NODE),
    ]
    if let link = links[attribute] { return link }
    for (node, slices) in slices.sorted(by: { $0.key < $1.key }) {
      let values = slices.gpus.filter { models.contains($0.model) }.map { $0.attributes[attribute] }
      if Set(values).count > 1 || values.contains(nil) {
        throw CELProblem(
          message:
            "'\(attribute)' is not the same for all devices of node '\(node)': only \(SliceDevice.pcieRootName) and "
            + "\(SliceDevice.numaNodeName) can tell them apart")
      }
    }
    return nil
  }
}
