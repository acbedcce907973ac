import BenchCases
import Benchmark
import BerthSimulation

// Times of the full sizes. Counts are the gate's business (Bench/gate.py): they repeat, and times do not.

/// What one operation of a case takes, whatever the size of its step.
let perOperation = BenchmarkMetric.custom("ns per operation", polarity: .prefersSmaller, useScalingFactor: false)

let benchmarks: @Sendable () -> Void = {
  for benchCase in BenchCase.all {
    // A million nodes are built once per case, and only for cases that are run.
    nonisolated(unsafe) var prepared: (any BenchRun)?
    Benchmark(
      benchCase.name,
      configuration: .init(
        metrics: [.wallClock, perOperation], warmupIterations: 1, maxDuration: .seconds(3), maxIterations: 200,
        setup: { prepared = try benchCase.prepared(.full) }, teardown: { prepared = nil })
    ) { benchmark in
      guard let run = prepared else { return benchmark.error("\(benchCase.name) is not set up") }
      let began = MonotonicClock.now()
      benchmark.startMeasurement()
      try run.step()
      benchmark.stopMeasurement()
      benchmark.measurement(perOperation, Int(MonotonicClock.now() - began) / run.operations)
      try run.reset()
    }
  }
}
