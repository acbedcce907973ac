import BerthOracle
import CBerth
import Testing

/// Small exact cases of what once went wrong, or nearly did.
struct PinnedTests {
  static let kinds: [TermKind] = [
    .leastAllocated, .mostAllocated, .requestedToCapacityRatio, .balancedAllocation, .binpack, .spread, .dotProduct,
    .bestFit,
  ]

  private static func term(_ kind: TermKind) -> Term {
    switch kind {
    case .requestedToCapacityRatio: Term(kind, points: [ShapePoint(0, 10), ShapePoint(100, 0)])
    case .dotProduct, .bestFit: Term(kind, resources: [TermResource("memory", scale: 1 << 39)])
    case .leastAllocated, .mostAllocated: Term(kind, resources: [TermResource("memory")])
    default: Term(kind)
    }
  }

  private static func node(_ memory: Int64, used: Int64) -> Twin.NewNode {
    var spec = NodeSpec(domain: 0)
    spec.allocatable = ["memory": memory, "cpu": 64_000]
    return Twin.NewNode(spec: spec, untold: ["memory": used])
  }

  private static func pod(_ memory: Int64, cpu: Int64 = 0) -> PodSpec {
    var pod = PodSpec(profile: "alone")
    pod.requests = ["memory": memory]
    if cpu > 0 { pod.requests["cpu"] = cpu }
    return pod
  }

  private static func twin(_ kind: TermKind) throws -> Twin {
    let twin = try Twin(seed: 0)
    try twin.addResource("memory", .memory)
    try twin.addResource("cpu", .cpu)
    try twin.addProfile("alone", [term(kind)])
    return twin
  }

  /// Columns drop low bits of large quantities. One node stands exactly on a step of the score, all others less than
  /// a column's unit, or a few, beside it: capacity, use and request may each have the bits that are dropped.
  @Test(arguments: kinds, [Int64(50), 100, 1 << 20])
  func statesWithinAUnitOfAStep(kind: TermKind, steps: Int64) {
    Fuzz.run("statesWithinAUnitOfAStep", seed: 0, try PinnedTests.twin(kind)) { twin in
      for capacity: Int64 in [1 << 38 + 1, 512 * (1 << 29 + 1)] {
        for request in [Int64(512_000), 512_511, 511] {
          for (step, side): (Int64, Int64) in [(37 * steps / 100, -1), (37 * steps / 100, 1), (steps * 3 / 5 + 1, -1)] {
            let border: Int64 = (step * capacity + steps - 1) / steps
            let near: [Int64] = [0, 1, 2, 3].map { border + $0 * side }
            let freeAfter: [Int64] = near + (1...120).map { (units: Int64) in border + side * 512 * units }
            let nodes = try twin.addNodes(
              freeAfter.reversed().map { PinnedTests.node(capacity, used: capacity - $0 - request) })
            try twin.place([PinnedTests.pod(request), PinnedTests.pod(request)], dryRun: true)
            // The same steps, counted from the other end.
            let mirrored = try twin.addNodes(
              freeAfter.map { PinnedTests.node(capacity, used: max(0, $0 - request)) })
            try twin.place([PinnedTests.pod(request), PinnedTests.pod(request)], dryRun: true)
            try twin.removeNodes(nodes + mirrored)
          }
        }
      }
    }
  }

  /// Nodes lose nothing in their columns, but the request does: rounded down, it would leave a node on the wrong side of
  /// a step of the score.
  @Test(arguments: kinds, [Int64(50), 100, 1 << 20])
  func requestsWithinAUnitOfAStep(kind: TermKind, steps: Int64) {
    Fuzz.run("requestsWithinAUnitOfAStep", seed: 0, try PinnedTests.twin(kind)) { twin in
      let capacity: Int64 = 512 * (1 << 29 + 1)
      for request: Int64 in [512_511, 511, 1] {
        for percent: Int64 in [23, 37, 41, 59, 73] {
          let free: Int64 = (percent * steps / 100 * capacity + steps - 1) / steps
          // The same step for what is free and for what is used, at the node's nearest whole unit.
          for border in [free, capacity - free] {
            let nearest: Int64 = ((border + 511) & ~511) + (request & ~511)
            for side: Int64 in [-512, 512] {
              let frees: [Int64] = (0...90).map { (units: Int64) in nearest + units * side }
              for order in [frees, frees.reversed()] {
                let nodes = try twin.addNodes(order.map { PinnedTests.node(capacity, used: capacity - $0) })
                try twin.place([PinnedTests.pod(request)], dryRun: true)
                try twin.removeNodes(nodes)
              }
            }
          }
        }
      }
    }
  }

  /// More shapes than there are trees of their own, so that similar ones share a tree: at first a single shape, below
  /// the largest of its family, then more.
  @Test(arguments: kinds)
  func shapesThatShareATree(kind: TermKind) {
    Fuzz.run("shapesThatShareATree", seed: 0, try PinnedTests.twin(kind)) { twin in
      func add(_ memory: Int64) throws {
        try twin.addNodes((0..<4).map { PinnedTests.node(memory, used: memory / 7 * $0) })
      }
      for index in 0..<64 { try add(Int64(1 + index) << 30) }
      for base: Int64 in [100 << 30 + 12_345, 1000 << 30 + 7] {
        for index in 0..<12 {
          let less: Int64 = Int64(index) * (base / 1000) + Int64(index & 1)
          try add(base - less)
          let pods = [base / 3, base / 2 + 1, base / 10].map { PinnedTests.pod($0, cpu: 1000) }
          try twin.place(pods, dryRun: true)
          try twin.candidates(pods[2], count: 30)
          try twin.place([pods[index % 3]], dryRun: false)
        }
      }
    }
  }

  /// Terms that score by the node's capacity and terms with a scale of their own pull in opposite directions, in a tree
  /// whose nodes differ in capacity.
  @Test(arguments: [TermKind.spread, .leastAllocated], [TermKind.dotProduct, .bestFit])
  func oppositeTermsInASharedTree(own: TermKind, scaled: TermKind) {
    Fuzz.run("oppositeTermsInASharedTree", seed: 0, try Twin(seed: 0)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addResource("memory", .memory)
      let profiles: [(String, Int64, Int64)] = [
        ("level", 1, 1), ("scaled", 1, 3), ("own", own == .spread ? 3 : 30_000, 1),
      ]
      for (name, weight, scaledWeight) in profiles {
        try twin.addProfile(
          name,
          [
            Term(own, weight: weight, resources: [TermResource("cpu")]),
            Term(scaled, weight: scaledWeight, resources: [TermResource("cpu", scale: 200_000)]),
          ])
      }
      let nodes: [Twin.NewNode] = (0..<1500).map { _ in
        let capacity = 131_072 + twin.random.int64(0...255)
        var node = Twin.NewNode(spec: NodeSpec(domain: 0))
        node.spec.allocatable = ["cpu": capacity, "memory": 1 << 20]
        node.untold = ["cpu": twin.random.int64(0...capacity)]
        return node
      }
      try twin.addNodes(nodes)
      for _ in 0..<12 {
        for (name, _, _) in profiles {
          var pod = PodSpec(profile: name)
          pod.requests = ["cpu": twin.random.int64(1_000...90_000), "memory": 1]
          try twin.place([pod], dryRun: true)
        }
      }
    }
  }

  /// The first child of a block takes what lies below its separator; when it splits, separators must still rise.
  @Test(arguments: [TermKind.binpack, .spread, .leastAllocated])
  func keysBelowTheFirstChild(kind: TermKind) {
    Fuzz.run("keysBelowTheFirstChild", seed: 0, try PinnedTests.twin(kind)) { twin in
      try twin.addNodes((0..<4000).map { _ in PinnedTests.node(1 << 38, used: 0) })
      for _ in 0..<24 {
        let pods = (0..<200).map { _ in PinnedTests.pod(twin.random.int64(1...40) << 30, cpu: 500) }
        try twin.follow(pods, path: UInt32(BERTH_PATH_TREE), sampled: [0, 199])
        try twin.validate()
      }
    }
  }

  /// So many candidates that the search gives up and a scan goes over the same nodes again.
  @Test func candidatesBeyondWhatASearchOpens() {
    Fuzz.run("candidatesBeyondWhatASearchOpens", seed: 0, try PinnedTests.twin(.leastAllocated)) { twin in
      try twin.addNodes(
        (0..<33_400).map { _ in PinnedTests.node(1 << 38, used: twin.random.int64(0...(1 << 37))) })
      try twin.candidates(PinnedTests.pod(1 << 30), count: 33_000, path: BERTH_PATH_TREE)
      let fallbacks = twin.engines.map { $0.engine.info().scan_fallbacks }
      try twin.check(fallbacks.allSatisfy { $0 == 1 }, "a scan should have taken over: \(fallbacks)")
    }
  }

  /// Bounds of many resources' balance depend on how much is asked for, not only on what.
  @Test func balanceOfManyResources() {
    Fuzz.run("balanceOfManyResources", seed: 0, try Twin(seed: 0)) { twin in
      let names = ["cpu", "memory", "disk", "net"]
      let kinds: [ResourceKind] = [.cpu, .memory, .other, .other]
      for (name, kind) in zip(names, kinds) { try twin.addResource(name, kind) }
      try twin.addProfile("alone", [Term(.balancedAllocation, resources: names.map { TermResource($0) })])
      let nodes: [Twin.NewNode] = (0..<300).map { _ in
        var node = Twin.NewNode(spec: NodeSpec(domain: 0))
        node.spec.allocatable = Dictionary(uniqueKeysWithValues: names.map { ($0, 1000) })
        node.untold = Dictionary(uniqueKeysWithValues: names.map { ($0, twin.random.int64(0...700)) })
        return node
      }
      try twin.addNodes(nodes)
      for amount in [Int64(1), 50, 150, 300] {
        for request in [[amount, 1, 1, 1], [1, amount, 1, amount], [amount, amount, 1, 1]] {
          var pod = PodSpec(profile: "alone")
          pod.requests = Dictionary(uniqueKeysWithValues: zip(names, request))
          try twin.place([pod, pod], dryRun: true)
        }
      }
    }
  }
}
