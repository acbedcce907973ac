import CBerth

/// The pod classes of `berth simulate`: kinds of work as clusters see them, drawn from the seed.
struct Workload {
  enum Kind: CaseIterable {
    /// Small and many.
    case web
    /// Middle-sized, anywhere.
    case service
    /// Must be in one zone, with its data.
    case store
    /// Must run on machines with much memory.
    case cache
    /// Large, anywhere.
    case batch
    /// Tolerates the GPU machines' taint and needs their GPUs.
    case training
  }

  /// The kinds of twenty classes in a row, so that any number of classes is a mix.
  private static let mix: [Kind] = [
    .web, .service, .store, .web, .training, .service, .batch, .web, .cache, .service,
    .web, .batch, .web, .store, .service, .web, .training, .batch, .service, .web,
  ]

  let specs: [PodSpec]

  init(
    classes: Int, zones: Int, profile: berth_profile_id, resources: [berth_resource_id], random: inout SeededRandom
  ) {
    specs = (0..<classes).map { index in
      let kind = Self.mix[index % Self.mix.count]
      let amounts = Self.amounts(kind, &random)
      let requests = zip(resources, amounts).compactMap { $1 > 0 ? Quantity($0, $1) : nil }
      // Priorities keep classes apart that happen to ask for the same.
      var spec = PodSpec(profile: profile, requests: requests, priority: Int32(index))
      switch kind {
      case .web, .service, .batch: break
      case .store:
        spec.requiredAffinity = [AffinityIn(Fleet.zoneLevel, in: [Fleet.zoneName(random.below(zones))])]
      case .cache: spec.nodeSelector = [Label(Fleet.typeLabel, "memory-16")]
      case .training: spec.tolerations = [Toleration(Fleet.gpuTaint.key)]
      }
      return spec
    }
  }

  /// cpu in millicores, memory in MiB, GPUs, pods.
  private static func amounts(_ kind: Kind, _ random: inout SeededRandom) -> [Int64] {
    func quarters(_ range: ClosedRange<Int>) -> Int64 {
      Int64(range.lowerBound + random.below(range.count)) * 250
    }
    func memory(_ cpu: Int64, gibPerCore range: ClosedRange<Int>) -> Int64 {
      // In steps of a quarter GiB per core.
      let step = Int64(range.lowerBound * 4 + random.below((range.upperBound - range.lowerBound) * 4 + 1))
      return cpu * step * 256 / 1000
    }
    switch kind {
    case .web:
      let cpu = quarters(4...16)
      return [cpu, memory(cpu, gibPerCore: 1...4), 0, 1]
    case .service:
      let cpu = quarters(8...28)
      return [cpu, memory(cpu, gibPerCore: 2...4), 0, 1]
    case .store:
      let cpu = quarters(12...40)
      return [cpu, memory(cpu, gibPerCore: 3...6), 0, 1]
    case .cache:
      let cpu = quarters(4...24)
      return [cpu, memory(cpu, gibPerCore: 7...12), 0, 1]
    case .batch:
      let cpu = quarters(24...56)
      return [cpu, memory(cpu, gibPerCore: 1...3), 0, 1]
    case .training:
      let gpus = Int64(1) << Int64(random.below(3))
      let cpu = quarters(16...28) * gpus
      return [cpu, memory(cpu, gibPerCore: 4...8), gpus, 1]
    }
  }
}
