import CBerth

/// What came of a pass over a queue.
struct QueueAnswer {
  /// Of the gangs that were started, in the order in which they were.
  var placements: [berth_placement] = []
  var roles: [UInt32] = []
  /// In the order of the caller's array.
  var results: [berth_queue_result] = []
}

extension Engine {
  func applySchedule(
    _ waiting: UnsafeBufferPointer<berth_waiting_gang>, running: UnsafeBufferPointer<berth_running_pod>,
    _ options: berth_queue_options, capacity: Int
  ) throws(EngineError) -> QueueAnswer {
    try checkOptions(options)
    let ending = try readEnding(running)
    var gangs = try readWaiting(waiting, options, ending)
    let most = gangs.reduce(0) { $0 + $1.request.most }
    guard most <= capacity else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "capacity \(capacity): the gangs may get \(most) members, give room for all of them")
    }
    try checkPodLimit(most)
    // reservations take their members beside those that were started
    try undoLog.check(2 * most + ending.count)
    let classes = Array(Set(gangs.flatMap(\.classes))).sorted()
    classes.withUnsafeBufferPointer { prepare($0) }
    let monotone = Set(classes.filter { isMonotone($0) })
    for index in gangs.indices { gangs[index].isMonotone = gangs[index].classes.allSatisfy(monotone.contains) }
    let queue = GangQueue(self, options, gangs, ending)
    undoLog.open()
    defer { closeScope() }
    queue.run()
    return queue.answer
  }

  /// Decides a pass over a queue of gangs; arrays have room for `capacity` entries, and for a result of each gang.
  public func scheduleGangs(
    _ waiting: UnsafeBufferPointer<berth_waiting_gang>, running: UnsafeBufferPointer<berth_running_pod>,
    options: berth_queue_options, capacity: Int, placements: UnsafeMutablePointer<berth_placement>,
    roles: UnsafeMutablePointer<UInt32>?, results: UnsafeMutablePointer<berth_queue_result>
  ) throws(EngineError) {
    let answer = try perform(
      GangsSchedule(waiting: waiting, running: running, options: options, capacity: capacity))
    for (index, placement) in answer.placements.enumerated() {
      placements[index] = placement
      roles?[index] = answer.roles[index]
    }
    for (index, result) in answer.results.enumerated() { results[index] = result }
  }
}
