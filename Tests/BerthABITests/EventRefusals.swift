import CBerth
import Testing

@testable import Berth

@Suite struct EventRefusals {
  @Test(arguments: events + metrics)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  /// Reads with events on.
  static func read(_ host: Host, cursor: UInt64 = 0, _ count: Bool = true, _ next: Bool = true) -> berth_status {
    host.must(berth_events_enable(host.engine, 64))
    return berth_events_read(
      host.engine, cursor, 2, host.out(berth_event.self), count ? host.out(Int.self, at: 1024) : nil,
      next ? host.out(UInt64.self, at: 2048) : nil)
  }

  static let events: [Refusal] = [
    Refusal("enable: no power of two", BERTH_BAD_ARGUMENT, "power of two") { berth_events_enable($0.engine, 100) },
    Refusal("enable: every bit", BERTH_BAD_ARGUMENT, "power of two") { berth_events_enable($0.engine, -1) },
    Refusal("enable: more than the limit", BERTH_LIMIT, "16777216") {
      berth_events_enable($0.engine, 2 * Int(BERTH_MAX_EVENTS))
    },
    Refusal("enable: in a statement", BERTH_WRONG_STATE, "close it first") { host in
      var statement: berth_statement_id = 0
      host.must(berth_statement_begin(host.engine, &statement))
      return berth_events_enable(host.engine, 64)
    },
    Refusal("read: events are off", BERTH_WRONG_STATE, "berth_events_enable") {
      berth_events_read(
        $0.engine, 0, 2, $0.out(berth_event.self), $0.out(Int.self, at: 1024), $0.out(UInt64.self, at: 2048))
    },
    Refusal("read: null records", BERTH_NULL_POINTER, "events_out") { host in
      host.must(berth_events_enable(host.engine, 64))
      return berth_events_read(host.engine, 0, 2, nil, host.out(Int.self), host.out(UInt64.self, at: 2048))
    },
    Refusal("read: null count", BERTH_NULL_POINTER, "count_out") { read($0, false) },
    Refusal("read: null cursor", BERTH_NULL_POINTER, "next_cursor_out") { read($0, true, false) },
    Refusal("read: beyond the next event", BERTH_BAD_ARGUMENT, "cursor 2") { read($0, cursor: 2) },
    Refusal("read: far beyond", BERTH_BAD_ARGUMENT, "next_cursor_out") { read($0, cursor: .max) },
  ]

  static let metrics: [Refusal] = [
    Refusal("metrics: null", BERTH_NULL_POINTER, "metrics_out") { berth_metrics_read($0.engine, nil) },
    Refusal("metrics: no size", BERTH_BAD_STRUCT, "berth_metrics") {
      berth_metrics_read($0.engine, $0.sized(berth_metrics.self, 0))
    },
    Refusal("histogram: null", BERTH_NULL_POINTER, "histogram_out") { berth_histogram_read($0.engine, 0, nil) },
    Refusal("histogram: wrong size", BERTH_BAD_STRUCT, "berth_histogram") {
      berth_histogram_read($0.engine, 0, $0.sized(berth_histogram.self, 16))
    },
    Refusal("histogram: unknown kind", BERTH_BAD_ARGUMENT, "decision kind 6") {
      berth_histogram_read($0.engine, 6, $0.sized(berth_histogram.self, MemoryLayout<berth_histogram>.size))
    },
    Refusal("text: null", BERTH_NULL_POINTER, "text") { berth_metrics_text($0.engine, nil, 10, $0.out(Int.self)) },
  ]

  /// Each refused call counts once under its status, and calls that go well do not.
  @Test(arguments: events + metrics + PlacementRefusals.places + PlacementRefusals.podLists)
  func refusalsAreCountedByStatus(_ refusal: Refusal) {
    let host = Host()
    var expected = [UInt64](repeating: 0, count: Int(BERTH_STATUSES))
    #expect(refusals(host) == expected)
    #expect(refusal.call(host) == refusal.status)
    expected[Int(refusal.status)] = 1
    #expect(refusals(host) == expected)
  }

  private func refusals(_ host: Host) -> [UInt64] {
    var metrics = berth_metrics()
    metrics.struct_size = UInt32(MemoryLayout<berth_metrics>.size)
    host.must(berth_metrics_read(host.engine, &metrics))
    return withUnsafeBytes(of: metrics.refusals) { Array($0.bindMemory(to: UInt64.self)) }
  }

  @Test func textIsCutWhereTheBufferEnds() {
    let host = Host()
    var length = 0
    host.must(berth_metrics_text(host.engine, nil, 0, &length))
    #expect(length > 1000)
    var whole = [CChar](repeating: 1, count: length + 100)
    host.must(berth_metrics_text(host.engine, &whole, whole.count, nil))
    let end = whole.firstIndex(of: 0)!
    #expect(end > 1000 && whole[end - 1] == CChar(UInt8(ascii: "\n")))
    for room in [1, 2, 100, end] {
      var part = [CChar](repeating: 1, count: room + 1)
      host.must(berth_metrics_text(host.engine, &part, room, &length))
      #expect(length >= end)
      #expect(Array(part.prefix(room - 1)) == Array(whole.prefix(room - 1)))
      #expect(part[room - 1] == 0 && part[room] == 1)
    }
  }

  @Test func eventsAreReadThroughTheBoundary() {
    let host = Host()
    host.must(berth_events_enable(host.engine, 2))
    var placements = [berth_placement](repeating: berth_placement(), count: 3)
    host.must(berth_engine_set_time(host.engine, 77))
    host.must(berth_pods_place(host.engine, [host.classes[0], host.classes[0], host.classes[0]], 3, 0, &placements))
    var records = [berth_event](repeating: berth_event(), count: 8)
    var count = 0
    var next: UInt64 = 0
    host.must(berth_events_read(host.engine, 1, 8, &records, &count, &next))
    #expect(count == 3 && next == 4)
    #expect(records[0].kind == UInt32(BERTH_EVENT_GAP) && records[0].other == 1 && records[0].sequence == 1)
    for index in 1...2 {
      #expect(records[index].kind == UInt32(BERTH_EVENT_POD_ASSUMED) && records[index].time_ms == 77)
      #expect(records[index].pod == placements[index].pod && records[index].node == placements[index].node)
      #expect(records[index].pod_class == host.classes[0] && records[index].sequence == UInt64(index) + 1)
    }
    host.must(berth_events_read(host.engine, next, 8, &records, &count, &next))
    #expect(count == 0 && next == 4)
  }
}
