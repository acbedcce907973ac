import BerthCore
import BerthOracle
import CBerth
import Testing

/// A call that must be refused: what is wrong with it, and the statuses that may say so.
struct BadCall {
  let what: String
  let statuses: [Int]
  let call: (Engine, BadInput) throws(EngineError) -> Void

  init(_ what: String, _ statuses: Int..., call: @escaping (Engine, BadInput) throws(EngineError) -> Void) {
    self.what = what
    self.statuses = statuses
    self.call = call
  }
}

/// A cluster with something of everything, for bad calls to be made on, and good records for them to spoil.
final class BadInput {
  let twin: Twin
  let scratch = Scratch()
  let resources: (cpu: UInt32, memory: UInt32)
  let leaf: UInt32
  let zone: UInt32
  let nodes: [UInt64]
  let goneNode: UInt64
  let bound: UInt64
  let assumed: UInt64
  let gonePod: UInt64
  let podClass: UInt32
  let profile: UInt32
  private let probes: [PodSpec]

  init() throws {
    twin = try Twin(levelKeys: ["zone", "rack"], seed: 1)
    try twin.addResource("cpu", .cpu)
    try twin.addResource("memory", .memory)
    try twin.addResource("pods", .pods)
    for index in 0..<20 { try twin.addResource("r\(index)", .other) }
    try twin.addProfile("packing", [Term(.binpack)])
    try twin.addProfile("kube", [Term(.leastAllocated), Term(.nodeAffinity), Term(.taintToleration, weight: 3)])
    let a = try twin.addDomain(parent: 0, name: "a")
    let rack = try twin.addDomain(parent: a, name: "a1")
    let added = try twin.addNodes(
      (0..<6).map { index in
        var spec = NodeSpec(domain: rack)
        spec.allocatable = ["cpu": 10, "memory": 10 + Int64(index)]
        spec.labels = ["pool": index % 2 == 0 ? "even" : "odd"]
        if index == 3 { spec.taints = [Taint(key: "spot", effect: .preferNoSchedule)] }
        return Twin.NewNode(spec: spec, name: index < 3 ? "n\(index)" : nil)
      })
    var packed = PodSpec(profile: "packing")
    packed.requests = ["cpu": 3, "memory": 2]
    var kube = PodSpec(profile: "kube")
    kube.requests = ["cpu": 1]
    kube.preferredTerms = [SelectorTerm([Requirement(key: "pool", op: .in, values: ["odd"])], weight: 9)]
    try twin.place([packed, kube, packed], dryRun: false)
    try twin.bind([(packed, added[4])])
    let pods = twin.oracle.pods.keys.sorted()
    gonePod = twin.podIds[pods[0]]!
    assumed = twin.podIds[pods[1]]!
    bound = twin.podIds[pods[3]]!
    try twin.remove([pods[0]], forgetting: true)
    goneNode = twin.nodeIds[added[5]]!
    try twin.removeNodes([added[5]])
    nodes = added.dropLast().map { [twin] in twin.nodeIds[$0]! }
    resources = (twin.resource("cpu"), twin.resource("memory"))
    zone = twin.domainIds[a]!
    leaf = twin.domainIds[rack]!
    podClass = twin.classIds[packed]!
    profile = twin.profileIds["packing"]!
    probes = [packed, kube]
  }

  /// Every call is refused, and after each the engine is sound, reads back as before and decides as before.
  static func refuses(_ calls: [BadCall]) {
    do {
      let input = try BadInput()
      for bad in calls {
        do {
          try input.twin.refused(bad.what, anyOf: bad.statuses) { engine throws(EngineError) in
            try bad.call(engine, input)
          }
        } catch {
          Issue.record("\(error)")
        }
        do {
          try input.twin.place(input.probes, dryRun: true)
          try input.twin.readBack()
        } catch {
          Issue.record("after \(bad.what): \(error)")
          return
        }
      }
      try input.twin.place(input.probes, dryRun: false)
      try input.twin.readBack()
    } catch {
      Issue.record("\(error)")
    }
  }

  // MARK: Good records

  var node: berth_node {
    berth_node(domain: leaf, labels: 0, taints: 0, flags: 0, tie_key: 0, images: 0, price: 0)
  }

  /// Two good nodes; `allocatable` and the others are row by row.
  func batch(
    _ nodes: [berth_node]? = nil, resources: [UInt32]? = nil, allocatable: [Int64]? = nil, requested: [Int64]? = nil,
    names: [String?]? = nil
  ) -> berth_node_batch {
    let nodes = nodes ?? [node, node]
    let resources = resources ?? [self.resources.cpu]
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = nodes.count
    batch.resource_count = UInt32(resources.count)
    batch.nodes = UnsafePointer(scratch.array(nodes))
    batch.resources = UnsafePointer(scratch.array(resources))
    let cells = nodes.count * resources.count
    batch.allocatable = UnsafePointer(scratch.array(allocatable ?? [Int64](repeating: 4, count: cells)))
    if let requested { batch.requested = UnsafePointer(scratch.array(requested)) }
    if let names { batch.names = scratch.texts(names) }
    return batch
  }

  func add(_ batch: berth_node_batch, _ engine: Engine) throws(EngineError) {
    try engine.addNodes(batch, ids: scratch.array([UInt64](repeating: 0, count: 4)))
  }

  func term(_ kind: Int, weight: Double = 1, resources: [berth_term_resource] = [], points: [(UInt32, UInt32)] = [])
    -> berth_term
  {
    berth_term(
      kind: UInt32(kind), resource_count: UInt32(resources.count), point_count: UInt32(points.count),
      hard_pod_affinity_weight: 0, flags: 0, weight: weight,
      resources: resources.isEmpty ? nil : scratch.array(resources),
      points: points.isEmpty
        ? nil : scratch.array(points.map { berth_shape_point(utilization_percent: $0.0, score: $0.1) }))
  }

  func cpu(weight: UInt32 = 1, scale: Int64 = 0) -> berth_term_resource {
    berth_term_resource(resource: resources.cpu, weight: weight, scale: scale)
  }

  /// The first of the terms is good, the last one is not.
  func profile(_ bad: berth_term..., on engine: Engine) throws(EngineError) {
    _ = try engine.addProfile(name: scratch.text("new"), terms: scratch.buffer([term(BERTH_TERM_BINPACK)] + bad))
  }

  func intern(_ engine: Engine, _ spoil: (inout berth_pod_spec) -> Void) throws(EngineError) {
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.profile = profile
    spoil(&spec)
    _ = try engine.internClass(spec)
  }

  func requirement(_ key: String?, _ op: Int, _ values: [String?], field: UInt32 = 0) -> berth_requirement {
    berth_requirement(
      key: key.map { scratch.text($0) }, op: UInt32(op), value_count: UInt32(values.count),
      values: scratch.texts(values), is_field: field, reserved: 0)
  }

  /// A class with a good required term and then this one.
  func require(_ requirement: berth_requirement, weight: UInt32 = 0, on engine: Engine) throws(EngineError) {
    let good = self.requirement("pool", BERTH_OP_EXISTS, [])
    try intern(engine) { spec in
      spec.required_term_count = 2
      spec.required_terms = UnsafePointer(
        scratch.array([
          berth_selector_term(requirements: scratch.array([good]), requirement_count: 1, weight: 0),
          berth_selector_term(requirements: scratch.array([good, requirement]), requirement_count: 2, weight: weight),
        ]))
    }
  }

  var notUTF8: UnsafePointer<CChar> { UnsafePointer(scratch.array([CChar(bitPattern: 0xC3), 0x28, 0])) }

  var tooLong: String { String(repeating: "x", count: Int(BERTH_MAX_TEXT_BYTES) + 1) }
}
