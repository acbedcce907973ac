import BerthCore
import CBerth

@_cdecl("berth_events_enable")
public func eventsEnable(_ engine: OpaquePointer?, _ capacity: UInt) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.enableEvents(capacity: capacity) }
}

@_cdecl("berth_events_read")
public func eventsRead(
  _ engine: OpaquePointer?, _ cursor: UInt64, _ capacity: UInt, _ eventsOut: UnsafeMutablePointer<berth_event>?,
  _ countOut: UnsafeMutablePointer<UInt>?, _ nextCursorOut: UnsafeMutablePointer<UInt64>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let capacity = clamped(capacity)
    let events = UnsafeMutableBufferPointer(start: try start(eventsOut, UInt(capacity), "events_out"), count: capacity)
    let countOut = try required(countOut, "count_out")
    let nextCursorOut = try required(nextCursorOut, "next_cursor_out")
    let answer = try engine.readEvents(from: cursor, into: events)
    countOut.pointee = UInt(answer.count)
    nextCursorOut.pointee = answer.next
  }
}

@_cdecl("berth_metrics_read")
public func metricsRead(
  _ engine: OpaquePointer?, _ metricsOut: UnsafeMutablePointer<berth_metrics>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(metricsOut, "metrics_out")
    try checkStructSize(
      out.pointee.struct_size, of: berth_metrics.self, initialiser: "set it to sizeof(berth_metrics)")
    out.pointee = engine.metrics()
  }
}

@_cdecl("berth_histogram_read")
public func histogramRead(
  _ engine: OpaquePointer?, _ decisionKind: UInt32, _ histogramOut: UnsafeMutablePointer<berth_histogram>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(histogramOut, "histogram_out")
    try checkStructSize(
      out.pointee.struct_size, of: berth_histogram.self, initialiser: "set it to sizeof(berth_histogram)")
    out.pointee = try engine.histogram(of: decisionKind)
  }
}

@_cdecl("berth_metrics_text")
public func metricsText(
  _ engine: OpaquePointer?, _ text: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ lengthOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let capacity = clamped(capacity)
    let out = UnsafeMutableBufferPointer(start: try start(text, UInt(capacity), "text"), count: capacity)
    let whole = engine.metricsText()
    copyText(whole, into: out)
    lengthOut?.pointee = UInt(whole.utf8.count)
  }
}
