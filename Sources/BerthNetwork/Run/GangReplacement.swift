import BerthCore
import BerthSimulation
import CBerth

/// Where members that are gone get their replacements, beside those that run on.
struct GangReplacement {
  private let network: NetworkEngine
  private var spec: GangSpec
  /// Tried before the spec: within the domains whose slices are broken, the narrowest first.
  private var repairs: [berth_domain_id] = []

  init(
    _ translation: GangTranslation, _ network: NetworkEngine, gone: [GangOutcome.Member], stay: [GangOutcome.Member],
    notes: inout [String]
  ) {
    self.network = network
    // Wishes are not asked of what has to be found in a hurry.
    spec = translation.specWithoutWishes ?? translation.spec
    guard translation.spec.fabrics.isEmpty else { return }
    spec.running = stay.map { (pod: $0.pod, role: $0.role) }
    for index in spec.roles.indices {
      let (lost, running) = (gone.count { $0.role == index }, stay.count { $0.role == index })
      let least = min(lost, max(0, spec.roles[index].members.lowerBound - running))
      spec.roles[index].members = least...lost
      guard let outer = spec.roles[index].slices.first, lost % outer.members != 0 || least % outer.members != 0 else {
        continue
      }
      // A slice that has lost some of its pods is whole again with as many in its domain.
      for slice in spec.roles[index].slices.reversed() where slice.level <= network.topology.levels.count {
        let domains = Set(gone.map { network.topology.domain(ofNode: $0.node, atLevel: slice.level - 1) })
        if domains.count == 1, let domain = domains.first { repairs.append(network.domains[domain]) }
      }
      spec.roles[index].slices = []
      notes.append(
        "\(lost) replacements are no whole slices of \(outer.members): the broken ones are mended if possible")
    }
  }

  func place() throws -> GangPlacement {
    for domain in repairs {
      var within = spec
      within.domain = domain
      if try network.engine.placeGang(within, dryRun: true).isPlaced { return try network.engine.placeGang(within) }
    }
    return try network.engine.placeGang(spec)
  }
}
