import BerthCore
import BerthOracle
import CBerth

/// Passes over queues.
extension Twin {
  struct WaitingGang {
    var gang: GangSpec
    var submit: Int64
    /// nil: not known.
    var run: Int64?
    var timeout: Int64
    var priority: Int32
  }

  /// What one engine says of a pass.
  private struct Pass: Equatable {
    var outcomes: [QueueOutcome] = []
    /// By gang.
    var members: [[Placed]] = []
    var roles: [[UInt32]] = []
    var answers: [GangAnswer] = []
    /// Of those that were started, in the order of starts.
    var starts: [Int] { members.indices.filter { !members[$0].isEmpty }.sorted { firsts[$0] < firsts[$1] } }
    var firsts: [Int] = []
  }

  private static func schedule(
    _ waiting: UnsafeBufferPointer<berth_waiting_gang>, _ running: UnsafeBufferPointer<berth_running_pod>,
    _ options: QueueOptions, capacity: Int, _ engine: Engine
  ) throws(EngineError) -> Pass {
    let scratch = Scratch()
    let placements = scratch.room(berth_placement(), count: capacity)
    let roles = scratch.room(UInt32(0), count: capacity)
    let results = scratch.room(berth_queue_result(), count: waiting.count)
    try engine.scheduleGangs(
      waiting, running: running, options: options.record, capacity: capacity, placements: placements.baseAddress!,
      roles: roles.baseAddress!, results: results.baseAddress!)
    var pass = Pass()
    for result in results {
      let range = result.first..<result.first + result.members
      pass.outcomes.append(
        QueueOutcome(
          outcome: Int(result.outcome), order: Int(result.order),
          start: result.start_ms == BERTH_NEVER ? nil : result.start_ms, nodes: placements[range].map(\.node)))
      pass.members.append(
        placements[range].map {
          Placed(pod: $0.pod, node: $0.node, score: $0.score, podClass: $0.pod_class, outcome: $0.outcome)
        })
      pass.roles.append(Array(roles[range]))
      pass.answers.append(GangAnswer(result.gang))
      pass.firsts.append(result.first)
    }
    return pass
  }

  /// Decides a pass, which must come to what `SlowQueue` makes of it.
  func schedule(_ gangs: [WaitingGang], ending: [(pod: Int, end: Int64)], _ options: QueueOptions) throws {
    let scratch = Scratch()
    let jobs = try gangs.map { waiting in
      var least = waiting.gang
      for (role, count) in book.oracle.withoutLost(waiting.gang).minima.enumerated() {
        (least.roles[role].least, least.roles[role].most) = (count, count)
      }
      return WaitingRecord(
        gang: try record(waiting.gang, scratch), least: try record(least, scratch), submit: waiting.submit,
        run: waiting.run, timeout: waiting.timeout, priority: waiting.priority)
    }
    note("schedule \(gangs), of what runs \(ending) end, \(options)")
    let told = ending.map { berth_running_pod(pod: book.podIds[$0.pod]!, end_ms: $0.end) }
    var slow = SlowQueue(engines[0].engine, jobs, told, options, keeping: scratch)
    try slow.run()
    let (waiting, running) = (scratch.buffer(jobs.map { $0.record(scratch) }), scratch.buffer(told))
    let capacity = gangs.flatMap(\.gang.roles).reduce(0) { $0 + $1.most }
    let next = try nextPods(capacity)
    let before = try all("digest") { engine throws(EngineError) in engine.digest() }
    let pass = try change("schedule", keeping: scratch) { engine throws(EngineError) in
      try Twin.schedule(waiting, running, options, capacity: capacity, engine)
    }
    try check(pass.outcomes == slow.outcomes, "a pass says\n\(pass.outcomes)\nnot\n\(slow.outcomes)")
    let after = try all("digest") { engine throws(EngineError) in engine.digest() }
    let isUntouched = pass.starts.isEmpty
    try check(!isUntouched || after == before, "a pass that started nothing changed the digest")
    try check(isUntouched || after == slow.engine.digest(), "what was started is not what the slow pass makes of it")
    for gang in pass.starts {
      try check(pass.answers[gang].isPlaced, "started, but \(pass.answers[gang])")
      let counts = gangs[gang].gang.roles.indices.map { role in pass.roles[gang].count { Int($0) == role } }
      let isWithin = zip(counts, zip(book.oracle.withoutLost(gangs[gang].gang).minima, gangs[gang].gang.roles))
        .allSatisfy {
          $0 >= $1.0 && $0 <= $1.1.most
        }
      try check(isWithin, "\(counts) members of \(gangs[gang].gang)")
    }
    try enter(
      pass.starts.flatMap { gang in
        zip(pass.members[gang], pass.roles[gang]).map { ($0, gangs[gang].gang.roles[Int($1)].pod) }
      }, next)
    try validate()
  }
}
