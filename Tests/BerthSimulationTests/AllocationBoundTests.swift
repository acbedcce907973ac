import Foundation
import Testing

@testable import BerthSimulation

@Suite struct AllocationBoundTests {
  private typealias Demand = OpenbTrace.Demand

  private static func node(
    _ name: String, gpus: Int64, cpu: Int64 = 64_000, memory: Int64 = 262_144, model: String = "A"
  )
    -> OpenbTrace.Node
  {
    OpenbTrace.Node(name: name, cpuMilli: cpu, memoryMiB: memory, gpuMilli: gpus * 1000, model: gpus > 0 ? model : "")
  }

  private static func pod(_ milli: Int64, cpu: Int64 = 1000, memory: Int64 = 1024, models: [String] = []) -> Demand {
    Demand(cpuMilli: cpu, memoryMiB: memory, gpuMilli: milli, models: models)
  }

  /// In thousandths of a GPU, for all arrivals.
  private static func bound(_ nodes: [OpenbTrace.Node], _ pods: [Demand]) -> Double {
    var search = AllocationBoundSearch(AllocationBoundTables(OpenbTrace(nodes: nodes, pods: pods)), pods[...])
    search.run(from: nil)
    return search.milli
  }

  /// Short of what: pods ask for more GPUs than there are, in some cases for more cpu or memory, too.
  private static func scene(
    _ random: inout SeededRandom, nodes: Int, pods: Int
  ) -> (nodes: [OpenbTrace.Node], pods: [Demand]) {
    let models = ["A", "B"]
    let (cpus, memories): ([Int64], [Int64]) = ([4000, 8000, 64_000], [8192, 65_536])
    let (cpu, memory) = (random.below(3), random.below(2))
    let cluster = (0..<nodes).map {
      node(
        "node-\($0)", gpus: Int64($0 == 0 ? 1 + random.below(2) : random.below(4)),
        cpu: cpus[random.below(cpu + 1) + 2 - cpu],
        memory: memories[random.below(memory + 1) + 1 - memory], model: models[random.below(2)])
    }
    let sizes: [Int64] = [0, 160, 250, 340, 500, 510, 660, 810, 1000, 1000, 2000]
    let kinds = (0..<2 + random.below(4)).map { _ in
      let milli = sizes[random.below(sizes.count)]
      return pod(
        milli, cpu: [500, 1000, 3000][random.below(3)], memory: [1024, 4096][random.below(2)],
        models: milli > 0 && random.below(4) == 0 ? [models[random.below(2)]] : [])
    }
    return (cluster, (0..<pods).map { _ in kinds[random.below(kinds.count)] })
  }

  @Test(arguments: 0..<40) func noPlacementIsBetterThanTheBound(seed: UInt64) {
    var random = SeededRandom(seed: seed, stream: 61)
    for _ in 0..<5 {
      let (nodes, pods) = Self.scene(&random, nodes: 2 + random.below(3), pods: 4 + random.below(6))
      let best = BestPlacement.milli(nodes, pods)
      let bound = Self.bound(nodes, pods)
      #expect(Double(best) <= bound + 1e-6, "seed \(seed): \(nodes) \(pods)")
    }
  }

  /// So the comparison above would notice a bound that is wrong by a little.
  @Test func theBoundIsOftenReached() {
    var random = SeededRandom(seed: 1, stream: 62)
    let reached = (0..<100).count { _ in
      let (nodes, pods) = Self.scene(&random, nodes: 2, pods: 5)
      return Self.bound(nodes, pods) < Double(BestPlacement.milli(nodes, pods)) + 1e-6
    }
    #expect(reached >= 40, "\(reached) of 100")
  }

  @Test func piecesThatLeaveNothingUsefulCostAWholeGPU() {
    let nodes = [Self.node("a", gpus: 2), Self.node("b", gpus: 1)]
    let bound = Self.bound(nodes, [Demand](repeating: Self.pod(810), count: 10))
    #expect(abs(bound - 3 * 810) < 10)
  }

  /// Whoever takes a whole GPU must have taken all smaller pods that came before, and those waste almost half of each.
  @Test func whatAskedForLessAndCameBeforeIsPlaced() {
    let nodes = [Self.node("a", gpus: 2)]
    let halves = [Demand](repeating: Self.pod(510), count: 20)
    let wholes = [Demand](repeating: Self.pod(1000), count: 2)
    #expect(BestPlacement.milli(nodes, halves + wholes) == 1020)
    #expect(Self.bound(nodes, halves + wholes) < 1150)
    #expect(BestPlacement.milli(nodes, wholes + halves) == 2000)
    #expect(Self.bound(nodes, wholes + halves) == 2000)
  }

  /// All kinds of pods against all states of a node, with few values of everything.
  @Test func aPodAsksForNoMoreWhereverItFitsBesideTheOther() {
    let (few, models, pieces): ([Int64], [[String]], [Int64]) = (
      [1, 2], [[], ["A"], ["B"], ["A", "B"]], [0, 250, 500, 1000]
    )
    let pods = few.flatMap { cpu in
      few.flatMap { memory in
        [Self.pod(0, cpu: cpu, memory: memory)]
          + [250, 500, 1000, 2000].flatMap { milli in
            models.map { Self.pod(milli, cpu: cpu, memory: memory, models: $0) }
          }
      }
    }
    let free = pieces.flatMap { a in pieces.flatMap { b in pieces.map { [a, b, $0].sorted() } } }
    let states = few.flatMap { cpu in
      few.flatMap { memory in
        ["A", "B"].flatMap { model in
          Set(free).map { BestPlacement.Node(cpuMilli: cpu, memoryMiB: memory, model: model, free: $0) }
        }
      }
    }
    let fits = pods.map { pod in states.map { !$0.after(pod).isEmpty } }
    let nodes = [Self.node("a", gpus: 3), Self.node("b", gpus: 3, model: "B")]
    let tables = AllocationBoundTables(OpenbTrace(nodes: nodes, pods: pods))
    for a in pods.indices {
      for b in pods.indices {
        let always = states.indices.allSatisfy { fits[a][$0] || !fits[b][$0] }
        #expect(tables.dominated[a * pods.count + b] == always, "\(pods[a]) \(pods[b])")
      }
    }
  }

  @Test func podsThatNoNodeCanHoldDoNotCount() {
    let nodes = [Self.node("a", gpus: 2)]
    let pods = [Self.pod(8000), Self.pod(500, models: ["B"]), Self.pod(500, cpu: 100_000), Self.pod(250)]
    #expect(abs(Self.bound(nodes, pods) - 250) < 1)
  }

  @Test(arguments: 0..<8) func noPolicyIsBetterThanTheBound(seed: UInt64) throws {
    var random = SeededRandom(seed: seed, stream: 63)
    let (nodes, kinds) = Self.scene(&random, nodes: 6, pods: 30)
    let capacity = nodes.reduce(0) { $0 + $1.gpuMilli }
    let pods = (0..<200).map { _ in kinds[random.below(kinds.count)] }
    var arrived: Int64 = 0
    // like the experiments, but for a course that ends early where pods hardly ask for GPUs
    let arrivals = pods.indices.prefix { index in
      defer { arrived += pods[index].gpuMilli }
      return arrived <= capacity * 131 / 100
    }
    let trace = OpenbTrace(
      nodes: nodes, pods: pods, podNames: pods.indices.map { "pod-\($0)" },
      podSpecs: pods.map { $0.models.joined(separator: "|") })
    let workload = FragmentationWorkload(
      named: "synthetic", trace: trace, arrivals: [1: Array(arrivals)], nodeOrders: [1: Array(nodes.indices)])
    let bound = try AllocationBound(workload, seed: 1)
    #expect(bound.at100 <= 100 && bound.at130 <= 100)
    for policy in FragmentationPolicy.allCases {
      let outcome = try FragmentationRun.run(workload, policy, seed: 1)
      #expect(outcome.allocationAt100 <= bound.at100, "\(policy), seed \(seed)")
      #expect(outcome.allocationAt130 <= bound.at130, "\(policy), seed \(seed)")
    }
  }

  /// Means over seeds 42 to 46, computed apart: another program with other tables and the same search.
  @Test(
    .enabled(if: sharedData != nil),
    arguments: [("default", 96.36, 96.53), ("gpushare60", 92.62, 93.16), ("gpuspec20", 96.55, 96.77)])
  func realWorkloadsHaveTheBoundsComputedApart(name: String, at100: Double, at130: Double) throws {
    let folder = try #require(Self.sharedData)
    let workload = try FragmentationWorkload(
      named: name, trace: "\(folder)/openb", reference: "\(folder)/fgd-reference")
    let bounds = try workload.seeds.prefix(5).map { try AllocationBound(workload, seed: $0) }
    #expect(abs(bounds.reduce(0) { $0 + $1.at100 } / 5 - at100) < 0.02)
    #expect(abs(bounds.reduce(0) { $0 + $1.at130 } / 5 - at130) < 0.02)
  }

  /// The folder of the traces, beside the repository or where BERTH_SHARED says; nil: not there.
  private static var sharedData: String? {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["BERTH_SHARED"].map { URL(filePath: $0) }
      ?? repository.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "data").path
    return FileManager.default.fileExists(atPath: "\(folder)/fgd-reference/arrivals") ? folder : nil
  }
}
