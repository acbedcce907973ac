import BerthCore
import CBerth

/// How `berth replay` chooses a node.
public enum ReplayPolicy: String, CaseIterable, Sendable {
  /// Any of the nodes where the pod fits, each equally likely.
  case random
  /// The least free cpu and GPU after placing, as in the FGD paper.
  case bestfit
  /// The smallest product of free and requested cpu and GPU, as in the FGD paper.
  case dotprod
  /// The fullest node after placing over cpu, memory and GPU.
  case binpack

  /// What counts as 1 of cpu and GPU: the largest host of the trace the paper used.
  static let cpuScale: Int64 = 128_000
  static let gpuScale: Int64 = 8_000

  /// The profile that scores for this policy; random decides without one, but classes need one.
  func add(
    to engine: Engine, cpu: berth_resource_id, gpu: berth_resource_id
  ) throws(EngineError) -> berth_profile_id {
    let scaled = [
      ScoreTerm.Resource(cpu, scale: Self.cpuScale), ScoreTerm.Resource(gpu, scale: Self.gpuScale),
    ]
    let term =
      switch self {
      case .random, .binpack: ScoreTerm(UInt32(BERTH_TERM_BINPACK))
      case .bestfit: ScoreTerm(UInt32(BERTH_TERM_BEST_FIT), resources: scaled)
      case .dotprod: ScoreTerm(UInt32(BERTH_TERM_DOT_PRODUCT), resources: scaled)
      }
    return try engine.addProfile(rawValue, [term])
  }
}
