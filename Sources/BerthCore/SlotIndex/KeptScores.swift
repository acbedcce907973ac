import CKernels

/// The scores of all nodes of a plane, for indexes whose scores are dear: when the best node of a group falls, the next
/// one is known without scoring the others again. 4 bytes for each node and class, and up to 15 of a group are wasted:
/// racks of GPU hosts fill a part of their groups only.
struct KeptScores {
  /// So many lanes are stored at once.
  private static let step = 16
  /// Where a group's scores are, and room for how many of them: an address, a multiple of 64, and steps; 0: none.
  private struct Group {
    var bits: UInt = 0

    @inline(__always) var scores: UnsafeMutablePointer<UInt32>? { UnsafeMutablePointer(bitPattern: bits & ~63) }
    /// Lanes that there is room for.
    @inline(__always) var room: Int { Int(bits & 63) * step }
  }
  private unowned(unsafe) let memory: SlotMemory
  private let groups: UnsafeMutablePointer<Group>
  private let count: Int
  private var lanes = 0

  init(groups count: Int, in memory: SlotMemory) {
    self.count = max(1, count)
    self.memory = memory
    groups = memory.take(self.count * MemoryLayout<Group>.stride).bindMemory(to: Group.self, capacity: self.count)
    groups.initialize(repeating: Group(), count: self.count)
  }

  func free() {
    for group in 0..<count {
      if let scores = groups[group].scores { memory.give(scores, groups[group].room * 4) }
    }
    memory.give(groups, count * MemoryLayout<Group>.stride)
  }

  var bytes: Int { count * MemoryLayout<Group>.stride + lanes * 4 }

  @inline(__always)
  func prefetchGroup(_ group: Int) { bk_prefetch(groups + group) }

  /// Not whether there are some: address 0 does no harm.
  @inline(__always)
  func prefetch(_ slot: UInt32) {
    bk_prefetch(UnsafeRawPointer(bitPattern: groups[Int(slot >> 6)].bits & ~63 + UInt(slot & 63) * 4))
  }

  /// All nodes of a group, of which `live` are there; 0: the node does not fit, or is of another plane.
  mutating func keep(_ scores: UnsafePointer<UInt32>, of group: Int, live: UInt64) {
    let used = 64 - live.leadingZeroBitCount
    if used > groups[group].room { widen(group, to: used) }
    groups[group].scores?.update(from: scores, count: groups[group].room)
  }

  @inline(__always)
  mutating func set(_ group: Int, _ lane: Int, _ score: UInt32) {
    if lane >= groups[group].room {
      if score == 0 { return }
      widen(group, to: lane + 1)
    }
    groups[group].scores.unsafelyUnwrapped[lane] = score
  }

  @inline(never)
  private mutating func widen(_ group: Int, to wanted: Int) {
    let room = (wanted + Self.step - 1) / Self.step * Self.step
    let fresh = memory.take(room * 4).bindMemory(to: UInt32.self, capacity: room)
    let (old, before) = (groups[group].scores, groups[group].room)
    if let old { fresh.initialize(from: old, count: before) }
    (fresh + before).initialize(repeating: 0, count: room - before)
    if let old { memory.give(old, before * 4) }
    groups[group] = Group(bits: UInt(bitPattern: fresh) | UInt(room / Self.step))
    lanes += room - before
  }

  /// The key of the group's best node, see `MaxTree`.
  @inline(__always)
  func best(_ group: Int) -> UInt32 {
    guard let scores = groups[group].scores else { return 0 }
    if groups[group].room == 64 {
      let score = bk_max64(scores)
      return score == 0 ? 0 : score << 6 | UInt32(63 - bk_find64(scores, score).trailingZeroBitCount)
    }
    var (score, best): (UInt32, Int) = (0, 0)
    for lane in 0..<groups[group].room where scores[lane] > score { (score, best) = (scores[lane], lane) }
    return score == 0 ? 0 : score << 6 | UInt32(63 - best)
  }
}
