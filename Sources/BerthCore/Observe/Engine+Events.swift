import CBerth

extension Engine {
  /// Notes what happened, after it did. Every kind of event goes through here.
  @inline(__always)
  func emit(
    _ kind: Int, pod: berth_pod_id = .max, node: @autoclosure () -> berth_node_id = .max,
    podClass: berth_class_id = .max, other: UInt64 = 0
  ) {
    guard events.isOn else { return }
    events.append(
      berth_event(
        sequence: 0, time_ms: now, pod: pod, node: node(), other: other, kind: UInt32(kind), pod_class: podClass),
      tentatively: undoLog.isRecording)
  }

  public func enableEvents(capacity: UInt) throws(EngineError) {
    guard capacity & (capacity &- 1) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "capacity \(capacity) is no power of two (0 switches events off)")
    }
    guard capacity <= UInt(BERTH_MAX_EVENTS) else {
      throw refuse(BERTH_LIMIT, "capacity \(capacity): an engine keeps at most \(BERTH_MAX_EVENTS) events")
    }
    guard !statements.isOpen else {
      throw refuse(BERTH_WRONG_STATE, "a statement is open, and its events are still to come: close it first")
    }
    events.enable(capacity: Int(capacity))
  }

  /// Copies events from `cursor` on; returns how many, and the cursor to go on from.
  public func readEvents(
    from cursor: UInt64, into buffer: UnsafeMutableBufferPointer<berth_event>
  ) throws(EngineError) -> (count: Int, next: UInt64) {
    guard events.isOn else {
      throw refuse(BERTH_WRONG_STATE, "events are off: call berth_events_enable before what is to be seen")
    }
    guard cursor <= events.next else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "cursor \(cursor) is beyond the next event, \(events.next): pass 0 or what next_cursor_out gave on this engine")
    }
    return events.read(from: cursor, into: buffer)
  }
}
