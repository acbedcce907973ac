import BerthCore
import BerthOracle
import CBerth

/// All that can be read of an engine, except how it arranges things inside (slots' numbers, trees, bytes) and counters,
/// which only rise.
struct Picture: Equatable {
  var now: Int64
  /// Nodes, pods, classes, shapes, pools.
  var counts: [UInt64]
  /// Nodes in topology order.
  var order: [UInt64]
  /// By node: id, domain, labels, taints, flags, tie key, price, images, then allocatable and requested of every resource.
  var nodes: [[Int64]]
  /// By pod: id, node, class, state, flags.
  var pods: [[UInt64]]
  /// By node: its machine, and what of it is free. By pod: its claim.
  var devices: [[UInt32]]
  var claims: [[UInt32]]
  var names: [String: UInt64]
  var load: [[Int64]]
  /// By reservation: id, owner, node, expiry, pods, then held and left of every resource.
  var reservations: [[Int64]]
  /// By pod: reservation, resource, quantity of all it has taken.
  var uses: [[UInt64]]
  /// Of everything that decides anything later.
  var digest: UInt64

  init(of engine: Engine, _ book: Book) throws(EngineError) {
    let scratch = Scratch()
    let info = engine.info()
    now = engine.now
    counts = [info.nodes, info.pods, info.classes, UInt64(info.shapes), UInt64(info.pools), info.reservations]
    let room = scratch.room(UInt64(0), count: Int(info.nodes) + 1)
    order = Array(room.prefix(engine.listNodes(offset: 0, into: room)))
    let resources = scratch.buffer(book.resourceIds.values.sorted())
    let states = scratch.room(berth_node_state(), count: order.count)
    let allocatable = scratch.room(Int64(-1), count: order.count * resources.count)
    let requested = scratch.room(Int64(-1), count: order.count * resources.count)
    try engine.readNodes(
      scratch.buffer(order), resources: resources, states: states.baseAddress, allocatable: allocatable.baseAddress,
      requested: requested.baseAddress)
    nodes = order.indices.map { index in
      let state = states[index]
      let cells = index * resources.count..<(index + 1) * resources.count
      return [
        Int64(bitPattern: state.node), Int64(state.domain), Int64(state.labels), Int64(state.taints),
        Int64(state.flags), Int64(state.tie_key), state.price, Int64(state.images),
      ] + allocatable[cells] + requested[cells]
    }
    let ids = book.podIds.values.sorted()
    let podStates = scratch.room(berth_pod_state(), count: ids.count)
    try engine.readPods(scratch.buffer(ids), states: podStates.baseAddress!)
    pods = podStates.map { [$0.pod, $0.node, UInt64($0.pod_class), UInt64($0.state), UInt64($0.flags)] }
    let measured = book.oracle.load.measured + book.oracle.load.specs.map(\.name)
    load = measured.isEmpty ? [] : try Picture.load(of: engine, order, measured.map { book.resourceIds[$0]! })
    devices = []
    claims = []
    if !book.machineIds.isEmpty {
      for node in order { devices.append(try engine.devices(node)) }
      claims = try engine.claims(ids)
    }
    names = [:]
    for node in book.oracle.nodes.values {
      if let name = node.name { names[name] = try engine.findNode(name: scratch.text(name)) }
    }
    reservations = try Picture.reservations(engine, resources)
    uses = []
    for id in ids { uses.append(try Picture.uses(engine, of: id)) }
    digest = engine.digest()
  }

  /// Of reservations as they are listed.
  private static func reservations(
    _ engine: Engine, _ resources: UnsafeBufferPointer<UInt32>
  ) throws(EngineError) -> [[Int64]] {
    let scratch = Scratch()
    let room = scratch.room(UInt64(0), count: Int(engine.info().reservations) + 1)
    let ids = scratch.buffer(Array(room.prefix(engine.listReservations(offset: 0, into: room))))
    let states = scratch.room(berth_reservation_state(), count: ids.count)
    let held = scratch.room(Int64(-1), count: ids.count * resources.count)
    let left = scratch.room(Int64(-1), count: ids.count * resources.count)
    try engine.readReservations(
      ids, resources: resources, states: states.baseAddress, held: held.baseAddress, left: left.baseAddress)
    return ids.indices.map { index in
      let state = states[index]
      let cells = index * resources.count..<(index + 1) * resources.count
      return [
        Int64(bitPattern: state.reservation), Int64(state.owner.kind), Int64(bitPattern: state.owner.id),
        Int64(bitPattern: state.node), state.expiry_ms, Int64(state.pods),
      ] + held[cells] + left[cells]
    }
  }

  private static func uses(_ engine: Engine, of pod: UInt64) throws(EngineError) -> [UInt64] {
    let scratch = Scratch()
    let count = try engine.readUses(of: pod, into: scratch.room(berth_reservation_use(), count: 0))
    let room = scratch.room(berth_reservation_use(), count: count)
    _ = try engine.readUses(of: pod, into: room)
    return room.flatMap { [$0.reservation, UInt64($0.resource), UInt64($0.quantity)] }
  }

  /// The first difference, in words.
  func difference(from other: Picture) -> String? {
    if now != other.now { return "time \(now), \(other.now)" }
    if counts != other.counts { return "nodes, pods, classes, shapes, pools, reservations \(counts), \(other.counts)" }
    if order != other.order { return "nodes in topology order \(order), \(other.order)" }
    for (left, right) in zip(nodes, other.nodes) where left != right { return "node \(left), \(right)" }
    for (left, right) in zip(pods, other.pods) where left != right { return "pod \(left), \(right)" }
    if pods.count != other.pods.count { return "\(pods.count) pods, \(other.pods.count)" }
    for (left, right) in zip(load, other.load) where left != right { return "load \(left), \(right)" }
    for (left, right) in zip(devices, other.devices) where left != right { return "devices \(left), \(right)" }
    for (left, right) in zip(claims, other.claims) where left != right { return "claim \(left), \(right)" }
    if names != other.names { return "names \(names), \(other.names)" }
    if reservations != other.reservations { return "reservations \(reservations), \(other.reservations)" }
    for (left, right) in zip(uses, other.uses) where left != right { return "uses of a pod \(left), \(right)" }
    if digest != other.digest { return "digest \(digest), \(other.digest)" }
    return nil
  }
}
