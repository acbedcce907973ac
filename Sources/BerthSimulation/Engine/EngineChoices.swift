import BerthCore
import CBerth

/// Which kernels run; the BERTH_CPU_* constants with names for people.
public enum CPULevel: String, CaseIterable, Sendable {
  case auto, scalar, baseline, v3, v4

  /// The constant of berth.h.
  public var code: UInt32 {
    switch self {
    case .auto: UInt32(BERTH_CPU_AUTO)
    case .scalar: UInt32(BERTH_CPU_SCALAR)
    case .baseline: UInt32(BERTH_CPU_BASELINE)
    case .v3: UInt32(BERTH_CPU_V3)
    case .v4: UInt32(BERTH_CPU_V4)
    }
  }
}

/// How decisions are searched; the BERTH_PATH_* constants with names for people.
public enum SearchPath: String, CaseIterable, Sendable {
  case auto, tree, scan, rows, slots

  /// The constant of berth.h.
  public var code: UInt32 {
    switch self {
    case .auto: UInt32(BERTH_PATH_AUTO)
    case .tree: UInt32(BERTH_PATH_TREE)
    case .scan: UInt32(BERTH_PATH_SCAN)
    case .rows: UInt32(BERTH_PATH_ROWS)
    case .slots: UInt32(BERTH_PATH_SLOTS)
    }
  }
}

extension berth_engine_info {
  public var allocatorName: String {
    switch allocator {
    case UInt32(BERTH_ALLOCATOR_JEMALLOC): "jemalloc"
    case UInt32(BERTH_ALLOCATOR_MMAP): "mmap"
    default: "allocator \(allocator)"
    }
  }

  public var cpuLevelName: String { CPULevel.allCases.first { $0.code == cpu_level }?.rawValue ?? "level \(cpu_level)" }
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
