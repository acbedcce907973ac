import CBerth

/// The open statements, innermost last, and the checkpoints in them.
struct Statements {
  struct Statement {
    let id: berth_statement_id
    let base: UndoLog.Mark
    /// How many checkpoints there were when it began.
    let checkpoints: Int
  }
  struct Checkpoint {
    let id: berth_checkpoint_id
    let mark: UndoLog.Mark
  }

  private(set) var open: [Statement] = []
  private(set) var checkpoints: [Checkpoint] = []
  /// Ids of statements and of checkpoints, never given out twice; 0 is none.
  private(set) var lastStatement: berth_statement_id = 0
  private(set) var lastCheckpoint: berth_checkpoint_id = 0

  /// How statements ended, and how often one was rolled back, since the engine was made.
  private(set) var committed: UInt64 = 0
  private(set) var discarded: UInt64 = 0
  private(set) var rollbacks: UInt64 = 0

  var isOpen: Bool { !open.isEmpty }
  var begun: UInt64 { committed + discarded + UInt64(open.count) }

  /// Goes on after ids that an engine in the same state has given out.
  init(after statement: berth_statement_id = 0, _ checkpoint: berth_checkpoint_id = 0) {
    lastStatement = statement
    lastCheckpoint = checkpoint
  }

  /// None open; ids of the ones that are open here are known to be closed there.
  func fork() -> Statements { Statements(after: lastStatement, lastCheckpoint) }

  /// The id that the next statement gets.
  func checkBegin() throws(EngineError) -> berth_statement_id {
    guard open.count < Int(BERTH_MAX_STATEMENTS) else {
      throw refuse(BERTH_LIMIT, "\(open.count) statements are open, one inside the other: at most that many")
    }
    return lastStatement + 1
  }

  mutating func begin(at mark: UndoLog.Mark) {
    lastStatement += 1
    open.append(Statement(id: lastStatement, base: mark, checkpoints: checkpoints.count))
  }

  /// The id that the next checkpoint gets.
  func checkCheckpoint() throws(EngineError) -> berth_checkpoint_id {
    guard isOpen else { throw refuse(BERTH_WRONG_STATE, "no statement is open: begin one before its checkpoints") }
    guard checkpoints.count < Int(BERTH_MAX_CHECKPOINTS) else {
      throw refuse(BERTH_LIMIT, "the open statements have \(checkpoints.count) checkpoints: at most that many")
    }
    return lastCheckpoint + 1
  }

  mutating func addCheckpoint(at mark: UndoLog.Mark) {
    lastCheckpoint += 1
    checkpoints.append(Checkpoint(id: lastCheckpoint, mark: mark))
  }

  /// Where a checkpoint of the innermost statement stands among all.
  func place(of id: berth_checkpoint_id) throws(EngineError) -> Int {
    guard id >= 1, id <= lastCheckpoint else {
      throw refuse(BERTH_UNKNOWN_ID, "checkpoint \(id) was never given out by this engine")
    }
    // ids rise along the list
    var low = 0
    var high = checkpoints.count
    while low < high {
      let middle = (low + high) / 2
      if checkpoints[middle].id < id { low = middle + 1 } else { high = middle }
    }
    guard low < checkpoints.count, checkpoints[low].id == id else {
      throw refuse(
        BERTH_STALE_ID, "checkpoint \(id) is gone: its statement is closed, or an earlier one was returned to")
    }
    guard let inner = open.last, low >= inner.checkpoints else {
      throw refuse(
        BERTH_WRONG_STATE,
        "checkpoint \(id) lies before the base of the innermost statement: commit or discard that one first")
    }
    return low
  }

  /// Drops the checkpoints behind this one; what was done since its mark is to be taken back.
  mutating func returnTo(_ place: Int) -> UndoLog.Mark {
    checkpoints.removeLast(checkpoints.count - place - 1)
    rollbacks += 1
    return checkpoints[place].mark
  }

  /// The innermost statement, if it is the one that is meant.
  func innermost(_ id: berth_statement_id) throws(EngineError) -> Statement {
    guard id >= 1, id <= lastStatement else {
      throw refuse(BERTH_UNKNOWN_ID, "statement \(id) was never given out by this engine")
    }
    guard open.contains(where: { $0.id == id }) else {
      throw refuse(BERTH_STALE_ID, "statement \(id) is committed or discarded already")
    }
    guard let inner = open.last, inner.id == id else {
      throw refuse(
        BERTH_WRONG_STATE, "statement \(id) is not the innermost one: close statement \(open.last?.id ?? 0) first")
    }
    return inner
  }

  /// Its checkpoints go with it.
  mutating func closeInnermost(keeping: Bool) {
    let inner = open.removeLast()
    if keeping { committed += 1 } else { discarded += 1 }
    checkpoints.removeLast(checkpoints.count - inner.checkpoints)
  }
}

extension Engine {
  // Everything here was checked before.

  func applyBegin() {
    statements.begin(at: mark)
    undoLog.open()
  }

  func applyCheckpoint() { statements.addCheckpoint(at: mark) }

  func applyRollBack(to place: Int) { undoLog.rollBack(to: statements.returnTo(place), in: self) }

  func applyCommit() {
    statements.closeInnermost(keeping: true)
    closeScope()
  }

  func applyDiscard() {
    guard let inner = statements.open.last else { return }
    undoLog.rollBack(to: inner.base, in: self)
    statements.closeInnermost(keeping: false)
    closeScope()
  }

  // MARK: Time

  func applySetTime(_ time: Int64) throws(EngineError) {
    guard time >= now else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(time) ms is before \(now) ms, the time this engine was told last")
    }
    guard time < BERTH_NEVER else { throw refuse(BERTH_BAD_ARGUMENT, "\(time) ms is BERTH_NEVER") }
    if reservations.due(time) != nil { try undoLog.check(reservations.count) }
    let expiring = takeExpiring(until: time)
    let before = now
    undoLog.note { $0.now = before }
    now = time
    for node in expiring { refreshLoad(node) }
    lapseReservations()
  }
}
