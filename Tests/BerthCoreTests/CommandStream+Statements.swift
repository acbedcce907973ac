import BerthCore
import BerthOracle
import CBerth

/// Statements in a stream: whatever comes in between, in any order.
extension CommandStream {
  mutating func begin() throws {
    if twin.ledger.open.count == Int(BERTH_MAX_STATEMENTS) {
      return try twin.refused("begin beyond the limit", BERTH_LIMIT) { engine throws(EngineError) in
        _ = try engine.beginStatement()
      }
    }
    try twin.begin()
    knownAtBegin[twin.ledger.lastStatement] = known
    // Now and then as deep as it goes.
    if swarm.random.chance(0.01) { while twin.ledger.open.count < Int(BERTH_MAX_STATEMENTS) { try begin() } }
  }

  mutating func checkpoint() throws {
    guard twin.ledger.isOpen else {
      return try twin.refused("a checkpoint outside of a statement", BERTH_WRONG_STATE) { engine throws(EngineError) in
        _ = try engine.addCheckpoint()
      }
    }
    try twin.checkpoint()
    knownAtCheckpoint[twin.ledger.lastCheckpoint] = known
  }

  /// To any live checkpoint, or to one that cannot be gone back to.
  mutating func rollBack() throws {
    if swarm.random.chance(0.2) { return try refuseRollBack() }
    guard let statement = twin.ledger.open.last, !statement.checkpoints.isEmpty else { return }
    let index = swarm.random.int(0...(statement.checkpoints.count - 1))
    try twin.rollBack(to: index)
    known = knownAtCheckpoint[statement.checkpoints[index].id]!
    try tryDecisions()
  }

  mutating func close(keeping: Bool) throws {
    if swarm.random.chance(0.2) { try refuseClosing() }
    guard let statement = twin.ledger.open.last else { return }
    if keeping { return try twin.commit() }
    try twin.discard()
    known = knownAtBegin[statement.id]!
    try tryDecisions()
  }

  /// Engines decide as before, too.
  private mutating func tryDecisions() throws {
    if known.pods.isEmpty { return }
    try twin.place((0..<2).map { _ in somePod() }, dryRun: swarm.random.chance(0.7))
  }

  private mutating func refuseRollBack() throws {
    let ledger = twin.ledger
    var cases: [(what: String, id: UInt64, status: Int)] = [
      ("never given out", ledger.lastCheckpoint + 1, BERTH_UNKNOWN_ID), ("none", 0, BERTH_UNKNOWN_ID),
      ("the last there can be", .max, BERTH_UNKNOWN_ID),
    ]
    if let gone = ledger.gone.randomElement(using: &swarm.random) { cases.append(("gone", gone, BERTH_STALE_ID)) }
    let outer = ledger.open.dropLast().flatMap { $0.checkpoints.map(\.id) }
    if let id = outer.randomElement(using: &swarm.random) { cases.append(("of an outer one", id, BERTH_WRONG_STATE)) }
    let (what, id, status) = swarm.random.pick(cases)
    try twin.refused("roll back to checkpoint \(id), \(what)", status) { engine throws(EngineError) in
      try engine.rollBack(to: id)
    }
  }

  private mutating func refuseClosing() throws {
    let ledger = twin.ledger
    var cases: [(what: String, id: UInt64, status: Int)] = [
      ("never given out", ledger.lastStatement + 1, BERTH_UNKNOWN_ID), ("none", 0, BERTH_UNKNOWN_ID),
      ("the last there can be", .max, BERTH_UNKNOWN_ID),
    ]
    if let closed = ledger.closed.randomElement(using: &swarm.random) {
      cases.append(("closed already", closed, BERTH_STALE_ID))
    }
    if let outer = ledger.open.dropLast().randomElement(using: &swarm.random) {
      cases.append(("an outer one", outer.id, BERTH_WRONG_STATE))
    }
    let (what, id, status) = swarm.random.pick(cases)
    try twin.refused("commit statement \(id), \(what)", status) { engine throws(EngineError) in try engine.commit(id) }
    try twin.refused("discard statement \(id), \(what)", status) { engine throws(EngineError) in
      try engine.discard(id)
    }
  }
}
