import BerthCore
import CBerth

/// A gang that waits, as records.
struct WaitingRecord {
  var gang: berth_gang
  /// With its minima alone.
  var least: berth_gang
  var submit: Int64 = 0
  /// nil: not known.
  var run: Int64?
  var timeout: Int64 = 0
  var priority: Int32 = 0

  func record(_ scratch: Scratch) -> berth_waiting_gang {
    berth_waiting_gang(
      gang: UnsafePointer(scratch.array([gang])), submit_ms: submit, run_ms: run ?? Int64(BERTH_NEVER),
      timeout_ms: timeout, priority: priority, flags: 0)
  }

  var most: Int { (0..<Int(gang.role_count)).reduce(0) { $0 + Int(gang.roles[$1].max_members) } }
}

/// What a queue is asked.
struct QueueOptions: Equatable {
  var backfill = BERTH_BACKFILL_EASY
  var aging: Int64 = 0
  var reservations = 1
  var mostTried: UInt64 = 0

  var record: berth_queue_options {
    var record = berth_queue_options()
    record.struct_size = UInt32(MemoryLayout<berth_queue_options>.size)
    record.backfill = UInt32(backfill)
    record.aging_ms = aging
    record.reservations = UInt32(reservations)
    record.most_tried = mostTried
    return record
  }
}

/// What a pass said of a gang.
struct QueueOutcome: Equatable {
  var outcome: Int
  var order = 0
  /// nil: not known.
  var start: Int64?
  var nodes: [berth_node_id] = []
}

/// A pass the slow way, on forks, through calls that every host can make: each trial is a cluster of its own, each end is
/// tried, and nothing is remembered from one gang to the next.
struct SlowQueue {
  /// Which hold what the records point to.
  private let scratch: Scratch
  let jobs: [WaitingRecord]
  let options: QueueOptions
  /// The cluster with what was started.
  private(set) var engine: Engine
  private(set) var running: [berth_running_pod]
  private(set) var outcomes: [QueueOutcome]
  /// Jobs that did not fit when it was their turn.
  private var tooLarge: Set<Int> = []
  private var protected: [(job: Int, start: Int64)] = []

  init(
    _ engine: Engine, _ jobs: [WaitingRecord], _ running: [berth_running_pod], _ options: QueueOptions,
    keeping scratch: Scratch
  ) {
    self.scratch = scratch
    self.jobs = jobs
    self.options = options
    self.engine = engine.fork()
    self.running = running
    outcomes = jobs.map { _ in QueueOutcome(outcome: BERTH_QUEUE_WAITING) }
  }

  mutating func run() throws {
    let now = engine.now
    func priority(_ job: WaitingRecord) -> Int64 {
      Int64(job.priority) + (options.aging > 0 ? (now - job.submit) / options.aging : 0)
    }
    var order = Array(jobs.indices)
    // a stable sort by each criterion, the least first
    order = stable(order) { jobs[$0].submit }
    order = stable(order) { -priority(jobs[$0]) }
    var isBehind = false
    var atHead = 0
    for (place, job) in order.enumerated() {
      outcomes[job].order = place
      if jobs[job].timeout > 0 && now - jobs[job].submit >= jobs[job].timeout {
        outcomes[job].outcome = BERTH_QUEUE_TIMED_OUT
        continue
      }
      if isBehind && options.backfill == BERTH_BACKFILL_NONE { continue }
      if try start(job, isBehind) { continue }
      isBehind = true
      guard options.backfill == BERTH_BACKFILL_EASY, atHead < options.reservations else { continue }
      guard try firstFit(job) != nil else {
        outcomes[job].outcome = BERTH_QUEUE_IMPOSSIBLE
        continue
      }
      atHead += 1
      if let start = try reservedStart(job) {
        outcomes[job].start = start
        protected.append((job, start))
      }
    }
    let first = order.first { outcomes[$0].outcome == BERTH_QUEUE_WAITING }
    for job in jobs.indices where outcomes[job].outcome == BERTH_QUEUE_WAITING && outcomes[job].start == nil {
      if options.backfill == BERTH_BACKFILL_NONE && job != first { continue }
      // what fits, and would delay another, waits for that one
      if try tooLarge.contains(job) && !isPossible(job) { outcomes[job].outcome = BERTH_QUEUE_IMPOSSIBLE }
    }
  }

  private func stable(_ order: [Int], by key: (Int) -> Int64) -> [Int] {
    order.enumerated().sorted { (key($0.element), $0.offset) < (key($1.element), $1.offset) }.map(\.element)
  }

  // MARK: Trials

  private func place(
    _ job: Int, isLeast: Bool = false, on engine: Engine
  ) throws -> [berth_placement]? {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let capacity = jobs[job].most
    let room = scratch.room(berth_placement(), count: capacity)
    let result = try engine.placeGang(
      isLeast ? jobs[job].least : jobs[job].gang, flags: 0, capacity: capacity, placements: room.baseAddress!,
      roles: nil)
    return result.outcome == UInt32(BERTH_GANG_PLACED) ? Array(room.prefix(Int(result.members))) : nil
  }

  /// In the order in which they leave.
  private static func release(_ pods: [berth_running_pod], until time: Int64, on engine: Engine) throws {
    let leaving = pods.filter { $0.end_ms <= time && $0.end_ms < BERTH_NEVER }
    let ids = leaving.sorted {
      (max(engine.now, $0.end_ms), $0.pod) < (max(engine.now, $1.end_ms), $1.pod)
    }.map(\.pod)
    try ids.withUnsafeBufferPointer { ids in try engine.release(ids) }
  }

  private static func end(_ job: WaitingRecord, from start: Int64) -> Int64 {
    job.run.map { start + $0 } ?? Int64(BERTH_NEVER)
  }

  private mutating func start(_ job: Int, _ isBehind: Bool) throws -> Bool {
    for isLeast in [false, true] {
      let trial = engine.fork()
      guard let placed = try place(job, isLeast: isLeast, on: trial) else {
        tooLarge.insert(job)
        return false
      }
      let end = Self.end(jobs[job], from: engine.now)
      let more = placed.map { berth_running_pod(pod: $0.pod, end_ms: end) }
      guard try holds(protected, trial, running + more) else { continue }
      engine = trial
      running += more
      outcomes[job].outcome = isBehind ? BERTH_QUEUE_BACKFILLED : BERTH_QUEUE_STARTED
      outcomes[job].start = engine.now
      outcomes[job].nodes = placed.map(\.node)
      return true
    }
    return false
  }

  /// Whether protected gangs start in time.
  private func holds(
    _ protected: [(job: Int, start: Int64)], _ engine: Engine, _ running: [berth_running_pod]
  ) throws -> Bool {
    let trial = engine.fork()
    var left = running
    for start in Set(protected.map(\.start)).sorted() {
      try Self.release(left, until: start, on: trial)
      left.removeAll { $0.end_ms <= start && $0.end_ms < BERTH_NEVER }
      for entry in protected where entry.start == start {
        guard let placed = try place(entry.job, isLeast: true, on: trial) else { return false }
        left += placed.map { berth_running_pod(pod: $0.pod, end_ms: Self.end(jobs[entry.job], from: start)) }
      }
    }
    return true
  }

  private func isPossible(_ job: Int) throws -> Bool {
    let trial = engine.fork()
    try Self.release(running, until: Int64(BERTH_NEVER) - 1, on: trial)
    return try place(job, isLeast: true, on: trial) != nil
  }

  private func ends() -> [Int64] {
    var times = running.map { max(engine.now, $0.end_ms) }
    times += protected.map { Self.end(jobs[$0.job], from: $0.start) }
    return Set(times).filter { $0 < BERTH_NEVER }.sorted()
  }

  /// The first moment at which a gang fits, were it alone.
  private func firstFit(_ job: Int) throws -> Int64? {
    if try place(job, isLeast: true, on: engine.fork()) != nil { return engine.now }
    for time in ends() {
      let trial = engine.fork()
      try Self.release(running, until: time, on: trial)
      if try place(job, isLeast: true, on: trial) != nil { return time }
    }
    return nil
  }

  private func reservedStart(_ job: Int) throws -> Int64? {
    if protected.isEmpty { return try firstFit(job) }
    return try ends().first { try holds(protected + [(job, $0)], engine, running) }
  }
}
