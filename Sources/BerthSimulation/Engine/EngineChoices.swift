import BerthCore
import CBerth

/// Which kernels run; the BERTH_CPU_* constants with names for people.
public enum CPULevel: UInt32, CaseIterable, Sendable {
  case auto = 0
  case scalar = 1
  case baseline = 2
  case v3 = 3
  case v4 = 4

  public var name: String { "\(self)" }
}

/// How decisions are searched; the BERTH_PATH_* constants with names for people.
public enum SearchPath: UInt32, CaseIterable, Sendable {
  case auto = 0
  case tree = 1
  case scan = 2
  case rows = 3

  public var name: String { "\(self)" }
}

extension berth_engine_info {
  public var allocatorName: String {
    switch allocator {
    case UInt32(BERTH_ALLOCATOR_JEMALLOC): "jemalloc"
    case UInt32(BERTH_ALLOCATOR_MMAP): "mmap"
    default: "allocator \(allocator)"
    }
  }

  public var cpuLevelName: String { CPULevel(rawValue: cpu_level)?.name ?? "level \(cpu_level)" }
}

/// The profiles the bench and the simulation offer.
public enum ProfileChoice: String, CaseIterable, Sendable {
  /// Fullest node first, at full resolution.
  case binpack
  /// Emptiest node first, at full resolution.
  case spread
  /// What kube-scheduler weighs by default for resources: LeastAllocated + BalancedAllocation over cpu and memory.
  case kube

  public func add(
    to engine: Engine, cpu: berth_resource_id, memory: berth_resource_id
  ) throws(EngineError) -> berth_profile_id {
    let both = [ScoreTerm.Resource(cpu), ScoreTerm.Resource(memory)]
    let terms =
      switch self {
      case .binpack: [ScoreTerm(UInt32(BERTH_TERM_BINPACK))]
      case .spread: [ScoreTerm(UInt32(BERTH_TERM_SPREAD))]
      case .kube:
        [
          ScoreTerm(UInt32(BERTH_TERM_LEAST_ALLOCATED), resources: both),
          ScoreTerm(UInt32(BERTH_TERM_BALANCED_ALLOCATION), resources: both),
        ]
      }
    return try engine.addProfile(rawValue, terms)
  }
}
