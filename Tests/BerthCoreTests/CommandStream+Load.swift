import BerthCore
import BerthOracle
import CBerth

/// Measured usage in a stream.
extension CommandStream {
  /// Of some nodes, or of all, as they come: late, again, with and without their pods.
  mutating func report() throws {
    let nodes = swarm.random.chance(0.3) ? twin.oracle.nodes.keys.sorted() : someNodes()
    var reports: [(node: Int, report: Load.Report)] = []
    for node in nodes { reports.append((node, makeReport(of: node))) }
    // an id once
    let gone = swarm.random.sample(Array(Set(twin.gonePods)).sorted(), swarm.random.pick([0, 0, 1]))
    try twin.report(reports, gone: gone)
  }

  private mutating func makeReport(of node: Int) -> Load.Report {
    let oracle = twin.oracle
    let age = swarm.random.pick([0, 0, swarm.random.logarithmic(upTo: 1000), swarm.random.logarithmic(upTo: 1 << 20)])
    let spec = oracle.nodes[node]!.spec
    var usage: [String: Int64] = [:]
    for name in oracle.load.measured { usage[name] = swarm.use(of: spec.allocatable[name] ?? 1) }
    var pods: [Int: [String: Int64]]?
    if swarm.random.chance(0.6) {
      let all = oracle.nodes[node]!.pods.sorted()
      pods = [:]
      for pod in swarm.random.chance(0.5) ? all : swarm.random.sample(all, all.count / 2) {
        for name in oracle.load.measured {
          let request = oracle.pods[pod]!.spec.requests[name] ?? 100
          pods![pod, default: [:]][name] = swarm.use(of: request)
        }
      }
    }
    return Load.Report(measuredAt: max(0, oracle.now - age), usage: usage, pods: pods)
  }

  mutating func assign() throws {
    var assigned: [(pod: Int, time: Int64)] = []
    for pod in placedPods({ _ in true }) {
      assigned.append((pod, max(0, twin.oracle.now - swarm.random.logarithmic(upTo: 1 << 14))))
    }
    try twin.setAssigned(assigned)
  }

  mutating func passTime() throws {
    let most: Int64 = swarm.load.isEmpty || swarm.random.chance(0.02) ? 1 << 40 : 1 << 12
    try twin.setTime(twin.oracle.now + swarm.random.logarithmic(upTo: most))
  }

  /// A good report with something wrong at the end of the batch.
  mutating func refuseReport() throws {
    guard let node = twin.oracle.nodes.keys.sorted().first, let gone = twin.goneNodes.last else { return }
    let measured = twin.oracle.load.measured
    let scratch = Scratch()
    let good = berth_load_report(
      node: twin.nodeIds[node]!, measured_at_ms: twin.oracle.now, flags: UInt32(BERTH_LOAD_LISTS_PODS), pod_count: 0)
    var bad = good
    var usage: [Int64] = measured.map { _ in 1 } + measured.map { _ in 1 }
    var pods: [UInt64] = []
    var status = BERTH_BAD_ARGUMENT
    switch swarm.random.int(0...5) {
    case 0: (bad.node, status) = (gone, BERTH_STALE_ID)
    case 1: status = BERTH_DUPLICATE
    case 2: (bad.node, bad.measured_at_ms) = (twin.nodeIds[twin.oracle.nodes.keys.sorted().last!]!, twin.oracle.now + 1)
    case 3: (usage[measured.count - 1], status) = (-1, BERTH_BAD_QUANTITY)
    case 4: bad.flags = 2
    default:
      guard let pod = twin.oracle.pods.keys.sorted().first(where: { twin.oracle.pods[$0]!.node != node }) else {
        return
      }
      // the first report lists it, though it is elsewhere
      pods = [twin.podIds[pod]!]
    }
    if bad.node == good.node && status != BERTH_DUPLICATE { usage.removeLast(measured.count) }
    var reports = bad.node == good.node && status != BERTH_DUPLICATE ? [bad] : [good, bad]
    reports[0].pod_count = UInt32(pods.count)
    var batch = berth_load_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_load_batch>.size)
    batch.count = reports.count
    batch.reports = UnsafePointer(scratch.array(reports))
    batch.resource_count = UInt32(measured.count)
    batch.resources = UnsafePointer(scratch.array(measured.map(twin.resource)))
    batch.usage = UnsafePointer(scratch.array(usage))
    batch.pod_count = pods.count
    batch.pods = UnsafePointer(scratch.array(pods))
    batch.pod_usage = UnsafePointer(scratch.array(pods.flatMap { _ in measured.map { _ in Int64(1) } }))
    let filled = batch
    try twin.refused("reports, the last one bad (\(bad), \(usage))", status, BERTH_DUPLICATE, BERTH_BAD_ARGUMENT) {
      engine throws(EngineError) in try engine.updateLoad(filled)
    }
  }
}

extension LoadSpec {
  /// The resource that it is declared of.
  var needed: String {
    switch kind {
    case .usage(let name, _, _, _), .limit(let name, _, _), .spare(let name, _, _, _, _, _): name
    }
  }
}

/// Random load resources, and what is used.
extension Swarm {
  static func loadSpecs(
    _ resources: [(name: String, kind: ResourceKind)], _ shapes: [[String: Int64]], _ random: inout Random
  ) -> [LoadSpec] {
    var specs: [LoadSpec] = []
    func time(_ random: inout Random) -> Int64 { random.pick([0, 1, 100, random.logarithmic(upTo: 1 << 12)]) }
    let measured = random.sample(
      resources.filter { !$0.kind.refusesNobody }.map(\.name), random.pick([1, 2, 2, 3]))
    for name in measured {
      let capacity = max(1, random.pick(shapes)[name] ?? 1)
      let expiry: Int64? = random.pick([nil, 1, 500, 1 + random.logarithmic(upTo: 1 << 13)])
      for number in 0..<random.pick([0, 1, 1, 1, 2]) {
        let usage = "\(name) usage \(number)"
        specs.append(
          LoadSpec(
            usage,
            .usage(
              of: name, percent: random.pick([85, 70, 1, 100, 300, random.int64(1...1000)]),
              standard: min(Swarm.largest, max(1, random.pick([1, capacity / 20, capacity * 2]))), settle: time(&random)
            ),
            expiry: expiry))
        for limit in 0..<random.pick([0, 1, 1, 2]) {
          let threshold = random.pick([65, 95, 1, 99, 100, random.int64(1...100)])
          specs.append(
            LoadSpec(
              "\(usage) limit \(limit)",
              .limit(of: usage, threshold: threshold, refusesExpired: random.chance(0.5))))
        }
      }
      if random.chance(0.5) {
        specs.append(
          LoadSpec(
            "\(name) spare",
            .spare(
              of: name, random.pick(LoadSpec.Prediction.allCases), margin: random.pick([0, 35, 40, 100]),
              most: random.pick([100, 100, 50, 0]), halfLife: max(1, random.logarithmic(upTo: 1 << 13)),
              settle: time(&random)),
            expiry: random.pick([nil, 1 + random.logarithmic(upTo: 1 << 13)])))
      }
    }
    // Declared in any order, limits after what they limit.
    if specs.isEmpty || random.chance(0.5) { return Array(specs.prefix(12)) }
    func isLimit(_ spec: LoadSpec) -> Bool { if case .limit = spec.kind { true } else { false } }
    return Array((random.shuffled(specs.filter { !isLimit($0) }) + random.shuffled(specs.filter(isLimit))).prefix(12))
  }

  /// Of a capacity or a request: some of it as a rule, now and then none, all or more.
  mutating func use(of capacity: Int64) -> Int64 {
    switch random.int(0...19) {
    case 0: return 0
    case 1: return capacity
    case 2: return min(Swarm.largest, capacity + random.logarithmic(upTo: max(1, capacity)))
    case 3: return Swarm.largest
    case 4...9: return capacity * random.int64(1...19) / 20
    default: return random.logarithmic(upTo: max(1, capacity))
    }
  }

  /// What a pod's spec says of load resources.
  mutating func sayLoad(_ pod: inout PodSpec) {
    for spec in load {
      switch spec.kind {
      case .usage: if random.chance(0.1) { pod.requests[spec.name] = random.pick([1, 100, Swarm.largest]) }
      case .limit: if random.chance(0.15) { pod.requests[spec.name] = 0 }
      case .spare(let name, _, _, _, _, _):
        guard random.chance(0.4), pod.requests.count < Int(BERTH_MAX_RESOURCES_PER_POD) else { continue }
        let capacity = max(1, random.pick(shapes)[name] ?? 1)
        pod.requests[spec.name] = random.pick([0, 1, max(1, capacity / 20), max(1, capacity / 3), capacity])
      }
    }
  }

  /// Whether a term may look at a resource.
  func allows(_ kind: TermKind, _ name: String) -> Bool {
    guard let spec = load.first(where: { $0.name == name }) else { return true }
    switch spec.kind {
    case .usage: return kind != .balancedAllocation && kind != .dotProduct
    case .limit: return false
    case .spare: return true
    }
  }
}
