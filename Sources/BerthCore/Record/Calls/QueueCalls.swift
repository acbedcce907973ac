import CBerth

// berth_gangs_schedule

struct GangsSchedule: Call {
  static let kind = CallKind.gangsSchedule
  let waiting: UnsafeBufferPointer<berth_waiting_gang>
  let running: UnsafeBufferPointer<berth_running_pod>
  let options: berth_queue_options
  let capacity: Int

  func apply(to engine: Engine) throws(EngineError) -> QueueAnswer {
    try engine.applySchedule(waiting, running: running, options, capacity: capacity)
  }

  func write(to record: inout RecordWriter) {
    record.put(options.backfill)
    record.put(options.aging_ms)
    record.put(options.most_tried)
    record.put(options.reservations)
    record.put(UInt64(capacity))
    record.put(UInt64(waiting.count))
    for gang in waiting {
      for time in [gang.submit_ms, gang.run_ms, gang.timeout_ms] { record.put(time) }
      record.put(gang.priority)
      GangsPlace.write(gang.gang.pointee, to: &record)
    }
    record.put(UInt64(running.count))
    for pod in running {
      record.put(pod.pod)
      record.put(pod.end_ms)
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    var options = berth_queue_options()
    options.struct_size = UInt32(MemoryLayout<berth_queue_options>.size)
    options.backfill = try record.take()
    options.aging_ms = try record.take()
    options.most_tried = try record.take()
    options.reservations = try record.take()
    let capacity = try record.take(UInt64.self)
    let waiting = try scratch.list(&record, bytes: 72, "waiting gangs") { record throws(EngineError) in
      var waiting = berth_waiting_gang()
      waiting.submit_ms = try record.take()
      waiting.run_ms = try record.take()
      waiting.timeout_ms = try record.take()
      waiting.priority = try record.take()
      let gang = scratch.allocate(berth_gang.self, 1)
      gang.initialize(to: try GangsPlace.readGang(&record, scratch))
      waiting.gang = UnsafePointer(gang)
      return waiting
    }
    let running = try scratch.list(&record, bytes: 16, "running pods") { record throws(EngineError) in
      berth_running_pod(pod: try record.take(), end_ms: try record.take())
    }
    return Self(waiting: waiting, running: running, options: options, capacity: Int(clamping: capacity))
  }

  func write(_ answer: QueueAnswer, to record: inout RecordWriter) {
    record.putMembers(answer.placements, roles: answer.roles, results: answer.results)
  }

  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String {
    "other gangs start here, or on other nodes, or results differ"
  }
}
