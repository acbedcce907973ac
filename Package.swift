// swift-tools-version: 6.1
import PackageDescription

// BERTH_BUILD chooses what the flags that SwiftPM calls unsafe are used for; `make` sets it.
//   unset     a plain package without unsafe flags: usable as a versioned dependency, all kernels at the baseline
//   levels    kernels compiled for every CPU level: the command, the tests, the benchmarks
//   ship      levels, and libberth.so with the Swift runtime inside and only berth_* visible
let build = Context.environment["BERTH_BUILD"] ?? ""
let root = Context.packageDirectory

let checked: [SwiftSetting] = build.isEmpty ? [] : [.unsafeFlags(["-enforce-exclusivity=unchecked"])]
// lld, because gold leaves mangled Swift names in the dynamic symbol table for the runtime's own relocations.
let linkLibrary: [LinkerSetting] =
  build != "ship"
  ? []
  : [
    .unsafeFlags([
      "-static-stdlib", "-use-ld=lld",
      "-Xlinker", "--version-script=\(root)/Sources/Berth/exports.map",
      "-Xlinker", "-z", "-Xlinker", "nodelete",
    ])
  ]

/// One target per CPU level over the same sources (links to Sources/BerthKernels).
func kernels(_ level: String, march: String?) -> Target {
  var settings = checked + [SwiftSetting.define("KERNELS_\(level.uppercased())")]
  #if arch(x86_64)
    if !build.isEmpty, let march { settings.append(.unsafeFlags(["-Xcc", "-march=\(march)"])) }
  #endif
  return .target(name: "BerthKernels\(level)", dependencies: ["CKernels"], swiftSettings: settings)
}

let package = Package(
  name: "berth",
  products: [
    .library(name: "berth", type: .dynamic, targets: ["Berth"]),
    .library(name: "BerthCore", targets: ["BerthCore"]),
    .library(name: "BerthSimulation", targets: ["BerthSimulation"]),
    .library(name: "BenchCases", targets: ["BenchCases"]),
    .executable(name: "berth-cli", targets: ["berth-cli"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // include/berth.h is the single source of truth for structs and constants: Swift imports it, too.
    .systemLibrary(name: "CBerth", path: "include"),
    .systemLibrary(name: "CPng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),
    .target(name: "CPlatform", linkerSettings: [.linkedLibrary("dl"), .linkedLibrary("pthread")]),
    .target(name: "CKernels"),
    .target(name: "BerthMemory", dependencies: ["CPlatform"], swiftSettings: checked),
    // How the GPUs of a host are connected, and which of them go well together.
    .target(name: "BerthDevices", swiftSettings: checked),
    // Local search over assignments: which pods to move, and how well on a public problem.
    .target(name: "BerthSearch", swiftSettings: checked),
    // Several roles onto nodes that they compete for, and gangs into rings and tori.
    .target(name: "BerthPacking", swiftSettings: checked),
    // Which rank of a training job goes to which GPU, and what that costs on the network.
    .target(name: "BerthRanks", swiftSettings: checked),
    .target(name: "BerthKernelsScalar", dependencies: ["CKernels"], swiftSettings: checked),
    kernels("Baseline", march: "x86-64-v2"),
    kernels("V3", march: "x86-64-v3"),
    kernels("V4", march: "x86-64-v4"),
    .target(
      name: "BerthCore",
      dependencies: [
        "CBerth", "CPlatform", "CKernels", "BerthMemory", "BerthDevices", "BerthPacking", "BerthSearch",
        "BerthKernelsScalar", "BerthKernelsBaseline", "BerthKernelsV3", "BerthKernelsV4",
      ], swiftSettings: checked),
    .target(
      name: "Berth", dependencies: ["CBerth", "CPlatform", "BerthCore", "BerthRanks"], exclude: ["exports.map"],
      swiftSettings: checked, linkerSettings: linkLibrary),
    .target(
      name: "BerthSimulation", dependencies: ["CBerth", "BerthCore", "BerthRanks", "BerthSearch", "CPng", "CZlib"],
      swiftSettings: checked),
    // Kubernetes' objects, read and handed to the engine through the C functions alone.
    .target(name: "BerthKubernetes", dependencies: ["CBerth", "Berth", "CZlib", "Yams"], swiftSettings: checked),
    // Networks and jobs from files: Slurm's, Volcano's, Kueue's, Koordinator's, our own. Values, and in Run/ what places
    // them with an engine.
    .target(
      name: "BerthNetwork", dependencies: ["BerthKubernetes", "BerthSimulation", "BerthCore", "BerthRanks", "CBerth"],
      swiftSettings: checked),
    // What the benchmarks measure, apart from package-benchmark: the tests run small sizes of the same cases.
    .target(
      name: "BenchCases",
      dependencies: ["CBerth", "CKernels", "CPlatform", "Berth", "BerthCore", "BerthRanks", "BerthSimulation"],
      path: "Bench/Cases", swiftSettings: checked),
    .executableTarget(
      name: "berth-bench", dependencies: ["BenchCases", "BerthSimulation", "CBerth"], path: "Bench/Small",
      swiftSettings: checked),
    .executableTarget(
      name: "berth-cli",
      dependencies: [
        "BerthSimulation", "BerthKubernetes", "BerthNetwork", "BerthCore", "BerthDevices", "BerthRanks", "CBerth",
        "CJemalloc",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: checked),
    // Processes that are killed while they journal: Tests/crash.
    .executableTarget(
      name: "berth-crash", dependencies: ["BerthCore", "BerthSimulation", "CBerth"], path: "Tests/crash",
      swiftSettings: checked),
    .testTarget(
      name: "BerthSimulationTests", dependencies: ["BerthSimulation", "BerthSearch", "BerthCore", "CBerth", "CPng"]),
    .testTarget(name: "BerthDevicesTests", dependencies: ["BerthDevices"]),
    .testTarget(name: "BerthSearchTests", dependencies: ["BerthSearch"]),
    .testTarget(name: "BerthPackingTests", dependencies: ["BerthPacking"]),
    .testTarget(name: "BerthRanksTests", dependencies: ["BerthRanks"]),
    .testTarget(name: "BerthKubernetesTests", dependencies: ["BerthKubernetes"]),
    .testTarget(name: "BerthNetworkTests", dependencies: ["BerthNetwork", "BerthKubernetes", "BerthRanks"]),
    .testTarget(name: "BerthABITests", dependencies: ["Berth", "CBerth"]),
    // The oracle must not see the engine: it depends on nothing.
    .target(name: "BerthOracle", path: "Tests/BerthOracle"),
    .testTarget(name: "BerthOracleTests", dependencies: ["BerthOracle"]),
    .testTarget(name: "BerthCoreTests", dependencies: ["BerthCore", "BerthOracle", "CBerth"]),
  ]
)
