import BerthCore
import BerthOracle
import CBerth
import Testing

struct EventTests {
  /// Every ring up to 8, every number of events, every cursor, every size of the reader's buffer.
  @Test(arguments: [1, 2, 4, 8])
  func gapsOfTinyRings(capacity: Int) throws {
    for count in 0...20 {
      let (engine, node) = try Self.oneNode()
      try engine.enableEvents(capacity: UInt(capacity))
      var reference = EventReference()
      reference.enable(capacity)
      Self.toggle(engine, node, count, &reference)
      for cursor in 0...(count + 1) {
        for room in 0...(capacity + 2) {
          let answer = try told(engine, UInt64(cursor), atMost: room)
          let expected = reference.read(UInt64(cursor), atMost: room)
          #expect(answer == expected, "\(count) events, cursor \(cursor), room \(room)")
        }
      }
      #expect(throws: EngineError.self) { try told(engine, UInt64(count + 2), atMost: 1) }
      #expect(throws: EngineError.self) { try told(engine, UInt64.max, atMost: 1) }
      #expect(engine.metrics().events_lost == reference.lost)
    }
  }

  /// Every change of capacity between two stretches of events.
  @Test func capacityChangesKeepTheNewest() throws {
    for (first, second) in Self.pairs([0, 1, 2, 8, 64, 128]) {
      for (before, after) in Self.pairs([0, 1, 3, 9, 70, 200]) {
        let (engine, node) = try Self.oneNode()
        var reference = EventReference()
        for (capacity, count) in [(first, before), (second, after)] {
          try engine.enableEvents(capacity: UInt(capacity))
          reference.enable(capacity)
          Self.toggle(engine, node, count, &reference)
        }
        try engine.validate()
        guard second > 0 else { continue }
        for cursor in 0...reference.next {
          let answer = try told(engine, cursor, atMost: 300)
          let expected = reference.read(cursor, atMost: 300)
          #expect(answer == expected, "\(first), \(before) events, \(second), \(after) events, cursor \(cursor)")
        }
      }
    }
  }

  /// A statement whose events are more than the ring holds, taken back or kept.
  @Test(arguments: [false, true])
  func statementLargerThanTheRing(keeps: Bool) throws {
    let (engine, node) = try Self.oneNode()
    var reference = EventReference()
    try engine.enableEvents(capacity: 4)
    reference.enable(4)
    Self.toggle(engine, node, 3, &reference)
    let statement = try engine.beginStatement()
    var inside = reference
    Self.toggle(engine, node, 10, &inside)
    #expect(try told(engine, 1, atMost: 9) == reference.read(1, atMost: 9), "an open statement shows nothing")
    if keeps { try engine.commit(statement) } else { try engine.discard(statement) }
    let expected = keeps ? inside.read(1, atMost: 9) : reference.read(1, atMost: 9)
    #expect(try told(engine, 1, atMost: 9) == expected)
    #expect(expected.told.contains { $0.event.kind == BERTH_EVENT_GAP } == keeps)
  }

  /// A fork has no events of its parent's past and counts from zero, in whatever state the parent is.
  @Test func forkStartsAnew() throws {
    let (engine, node) = try Self.oneNode()
    var reference = EventReference()
    try engine.enableEvents(capacity: 16)
    reference.enable(16)
    Self.toggle(engine, node, 3, &reference)
    let statement = try engine.beginStatement()
    var inside = reference
    Self.toggle(engine, node, 3, &inside)
    let fork = engine.fork()
    #expect(throws: EngineError.self) { try told(fork, 0, atMost: 1) }
    #expect(fork.metrics().events_written == 0 && fork.metrics().statements_begun == 0)
    #expect(fork.info().node_changes == 0 && fork.info().decisions == 0)
    #expect(engine.metrics().forks == 1 && fork.metrics().forks == 0)
    var own = EventReference()
    try fork.enableEvents(capacity: 4)
    own.enable(4)
    Self.toggle(fork, node, 2, &own)
    try engine.commit(statement)
    #expect(try told(fork, 0, atMost: 9) == own.read(0, atMost: 9))
    #expect(try told(engine, 0, atMost: 9) == inside.read(0, atMost: 9))
  }

  @Test func badCallsAreRefused() throws {
    let (engine, _) = try Self.oneNode()
    func status(_ call: () throws(EngineError) -> Void) -> Int {
      do throws(EngineError) { try call() } catch { return Int(error.status) }
      return 0
    }
    #expect(status { () throws(EngineError) in _ = try told(engine, 0, atMost: 1) } == BERTH_WRONG_STATE)
    for capacity: UInt in [3, 5, 6, 65, UInt(BERTH_MAX_EVENTS) - 1, .max] {
      #expect(status { () throws(EngineError) in try engine.enableEvents(capacity: capacity) } == BERTH_BAD_ARGUMENT)
    }
    for capacity in [2 * UInt(BERTH_MAX_EVENTS), 1 << 63] {
      #expect(status { () throws(EngineError) in try engine.enableEvents(capacity: capacity) } == BERTH_LIMIT)
    }
    #expect(status { () throws(EngineError) in try engine.enableEvents(capacity: UInt(BERTH_MAX_EVENTS)) } == 0)
    let statement = try engine.beginStatement()
    #expect(status { () throws(EngineError) in try engine.enableEvents(capacity: 0) } == BERTH_WRONG_STATE)
    try engine.commit(statement)
    #expect(status { () throws(EngineError) in try engine.enableEvents(capacity: 0) } == 0)
  }

  // MARK: Something that happens

  static func pairs(_ values: [Int]) -> [(Int, Int)] { values.flatMap { first in values.map { (first, $0) } } }

  /// An engine with one node, without events.
  static func oneNode() throws -> (Engine, UInt64) {
    let scratch = Scratch()
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    let engine = try Engine(options: options)
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = 1
    batch.nodes = UnsafePointer(scratch.array([berth_node()]))
    var id: UInt64 = 0
    try engine.addNodes(batch, ids: &id)
    return (engine, id)
  }

  /// Cordons and uncordons the node, `count` times in all, at a time of its own each.
  static func toggle(_ engine: Engine, _ node: UInt64, _ count: Int, _ reference: inout EventReference) {
    let scratch = Scratch()
    let ids = scratch.buffer([node])
    for _ in 0..<count {
      do {
        try engine.setTime(engine.now + 5)
        var state = berth_node_state()
        try engine.readNodes(ids, resources: scratch.buffer([]), states: &state, allocatable: nil, requested: nil)
        let cordoned = state.flags == 0
        try engine.cordonNodes(ids, cordoned: cordoned)
        let kind = cordoned ? BERTH_EVENT_NODE_CORDONED : BERTH_EVENT_NODE_UNCORDONED
        reference.happened(.init(kind, node: node, time: engine.now))
      } catch {
        Issue.record("\(error)")
      }
    }
  }
}
