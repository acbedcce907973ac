import BerthCore
import BerthOracle
import CBerth

/// Measured usage: commands, and what is read of it.
extension Twin {
  func addLoadResource(_ spec: LoadSpec) throws {
    note("add load resource \(spec)")
    let scratch = Scratch()
    let (text, record) = (scratch.text(spec.name), record(spec))
    book.resourceIds[spec.name] = try change("add load resource \(spec.name)", keeping: scratch) {
      engine throws(EngineError) in try engine.addLoadResource(name: text, record)
    }
    book.oracle.addLoadResource(spec)
  }

  func record(_ spec: LoadSpec) -> berth_load_spec {
    var record = berth_load_spec()
    record.struct_size = UInt32(MemoryLayout<berth_load_spec>.size)
    record.expiry_ms = spec.expiry ?? Int64(BERTH_NEVER)
    switch spec.kind {
    case .usage(let name, let percent, let standard, let settle):
      record.kind = UInt32(BERTH_LOAD_USAGE)
      record.resource = resource(name)
      record.estimate_percent = UInt32(percent)
      record.default_estimate = standard
      record.settle_ms = settle
    case .limit(let usage, let threshold, let refusesExpired):
      record.kind = UInt32(BERTH_LOAD_LIMIT)
      record.resource = resource(usage)
      record.threshold_percent = UInt32(threshold)
      record.refuse_expired = refusesExpired ? 1 : 0
    case .spare(let name, let prediction, let margin, let most, let halfLife, let settle):
      record.kind = UInt32(BERTH_LOAD_SPARE)
      record.resource = resource(name)
      record.prediction = UInt32(LoadSpec.Prediction.allCases.firstIndex(of: prediction)! + 1)
      record.margin_percent = UInt32(margin)
      record.most_percent = UInt32(most)
      record.half_life_ms = halfLife
      record.settle_ms = settle
    }
    return record
  }

  /// `gone`: ids of pods that have left, listed by the first report that lists pods.
  func report(_ reports: [(node: Int, report: Load.Report)], gone: [UInt64] = []) throws {
    note("reports \(reports.prefix(4))")
    let scratch = Scratch()
    let measured = random.shuffled(book.oracle.load.measured)
    var records: [berth_load_report] = []
    var pods: [UInt64] = []
    var podUsage: [Int64] = []
    var gone = gone
    for (node, report) in reports {
      var listed = (report.pods ?? [:]).sorted { $0.key < $1.key }.map { (book.podIds[$0.key]!, $0.value) }
      if report.pods != nil {
        listed += gone.map { id in (id, Dictionary(uniqueKeysWithValues: measured.map { ($0, 7) })) }
        gone = []
      }
      for (id, usage) in random.shuffled(listed) {
        pods.append(id)
        podUsage += measured.map { usage[$0]! }
      }
      records.append(
        berth_load_report(
          node: book.nodeIds[node]!, measured_at_ms: report.measuredAt,
          flags: report.pods == nil ? 0 : UInt32(BERTH_LOAD_LISTS_PODS), pod_count: UInt32(listed.count)))
    }
    var batch = berth_load_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_load_batch>.size)
    batch.count = records.count
    batch.reports = UnsafePointer(scratch.array(records))
    batch.resource_count = UInt32(measured.count)
    batch.resources = UnsafePointer(scratch.array(measured.map(resource)))
    batch.usage = UnsafePointer(scratch.array(reports.flatMap { report in measured.map { report.report.usage[$0]! } }))
    batch.pod_count = pods.count
    batch.pods = UnsafePointer(scratch.array(pods))
    batch.pod_usage = UnsafePointer(scratch.array(podUsage))
    let filled = batch
    try perform("reports", keeping: scratch) { engine throws(EngineError) in try engine.updateLoad(filled) }
    for (node, report) in reports { book.oracle.takeReport(report, on: node) }
  }

  func forgetReports(of nodes: [Int]) throws {
    note("forget reports of \(nodes.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(nodes.map { book.nodeIds[$0]! })
    try perform("forget reports", keeping: scratch) { engine throws(EngineError) in try engine.removeLoad(ids) }
    for node in nodes { book.oracle.forgetReport(of: node) }
  }

  func setAssigned(_ pods: [(pod: Int, time: Int64)]) throws {
    note("assigned \(pods.prefix(20))")
    let scratch = Scratch()
    let ids = scratch.buffer(pods.map { book.podIds[$0.pod]! })
    let times = scratch.array(pods.map(\.time))
    try perform("assigned", keeping: scratch) { engine throws(EngineError) in
      try engine.updateLoadPods(ids, assignedAt: times)
    }
    for (pod, time) in pods { book.oracle.setAssigned(pod, at: time) }
  }

  /// What is read of all nodes' load is what the oracle says.
  func compareLoad(_ order: [Int]) throws {
    let oracle = book.oracle
    if oracle.load.specs.isEmpty { return }
    let names = random.shuffled(oracle.load.measured + oracle.load.specs.map(\.name))
    let rows = try all("read load") { engine throws(EngineError) in
      try Picture.load(of: engine, order.map { book.nodeIds[$0]! }, names.map(resource))
    }
    for (index, node) in order.enumerated() {
      let report = oracle.load.reports[node]
      var expected: [Int64] = [Int64(bitPattern: book.nodeIds[node]!), -1, -1, report?.pods == nil ? 0 : 1]
      if let report { (expected[1], expected[2]) = (report.measuredAt, oracle.now - report.measuredAt) }
      expected += names.map { oracle.loadValue($0, on: node) }
      try check(
        rows[index] == expected,
        "load of node \(node) (id measured age flags values… of \(names)):\n  engine \(rows[index])\n  oracle \(expected)"
      )
    }
  }
}

extension Picture {
  /// By node: id, when it was measured, age, flags, then the values of the resources.
  static func load(of engine: Engine, _ nodes: [UInt64], _ resources: [UInt32]) throws(EngineError) -> [[Int64]] {
    let scratch = Scratch()
    let states = scratch.room(berth_load_state(), count: nodes.count)
    let values = scratch.room(Int64(-7), count: nodes.count * resources.count)
    try engine.readLoad(
      scratch.buffer(nodes), resources: scratch.buffer(resources), states: states.baseAddress,
      values: values.baseAddress)
    return nodes.indices.map { index in
      let state = states[index]
      return [Int64(bitPattern: state.node), state.measured_at_ms, state.age_ms, Int64(state.flags)]
        + values[index * resources.count..<(index + 1) * resources.count]
    }
  }
}
