import BerthCore
import BerthOracle
import CBerth

/// What the engine and the oracle disagree about.
struct Mismatch: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Engines, one for each CPU level of this machine, and the oracle. Every command goes to all of them, and everything
/// they answer is compared: among the engines, ids included, and with the oracle.
@dynamicMemberLookup
final class Twin {
  static let paths = [BERTH_PATH_AUTO, BERTH_PATH_TREE, BERTH_PATH_SCAN, BERTH_PATH_ROWS, BERTH_PATH_SLOTS].map {
    UInt32($0)
  }

  let engines: [(level: UInt32, engine: Engine)]
  var book: Book
  var random: Random
  var ledger = Ledger()
  /// An engine that makes only those changes that nobody takes back, and must answer them alike all the same.
  let control: Engine?
  /// What readers of events are to be told, and how far each has come.
  var events = EventReference()
  var eventCursors: [UInt64] = [0, 0, 0]
  private var log: [String] = []

  init(
    levelKeys: [String] = [], tiesByKey: Bool = false, allocator: Int = BERTH_ALLOCATOR_AUTO, seed: Int,
    hasControl: Bool = false
  ) throws {
    book = Book(Oracle(levelKeys: levelKeys, tiesByKey: tiesByKey))
    random = Random(seed: seed)
    var engines: [(UInt32, Engine)] = []
    var control: Engine?
    for level in [BERTH_CPU_SCALAR, BERTH_CPU_BASELINE, BERTH_CPU_V3, BERTH_CPU_V4] {
      let scratch = Scratch()
      var options = berth_engine_options()
      options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
      options.allocator = UInt32(allocator)
      options.cpu_level = UInt32(level)
      options.tie_rule = UInt32(tiesByKey ? BERTH_TIE_KEY : BERTH_TIE_TOPOLOGY)
      options.level_count = UInt32(levelKeys.count)
      options.level_keys = scratch.texts(levelKeys)
      // A level that this CPU lacks is refused; plain loops run everywhere.
      guard let engine = try? Engine(options: options) else { continue }
      engines.append((UInt32(level), engine))
      if hasControl { control = try Engine(options: options) }
    }
    if engines.first?.0 != UInt32(BERTH_CPU_SCALAR) { throw Mismatch("no engine at the scalar level") }
    self.engines = engines
    self.control = control
    try enableEvents(capacity: random.pick([1, 16, 4096]))
  }

  /// A twin of its own that starts from what this one is now, with no statement open; `copy` makes the engines' forks.
  init(_ parent: Twin, _ copy: (Engine) throws(EngineError) -> Engine) throws {
    book = parent.book
    ledger = parent.ledger.fork()
    random = parent.random
    log = parent.log + ["fork"]
    engines = try parent.engines.map { ($0.level, try copy($0.engine)) }
    control = try parent.control.map(copy)
    if let control { for replay in parent.ledger.pending { try replay(control) } }
    book.pendingEvents = []
    try enableEvents(capacity: random.pick([1, 16, 4096]))
  }

  subscript<T>(dynamicMember member: KeyPath<Book, T>) -> T { book[keyPath: member] }

  /// The last commands, oldest first, for the report of a mismatch.
  var recentCommands: String { log.suffix(12).joined(separator: "\n  ") }

  func note(_ command: String) {
    log.append(command)
    if Fuzz.traces { print("command \(log.count): \(command)") }
  }

  // MARK: Calls

  /// Makes a call on every engine: the same answer from all of them.
  @discardableResult
  func all<R: Equatable>(_ what: String, _ call: (Engine) throws(EngineError) -> R) throws -> R {
    var first: R?
    for (level, engine) in engines {
      do {
        let result = try call(engine)
        if let first, first != result {
          throw Mismatch("\(what): CPU level \(level) answers \(result), the scalar level \(first)")
        }
        first = result
      } catch let error as EngineError {
        throw Mismatch("\(what): refused with status \(error.status): \(error.message)")
      }
    }
    return first!
  }

  /// The same for a call that answers nothing.
  func onAll(_ what: String, _ call: (Engine) throws(EngineError) -> Void) throws {
    try all(what) { engine throws(EngineError) in
      try call(engine)
      return true
    }
  }

  /// Makes a call that changes something; the control makes it, too, once nobody can take it back any more. `scratch`
  /// holds what the call points to.
  @discardableResult
  func change<R: Equatable>(
    _ what: String, keeping scratch: Scratch, _ call: @escaping (Engine) throws(EngineError) -> R
  ) throws -> R {
    let answer = try all(what, call)
    guard let control else { return answer }
    let replay = { (engine: Engine) in
      let ours = try withExtendedLifetime(scratch) { try call(engine) }
      if ours != answer { throw Mismatch("\(what): the control answers \(ours), the others \(answer)") }
    }
    if ledger.isOpen { ledger.pending.append(replay) } else { try replay(control) }
    return answer
  }

  /// The same for a call that answers nothing.
  func perform(
    _ what: String, keeping scratch: Scratch, _ call: @escaping (Engine) throws(EngineError) -> Void
  ) throws {
    try change(what, keeping: scratch) { engine throws(EngineError) in
      try call(engine)
      return true
    }
  }

  /// Makes a call that every engine must refuse with one of the statuses, with a sentence, and stay sound.
  func refused(_ what: String, _ statuses: Int..., call: (Engine) throws(EngineError) -> Void) throws {
    try refused(what, anyOf: statuses, call: call)
  }

  func refused(_ what: String, anyOf statuses: [Int], call: (Engine) throws(EngineError) -> Void) throws {
    note("refused: \(what)")
    var complaint: String?
    for (level, engine) in engines {
      do {
        try call(engine)
        complaint = complaint ?? "\(what): not refused at CPU level \(level)"
      } catch {
        if !statuses.contains(Int(error.status)) {
          complaint = complaint ?? "\(what): status \(error.status) (\(error.message)), expected one of \(statuses)"
        }
        if error.message.isEmpty { complaint = complaint ?? "\(what): no message" }
      }
    }
    if let complaint { throw Mismatch(complaint) }
    try validate()
  }

  func check(_ agrees: Bool, _ what: @autoclosure () -> String) throws {
    if !agrees { throw Mismatch(what()) }
  }

  func validate() throws { try onAll("validate") { engine throws(EngineError) in try engine.validate() } }

  func setPath(_ path: UInt32) throws {
    try perform("set path \(path)", keeping: Scratch()) { engine throws(EngineError) in try engine.setPath(path) }
  }
}
