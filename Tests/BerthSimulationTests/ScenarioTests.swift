import BerthCore
import CBerth
import Testing

@testable import BerthSimulation

@Suite struct ScenarioTests {
  private static let trace = OpenbTrace(nodes: (0..<40).map(node), pods: (0..<400).map(pod))

  private static func node(_ index: Int) -> OpenbTrace.Node {
    let model = index % 2 == 1 ? "" : index % 4 == 0 ? "T4" : "G2"
    return OpenbTrace.Node(
      name: "n\(index)", cpuMilli: 32_000, memoryMiB: 65_536, gpuMilli: model.isEmpty ? 0 : 4000, model: model)
  }

  private static func pod(_ index: Int) -> OpenbTrace.Demand {
    let gpuMilli: [Int64] = [0, 500, 1000, 2000]
    return OpenbTrace.Demand(
      cpuMilli: Int64(2000 + index % 7 * 1000), memoryMiB: 4096, gpuMilli: gpuMilli[index % 4],
      models: index % 8 == 1 ? ["T4"] : [])
  }

  private func replay(_ policy: ReplayPolicy, seed: UInt64 = 1, shuffle: Bool = false) throws -> Replay.Outcome {
    var options = Replay.Options()
    options.policy = policy
    options.seed = seed
    options.shuffle = shuffle
    return try Replay.run(Self.trace, options)
  }

  /// Adds everything up again from the decisions.
  @Test(arguments: ReplayPolicy.allCases)
  func replayedPodsFitAndAreCounted(policy: ReplayPolicy) throws {
    let outcome = try replay(policy)
    #expect(outcome.arrived == 400 && outcome.placed > 0 && outcome.placed < 400)
    var used = [[Int64]](repeating: [0, 0, 0], count: 40)
    for (pod, node) in zip(Self.trace.pods, outcome.decisions) where node >= 0 {
      used[Int(node)][0] += pod.cpuMilli
      used[Int(node)][1] += pod.memoryMiB
      used[Int(node)][2] += pod.gpuMilli
      #expect(pod.models.isEmpty || pod.models.contains(Self.trace.nodes[Int(node)].model))
    }
    for (node, used) in zip(Self.trace.nodes, used) {
      #expect(used[0] <= node.cpuMilli && used[1] <= node.memoryMiB && used[2] <= node.gpuMilli)
    }
    for resource in 0..<3 {
      let total = used.map { $0[resource] }.reduce(0, +)
      #expect(outcome.allocations[resource].used == total)
    }
    let capacity: [Int64] = [40 * 32_000, 40 * 65_536, 20 * 4000]
    #expect(outcome.allocations.map(\.capacity) == capacity)
  }

  /// The paper's formulas over plain arrays: least score in floor(2^20 x value), first node of the file on ties.
  @Test(arguments: [ReplayPolicy.bestfit, .dotprod])
  func policiesOfThePaperFollowItsFormulas(policy: ReplayPolicy) throws {
    let outcome = try replay(policy)
    var free = Self.trace.nodes.map { [$0.cpuMilli, $0.memoryMiB, $0.gpuMilli] }
    for (index, pod) in Self.trace.pods.enumerated() {
      let ask = [pod.cpuMilli, pod.memoryMiB, pod.gpuMilli]
      var best: (node: Int, value: Double)?
      for (node, free) in free.enumerated() {
        let suits = pod.models.isEmpty || pod.models.contains(Self.trace.nodes[node].model)
        let fits = (0..<3).allSatisfy { ask[$0] == 0 || free[$0] >= ask[$0] }
        guard suits && fits else { continue }
        let value = value(policy, free: free, ask: ask)
        if best == nil || value < best!.value { best = (node, value) }
      }
      #expect(outcome.decisions[index] == Int32(best?.node ?? -1), "pod \(index)")
      if let best { for resource in 0..<3 { free[best.node][resource] -= ask[resource] } }
    }
  }

  private func value(_ policy: ReplayPolicy, free: [Int64], ask: [Int64]) -> Double {
    var sum = 0.0
    for (resource, scale) in [(0, 128_000.0), (2, 8_000.0)] {
      if policy == .dotprod {
        sum += (Double(free[resource]) / scale) * (Double(ask[resource]) / scale)
      } else {
        sum += Double(free[resource] - ask[resource]) / scale
      }
    }
    return (1_048_576 * (sum / 2)).rounded(.down)
  }

  @Test func theSeedDecidesTheRandomPolicyAndTheShuffle() throws {
    #expect(try replay(.random).checksum == replay(.random).checksum)
    #expect(try replay(.random).checksum != replay(.random, seed: 2).checksum)
    #expect(try replay(.binpack).checksum == replay(.binpack, seed: 2).checksum)
    #expect(try replay(.binpack, shuffle: true).checksum != replay(.binpack, seed: 2, shuffle: true).checksum)
  }

  private func simulation(_ profile: ProfileChoice) -> Simulation.Options {
    var options = Simulation.Options()
    options.nodes = 1000
    options.zones = 3
    options.classes = 40
    options.pods = 2000
    options.profile = profile
    return options
  }

  @Test(arguments: ProfileChoice.allCases)
  func simulationsRepeatAndCountEveryPodOnce(profile: ProfileChoice) throws {
    var reports = [[Int]]()
    let outcome = try Simulation.run(simulation(profile)) { reports.append([$0, $1]) }
    #expect(reports.last == [2000, 2000])
    #expect(outcome.info.pods == UInt64(outcome.placed))
    #expect(outcome.zones.map(\.nodes) == [334, 333, 333])
    #expect(outcome.utilisation.count == 1000)
    #expect(outcome.utilisation.filter { $0 != nil }.count == outcome.zones.reduce(0) { $0 + $1.usedNodes })
    #expect(outcome.utilisation.allSatisfy { ($0 ?? 0) <= 1 })
    #expect(try Simulation.run(simulation(profile)).checksum == outcome.checksum)
  }

  @Test func packingUsesFewerNodesThanSpreading() throws {
    func used(_ profile: ProfileChoice) throws -> Int {
      try Simulation.run(simulation(profile)).zones.reduce(0) { $0 + $1.usedNodes }
    }
    #expect(try used(.binpack) < used(.spread))
  }
}
