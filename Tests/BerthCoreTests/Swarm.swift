import BerthOracle

/// A random cluster's character: which features exist and how quantities look. Each seed draws its own, so that some
/// runs are all about one thing and others mix everything.
struct Swarm {
  /// How quantities of one run look.
  enum Style: CaseIterable {
    /// Millicores and bytes as kubelets report them, each node a little different.
    case kubelet
    /// A few shapes, many nodes of each exactly alike: ties everywhere.
    case equal
    /// Capacities of 0...8: small divisors, exact fits.
    case tiny
    /// Anything up to the limit, small as likely as large.
    case odd
    /// Just below 2^50.
    case limit
  }

  static let largest: Int64 = 1 << 50

  var random: Random
  let style: Style
  let levels: Int
  let tiesByKey: Bool
  let nodes: Int
  let resources: [(name: String, kind: ResourceKind)]
  let shapes: [[String: Int64]]
  let jitter: Double
  let labels, taints, cordon, names, prices, overcommit, untold, fill: Double
  let selectors, preferred, tolerations, fields: Double
  let images, hostless, nameless: Double
  /// What pods say of ports and of other pods.
  let ports, spreads, affinities: Double
  /// How many pods ask for devices; 0: there are none.
  let devices: Double
  /// Many PreferNoSchedule taints, hardly any other.
  let softTaints: Bool
  let labelKeys: [String]
  /// Terms of which a profile may be made.
  let terms: [TermKind]
  let termsPerProfile: Int
  /// Load resources.
  private(set) var load: [LoadSpec] = []
  private var domainNames: [String: [String]] = [:]

  static let levelKeys = [
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "block", "spine", "leaf", "rack", "host", "nvlink",
  ]

  /// `nodes` nil: drawn.
  init(seed: Int, terms: [TermKind], nodes: Int? = nil, hasLoad: Bool = false, hasDevices: Bool = false) {
    var random = Random(seed: seed)
    style = random.pick(Style.allCases)
    levels = random.pick([0, 0, 1, 1, 2, 3, random.int(4...8)])
    tiesByKey = random.chance(0.4)
    self.nodes = nodes ?? random.pick([3, 10, 40, 120, random.int(1...300), random.int(1...600)])
    let special: [(String, ResourceKind)] = [
      ("cpu", .cpu), ("memory", .memory), ("nvidia.com/gpu", .gpu), ("pods", .pods),
      ("ephemeral-storage", .ephemeralStorage), ("amd.com/gpu", .gpu),
    ]
    let extended = (0..<random.pick([0, 1, 3, 40])).map { ("example.com/r\($0)", ResourceKind.other) }
    var chosen = special.enumerated().filter { $0.offset < 2 ? random.chance(0.95) : random.chance(0.5) }
      .map(\.element)
    if hasDevices {
      // policies weigh the one against the other
      for needed in [special[0], special[2]] where !chosen.contains(where: { $0.0 == needed.0 }) {
        chosen.append(needed)
      }
    }
    chosen += extended
    if chosen.isEmpty { chosen = [special[0]] }
    let counted = (0..<random.pick([0, 0, 1, 2])).map {
      ("counted \($0)", random.pick([ResourceKind.counted, .ignored]))
    }
    // those have to come before the first node
    resources = counted + (random.chance(0.7) ? chosen : random.shuffled(chosen))
    jitter = random.pick([0, 0, 0.1, 1])
    labels = random.swarmWeight()
    softTaints = random.chance(0.4)
    taints = (softTaints ? 1 : 0.4) * random.swarmWeight()
    cordon = random.chance(0.5) ? 0.05 : 0
    names = random.pick([0, 0.5, 1])
    prices = random.swarmWeight()
    overcommit = random.chance(0.3) ? 0.3 : 0
    untold = random.swarmWeight()
    fill = random.pick([0.1, 0.5, 1])
    selectors = random.swarmWeight()
    preferred = random.swarmWeight()
    tolerations = random.swarmWeight()
    fields = random.chance(0.3) ? 0.2 : 0
    images = terms == [.imageLocality] ? 1 : random.chance(0.5) ? 0 : random.swarmWeight()
    hostless = random.chance(0.3) ? 0.2 : 0
    nameless = random.chance(0.3) ? 0.2 : 0
    // half of the runs are without any, so that their pods are placed by the state trees
    let isConstrained = random.chance(0.5)
    ports = isConstrained ? 0.5 * random.swarmWeight() : 0
    spreads = terms == [.podTopologySpread] ? 1 : isConstrained ? random.swarmWeight() : 0
    affinities = terms == [.interPodAffinity] ? 1 : isConstrained ? random.swarmWeight() : 0
    devices = hasDevices ? random.pick([0.3, 0.7, 1]) : 0
    labelKeys = (0..<random.int(1...4)).map { "key\($0)" } + ["kubernetes.io/arch"]
    self.terms = terms
    termsPerProfile = random.pick([1, 2, 3, 6])
    self.random = random
    var shapes: [[String: Int64]] = []
    for _ in 0..<random.int(1...6) { shapes.append(Swarm.shape(style, resources, &random)) }
    self.shapes = shapes
    if hasLoad { load = Swarm.loadSpecs(resources, shapes, &random) }
    self.random = random
  }

  private static func shape(
    _ style: Style, _ resources: [(name: String, kind: ResourceKind)], _ random: inout Random
  ) -> [String: Int64] {
    var shape: [String: Int64] = [:]
    let counted = resources.filter(\.kind.refusesNobody).count
    let present = random.sample(resources.indices.map { $0 }, 16 - counted).filter {
      random.chance($0 < 2 ? 0.97 : 0.75)
    }
    for index in present {
      let (name, kind) = resources[index]
      shape[name] = capacity(style, kind, &random)
    }
    return shape.filter { $0.value > 0 }
  }

  private static func capacity(_ style: Style, _ kind: ResourceKind, _ random: inout Random) -> Int64 {
    switch style {
    case .tiny: return random.int64(0...8)
    case .odd: return random.logarithmic(upTo: largest)
    case .limit: return largest - random.logarithmic(upTo: 1 << 20)
    case .kubelet, .equal:
      switch kind {
      case .cpu, .counted, .ignored: return random.pick([2000, 3920, 4000, 8000, 16000, 64000, 96000, 128_000])
      case .memory, .ephemeralStorage: return random.pick([4, 16, 60, 64, 256, 384, 786]) << 30
      case .gpu: return random.pick([1, 2, 4, 8])
      case .pods: return random.pick([3, 30, 110, 250])
      case .other: return random.int64(0...12)
      }
    }
  }

  // MARK: Nodes

  mutating func domainName(_ index: Int) -> String {
    if random.chance(nameless) { return "" }
    // Numbers, so that Gt and Lt have something to compare; siblings elsewhere may share them.
    return random.chance(0.7) ? "\(index)" : "d\(index)"
  }

  mutating func labelValue() -> String {
    random.pick([
      "a", "b", "c", "1", "2", "3", "007", "+5", "-3", "2.5", "", "9223372036854775807", "9223372036854775808",
      "-9223372036854775808",
    ])
  }

  mutating func node(domain: Int, nodeNames: [String]) -> NodeSpec {
    var node = NodeSpec(domain: domain)
    if random.chance(labels) {
      for key in labelKeys where random.chance(0.5) { node.labels[key] = labelValue() }
      if random.chance(0.1) { node.labels["kubernetes.io/hostname"] = random.pick(nodeNames + ["elsewhere"]) }
    }
    if random.chance(taints) {
      for _ in 0..<random.int(1...(softTaints ? 7 : 3)) {
        let taint = taint()
        if !node.taints.contains(where: { $0.key == taint.key && $0.effect == taint.effect }) {
          node.taints.append(taint)
        }
      }
    }
    node.cordoned = random.chance(cordon)
    node.lacksHostname = random.chance(hostless)
    node.images = nodeImages()
    node.tieKey = random.pick([0, 1, 2, UInt32.max, UInt32(truncatingIfNeeded: random.next())])
    if random.chance(prices) {
      // Now and then so close together that nodes of different prices share a tree.
      node.price = random.pick([1, 100, 1 << 40, random.logarithmic(upTo: 1 << 40), random.int64(10_000...10_300)])
    }
    node.allocatable = random.pick(shapes)
    if random.chance(jitter) {
      for (name, value) in node.allocatable.sorted(by: { $0.key < $1.key }) {
        node.allocatable[name] = max(0, value - random.logarithmic(upTo: max(1, value / 50)))
      }
    }
    node.allocatable = node.allocatable.filter { $0.value > 0 }
    return node
  }

  mutating func taint() -> Taint {
    if !softTaints && random.chance(0.1) { return Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule) }
    let keys = ["dedicated", "gpu", "spot"] + (softTaints ? ["old", "loud", "far", "hot"] : [])
    let effect: Effect =
      softTaints && random.chance(0.97)
      ? .preferNoSchedule : random.pick([.noSchedule, .preferNoSchedule, .preferNoSchedule, .noExecute])
    return Taint(key: random.pick(keys), value: random.pick(["", "x", "y", "5", "007", "-3", "+5"]), effect: effect)
  }

  /// What runs on a new node already; now and then more than it has, or of what it lacks.
  mutating func untoldUse(_ node: NodeSpec) -> [String: Int64] {
    var use: [String: Int64] = [:]
    if !random.chance(untold) { return use }
    for (name, capacity) in node.allocatable.sorted(by: { $0.key < $1.key }) {
      use[name] = random.chance(0.02) ? capacity : random.int64(0...Int64(fill * Double(capacity)))
      if random.chance(overcommit * 0.2) { use[name] = min(Swarm.largest, capacity + random.int64(1...1000)) }
    }
    if random.chance(overcommit * 0.2) { use[random.pick(resources).name] = 3 }
    return use
  }
}
