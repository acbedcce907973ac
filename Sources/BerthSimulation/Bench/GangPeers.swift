import BerthCore
import CBerth

/// Cases that peers publish, at their own size. Their figures are end to end, with an API server; these are decisions.
extension GangBench {
  struct Peer {
    var name: String
    var nodes: Int
    var nodesPerRack: Int
    /// Of the GPUs, in use before.
    var fill = 0.0
    /// Gangs by size, in turn.
    var sizes: [Int]
    var gangs: Int
    var requiredLevel = 0
    var isPlaceable = true
  }

  static let peers = [
    // kai-scheduler, docs/scale-tests: 48.7 s
    Peer(name: "kai gang of 512", nodes: 500, nodesPerRack: 16, sizes: [512], gangs: 100),
    // the same: 249.5 s until it is told to be unschedulable
    Peer(
      name: "kai unschedulable gang of 10", nodes: 500, nodesPerRack: 16, fill: 1.15, sizes: [10], gangs: 1000,
      isPlaceable: false),
    // kueue, test/performance/scheduler/configs/tas: 401.5 s for 15,000 workloads with 45,000 pods
    Peer(
      name: "kueue 15,000 topology-aware workloads", nodes: 640, nodesPerRack: 16,
      sizes: [1, 1, 1, 1, 1, 1, 4, 4, 4, 12], gangs: 15_000),
    // kubernetes PR 140611: 104 to 630 pods/s
    Peer(
      name: "kube-scheduler gangs of four", nodes: 5000, nodesPerRack: 100, sizes: [4], gangs: 2500, requiredLevel: 4),
  ]

  /// Pods of one GPU, packed; when one finds no room the oldest gangs leave.
  func run(_ peer: Peer) throws -> Result {
    note(peer.name)
    var shape = GangCluster.Shape()
    shape.nodesPerRack = peer.nodesPerRack
    shape.fill = peer.fill
    let cluster = try GangCluster(nodes: peer.nodes, shape, seed: options.seed)
    let podClass = try cluster.podClass(gpus: 1, cpuMilli: 8000)
    let most = peer.sizes.max()!
    let buffer = GangBuffer(capacity: most)
    let overhead = MonotonicClock.measureOverhead()
    var (samples, live) = ([Double](), [[berth_pod_id]]())
    var (verified, placed, proven, pods) = (0, 0, 0, 0)
    var first = 0.0
    for index in 0..<peer.gangs {
      var spec = GangSpec(podClass, members: peer.sizes[index % peer.sizes.count])
      spec.preferredLevel = 4
      spec.requiredLevel = peer.requiredLevel
      let scratch = Scratch()
      let gang = scratch.gang(spec)
      var time = 0.0
      while true {
        let isChecked = options.verify > 0 && index % max(1, peer.gangs / options.verify) == 0
        let expected = isChecked ? GangReference(cluster, spec) : nil
        let start = MonotonicClock.now()
        let result = try cluster.engine.placeGang(gang, into: buffer)
        time += Double(MonotonicClock.now() - start) - overhead
        let placement = buffer.placement(result)
        if let expected {
          try expected.check(placement, name: peer.name)
          verified += 1
        }
        if result.limits & ~UInt32(BERTH_GANG_LIMIT_SCORES) == 0 { proven += 1 }
        if placement.isPlaced {
          placed += 1
          pods += placement.placements.count
          live.append(placement.placements.map(\.pod))
          break
        }
        guard peer.isPlaceable else { break }
        guard !live.isEmpty else { throw WrongDecision(description: "\(peer.name): no room in an empty cluster") }
        try cluster.engine.release(live.removeFirst())
      }
      withExtendedLifetime(scratch) {}
      if index == 0 { first = time }
      samples.append(time)
      // one large gang after the other
      if most > 100 { try cluster.engine.release(live.removeLast()) }
    }
    return Result(
      name: peer.name, members: most, nodes: peer.nodes, latencies: Latencies(samples), cold: Latencies([first]),
      verified: verified, placed: placed, proven: min(proven, peer.gangs),
      podsPerSecond: Double(pods) / samples.reduce(0, +) * 1e9)
  }
}
