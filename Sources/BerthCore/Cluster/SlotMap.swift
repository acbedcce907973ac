import BerthMemory
import CBerth

/// A node's row: what a decision or a change needs of one node, in one or two cache lines.
///
///     0 leaf u32 | 4 node index u32 | 8 shape u32 | 12 pool u16 | 14 - | 16 tie u32 | 20 generation u32 | 24 used i64[dims]
struct Row {
  static let headerBytes = 24
  let base: UnsafeMutableRawPointer
  @inline(__always) var leaf: UInt32 {
    get { base.load(fromByteOffset: 0, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 0, as: UInt32.self) }
  }
  @inline(__always) var node: UInt32 {
    get { base.load(fromByteOffset: 4, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 4, as: UInt32.self) }
  }
  @inline(__always) var shape: UInt32 {
    get { base.load(fromByteOffset: 8, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 8, as: UInt32.self) }
  }
  @inline(__always) var pool: UInt16 {
    get { base.load(fromByteOffset: 12, as: UInt16.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 12, as: UInt16.self) }
  }
  @inline(__always) var tie: UInt32 {
    get { base.load(fromByteOffset: 16, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 16, as: UInt32.self) }
  }
  /// The node's generation, beside its index: a placement makes the node's id of both.
  @inline(__always) var generation: UInt32 {
    get { base.load(fromByteOffset: 20, as: UInt32.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: 20, as: UInt32.self) }
  }
  @inline(__always) var id: UInt64 { UInt64(generation) << 32 | UInt64(node) }
  @inline(__always) var used: UnsafeMutablePointer<Int64> {
    (base + Self.headerBytes).assumingMemoryBound(to: Int64.self)
  }
}

/// Slots: the places of nodes, in topology order.
///
/// A slot is (group label << 6) | lane. A group holds up to 64 nodes of one leaf domain; its label is its place in the
/// order. Every leaf domain owns a contiguous range of labels, some of them in reserve. A node takes the lowest free
/// slot of its domain; when a domain has no label left, labels are dealt out anew with fresh reserves (`relabel`):
/// rows stay where they are in memory, only the table of groups moves, and the caller rewrites slots in its indexes.
/// Domains are ranges of slots, which is what the slot index of gangs and spread constraints will stand on.
final class SlotMap {
  struct Group {
    var rows: UnsafeMutableRawPointer?
    var live: UInt64  // lanes with a node
    var domain: UInt32
    var stride: UInt16
    var lanes: UInt16  // capacity
  }

  /// A leaf domain's labels: first..<first + reserved, of which the first `used` have groups.
  struct Range {
    var first: UInt32 = 0
    var reserved: UInt32 = 0
    var used: UInt32 = 0
    /// No group before this one (counted from `first`) has a free lane.
    var hint: UInt32 = 0
  }

  private let arena: Arena
  private var blocks: SizedPool
  private(set) var groups: Column<Group>
  /// By leaf ordinal (see `Topology`), in the order of creation.
  private(set) var ranges: Column<Range>

  init(in arena: Arena) {
    self.arena = arena
    blocks = SizedPool(in: arena)
    groups = Column(in: arena)
    ranges = Column(in: arena)
  }

  var bytes: Int { blocks.bytes + groups.bytes + ranges.bytes }
  var labelCount: Int { groups.count }

  @inline(__always)
  func row(_ slot: UInt32) -> Row {
    let group = groups.pointer + Int(slot >> 6)
    return Row(base: group.pointee.rows.unsafelyUnwrapped + Int(group.pointee.stride) * Int(slot & 63))
  }

  @inline(__always)
  func domain(of slot: UInt32) -> UInt32 { groups[Int(slot >> 6)].domain }

  /// Calls `body` with every live node's slot and row, in topology order.
  @inline(__always)
  func visit(_ body: (UInt32, Row) -> Void) { visit(labels: 0..<labelCount, body) }

  /// The same in one leaf domain.
  func visit(domain: UInt32, _ body: (UInt32, Row) -> Void) {
    let range = ranges[Int(domain)]
    visit(labels: Int(range.first)..<Int(range.first + range.used), body)
  }

  @inline(__always)
  private func visit(labels: Swift.Range<Int>, _ body: (UInt32, Row) -> Void) {
    for label in labels {
      var live = groups[label].live
      while live != 0 {
        let slot = UInt32(label) << 6 | UInt32(live.trailingZeroBitCount)
        live &= live - 1
        body(slot, row(slot))
      }
    }
  }

  func addDomain() {
    ranges.append(Range())
  }

  /// Takes back the last `addDomain`. Labels that it had in reserve stay unused until they are dealt out anew.
  func removeLastDomain() {
    ranges.resize(ranges.count - 1)
  }

  /// The lowest free slot of a leaf domain; nil when its labels are used up (relabel, then ask again).
  func take(domain: UInt32, dims: Int) -> UInt32? {
    let range = ranges.pointer + Int(domain)
    let stride = Row.headerBytes + 8 * dims
    var offset = range.pointee.hint
    while offset < range.pointee.used {
      let label = Int(range.pointee.first + offset)
      if groups[label].live != .max { break }
      offset += 1
    }
    range.pointee.hint = offset
    if offset == range.pointee.used {
      guard offset < range.pointee.reserved else { return nil }
      range.pointee.used += 1
      let label = Int(range.pointee.first + offset)
      groups[label] = Group(rows: nil, live: 0, domain: domain, stride: UInt16(stride), lanes: 0)
    }
    let label = Int(range.pointee.first + offset)
    let lane = (~groups[label].live).trailingZeroBitCount
    fit(label, lanes: lane + 1, stride: max(stride, Int(groups[label].stride)))
    groups[label].live |= 1 << UInt64(lane)
    let slot = UInt32(label) << 6 | UInt32(lane)
    row(slot).base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(groups[label].stride))
    return slot
  }

  /// Where a slot is, in words that dealing labels out anew leaves alone.
  struct Place {
    var domain: UInt32
    var offset: UInt32  // of the label among its domain's
    var lane: UInt32
  }

  func place(of slot: UInt32) -> Place {
    let domain = groups[Int(slot >> 6)].domain
    return Place(domain: domain, offset: slot >> 6 - ranges[Int(domain)].first, lane: slot & 63)
  }

  /// Takes a certain slot that was given back since; its group is still there.
  func retake(_ place: Place, dims: Int) -> UInt32 {
    let label = Int(ranges[Int(place.domain)].first + place.offset)
    let slot = UInt32(label) << 6 | place.lane
    assert(groups[label].domain == place.domain && groups[label].live >> UInt64(place.lane) & 1 == 0)
    let stride = Row.headerBytes + 8 * dims
    fit(label, lanes: Int(place.lane) + 1, stride: max(stride, Int(groups[label].stride)))
    groups[label].live |= 1 << UInt64(place.lane)
    row(slot).base.initializeMemory(as: UInt8.self, repeating: 0, count: Int(groups[label].stride))
    return slot
  }

  /// Whether a domain's labels end where the table does, so that it can grow there.
  func isAtEnd(domain: UInt32) -> Bool {
    let range = ranges[Int(domain)]
    return range.reserved == 0 || Int(range.first + range.reserved) == groups.count
  }

  /// Gives the last domain of the topology order more labels, at the end of all: nothing has to move.
  func extendLast(domain: UInt32) {
    let range = ranges.pointer + Int(domain)
    if range.pointee.reserved == 0 { range.pointee.first = UInt32(groups.count) }
    assert(Int(range.pointee.first + range.pointee.reserved) == groups.count)
    let more = max(1, range.pointee.reserved / 4)
    range.pointee.reserved += more
    groups.resize(groups.count + Int(more))
  }

  /// Labels there can be: a slot has 32 bits, of which a lane takes 6.
  static let maxLabels = 1 << 26

  /// Upper bound of the labels in use after `count` more nodes came to `domains` leaf domains, dealt anew.
  func labels(after count: Int, domains: Int) -> Int {
    var sum = count / 64 + domains
    for index in 0..<ranges.count { sum += max(1, Int(ranges[index].used)) }
    return sum + sum / 4 + ranges.count
  }

  /// Makes a group's block large enough; widening the rows moves them.
  private func fit(_ label: Int, lanes wantedLanes: Int, stride: Int) {
    let group = groups[label]
    var lanes = max(8, Int(group.lanes))
    while lanes < wantedLanes { lanes *= 2 }
    guard lanes != Int(group.lanes) || stride != Int(group.stride) || group.rows == nil else { return }
    let fresh = blocks.allocate(bytes: lanes * stride)
    if let old = group.rows {
      for lane in 0..<Int(group.lanes) where group.live >> UInt64(lane) & 1 == 1 {
        (fresh + lane * stride).copyMemory(from: old + lane * Int(group.stride), byteCount: Int(group.stride))
      }
      blocks.release(old, bytes: Int(group.lanes) * Int(group.stride))
    }
    groups[label].rows = fresh
    groups[label].lanes = UInt16(lanes)
    groups[label].stride = UInt16(stride)
  }

  /// Room for a row of more dims at a slot that is taken.
  func widen(_ slot: UInt32, dims: Int) {
    let label = Int(slot >> 6)
    let stride = Row.headerBytes + 8 * dims
    if stride > Int(groups[label].stride) { fit(label, lanes: Int(groups[label].lanes), stride: stride) }
  }

  func give(_ slot: UInt32) {
    let label = Int(slot >> 6)
    groups[label].live &= ~(1 << UInt64(slot & 63))
    let range = ranges.pointer + Int(groups[label].domain)
    range.pointee.hint = min(range.pointee.hint, UInt32(label) - range.pointee.first)
  }

  /// Deals the labels out anew. `order` lists the leaf domains in topology order; `expected[domain]` is how many nodes
  /// it should have room for. Returns the new label of every old one: monotone, also over labels without a group.
  func relabel(order: [UInt32], expected: (UInt32) -> Int) -> [UInt32] {
    let old = groups
    let oldRanges = (0..<ranges.count).map { ranges[$0] }
    var fresh = Column<Group>(in: arena)
    var next: UInt32 = 0
    for domain in order {
      let used = oldRanges[Int(domain)].used
      let wanted = max(used, UInt32((expected(domain) + 63) / 64))
      ranges[Int(domain)].first = next
      // a quarter in reserve, so that growth deals anew only every so often
      ranges[Int(domain)].reserved = wanted + max(1, wanted / 4)
      next += ranges[Int(domain)].reserved
    }
    fresh.resize(Int(next), exact: true)
    var map = [UInt32](repeating: .max, count: old.count)
    for domain in order {
      let from = oldRanges[Int(domain)]
      for offset in 0..<from.used {
        let label = ranges[Int(domain)].first + offset
        map[Int(from.first + offset)] = label
        fresh[Int(label)] = old[Int(from.first + offset)]
      }
    }
    var following = next
    for label in stride(from: map.count - 1, through: 0, by: -1) {
      if map[label] == .max { map[label] = following } else { following = map[label] }
    }
    groups.free()
    groups = fresh
    return map
  }
}
