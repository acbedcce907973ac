import BerthMemory
import CBerth

/// Slots: the places of nodes, in topology order.
///
/// A slot is (group label << 6) | lane. A group holds up to 64 nodes of one leaf domain; its label is its place in the
/// order. Every leaf domain owns a contiguous range of labels, some of them in reserve. A node takes the lowest free
/// slot of its domain; when a domain has no label left, labels are dealt out anew with fresh reserves (`relabel`):
/// rows stay where they are in memory, only the table of groups moves, and the caller rewrites slots in its indexes.
/// Domains are ranges of slots, which is what the slot index of gangs and spread constraints will stand on.
final class SlotMap {
  /// A leaf domain's labels: first..<first + reserved, of which the first `used` have groups.
  struct Range {
    var first: UInt32 = 0
    var reserved: UInt32 = 0
    var used: UInt32 = 0
    /// No group before this one (counted from `first`) has a free lane.
    var hint: UInt32 = 0
  }

  private let arena: Arena
  private(set) var groups: GroupTable {
    didSet { (groupPages, groupOwnership) = (groups.pages, groups.ownership) }
  }
  /// Where the pages of `groups` are: to take the table itself would count references, at each row.
  private var groupPages: UnsafePointer<UnsafeMutableRawPointer>?
  private var groupOwnership: UnsafePointer<Bool>?
  /// What all rows take, with the headers of their blocks.
  private var rowBytes = 0
  /// By leaf ordinal (see `Topology`), in the order of creation.
  private(set) var ranges: PagedColumn<Range>
  /// Rises when groups come, go or get more lanes: what was laid out along them is void.
  private(set) var layout: UInt64 = 0

  init(in arena: Arena) {
    self.arena = arena
    groups = GroupTable(in: arena)
    ranges = PagedColumn(in: arena)
  }

  init(forking other: SlotMap) {
    arena = other.arena
    groups = other.groups.fork()
    (groupPages, groupOwnership) = (groups.pages, groups.ownership)
    rowBytes = other.rowBytes
    ranges = other.ranges.fork()
  }

  var storage: [any SharedStorage] { [groups, ranges] }
  var bytes: Int { rowBytes + groups.bytes + ranges.bytes }
  var labelCount: Int { groups.count }

  /// A row for reading.
  @inline(__always)
  func row(_ slot: UInt32) -> Row {
    Row(base: UnsafeRawPointer(Self.address(record(Int(slot >> 6)).pointee, slot)))
  }

  /// A row for writing; rows of its group that were taken for reading are void.
  @inline(__always)
  func mutableRow(_ slot: UInt32) -> MutableRow {
    let label = Int(slot >> 6)
    if !groupOwnership.unsafelyUnwrapped[label >> GroupTable.shift] || !record(label).pointee.ownsRows {
      ownRows(label)
    }
    return MutableRow(base: Self.address(record(label).pointee, slot))
  }

  @inline(never)
  private func ownRows(_ label: Int) { _ = groups.ownedRows(label) }

  @inline(__always)
  private func record(_ label: Int) -> UnsafePointer<Group> {
    let page = groupPages.unsafelyUnwrapped[label >> GroupTable.shift]
    return UnsafePointer(page.assumingMemoryBound(to: Group.self) + (label & (GroupTable.perPage - 1)))
  }

  @inline(__always)
  private static func address(_ group: Group, _ slot: UInt32) -> UnsafeMutableRawPointer {
    group.rows.unsafelyUnwrapped + Int(group.stride) * Int(slot & 63)
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

  /// Takes back the last `addDomain`, whose nodes have all gone. Labels at the end of the table are given back, so that
  /// a domain that comes and goes time and again does not use them up; others are free when they are dealt out anew.
  func removeLastDomain() {
    let range = ranges.removeLast()
    layout += 1
    for label in Int(range.first)..<Int(range.first + range.used) {
      // the record first: copying its page holds the rows once more
      let group = groups.owned(label)
      if let rows = group.pointee.rows {
        rowBytes -= SharedBlock(rows).heldBytes
        SharedBlock(rows).release(in: arena)
      }
      group.pointee = Group(domain: 0, stride: 0)
    }
    if range.reserved > 0 && Int(range.first + range.reserved) == groups.count {
      groups.truncate(to: Int(range.first))
    }
  }

  /// The lowest free slot of a leaf domain, its row zero; nil when its labels are used up (relabel, then ask again).
  func take(domain: UInt32, dims: Int) -> UInt32? {
    let range = ranges.ownedPointer(Int(domain))
    let stride = Row.headerBytes + 8 * dims
    var offset = range.pointee.hint
    while offset < range.pointee.used {
      let label = Int(range.pointee.first + offset)
      if groups[label].live != .max { break }
      offset += 1
    }
    range.pointee.hint = offset
    let label = Int(range.pointee.first + offset)
    if offset == range.pointee.used {
      guard offset < range.pointee.reserved else { return nil }
      range.pointee.used += 1
      layout += 1
      groups.owned(label).pointee = Group(domain: domain, stride: stride)
    }
    let lane = (~groups[label].live).trailingZeroBitCount
    fit(label, lanes: lane + 1, stride: max(stride, Int(groups[label].stride)))
    let slot = UInt32(label) << 6 | UInt32(lane)
    take(slot)
    return slot
  }

  /// Marks a slot that has room as taken, and clears its row.
  private func take(_ slot: UInt32) {
    let group = groups.ownedRows(Int(slot >> 6))
    group.pointee.live |= 1 << UInt64(slot & 63)
    let row = Self.address(group.pointee, slot)
    row.initializeMemory(as: UInt8.self, repeating: 0, count: Int(group.pointee.stride))
  }

  // MARK: Snapshots

  /// Groups of a leaf domain up to the last one that has nodes.
  func groupsInUse(domain: Int) -> Int {
    let range = ranges[domain]
    var count = Int(range.used)
    while count > 0 && groups[Int(range.first) + count - 1].live == 0 { count -= 1 }
    return count
  }

  /// The first slot of a group.
  func slot(domain: Int, group: Int) -> UInt32 { (ranges[domain].first + UInt32(group)) << 6 }

  func live(domain: Int, group: Int) -> UInt64 { groups[Int(ranges[domain].first) + group].live }

  /// Makes so many empty groups in each leaf domain of an empty map; `retake` puts nodes into them.
  func restore(groups used: [UInt32], order: [UInt32]) {
    _ = relabel(order: order) { Int(used[Int($0)]) * 64 }
    layout += 1
    for domain in 0..<ranges.count {
      ranges.ownedPointer(domain).pointee.used = used[domain]
      for group in 0..<used[domain] {
        groups.owned(Int(ranges[domain].first + group)).pointee = Group(domain: UInt32(domain), stride: Row.headerBytes)
      }
    }
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
    take(slot)
    return slot
  }

  /// Whether a domain's labels end where the table does, so that it can grow there.
  func isAtEnd(domain: UInt32) -> Bool {
    let range = ranges[Int(domain)]
    return range.reserved == 0 || Int(range.first + range.reserved) == groups.count
  }

  /// Gives the last domain of the topology order more labels, at the end of all: nothing has to move.
  func extendLast(domain: UInt32) {
    let range = ranges.ownedPointer(Int(domain))
    if range.pointee.reserved == 0 { range.pointee.first = UInt32(groups.count) }
    assert(Int(range.pointee.first + range.pointee.reserved) == groups.count)
    let more = max(1, range.pointee.reserved / 4)
    range.pointee.reserved += more
    groups.grow(to: groups.count + Int(more))
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
    let old = groups[label]
    var lanes = max(8, Int(old.lanes))
    while lanes < wantedLanes { lanes *= 2 }
    guard lanes != Int(old.lanes) || stride != Int(old.stride) || old.rows == nil else { return }
    let fresh = SharedBlock(bytes: lanes * stride, in: arena)
    rowBytes += fresh.heldBytes
    layout += 1
    let group = groups.owned(label)
    if let rows = old.rows {
      for lane in 0..<Int(old.lanes) where old.live >> UInt64(lane) & 1 == 1 {
        (fresh.base + lane * stride).copyMemory(from: rows + lane * Int(old.stride), byteCount: Int(old.stride))
        let rest = stride - Int(old.stride)
        (fresh.base + lane * stride + Int(old.stride)).initializeMemory(as: UInt8.self, repeating: 0, count: rest)
      }
      rowBytes -= SharedBlock(rows).heldBytes
      SharedBlock(rows).release(in: arena)
    }
    group.pointee.rows = fresh.base
    group.pointee.lanes = UInt8(lanes)
    group.pointee.stride = UInt16(stride)
    group.pointee.ownsRows = true
  }

  /// Room for a row of more dims at a slot that is taken.
  func widen(_ slot: UInt32, dims: Int) {
    let label = Int(slot >> 6)
    let stride = Row.headerBytes + 8 * dims
    if stride > Int(groups[label].stride) { fit(label, lanes: Int(groups[label].lanes), stride: stride) }
  }

  func give(_ slot: UInt32) {
    let group = groups.owned(Int(slot >> 6))
    group.pointee.live &= ~(1 << UInt64(slot & 63))
    let range = ranges.ownedPointer(Int(group.pointee.domain))
    range.pointee.hint = min(range.pointee.hint, slot >> 6 - range.pointee.first)
  }

  /// Deals the labels out anew. `order` lists the leaf domains in topology order; `expected[domain]` is how many nodes
  /// it should have room for. Returns the new label of every old one: monotone, also over labels without a group.
  func relabel(order: [UInt32], expected: (UInt32) -> Int) -> [UInt32] {
    layout += 1
    let old = groups
    let oldRanges = (0..<ranges.count).map { ranges[$0] }
    var next: UInt32 = 0
    for domain in order {
      let used = oldRanges[Int(domain)].used
      let wanted = max(used, UInt32((expected(domain) + 63) / 64))
      let range = ranges.ownedPointer(Int(domain))
      range.pointee.first = next
      // a quarter in reserve, so that growth deals anew only every so often
      range.pointee.reserved = wanted + max(1, wanted / 4)
      next += range.pointee.reserved
    }
    var fresh = GroupTable(in: arena)
    fresh.grow(to: Int(next))
    var map = [UInt32](repeating: .max, count: old.count)
    for domain in order {
      let from = oldRanges[Int(domain)]
      let first = ranges[Int(domain)].first
      for offset in 0..<from.used {
        map[Int(from.first + offset)] = first + offset
        fresh.adopt(old[Int(from.first + offset)], as: Int(first + offset))
      }
    }
    var following = next
    for label in stride(from: map.count - 1, through: 0, by: -1) {
      if map[label] == .max { map[label] = following } else { following = map[label] }
    }
    groups.giveBack()
    groups = fresh
    return map
  }
}
