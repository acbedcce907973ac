import CBerth

/// Which labels of the nodes become levels of the engine's topology.
enum TopologyLevels {
  static let region = "topology.kubernetes.io/region"
  static let zone = "topology.kubernetes.io/zone"

  /// Region above zone, as long as no zone lies in two regions. A label that is there and empty could not be told from
  /// one that is missing, so such a key stays among the labels.
  static func of(_ nodes: [Node]) -> [String] {
    let keys = [region, zone].filter { key in !nodes.contains { $0.label(key) == "" } }
    guard keys.count == 2 else { return keys }
    var regionOfZone: [String: String] = [:]
    for node in nodes {
      guard let name = node.label(zone) else { continue }
      let own = node.label(region) ?? ""
      if regionOfZone.updateValue(own, forKey: name) ?? own != own { return [zone] }
    }
    return keys
  }
}

/// Adds domains as nodes ask for them. The order of siblings is that of their first nodes.
struct DomainBuilder {
  private let levels: [String]
  private var domains: [[String]: berth_domain_id] = [:]

  init(_ levels: [String]) { self.levels = levels }

  mutating func domain(of node: Node, in engine: ClusterEngine) throws -> berth_domain_id {
    var path: [String] = []
    var parent = UInt32(BERTH_ROOT_DOMAIN)
    for key in levels {
      path.append(node.label(key) ?? "")
      if let known = domains[path] {
        parent = known
      } else {
        var domain: berth_domain_id = 0
        try engine.must(berth_domain_add(engine.handle, parent, path[path.count - 1], &domain))
        domains[path] = domain
        parent = domain
      }
    }
    return parent
  }
}
