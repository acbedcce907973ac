import BerthCore
import CBerth

/// One engine with a small cluster, and beside it a plain account of its nodes, pods and events that can be copied: what
/// a statement takes back is taken back here by putting the copy back.
final class EventWorld {
  struct Pod {
    var id: UInt64
    var node: UInt64
    var podClass: UInt32
    var isBound: Bool
  }

  struct Account {
    var nodes: [UInt64] = []
    var cordoned: Set<UInt64> = []
    var pods: [Pod] = []
    var pending: [EventReference.Event] = []
    var now: Int64 = 0
  }

  /// What an open statement goes back to, and its checkpoints.
  private struct Open {
    var id: UInt64
    var base: Account
    var checkpoints: [(id: UInt64, account: Account)] = []
  }

  let engine: Engine
  var random: Random
  private(set) var account = Account()
  private var open: [Open] = []
  private(set) var reference = EventReference()
  private(set) var decisions = 0, outcomes: [UInt32: UInt64] = [:]
  private(set) var begun: UInt64 = 0, committed: UInt64 = 0, discarded: UInt64 = 0, rollbacks: UInt64 = 0
  private(set) var log: [String] = []
  private var cursors: [UInt64] = [0, 0, 0]
  private var cpu: UInt32 = 0
  private var classes: [UInt32] = []
  private let scratch = Scratch()

  init(seed: Int, capacity: Int) throws {
    random = Random(seed: seed)
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    engine = try Engine(options: options)
    cpu = try engine.addResource(name: scratch.text("cpu"), kind: UInt32(BERTH_RESOURCE_CPU))
    let term = berth_term(
      kind: UInt32(BERTH_TERM_SPREAD), resource_count: 0, point_count: 0, reserved: 0, weight: 1, resources: nil,
      points: nil)
    let profile = try engine.addProfile(name: scratch.text("spread"), terms: scratch.buffer([term]))
    for request in [1, 2, 5] {
      var spec = berth_pod_spec()
      spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
      spec.profile = profile
      spec.request_count = 1
      spec.requests = UnsafePointer(
        scratch.array([berth_quantity(resource: cpu, reserved: 0, value: Int64(request))]))
      classes.append(try engine.internClass(spec))
    }
    try enable(capacity)
  }

  private func happened(_ event: EventReference.Event) {
    var event = event
    event.time = account.now
    if open.isEmpty { reference.happened(event) } else { account.pending.append(event) }
  }

  func enable(_ capacity: Int) throws {
    log.append("enable \(capacity)")
    try engine.enableEvents(capacity: UInt(capacity))
    reference.enable(capacity)
  }

  func step() throws {
    switch random.int(0...17) {
    case 0: try addNodes(random.int(0...5))
    case 1: try updateNodes()
    case 2: try removeNodes()
    case 3: try cordonNodes(random.chance(0.5))
    case 4, 5: try place(random.int(0...6), dryRun: false)
    case 6: try place(random.int(0...6), dryRun: true)
    case 7: try bind()
    case 8: try confirm()
    case 9: try leave(forgetting: true)
    case 10: try leave(forgetting: false)
    case 11: try setTime()
    case 12: try refuse()
    case 13: try begin()
    case 14: try checkpoint()
    case 15: try rollBack()
    case 16: try close()
    default: if open.isEmpty && random.chance(0.3) { try enable(random.pick([0, 1, 2, 16, 64, 128, 1024])) }
    }
    if random.chance(0.3) { try read() }
  }

  // MARK: Nodes

  private func batch(_ count: Int) -> berth_node_batch {
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = count
    batch.resource_count = 1
    batch.resources = UnsafePointer(scratch.array([cpu]))
    batch.nodes = UnsafePointer(scratch.array([berth_node](repeating: berth_node(), count: count)))
    batch.allocatable = UnsafePointer(scratch.array((0..<count).map { _ in random.int64(0...9) }))
    return batch
  }

  private func addNodes(_ count: Int) throws {
    log.append("add \(count) nodes")
    let ids = scratch.array([UInt64](repeating: 0, count: count))
    try engine.addNodes(batch(count), ids: ids)
    for index in 0..<count {
      account.nodes.append(ids[index])
      happened(.init(BERTH_EVENT_NODE_ADDED, node: ids[index]))
    }
  }

  private func updateNodes() throws {
    let nodes = random.sample(account.nodes, random.int(0...3))
    log.append("update \(nodes)")
    try engine.updateNodes(scratch.array(nodes), batch(nodes.count))
    for node in nodes {
      account.cordoned.remove(node)
      happened(.init(BERTH_EVENT_NODE_RESIZED, node: node))
    }
  }

  private func removeNodes() throws {
    let nodes = random.sample(account.nodes, random.int(0...2))
    log.append("remove \(nodes)")
    try engine.removeNodes(scratch.buffer(nodes))
    for node in nodes {
      account.nodes.removeAll { $0 == node }
      account.cordoned.remove(node)
      for index in account.pods.indices where account.pods[index].node == node { account.pods[index].node = .max }
      happened(.init(BERTH_EVENT_NODE_LOST, node: node))
    }
  }

  private func cordonNodes(_ cordoned: Bool) throws {
    let nodes = random.sample(account.nodes, random.int(0...3))
    log.append("\(cordoned ? "cordon" : "uncordon") \(nodes)")
    try engine.cordonNodes(scratch.buffer(nodes), cordoned: cordoned)
    for node in nodes where account.cordoned.contains(node) != cordoned {
      if cordoned { account.cordoned.insert(node) } else { account.cordoned.remove(node) }
      happened(.init(cordoned ? BERTH_EVENT_NODE_CORDONED : BERTH_EVENT_NODE_UNCORDONED, node: node))
    }
  }

  // MARK: Pods

  private func place(_ count: Int, dryRun: Bool) throws {
    try engine.setPath(UInt32(random.pick([BERTH_PATH_AUTO, BERTH_PATH_SCAN, BERTH_PATH_ROWS])))
    let wanted = (0..<count).map { _ in random.pick(classes) }
    log.append("\(dryRun ? "dry run" : "place") \(wanted)")
    let placements = scratch.array([berth_placement](repeating: berth_placement(), count: count))
    try engine.place(scratch.buffer(wanted), flags: dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0, into: placements)
    for index in 0..<count {
      let placement = placements[index]
      decisions += 1
      outcomes[placement.outcome, default: 0] += 1
      guard !dryRun, placement.outcome == UInt32(BERTH_PLACED) else { continue }
      account.pods.append(
        Pod(id: placement.pod, node: placement.node, podClass: placement.pod_class, isBound: false))
      happened(
        .init(BERTH_EVENT_POD_ASSUMED, pod: placement.pod, node: placement.node, podClass: placement.pod_class))
    }
  }

  private func bind() throws {
    guard !account.nodes.isEmpty else { return }
    let count = random.int(0...3)
    let (wanted, nodes) = (
      (0..<count).map { _ in random.pick(classes) }, (0..<count).map { _ in random.pick(account.nodes) }
    )
    log.append("bind \(wanted) on \(nodes)")
    let ids = scratch.array([UInt64](repeating: 0, count: count))
    try engine.bind(scratch.buffer(wanted), nodes: scratch.array(nodes), pods: ids)
    for index in 0..<count {
      account.pods.append(Pod(id: ids[index], node: nodes[index], podClass: wanted[index], isBound: true))
      happened(.init(BERTH_EVENT_POD_BOUND, pod: ids[index], node: nodes[index], podClass: wanted[index]))
    }
  }

  private func confirm() throws {
    let chosen = random.sample(account.pods.indices.filter { !account.pods[$0].isBound }, random.int(0...3))
    log.append("confirm \(chosen.map { account.pods[$0].id })")
    try engine.confirm(scratch.buffer(chosen.map { account.pods[$0].id }))
    for index in chosen {
      account.pods[index].isBound = true
      let pod = account.pods[index]
      happened(.init(BERTH_EVENT_POD_BOUND, pod: pod.id, node: pod.node, podClass: pod.podClass, other: 1))
    }
  }

  private func leave(forgetting: Bool) throws {
    let pods = random.sample(account.pods.filter { !forgetting || !$0.isBound }, random.int(0...4))
    log.append("\(forgetting ? "forget" : "release") \(pods.map(\.id))")
    let ids = scratch.buffer(pods.map(\.id))
    if forgetting { try engine.forget(ids) } else { try engine.release(ids) }
    for pod in pods {
      account.pods.removeAll { $0.id == pod.id }
      happened(
        .init(
          forgetting ? BERTH_EVENT_POD_FORGOTTEN : BERTH_EVENT_POD_RELEASED, pod: pod.id, node: pod.node,
          podClass: pod.podClass))
    }
  }

  private func setTime() throws {
    account.now += random.int64(0...1000)
    log.append("time \(account.now)")
    try engine.setTime(account.now)
  }

  /// Calls that go well for a while and are refused in the end.
  private func refuse() throws {
    log.append("refused calls")
    let pods = account.pods.filter { !$0.isBound }.map(\.id)
    var refused = 0
    do { try engine.confirm(scratch.buffer(pods + [UInt64.max])) } catch { refused += 1 }
    do { try engine.removeNodes(scratch.buffer(account.nodes + [UInt64.max])) } catch { refused += 1 }
    if let node = account.nodes.first {
      // The second pod is what no node may use.
      let huge = try hugeClass()
      let ids = scratch.array([UInt64](repeating: 0, count: 5000))
      let nodes = scratch.array([UInt64](repeating: node, count: 5000))
      let many = scratch.buffer([classes[0]] + [UInt32](repeating: huge, count: 4999))
      do { try engine.bind(many, nodes: nodes, pods: ids) } catch { refused += 1 }
    } else {
      refused += 1
    }
    if !open.isEmpty {
      do { try engine.enableEvents(capacity: 64) } catch { refused += 1 }
      if refused != 4 { throw Mismatch("\(refused) of 4 calls were refused") }
    } else if refused != 3 {
      throw Mismatch("\(refused) of 3 calls were refused")
    }
  }

  private func hugeClass() throws -> UInt32 {
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.request_count = 1
    spec.requests = UnsafePointer(
      scratch.array([berth_quantity(resource: cpu, reserved: 0, value: Int64(BERTH_MAX_QUANTITY))]))
    return try engine.internClass(spec)
  }

  // MARK: Statements

  private func begin() throws {
    guard open.count < 4 else { return }
    log.append("begin")
    open.append(Open(id: try engine.beginStatement(), base: account))
    begun += 1
  }

  private func checkpoint() throws {
    guard !open.isEmpty else { return }
    log.append("checkpoint")
    open[open.count - 1].checkpoints.append((try engine.addCheckpoint(), account))
  }

  private func rollBack() throws {
    guard let checkpoints = open.last?.checkpoints, !checkpoints.isEmpty else { return }
    let index = random.int(0...(checkpoints.count - 1))
    log.append("roll back to checkpoint \(index)")
    try engine.rollBack(to: checkpoints[index].id)
    account = checkpoints[index].account
    open[open.count - 1].checkpoints.removeLast(checkpoints.count - index - 1)
    rollbacks += 1
  }

  private func close() throws {
    guard let inner = open.popLast() else { return }
    if random.chance(0.5) {
      log.append("commit")
      try engine.commit(inner.id)
      committed += 1
    } else {
      log.append("discard")
      try engine.discard(inner.id)
      discarded += 1
      account = inner.base
    }
    guard open.isEmpty else { return }
    for event in account.pending { reference.happened(event) }
    account.pending = []
  }

  // MARK: Reading

  /// One of several readers, which fall behind now and then, reads some.
  func read() throws {
    let reader = random.int(0...(cursors.count - 1))
    let room = random.pick([0, 1, 2, 10, 2000])
    log.append("reader \(reader) reads \(room) from \(cursors[reader])")
    if reference.capacity == 0 {
      do { _ = try told(engine, cursors[reader], atMost: room) } catch { return }
      throw Mismatch("read while events are off")
    }
    let expected = reference.read(cursors[reader], atMost: room)
    let answer = try told(engine, cursors[reader], atMost: room)
    guard answer.told == expected.told, answer.next == expected.next else {
      throw Mismatch("told \(answer), expected \(expected)")
    }
    cursors[reader] = expected.next
  }
}
