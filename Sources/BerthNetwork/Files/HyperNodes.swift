import BerthKubernetes

/// Volcano's HyperNodes: groups of nodes, or of other HyperNodes, each of a tier; the lowest tier is the nearest
/// (docs/design/Network Topology Aware Scheduling.md, CRD topology.volcano.sh/v1alpha1).
///
/// Tiers become levels, the highest the widest. What hangs below a HyperNode of a higher tier without one of the tiers
/// between has unnamed domains there.
struct HyperNodes {
  private struct Entry {
    var name: String
    var tier: Int64
    var tierName: String?
    var children: [String]
    var nodes: [String]
    var place: (object: String, path: String, line: Int?)
  }

  private let facts: [NodeFacts]
  private let names: Set<String>
  private var problems: [Problem] = []

  static func topology(_ objects: [ManifestObject], facts: [NodeFacts]) throws(BadInput) -> NetworkTopology {
    var reader = HyperNodes(facts: facts, hyperNodes: objects.map(\.name))
    let entries = objects.compactMap { reader.entry($0) }
    guard reader.problems.isEmpty else { throw BadInput(problems: reader.problems) }
    let tiers = Set(entries.map(\.tier)).sorted()
    let levels = try reader.levels(tiers, entries)
    var tree = SwitchTree(noun: "HyperNode")
    for entry in entries {
      tree.add(
        SwitchTree.Vertex(
          name: entry.name, children: entry.children, nodes: entry.nodes, height: tiers.firstIndex(of: entry.tier) ?? 0,
          place: entry.place))
    }
    tree.resolve()
    guard tree.problems.isEmpty else { throw BadInput(problems: tree.problems) }
    var builder = TopologyBuilder(levels)
    let known = Dictionary(facts.map { ($0.name, $0) }) { first, _ in first }
    for (node, path) in tree.nodePaths() { builder.add(known[node] ?? NodeFacts(name: node), path: path) }
    for note in tree.notes { builder.note(note) }
    let outside = facts.filter { builder.index(ofNode: $0.name) == nil }
    for node in outside { builder.add(node, path: [String?](repeating: nil, count: levels.count)) }
    if !outside.isEmpty { builder.note("\(outside.count) nodes are in no HyperNode: each is near to itself alone") }
    let empty = entries.filter { $0.children.isEmpty && $0.nodes.isEmpty }.map(\.name)
    if !empty.isEmpty {
      builder.note("HyperNodes without nodes are left out: \(empty.prefix(5).joined(separator: ", "))")
    }
    return builder.topology
  }

  private init(facts: [NodeFacts], hyperNodes: [String]) {
    self.facts = facts
    names = Set(hyperNodes)
  }

  private func levels(_ tiers: [Int64], _ entries: [Entry]) throws(BadInput) -> [NetworkTopology.Level] {
    guard tiers.count <= TopologyBuilder.mostLevels else {
      throw BadInput(problems: [
        Problem("HyperNodes", "spec.tier", "are \(tiers.count) tiers: at most \(TopologyBuilder.mostLevels) are held")
      ])
    }
    return tiers.reversed().map { tier in
      var names: [String] = []
      for entry in entries where entry.tier == tier {
        if let name = entry.tierName, !names.contains(name) { names.append(name) }
      }
      return NetworkTopology.Level(names.first ?? "tier-\(tier)", aliases: names.dropFirst() + ["tier-\(tier)"])
    }
  }

  private mutating func entry(_ object: ManifestObject) -> Entry? {
    let reader = object.reader
    if object.name.isEmpty { reader.fail("metadata.name", "is required") }
    var entry = Entry(
      name: object.name, tier: 0, tierName: nil, children: [], nodes: [], place: (object.title, "spec.members", nil))
    if !reader.has("spec", in: object.fields) { reader.fail("spec", "is required") }
    reader.fields("spec", in: object.fields) { spec in
      reader.allow(["tier", "tierName", "members"], in: spec)
      if !reader.has("tier", in: spec) { reader.fail("tier", "is required: a number, lower is nearer") }
      entry.tier = reader.integer("tier", in: spec) ?? 0
      if entry.tier < 0 { reader.fail("tier", "must not be negative") }
      entry.tierName = reader.text("tierName", in: spec).flatMap { $0.isEmpty ? nil : $0 }
      _ = reader.list("members", in: spec) { member -> Bool? in
        add(member, to: &entry, reader)
        return nil
      }
      entry.place.line = reader.line
    }
    problems += reader.problems
    return reader.problems.isEmpty ? entry : nil
  }

  private func add(_ fields: Fields, to entry: inout Entry, _ reader: ObjectReader) {
    reader.allow(["type", "selector"], in: fields)
    guard let type = reader.requiredText("type", in: fields) else { return }
    guard type == "Node" || type == "HyperNode" else {
      return reader.fail("type", "'\(type)' is neither Node nor HyperNode")
    }
    if !reader.has("selector", in: fields) { return reader.fail("selector", "is required") }
    reader.fields("selector", in: fields) { selector in
      let kinds = ["exactMatch", "regexMatch", "labelMatch"]
      reader.allow(kinds, in: selector)
      let given = kinds.filter { reader.has($0, in: selector) }
      guard given.count == 1 else {
        return reader.fail("one of exactMatch, regexMatch and labelMatch is expected, not \(given.count)")
      }
      let isNode = type == "Node"
      var found: [String] = []
      switch given[0] {
      case "exactMatch": found = exact(selector, isNode: isNode, reader)
      case "regexMatch": found = matching(selector, isNode: isNode, reader)
      default:
        guard isNode else { return reader.fail("labelMatch", "is for members of type Node") }
        guard let test = reader.labelTest("labelMatch", in: selector) else { return }
        if facts.isEmpty { needNodes("labelMatch", reader) }
        found = facts.filter { test($0.labels) }.map(\.name)
      }
      // What two members select of one HyperNode is selected once.
      if isNode {
        let known = Set(entry.nodes)
        entry.nodes += found.filter { !known.contains($0) }
      } else {
        entry.children += found.filter { !entry.children.contains($0) }
      }
    }
  }

  private func exact(_ selector: Fields, isNode: Bool, _ reader: ObjectReader) -> [String] {
    reader.fields("exactMatch", in: selector) { fields -> [String] in
      reader.allow(["name"], in: fields)
      guard let name = reader.requiredText("name", in: fields) else { return [] }
      if !isNode && !names.contains(name) {
        reader.fail("name", "'\(name)' is no HyperNode of these files: define it, or correct the name")
        return []
      }
      return [name]
    } ?? []
  }

  /// Anywhere in the name, as Go's MatchString has it.
  private func matching(_ selector: Fields, isNode: Bool, _ reader: ObjectReader) -> [String] {
    reader.fields("regexMatch", in: selector) { fields -> [String] in
      reader.allow(["pattern"], in: fields)
      guard let pattern = reader.requiredText("pattern", in: fields) else { return [] }
      let expression: Pattern
      do throws(Pattern.Mistake) {
        expression = try Pattern(pattern)
      } catch {
        reader.fail("pattern", error.message)
        return []
      }
      if isNode && facts.isEmpty { needNodes("pattern", reader) }
      return isNode ? facts.map(\.name).filter(expression.matches) : names.sorted().filter(expression.matches)
    } ?? []
  }

  private func needNodes(_ key: String, _ reader: ObjectReader) {
    reader.fail(key, "needs the nodes: give a file of Node objects beside it (kubectl get nodes -o json)")
  }
}
