import BerthCore
import BerthOracle
import CBerth

/// The open statements, and what there is to go back to.
struct Ledger {
  /// A moment: all that was known then, all that could be read, and how much the control had yet to make.
  struct Mark {
    let book: Book
    let picture: Picture
    let pending: Int
  }

  struct Checkpoint {
    let id: UInt64
    let mark: Mark
  }

  struct Statement {
    let id: UInt64
    let base: Mark
    var checkpoints: [Checkpoint] = []
  }

  var open: [Statement] = []
  /// Changes of the open statements, which the control has not made yet.
  var pending: [(Engine) throws -> Void] = []
  /// The last ids, live or gone: none is given out twice.
  var lastStatement: UInt64 = 0
  var lastCheckpoint: UInt64 = 0
  private(set) var closed: [UInt64] = []
  private(set) var gone: [UInt64] = []

  var isOpen: Bool { !open.isEmpty }

  /// What a fork knows: ids that are open here are gone there.
  func fork() -> Ledger {
    var fork = Ledger()
    (fork.lastStatement, fork.lastCheckpoint) = (lastStatement, lastCheckpoint)
    fork.closed = closed + open.map(\.id)
    fork.gone = gone + open.flatMap { $0.checkpoints.map(\.id) }
    return fork
  }

  mutating func closeInnermost() -> Statement {
    let statement = open.removeLast()
    closed.append(statement.id)
    gone += statement.checkpoints.map(\.id)
    return statement
  }

  mutating func dropCheckpoints(behind index: Int) {
    let statement = open.count - 1
    gone += open[statement].checkpoints[(index + 1)...].map(\.id)
    open[statement].checkpoints.removeSubrange((index + 1)...)
  }
}

/// Statements: whatever is taken back, engines are what they were, and go on as if it had never been.
extension Twin {
  private func mark() throws -> Ledger.Mark {
    Ledger.Mark(book: book, picture: try picture(), pending: ledger.pending.count)
  }

  private func picture() throws -> Picture {
    try all("picture") { engine throws(EngineError) in try Picture(of: engine, book) }
  }

  func begin() throws {
    let base = try mark()
    let id = try all("begin") { engine throws(EngineError) in try engine.beginStatement() }
    note("begin statement \(id)")
    try check(id > ledger.lastStatement, "statement \(id) after \(ledger.lastStatement)")
    ledger.lastStatement = id
    ledger.open.append(Ledger.Statement(id: id, base: base))
  }

  func checkpoint() throws {
    let mark = try mark()
    let id = try all("checkpoint") { engine throws(EngineError) in try engine.addCheckpoint() }
    note("checkpoint \(id)")
    try check(id > ledger.lastCheckpoint, "checkpoint \(id) after \(ledger.lastCheckpoint)")
    ledger.lastCheckpoint = id
    ledger.open[ledger.open.count - 1].checkpoints.append(Ledger.Checkpoint(id: id, mark: mark))
  }

  /// To a checkpoint of the innermost statement, by its place there.
  func rollBack(to index: Int) throws {
    let checkpoint = ledger.open.last!.checkpoints[index]
    note("roll back to checkpoint \(checkpoint.id)")
    try onAll("roll back") { engine throws(EngineError) in try engine.rollBack(to: checkpoint.id) }
    ledger.dropCheckpoints(behind: index)
    try goBack(to: checkpoint.mark)
  }

  func commit() throws {
    let id = ledger.open.last!.id
    note("commit statement \(id)")
    try onAll("commit") { engine throws(EngineError) in try engine.commit(id) }
    _ = ledger.closeInnermost()
    publishEvents()
    try settle()
  }

  func discard() throws {
    let id = ledger.open.last!.id
    note("discard statement \(id)")
    try onAll("discard") { engine throws(EngineError) in try engine.discard(id) }
    try goBack(to: ledger.closeInnermost().base)
    publishEvents()
    try settle()
  }

  private func goBack(to mark: Ledger.Mark) throws {
    let left = book
    book = mark.book
    ledger.pending.removeSubrange(mark.pending...)
    try validate()
    if let difference = try picture().difference(from: mark.picture) {
      throw Mismatch("taken back, but not what it was (now, before): \(difference)")
    }
    try refuseWhatNeverWas(left)
  }

  /// Ids and names that came only with what was taken back are void.
  private func refuseWhatNeverWas(_ left: Book) throws {
    let scratch = Scratch()
    let unknown = [BERTH_UNKNOWN_ID, BERTH_STALE_ID]
    if let node = left.nodesById.keys.filter({ book.nodesById[$0] == nil }).max() {
      try refused("read void node \(node)", anyOf: unknown) { engine throws(EngineError) in
        try engine.readNodes(
          scratch.buffer([node]), resources: scratch.buffer([]), states: nil, allocatable: nil, requested: nil)
      }
    }
    let known = Set(book.podIds.values)
    if let pod = left.podIds.values.filter({ !known.contains($0) }).max() {
      try refused("release void pod \(pod)", anyOf: unknown) { engine throws(EngineError) in
        try engine.release(scratch.buffer([pod]))
      }
    }
    let names = Set(book.oracle.nodes.values.compactMap(\.name))
    if let name = left.oracle.nodes.values.compactMap(\.name).filter({ !names.contains($0) }).max() {
      try refused("find void \(name)", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
        _ = try engine.findNode(name: scratch.text(name))
      }
    }
    if let podClass = left.classIds.values.max(), podClass > book.classIds.values.max() ?? 0 {
      let room = scratch.room(berth_placement(), count: 1)
      try refused("place void class \(podClass)", BERTH_UNKNOWN_ID) { engine throws(EngineError) in
        try engine.place(scratch.buffer([podClass]), flags: 0, into: room.baseAddress!)
      }
    }
  }

  /// Once no statement is open, the control makes what is left to make, and is then what the others are.
  private func settle() throws {
    guard let control, !ledger.isOpen else { return }
    for replay in ledger.pending { try replay(control) }
    ledger.pending = []
    try compareControl()
  }

  func compareControl() throws {
    guard let control, !ledger.isOpen else { return }
    do {
      try control.validate()
      if let difference = try Picture(of: control, book).difference(from: try picture()) {
        throw Mismatch("the control, which saw nothing of what was taken back, differs (it, the others): \(difference)")
      }
    } catch let error as EngineError {
      throw Mismatch("control: \(error.message)")
    }
  }
}
