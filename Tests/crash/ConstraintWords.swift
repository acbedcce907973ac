import BerthCore
import BerthSimulation
import CBerth

/// What the stream's constraints are made of. Names come from small sets, so that selectors find pods.
struct ConstraintWords {
  private(set) var images: [berth_image_set_id] = [0]
  private var selectors: [berth_selector_id] = []

  /// Makes one more selector or image set, or tells of a namespace.
  mutating func extend(_ engine: Engine, _ random: inout SeededRandom) throws {
    let app = "a\(random.below(4))"
    let namespace = "team\(random.below(3))"
    switch random.below(4) {
    case 0: selectors.append(try engine.internSelector("app", in: [app, "a\(random.below(4))"]))
    case 1: images.append(try engine.internImages([("image\(random.below(4)):latest", Int64(random.below(900)) << 20)]))
    case 2: try engine.setNamespace(namespace, [Label("app", app)])
    default: try engine.removeNamespace(namespace)  // refused where it was not told
    }
  }

  /// Gives a class labels, and some of them constraints over one of the topology keys.
  func constrain(_ spec: inout PodSpec, keys: [String], _ random: inout SeededRandom) {
    spec.labels = [Label("app", "a\(random.below(4))")]
    if random.below(2) == 0 { spec.namespace = "team\(random.below(3))" }
    if random.below(4) == 0 { spec.images = ["image\(random.below(4))"] }
    if random.below(8) == 0 { spec.hostPorts = [UInt32(8000 + random.below(3))] }
    guard !selectors.isEmpty else { return }
    let key = keys[random.below(keys.count)]
    let selector = selectors[random.below(selectors.count)]
    if random.below(4) == 0 {
      let isHard = random.below(2) == 0
      spec.spread = [SpreadConstraint(key, selector, maxSkew: 1 + UInt32(random.below(4)), isHard: isHard)]
    }
    guard random.below(4) == 0 else { return }
    let kinds = [
      BERTH_POD_AFFINITY_REQUIRED, BERTH_POD_AFFINITY_PREFERRED, BERTH_POD_ANTI_AFFINITY_REQUIRED,
      BERTH_POD_ANTI_AFFINITY_PREFERRED,
    ]
    let kind = kinds[random.below(4)]
    let isPreferred = kind == BERTH_POD_AFFINITY_PREFERRED || kind == BERTH_POD_ANTI_AFFINITY_PREFERRED
    let namespaces = random.below(4) == 0 ? selectors[random.below(selectors.count)] : UInt32(BERTH_NO_SELECTOR)
    spec.affinity = [
      PodAffinityTerm(
        kind, key, selector, namespaceSelector: namespaces, weight: isPreferred ? 1 + UInt32(random.below(100)) : 0)
    ]
  }
}
