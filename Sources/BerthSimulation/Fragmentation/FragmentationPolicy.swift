import BerthCore
import CBerth

/// Who decides in a run of the FGD experiments.
public enum FragmentationPolicy: String, CaseIterable, Sendable {
  case random, bestfit, dotprod, gpupacking, gpuclustering, fgd, berth

  /// What the authors' tables call it; nil: they have no rows, or none that can be repeated.
  var published: String? {
    switch self {
    case .random, .berth: nil
    case .bestfit: "05-BestFit"
    case .dotprod: "02-DotProd"
    case .gpupacking: "04-GpuPacking"
    case .gpuclustering: "03-GpuClustering"
    case .fgd: "06-FGD"
    }
  }

  private var term: Int {
    switch self {
    case .random: BERTH_TERM_GPU_RANDOM
    case .bestfit: BERTH_TERM_GPU_BEST_FIT
    case .dotprod: BERTH_TERM_GPU_DOT_PRODUCT
    case .gpupacking: BERTH_TERM_GPU_PACKING
    case .gpuclustering: BERTH_TERM_GPU_CLUSTERING
    case .fgd: BERTH_TERM_GPU_FGD
    case .berth: BERTH_TERM_GPU_BERTH
    }
  }

  /// The largest host of the trace counts as 1, as the authors have it.
  private static let cpuScale: Int64 = 128_000
  private static let gpuScale: Int64 = 8_000

  func addProfile(
    to engine: Engine, cpu: berth_resource_id, gpu: berth_resource_id
  ) throws(EngineError) -> berth_profile_id {
    let needsScales = [.bestfit, .dotprod, .gpuclustering].contains(self)
    let resources = [
      ScoreTerm.Resource(cpu, scale: Self.cpuScale), ScoreTerm.Resource(gpu, scale: Self.gpuScale),
    ]
    return try engine.addProfile(rawValue, [ScoreTerm(UInt32(term), resources: needsScales ? resources : [])])
  }
}
