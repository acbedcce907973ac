import BerthCore
import CBerth
import Testing

/// Passes over queues that are small enough to be decided by hand.
struct GangQueueTests {
  typealias Job = QueueScene.Job
  typealias Options = QueueScene.Options

  /// What came of each job: its outcome and its start, which is 0 now.
  private func expect(
    _ pass: QueueScene.Pass, _ wanted: [(outcome: Int, start: Int64?)], _ place: SourceLocation = #_sourceLocation
  ) {
    #expect(pass.outcomes.map(\.outcome) == wanted.map(\.outcome), sourceLocation: place)
    #expect(pass.outcomes.map(\.start) == wanted.map(\.start), sourceLocation: place)
  }

  /// Four nodes, two of them in use until 10: a wide gang waits, with a node to spare when it starts.
  private func textbook() throws -> (scene: QueueScene, running: [berth_running_pod]) {
    let scene = try QueueScene([[1, 1, 1, 1]])
    return (scene, ends([try scene.run(on: 0), try scene.run(on: 1)], at: 10))
  }
  private let wide = Job(members: 3, run: 100)
  private let long = Job(run: 1000)

  @Test func narrowGangsStartBehindAWideOneUnlessTheyDelayIt() throws {
    let (scene, running) = try textbook()
    let jobs = [wide, long, long, Job(run: 11), Job(run: 10)]
    let pass = try scene.pass(jobs, running)
    // the first long one takes the node to spare, the second would need another, as would what ends at 11
    expect(
      pass,
      [
        (BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_BACKFILLED, 0), (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_WAITING, nil),
        (BERTH_QUEUE_BACKFILLED, 0),
      ])
    #expect(pass.outcomes.map(\.order) == [0, 1, 2, 3, 4])
    #expect(pass.results[0].gang.outcome == UInt32(BERTH_GANG_NO_FIT) && pass.results[0].gang.available == 2)
    #expect(pass.results[2].gang.outcome == UInt32(BERTH_GANG_WITHDRAWN))
    // members are told in the order of starts
    #expect(pass.results.map(\.first) == [0, 0, 0, 0, 1] && pass.results.map(\.members) == [0, 1, 0, 0, 1])
    #expect(Set(pass.outcomes[1].nodes + pass.outcomes[4].nodes) == [scene.nodes[2], scene.nodes[3]])
    // and when the time has come the wide one starts
    try scene.setTime(10)
    try scene.release(running.map(\.pod) + pass.pods[4])
    expect(try scene.pass([wide], ends(pass.pods[1], at: 1000)), [(BERTH_QUEUE_STARTED, 10)])
  }

  @Test func strictOrderBlocks() throws {
    let (scene, running) = try textbook()
    let digest = scene.engine.digest()
    let pass = try scene.pass([wide, long, Job(run: 1)], running, Options(backfill: BERTH_BACKFILL_NONE))
    expect(pass, [(BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_WAITING, nil)])
    #expect(pass.results[1].gang.outcome == UInt32(BERTH_GANG_WITHDRAWN))
    #expect(scene.engine.digest() == digest)
    try scene.engine.validate()
    // what fits before it starts
    expect(
      try scene.pass([long, wide, long], running, Options(backfill: BERTH_BACKFILL_NONE)),
      [(BERTH_QUEUE_STARTED, 0), (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_WAITING, nil)])
  }

  @Test func whoeverFitsStartsIfNothingIsProtected() throws {
    let (scene, running) = try textbook()
    expect(
      try scene.pass([wide, long, long, long], running, Options(backfill: BERTH_BACKFILL_ANY)),
      [
        (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_BACKFILLED, 0), (BERTH_QUEUE_BACKFILLED, 0),
        (BERTH_QUEUE_WAITING, nil),
      ])
  }

  /// A gang that needs a rack is not delayed by what starts in another one.
  @Test func topologyDecidesWhatDelays() throws {
    let scene = try QueueScene([[1, 1], [1, 1]])
    let running = ends([try scene.run(on: 0)], at: 10)
    _ = try scene.run(on: 2)
    let rack = Job(members: 2, isInOneRack: true, run: 5)
    let inFirst = Job(rack: 0)
    let inSecond = Job(rack: 1)
    let pass = try scene.pass([rack, inFirst, inSecond, Job(rack: 0, run: 10)], running)
    expect(
      pass,
      [
        (BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_BACKFILLED, 0), (BERTH_QUEUE_BACKFILLED, 0),
      ])
    #expect(pass.outcomes[2].nodes == [scene.nodes[3]] && pass.outcomes[3].nodes == [scene.nodes[1]])
  }

  @Test func agingOvertakes() throws {
    for (aging, first) in [(0, 0), (100, 1), (50, 1), (99, 1), (101, 0)] as [(Int64, Int)] {
      let scene = try QueueScene([[1]])
      try scene.setTime(100)
      // one point of priority, or a hundred milliseconds
      let jobs = [Job(submit: 90, run: 5, priority: 1), Job(submit: 0, run: 5)]
      let pass = try scene.pass(jobs, [], Options(aging: aging))
      #expect(pass.outcomes.map(\.order) == (first == 0 ? [0, 1] : [1, 0]), "aging \(aging)")
      #expect(pass.outcomes[first].outcome == BERTH_QUEUE_STARTED)
      #expect(pass.outcomes[1 - first].start == 105, "what was started ends, too")
    }
  }

  @Test func equalPriorityGoesBySubmissionThenByPlace() throws {
    let scene = try QueueScene([[2]])
    try scene.setTime(20)
    let jobs = [Job(submit: 7), Job(submit: 3), Job(submit: 7), Job(submit: 3), Job(submit: 20, priority: 1)]
    let pass = try scene.pass(jobs, [], Options(backfill: BERTH_BACKFILL_NONE))
    #expect(pass.outcomes.map(\.order) == [3, 1, 4, 2, 0])
    #expect(pass.outcomes.map(\.outcome).enumerated().filter { $1 == BERTH_QUEUE_STARTED }.map(\.offset) == [1, 4])
    let negative = try scene.pass([Job(submit: 0, priority: .min), Job(submit: 20, priority: -1)])
    #expect(negative.outcomes.map(\.order) == [1, 0])
  }

  @Test func whatWaitedTooLongIsGivenUp() throws {
    let scene = try QueueScene([[4]])
    try scene.setTime(100)
    expect(
      try scene.pass([Job(timeout: 100), Job(timeout: 101), Job(submit: 1, timeout: 100), Job(timeout: 1)]),
      [
        (BERTH_QUEUE_TIMED_OUT, nil), (BERTH_QUEUE_STARTED, 100), (BERTH_QUEUE_STARTED, 100),
        (BERTH_QUEUE_TIMED_OUT, nil),
      ])
  }

  /// Nobody knows when it ends: it never does.
  @Test func unknownRunTimes() throws {
    let (scene, running) = try textbook()
    let pass = try scene.pass([wide, Job(members: 2), Job()], running)
    // two nodes that are never given back would delay the wide one, one does not
    expect(pass, [(BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_BACKFILLED, 0)])
    // of pods that never end nothing can be expected, so nothing is delayed
    let rest = try scene.pass([wide, Job()])
    expect(rest, [(BERTH_QUEUE_IMPOSSIBLE, nil), (BERTH_QUEUE_BACKFILLED, 0)])
    #expect(rest.results[0].gang.outcome == UInt32(BERTH_GANG_NO_FIT) && rest.results[0].gang.available == 1)
    // BERTH_NEVER is the same as not being told
    let never = running.map { berth_running_pod(pod: $0.pod, end_ms: Int64(BERTH_NEVER)) }
    expect(try scene.pass([Job(members: 2)], never), [(BERTH_QUEUE_IMPOSSIBLE, nil)])
  }

  @Test func whatIsOverdueIsExpectedNow() throws {
    let scene = try QueueScene([[1, 1]])
    let running = ends([try scene.run(on: 0)], at: 5)
    try scene.setTime(9)
    expect(
      try scene.pass([Job(members: 2), Job(run: 1)], running),
      [(BERTH_QUEUE_WAITING, 9), (BERTH_QUEUE_WAITING, nil)])
  }

  /// The second reservation stands beside the first.
  @Test(arguments: [(5, 20), (30, 40), (nil, nil)] as [(Int64?, Int64?)])
  func severalReservations(run: Int64?, second: Int64?) throws {
    let scene = try QueueScene([[1, 1, 1, 1]])
    let running =
      ends([try scene.run(on: 0), try scene.run(on: 1)], at: 10) + ends([try scene.run(on: 2)], at: 20)
    let jobs = [Job(members: 3, run: run), Job(members: 4)]
    for reservations in [1, 2] {
      expect(
        try scene.pass(jobs, running, Options(reservations: reservations)),
        [(BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_WAITING, reservations == 2 ? second : nil)])
    }
  }

  /// All its members would delay the wide gang, the least of them do not.
  @Test func elasticGangsStartSmallRatherThanDelay() throws {
    let scene = try QueueScene([[1, 1, 1, 1, 1]])
    let running = ends([try scene.run(on: 0), try scene.run(on: 1)], at: 10)
    let pass = try scene.pass([Job(members: 4), Job(members: 3, least: 1), Job(members: 3, least: 1)], running)
    expect(pass, [(BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_BACKFILLED, 0), (BERTH_QUEUE_WAITING, nil)])
    #expect(pass.pods.map(\.count) == [0, 1, 0])
  }

  @Test func onlySoManyAreTried() throws {
    let (scene, running) = try textbook()
    // the second is equal to one that was refused, so it is not tried
    let pass = try scene.pass([wide, wide, long, Job(run: 1)], running, Options(mostTried: 2))
    expect(
      pass,
      [
        (BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_WAITING, nil), (BERTH_QUEUE_BACKFILLED, 0), (BERTH_QUEUE_WAITING, nil),
      ])
    #expect(pass.results[3].gang.outcome == 0 && pass.results[3].order == 3)
  }

  @Test func anEmptyQueue() throws {
    let (scene, running) = try textbook()
    #expect(try scene.pass([], running).outcomes.isEmpty)
  }

  /// Neither the engine nor its journal nor readers of events see what was tried.
  @Test func trialsLeaveNoTrace() throws {
    let folder = Folder()
    let path = folder.file("journal")
    let scene = try QueueScene([[1, 1, 1, 1]], journal: path)
    let running = ends([try scene.run(on: 0), try scene.run(on: 1)], at: 10)
    try scene.engine.enableEvents(capacity: 64)
    let (digest, bytes) = (scene.engine.digest(), folder.read(path))
    expect(
      try scene.pass([wide, Job(members: 2), Job(members: 2, run: 11)], running, Options(reservations: 2)),
      [(BERTH_QUEUE_WAITING, 10), (BERTH_QUEUE_WAITING, 110), (BERTH_QUEUE_WAITING, nil)])
    #expect(scene.engine.digest() == digest && folder.read(path) == bytes)
    #expect(scene.engine.info().pods == 2 && scene.engine.metrics().events_written == 0)
    try scene.engine.validate()
    // what starts is recorded, once
    let pass = try scene.pass([wide, Job()], running)
    #expect(pass.outcomes[1].outcome == BERTH_QUEUE_BACKFILLED)
    let recovered = try Engine.recovered(journal: path).engine
    #expect(recovered.digest() == scene.engine.digest())
  }
}
