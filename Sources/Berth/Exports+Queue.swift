import BerthCore
import CBerth

@_cdecl("berth_queue_options_init")
public func queueOptionsInit(_ options: UnsafeMutablePointer<berth_queue_options>?) {
  var fresh = berth_queue_options()
  fresh.struct_size = UInt32(MemoryLayout<berth_queue_options>.size)
  fresh.backfill = UInt32(BERTH_BACKFILL_EASY)
  fresh.reservations = 1
  options?.pointee = fresh
}

@_cdecl("berth_gangs_schedule")
public func gangsSchedule(
  _ engine: OpaquePointer?, _ options: UnsafePointer<berth_queue_options>?,
  _ waiting: UnsafePointer<berth_waiting_gang>?, _ count: UInt, _ running: UnsafePointer<berth_running_pod>?,
  _ runningCount: UInt, _ capacity: UInt, _ placementsOut: UnsafeMutablePointer<berth_placement>?,
  _ rolesOut: UnsafeMutablePointer<UInt32>?, _ resultsOut: UnsafeMutablePointer<berth_queue_result>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let options = try required(options, "options").pointee
    let waiting = try array(waiting, count, "waiting", atMost: UInt32(BERTH_MAX_GANGS))
    let running = try array(running, runningCount, "running")
    let placements = try start(placementsOut, UInt(clamped(capacity)), "placements_out")
    let results = try start(resultsOut, count, "results_out")
    try engine.scheduleGangs(
      waiting, running: running, options: options, capacity: clamped(capacity), placements: placements, roles: rolesOut,
      results: results)
  }
}
