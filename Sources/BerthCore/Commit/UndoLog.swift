import CBerth

/// What can be taken back, in order: the one undo of the engine. Statements, calls that are done whole or not at all,
/// and dry runs all stand on it.
///
/// Whoever changes the state notes the inverse right where the change is made. The changes that placing makes are
/// compact cases; the others are functions of the engine, which capture what was there before. Taking back runs the
/// inverses from the last to the first, so each one finds the state that its change left behind.
final class UndoLog {
  enum Change {
    case podAdded(UInt32)
    case podRemoved(UInt32, PodTable.Pod)
    case podConfirmed(UInt32)
    case claimsTaken(UInt32)
    case other((Engine) -> Void)
  }

  /// A moment to return to.
  struct Mark {
    fileprivate let changes: Int
    fileprivate let events: Int
  }

  private(set) var changes: [Change] = []
  /// Open scopes: statements, and calls that may have to be taken back.
  private var scopes = 0
  /// Changes taken back since the engine was made.
  private(set) var undone: UInt64 = 0
  /// More than this many cells are given back when nothing is open any more.
  private static let kept = 1 << 16

  @inline(__always) var isRecording: Bool { scopes > 0 }

  func hasChanged(since mark: Mark) -> Bool { changes.count != mark.changes }

  @inline(__always)
  func note(_ change: Change) {
    if scopes > 0 { changes.append(change) }
  }

  /// The inverse of a rare change.
  func note(_ inverse: @escaping (Engine) -> Void) {
    if scopes > 0 { changes.append(.other(inverse)) }
  }

  func open() { scopes += 1 }

  /// Keeps the changes for the scope around, or for good.
  func close() {
    scopes -= 1
    if scopes == 0 { changes.removeAll(keepingCapacity: changes.capacity <= Self.kept) }
  }

  /// Takes back what was done since `mark`.
  func rollBack(to mark: Mark, in engine: Engine) {
    // inverses run the same code as changes do, and must not be noted
    let open = scopes
    scopes = 0
    while changes.count > mark.changes {
      undone += 1
      engine.undo(changes.removeLast())
    }
    scopes = open
    engine.events.withdraw(to: mark.events)
  }

  /// Whether there is room for `count` pods or nodes more; each is at most four changes.
  func check(_ count: Int) throws(EngineError) {
    guard scopes == 0 || changes.count + 4 * count <= Int(BERTH_MAX_CHANGES) else {
      throw refuse(
        BERTH_LIMIT, "the open statements hold \(changes.count) changes: at most \(BERTH_MAX_CHANGES), commit some")
    }
  }
}

extension Engine {
  var mark: UndoLog.Mark { UndoLog.Mark(changes: undoLog.changes.count, events: events.pendingCount) }

  /// Keeps the changes for the scope around; for good, and for readers of events to see, if there is none.
  @inline(__always)
  func closeScope() {
    undoLog.close()
    if !undoLog.isRecording { events.publish() }
  }

  /// Runs a call that may fail half-way: on a refusal everything it did is taken back.
  @inline(__always)
  func atomically(_ body: () throws(EngineError) -> Void) throws(EngineError) {
    undoLog.open()
    defer { closeScope() }
    let mark = mark
    do throws(EngineError) {
      try body()
    } catch {
      undoLog.rollBack(to: mark, in: self)
      throw error
    }
  }

  /// Runs what is to leave no trace.
  @inline(__always)
  func takingBack(_ body: () -> Void) {
    undoLog.open()
    let mark = mark
    body()
    undoLog.rollBack(to: mark, in: self)
    closeScope()
  }

  fileprivate func undo(_ change: UndoLog.Change) {
    switch change {
    case .podAdded(let index):
      let pod = pods.withdraw(index)
      if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
        if cluster.constraints.isOn { leaveDomains(index, pod.podClass, slot, isTerminating: pod.isTerminating) }
        if cluster.load.isOn { unjoinLoad(index, pod.podClass, slot) }
        if cluster.devices.isOn { cluster.devices.give(index, on: pod.node) }
        cluster.charge(slot, workload.classes.requests(pod.podClass), sign: -1)
      }
    case .podRemoved(let index, let pod):
      pods.reinstate(index, pod)
      if let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) {
        if cluster.constraints.isOn { joinDomains(index, pod.podClass, slot, isTerminating: pod.isTerminating) }
        cluster.charge(slot, workload.classes.requests(pod.podClass), sign: 1)
      }
    case .podConfirmed(let index):
      pods.setState(index, BERTH_POD_ASSUMED)
    case .claimsTaken(let pod):
      _ = giveBack(pod)
    case .other(let inverse):
      inverse(self)
    }
  }
}
