import BerthKubernetes

/// A torus of `topology.yaml`, checked as far as it goes without the nodes' indices.
struct SlurmTorus {
  var name: String
  var size: Coordinates
  /// Of each cell, x fastest.
  var cells: [String?]
  var placements: [Torus.Placement]
  var line: Int?
}

/// Slurm's `topology.yaml`: a list of topologies, each of one kind (man topology.yaml of 26.05).
struct SlurmYAML {
  /// The topology of this name, or the cluster's default, or the only one.
  static func read(_ text: String, file: String, name: String?) throws(BadInput) -> (SlurmTopology, notes: [String]) {
    let documents: [Value]
    do throws(Problem) {
      documents = try YAMLDocuments.read(text, file: file)
    } catch {
      throw BadInput(problems: [error])
    }
    guard documents.count == 1, case .list(let entries) = documents[0], !entries.isEmpty else {
      throw BadInput(problems: [Problem(file, "", "is no list of topologies: '- topology: NAME' is expected")])
    }
    let root = Fields(members: [Fields.Member(name: "", value: .list(entries), line: 1)])
    let reader = ObjectReader(object: file, root: root)
    var found: [(topology: SlurmTopology, isDefault: Bool)] = []
    // The list has no name of its own: paths begin with the index.
    for entry in reader.list("", in: root, { topology($0, reader) }) { found.append(entry) }
    for (index, entry) in found.enumerated()
    where found[..<index].contains(where: { $0.topology.name == entry.topology.name }) {
      reader.fail("there are two topologies '\(entry.topology.name)': rename one")
    }
    var problems = reader.problems
    for entry in found { if case .tree(let tree) = entry.topology.kind { problems += tree.problems } }
    guard problems.isEmpty else { throw BadInput(problems: problems) }
    if let name {
      if let entry = found.first(where: { $0.topology.name == name }) { return (entry.topology, []) }
      let names = found.map(\.topology.name).joined(separator: ", ")
      throw BadInput(problems: [Problem(file, "topology", "there is no topology '\(name)', but \(names)")])
    }
    guard found.count > 1 else { return (found[0].topology, []) }
    let chosen = found.first { $0.isDefault } ?? found[0]
    return (chosen.topology, ["of \(found.count) topologies the cluster's default is taken, \(chosen.topology.name)"])
  }

  private static func topology(
    _ fields: Fields, _ reader: ObjectReader
  ) -> (topology: SlurmTopology, isDefault: Bool)? {
    let kinds = ["tree", "block", "flat", "ring", "torus3d"]
    reader.allow(["topology", "cluster_default"] + kinds, in: fields)
    let before = reader.problems.count
    let name = reader.requiredText("topology", in: fields) ?? ""
    let isDefault = reader.flag("cluster_default", in: fields)
    let given = kinds.filter { reader.has($0, in: fields) }
    guard given.count == 1 else {
      reader.fail(
        "one of \(kinds.joined(separator: ", ")) is expected, not \(given.isEmpty ? "none" : given.joined(separator: " and "))"
      )
      return nil
    }
    var kind: SlurmTopology.Kind?
    if given[0] == "flat" {
      kind = flat(fields, reader)
    } else {
      reader.fields(given[0], in: fields) { inner in
        switch given[0] {
        case "tree": kind = tree(inner, reader)
        case "block":
          reader.allow(["block_sizes", "blocks"], in: inner)
          kind = .block(sizes: sizes(inner, reader), groups("blocks", "block", inner, reader))
        case "ring":
          reader.allow(["rings"], in: inner)
          kind = .ring(groups("rings", "ring", inner, reader))
        default: kind = .torus(SlurmTorusReader(reader).toruses(inner))
        }
      }
    }
    guard let kind, reader.problems.count == before else { return nil }
    return (SlurmTopology(name: name, kind: kind), isDefault)
  }

  private static func flat(_ fields: Fields, _ reader: ObjectReader) -> SlurmTopology.Kind {
    if case .object? = fields["flat"] {
      reader.fields("flat", in: fields) { inner in
        reader.allow(["alpha_step_rank"], in: inner)
        _ = reader.flag("alpha_step_rank", in: inner)
      }
    } else if !reader.flag("flat", in: fields) {
      reader.fail("flat", "must be true, or a mapping of options")
    }
    return .flat
  }

  private static func tree(_ fields: Fields, _ reader: ObjectReader) -> SlurmTopology.Kind {
    reader.allow(["switches"], in: fields)
    var tree = SwitchTree(noun: "switch")
    for vertex in reader.list(
      "switches", in: fields,
      { inner -> SwitchTree.Vertex? in
        reader.allow(["switch", "children", "nodes"], in: inner)
        guard let name = reader.requiredText("switch", in: inner) else { return nil }
        if name.utf8.count > 64 { reader.fail("switch", "is longer than 64 characters") }
        let children = hosts("children", inner, reader)
        let nodes = hosts("nodes", inner, reader)
        if children.isEmpty == nodes.isEmpty {
          reader.fail("switch '\(name)' must have either children or nodes, not \(nodes.isEmpty ? "neither" : "both")")
        }
        return SwitchTree.Vertex(
          name: name, children: children, nodes: nodes, place: (reader.object, "switch \(name)", reader.line))
      })
    {
      tree.add(vertex)
    }
    if tree.vertices.isEmpty { reader.fail("switches", "must list at least one switch") }
    return .tree(tree)
  }

  private static func sizes(_ fields: Fields, _ reader: ObjectReader) -> [Int] {
    guard let value = fields["block_sizes"] else { return [] }
    guard case .list(let list) = value else {
      reader.fail("block_sizes", "must be a list of numbers of nodes")
      return []
    }
    return list.enumerated().compactMap { index, element in
      guard case .integer(let size) = element, (1...Int64(TopologyBuilder.mostNodes)).contains(size) else {
        reader.fail("block_sizes", index: index, "must be a number of nodes from 1 to \(TopologyBuilder.mostNodes)")
        return nil
      }
      return Int(size)
    }
  }

  private static func groups(
    _ key: String, _ nameKey: String, _ fields: Fields, _ reader: ObjectReader
  ) -> [SlurmTopology.Group] {
    let groups = reader.list(key, in: fields) { inner -> SlurmTopology.Group? in
      reader.allow([nameKey, "nodes"], in: inner)
      guard let name = reader.requiredText(nameKey, in: inner) else { return nil }
      return SlurmTopology.Group(name: name, nodes: hosts("nodes", inner, reader), line: reader.line)
    }
    if groups.isEmpty { reader.fail(key, "must list at least one \(nameKey)") }
    return groups
  }

  static func hosts(_ key: String, _ fields: Fields, _ reader: ObjectReader) -> [String] {
    // A bare number is a host's name, too.
    let text: String
    switch fields[key] {
    case .integer(let number)?: text = "\(number)"
    default:
      guard let own = reader.text(key, in: fields), !own.isEmpty else { return [] }
      text = own
    }
    do throws(Hostlist.Mistake) {
      return try Hostlist.expand(text)
    } catch {
      reader.fail(key, error.message)
      return []
    }
  }
}
