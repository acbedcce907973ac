import BerthMemory

/// Up to 64 rows of one leaf domain: where they are, and which of them are nodes.
struct Group {
  /// A counted block of its own, held by every page of records that names it.
  var rows: UnsafeMutableRawPointer?
  var live: UInt64  // lanes with a node
  var domain: UInt32
  var stride: UInt16
  var lanes: UInt8  // capacity
  /// No other engine reaches the rows. True only while the record's page is owned, too.
  var ownsRows: Bool

  /// A group without room yet.
  init(domain: UInt32, stride: Int) {
    rows = nil
    live = 0
    self.domain = domain
    self.stride = UInt16(stride)
    lanes = 0
    ownsRows = false
  }
}

/// The records of all groups by label, in pages that forks share. A page holds the rows that its records name: whoever
/// copies it holds them, too, and its last holder lets go of them.
struct GroupTable {
  static let shift = 6
  static let perPage = 1 << shift
  private var table: PageTable
  private(set) var count = 0
  private unowned(unsafe) let arena: Arena

  init(in arena: Arena) {
    self.arena = arena
    table = PageTable(pageBytes: Self.perPage * MemoryLayout<Group>.stride, in: arena)
  }

  @inline(__always)
  private static func records(_ page: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Group> {
    page.assumingMemoryBound(to: Group.self)
  }

  /// The table in plain memory, for readers that must not count references; valid until it grows or is forked.
  var pages: UnsafePointer<UnsafeMutableRawPointer>? { table.pages }
  var ownership: UnsafePointer<Bool>? { table.ownership }

  @inline(__always)
  subscript(label: Int) -> Group { pointer(label).pointee }

  /// A record for reading, valid until its page is owned.
  @inline(__always)
  func pointer(_ label: Int) -> UnsafePointer<Group> {
    UnsafePointer(Self.records(table.page(label >> Self.shift)) + (label & (Self.perPage - 1)))
  }

  /// A record that may be written to; its rows may not, see `ownedRows`.
  @inline(__always)
  func owned(_ label: Int) -> UnsafeMutablePointer<Group> {
    if !table.owns(label >> Self.shift) { own(label >> Self.shift) }
    return Self.records(table.page(label >> Self.shift)) + (label & (Self.perPage - 1))
  }

  /// A record whose rows may be written to.
  @inline(__always)
  func ownedRows(_ label: Int) -> UnsafeMutablePointer<Group> {
    let group = owned(label)
    if !group.pointee.ownsRows { ownRows(group) }
    return group
  }

  @inline(never)
  private func own(_ page: Int) {
    table.own(page, copied: { Self.forEachRows($0) { $0.retain() } }, dropped: releaseRows)
    let records = Self.records(table.page(page))
    for lane in 0..<Self.perPage { records[lane].ownsRows = false }
  }

  @inline(never)
  private func ownRows(_ group: UnsafeMutablePointer<Group>) {
    let rows = SharedBlock(group.pointee.rows.unsafelyUnwrapped)
    if rows.isShared {
      group.pointee.rows = rows.copy(in: arena).base
      rows.release(in: arena)
    }
    group.pointee.ownsRows = true
  }

  private static func forEachRows(_ page: UnsafeMutableRawPointer, _ body: (SharedBlock) -> Void) {
    let records = records(page)
    for lane in 0..<perPage {
      if let rows = records[lane].rows { body(SharedBlock(rows)) }
    }
  }

  private func releaseRows(_ page: UnsafeMutableRawPointer) {
    Self.forEachRows(page) { $0.release(in: arena) }
  }

  /// More records, all of them without rows.
  mutating func grow(to newCount: Int) {
    while table.count << Self.shift < newCount {
      table.append()
      let records = UnsafeMutableRawPointer(Self.records(table.page(table.count - 1)))
      records.initializeMemory(as: UInt8.self, repeating: 0, count: table.pageBytes)
    }
    count = newCount
  }

  /// Forgets the last records, none of which has rows.
  mutating func truncate(to newCount: Int) { count = newCount }

  /// Takes over a record from another table, which still holds its rows.
  func adopt(_ group: Group, as label: Int) {
    var record = group
    record.ownsRows = false
    if let rows = record.rows { SharedBlock(rows).retain() }
    owned(label).pointee = record
  }

  func fork() -> GroupTable {
    var fork = self
    fork.table = table.fork()
    return fork
  }

}

extension GroupTable: SharedStorage {
  /// Without the rows: whoever makes them counts them.
  var bytes: Int { table.bytes }

  func giveBack() { table.giveBack(dropped: releaseRows) }

  /// With the rows.
  var ownBytes: Int {
    var sum = table.ownBytes
    for page in 0..<table.count where table.owns(page) {
      let records = Self.records(table.page(page))
      for lane in 0..<Self.perPage where records[lane].ownsRows {
        sum += SharedBlock(records[lane].rows.unsafelyUnwrapped).heldBytes
      }
    }
    return sum
  }

  /// With the rows.
  func countHeld(alone: Bool) -> Int? {
    guard var sum = table.countHeld(alone: alone) else { return nil }
    for label in 0..<table.count << Self.shift {
      let group = pointer(label).pointee
      guard let rows = group.rows else { continue }
      let references = SharedBlock(rows).references
      let isOwned = table.owns(label >> Self.shift) && group.ownsRows
      if references == 0 || ((isOwned || alone) && references != 1) { return nil }
      sum += 1
    }
    return sum
  }
}
