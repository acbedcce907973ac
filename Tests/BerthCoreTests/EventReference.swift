import CBerth

/// What readers of events are to be told: all that ever happened in a list, and how much of it is still kept.
struct EventReference {
  struct Event: Equatable {
    var kind: Int
    var pod: UInt64
    var node: UInt64
    var podClass: UInt32
    var other: UInt64
    var time: Int64

    init(
      _ kind: Int, pod: UInt64 = .max, node: UInt64 = .max, podClass: UInt32 = .max, other: UInt64 = 0, time: Int64 = 0
    ) {
      self.kind = kind
      self.pod = pod
      self.node = node
      self.podClass = podClass
      self.other = other
      self.time = time
    }

    init(_ record: berth_event) {
      self.init(
        Int(record.kind), pod: record.pod, node: record.node, podClass: record.pod_class, other: record.other,
        time: record.time_ms)
    }
  }

  /// An event as a reader sees it.
  struct Told: Equatable {
    var sequence: UInt64
    var event: Event
  }

  private(set) var capacity = 0
  /// Event n stands at n - 1; nil for the number that switching off leaves out.
  private var all: [Event?] = []
  /// How many of the first ones have gone.
  private var gone = 0
  private(set) var lost: UInt64 = 0

  var next: UInt64 { UInt64(all.count) + 1 }
  var written: UInt64 { UInt64(all.count { $0 != nil }) }

  mutating func enable(_ wanted: Int) {
    if wanted == 0 && capacity > 0 {
      all.append(nil)
      gone = all.count
    }
    if wanted > 0 { gone = max(gone, all.count - wanted) }
    capacity = wanted
  }

  mutating func happened(_ event: Event) {
    guard capacity > 0 else { return }
    all.append(event)
    gone = max(gone, all.count - capacity)
  }

  mutating func read(_ cursor: UInt64, atMost count: Int) -> (told: [Told], next: UInt64) {
    var told: [Told] = []
    var position = cursor == 0 ? UInt64(gone) + 1 : cursor
    while told.count < count && position < next {
      if position <= gone {
        let missed = UInt64(gone) + 1 - position
        told.append(Told(sequence: position, event: Event(BERTH_EVENT_GAP, other: missed)))
        lost += missed
        position += missed
      } else {
        told.append(Told(sequence: position, event: all[Int(position) - 1]!))
        position += 1
      }
    }
    return (told, position)
  }
}
