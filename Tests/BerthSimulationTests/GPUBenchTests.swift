import BerthCore
import CBerth
import Testing

@testable import BerthSimulation

@Suite struct GPUBenchTests {
  @Test(arguments: GPUCluster.Policy.allCases)
  func decisionsAreThoseOfALookAtEveryNode(policy: GPUCluster.Policy) throws {
    var options = GPUBench.Options()
    options.nodes = 200
    options.classes = 40
    options.pods = 1500
    options.seed = 7
    options.verify = 150
    options.policies = [policy]
    let results = try GPUBench(options).run()
    let result = try #require(results.first)
    #expect(results.count == 1 && result.verified == 150 && result.classes == 40)
    #expect(result.placed > 0 && result.placed < options.pods, "the case must fill the cluster")
  }

  /// What is compared has the GPUs, on every path those that are left in the end; afterwards nothing has changed.
  @Test func aDecisionSaysWhichGPUs() throws {
    let cluster = try GPUCluster(nodes: 40, policy: .berth, classes: 30, seed: 3)
    let pods = cluster.engine.info().pods
    for (kind, podClass) in zip(cluster.kinds, cluster.classes) {
      for path in SearchPath.allCases {
        let decision = try #require(try GPUBench.Decision(cluster.engine, podClass, path))
        #expect(decision.gpus.nonzeroBitCount == kind.gpus && decision.milli == kind.milli)
        let pod = try cluster.engine.placeOne(podClass)
        #expect(pod.node == decision.node && pod.score == decision.score)
        #expect(try cluster.engine.claim(of: pod.pod).gpus == decision.gpus)
        try cluster.engine.releaseOne(pod.pod)
        var other = decision
        other.gpus ^= 0x81
        #expect(other != decision)
      }
    }
    #expect(cluster.engine.info().pods == pods)
  }

  @Test(arguments: [GPUCluster.classCounts.lowerBound, 7, 100, GPUCluster.classCounts.upperBound])
  func classesAreAsManyAsAskedForAndInTheTracesProportions(count: Int) throws {
    let cluster = try GPUCluster(nodes: 16, policy: .fgd, classes: count, seed: 5)
    #expect(Set(cluster.classes).count == count)
    var weights: [Int: Int] = [:]
    for kind in cluster.kinds {
      // -1: shares
      weights[kind.gpus == 1 && kind.milli < 1000 ? -1 : kind.gpus, default: 0] += kind.weight
    }
    for (gpus, share) in [0: 133, -1: 378, 1: 480, 2: 2, 4: 2, 8: 5] {
      #expect(abs(weights[gpus, default: 0] - share * 1000) < 1000, "\(gpus) GPUs: \(weights)")
    }
    let drawn = cluster.drawer()
    var random = SeededRandom(seed: 1)
    var draws = [Int](repeating: 0, count: count)
    for _ in 0..<100_000 { draws[drawn(&random)] += 1 }
    for (weight, drawn) in zip(cluster.weights, draws) { #expect(abs(weight / 10 - drawn) < 1000 + weight / 100) }
  }
}
