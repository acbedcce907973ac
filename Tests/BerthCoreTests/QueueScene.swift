import BerthCore
import BerthOracle
import CBerth

/// A cluster of racks, pods that run in it, and gangs that wait.
final class QueueScene {
  /// A gang of one role, whose members take so many units of a node each.
  struct Job {
    var members = 1
    /// With these at least.
    var least: Int?
    var units = 1
    var isInOneRack = false
    var rack: Int?
    var submit: Int64 = 0
    /// nil: not known.
    var run: Int64?
    var timeout: Int64 = 0
    var priority: Int32 = 0

    var minimum: Int { least ?? members }
  }
  typealias Options = QueueOptions
  typealias Outcome = QueueOutcome
  struct Pass {
    var outcomes: [Outcome]
    /// By job, of those that were started.
    var pods: [[berth_pod_id]]
    var results: [berth_queue_result]
  }

  let engine: Engine
  let racks: [berth_domain_id]
  let nodes: [berth_node_id]
  private let cpu: berth_resource_id
  private var classes: [Int: berth_class_id] = [:]

  /// Nodes of so many units, rack by rack.
  init(_ racks: [[Int64]], journal: String? = nil) throws {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    var options = Engine.options()
    options.level_count = 1
    options.level_keys = scratch.texts(["rack"])
    engine = try Engine(options: options)
    if let journal { try engine.openJournal(scratch.text(journal), flags: 0) }
    cpu = try engine.addResource(name: scratch.text("cpu"), kind: UInt32(BERTH_RESOURCE_CPU))
    _ = try engine.addProfile(name: scratch.text("pack"), terms: scratch.terms([Term(.binpack)]) { _ in 0 })
    var domains: [berth_domain_id] = []
    for rack in racks.indices { domains.append(try engine.addDomain(parent: 0, name: scratch.text("rack-\(rack)"))) }
    self.racks = domains
    let rows = racks.enumerated().flatMap { rack, nodes in
      nodes.map { _ in
        var row = berth_node()
        row.domain = domains[rack]
        return row
      }
    }
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = rows.count
    batch.resource_count = 1
    batch.nodes = UnsafePointer(scratch.array(rows))
    batch.resources = UnsafePointer(scratch.array([cpu]))
    batch.allocatable = UnsafePointer(scratch.array(racks.flatMap { $0 }))
    var ids = [berth_node_id](repeating: 0, count: rows.count)
    try engine.addNodes(batch, ids: &ids)
    nodes = ids
  }

  func podClass(units: Int) throws -> berth_class_id {
    if let known = classes[units] { return known }
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.requests = UnsafePointer(scratch.array([berth_quantity(resource: cpu, reserved: 0, value: Int64(units))]))
    spec.request_count = 1
    classes[units] = try engine.internClass(spec)
    return classes[units]!
  }

  /// A pod that runs on a node, by number.
  func run(on node: Int, units: Int = 1) throws -> berth_pod_id {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    var pod: berth_pod_id = 0
    try engine.bind(scratch.buffer([try podClass(units: units)]), nodes: [nodes[node]], pods: &pod)
    return pod
  }

  func gang(_ job: Job, _ scratch: Scratch) throws -> berth_gang {
    var role = berth_gang_role()
    role.pod_class = try podClass(units: job.units)
    role.min_members = UInt32(job.minimum)
    role.max_members = UInt32(job.members)
    var gang = berth_gang()
    gang.struct_size = UInt32(MemoryLayout<berth_gang>.size)
    gang.domain = job.rack.map { racks[$0] } ?? UInt32(BERTH_ROOT_DOMAIN)
    gang.required_level = job.isInOneRack ? 1 : 0
    gang.roles = UnsafePointer(scratch.array([role]))
    gang.role_count = 1
    return gang
  }

  func waiting(_ job: Job, _ scratch: Scratch) throws -> WaitingRecord {
    var least = job
    (least.members, least.least) = (job.minimum, nil)
    return WaitingRecord(
      gang: try gang(job, scratch), least: try gang(least, scratch), submit: job.submit, run: job.run,
      timeout: job.timeout, priority: job.priority)
  }

  func pass(_ jobs: [Job], _ running: [berth_running_pod] = [], _ options: Options = Options()) throws -> Pass {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let waiting = try jobs.map { try self.waiting($0, scratch).record(scratch) }
    let most = jobs.reduce(0) { $0 + $1.members }
    let placements = scratch.room(berth_placement(), count: most)
    let results = scratch.room(berth_queue_result(), count: jobs.count)
    try engine.scheduleGangs(
      scratch.buffer(waiting), running: scratch.buffer(running), options: options.record, capacity: most,
      placements: placements.baseAddress!, roles: nil, results: results.baseAddress!)
    var pass = Pass(outcomes: [], pods: [], results: Array(results))
    for result in results {
      let members = placements[result.first..<result.first + result.members]
      pass.outcomes.append(
        Outcome(
          outcome: Int(result.outcome), order: Int(result.order),
          start: result.start_ms == BERTH_NEVER ? nil : result.start_ms, nodes: members.map(\.node)))
      pass.pods.append(members.map(\.pod))
    }
    return pass
  }

  func release(_ pods: [berth_pod_id]) throws {
    try pods.withUnsafeBufferPointer { pods in try engine.release(pods) }
  }

  func setTime(_ time: Int64) throws { try engine.setTime(time) }
}

func ends(_ pods: [berth_pod_id], at end: Int64) -> [berth_running_pod] {
  pods.map { berth_running_pod(pod: $0, end_ms: end) }
}
