import CBerth

/// One pass over a queue: who starts now. It keeps nothing but what it has started.
final class GangQueue {
  /// What is known of a gang that could not start, and of its like.
  private struct Refusal {
    let result: berth_gang_result
    /// It does not fit; else it would delay a protected gang.
    let isTooLarge: Bool
    /// Nothing that this pass may do can change it.
    let isLasting: Bool
    let moment: Moment
  }
  /// Between two equal moments the engine, and what is protected, are the same.
  private struct Moment: Equatable {
    let started: Int
    let protected: Int
  }
  private struct Asked: Hashable {
    let key: [UInt8]
    /// Whether a gang delays others depends on it.
    let run: Int64
  }
  struct Reservation {
    let gang: Int
    let start: Int64
  }

  let engine: Engine
  let options: berth_queue_options
  let gangs: [WaitingGang]
  /// What leaves, in order: as it was told, and what was started.
  var ending: [EndingPod]
  /// In the order of the queue.
  var reservations: [Reservation] = []
  private(set) var answer = QueueAnswer()

  private var started = 0
  private var tried: UInt64 = 0
  private var isBehind = false
  private var isExhausted = false
  /// Gangs whose turn it was to be protected, whether they could be or not.
  private var atHead = 0
  private var tooLarge: [[UInt8]: Refusal] = [:]
  private var delaying: [Asked: Refusal] = [:]
  /// Gangs that do not fit now, of which it is not known whether they ever will.
  private var unclear: [Int] = []
  /// Of gangs that nothing known helps.
  private var impossible: [[UInt8]: Refusal] = [:]

  init(_ engine: Engine, _ options: berth_queue_options, _ gangs: [WaitingGang], _ ending: [EndingPod]) {
    self.engine = engine
    self.options = options
    self.gangs = gangs
    self.ending = ending
    answer.results = [berth_queue_result](repeating: Self.untouched, count: gangs.count)
  }

  private static var untouched: berth_queue_result {
    var result = berth_queue_result()
    result.outcome = UInt32(BERTH_QUEUE_WAITING)
    result.start_ms = Int64(BERTH_NEVER)
    result.gang.struct_size = UInt32(MemoryLayout<berth_gang_result>.size)
    return result
  }

  private var withdrawn: berth_gang_result {
    var result = Self.untouched.gang
    result.outcome = UInt32(BERTH_GANG_WITHDRAWN)
    return result
  }

  func run() {
    let order = gangs.indices.sorted { one, other in
      let (a, b) = (gangs[one], gangs[other])
      return (b.priority, a.submit, one) < (a.priority, b.submit, other)
    }
    for (place, gang) in order.enumerated() {
      answer.results[gang].order = UInt32(place)
      if gangs[gang].isOverdue {
        answer.results[gang].outcome = UInt32(BERTH_QUEUE_TIMED_OUT)
      } else {
        consider(gang)
      }
    }
    settle()
  }

  private var moment: Moment { Moment(started: started, protected: reservations.count) }

  private func consider(_ gang: Int) {
    guard !isExhausted else { return }
    if isBehind && options.backfill == UInt32(BERTH_BACKFILL_NONE) {
      answer.results[gang].gang = withdrawn
      return
    }
    if let refusal = known(gang) { return wait(gang, refusal) }
    isExhausted = options.most_tried > 0 && tried == options.most_tried
    guard !isExhausted else { return }
    tried += 1
    if let refusal = start(gang) {
      remember(gang, refusal)
      wait(gang, refusal)
    }
  }

  // MARK: Starting

  /// Starts a gang, if it fits and delays no protected one; nothing is left of one that does not.
  private func start(_ gang: Int) -> Refusal? {
    let waiting = gangs[gang]
    // where all its members would delay a protected gang, the least of them may not
    let forms = waiting.isElastic && !reservations.isEmpty ? [waiting.request, waiting.least] : [waiting.request]
    for request in forms {
      let mark = engine.mark
      let placer = prepared(request, waiting.classes)
      guard placer.place() else { return tooLarge(gang, placer.result(false)) }
      let before = ending
      if let end = leaving(after: waiting.run, from: engine.now) {
        ending += placer.members.map { EndingPod(end: end, pod: $0.placement.pod) }
        ending.sort(by: EndingPod.isBefore)
      }
      if reservations.isEmpty || holds(reservations) {
        accept(gang, placer)
        return nil
      }
      ending = before
      engine.undoLog.rollBack(to: mark, in: engine)
    }
    return Refusal(result: withdrawn, isTooLarge: false, isLasting: false, moment: moment)
  }

  private func tooLarge(_ gang: Int, _ result: berth_gang_result) -> Refusal {
    let isProven = result.outcome == UInt32(BERTH_GANG_NO_FIT)
    return Refusal(result: result, isTooLarge: true, isLasting: isProven && gangs[gang].isMonotone, moment: moment)
  }

  private func accept(_ gang: Int, _ placer: GangPlacer) {
    started += 1
    answer.results[gang].outcome = UInt32(isBehind ? BERTH_QUEUE_BACKFILLED : BERTH_QUEUE_STARTED)
    answer.results[gang].start_ms = engine.now
    answer.results[gang].first = answer.placements.count
    answer.results[gang].members = placer.members.count
    answer.results[gang].gang = placer.result(true)
    for member in placer.members {
      answer.placements.append(member.placement)
      answer.roles.append(UInt32(member.role))
    }
  }

  /// When what starts then ends; nil: never, or not known.
  func leaving(after run: Int64, from start: Int64) -> Int64? {
    let (end, isBeyond) = start.addingReportingOverflow(run)
    return run == BERTH_NEVER || isBeyond || end == BERTH_NEVER ? nil : end
  }

  /// A placer of a gang, in the engine as it is now.
  func prepared(_ request: GangRequest, _ classes: [UInt32]) -> GangPlacer {
    classes.withUnsafeBufferPointer { engine.prepare($0) }
    engine.reservePods(request.most)
    if engine.events.isOn { engine.events.reserve(request.most, tentatively: true) }
    return GangPlacer(engine, request)
  }

  // MARK: Waiting

  /// What refused an equal gang in this pass refuses this one, too: nothing has left since, and while nothing was
  /// started either, nothing has changed at all.
  private func known(_ gang: Int) -> Refusal? {
    if let refusal = tooLarge[gangs[gang].key], refusal.isLasting || refusal.moment.started == started {
      return refusal
    }
    let refusal = delaying[Asked(key: gangs[gang].key, run: gangs[gang].run)]
    return refusal?.moment == moment ? refusal : nil
  }

  private func remember(_ gang: Int, _ refusal: Refusal) {
    if refusal.isTooLarge {
      tooLarge[gangs[gang].key] = refusal
    } else {
      delaying[Asked(key: gangs[gang].key, run: gangs[gang].run)] = refusal
    }
  }

  private func wait(_ gang: Int, _ refusal: Refusal) {
    isBehind = true
    answer.results[gang].gang = refusal.result
    guard options.backfill == UInt32(BERTH_BACKFILL_EASY) && atHead < Int(options.reservations) else {
      if refusal.isTooLarge { unclear.append(gang) }
      return
    }
    if let proof = impossible[gangs[gang].key], proof.isLasting || proof.moment == moment {
      return giveUp(gang, proof)
    }
    switch reservedStart(gang) {
    case .at(let start):
      answer.results[gang].start_ms = start
      reservations.append(Reservation(gang: gang, start: start))
      atHead += 1
    // those before it keep what it needs, for as long as is known
    case .notBeside:
      atHead += 1
      if refusal.isTooLarge { unclear.append(gang) }
    case .never(let proof): giveUp(gang, tooLarge(gang, proof))
    }
  }

  private func giveUp(_ gang: Int, _ proof: Refusal) {
    answer.results[gang].outcome = UInt32(BERTH_QUEUE_IMPOSSIBLE)
    answer.results[gang].gang = proof.result
    impossible[gangs[gang].key] = proof
  }

  /// Tells those that wait from those that nothing known helps. Nothing is started any more, so what holds for one holds
  /// for its like.
  private func settle() {
    guard !unclear.isEmpty else { return }
    var proofs: [[UInt8]: berth_gang_result?] = [:]
    engine.takingBack {
      release(ending)
      for gang in unclear {
        let proof = proofs[gangs[gang].key] ?? refusal(gang)
        proofs[gangs[gang].key] = .some(proof)
        if let proof { giveUp(gang, tooLarge(gang, proof)) }
      }
    }
  }
}
