import CBerth

/// A call that changes the engine, as a value: what `perform` makes of it is done, and recorded if a journal is open.
/// Each has one file-section here that holds everything about its record; docs/architecture.md says how to add one.
protocol Call {
  associatedtype Answer
  static var kind: CallKind { get }

  /// Does it, or refuses it before anything has changed.
  func apply(to engine: Engine) throws(EngineError) -> Answer

  /// The array in which the caller wants results; empty for calls that return theirs.
  var results: UnsafeMutableRawBufferPointer { get set }

  /// The arguments. `read` gets them back, with arrays and texts that live as long as `scratch`, and a place for results.
  func write(to record: inout RecordWriter)
  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self

  /// What the call gave back, or what tells it from everything else it could have given back.
  func write(_ answer: Answer, to record: inout RecordWriter)

  /// What a replay that answers otherwise says of the two answers.
  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String
}

extension Call {
  var results: UnsafeMutableRawBufferPointer {
    get { UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    set {}
  }

  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String {
    "other ids came of it"
  }
}

extension Call where Answer == Void {
  func write(_ answer: Void, to record: inout RecordWriter) {}
}

extension Call where Answer: FixedWidthInteger & BitwiseCopyable {
  func write(_ answer: Answer, to record: inout RecordWriter) { record.put(answer) }

  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String {
    "it gave id \(try recorded.take(Answer.self)), and gives \(try now.take(Answer.self)) here"
  }
}

/// A call that moves among statements. What it takes back may be beyond bringing back, so it is checked, then recorded,
/// then done, and `apply` cannot fail.
protocol StatementCall: Call {
  func check(_ engine: Engine) throws(EngineError) -> Answer
  func carryOut(on engine: Engine)
}

extension StatementCall {
  func apply(to engine: Engine) throws(EngineError) -> Answer {
    let answer = try check(engine)
    carryOut(on: engine)
    return answer
  }
}

/// What a record is of. The numbers are in files: they are never given another meaning.
enum CallKind: UInt16, CaseIterable {
  case resourceAdd = 1
  case domainAdd = 2
  case labelSetIntern = 3
  case taintSetIntern = 4
  case nodesAdd = 5
  case nodesUpdate = 6
  case nodesRemove = 7
  case nodesCordon = 8
  case profileAdd = 9
  case classIntern = 10
  case podsPlace = 11
  case podsBind = 12
  case podsConfirm = 13
  case podsForget = 14
  case podsRelease = 15
  case engineSetPath = 16
  case engineSetTime = 17
  case statementBegin = 18
  case statementCheckpoint = 19
  case statementRollback = 20
  case statementCommit = 21
  case statementDiscard = 22
  case podsPlaceAs = 23
  case podsBindAs = 24
  case reservationsAdd = 25
  case reservationsRemove = 26
  case reservationResize = 27
  case reservationHandOver = 28
  case reservationSetExpiry = 29
  case loadResourceAdd = 40
  case loadUpdate = 41
  case loadRemove = 42
  case loadPodsUpdate = 43
  case selectorIntern = 50
  case namespaceSet = 51
  case namespaceRemove = 52
  case imageSetIntern = 53
  case podsTerminate = 54
  case classesIntern = 55
  case machineIntern = 56
  case nodesSetMachines = 57
  case nodeSetHealth = 58
  case typicalPodsSet = 59
  case gpuModelSet = 60
  case podsBindClaims = 61
  case claimResize = 62
  case podsMove = 63
  case gangsPlace = 64
  case gangShrink = 65
  case gangsSchedule = 66

  /// The function of berth.h.
  var name: String {
    var name = "berth"
    for character in "\(self)" {
      name += character.isUppercase ? "_" + character.lowercased() : (name == "berth" ? "_" : "") + String(character)
    }
    return name
  }

  /// Makes the call of a record again: the same call must give the same answer.
  func replay(_ record: inout RecordReader, on engine: Engine) throws(EngineError) {
    switch self {
    case .resourceAdd: try ResourceAdd.replay(&record, on: engine)
    case .domainAdd: try DomainAdd.replay(&record, on: engine)
    case .labelSetIntern: try LabelSetIntern.replay(&record, on: engine)
    case .taintSetIntern: try TaintSetIntern.replay(&record, on: engine)
    case .nodesAdd: try NodesAdd.replay(&record, on: engine)
    case .nodesUpdate: try NodesUpdate.replay(&record, on: engine)
    case .nodesRemove: try NodesRemove.replay(&record, on: engine)
    case .nodesCordon: try NodesCordon.replay(&record, on: engine)
    case .profileAdd: try ProfileAdd.replay(&record, on: engine)
    case .classIntern: try ClassIntern.replay(&record, on: engine)
    case .podsPlace: try PodsPlace.replay(&record, on: engine)
    case .podsBind: try PodsBind.replay(&record, on: engine)
    case .podsConfirm: try PodsConfirm.replay(&record, on: engine)
    case .podsForget: try PodsForget.replay(&record, on: engine)
    case .podsRelease: try PodsRelease.replay(&record, on: engine)
    case .engineSetPath: try EngineSetPath.replay(&record, on: engine)
    case .engineSetTime: try EngineSetTime.replay(&record, on: engine)
    case .statementBegin: try StatementBegin.replay(&record, on: engine)
    case .statementCheckpoint: try StatementCheckpoint.replay(&record, on: engine)
    case .statementRollback: try StatementRollback.replay(&record, on: engine)
    case .statementCommit: try StatementCommit.replay(&record, on: engine)
    case .statementDiscard: try StatementDiscard.replay(&record, on: engine)
    case .podsPlaceAs: try PodsPlaceAs.replay(&record, on: engine)
    case .podsBindAs: try PodsBindAs.replay(&record, on: engine)
    case .reservationsAdd: try ReservationsAdd.replay(&record, on: engine)
    case .reservationsRemove: try ReservationsRemove.replay(&record, on: engine)
    case .reservationResize: try ReservationResize.replay(&record, on: engine)
    case .reservationHandOver: try ReservationHandOver.replay(&record, on: engine)
    case .reservationSetExpiry: try ReservationSetExpiry.replay(&record, on: engine)
    case .loadResourceAdd: try LoadResourceAdd.replay(&record, on: engine)
    case .loadUpdate: try LoadUpdate.replay(&record, on: engine)
    case .loadRemove: try LoadRemove.replay(&record, on: engine)
    case .loadPodsUpdate: try LoadPodsUpdate.replay(&record, on: engine)
    case .selectorIntern: try SelectorIntern.replay(&record, on: engine)
    case .namespaceSet: try NamespaceSet.replay(&record, on: engine)
    case .namespaceRemove: try NamespaceRemove.replay(&record, on: engine)
    case .imageSetIntern: try ImageSetIntern.replay(&record, on: engine)
    case .podsTerminate: try PodsTerminate.replay(&record, on: engine)
    case .classesIntern: try ClassesIntern.replay(&record, on: engine)
    case .machineIntern: try MachineIntern.replay(&record, on: engine)
    case .nodesSetMachines: try NodesSetMachines.replay(&record, on: engine)
    case .nodeSetHealth: try NodeSetHealth.replay(&record, on: engine)
    case .typicalPodsSet: try TypicalPodsSet.replay(&record, on: engine)
    case .gpuModelSet: try GPUModelSet.replay(&record, on: engine)
    case .podsBindClaims: try PodsBindClaims.replay(&record, on: engine)
    case .claimResize: try ClaimResize.replay(&record, on: engine)
    case .podsMove: try PodsMove.replay(&record, on: engine)
    case .gangsPlace: try GangsPlace.replay(&record, on: engine)
    case .gangShrink: try GangShrink.replay(&record, on: engine)
    case .gangsSchedule: try GangsSchedule.replay(&record, on: engine)
    }
  }
}

extension Call {
  static func replay(_ record: inout RecordReader, on engine: Engine) throws(EngineError) {
    let scratch = CallScratch()
    let call = try read(&record, scratch)
    let start = record.offset
    let recorded = try record.takeRaw(record.remaining)
    let answer: Answer
    do {
      answer = try call.apply(to: engine)
    } catch {
      throw record.bad("\(kind.name) was accepted, and is refused here: \(error.message)")
    }
    var now = RecordWriter(capacity: 256)
    call.write(answer, to: &now)
    guard !now.bytes.elementsEqual(recorded) else { return }
    var theirs = RecordReader(recorded, endOffset: start + recorded.count, path: record.path)
    var ours = RecordReader(now.bytes, endOffset: start + now.count, path: record.path)
    throw record.bad("\(kind.name): \(try difference(&theirs, &ours))")
  }
}

extension Engine {
  /// The way of every call that changes something.
  @inline(__always)
  func perform<C: Call>(_ call: C) throws(EngineError) -> C.Answer {
    guard let recorder else { return try call.apply(to: self) }
    return try perform(call, recorder)
  }

  @inline(__always)
  func perform<C: StatementCall>(_ call: C) throws(EngineError) -> C.Answer {
    let answer = try call.check(self)
    if let recorder { try recorder.append(call, answer, of: self) }
    call.carryOut(on: self)
    return answer
  }

  /// Done and recorded, or neither. Only what changed something is recorded.
  @inline(never)
  private func perform<C: Call>(_ call: C, _ recorder: Recorder) throws(EngineError) -> C.Answer {
    try recorder.check()
    // results are the caller's only when the call is recorded, too
    var call = call
    let wanted = call.results
    if !wanted.isEmpty { call.results = recorder.standIn(bytes: wanted.count) }
    undoLog.open()
    defer { closeScope() }
    let mark = mark
    do throws(EngineError) {
      let answer = try call.apply(to: self)
      if undoLog.hasChanged(since: mark) { try recorder.append(call, answer, of: self) }
      if !wanted.isEmpty { wanted.copyMemory(from: UnsafeRawBufferPointer(call.results)) }
      return answer
    } catch {
      undoLog.rollBack(to: mark, in: self)
      throw error
    }
  }
}

/// Arrays and texts of calls that were read back, alive until the call is over.
final class CallScratch {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  /// Uninitialised; never empty, so that its address is one.
  func allocate<T>(_ type: T.Type = T.self, _ count: Int) -> UnsafeMutablePointer<T> {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<T>.stride, alignment: max(16, MemoryLayout<T>.alignment))
    blocks.append(block)
    return block.bindMemory(to: T.self, capacity: count)
  }

  func text(_ record: inout RecordReader) throws(EngineError) -> UnsafePointer<CChar>? {
    guard let bytes = try record.takeText() else { return nil }
    let copy = allocate(UInt8.self, bytes.count + 1)
    for index in 0..<bytes.count { copy[index] = bytes[index] }
    copy[bytes.count] = 0
    return UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self)
  }

  /// A text that the call does not take without.
  func name(_ record: inout RecordReader) throws(EngineError) -> UnsafePointer<CChar> {
    guard let text = try text(&record) else { throw record.bad("a name is missing") }
    return text
  }

  /// So many values.
  func values<T: FixedWidthInteger & BitwiseCopyable>(
    _ record: inout RecordReader, _ count: Int
  ) throws(EngineError) -> UnsafeMutablePointer<T> {
    try record.need(count * MemoryLayout<T>.size)
    let values = allocate(T.self, count)
    for index in 0..<count { (values + index).initialize(to: record.takeAhead()) }
    return values
  }

  /// A count, and so many values.
  func array<T: FixedWidthInteger & BitwiseCopyable>(
    _ record: inout RecordReader, _ what: String
  ) throws(EngineError) -> UnsafeBufferPointer<T> {
    let count = try record.takeCount(of: MemoryLayout<T>.size, what)
    return UnsafeBufferPointer(start: try values(&record, count), count: count)
  }

  /// A count, and so many records of at least `bytes` each.
  func list<T>(
    _ record: inout RecordReader, bytes: Int, _ what: String,
    _ element: (inout RecordReader) throws(EngineError) -> T
  ) throws(EngineError) -> UnsafeBufferPointer<T> {
    let count = try record.takeCount(of: bytes, what)
    let list = allocate(T.self, count)
    for index in 0..<count { (list + index).initialize(to: try element(&record)) }
    return UnsafeBufferPointer(start: list, count: count)
  }
}
