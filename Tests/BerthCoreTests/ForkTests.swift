import BerthCore
import BerthOracle
import CBerth
import Glibc
import Testing

/// Forks: each engine of a family against an oracle of its own, whatever the others do.
struct ForkTests {
  /// A family that grows, changes and shrinks at random; every engine is compared with its oracle at the end, and all
  /// the way its blocks are counted.
  @Test(arguments: Fuzz.seeds(90))
  func families(seed: Int) {
    let swarm = Swarm(seed: seed &* 1009 &+ 77, terms: TermKind.withoutDevices)
    Fuzz.run("families", seed: seed, try Self.twin(swarm, seed: seed)) { twin in
      var family = [try CommandStream(twin, swarm, statements: true)]
      var random = Random(seed: seed)
      for step in 0..<family[0].length {
        let chosen = random.int(0...(family.count - 1))
        if family.count < 6 && random.chance(0.15) {
          family.append(try family[chosen].fork(seed: seed &* 100_003 &+ step))
        } else if family.count > 1 && random.chance(0.08) {
          try family[chosen].twin.readBack()
          family.remove(at: chosen)
        } else {
          try family[chosen].step()
        }
      }
      for member in family { try member.twin.readBack() }
    }
  }

  /// Large enough for inner levels: splits, merges, relabelling and bulk loads on both sides of a fork, and in a fork of
  /// the fork.
  @Test(arguments: Fuzz.seeds(4), [false, true])
  func largeFamilies(seed: Int, parentGoesFirst: Bool) {
    let swarm = Swarm(seed: seed &* 31 &+ 9, terms: TermKind.withoutDevices, nodes: 3000 + 2500 * (seed % 4))
    Fuzz.run("largeFamilies", seed: seed, try Self.twin(swarm, seed: seed)) { twin in
      var family = [try CommandStream(twin, swarm)]
      for generation in 1...3 {
        try family[0].churn(placements: 200, sampled: 3)
        family.append(try family[generation - 1].fork(seed: seed + generation))
        for member in family.indices.reversed() {
          try family[member].churn(placements: 150, sampled: 2)
          try family[member].step()
        }
        for member in family { try member.twin.validate() }
      }
      while !family.isEmpty {
        let gone = family.remove(at: parentGoesFirst ? 0 : family.count - 1)
        try gone.twin.readBack()
      }
    }
  }

  /// Parent and children at work on threads of their own, one of them forking on, all of them ending in their own time.
  @Test(arguments: Fuzz.seeds(6))
  func threads(seed: Int) {
    let swarm = Swarm(seed: seed &* 131 &+ 3, terms: TermKind.withoutDevices, nodes: 400)
    Fuzz.run("threads", seed: seed, try Self.twin(swarm, seed: seed)) { twin in
      let parent = try CommandStream(twin, swarm, statements: true)
      let workers = try (0..<4).map { Worker(try parent.fork(seed: seed &* 17 &+ $0), forks: $0 == 0) }
      let threads = workers.map { $0.start() }
      var own = parent
      for _ in 0..<60 { try own.step() }
      for thread in threads { pthread_join(thread, nil) }
      for worker in workers {
        if let error = worker.error { throw error }
      }
      try own.twin.readBack()
    }
  }

  /// What a fork does leaves nothing behind, and thousands of them are cheap.
  @Test(arguments: [BERTH_ALLOCATOR_AUTO, BERTH_ALLOCATOR_MMAP])
  func thousandsOfForks(allocator: Int) throws {
    let engine = try Self.cluster(nodes: 20_000, allocator: allocator)
    let classes = (0..<40).map { UInt32($0 % 4) }
    let expected = try Self.place(classes, on: engine.fork())
    let before = engine.info()
    var forks: [Engine] = []
    for _ in 0..<2000 {
      let fork = engine.fork()
      #expect(try Self.place(classes, on: fork) == expected)
      forks.append(fork)
    }
    let during = engine.info()
    #expect(during.family_engines == 2001)
    #expect(during.bytes_allocated - before.bytes_allocated < 2000 * before.bytes_allocated / 4)
    #expect(forks[1000].info().owned_bytes * 4 < engine.info().bytes_allocated)
    for index in stride(from: 0, to: 2000, by: 500) { try forks[index].validate() }
    var random = Random(seed: 1)
    forks = random.shuffled(forks)
    while !forks.isEmpty { forks.removeLast(min(forks.count, 7)) }
    let after = engine.info()
    #expect(after.family_engines == 1)
    // one slab stays to cut blocks from
    #expect(after.bytes_allocated <= before.bytes_allocated + (2 << 20))
    try engine.validate()
    #expect(try Self.place(classes, on: engine) == expected)
  }

  /// Fork, change, destroy, a thousand times: memory is what it was, to the byte, and nothing is leaked.
  @Test(arguments: [BERTH_ALLOCATOR_AUTO, BERTH_ALLOCATOR_MMAP])
  func memoryReturns(allocator: Int) throws {
    let engine = try Self.cluster(nodes: 3000, allocator: allocator)
    var random = Random(seed: 2)
    func cycle() throws {
      let fork = engine.fork()
      _ = try Self.place((0..<200).map { _ in UInt32(random.int(0...3)) }, on: fork)
      try Self.addNodes(100, to: fork)
      let second = fork.fork()
      _ = try Self.place([0, 1, 2, 3], on: random.chance(0.5) ? fork : second)
    }
    for _ in 0..<20 { try cycle() }
    let before = engine.info().bytes_allocated
    for _ in 0..<1000 { try cycle() }
    #expect(engine.info().bytes_allocated == before)
    try engine.validate()
  }

  /// A fork of an open statement starts from what is there, and the statement is none of its business.
  @Test func forkInsideAStatement() throws {
    let engine = try Self.cluster(nodes: 200, allocator: BERTH_ALLOCATOR_AUTO)
    let before = try Self.place([0, 1], on: engine.fork())
    let statement = try engine.beginStatement()
    _ = try Self.place([0, 0, 1, 2, 3], on: engine)
    let fork = engine.fork()
    let next = try Self.place([3, 2, 1], on: engine)
    try engine.discard(statement)
    #expect(fork.info().pods == 5)
    #expect(throws: EngineError.self) { try fork.commit(statement) }
    #expect(try Self.place([3, 2, 1], on: fork) == next)
    #expect(engine.info().pods == 0)
    #expect(try Self.place([0, 1], on: engine) == before)
    try fork.validate()
    try engine.validate()
  }

  /// A domain with nodes is taken back while a fork still shares its rows, and the other way round.
  @Test(arguments: [false, true])
  func domainTakenBackBesideAFork(inFork: Bool) throws {
    let twin = try Twin(levelKeys: ["zone"], seed: 5)
    try LargeClusterTests.addResourcesAndProfiles(twin)
    func nodes(_ count: Int, in domain: Int) -> [Twin.NewNode] {
      (0..<count).map { _ in
        var spec = NodeSpec(domain: domain)
        spec.allocatable = ["cpu": 8000, "memory": 16 << 30]
        return Twin.NewNode(spec: spec)
      }
    }
    let first = try twin.addDomain(parent: 0, name: "a")
    try twin.addNodes(nodes(150, in: first))
    try twin.begin()
    let second = try twin.addDomain(parent: 0, name: "b")
    try twin.addNodes(nodes(150, in: second))
    let fork = try Twin(twin) { $0.fork() }
    if inFork {
      try fork.begin()
      try fork.addNodes(nodes(40, in: try fork.addDomain(parent: 0, name: "c")))
      try Twin(fork) { $0.fork() }.readBack()
      try fork.discard()
    }
    try twin.discard()
    for member in [fork, twin] {
      try member.place([LargeClusterTests.pod("spread", cpu: 500, gpu: 0)], dryRun: false)
      try member.addNodes(nodes(70, in: first))
      try member.readBack()
    }
  }

  /// A statement in the fork takes back the fork's changes alone.
  @Test func statementInAFork() throws {
    let engine = try Self.cluster(nodes: 500, allocator: BERTH_ALLOCATOR_AUTO)
    _ = try Self.place([0, 1, 2], on: engine)
    let fork = engine.fork()
    let statement = try fork.beginStatement()
    let planned = try Self.place([3, 3, 2, 2, 1], on: fork)
    try Self.addNodes(70, to: fork)
    try fork.discard(statement)
    try fork.validate()
    #expect(try Self.place([3, 3, 2, 2, 1], on: engine) == planned)
    #expect(try Self.place([3, 3, 2, 2, 1], on: fork) == planned)
  }

  // MARK: Engines

  private static func twin(_ swarm: Swarm, seed: Int) throws -> Twin {
    try Twin(
      levelKeys: Array(Swarm.levelKeys.prefix(swarm.levels)), tiesByKey: swarm.tiesByKey,
      allocator: seed % 3 == 0 ? BERTH_ALLOCATOR_MMAP : BERTH_ALLOCATOR_AUTO, seed: seed)
  }

  private static func cluster(nodes: Int, allocator: Int) throws -> Engine {
    let scratch = Scratch()
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    options.allocator = UInt32(allocator)
    let engine = try Engine(options: options)
    let cpu = try engine.addResource(name: scratch.text("cpu"), kind: UInt32(BERTH_RESOURCE_CPU))
    _ = try engine.addResource(name: scratch.text("memory"), kind: UInt32(BERTH_RESOURCE_MEMORY))
    var term = berth_term()
    term.kind = UInt32(BERTH_TERM_BINPACK)
    term.weight = 1
    let profile = try engine.addProfile(name: scratch.text("p"), terms: scratch.buffer([term]))
    try addNodes(nodes, to: engine)
    for size in 1...4 {
      var spec = berth_pod_spec()
      spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
      spec.profile = profile
      spec.request_count = 1
      spec.requests = UnsafePointer(
        scratch.array([berth_quantity(resource: cpu, reserved: 0, value: Int64(size) * 700)]))
      _ = try engine.internClass(spec)
    }
    return engine
  }

  private static func addNodes(_ count: Int, to engine: Engine) throws {
    let scratch = Scratch()
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.count = count
    batch.resource_count = 2
    batch.resources = UnsafePointer(scratch.array([0, 1]))
    batch.nodes = UnsafePointer(scratch.array([berth_node](repeating: berth_node(), count: count)))
    batch.allocatable = UnsafePointer(
      scratch.array((0..<count).flatMap { [4000 + 4000 * Int64($0 % 3), 1 << 30] }))
    batch.requested = UnsafePointer(scratch.array((0..<count).flatMap { [Int64($0 * 37 % 3000), 0] }))
    try engine.addNodes(batch, ids: scratch.array([UInt64](repeating: 0, count: count)))
  }

  /// The nodes.
  private static func place(_ classes: [UInt32], on engine: Engine) throws -> [UInt64] {
    let scratch = Scratch()
    let placements = scratch.array([berth_placement](repeating: berth_placement(), count: classes.count))
    try engine.place(scratch.buffer(classes), flags: 0, into: placements)
    return classes.indices.map { placements[$0].node }
  }
}

/// A command stream on a thread of its own.
private final class Worker: @unchecked Sendable {
  private var stream: CommandStream?
  private let forks: Bool
  var error: (any Error)?

  init(_ stream: CommandStream, forks: Bool) {
    self.stream = stream
    self.forks = forks
  }

  func start() -> pthread_t {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Worker>.fromOpaque($0!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    return thread
  }

  private func run() {
    do {
      guard var own = stream else { return }
      stream = nil
      for step in 0..<60 {
        try own.step()
        if forks && step % 10 == 9 { own = try own.fork(seed: step) }
      }
      try own.twin.readBack()
    } catch {
      self.error = error
    }
  }
}
