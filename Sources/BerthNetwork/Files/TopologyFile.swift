import BerthKubernetes
import Foundation

/// How a file says what a network is like.
public enum TopologyFormat: String, CaseIterable, Sendable {
  case slurmConf = "slurm-conf"
  case slurmYAML = "slurm-yaml"
  case hyperNodes = "hypernodes"
  case kueue = "kueue"
  case koordinator = "koordinator"
  case labels = "labels"
  case table = "csv"
}

/// Reads a network's topology, whatever words it is in: the format is told by the content.
public struct TopologyFile: Sendable {
  /// Nil: as the content says.
  public var format: TopologyFormat?
  /// Label keys of the levels, widest first, for nodes that come without an object that says so.
  public var labelKeys: [String] = []
  /// Which of several topologies of a topology.yaml, or of several Topology objects; nil: the default one.
  public var name: String?
  /// Of nodes of which nothing says how many they have; nil: that stays unknown.
  public var gpusPerNode: Int?

  public init(
    format: TopologyFormat? = nil, labelKeys: [String] = [], name: String? = nil, gpusPerNode: Int? = nil
  ) {
    self.format = format
    self.labelKeys = labelKeys
    self.name = name
    self.gpusPerNode = gpusPerNode
  }

  /// Files together make one topology: one may have the levels, another the nodes. "-" is standard input.
  public func read(paths: [String]) throws(BadInput) -> NetworkTopology {
    var sources: [(name: String, data: Data)] = []
    do throws(Problem) {
      for path in paths { sources.append((path, try InputFile.read(path))) }
    } catch {
      throw BadInput(problems: [error])
    }
    return try read(sources: sources)
  }

  public func read(text: String, file: String) throws(BadInput) -> NetworkTopology {
    try read(sources: [(file, Data(text.utf8))])
  }

  public func read(sources: [(name: String, data: Data)]) throws(BadInput) -> NetworkTopology {
    var objects: [ManifestObject] = []
    var others: [(name: String, data: Data, format: TopologyFormat)] = []
    do throws(Problem) {
      for source in sources {
        let found = Self.recognised(source.data)
        if let found, [.slurmConf, .slurmYAML, .table].contains(found) {
          others.append((source.name, source.data, found))
        } else if let format, [.slurmConf, .slurmYAML, .table].contains(format), sources.count == 1 {
          others.append((source.name, source.data, format))
        } else {
          objects += try ManifestFile.objects(source.data, path: source.name)
        }
      }
    } catch {
      throw BadInput(problems: [error])
    }
    if let gpusPerNode, !(0...1024).contains(gpusPerNode) {
      throw BadInput(problems: [Problem("topology", "", "\(gpusPerNode) GPUs per node: 0 to 1024 are expected")])
    }
    let facts = try Self.nodes(objects)
    if others.count > 1 {
      throw BadInput(problems: [
        Problem(others[1].name, "", "is a topology, as \(others[0].name) is: one is expected")
      ])
    }
    var topology: NetworkTopology
    if let other = others.first {
      topology = try read(other.data, file: other.name, format: format ?? other.format, facts: facts)
    } else {
      topology = try objectTopology(objects, facts: facts, source: sources.first?.name ?? "topology")
    }
    guard !topology.nodes.isEmpty else {
      throw BadInput(problems: [Problem(sources.first?.name ?? "topology", "", "has no nodes")])
    }
    if let gpusPerNode {
      for index in topology.nodes.indices where topology.nodes[index].gpus == nil {
        topology.nodes[index].gpus = gpusPerNode
      }
    }
    if let problem = topology.inconsistency {
      throw BadInput(problems: [Problem(sources.first?.name ?? "topology", "", "is inconsistent: \(problem)")])
    }
    return topology
  }

  // MARK: What a file is

  /// By its first words; nil: manifests, or nothing that is known. Only the beginning is looked at.
  static func recognised(_ data: Data) -> TopologyFormat? {
    let beginning = String(decoding: data.prefix(65_536), as: UTF8.self)
    for line in beginning.split(whereSeparator: \.isNewline) {
      let words = line.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
      if words.isEmpty || words.hasPrefix("#") || words.hasPrefix("---") || words.hasPrefix("%") { continue }
      let lower = words.lowercased()
      if ["switchname=", "blockname=", "blocksizes=", "ringname="].contains(where: lower.hasPrefix) {
        return .slurmConf
      }
      if SwitchTable.nodeColumns.contains(where: { lower.hasPrefix($0 + ",") }) { return .table }
      if words.first == "-" {
        let key = words.dropFirst().drop { $0.isWhitespace }
        return key.hasPrefix("apiVersion") || key.hasPrefix("kind") || key.hasPrefix("metadata") ? nil : .slurmYAML
      }
      return nil
    }
    return nil
  }

  private func read(
    _ data: Data, file: String, format: TopologyFormat, facts: [NodeFacts]
  ) throws(BadInput) -> NetworkTopology {
    if format == .table { return try SwitchTable.topology(Array(data), file: file, facts: facts) }
    guard let text = String(data: data, encoding: .utf8) else {
      throw BadInput(problems: [Problem(file, "", "is no UTF-8 text")])
    }
    switch format {
    case .slurmConf:
      return try SlurmLayout.topology(try SlurmConf.read(text, file: file), file: file, facts: facts)
    case .slurmYAML:
      let (source, notes) = try SlurmYAML.read(text, file: file, name: name)
      var topology = try SlurmLayout.topology(source, file: file, facts: facts)
      topology.notes += notes
      return topology
    default:
      throw BadInput(problems: [Problem(file, "", "is no file of Kubernetes objects, as \(format.rawValue) needs one")])
    }
  }

  // MARK: Objects

  private static func nodes(_ objects: [ManifestObject]) throws(BadInput) -> [NodeFacts] {
    var result: [NodeFacts] = []
    var problems: [Problem] = []
    var seen: [String: String] = [:]
    for object in objects where object.kind == "Node" && object.group.isEmpty {
      let reader = object.reader
      let facts = reader.nodeFacts(object.fields)
      if let earlier = seen.updateValue(object.place, forKey: facts.name), !facts.name.isEmpty {
        reader.fail("metadata.name", "is there already (\(earlier)): leave one out")
      }
      problems += reader.problems
      result.append(facts)
    }
    if result.count > TopologyBuilder.mostNodes {
      problems.append(Problem("nodes", "", "are more than \(TopologyBuilder.mostNodes)"))
    }
    guard problems.isEmpty else { throw BadInput(problems: problems) }
    return result
  }

  private func objectTopology(
    _ objects: [ManifestObject], facts: [NodeFacts], source: String
  ) throws(BadInput) -> NetworkTopology {
    func of(_ kind: String, _ groups: [String]) -> [ManifestObject] {
      objects.filter { $0.kind == kind && (groups.contains($0.group) || $0.group.isEmpty) }
    }
    let hyperNodes = of("HyperNode", ["topology.volcano.sh"])
    let kueue = of("Topology", ["kueue.x-k8s.io", "kai.scheduler"])
    let koordinator = of("ClusterNetworkTopology", ["scheduling.koordinator.sh"])
    let there: [TopologyFormat] =
      (hyperNodes.isEmpty ? [] : [.hyperNodes]) + (kueue.isEmpty ? [] : [.kueue])
      + (koordinator.isEmpty ? [] : [.koordinator]) + (labelKeys.isEmpty ? [] : [.labels])
    if format == nil && there.count > 1 {
      let names = there.map(\.rawValue).joined(separator: ", ")
      throw BadInput(problems: [Problem(source, "", "says the topology in several ways, \(names): choose a format")])
    }
    let left = objects.filter { $0.kind != "Node" }
    switch format ?? there.first {
    case .hyperNodes? where !hyperNodes.isEmpty: return try HyperNodes.topology(hyperNodes, facts: facts)
    case .kueue? where !kueue.isEmpty:
      let object = try chosen(kueue)
      return try LabelledNodes.topology(
        levels: try LabelledNodes.kueue(object), facts: facts, skipsUnlabelled: true, source: object.title)
    case .koordinator? where !koordinator.isEmpty:
      let object = try chosen(koordinator)
      return try LabelledNodes.topology(
        levels: try LabelledNodes.koordinator(object), facts: facts, skipsUnlabelled: false, source: object.title)
    case .labels? where !labelKeys.isEmpty:
      var problems: [Problem] = []
      for (index, key) in labelKeys.enumerated() {
        if let wrong = LabelSyntax.wrongKey(key) { problems.append(Problem("label key '\(key)'", "", wrong)) }
        if labelKeys[..<index].contains(key) { problems.append(Problem("label key '\(key)'", "", "is there twice")) }
      }
      guard problems.isEmpty else { throw BadInput(problems: problems) }
      let levels = labelKeys.map { LabelledNodes.Level(level: NetworkTopology.Level($0), keys: [$0]) }
      return try LabelledNodes.topology(levels: levels, facts: facts, skipsUnlabelled: false, source: source)
    default:
      let wanted = format.map { "no topology of the format \($0.rawValue)" } ?? "no topology"
      let found = left.isEmpty ? (facts.isEmpty ? "" : ", only nodes") : ", but \(left[0].title)"
      throw BadInput(problems: [
        Problem(
          source, "",
          "has \(wanted)\(found): Slurm's topology.conf or topology.yaml, HyperNodes, a Topology of Kueue or KAI, a "
            + "ClusterNetworkTopology, nodes with label keys, or a table node,LEVEL,… are expected")
      ])
    }
  }

  private func chosen(_ objects: [ManifestObject]) throws(BadInput) -> ManifestObject {
    if let found = objects.first(where: { $0.name == name }) { return found }
    let names = objects.map(\.name).joined(separator: ", ")
    guard name == nil, objects.count == 1 else {
      throw BadInput(problems: [
        Problem(
          objects[0].place, "",
          name.map { "has no topology '\($0)', but \(names)" } ?? "has several topologies, \(names): name one")
      ])
    }
    return objects[0]
  }
}
