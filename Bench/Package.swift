// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that neither users nor tests of Berth resolve or compile package-benchmark.
let package = Package(
  name: "bench",
  dependencies: [
    .package(name: "berth", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "BerthBenchmarks",
      dependencies: [
        .product(name: "BenchCases", package: "berth"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/BerthBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
