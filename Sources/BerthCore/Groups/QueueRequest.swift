import CBerth

/// A gang that waits, checked.
struct WaitingGang {
  var request: GangRequest
  /// With its minima alone: what is reserved for it.
  var least: GangRequest
  var classes: [UInt32]
  /// Equal gangs have equal keys.
  var key: [UInt8]
  /// What leaves can only help it, and what comes only hinder.
  var isMonotone: Bool
  /// Now: it rises while the gang waits.
  var priority: Int64
  var submit: Int64
  /// BERTH_NEVER: not known.
  var run: Int64
  var isOverdue: Bool

  var isElastic: Bool { request.most > least.most }
}

/// A pod that leaves at a time that is known.
struct EndingPod {
  var end: Int64
  var pod: berth_pod_id

  static func isBefore(_ one: EndingPod, _ other: EndingPod) -> Bool { (one.end, one.pod) < (other.end, other.pod) }
}

extension Engine {
  func checkOptions(_ options: berth_queue_options) throws(EngineError) {
    let size = UInt32(MemoryLayout<berth_queue_options>.size)
    guard options.struct_size == size else {
      throw refuse(
        BERTH_BAD_STRUCT,
        "berth_queue_options.struct_size is \(options.struct_size), this library knows \(size): "
          + "call berth_queue_options_init first")
    }
    guard options.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "berth_queue_options.reserved must be 0") }
    guard (UInt32(BERTH_BACKFILL_NONE)...UInt32(BERTH_BACKFILL_ANY)).contains(options.backfill) else {
      throw refuse(BERTH_BAD_ARGUMENT, "backfill \(options.backfill) is unknown: use BERTH_BACKFILL_*")
    }
    guard options.aging_ms >= 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "aging_ms \(options.aging_ms) is negative: 0 is never")
    }
    guard (1...UInt32(BERTH_MAX_QUEUE_RESERVATIONS)).contains(options.reservations) else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "reservations \(options.reservations): 1 to \(BERTH_MAX_QUEUE_RESERVATIONS) gangs are protected")
    }
  }

  /// Reads and checks the pods that will leave, in the order in which they do.
  func readEnding(_ running: UnsafeBufferPointer<berth_running_pod>) throws(EngineError) -> [EndingPod] {
    for (index, record) in running.enumerated() where record.end_ms < 0 {
      throw refuse(BERTH_BAD_ARGUMENT, "running pod \(index): end_ms \(record.end_ms) is negative")
    }
    let ids = running.map(\.pod)
    do throws(EngineError) {
      try ids.withUnsafeBufferPointer { ids throws(EngineError) in try check(ids, wanted: nil, "expected to end") }
    } catch {
      throw EngineError(error.status, "running pods: \(error.message)")
    }
    var ending: [EndingPod] = []
    // what is overdue may leave at any moment
    for record in running where record.end_ms < BERTH_NEVER {
      ending.append(EndingPod(end: max(now, record.end_ms), pod: record.pod))
    }
    ending.sort(by: EndingPod.isBefore)
    return ending
  }

  func readWaiting(
    _ waiting: UnsafeBufferPointer<berth_waiting_gang>, _ options: berth_queue_options, _ ending: [EndingPod]
  ) throws(EngineError) -> [WaitingGang] {
    let leaving = Set(ending.map(\.pod))
    var key = RecordWriter(capacity: 256)
    var gangs: [WaitingGang] = []
    gangs.reserveCapacity(waiting.count)
    for (index, record) in waiting.enumerated() {
      let what = "waiting gang \(index): "
      guard let pointer = record.gang else { throw refuse(BERTH_NULL_POINTER, "\(what)gang is null") }
      try checkTimes(record, what)
      let request = try readGang(pointer.pointee, what)
      try checkStays(pointer.pointee, leaving, what)
      key.cut(to: 0)
      GangsPlace.write(pointer.pointee, to: &key)
      var least = request
      for role in least.roles.indices { least.roles[role].most = least.roles[role].least }
      guard least.most > 0 else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what)min_members of all roles is 0: a gang that needs nobody need not wait")
      }
      let waited = now - record.submit_ms
      let aged = options.aging_ms > 0 ? waited / options.aging_ms : 0
      let (priority, isTooHigh) = aged.addingReportingOverflow(Int64(record.priority))
      gangs.append(
        WaitingGang(
          request: request, least: least, classes: Array(Set(request.roles.map(\.podClass))).sorted(),
          key: Array(key.bytes), isMonotone: false, priority: isTooHigh ? .max : priority, submit: record.submit_ms,
          run: record.run_ms, isOverdue: record.timeout_ms > 0 && waited >= record.timeout_ms))
    }
    return gangs
  }

  private func checkTimes(_ record: berth_waiting_gang, _ what: String) throws(EngineError) {
    guard record.flags == 0 else { throw refuse(BERTH_BAD_ARGUMENT, "\(what)flags must be 0") }
    guard record.submit_ms >= 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)submit_ms \(record.submit_ms) is negative")
    }
    guard record.submit_ms <= now else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what)submit_ms \(record.submit_ms) is in the future: the engine was told it is \(now)")
    }
    guard record.run_ms >= 1 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)run_ms \(record.run_ms): at least 1, or BERTH_NEVER if it is not known")
    }
    guard record.timeout_ms >= 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what)timeout_ms \(record.timeout_ms) is negative: 0 is never")
    }
  }

  /// A gang grows beside members that stay: were they to leave first, it would ask for others.
  private func checkStays(
    _ gang: berth_gang, _ leaving: Set<berth_pod_id>, _ what: String
  ) throws(EngineError) {
    guard !leaving.isEmpty else { return }
    for index in 0..<gang.running_count where leaving.contains(gang.running[index].pod) {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what)its running member \(index) is told to end: leave it out of the running pods while the gang is to grow")
    }
  }

  /// Pods of plain classes ask for quantities on nodes that let them in, and quantities add up; those that others keep
  /// away come in when these leave. What a pod says of others itself (affinity, spreading), and limits of measured load,
  /// can be met because of a pod; which devices a pod gets can leave less to the next where more are free.
  func isMonotone(_ podClass: UInt32) -> Bool {
    let record = workload.classes.records[Int(podClass)]
    return record.devices == 0 && !cluster.constraints.decidesOnOthers(record.traits)
      && !workload.classes.asks(podClass).contains { $0.kind == .limited }
  }
}
