import CBerth

/// The plugins of a kube-scheduler profile that score, as terms of an engine's profile, and what its plugins leave out.
struct SchedulerProfile: Sendable {
  struct Term: Sendable {
    var plugin: String
    var kind: Int
    var weight: Int
    /// Resource and weight; none: cpu and memory.
    var resources: [(name: String, weight: UInt32)] = []
    var points: [berth_shape_point] = []
    var hardPodAffinityWeight: UInt16 = 0
    var flags: UInt16 = 0
  }

  /// In the order in which kube-scheduler lists them.
  private(set) var terms: [Term] = [
    Term(plugin: "TaintToleration", kind: BERTH_TERM_TAINT_TOLERATION, weight: 3),
    Term(plugin: "NodeAffinity", kind: BERTH_TERM_NODE_AFFINITY, weight: 2),
    Term(
      plugin: fit, kind: BERTH_TERM_LEAST_ALLOCATED, weight: 1, resources: [(Resources.cpu, 1), (Resources.memory, 1)]),
    Term(plugin: "PodTopologySpread", kind: BERTH_TERM_POD_TOPOLOGY_SPREAD, weight: 2),
    Term(plugin: "InterPodAffinity", kind: BERTH_TERM_INTER_POD_AFFINITY, weight: 2, hardPodAffinityWeight: 1),
    Term(
      plugin: "NodeResourcesBalancedAllocation", kind: BERTH_TERM_BALANCED_ALLOCATION, weight: 1,
      resources: [(Resources.cpu, 1), (Resources.memory, 1)]),
    Term(plugin: "ImageLocality", kind: BERTH_TERM_IMAGE_LOCALITY, weight: 1),
  ]
  private(set) var ignoredResources: Set<String> = []
  private(set) var ignoredGroups: Set<String> = []

  static let fit = "NodeResourcesFit"

  /// NodeResourcesFit counts a container without requests as something; the balance counts what is requested.
  static func countsDefaults(_ plugin: String) -> Bool { plugin == fit }

  /// Extended resources that the filter passes over.
  func ignores(_ resource: String) -> Bool {
    guard Resources.isExtended(resource) else { return false }
    return ignoredResources.contains(resource) || ignoredGroups.contains(String(resource.prefix { $0 != "/" }))
  }

  /// Takes in `pluginConfig` of a profile of KubeSchedulerConfiguration.
  mutating func configure(_ fields: Fields, _ reader: ObjectReader) {
    reader.allow(["schedulerName", "pluginConfig"], in: fields)
    _ = reader.list("pluginConfig", in: fields) { plugin -> Bool? in
      guard let name = reader.requiredText("name", in: plugin) else { return nil }
      guard let index = terms.firstIndex(where: { $0.plugin == name }) else {
        reader.fail("name", "'\(name)' has no arguments that are known here")
        return nil
      }
      reader.fields("args", in: plugin) { configure(index, $0, reader) }
      return nil
    }
  }

  private mutating func configure(_ index: Int, _ fields: Fields, _ reader: ObjectReader) {
    let typeFields = ["apiVersion", "kind"]
    switch terms[index].kind {
    case BERTH_TERM_LEAST_ALLOCATED:
      reader.allow(typeFields + ["ignoredResources", "ignoredResourceGroups", "scoringStrategy"], in: fields)
      ignoredResources = Set(reader.texts("ignoredResources", in: fields))
      ignoredGroups = Set(reader.texts("ignoredResourceGroups", in: fields))
      reader.fields("scoringStrategy", in: fields) { setStrategy(index, $0, reader) }
    case BERTH_TERM_BALANCED_ALLOCATION:
      reader.allow(typeFields + ["resources"], in: fields)
      setResources(index, fields, reader)
    case BERTH_TERM_INTER_POD_AFFINITY:
      reader.allow(typeFields + ["hardPodAffinityWeight", "ignorePreferredTermsOfExistingPods"], in: fields)
      if let weight = reader.integer("hardPodAffinityWeight", in: fields) {
        if !(0...100).contains(weight) { reader.fail("hardPodAffinityWeight", "must be between 0 and 100") }
        terms[index].hardPodAffinityWeight = UInt16(max(0, min(weight, 100)))
      }
      if reader.flag("ignorePreferredTermsOfExistingPods", in: fields) {
        terms[index].flags = UInt16(BERTH_TERM_IGNORE_EXISTING_PREFERENCES)
      }
    default: reader.allow(typeFields, in: fields)
    }
  }

  private mutating func setStrategy(_ index: Int, _ fields: Fields, _ reader: ObjectReader) {
    let kinds = [
      "LeastAllocated": BERTH_TERM_LEAST_ALLOCATED, "MostAllocated": BERTH_TERM_MOST_ALLOCATED,
      "RequestedToCapacityRatio": BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO,
    ]
    let type = reader.text("type", in: fields) ?? "LeastAllocated"
    guard let kind = kinds[type] else { return reader.fail("type", "'\(type)' is no strategy") }
    terms[index].kind = kind
    setResources(index, fields, reader)
    terms[index].points =
      reader.fields("requestedToCapacityRatio", in: fields) { fields in
        reader.list("shape", in: fields) { fields in
          berth_shape_point(
            utilization_percent: UInt32(clamping: reader.integer("utilization", in: fields) ?? 0),
            score: UInt32(clamping: reader.integer("score", in: fields) ?? 0))
        }
      } ?? []
  }

  private mutating func setResources(_ index: Int, _ fields: Fields, _ reader: ObjectReader) {
    let resources = reader.list("resources", in: fields) { fields in
      reader.requiredText("name", in: fields).map { name in
        (name, max(1, UInt32(clamping: reader.integer("weight", in: fields) ?? 1)))
      }
    }
    if !resources.isEmpty { terms[index].resources = resources }
  }
}
