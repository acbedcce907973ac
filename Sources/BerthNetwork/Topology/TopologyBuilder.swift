import BerthKubernetes

/// Makes a topology of nodes with the names of their domains, level by level.
///
/// Where a name is missing, the domain is unnamed, and it is the same for two nodes only if a named domain below it is:
/// nodes of one rack share whatever is above the rack, but nothing says that two nodes without a rack share one. So no
/// nodes are ever taken for nearer than the file has them.
struct TopologyBuilder {
  /// As many as an engine has (BERTH_MAX_LEVELS).
  static let mostLevels = 8
  static let mostNodes = 1_000_000

  private struct Key: Hashable {
    var parent: Int
    var name: String
    /// Of an unnamed domain: the level of the named one below, or of the node.
    var below: Int
  }

  private(set) var topology: NetworkTopology
  private var known: [Key: Int] = [:]
  private var nodeIndices: [String: Int] = [:]

  init(_ levels: [NetworkTopology.Level]) {
    topology = NetworkTopology(levels: levels, domains: [], nodes: [], shape: .tree, spansTops: true, notes: [])
  }

  func index(ofNode name: String) -> Int? { nodeIndices[name] }

  /// The node's index; nil where there is a node of this name already.
  @discardableResult mutating func add(
    _ facts: NodeFacts, path: [String?], linkSpeeds: [String: Double] = [:]
  ) -> Int? {
    guard nodeIndices[facts.name] == nil else { return nil }
    let index = topology.nodes.count
    nodeIndices[facts.name] = index
    var parent: Int?
    for level in path.indices {
      let named = path[level...].firstIndex { $0 != nil }
      let name = path[level] ?? named.flatMap { path[$0] } ?? facts.name
      let below = path[level] == nil ? named ?? path.count : level
      let key = Key(parent: parent ?? -1, name: name, below: below)
      if let found = known[key] {
        parent = found
      } else {
        let isNamed = path[level] != nil
        topology.domains.append(
          NetworkTopology.Domain(
            name: isNamed ? name : "", level: level, parent: parent, linkSpeed: isNamed ? linkSpeeds[name] : nil))
        known[key] = topology.domains.count - 1
        parent = topology.domains.count - 1
      }
    }
    topology.nodes.append(
      NetworkTopology.Node(
        name: facts.name, domain: parent ?? 0, labels: facts.labels, allocatable: facts.allocatable, gpus: facts.gpus,
        isClosed: facts.isCordoned))
    return index
  }

  mutating func note(_ text: String) { topology.notes.append(text) }

  mutating func setShape(_ shape: Shape, spansTops: Bool) {
    topology.shape = shape
    topology.spansTops = spansTops
  }
}
