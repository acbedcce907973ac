import BerthMemory
import CBerth

/// What happened, in order: the last events, each under its number, in a ring that starts small and grows to the
/// capacity that was asked for. Numbers count up from 1 without holes, so that a reader's cursor is the number it
/// wants next, and whatever lies below `oldest` is known to be lost, and how much of it.
///
/// What may still be taken back waits in `pending` and gets its numbers with the commit: a reader never sees it before,
/// and what is taken back has pushed nothing out of the ring.
struct EventLog {
  private static let firstRoom = 64
  /// More than this many pending cells are given back once they are published.
  private static let keptPending = 1 << 12

  private let arena: Arena
  private var ring: UnsafeMutablePointer<berth_event>?
  /// Records the ring holds now; like `capacity`, which it may grow to, 0 or a power of two.
  private var room = 0
  private(set) var capacity = 0
  /// The first event that is still there; `next` when there is none.
  private var oldest: UInt64 = 1
  /// The number of the event to come.
  private(set) var next: UInt64 = 1
  private var pending: Column<berth_event>
  /// Events that readers could see, and events that gaps told readers of.
  private(set) var written: UInt64 = 0
  private(set) var lost: UInt64 = 0

  init(in arena: Arena) {
    self.arena = arena
    pending = Column(in: arena)
  }

  /// For an engine that ends while others of its family live on in the arena.
  mutating func free() {
    freeRing()
    pending.free()
  }

  private mutating func freeRing() {
    if let ring { arena.free(ring, bytes: Self.bytes(room)) }
    ring = nil
    room = 0
  }

  var bytes: Int { Self.bytes(room) + pending.bytes }
  private static func bytes(_ room: Int) -> Int { room * MemoryLayout<berth_event>.stride }

  @inline(__always) var isOn: Bool { capacity != 0 }

  /// Keeps the last `capacity` events from now on; 0 keeps none. Nothing may be pending.
  mutating func enable(capacity wanted: Int) {
    assert(pending.count == 0)
    if wanted == 0 {
      guard isOn else { return }
      free()
      // The number that is left out stands for all that nobody will have noted: an old cursor then meets a gap.
      next += 1
      oldest = next
    } else if wanted < room {
      oldest = max(oldest, next - min(next, UInt64(wanted)))
      resize(to: wanted)
    }
    capacity = wanted
  }

  // MARK: Writing

  /// Makes room for more events, so that appending them asks the arena for nothing.
  mutating func reserve(_ additional: Int, tentatively: Bool) {
    if tentatively { return pending.reserve(pending.count + additional) }
    let wanted = min(capacity, Int(next - oldest) + additional)
    guard wanted > room else { return }
    var larger = max(room, min(capacity, Self.firstRoom))
    while larger < wanted { larger *= 2 }
    resize(to: larger)
  }

  /// Events must be on; `tentatively` while what happened may be taken back.
  @inline(__always)
  mutating func append(_ event: berth_event, tentatively: Bool) {
    if tentatively { pending.append(event) } else { write(event) }
  }

  @inline(__always)
  private mutating func write(_ event: berth_event) {
    if next - oldest == UInt64(room) {
      if room == capacity { oldest += 1 } else { reserve(1, tentatively: false) }
    }
    let cell = cell(next)
    cell.pointee = event
    cell.pointee.sequence = next
    next += 1
    written += 1
  }

  /// What a mark keeps to take back the events after it.
  var pendingCount: Int { pending.count }

  mutating func withdraw(to count: Int) {
    if pending.count > count { pending.truncate(to: count) }
  }

  /// Puts what is pending from a place on in another order: that of the pods.
  mutating func arrange(from start: Int, by rank: [berth_pod_id: Int]) {
    guard start < pending.count else { return }
    let sorted = (start..<pending.count).map { pending[$0] }.sorted {
      rank[$0.pod, default: 0] < rank[$1.pod, default: 0]
    }
    for (offset, event) in sorted.enumerated() { pending[start + offset] = event }
  }

  /// What is pending happened for good.
  mutating func publish() {
    guard pending.capacity > 0 else { return }
    for index in 0..<pending.count { write(pending[index]) }
    if pending.capacity > Self.keptPending { pending.free() } else { pending.truncate(to: 0) }
  }

  // MARK: Reading

  /// Copies events from `cursor` on (0: the oldest); if some are lost, a gap comes first.
  mutating func read(
    from cursor: UInt64, into events: UnsafeMutableBufferPointer<berth_event>
  ) -> (count: Int, next: UInt64) {
    var position = cursor == 0 ? oldest : cursor
    var count = 0
    if position < oldest && events.count > 0 {
      events[0] = berth_event(
        sequence: position, time_ms: 0, pod: UInt64.max, node: UInt64.max, other: oldest - position,
        kind: UInt32(BERTH_EVENT_GAP), pod_class: UInt32.max)
      lost += oldest - position
      position = oldest
      count = 1
    }
    while position >= oldest && position < next && count < events.count {
      events[count] = cell(position).pointee
      position += 1
      count += 1
    }
    return (count, position)
  }

  // MARK: The ring

  @inline(__always)
  private func cell(_ number: UInt64) -> UnsafeMutablePointer<berth_event> {
    ring.unsafelyUnwrapped + Int(truncatingIfNeeded: number & UInt64(room &- 1))
  }

  private mutating func resize(to newRoom: Int) {
    let fresh = arena.allocate(bytes: Self.bytes(newRoom)).bindMemory(to: berth_event.self, capacity: newRoom)
    for number in oldest..<next { fresh[Int(number) & (newRoom - 1)] = cell(number).pointee }
    freeRing()
    ring = fresh
    room = newRoom
  }

  /// What is wrong with the log, if anything.
  func complaint() -> String? {
    guard oldest >= 1, oldest <= next, next - oldest <= UInt64(room), room <= capacity else {
      return "events \(oldest)..<\(next) in a ring of \(room), at most \(capacity)"
    }
    for number in oldest..<next where cell(number).pointee.sequence != number {
      return "event \(number) is filed as \(cell(number).pointee.sequence)"
    }
    return nil
  }
}
