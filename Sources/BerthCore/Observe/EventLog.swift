import BerthMemory
import CBerth

/// What happened, in order: the last events, each under its number, in a ring that starts small and grows to the
/// capacity that was asked for. Numbers count up from 1 without holes, so that a reader's cursor is the number it
/// wants next, and whatever lies below `oldest` is known to be lost, and how much of it.
struct EventLog {
  private static let firstRoom = 64

  private let arena: Arena
  private var ring: UnsafeMutablePointer<berth_event>?
  /// Records the ring holds now; like `capacity`, which it may grow to, 0 or a power of two.
  private var room = 0
  private(set) var capacity = 0
  /// Whether events are asked for and what happens now is to stay: dry runs leave no event.
  private(set) var isRecording = false
  /// The first event that is still there; `next` when there is none.
  private(set) var oldest: UInt64 = 1
  /// The number of the event to come: what a statement keeps to take back the events after it.
  private(set) var next: UInt64 = 1
  /// Events that were written, those that were taken back included, and events that gaps told readers of.
  private(set) var written: UInt64 = 0
  private(set) var lost: UInt64 = 0

  init(in arena: Arena) { self.arena = arena }

  /// For an engine that ends while others of its family live on in the arena.
  mutating func free() {
    if let ring { arena.free(ring, bytes: Self.bytes(room)) }
    ring = nil
    room = 0
  }

  var bytes: Int { Self.bytes(room) }
  private static func bytes(_ room: Int) -> Int { room * MemoryLayout<berth_event>.stride }

  var isOn: Bool { capacity != 0 }

  /// What happens goes by until it is resumed with what this returns.
  @inline(__always)
  mutating func pause() -> Bool {
    defer { isRecording = false }
    return isRecording
  }

  @inline(__always)
  mutating func resume(_ wasRecording: Bool) { isRecording = wasRecording }

  /// Keeps the last `capacity` events from now on; 0 keeps none.
  mutating func enable(capacity wanted: Int) {
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
    isRecording = isOn
  }

  /// Makes room for more events, so that appending them asks the arena for nothing.
  mutating func reserve(_ additional: Int) {
    let wanted = min(capacity, Int(next - oldest) + additional)
    guard wanted > room else { return }
    var larger = max(room, min(capacity, Self.firstRoom))
    while larger < wanted { larger *= 2 }
    resize(to: larger)
  }

  @inline(__always)
  mutating func append(_ event: berth_event) {
    if next - oldest == UInt64(room) {
      if room == capacity { oldest += 1 } else { reserve(1) }
    }
    let cell = cell(next)
    cell.pointee = event
    cell.pointee.sequence = next
    next += 1
    written += 1
  }

  /// Takes back all events from a number on. None of them was visible to a reader.
  mutating func withdraw(from number: UInt64) {
    next = number
    // Newer events may have pushed out older ones that stay valid: those are lost, though their numbers are not given
    // out again.
    oldest = min(oldest, next)
  }

  /// Copies events from `cursor` (0: the oldest) to before `visible`; if some are lost, a gap comes first.
  mutating func read(
    from cursor: UInt64, before visible: UInt64, into events: UnsafeMutableBufferPointer<berth_event>
  ) -> (count: Int, next: UInt64) {
    let first = min(oldest, visible)
    var position = cursor == 0 ? first : cursor
    var count = 0
    if position < first && events.count > 0 {
      events[0] = berth_event(
        sequence: position, time_ms: 0, pod: UInt64.max, node: UInt64.max, other: first - position,
        kind: UInt32(BERTH_EVENT_GAP), pod_class: UInt32.max)
      lost += first - position
      position = first
      count = 1
    }
    while position >= first && position < visible && count < events.count {
      events[count] = cell(position).pointee
      position += 1
      count += 1
    }
    return (count, position)
  }

  @inline(__always)
  private func cell(_ number: UInt64) -> UnsafeMutablePointer<berth_event> {
    ring.unsafelyUnwrapped + Int(truncatingIfNeeded: number & UInt64(room &- 1))
  }

  private mutating func resize(to newRoom: Int) {
    let fresh = arena.allocate(bytes: Self.bytes(newRoom)).bindMemory(to: berth_event.self, capacity: newRoom)
    for number in oldest..<next { fresh[Int(number) & (newRoom - 1)] = cell(number).pointee }
    free()
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
