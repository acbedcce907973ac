import BerthCore
import BerthOracle
import CBerth

/// Reads events; `room` records from a cursor on.
func told(
  _ engine: Engine, _ cursor: UInt64, atMost room: Int
) throws(EngineError) -> (told: [EventReference.Told], next: UInt64) {
  let scratch = Scratch()
  let records = scratch.array([berth_event](repeating: berth_event(), count: room))
  let answer = try engine.readEvents(from: cursor, into: UnsafeMutableBufferPointer(start: records, count: room))
  let told = (0..<answer.count).map {
    EventReference.Told(sequence: records[$0].sequence, event: EventReference.Event(records[$0]))
  }
  return (told, answer.next)
}

extension Twin {
  func enableEvents(capacity: Int) throws {
    note("keep \(capacity) events")
    try onAll("enable events") { engine throws(EngineError) in try engine.enableEvents(capacity: UInt(capacity)) }
    events.enable(capacity)
  }

  /// Something happened to a pod that is known already.
  func podHappened(_ kind: Int, _ pod: Int, other: UInt64 = 0) {
    let ours = oracle.pods[pod]!
    events.happened(
      .init(
        kind, pod: podIds[pod]!, node: ours.node.map { nodeIds[$0]! } ?? .max, podClass: classIds[ours.spec]!,
        other: other))
  }

  func recordAssumed(_ pod: Int, id: UInt64) throws {
    try record(pod: pod, id: id)
    podHappened(BERTH_EVENT_POD_ASSUMED, pod)
  }

  /// Goes on reading where the last reading ended, piece by piece.
  func compareEvents() throws {
    let room = random.pick([1, 3, 64])
    var isMore = true
    while isMore {
      let expected = events.read(eventCursor, atMost: room)
      let cursor = try all("read events") { engine throws(EngineError) in
        let answer = try told(engine, eventCursor, atMost: room)
        return [answer.next] + answer.told.flatMap(\.numbers)
      }
      let wanted = [expected.next] + expected.told.flatMap(\.numbers)
      try check(
        cursor == wanted, "events from \(eventCursor) (next, then records): the engine tells \(cursor), not \(wanted)")
      eventCursor = expected.next
      isMore = expected.told.count == room
    }
  }
}

extension EventReference.Told {
  /// Without the time, which the twin does not set.
  fileprivate var numbers: [UInt64] {
    [sequence, UInt64(event.kind), event.pod, event.node, UInt64(event.podClass), event.other]
  }
}
