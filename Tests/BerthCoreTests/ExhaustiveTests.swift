import BerthOracle
import CBerth
import Testing

/// All small cases, one after the other on one cluster.
struct ExhaustiveTests {
  /// Every pair of nodes with 0...3 of cpu and memory, every request of 0...3 of both, every term.
  @Test(arguments: TermKind.withoutDevices)
  func allPairsOfSmallNodes(kind: TermKind) {
    Fuzz.run("allPairsOfSmallNodes", seed: 0, try Twin(seed: 0)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addResource("memory", .memory)
      try twin.addProfile("alone", [ExhaustiveTests.term(kind)])
      let quantities = (0...15).map { ["cpu": Int64($0 / 4), "memory": Int64($0 % 4)] }
      let pods = quantities.map { requests in
        var pod = PodSpec(profile: "alone")
        pod.requests = requests
        return pod
      }
      let nodes = try twin.addNodes((0..<2).map { _ in Twin.NewNode(spec: NodeSpec(domain: 0)) })
      for first in quantities {
        for second in quantities {
          try twin.updateNodes(nodes, [node(first, price: 2), node(second, price: first == second ? 2 : 1)])
          // The pods stay on their nodes for the rest: later nodes are used, and over-committed, already.
          for pod in pods { try twin.place([pod, pod], dryRun: true) }
          try twin.explain(twin.random.pick(pods))
          if twin.random.chance(0.3) { try twin.place([twin.random.pick(pods)], dryRun: false) }
          if twin.oracle.pods.count > 3 { try twin.remove(Array(twin.oracle.pods.keys), forgetting: true) }
        }
      }
    }
  }

  private func node(_ allocatable: [String: Int64], price: Int64) -> NodeSpec {
    var node = NodeSpec(domain: 0)
    node.allocatable = allocatable
    node.price = price
    return node
  }

  static func term(_ kind: TermKind) -> Term {
    switch kind {
    case .requestedToCapacityRatio: Term(kind, points: [ShapePoint(0, 2), ShapePoint(50, 10), ShapePoint(100, 0)])
    case .dotProduct, .bestFit:
      Term(kind, resources: [TermResource("memory", weight: 2, scale: 3), TermResource("cpu", scale: 2)])
    default: Term(kind)
    }
  }

  /// Every operator with every choice of one or two values, alone and in pairs, on a node for each value of the label.
  @Test func allRequirements() {
    Fuzz.run("allRequirements", seed: 0, try Twin(levelKeys: ["zone"], seed: 0)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addProfile("affinity", [Term(.nodeAffinity)])
      let values = ["", "1", "2", "-1", "01", "x", "99999999999999999999"]
      var nodes: [Twin.NewNode] = []
      for zone in ["1", "x"] {
        let domain = try twin.addDomain(parent: 0, name: zone)
        for value in values.map(Optional.some) + [nil] {
          var spec = NodeSpec(domain: domain)
          if let value { spec.labels["key"] = value }
          nodes.append(Twin.NewNode(spec: spec, name: "\(zone).\(value ?? "none")"))
        }
      }
      try twin.addNodes(nodes)
      let requirements = ExhaustiveTests.requirements(values)
      for (index, requirement) in requirements.enumerated() {
        var pod = PodSpec(profile: "affinity")
        pod.requiredTerms = [SelectorTerm([requirement])]
        try twin.explain(pod)
        try twin.candidates(pod, count: 20)
        pod.preferredTerms = [SelectorTerm([requirement, twin.random.pick(requirements)], weight: 10)]
        pod.requiredTerms = [SelectorTerm([]), SelectorTerm([requirements[(index * 7 + 1) % requirements.count]])]
        pod.requiredTerms.append(SelectorTerm([requirement]))
        try twin.candidates(pod, count: 20)
        try twin.place([pod], dryRun: true)
      }
    }
  }

  private static func requirements(_ values: [String]) -> [Requirement] {
    var requirements: [Requirement] = []
    for key in ["key", "zone", "kubernetes.io/hostname", "missing"] {
      requirements += [Requirement(key: key, op: .exists), Requirement(key: key, op: .doesNotExist)]
      let own = key == "kubernetes.io/hostname" ? ["1.x", "x.none", "elsewhere"] : values
      for (index, value) in own.enumerated() {
        for op in [Requirement.Operator.in, .notIn] {
          requirements.append(Requirement(key: key, op: op, values: [value]))
          for other in own[(index + 1)...] {
            requirements.append(Requirement(key: key, op: op, values: [value, other]))
          }
        }
      }
      for bound in ["0", "1", "-1", "9223372036854775807", "-9223372036854775808"] {
        requirements += [.gt, .lt].map { Requirement(key: key, op: $0, values: [bound]) }
      }
    }
    for name in ["1.x", "x.none", "elsewhere"] {
      requirements += [.in, .notIn].map {
        Requirement(key: "metadata.name", op: $0, values: [name], isField: true)
      }
    }
    return requirements
  }

  /// Every taint and pair of taints against every toleration.
  @Test func allTaintsAndTolerations() {
    Fuzz.run("allTaintsAndTolerations", seed: 0, try Twin(seed: 0)) { twin in
      try twin.addProfile("taints", [Term(.taintToleration, weight: 3)])
      let effects: [Effect] = [.noSchedule, .preferNoSchedule, .noExecute]
      var taints: [Taint] = []
      for key in ["a", "node.kubernetes.io/unschedulable"] {
        for value in ["", "x"] { taints += effects.map { Taint(key: key, value: value, effect: $0) } }
      }
      var nodes: [Twin.NewNode] = []
      for (index, taint) in taints.enumerated() {
        for other in [taint] + taints[(index + 1)...] {
          if other != taint && other.key == taint.key && other.effect == taint.effect { continue }
          var spec = NodeSpec(domain: 0)
          spec.taints = other == taint ? [taint] : [taint, other]
          spec.cordoned = nodes.count % 5 == 0
          nodes.append(Twin.NewNode(spec: spec))
        }
      }
      try twin.addNodes(nodes)
      var tolerations: [Toleration] = []
      for effect in effects.map(Optional.some) + [nil] {
        for key in ["", "a", "b", "node.kubernetes.io/unschedulable"] {
          tolerations.append(Toleration(key: key, op: .exists, effect: effect))
          if !key.isEmpty {
            tolerations += ["", "x"].map { Toleration(key: key, op: .equal, value: $0, effect: effect) }
          }
        }
      }
      for toleration in tolerations {
        for second in tolerations {
          var pod = PodSpec(profile: "taints")
          pod.tolerations = toleration == second ? [toleration] : [toleration, second]
          try twin.candidates(pod, count: nodes.count)
          if toleration == second { try twin.explain(pod) }
        }
      }
    }
  }

  /// Every sequence of five commands on two small nodes.
  @Test(arguments: [false, true])
  func allShortCommandSequences(tiesByKey: Bool) {
    Fuzz.run("allShortCommandSequences", seed: 0, try Twin(levelKeys: ["zone"], tiesByKey: tiesByKey, seed: 0)) {
      twin in
      try twin.addResource("cpu", .cpu)
      try twin.addProfile("packing", [Term(.binpack)])
      let zones = [try twin.addDomain(parent: 0, name: "a"), try twin.addDomain(parent: 0, name: "b")]
      for sequence in 0..<(8 * 8 * 8 * 8) {
        try twin.addNodes([node(zones[0], tieKey: 2), node(zones[1], tieKey: 1)])
        var rest = sequence
        for _ in 0..<4 {
          try command(rest % 8, zones, twin)
          rest /= 8
        }
        try twin.place([pod(1), pod(2)], dryRun: true)
        if sequence % 64 == 0 { try twin.readBack() }
        try twin.remove(Array(twin.oracle.pods.keys), forgetting: false)
        try twin.removeNodes(Array(twin.oracle.nodes.keys))
      }
    }
  }

  private func node(_ zone: Int, tieKey: UInt32) -> Twin.NewNode {
    var spec = NodeSpec(domain: zone)
    spec.allocatable = ["cpu": 2]
    spec.tieKey = tieKey
    return Twin.NewNode(spec: spec)
  }

  private func pod(_ cpu: Int64) -> PodSpec {
    var pod = PodSpec(profile: "packing")
    pod.requests = ["cpu": cpu]
    return pod
  }

  private func command(_ number: Int, _ zones: [Int], _ twin: Twin) throws {
    let nodes = twin.oracle.topologyOrder()
    let pods = twin.oracle.pods.keys.sorted()
    switch number {
    case 0: try twin.place([pod(1)], dryRun: false)
    case 1: try twin.place([pod(2)], dryRun: false)
    case 2: if let oldest = pods.first { try twin.remove([oldest], forgetting: false) }
    case 3: if let first = nodes.first { try twin.removeNodes([first]) }
    case 4: try twin.addNodes([node(zones[0], tieKey: 1)])
    case 5: if let first = nodes.first { try twin.cordonNodes([first], !twin.oracle.nodes[first]!.spec.cordoned) }
    case 6: if let last = nodes.last { try twin.updateNodes([last], [node(zones[0], tieKey: 0).spec]) }
    default: if let last = nodes.last { try twin.bind([(pod(1), last)]) }
    }
  }
}
