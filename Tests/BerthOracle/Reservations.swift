/// Capacity held on a node for someone, who uses it first.
extension Oracle {
  /// In the order in which a pod takes.
  public enum OwnerKind: Int, CaseIterable, Sendable {
    case pod = 1
    case gang, podClass, queue
  }

  public struct Owner: Hashable, Sendable {
    public var kind: OwnerKind
    public var id: UInt64

    public init(_ kind: OwnerKind, _ id: UInt64) {
      self.kind = kind
      self.id = id
    }
  }

  /// As what a pod presents itself beside its class; 0: as nothing.
  public struct Identity: Hashable, Sendable {
    public var pod: UInt64 = 0
    public var gang: UInt64 = 0
    public var queue: UInt64 = 0

    public init() {}
  }

  public struct Reservation: Sendable {
    public var owner: Owner
    public let node: Int
    /// nil: never.
    public var expiry: Int64?
    /// Without zeros.
    public var held: [String: Int64]
    /// What pods have taken of it.
    public var taken: [String: Int64] = [:]

    public func left(_ name: String) -> Int64 { (held[name] ?? 0) - (taken[name] ?? 0) }
  }

  public struct Use: Equatable, Sendable {
    public let reservation: Int
    public let resource: String
    public let quantity: Int64
  }

  public struct WantedReservation: Sendable {
    public enum Scope: Sendable {
      case node(Int, [String: Int64])
      case domain(Int, PodSpec)
    }
    public var owner: Owner
    public var expiry: Int64?
    public var scope: Scope

    public init(owner: Owner, expiry: Int64?, scope: Scope) {
      self.owner = owner
      self.expiry = expiry
      self.scope = scope
    }
  }

  // MARK: Coming and going

  /// The reservations' ids; nil, and nothing happens, if one finds no room.
  public mutating func reserve(_ wanted: [WantedReservation]) -> [Int]? {
    let before = self
    var made: [Int] = []
    for one in wanted {
      guard let place = room(one.scope) else {
        self = before
        return nil
      }
      let id = reservationsMade
      reservationsMade += 1
      reservations[id] = Reservation(
        owner: one.owner, node: place.node, expiry: one.expiry, held: place.held.filter { $0.value > 0 })
      for (name, value) in place.held { nodes[place.node]!.used[name, default: 0] += value }
      made.append(id)
    }
    return made
  }

  private func room(_ scope: WantedReservation.Scope) -> (node: Int, held: [String: Int64])? {
    switch scope {
    case .node(let node, let held): return isFree(held, on: node) ? (node, held) : nil
    case .domain(let domain, let spec):
      let inside = topologyOrder().filter { isInside(nodes[$0]!.spec.domain, domain) }
      return best(spec, among: inside).map { ($0.node, load.held(spec.requests)) }
    }
  }

  private func isInside(_ domain: Int, _ other: Int) -> Bool {
    domain == other || (domains[domain].parent.map { isInside($0, other) } ?? false)
  }

  private func isFree(_ quantities: [String: Int64], on node: Int) -> Bool {
    let node = self.node(node)
    return quantities.allSatisfy { name, value in
      value <= 0 || kinds[name]!.refusesNobody || value <= (node.spec.allocatable[name] ?? 0) - (node.used[name] ?? 0)
    }
  }

  /// What is left goes free; its pods forget it.
  public mutating func endReservation(_ id: Int) {
    let reservation = reservations.removeValue(forKey: id)!
    for name in reservation.held.keys { nodes[reservation.node]!.used[name]! -= reservation.left(name) }
    for pod in uses.keys { uses[pod]!.removeAll { $0.reservation == id } }
  }

  mutating func lapseReservations() {
    let due = reservations.filter { ($0.value.expiry ?? .max) <= now }
    for id in due.keys { endReservation(id) }
  }

  public enum Resizing { case done, noRoom, taken }

  public mutating func resizeReservation(_ id: Int, to held: [String: Int64]) -> Resizing {
    let old = reservations[id]!
    if old.taken.contains(where: { $0.value > held[$0.key] ?? 0 }) { return .taken }
    let names = Set(old.held.keys).union(held.keys)
    let growth = Dictionary(uniqueKeysWithValues: names.map { ($0, (held[$0] ?? 0) - (old.held[$0] ?? 0)) })
    if !isFree(growth, on: old.node) { return .noRoom }
    reservations[id]!.held = held.filter { $0.value > 0 }
    for (name, value) in growth { nodes[old.node]!.used[name, default: 0] += value }
    return .done
  }

  public mutating func handOverReservation(_ id: Int, to owner: Owner) { reservations[id]!.owner = owner }

  public mutating func setReservationExpiry(_ id: Int, _ expiry: Int64?) { reservations[id]!.expiry = expiry }

  // MARK: Pods

  private func owners(_ spec: PodSpec, _ identity: Identity) -> Set<Owner> {
    var owners: Set<Owner> = []
    if identity.pod != 0 { owners.insert(Owner(.pod, identity.pod)) }
    if identity.gang != 0 { owners.insert(Owner(.gang, identity.gang)) }
    if identity.queue != 0 { owners.insert(Owner(.queue, identity.queue)) }
    if let number = classNumbers[spec] { owners.insert(Owner(.podClass, number)) }
    return owners
  }

  /// A pod's own reservations in the order of taking.
  private func own(_ spec: PodSpec, _ identity: Identity) -> [Int] {
    let owners = owners(spec, identity)
    return reservations.keys.filter { owners.contains(reservations[$0]!.owner) }.sorted {
      (reservations[$0]!.owner.kind.rawValue, $0) < (reservations[$1]!.owner.kind.rawValue, $1)
    }
  }

  /// A node on which what is left of the pod's own reservations is free.
  func seeingOwn(_ spec: PodSpec, _ identity: Identity, on node: Int) -> Node {
    var seen = self.node(node)
    for id in own(spec, identity) where reservations[id]!.node == node {
      for name in reservations[id]!.held.keys { seen.used[name]! -= reservations[id]!.left(name) }
    }
    return seen
  }

  /// The best of the nodes where the pod can take something of its own, if it fits on one.
  func decideOwn(_ spec: PodSpec, _ identity: Identity) -> Candidate? {
    var view = self
    var offering: Set<Int> = []
    for id in own(spec, identity) {
      let reservation = reservations[id]!
      for name in reservation.held.keys {
        let left = reservation.left(name)
        if left > 0 && (load.held(spec.requests)[name] ?? 0) > 0 { offering.insert(reservation.node) }
        view.nodes[reservation.node]!.used[name]! -= left
      }
    }
    return view.best(spec, among: topologyOrder().filter { offering.contains($0) })
  }

  /// A pod that was just added takes what is its own.
  mutating func takeOwn(_ pod: Int, _ identity: Identity) {
    let (spec, node) = (pods[pod]!.spec, pods[pod]!.node!)
    var wanted = load.held(spec.requests)
    for id in own(spec, identity) where reservations[id]!.node == node {
      for name in resources {
        let quantity = min(wanted[name] ?? 0, reservations[id]!.left(name))
        if quantity <= 0 { continue }
        wanted[name]! -= quantity
        reservations[id]!.taken[name, default: 0] += quantity
        nodes[node]!.used[name]! -= quantity
        uses[pod, default: []].append(Use(reservation: id, resource: name, quantity: quantity))
      }
    }
  }

  /// Before a pod leaves.
  mutating func giveBack(_ pod: Int) {
    for use in uses.removeValue(forKey: pod) ?? [] {
      let node = reservations[use.reservation]!.node
      reservations[use.reservation]!.taken[use.resource]! -= use.quantity
      nodes[node]!.used[use.resource]! += use.quantity
    }
  }

  /// How many pods use a reservation.
  public func users(of reservation: Int) -> Int {
    uses.values.filter { $0.contains { $0.reservation == reservation } }.count
  }
}
