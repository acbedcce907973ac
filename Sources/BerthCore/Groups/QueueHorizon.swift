import CBerth

// When a gang that waits can start at the latest, as far as it is known what leaves. All of it is tried, and taken back.

extension GangQueue {
  enum ReservedStart {
    case at(Int64)
    /// Not even when all that ends has left: the proof.
    case never(berth_gang_result)
    /// Not beside the gangs that are protected before it.
    case notBeside
  }

  func reservedStart(_ gang: Int) -> ReservedStart {
    let alone: Int64
    switch firstEnd(gang) {
    case .at(let start): alone = start
    case let other: return other
    }
    guard !reservations.isEmpty else { return .at(alone) }
    // other gangs only take from this one: it cannot start before it could alone. Later is not always better where it
    // has to be through before another one starts, so each end is tried.
    let earliest = gangs[gang].isMonotone ? alone : engine.now
    for time in ends() where time >= earliest && holds(reservations + [Reservation(gang: gang, start: time)]) {
      return .at(time)
    }
    return .notBeside
  }

  /// When something leaves, in order; gangs with a reservation too.
  private func ends() -> [Int64] {
    var times = Set(ending.map(\.end))
    for reservation in reservations {
      if let end = leaving(after: gangs[reservation.gang].run, from: reservation.start) { times.insert(end) }
    }
    return times.sorted()
  }

  // MARK: One gang

  /// The first end at which the gang fits, as if nothing else were to start.
  ///
  /// It is searched for in halves where a refusal at one end holds for all ends before it: where less has left there is
  /// less free on each node, and of classes that ask for nothing but that no set of nodes that did not do does then. A
  /// refusal that is no proof says nothing of other ends, and for classes of another kind more room is no promise: then
  /// the ends are tried one after the other.
  private func firstEnd(_ gang: Int) -> ReservedStart {
    if gangs[gang].isMonotone, let start = searchInHalves(gang) { return start }
    return searchInOrder(gang)
  }

  /// nil: one of the refusals is no proof.
  private func searchInHalves(_ gang: Int) -> ReservedStart? {
    // where the pods of each end begin, and the end of all
    var bounds: [Int] = []
    for index in ending.indices where index == 0 || ending[index].end != ending[index - 1].end { bounds.append(index) }
    bounds.append(ending.count)
    if let proof = refusal(gang, after: ending.count) {
      return proof.outcome == UInt32(BERTH_GANG_NO_FIT) ? .never(proof) : nil
    }
    // it was refused now, but perhaps only for the sake of others
    var (low, high) = (0, bounds.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if let proof = refusal(gang, after: bounds[middle]) {
        guard proof.outcome == UInt32(BERTH_GANG_NO_FIT) else { return nil }
        low = middle + 1
      } else {
        high = middle
      }
    }
    return .at(low == 0 ? engine.now : ending[bounds[low] - 1].end)
  }

  private func searchInOrder(_ gang: Int) -> ReservedStart {
    var start = ReservedStart.notBeside
    engine.takingBack {
      var next = 0
      var time = engine.now
      while true {
        guard let proof = refusal(gang) else {
          start = .at(time)
          return
        }
        guard next < ending.count else {
          start = .never(proof)
          return
        }
        time = ending[next].end
        let first = next
        while next < ending.count && ending[next].end == time { next += 1 }
        release(ending[first..<next])
      }
    }
    return start
  }

  /// Why the gang does not fit when so many have left; nil: it does.
  private func refusal(_ gang: Int, after count: Int) -> berth_gang_result? {
    var proof: berth_gang_result?
    engine.takingBack {
      release(ending[..<count])
      proof = refusal(gang)
    }
    return proof
  }

  /// Why the gang does not fit in the engine as it is now; nil: it does.
  func refusal(_ gang: Int) -> berth_gang_result? {
    var proof: berth_gang_result?
    engine.takingBack { proof = tryLeast(gang).proof }
    return proof
  }

  private func tryLeast(_ gang: Int) -> (members: [GangPlacer.Member], proof: berth_gang_result?) {
    let placer = prepared(gangs[gang].least, gangs[gang].classes)
    return placer.fits() ? (placer.members, nil) : ([], placer.result(false))
  }

  // MARK: Together

  /// Whether gangs can start when it is reserved for them: time passes from one start to the next, what ends by then
  /// leaves, and those that start at once do so in the order of the queue.
  func holds(_ reservations: [Reservation]) -> Bool {
    var does = true
    engine.takingBack {
      var next = 0
      var leaving: [EndingPod] = []
      let inTime = reservations.enumerated().sorted {
        ($0.element.start, $0.offset) < ($1.element.start, $1.offset)
      }
      for (_, reservation) in inTime {
        let first = next
        while next < ending.count && ending[next].end <= reservation.start { next += 1 }
        release(ending[first..<next])
        release(leaving.filter { $0.end <= reservation.start })
        leaving.removeAll { $0.end <= reservation.start }
        let (members, proof) = tryLeast(reservation.gang)
        guard proof == nil else {
          does = false
          return
        }
        if let end = self.leaving(after: gangs[reservation.gang].run, from: reservation.start) {
          leaving += members.map { EndingPod(end: end, pod: $0.placement.pod) }
        }
      }
    }
    return does
  }

  func release(_ pods: some Sequence<EndingPod>) {
    let ids = pods.map(\.pod)
    guard !ids.isEmpty else { return }
    do throws(EngineError) {
      try ids.withUnsafeBufferPointer { ids throws(EngineError) in try engine.applyRelease(ids) }
    } catch {
      fatalError("berth: a pod that was checked cannot leave: \(error.message)")
    }
  }
}
