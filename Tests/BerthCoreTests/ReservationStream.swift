import BerthCore
import BerthOracle
import CBerth

/// A stream of commands with reservations among them.
struct ReservationStream {
  enum Command: CaseIterable { case reserve, end, resize, handOver, expiry, time, place, bind, refusal }

  var stream: CommandStream
  private var weights: [(command: Command, weight: Double)]
  private var share: Double

  init(_ twin: Twin, _ swarm: Swarm, statements: Bool) throws {
    var swarm = swarm
    weights = Command.allCases.map { ($0, ($0 == .reserve || $0 == .place ? 1 : 0) + swarm.random.swarmWeight()) }
    share = swarm.random.pick([0.3, 0.6, 0.9])
    stream = try CommandStream(twin, swarm, statements: statements)
  }

  private var twin: Twin { stream.twin }

  mutating func step() throws {
    if !stream.swarm.random.chance(share) { return try stream.step() }
    var drawn = Double.random(in: 0..<weights.reduce(0) { $0 + $1.weight }, using: &stream.swarm.random)
    let choice = weights.first { choice in
      drawn -= choice.weight
      return drawn < 0
    }
    try run(choice!.command)
    if stream.swarm.random.chance(0.2) { try twin.validate() }
  }

  private mutating func run(_ command: Command) throws {
    switch command {
    case .reserve: try reserve()
    case .end: try twin.endReservations(someReservations(3))
    case .resize: for reservation in someReservations(1) { try resize(reservation) }
    case .handOver: for reservation in someReservations(1) { try twin.handOver(reservation, to: someOwner()) }
    case .expiry: for reservation in someReservations(2) { try twin.setExpiry(reservation, someExpiry()) }
    case .time: try twin.setTime(twin.oracle.now + Int64(stream.swarm.random.int(0...20)))
    case .place:
      let pods = stream.somePods()
      try twin.place(pods, as: pods.map { _ in someIdentity() }, dryRun: stream.swarm.random.chance(0.3))
    case .bind: try bind()
    case .refusal: try refuse()
    }
  }

  // MARK: Drawing

  private mutating func number(_ last: Int) -> UInt64 { UInt64(stream.swarm.random.int(1...last)) }

  private mutating func someIdentity() -> Oracle.Identity {
    var identity = Oracle.Identity()
    if stream.swarm.random.chance(0.5) { identity.pod = number(5) }
    if stream.swarm.random.chance(0.5) { identity.gang = number(3) }
    if stream.swarm.random.chance(0.5) { identity.queue = number(2) }
    return identity
  }

  private mutating func someOwner() throws -> Oracle.Owner {
    switch stream.swarm.random.pick(Oracle.OwnerKind.allCases) {
    case .pod: Oracle.Owner(.pod, number(5))
    case .gang: Oracle.Owner(.gang, number(3))
    case .queue: Oracle.Owner(.queue, number(2))
    case .podClass: Oracle.Owner(.podClass, UInt64(try twin.podClass(stream.somePod())))
    }
  }

  private mutating func someExpiry() -> Int64? {
    stream.swarm.random.chance(0.4) ? nil : twin.oracle.now + Int64(stream.swarm.random.pick([1, 2, 5, 5, 30]))
  }

  private mutating func someReservations(_ most: Int) -> [Int] {
    let live = twin.oracle.reservations.keys.sorted()
    return stream.swarm.random.sample(live, stream.swarm.random.int(min(1, most)...most))
  }

  /// Mostly what is free there; now and then more, or of what the node lacks.
  private mutating func someQuantities(on node: Int, beside held: [String: Int64] = [:]) -> [String: Int64] {
    var quantities: [String: Int64] = [:]
    let ours = twin.oracle.nodes[node]!
    // usage is measured and limits follow from it: neither can be held
    for name in twin.oracle.resources where !twin.oracle.load.held([name: 1]).isEmpty {
      let capacity = ours.spec.allocatable[name] ?? 0
      let free = max(0, capacity - (ours.used[name] ?? 0)) + (held[name] ?? 0)
      switch stream.swarm.random.int(0...9) {
      case 0: quantities[name] = free
      case 1...4: quantities[name] = free / stream.swarm.random.int64(2...9)
      case 5: quantities[name] = held[name]
      case 6: if stream.swarm.random.chance(0.1) { quantities[name] = min(Swarm.largest, free + 1) }
      default: break
      }
    }
    return stream.swarm.random.chance(0.02) ? [:] : trimmed(quantities)
  }

  /// No more resources than a pod can request.
  private func trimmed(_ quantities: [String: Int64]) -> [String: Int64] {
    let most = Int(BERTH_MAX_RESOURCES_PER_POD)
    let kept = Set(quantities.filter { $0.value > 0 }.keys.sorted().prefix(most))
    return quantities.filter { $0.value == 0 || kept.contains($0.key) }
  }

  // MARK: Commands

  private mutating func reserve() throws {
    var wanted: [Oracle.WantedReservation] = []
    let nodes = twin.oracle.nodes.keys.sorted()
    for _ in 0..<stream.swarm.random.pick([1, 1, 2, 4]) {
      let scope: Oracle.WantedReservation.Scope
      if stream.swarm.random.chance(0.5) {
        let domain = stream.swarm.random.int(0...(twin.oracle.domains.count - 1))
        scope = .domain(stream.swarm.random.chance(0.3) ? 0 : domain, stream.somePod())
      } else {
        guard !nodes.isEmpty else { return }
        // half of the time where there are others already
        let others = twin.oracle.reservations.values.map(\.node).sorted()
        let node = stream.swarm.random.pick(others.isEmpty || stream.swarm.random.chance(0.5) ? nodes : others)
        scope = .node(node, someQuantities(on: node))
      }
      wanted.append(Oracle.WantedReservation(owner: try someOwner(), expiry: someExpiry(), scope: scope))
    }
    try twin.reserve(wanted)
  }

  private mutating func resize(_ reservation: Int) throws {
    let ours = twin.oracle.reservations[reservation]!
    var held = someQuantities(on: ours.node, beside: ours.held)
    if stream.swarm.random.chance(0.6) {
      for (name, taken) in ours.taken where taken > 0 { held[name] = max(held[name] ?? 0, taken) }
    }
    try twin.resize(reservation, to: trimmed(held))
  }

  private mutating func bind() throws {
    let nodes = twin.oracle.nodes.keys.sorted()
    if nodes.isEmpty { return }
    let pods = (0..<stream.swarm.random.int(1...3)).map { _ in (stream.somePod(), stream.swarm.random.pick(nodes)) }
    let fitting = pods.filter { pod, node in
      twin.oracle.refusal(of: pod, on: node) == nil || stream.swarm.random.chance(stream.swarm.overcommit)
    }
    try twin.bind(fitting, as: fitting.map { _ in someIdentity() })
  }

  /// A good reservation and one that must be refused, or a reservation that has ended.
  private mutating func refuse() throws {
    let scratch = Scratch()
    guard let node = twin.oracle.nodes.keys.sorted().first else { return }
    if let gone = twin.goneReservations.last, stream.swarm.random.chance(0.5) {
      let live = someReservations(2).map { twin.reservationIds[$0]! }
      let ids = scratch.buffer(live + [gone])
      try twin.refused("end reservations, the last one gone", BERTH_STALE_ID, BERTH_UNKNOWN_ID) {
        engine throws(EngineError) in try engine.removeReservations(ids)
      }
      return
    }
    let good = Oracle.WantedReservation(owner: Oracle.Owner(.pod, 1), expiry: nil, scope: .node(node, [:]))
    var bad = try twin.spec(good, scratch)
    var status = BERTH_BAD_ARGUMENT
    switch stream.swarm.random.int(0...4) {
    case 0: bad.owner.id = 0
    case 1: bad.expiry_ms = twin.oracle.now
    case 2: (bad.owner.kind, bad.owner.id, status) = (UInt32(BERTH_OWNER_CLASS), 1_000_000, BERTH_UNKNOWN_ID)
    case 3: (bad.node, status) = (twin.goneNodes.last ?? 0, BERTH_STALE_ID)
    default: bad.scope = 3
    }
    let specs = scratch.buffer([try twin.spec(good, scratch), bad])
    let room = scratch.room(UInt64(0), count: 2)
    try twin.refused("reserve, the last one bad", status, BERTH_UNKNOWN_ID) { engine throws(EngineError) in
      try engine.addReservations(specs, ids: room.baseAddress!)
    }
  }
}
