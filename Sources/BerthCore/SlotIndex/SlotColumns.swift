import CBerth
import CKernels

/// Nodes' quantities in topology order, shared by all slot indexes of an engine: for each group of 64 slots a block of
/// columns that the kernels read. Columns are float64: whole numbers below 2^53, so nothing is lost.
///
///     pool u16[64] | for each resource: free f64[64], 1 / capacity f64[64]
final class SlotColumns {
  static let poolBytes = 128
  static let columnBytes = 512
  /// Capacities up to here score exactly, see Sources/BerthKernels/SlotScores.swift.
  static let largestCapacity: Int64 = 1 << 43
  /// What more than this is in use of is over-committed beyond any use: free quantities stay whole.
  private static let leastFree = -Double(1 << 52)

  struct Group {
    var block: UnsafeMutableRawPointer?
    var live: UInt64 = 0
    /// Nodes that lack a resource, or have more of one than the kernels take: they are scored from their rows.
    var odd: UInt64 = 0
    /// All nodes are of one pool.
    var isUniform = true
  }

  private(set) var resources: [UInt32] = []
  /// By column: scores look at it, not just filters.
  private var isScored: [Bool] = []
  private(set) var groups: UnsafeMutablePointer<Group>
  private(set) var count = 0
  private var capacity = 0
  private var cursor: UInt64 = 0
  private var generation: UInt64 = .max
  private(set) var bytes = 0
  /// Of the index that catches up.
  let seen = SeenSlots()

  init() { groups = .allocate(capacity: 0) }

  deinit { free() }

  private func free() {
    for index in 0..<count { groups[index].block?.deallocate() }
    groups.deallocate()
    (count, capacity, bytes) = (0, 0, 0)
  }

  var blockBytes: Int { Self.poolBytes + resources.count * 2 * Self.columnBytes }

  func column(of resource: UInt32) -> Int? { resources.firstIndex(of: resource) }

  /// Adds columns for resources that have none; all blocks are made anew.
  func require(_ wanted: [UInt32], scored: [UInt32]) {
    for resource in wanted where !resources.contains(resource) {
      resources.append(resource)
      isScored.append(false)
      generation = .max
    }
    for resource in scored where !isScored[column(of: resource)!] {
      isScored[column(of: resource)!] = true
      generation = .max
    }
  }

  /// Brings all columns up to date with the rows.
  func catchUp(_ cluster: Cluster) {
    if generation != cluster.log.generation || !cluster.log.holds(from: cursor) { rebuild(cluster) }
    if cursor < cluster.log.length {
      cluster.log.visit(from: cursor) { read($0.slot, cluster) }
      cursor = cluster.log.length
    }
  }

  private func rebuild(_ cluster: Cluster) {
    free()
    groups = .allocate(capacity: 0)
    generation = cluster.log.generation
    cursor = cluster.log.length
    reserve(cluster.rows.labelCount)
    cluster.rows.visit { slot, _ in read(slot, cluster) }
  }

  private func reserve(_ wanted: Int) {
    guard wanted > count else { return }
    if wanted > capacity {
      let larger = UnsafeMutablePointer<Group>.allocate(capacity: wanted + wanted / 4)
      larger.moveInitialize(from: groups, count: count)
      groups.deallocate()
      groups = larger
      bytes += (wanted + wanted / 4 - capacity) * MemoryLayout<Group>.stride
      capacity = wanted + wanted / 4
    }
    (groups + count).initialize(repeating: Group(block: nil), count: wanted - count)
    count = wanted
  }

  private func makeBlock(_ group: UnsafeMutablePointer<Group>) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: blockBytes)
    group.pointee.block = block
    bytes += blockBytes
    return block
  }

  /// Reads a slot's row, or notes that nobody is there.
  @inline(__always)
  private func read(_ slot: UInt32, _ cluster: Cluster) {
    let label = Int(slot >> 6)
    let lane = Int(slot & 63)
    reserve(label + 1)
    let group = groups + label
    let bit: UInt64 = 1 << UInt64(lane)
    guard label < cluster.rows.labelCount, cluster.rows.isLive(slot) else {
      group.pointee.live &= ~bit
      group.pointee.odd &= ~bit
      return
    }
    let row = cluster.rows.row(slot)
    let block = group.pointee.block ?? makeBlock(group)
    let pools = block.assumingMemoryBound(to: UInt16.self)
    if group.pointee.live & bit == 0 || pools[lane] != row.pool {
      pools[lane] = row.pool
      group.pointee.live |= bit
      group.pointee.isUniform = Self.isUniform(pools, group.pointee.live)
    }
    group.pointee.odd &= ~bit
    if !write(row, lane, block, cluster) { group.pointee.odd |= bit }
  }

  private static func isUniform(_ pools: UnsafePointer<UInt16>, _ live: UInt64) -> Bool {
    let first = pools[live.trailingZeroBitCount]
    var rest = live
    while rest != 0 {
      if pools[rest.trailingZeroBitCount] != first { return false }
      rest &= rest - 1
    }
    return true
  }

  /// False if the kernels cannot say what the node scores.
  @inline(__always)
  private func write(_ row: Row, _ lane: Int, _ block: UnsafeMutableRawPointer, _ cluster: Cluster) -> Bool {
    var isPlain = true
    let shape = row.shape
    let dims = cluster.shapes.resources(shape)
    let capacities = cluster.shapes.capacities(shape)
    let count = Int(cluster.shapes.dims[Int(shape)])
    for column in 0..<resources.count {
      let cells = (block + Self.poolBytes + column * 2 * Self.columnBytes).assumingMemoryBound(to: Double.self)
      var dim = 0
      while dim < count && dims[dim] != resources[column] { dim += 1 }
      let capacity = dim < count ? capacities[dim] : 0
      if dim < count {
        cells[lane] = max(Self.leastFree, Double(capacity - row.used[dim]))
      } else {
        cells[lane] = 0
      }
      if capacity == 0 || capacity > Self.largestCapacity {
        cells[64 + lane] = 0
        if isScored[column] || capacity > Self.largestCapacity { isPlain = false }
      } else {
        cells[64 + lane] = 1 / Double(capacity)
      }
    }
    return isPlain
  }
}

extension SlotMap {
  /// Whether a node has the slot.
  @inline(__always)
  func isLive(_ slot: UInt32) -> Bool { groups[Int(slot >> 6)].live >> UInt64(slot & 63) & 1 != 0 }
}
