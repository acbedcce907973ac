import BerthCore
import CBerth
import Testing

/// Queues over time, at random: each pass is what `SlowQueue` makes of it, and nobody delays who is protected.
struct GangQueueStreamTests {
  typealias Job = QueueScene.Job

  @Test(arguments: Fuzz.seeds(90))
  func passesAreWhatTheSlowOnesAre(seed: Int) throws {
    var stream = try Stream(seed: seed)
    for step in 0..<8 {
      do {
        try stream.step()
      } catch {
        Issue.record("seed \(seed), pass \(step): \(error)")
        return
      }
    }
    try stream.scene.engine.validate()
    let digest = stream.scene.engine.digest()
    try stream.scene.engine.closeJournal()
    #expect(try Engine.recovered(journal: stream.path).engine.digest() == digest, "seed \(seed)")
  }

  /// A cluster, what runs in it and until when, and a queue.
  struct Stream {
    struct Running {
      var pod: berth_pod_id
      var node: berth_node_id
      var units: Int
      var end: Int64?
    }
    let folder = Folder()
    let path: String
    let scene: QueueScene
    private var random: Random
    private let units: [berth_node_id: Int]
    private let rackOf: [berth_node_id: Int]
    private var queue: [Job] = []
    private var running: [Running] = []
    private var now: Int64 = 0

    init(seed: Int) throws {
      var random = Random(seed: seed &* 977 &+ 5)
      let racks = (0..<random.int(1...3)).map { _ in
        (0..<random.int(1...4)).map { _ in Int64(random.int(1...4)) }
      }
      path = folder.file("journal")
      scene = try QueueScene(racks, journal: path)
      // forks made before a class know nothing of it
      for units in 1...3 { _ = try scene.podClass(units: units) }
      let flat = racks.enumerated().flatMap { rack, nodes in nodes.map { (rack, Int($0)) } }
      units = Dictionary(uniqueKeysWithValues: zip(scene.nodes, flat.map(\.1)))
      rackOf = Dictionary(uniqueKeysWithValues: zip(scene.nodes, flat.map(\.0)))
      self.random = random
    }

    mutating func step() throws {
      for _ in 0..<random.int(0...5) { queue.append(someJob()) }
      let options = QueueScene.Options(
        backfill: random.pick([BERTH_BACKFILL_NONE, BERTH_BACKFILL_EASY, BERTH_BACKFILL_EASY, BERTH_BACKFILL_ANY]),
        aging: random.pick([0, 1, 5, 20]), reservations: random.pick([1, 1, 1, 2, 3, 64]))
      let told = running.filter { _ in random.chance(0.95) }.compactMap { pod in
        pod.end.map { berth_running_pod(pod: pod.pod, end_ms: $0) }
      }
      let scratch = Scratch()
      let waiting = try queue.map { try scene.waiting($0, scratch) }
      var slow = SlowQueue(scene.engine, waiting, random.shuffled(told), options, keeping: scratch)
      try slow.run()
      let before = scene.engine.digest()
      let pass = try scene.pass(queue, told, options)
      guard pass.outcomes == slow.outcomes else {
        throw Difference("\(options)\n\(queue)\nsays   \(pass.outcomes)\nwanted \(slow.outcomes)")
      }
      let isStarted = pass.pods.contains { !$0.isEmpty }
      guard scene.engine.digest() == slow.engine.digest(), isStarted || before == slow.engine.digest() else {
        throw Difference("the engine is not what those that started make of it: \(options)\n\(queue)")
      }
      if options.backfill == BERTH_BACKFILL_EASY { try checkHead(pass, told) }
      try goOn(pass)
    }

    private mutating func someJob() -> Job {
      let members = random.int(1...5)
      return Job(
        members: members, least: random.chance(0.2) ? random.int(1...members) : nil, units: random.int(1...3),
        isInOneRack: random.chance(0.4), rack: random.chance(0.15) ? random.int(0...scene.racks.count - 1) : nil,
        submit: max(0, now - Int64(random.int(0...20))), run: random.chance(0.85) ? Int64(random.int(1...30)) : nil,
        timeout: random.chance(0.1) ? Int64(random.int(1...40)) : 0, priority: Int32(random.int(-1...1)))
    }

    /// Those that were started run; time passes; some end early, some late, as they do.
    private mutating func goOn(_ pass: QueueScene.Pass) throws {
      for (job, pods) in pass.pods.enumerated() {
        for (pod, node) in zip(pods, pass.outcomes[job].nodes) {
          running.append(Running(pod: pod, node: node, units: queue[job].units, end: queue[job].run.map { now + $0 }))
        }
      }
      let done = [BERTH_QUEUE_STARTED, BERTH_QUEUE_BACKFILLED, BERTH_QUEUE_TIMED_OUT]
      queue = queue.indices.filter { !done.contains(pass.outcomes[$0].outcome) }.map { queue[$0] }
      now += Int64(random.int(0...15))
      try scene.setTime(now)
      var left: [Running] = []
      var gone: [berth_pod_id] = []
      for pod in running {
        let isOver = pod.end.map { $0 <= now && random.chance(0.9) } ?? random.chance(0.1)
        if isOver || random.chance(0.02) { gone.append(pod.pod) } else { left.append(pod) }
      }
      running = left
      try scene.release(gone)
    }

    // MARK: By hand

    /// What the first protected gang was promised is what arithmetic finds without those that started behind it, and
    /// also with them.
    private func checkHead(_ pass: QueueScene.Pass, _ told: [berth_running_pod]) throws {
      let order = pass.outcomes.indices.sorted { pass.outcomes[$0].order < pass.outcomes[$1].order }
      let head = order.first { pass.outcomes[$0].outcome == BERTH_QUEUE_WAITING && pass.outcomes[$0].start != nil }
      guard let head, let promised = pass.outcomes[head].start else { return }
      let ends = Dictionary(uniqueKeysWithValues: told.map { ($0.pod, max(now, $0.end_ms)) })
      var pods = running.map { Running(pod: $0.pod, node: $0.node, units: $0.units, end: ends[$0.pod]) }
      func add(_ jobs: some Sequence<Int>) {
        for job in jobs {
          for (pod, node) in zip(pass.pods[job], pass.outcomes[job].nodes) {
            pods.append(Running(pod: pod, node: node, units: queue[job].units, end: queue[job].run.map { now + $0 }))
          }
        }
      }
      let place = pass.outcomes[head].order
      add(order.prefix(place))
      guard firstFit(queue[head], pods) == promised else {
        throw Difference("promised \(promised), found \(String(describing: firstFit(queue[head], pods)))")
      }
      add(order.dropFirst(place + 1))
      guard fits(queue[head], pods, at: promised) else { throw Difference("\(promised) was promised, and delayed") }
    }

    private func firstFit(_ job: Job, _ pods: [Running]) -> Int64? {
      Set(pods.compactMap(\.end)).sorted().first { fits(job, pods, at: $0) }
    }

    private func fits(_ job: Job, _ pods: [Running], at time: Int64) -> Bool {
      var free = units
      for pod in pods where pod.end ?? .max > time { free[pod.node]! -= pod.units }
      var byRack = [Int](repeating: 0, count: scene.racks.count)
      for (node, count) in free { byRack[rackOf[node]!] += count / job.units }
      let room = job.rack.map { byRack[$0] } ?? (job.isInOneRack ? byRack.max()! : byRack.reduce(0, +))
      return room >= job.minimum
    }
  }

  struct Difference: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
