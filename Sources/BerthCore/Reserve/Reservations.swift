import BerthMemory
import CBerth

/// What a reservation has of one resource.
struct Holding {
  var resource: UInt32
  var held: Int64
  var left: Int64
}

/// All that is known of reservations: what they hold, for whom, where, until when, and what pods have taken of them.
/// What is left counts as used in the node's row; that is the business of whoever changes it (`Engine+Holding.swift`).
///
/// An id is serial << 24 | place: serials grow, places are used again, and the last serial at a place tells a stale id.
struct Reservations {
  struct Record {
    /// Of the last reservation at this place.
    var serial: UInt64 = 0
    var owner = ReservationOwner(kind: 0, id: 0)
    var expiry: Int64 = 0
    var node: UInt32 = 0  // free place: the next one
    var holdings = Place.none
    /// How many pods have taken of it.
    var pods: UInt32 = 0
    var isLive = false
    /// Whether it is in its owner's list: something is left of it.
    var isListed = false
  }
  static let placeBits: UInt64 = 24
  static let lastSerial: UInt64 = 1 << 40 - 1

  var records: PagedColumn<Record>
  var firstFree = Place.none
  private(set) var count = 0
  var serial: UInt64 = 0
  var holdings: Chains<Holding>
  var claims: PodClaims
  /// Each owner's first reservation of which something is left, and the others by `ownerLists`.
  var owners: [ReservationOwner: UInt32] = [:]
  var ownerLists: PlaceLists
  /// By node index: the first reservation there + 1, 0: none; the others by `nodeLists`.
  var nodes: PagedColumn<UInt32>
  var nodeLists: PlaceLists
  var expiries: ExpiryHeap

  init(in arena: Arena) {
    records = PagedColumn(in: arena)
    holdings = Chains(in: arena)
    claims = PodClaims(in: arena)
    ownerLists = PlaceLists(in: arena)
    nodes = PagedColumn(in: arena)
    nodeLists = PlaceLists(in: arena)
    expiries = ExpiryHeap(in: arena)
  }

  @inline(__always) var isEmpty: Bool { count == 0 }

  // MARK: Finding

  @inline(__always)
  subscript(place: UInt32) -> Record { records[Int(place)] }

  @inline(__always)
  func change(_ place: UInt32) -> UnsafeMutablePointer<Record> { records.ownedPointer(Int(place)) }

  func id(_ place: UInt32) -> berth_reservation_id { records[Int(place)].serial << Self.placeBits | UInt64(place) }

  /// The place of a live reservation.
  @inline(__always)
  func live(_ id: berth_reservation_id) -> UInt32? {
    let place = Int(id & (1 << Self.placeBits - 1))
    guard place < records.count else { return nil }
    let record = records[place]
    return record.isLive && record.serial == id >> Self.placeBits ? UInt32(place) : nil
  }

  func place(
    _ id: berth_reservation_id, _ entry: @autoclosure () -> String = ""
  ) throws(EngineError) -> UInt32 {
    if let place = live(id) { return place }
    let place = Int(id & (1 << Self.placeBits - 1))
    let serial = id >> Self.placeBits
    guard place < records.count, serial > 0, serial <= records[place].serial else {
      throw refuse(BERTH_UNKNOWN_ID, "\(entry())reservation \(id) was never given out by this engine")
    }
    throw refuse(BERTH_STALE_ID, "\(entry())reservation \(id) has ended")
  }

  /// Every live reservation, by place.
  func visit(_ body: (UInt32, Record) -> Void) {
    for place in 0..<records.count where records[place].isLive { body(UInt32(place), records[place]) }
  }

  /// Places are below this.
  var placeLimit: Int { records.count }
  /// Owners of whose reservations something is left.
  var ownerCount: Int { owners.count }

  @inline(__always)
  func forEach(on node: UInt32, _ body: (UInt32, Record) -> Void) {
    guard Int(node) < nodes.count else { return }
    var place = nodes[Int(node)] &- 1
    while place != Place.none {
      body(place, records[Int(place)])
      place = nodeLists.next(place)
    }
  }

  /// Those on a node, in the order of their ids.
  func places(on node: UInt32) -> [UInt32] {
    var list: [UInt32] = []
    forEach(on: node) { place, _ in list.append(place) }
    return list.sorted { records[Int($0)].serial < records[Int($1)].serial }
  }

  /// Those of which something is left.
  @inline(__always)
  func forEach(of owner: ReservationOwner, _ body: (Record) -> Void) {
    guard var place = owners[owner] else { return }
    while place != Place.none {
      body(records[Int(place)])
      place = ownerLists.next(place)
    }
  }

  // MARK: Coming and going

  /// What taking back `add` needs to know.
  struct Added {
    let place: UInt32
    /// nil: the place was made for it.
    let serialBefore: UInt64?
  }

  mutating func add(
    owner: ReservationOwner, node: UInt32, expiry: Int64, _ list: some BidirectionalCollection<Request>
  ) -> Added {
    let place: UInt32
    var before: UInt64?
    if firstFree != Place.none {
      place = firstFree
      firstFree = records[Int(place)].node
      before = records[Int(place)].serial
    } else {
      place = UInt32(records.count)
      records.append(Record())
    }
    serial += 1
    settle(
      place,
      Record(
        serial: serial, owner: owner, expiry: expiry, node: node,
        holdings: holdings.make(
          list.lazy.map { Holding(resource: $0.resource, held: $0.value, left: $0.value) })))
    return Added(place: place, serialBefore: before)
  }

  /// Takes back the last `add`.
  mutating func withdraw(_ added: Added) {
    unsettle(added.place)
    serial -= 1
    if let before = added.serialBefore {
      change(added.place).pointee.serial = before
      free(added.place)
    } else {
      records.removeLast()
    }
  }

  /// What taking back `remove` needs to know.
  struct Removed {
    let place: UInt32
    let record: Record
    let holdings: [Holding]
  }

  func memory(of place: UInt32) -> Removed {
    let record = records[Int(place)]
    return Removed(place: place, record: record, holdings: holdings.values(record.holdings))
  }

  mutating func remove(_ place: UInt32) {
    unsettle(place)
    free(place)
  }

  /// Takes back the last `remove`.
  mutating func reinstate(_ removed: Removed) {
    firstFree = records[Int(removed.place)].node
    var record = removed.record
    record.holdings = holdings.make(removed.holdings)
    settle(removed.place, record)
  }

  mutating func free(_ place: UInt32) {
    change(place).pointee.node = firstFree
    firstFree = place
  }

  /// Puts a record in its place, and the place in its lists.
  mutating func settle(_ place: UInt32, _ record: Record) {
    var record = record
    (record.isLive, record.isListed) = (true, false)
    records[Int(place)] = record
    if Int(record.node) >= nodes.count { nodes.grow(to: Int(record.node) + 1) }
    nodes[Int(record.node)] = nodeLists.push(place, before: nodes[Int(record.node)] &- 1) + 1
    list(place)
    if record.expiry != BERTH_NEVER { expiries.add(place, expiry: record.expiry, serial: record.serial) }
    count += 1
  }

  private mutating func unsettle(_ place: UInt32) {
    let record = records[Int(place)]
    nodes[Int(record.node)] = nodeLists.remove(place, from: nodes[Int(record.node)] &- 1) &+ 1
    unlist(place)
    expiries.remove(place)
    holdings.free(record.holdings)
    change(place).pointee.holdings = Place.none
    change(place).pointee.isLive = false
    count -= 1
  }

  // MARK: Changing

  /// Puts a reservation into its owner's list if something is left of it, or takes it out.
  mutating func list(_ place: UInt32) {
    let record = records[Int(place)]
    var hasLeft = false
    holdings.forEach(record.holdings) { _, holding in if holding.left > 0 { hasLeft = true } }
    if hasLeft == record.isListed { return }
    guard hasLeft else { return unlist(place) }
    owners[record.owner] = ownerLists.push(place, before: owners[record.owner] ?? Place.none)
    change(place).pointee.isListed = true
  }

  private mutating func unlist(_ place: UInt32) {
    let record = records[Int(place)]
    guard record.isListed, let first = owners[record.owner] else { return }
    let after = ownerLists.remove(place, from: first)
    if after != first { owners[record.owner] = after == Place.none ? nil : after }
    change(place).pointee.isListed = false
  }

  mutating func setHoldings(_ place: UInt32, _ list: [Holding]) {
    holdings.free(records[Int(place)].holdings)
    change(place).pointee.holdings = holdings.make(list)
    self.list(place)
  }

  mutating func setOwner(_ place: UInt32, _ owner: ReservationOwner) {
    unlist(place)
    change(place).pointee.owner = owner
    list(place)
  }

  mutating func setExpiry(_ place: UInt32, _ expiry: Int64) {
    expiries.remove(place)
    change(place).pointee.expiry = expiry
    if expiry != BERTH_NEVER { expiries.add(place, expiry: expiry, serial: records[Int(place)].serial) }
  }

  /// Something of a resource is taken (or, negative, given back). `list` follows.
  func take(_ place: UInt32, _ resource: UInt32, _ quantity: Int64) {
    var cell = records[Int(place)].holdings
    while cell != Place.none {
      if holdings[cell].resource == resource { return holdings.change(cell) { $0.left -= quantity } }
      cell = holdings.next(cell)
    }
  }

  func changePods(_ place: UInt32, by difference: Int) {
    change(place).pointee.pods = UInt32(Int(records[Int(place)].pods) + difference)
  }

  /// The next one to lapse by then.
  func due(_ time: Int64) -> UInt32? { expiries.due(time) }
}
