import BerthCore
import BerthSimulation
import CBerth

/// How large a case is. Small ones run inside the tests, where callgrind makes every instruction fifty times as dear.
public enum CaseSize: Sendable {
  case small
  case full
}

/// Something to measure, apart from what measures it: package-benchmark for times, `berth-bench` for counts.
public struct BenchCase: Sendable {
  /// `noun.what`, in the order in which data flows.
  public let name: String
  /// Whether the measured part must leave every allocator alone. The gate checks it, both ways.
  public let allocates: Bool
  let prepare: @Sendable (CaseSize, CPULevel) throws -> any BenchRun

  public func prepared(_ size: CaseSize, cpuLevel: CPULevel = .auto) throws -> any BenchRun {
    try prepare(size, cpuLevel)
  }

  public static let all: [BenchCase] =
    kernelCases + scanCases + placementCases + constraintCases + gpuCases + gangCases + catchUpCases + classCases
    + nodeCases + stateCases + boundaryCases + simulationCases
}

/// A case that is ready to run.
public protocol BenchRun: AnyObject {
  /// How many of what the case is named after one step does: pods, changes, classes, nodes, calls.
  var operations: Int { get }

  /// The measured part.
  func step() throws

  /// Takes the step back, so that the next one does the same work. Not measured.
  func reset() throws

  /// A hash of what the last step decided: equal on every machine and CPU level.
  var checksum: Checksum { get }

  /// The engine's figures and counters.
  func info() throws -> berth_engine_info
}
