import BerthKubernetes

/// Slurm's topologies as trees of domains with nodes.
struct SlurmLayout {
  private let file: String
  private let facts: [String: NodeFacts]
  private var problems: [Problem] = []

  /// `facts`: what else is known of nodes, by name.
  static func topology(
    _ source: SlurmTopology, file: String, facts: [NodeFacts]
  ) throws(BadInput) -> NetworkTopology {
    var layout = SlurmLayout(
      file: file, facts: Dictionary(facts.map { ($0.name, $0) }) { first, _ in first })
    let topology: NetworkTopology
    switch source.kind {
    case .flat: topology = layout.flat(facts)
    case .tree(let tree): topology = layout.tree(tree)
    case .block(let sizes, let blocks): topology = layout.blocks(sizes, blocks)
    case .ring(let rings): topology = layout.rings(rings)
    case .torus(let toruses): topology = layout.toruses(toruses)
    }
    guard layout.problems.isEmpty else { throw BadInput(problems: layout.problems) }
    return topology
  }

  private init(file: String, facts: [String: NodeFacts]) {
    self.file = file
    self.facts = facts
  }

  private func facts(_ name: String) -> NodeFacts { facts[name] ?? NodeFacts(name: name) }

  private mutating func fail(_ path: String, _ message: String, line: Int? = nil) {
    problems.append(Problem(file, path, message, line: line))
  }

  private mutating func flat(_ nodes: [NodeFacts]) -> NetworkTopology {
    var builder = TopologyBuilder([NetworkTopology.Level("cluster")])
    if nodes.isEmpty {
      fail(
        "flat", "names no nodes: give a file of Node objects beside it (kubectl get nodes -o json), or another topology"
      )
    }
    for node in nodes { builder.add(node, path: ["cluster"]) }
    return builder.topology
  }

  /// Levels are heights above the nodes: "switch-1" is a leaf switch. What hangs higher than its siblings has unnamed
  /// domains between.
  private mutating func tree(_ tree: SwitchTree) -> NetworkTopology {
    var tree = tree
    tree.resolve()
    problems += tree.problems
    guard problems.isEmpty else { return TopologyBuilder([]).topology }
    let levels = (1...tree.levelCount).reversed().map { NetworkTopology.Level("switch-\($0)") }
    var builder = TopologyBuilder(levels)
    let speeds = tree.linkSpeeds
    for (node, path) in tree.nodePaths() { builder.add(facts(node), path: path, linkSpeeds: speeds) }
    builder.setShape(.tree, spansTops: false)
    for note in tree.notes { builder.note(note) }
    let tops = builder.topology.domains(atLevel: 0).count
    if tops > 1 {
      builder.note("\(tops) switches are below no common one: no job runs across them (man topology.conf)")
    }
    return builder.topology
  }

  /// Base blocks combine with their neighbours to aggregated blocks: of n base blocks each, in the order of the file,
  /// beginning with the first, so that block k lies in group k / n; the last group may have fewer. n is a power of two
  /// (man topology.conf, BlockSizes). Without BlockSizes Slurm takes the first block's size and 2, 4, 8 and 16 times it.
  private mutating func blocks(_ written: [Int], _ blocks: [SlurmTopology.Group]) -> NetworkTopology {
    let none = TopologyBuilder([]).topology
    guard let base = written.first ?? blocks.first(where: { !$0.nodes.isEmpty })?.nodes.count else {
      fail("BlockSizes", "no block has nodes")
      return none
    }
    var factors: Set<Int> = written.isEmpty ? [1, 2, 4, 8, 16] : [1]
    for size in written {
      let factor = size / base
      guard size % base == 0, factor > 0, factor & (factor - 1) == 0 else {
        fail(
          "BlockSizes", "\(size) is no power of two times the base block size \(base): \(base * 2), \(base * 4) … are")
        return none
      }
      factors.insert(factor)
    }
    // Slurm stops at the first level that holds all blocks.
    let sorted = factors.sorted()
    let used = sorted.prefix((sorted.firstIndex { $0 >= blocks.count } ?? sorted.count - 1) + 1)
    guard used.count <= TopologyBuilder.mostLevels else {
      fail("BlockSizes", "are \(used.count): at most \(TopologyBuilder.mostLevels) are held")
      return none
    }
    let sizes = used.reversed().map { $0 * base }
    var builder = TopologyBuilder(
      sizes.map { $0 == base ? NetworkTopology.Level("block", aliases: ["block-\(base)"]) : .init("block-\($0)") })
    checkNames(blocks, "BlockName")
    var small: [String] = []
    for (index, block) in blocks.enumerated() {
      let path = used.reversed().map { factor in
        let first = index / factor * factor
        let last = min(first + factor, blocks.count) - 1
        return factor == 1 ? block.name : "\(blocks[first].name)..\(blocks[last].name)"
      }
      if block.nodes.count < base { small.append(block.name) }
      for node in block.nodes where builder.add(facts(node), path: path) == nil {
        fail("BlockName=\(block.name)", "has the node '\(node)' again: a node is in one block", line: block.line)
      }
    }
    if !small.isEmpty {
      let more = small.count > 3 ? " and \(small.count - 3) more" : ""
      builder.note(
        "fewer nodes than the base block size \(base): \(small.prefix(3).joined(separator: ", "))\(more)")
    }
    builder.setShape(.blocks(sizes: sizes), spansTops: true)
    return builder.topology
  }

  private mutating func rings(_ rings: [SlurmTopology.Group]) -> NetworkTopology {
    var builder = TopologyBuilder([NetworkTopology.Level("ring")])
    checkNames(rings, "RingName")
    var result: [Ring] = []
    for ring in rings {
      if !(1...Ring.mostNodes).contains(ring.nodes.count) {
        fail(
          "RingName=\(ring.name)", "has \(ring.nodes.count) nodes: a ring has 1 to \(Ring.mostNodes)", line: ring.line)
      }
      var nodes: [Int] = []
      for node in ring.nodes {
        guard let index = builder.add(facts(node), path: [ring.name]) else {
          fail("RingName=\(ring.name)", "has the node '\(node)' again: a node is in one ring", line: ring.line)
          continue
        }
        nodes.append(index)
      }
      if let first = nodes.first { result.append(Ring(domain: builder.topology.nodes[first].domain, nodes: nodes)) }
    }
    // Segments are neighbours within one ring; nothing connects rings to one another but the cluster's network.
    builder.setShape(.rings(result), spansTops: true)
    return builder.topology
  }

  private mutating func toruses(_ toruses: [SlurmTorus]) -> NetworkTopology {
    var builder = TopologyBuilder([NetworkTopology.Level("torus", aliases: ["torus3d"])])
    checkNames(toruses.map { SlurmTopology.Group(name: $0.name, nodes: [], line: $0.line) }, "torus")
    var result: [Torus] = []
    for torus in toruses {
      var cells: [Int?] = []
      for cell in torus.cells {
        guard let node = cell else {
          cells.append(nil)
          continue
        }
        let index = builder.add(facts(node), path: [torus.name])
        if index == nil {
          fail("torus \(torus.name)", "has the node '\(node)' again: a node has one place", line: torus.line)
        }
        cells.append(index)
      }
      guard let first = cells.compactMap(\.self).first else {
        fail("torus \(torus.name)", "has no nodes", line: torus.line)
        continue
      }
      if torus.placements.isEmpty { builder.note("torus \(torus.name) declares no placements: it takes no jobs") }
      result.append(
        Torus(
          domain: builder.topology.nodes[first].domain, size: torus.size, cells: cells, placements: torus.placements))
    }
    builder.setShape(.toruses(result), spansTops: true)
    return builder.topology
  }

  private mutating func checkNames(_ groups: [SlurmTopology.Group], _ key: String) {
    var seen: Set<String> = []
    for group in groups where !seen.insert(group.name).inserted {
      fail("\(key)=\(group.name)", "is there already: rename one", line: group.line)
    }
  }
}
