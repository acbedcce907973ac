import BerthCore
import BerthOracle
import CBerth

/// Reads events; `room` records from a cursor on.
func told(
  _ engine: Engine, _ cursor: UInt64, atMost room: Int
) throws(EngineError) -> (told: [EventReference.Told], next: UInt64) {
  let scratch = Scratch()
  let records = scratch.room(berth_event(), count: room)
  let answer = try engine.readEvents(from: cursor, into: records)
  let told = records.prefix(answer.count).map {
    EventReference.Told(sequence: $0.sequence, event: EventReference.Event($0))
  }
  return (told, answer.next)
}

/// What readers of events are told, in and out of statements.
extension Twin {
  func enableEvents(capacity: Int) throws {
    if ledger.isOpen {
      return try refused("keep \(capacity) events in a statement", BERTH_WRONG_STATE) { engine throws(EngineError) in
        try engine.enableEvents(capacity: UInt(capacity))
      }
    }
    note("keep \(capacity) events")
    try onAll("enable events") { engine throws(EngineError) in try engine.enableEvents(capacity: UInt(capacity)) }
    events.enable(capacity)
  }

  private func happened(_ event: EventReference.Event) {
    var event = event
    event.time = book.oracle.now
    if ledger.isOpen { book.pendingEvents.append(event) } else { events.happened(event) }
  }

  func happened(_ kind: Int, node: Int) { happened(.init(kind, node: book.nodeIds[node]!)) }

  /// `node` nil: where the oracle says it is.
  func happened(_ kind: Int, reservation: Int, node: Int? = nil) {
    let node = node ?? book.oracle.reservations[reservation]!.node
    happened(.init(kind, node: book.nodeIds[node]!, other: book.reservationIds[reservation]!))
  }

  /// In this order; `nodes` where the oracle knows them no more.
  func endedReservations(_ list: [Int], on nodes: [Int: Int] = [:]) {
    for reservation in list {
      happened(BERTH_EVENT_RESERVATION_ENDED, reservation: reservation, node: nodes[reservation])
    }
  }

  func happened(_ kind: Int, pod: Int, other: UInt64 = 0) {
    let ours = book.oracle.pods[pod]!
    happened(
      .init(
        kind, pod: book.podIds[pod]!, node: ours.node.map { book.nodeIds[$0]! } ?? .max,
        podClass: book.classIds[ours.spec]!, other: other))
  }

  /// Records a new pod and how it came.
  func record(_ pod: Int, _ id: UInt64, _ kind: Int) throws {
    try book.record(pod: pod, id: id)
    happened(kind, pod: pod)
  }

  /// Once no statement is open, readers are told of what the last one did.
  func publishEvents() {
    guard !ledger.isOpen else { return }
    for event in book.pendingEvents { events.happened(event) }
    book.pendingEvents = []
  }

  /// A reader goes on where it ended, piece by piece: to the end, or it lags behind after some.
  func compareEvents(_ reader: Int, pieces: Int = .max) throws {
    let cursor = eventCursors[reader]
    guard events.capacity > 0 else {
      return try refused("read events, which are off", BERTH_WRONG_STATE) { engine throws(EngineError) in
        _ = try told(engine, cursor, atMost: 1)
      }
    }
    let room = random.pick([1, 3, 64])
    var left = pieces
    while left > 0 {
      left -= 1
      let cursor = eventCursors[reader]
      let expected = events.read(cursor, atMost: room)
      let numbers = try all("read events from \(cursor)") { engine throws(EngineError) in
        let answer = try told(engine, cursor, atMost: room)
        return [answer.next] + answer.told.flatMap(\.numbers)
      }
      let wanted = [expected.next] + expected.told.flatMap(\.numbers)
      try check(
        numbers == wanted, "events from \(cursor) (next, then records): the engine tells \(numbers), not \(wanted)")
      eventCursors[reader] = expected.next
      if expected.told.count < room { return }
    }
  }
}

extension EventReference.Told {
  fileprivate var numbers: [UInt64] {
    [sequence, UInt64(event.kind), event.pod, event.node, UInt64(event.podClass), event.other]
      + [UInt64(bitPattern: event.time)]
  }
}
