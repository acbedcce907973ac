import BerthSimulation
import CBerth

extension BenchCase {
  static let simulationCases: [BenchCase] = ProfileChoice.allCases.map { profile in
    BenchCase(name: "simulate.\(profile.rawValue)", allocates: true) { size, cpuLevel in
      SimulationRun(size, cpuLevel, profile)
    }
  }
}

/// The main job, whole: a cluster with zones, labels and taints that starts empty, which is where scores tie.
final class SimulationRun: BenchRun {
  private var options = Simulation.Options()
  private var outcome: Simulation.Outcome?

  init(_ size: CaseSize, _ cpuLevel: CPULevel, _ profile: ProfileChoice) {
    options.nodes = size == .small ? 4096 : 200_000
    options.pods = size == .small ? 2048 : 20_000
    options.profile = profile
    options.cpuLevel = cpuLevel
    options.allocator = UInt32(BERTH_ALLOCATOR_MMAP)
  }

  var operations: Int { options.pods }

  func step() throws { outcome = try Simulation.run(options) }

  /// Every step makes a cluster of its own.
  func reset() {}

  var checksum: Checksum { outcome?.checksum ?? Checksum() }

  /// The finished run's figures; before it, none but the level that is asked for.
  func info() -> berth_engine_info {
    if let outcome { return outcome.info }
    var none = berth_engine_info()
    none.cpu_level = options.cpuLevel.code
    return none
  }
}
